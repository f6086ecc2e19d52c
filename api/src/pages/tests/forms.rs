//! What a form does when something is wrong with it, or with who sends it.

use jiff::SignedDuration;
use serde_json::json;

use super::{
    browser::{Browser, town},
    html::Html,
};
use crate::{
    http::testing::{TestApp, over_both},
    store::{Time, attachments},
};

over_both!(what_is_wrong_stands_on_top_linked_to_its_blank_and_nothing_typed_is_lost, |desk| {
    let (agency, topic) = town(&desk).await;
    let mut maria = Browser::new(&desk);
    let path = format!("/t/riverton/requests/new?topic={topic}");
    let typed = [
        ("/fields/district", "d3"),
        ("/fields/danger", "yes"),
        ("/fields/since", "yesterday"),
        ("/fields/lamps", "a few"),
        ("/text", "<b>dark</b>"),
        ("/email", "maria"),
        ("/phone", "\"call me\""),
    ];
    let refused = maria.fill(&path, &typed, &[("lamp.jpg", "light"), ("", "")]).await;
    assert_eq!(refused.status, 422);
    let page = refused.html();
    assert!(page.one("title").text.starts_with("Error: Your request"), "{:?}", page.one("title"));
    let summary = page.class("errors")[0].clone();
    assert_eq!((summary.of("role"), summary.get("autofocus")), ("alert", Some("")));
    let links: Vec<&str> = page.all("a").iter().filter_map(|a| a.get("href")?.strip_prefix('#')).collect();
    let wrong = ["fields-pole", "fields-state-0", "fields-since", "fields-lamps", "email", "phone"];
    assert_eq!(links, [&["main"], wrong.as_slice(), &["contact"][..0]].concat());
    for id in ["fields-pole", "fields-since", "email"] {
        let blank = page.by_id(id);
        assert_eq!(blank.of("aria-invalid"), "true", "{id}");
        let error = page.by_id(&format!("{id}-error"));
        assert!(blank.of("aria-describedby").split(' ').any(|d| d == format!("{id}-error")) && !error.text.is_empty());
    }
    let values = page.values();
    for (name, value) in typed.iter().filter(|(name, _)| *name != "/fields/district") {
        assert!(values.contains(&((*name).to_owned(), (*value).to_owned())), "{name} is lost: {values:?}");
    }
    assert!(page.all("option").iter().any(|o| o.get("value") == Some("d3") && o.get("selected").is_some()));
    assert_eq!(desk.get("/v1/cases", &agency.key).await.body["data"], json!([]));

    let mended = [
        ("/fields/pole", "1"),
        ("/fields/state", "out"),
        ("/fields/since", "2026-11-20"),
        ("/fields/lamps", "3"),
        ("/email", "maria@example.org"),
        ("/phone", ""),
    ];
    let sent = maria.refill(&refused, &path, &mended, &[]).await;
    sent.to();
    let case = desk.get("/v1/cases", &agency.key).await.body["data"][0]["id"].as_str().unwrap().to_owned();
    let said = desk.get(&format!("/v1/cases/{case}/messages"), &agency.key).await.body["data"][0].clone();
    assert_eq!(said["attachments"][0]["name"], "lamp.jpg", "the file was kept while the rest was mended");
    assert!(said["text"].as_str().unwrap().starts_with("<b>dark</b>"));
});

over_both!(more_than_ten_files_are_too_many_and_the_first_ten_are_kept, |desk| {
    let (agency, _) = town(&desk).await;
    let mut maria = Browser::new(&desk);
    let path = "/t/riverton/requests/new?topic=other";
    let names: Vec<String> = (0..12).map(|n| format!("{n}.jpg")).collect();
    let files: Vec<(&str, &str)> = names.iter().map(|name| (name.as_str(), name.as_str())).collect();
    let refused = maria.fill(path, &[("/text", "Look.")], &files).await;
    let page = refused.html();
    assert_eq!((refused.status.as_u16(), page.class("errors").len()), (422, 1));
    assert_eq!(page.0.iter().filter(|e| e.get("type") == Some("checkbox")).count(), 10);
    maria.refill(&refused, path, &[], &[]).await.to();
    let case = desk.get("/v1/cases", &agency.key).await.body["data"][0]["id"].as_str().unwrap().to_owned();
    let said = desk.get(&format!("/v1/cases/{case}/messages"), &agency.key).await.body["data"][0].clone();
    assert_eq!(said["attachments"].as_array().unwrap().len(), 10);
});

over_both!(a_form_that_did_not_come_from_our_page_is_refused_and_leaves_nothing, |desk| {
    let (agency, _) = town(&desk).await;
    let other = desk.agency("harbor").await;
    desk.post("/v1/channels", &other.key, json!({ "connector": "web" })).await;
    let path = "/t/riverton/requests/new?topic=other";
    let filled = |html: &Html| {
        let mut values = html.values();
        values.retain(|(name, _)| name != "/text");
        values.push(("/text".to_owned(), "Forged.".to_owned()));
        values
    };
    let mut maria = Browser::new(&desk);
    let page = maria.get(path).await.html();
    let cookie = maria.cookies.keys().next().unwrap().clone();
    assert_eq!(cookie, "__Host-civicdesk-riverton-form");

    let mut elsewhere = Browser::new(&desk);
    let without = elsewhere.post(path, &filled(&page), &[("a.jpg", "a")]).await;
    assert_eq!(
        (without.status.as_u16(), without.html().one("h1").text.as_str()),
        (403, "We could not check where this form came from")
    );
    elsewhere.get(path).await;
    assert_eq!(elsewhere.post(path, &filled(&page), &[]).await.status, 403, "another browser's word");
    let mut values = filled(&page);
    values.retain(|(name, _)| name != "form_token");
    assert_eq!(maria.post(path, &values, &[]).await.status, 403, "no word at all");
    let mut crossed = Browser::new(&desk);
    let harbor = crossed.get("/t/harbor/requests/new").await.html();
    let secret = crossed.cookies.values().next().unwrap().clone();
    crossed.cookies.insert(cookie, secret);
    assert_eq!(crossed.post(path, &filled(&harbor), &[]).await.status, 403, "another agency's word");
    assert_eq!(desk.get("/v1/cases", &agency.key).await.body["data"], json!([]));
    let (store, later) = (desk.app.store.tenant(agency.id), Time(desk.app.now() + SignedDuration::from_secs(9)));
    let waiting = store.write(move |tx| attachments::forget_unused(tx, later, 100)).await.unwrap();
    assert_eq!(waiting, 0, "and no file of it was kept");
    maria.post(path, &filled(&page), &[]).await.to();
});
