//! The whole way of a request over the pages.

use serde_json::json;

use super::browser::{Browser, town};
use crate::http::testing::{TestApp, over_both};

over_both!(a_citizen_asks_on_the_page_sees_where_it_stands_and_writes_again, |desk| {
    let (agency, topic) = town(&desk).await;
    let mut maria = Browser::new(&desk);
    let home = maria.get("/t/riverton").await.html();
    assert!(home.all("a").iter().any(|a| a.get("href") == Some("/t/riverton/requests/new")));
    let choose = maria.get("/t/riverton/requests/new").await.html();
    let to = choose.all("a").into_iter().find(|a| a.text == "Street lighting").unwrap().of("href").to_owned();
    assert_eq!(to, format!("?topic={topic}"));
    let path = format!("/t/riverton/requests/new{to}");
    let blanks = [
        ("/fields/pole", "4711"),
        ("/fields/state", "flickers"),
        ("/fields/danger", "no"),
        ("/fields/lamps", "2"),
        ("/text", "It is dark.\r\nPlease come."),
        ("/email", " maria@example.org "),
        ("/name", "Maria"),
    ];
    let sent = maria.fill(&path, &blanks, &[("lamp.jpg", "light")]).await;
    let received = maria.get(&sent.to()).await.html();
    let cases = desk.get("/v1/cases", &agency.key).await.body["data"].clone();
    assert_eq!(cases.as_array().unwrap().len(), 1);
    let case = &cases[0];
    assert_eq!(received.class("reference")[0].text, case["reference"].as_str().unwrap());
    let values: Vec<_> = case["fields"].as_array().unwrap().iter().map(|f| f["value"].clone()).collect();
    assert_eq!(values, [json!("4711"), json!("flickers"), json!(false), json!(2)]);

    let link = received.class("button")[0].of("href").to_owned();
    let status = maria.get(&link).await.html();
    assert!(status.class("panel")[0].text.contains("Nobody has dealt with it yet"), "{status:?}");
    assert!(status.one("h1").text.contains(case["reference"].as_str().unwrap()));
    desk.pass(3600);
    let said = maria.fill(&link, &[("/text", "The next lamp is out, too.")], &[("second.jpg", "dark")]).await;
    let after = maria.get(&said.to()).await.html();
    assert_eq!(after.class("good").len(), 1);
    assert!(after.all("time")[1].text.contains("10:00"), "{after:?}");

    let path = format!("/v1/cases/{}/messages", case["id"].as_str().unwrap());
    let messages = desk.get(&path, &agency.key).await.body["data"].as_array().unwrap().clone();
    let find = |text: &str| messages.iter().find(|m| m["text"].as_str().unwrap().starts_with(text)).unwrap();
    let (first, second) = (find("It is dark.\nPlease come."), find("The next lamp"));
    assert_eq!(first["from"]["address"], "maria@example.org");
    assert_eq!(
        (&first["attachments"][0]["name"], &first["attachments"][0]["content_type"]),
        (&json!("lamp.jpg"), &json!("image/jpeg"))
    );
    assert_eq!((&second["attachments"][0]["name"], &second["author_kind"]), (&json!("second.jpg"), &json!("contact")));
});

over_both!(what_has_become_of_a_request_is_said_in_plain_words, |desk| {
    let (agency, _) = town(&desk).await;
    let mut maria = Browser::new(&desk);
    let sent = maria.fill("/t/riverton/requests/new?topic=other", &[("/text", "A tree fell.")], &[]).await;
    let link = sent.to().replace("/received", "");
    let case = desk.get("/v1/cases", &agency.key).await.body["data"][0]["id"].as_str().unwrap().to_owned();
    for (status, outcome, words) in [
        ("open", json!(null), "We are working on it."),
        ("pending", json!(null), "We are waiting for an answer."),
        ("resolved", json!("done"), "It is done."),
        ("closed", json!("declined"), "We cannot do what you asked for."),
        ("closed", json!("referred"), "Another office deals with it now."),
    ] {
        let change = json!({ "status": status, "outcome": outcome });
        let changed = desk.patch(&format!("/v1/cases/{case}"), &agency.key, change).await;
        assert_eq!(changed.status, 200, "{:?}", changed.body);
        let page = maria.get(&link).await.html();
        assert!(page.class("panel")[0].text.contains(words), "{status}: {:?}", page.class("panel"));
    }
    let other = desk.agency("harbor").await;
    assert_eq!(maria.get(&link.replace("riverton", &other.slug)).await.status, 404, "a link leads to one agency only");
});

over_both!(a_reference_alone_opens_nothing_and_tells_nothing, |desk| {
    let (agency, _) = town(&desk).await;
    let mut maria = Browser::new(&desk);
    maria.fill("/t/riverton/requests/new?topic=other", &[("/text", "A tree fell.")], &[]).await.to();
    let real = desk.get("/v1/cases", &agency.key).await.body["data"][0]["reference"].as_str().unwrap().to_owned();
    let mut stranger = Browser::new(&desk);
    let found = stranger.get(&format!("/t/riverton/requests/find?reference={real}")).await;
    let invented = stranger.get("/t/riverton/requests/find?reference=RIV-2026-999999").await;
    assert_eq!(found.text.replace(&real, "RIV-2026-999999"), invented.text);
    assert_eq!((found.status.as_u16(), found.html().all("form").len()), (200, 0));
    let empty = stranger.get("/t/riverton/requests/find?reference=").await.html();
    assert!(empty.one("title").text.starts_with("Error: "), "{:?}", empty.one("title"));
    let odd = stranger.get("/t/riverton/requests/find?reference=%3Cscript%3E").await;
    assert!(!odd.text.contains("<script>") && odd.text.contains("&lt;script&gt;"));
});
