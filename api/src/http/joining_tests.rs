//! Two contacts that are one person, over HTTP: joined, refused, parted, and one history of everything.

use actix_web::http::Method;
use civicdesk_contract::{Envelope, ExternalId, RawItem, memory::Letter};
use serde_json::{Value, json};

use super::testing::{Agency, TestApp, nothing, over_both, request};
use crate::{
    auth::Role,
    cases::{accept, intake},
    ids,
};

async fn contact(desk: &TestApp, agency: &Agency, new: Value) -> String {
    let made = desk.post("/v1/contacts", &agency.key, new).await;
    assert_eq!(made.status, 201, "{made:?}");
    format!("/v1/contacts/{}", made.body["id"].as_str().unwrap())
}

fn id_of(path: &str) -> &str {
    path.rsplit('/').next().unwrap()
}

async fn channel(desk: &TestApp, agency: &Agency, new: Value) -> String {
    let made = desk.post("/v1/channels", &agency.key, new).await;
    assert_eq!(made.status, 201, "{made:?}");
    made.body["id"].as_str().unwrap().to_owned()
}

/// Has a message come in on a channel.
async fn comes(desk: &TestApp, agency: &Agency, channel: &str, letter: Letter) {
    let raw = serde_json::to_vec(&letter).unwrap();
    let item = RawItem { id: ExternalId(letter.text.clone()), place: None, envelope: Envelope::default(), raw };
    let (deps, channel) = (desk.intake(), ids::CHANNEL.read(channel).unwrap());
    accept::take_in(&deps, agency.id, channel, vec![item], None).await.unwrap();
    intake::work(&deps, agency.id, 10).await.unwrap();
    desk.pass(60);
}

over_both!(two_contacts_become_one_person_and_two_again_for_whoever_has_the_version, |desk| {
    let agency = desk.agency("riverton").await;
    let ana = contact(&desk, &agency, json!({ "name": "Ana Ruiz", "email": "ana@work.example" })).await;
    let home = contact(&desk, &agency, json!({ "email": "ana@home.example", "phone": "+15550109999" })).await;
    desk.network.mailbox("sms", "open sesame");
    let phones = json!({ "network": "sms", "secret": "open sesame" });
    let phones =
        channel(&desk, &agency, json!({ "connector": "texts", "address": "+15550100000", "settings": phones })).await;
    let wishes =
        json!({ "language": "es", "preferred_channel": phones, "quiet_hours": { "from": "20:00", "to": "09:00" } });
    let set = desk.patch(&home, &agency.key, wishes.clone()).await;
    assert_eq!(set.status, 200, "{set:?}");
    let case = desk.post("/v1/cases", &agency.key, json!({ "subject": "Light", "contact_id": id_of(&home) })).await;
    let case = format!("/v1/cases/{}", case.body["id"].as_str().unwrap());
    let (before, whole) = (desk.get(&home, &agency.key).await, desk.get(&ana, &agency.key).await);
    let case_before = desk.get(&case, &agency.key).await;

    let merge = format!("{home}/merge");
    let into = json!({ "into": id_of(&ana) });
    let stale = request(Method::POST, &merge, &agency.key).insert_header(("If-Match", "\"v9\"")).set_json(&into);
    assert_eq!(desk.send(stale).await.status, 412);
    let fresh = request(Method::POST, &merge, &agency.key).insert_header(("If-Match", before.header("etag")));
    let merged = desk.send(fresh.set_json(&into)).await;
    assert_eq!((merged.status.as_u16(), &merged.body["merged_into"]), (200, &json!(id_of(&ana))), "{merged:?}");
    assert_eq!(merged.body["identities"], json!([]));
    let read = desk.get(&home, &agency.key).await;
    assert_eq!((read.status.as_u16(), &read.body["merged_into"]), (200, &json!(id_of(&ana))));
    let kept = desk.get(&ana, &agency.key).await;
    assert_eq!(kept.body["identities"].as_array().unwrap().len(), 3);
    assert_eq!((&kept.body["name"], &kept.body["language"]), (&json!("Ana Ruiz"), &json!("es")), "what was missing");
    assert_eq!((&kept.body["preferred_channel"], &kept.body["quiet_hours"]["from"]), (&json!(phones), &json!("20:00")));
    assert_ne!(kept.header("etag"), whole.header("etag"));
    let theirs = desk.get(&case, &agency.key).await;
    assert_eq!(theirs.body["contact_id"], json!(id_of(&ana)));
    assert_ne!(theirs.header("etag"), case_before.header("etag"));
    let listed = desk.get("/v1/contacts", &agency.key).await;
    assert_eq!(listed.body["data"].as_array().unwrap().len(), 1, "a person stands in the list once");
    let found = desk.get("/v1/search?q=ana@home.example", &agency.key).await;
    assert_eq!(found.body["data"][0]["id"], json!(id_of(&ana)), "{found:?}");

    for (path, method, body) in [
        (home.clone(), Method::PATCH, json!({ "name": "Eva" })),
        (format!("{home}/identities"), Method::POST, json!({ "kind": "email", "value": "c@c.example" })),
        (merge.clone(), Method::POST, json!({ "into": id_of(&ana) })),
        (format!("{ana}/merge"), Method::POST, json!({ "into": id_of(&home) })),
    ] {
        let refused = desk.send(request(method, &path, &agency.key).set_json(&body)).await;
        assert_eq!((refused.status.as_u16(), &refused.body["code"]), (409, &json!("merged")), "{path}: {refused:?}");
    }
    let next = desk.post("/v1/cases", &agency.key, json!({ "subject": "More", "contact_id": id_of(&home) })).await;
    assert_eq!(next.body["contact_id"], json!(id_of(&ana)), "an id that others keep still names the person");
    let itself = desk.post(&format!("{ana}/merge"), &agency.key, into.clone()).await;
    assert_eq!((itself.status.as_u16(), &itself.body["code"]), (409, &json!("same-contact")));
    let nobody = json!({ "into": nothing(ids::CONTACT) });
    let nobody = desk.post(&format!("{ana}/merge"), &agency.key, nobody).await;
    assert_eq!((nobody.status.as_u16(), &nobody.body["errors"][0]["pointer"]), (422, &json!("/into")));

    let apart = desk.post(&format!("{home}/unmerge"), &agency.key, json!({})).await;
    assert_eq!((apart.status.as_u16(), &apart.body["merged_into"]), (200, &json!(null)), "{apart:?}");
    assert_eq!(apart.body["identities"], before.body["identities"]);
    let alone = desk.get(&ana, &agency.key).await.body;
    for wish in ["language", "preferred_channel", "quiet_hours"] {
        assert_eq!(alone[wish], json!(null), "what it took it gives back: {wish}");
    }
    assert_eq!(desk.get(&case, &agency.key).await.body["contact_id"], json!(id_of(&home)));
    let again = desk.post(&format!("{home}/unmerge"), &agency.key, json!({})).await;
    assert_eq!((again.status.as_u16(), &again.body["code"]), (409, &json!("not-merged")));
    for path in [&ana, &home] {
        let log = desk.get(&format!("/v1/events?limit=100&contact_id={}", id_of(path)), &agency.key).await;
        let kinds: Vec<&str> = log.body["data"].as_array().unwrap().iter().filter_map(|e| e["type"].as_str()).collect();
        assert!(kinds.contains(&"contact.merged") && kinds.last() == Some(&"contact.unmerged"), "{kinds:?}");
    }
});

over_both!(a_chain_of_joined_contacts_comes_apart_from_its_end, |desk| {
    let agency = desk.agency("riverton").await;
    let one = contact(&desk, &agency, json!({ "email": "a@a.example" })).await;
    let two = contact(&desk, &agency, json!({ "email": "b@b.example" })).await;
    let three = contact(&desk, &agency, json!({ "email": "c@c.example" })).await;
    for (from, into) in [(&one, &two), (&two, &three)] {
        let merged = desk.post(&format!("{from}/merge"), &agency.key, json!({ "into": id_of(into) })).await;
        assert_eq!(merged.status, 200, "{merged:?}");
    }
    let of_three = desk.get(&three, &agency.key).await;
    assert_eq!(of_three.body["identities"].as_array().unwrap().len(), 3);
    let refused = desk.post(&format!("{one}/unmerge"), &agency.key, json!({})).await;
    assert_eq!((refused.status.as_u16(), &refused.body["code"]), (409, &json!("merged-further")));
    assert!(refused.body["detail"].as_str().unwrap().contains(id_of(&three)), "it says where: {refused:?}");
    for (path, has) in [(&two, 2), (&one, 1)] {
        let apart = desk.post(&format!("{path}/unmerge"), &agency.key, json!({})).await;
        assert_eq!(apart.body["identities"].as_array().unwrap().len(), has, "{apart:?}");
    }
    assert_eq!(desk.get(&three, &agency.key).await.body["identities"].as_array().unwrap().len(), 1);
});

over_both!(joining_people_needs_the_right_to_change_them, |desk| {
    let (agency, other) = (desk.agency("riverton").await, desk.agency("harbor").await);
    let ana = contact(&desk, &agency, json!({ "email": "a@a.example" })).await;
    let bea = contact(&desk, &agency, json!({ "email": "b@b.example" })).await;
    let stranger = contact(&desk, &other, json!({ "email": "a@a.example" })).await;
    let auditor = desk.key(agency.id, &[Role::Auditor.name()]).await;
    let into = json!({ "into": id_of(&bea) });
    assert_eq!(desk.post(&format!("{ana}/merge"), &auditor, into.clone()).await.status, 403);
    assert_eq!(desk.post(&format!("{ana}/merge"), &other.key, into.clone()).await.status, 404);
    let foreign = desk.post(&format!("{ana}/merge"), &agency.key, json!({ "into": id_of(&stranger) })).await;
    assert_eq!(foreign.status, 422, "another agency's contact is nobody here");
    let key = request(Method::POST, &format!("{ana}/merge"), &agency.key).insert_header(("Idempotency-Key", "once"));
    assert_eq!(desk.send(key.set_json(&into)).await.status, 200);
    let key = request(Method::POST, &format!("{ana}/merge"), &agency.key).insert_header(("Idempotency-Key", "once"));
    assert_eq!(desk.send(key.set_json(&into)).await.status, 200, "asked twice, done once");
});

over_both!(one_person_on_five_channels_has_one_history, |desk| {
    let agency = desk.agency("riverton").await;
    desk.patch("/v1/tenant", &agency.key, json!({ "locale": "en-US" })).await;
    desk.network.mailbox("help", "open sesame");
    let settings = json!({ "network": "help", "secret": "open sesame" });
    let mail = channel(&desk, &agency, json!({ "connector": "memory", "settings": settings })).await;
    let texts = channel(&desk, &agency, json!({ "connector": "texts", "settings": settings })).await;
    for desk_side in ["phone", "counter", "web"] {
        channel(&desk, &agency, json!({ "connector": desk_side })).await;
    }
    comes(&desk, &agency, &mail, Letter::from_email("maria@home.example", "Light", "By mail.")).await;
    let mut text = Letter::from_email("+15550109999", "", "By text.");
    text.from.as_mut().unwrap().kind = civicdesk_contract::IdentityKind::Phone;
    comes(&desk, &agency, &texts, text).await;
    let told = |text: &str| json!({ "phone": "(555) 010-9999", "text": text });
    assert_eq!(desk.post("/v1/calls", &agency.key, told("By telephone.")).await.status, 201);
    desk.pass(60);
    assert_eq!(desk.post("/v1/visits", &agency.key, json!({ "told": told("At the counter.") })).await.status, 201);
    desk.pass(60);
    let form = json!({ "text": "By form.", "email": "maria@work.example", "name": "Maria" });
    assert_eq!(desk.post("/v1/public/riverton/requests", "", form).await.status, 201);
    desk.pass(60);

    let by = async |query: &str| {
        let found = desk.get(&format!("/v1/contacts?{query}"), &agency.key).await;
        format!("/v1/contacts/{}", found.body["data"][0]["id"].as_str().unwrap())
    };
    let home = by("email=maria@home.example").await;
    let (phone, work) = (by("phone=(555)%20010-9999").await, by("email=maria@work.example").await);
    assert_ne!(home, phone, "three contacts");
    for from in [&phone, &work] {
        desk.pass(60);
        let merged = desk.post(&format!("{from}/merge"), &agency.key, json!({ "into": id_of(&home) })).await;
        assert_eq!(merged.status, 200, "{merged:?}");
    }
    let (mut seen, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = desk.get(&format!("{home}/history?limit=3&cursor={cursor}"), &agency.key).await;
        assert_eq!(page.status, 200, "{page:?}");
        seen.extend(page.body["data"].as_array().unwrap().clone());
        let Some(next) = page.body["next_cursor"].as_str() else { break };
        cursor = next.to_owned();
    }
    let said: Vec<(&str, &str, &str)> = seen
        .iter()
        .filter(|e| e["type"] == "message" && e["letter"].is_null())
        .map(|e| (e["connector"].as_str().unwrap(), e["direction"].as_str().unwrap(), e["text"].as_str().unwrap()))
        .collect();
    let all = [
        ("web", "inbound", "By form."),
        ("counter", "inbound", "At the counter."),
        ("phone", "inbound", "By telephone."),
        ("texts", "inbound", "By text."),
        ("memory", "inbound", "By mail."),
    ];
    assert_eq!(said, all, "the newest first, each with its channel");
    let noted: Vec<&str> = seen.iter().filter_map(|e| e["type"].as_str()).filter(|t| *t != "message").collect();
    assert_eq!(noted.iter().filter(|kind| **kind == "contact.merged").count(), 4, "{noted:?}");
    assert_eq!(noted.iter().filter(|kind| **kind == "contact.created").count(), 3, "{noted:?}");
    let times = seen.iter().map(|e| e["created_at"].as_str().unwrap().parse::<jiff::Timestamp>().unwrap());
    let times: Vec<_> = times.collect();
    assert!(times.is_sorted_by(|a, b| a >= b), "{times:?}");
    let letters = seen.iter().filter(|e| e["letter"] == "acknowledgement" && e["direction"] == "outbound").count();
    assert_eq!(letters, 2, "letters stand in it");

    desk.post(&format!("{phone}/unmerge"), &agency.key, json!({})).await;
    let apart = desk.get(&format!("{home}/history?limit=100"), &agency.key).await.body["data"].clone();
    let left: Vec<&str> = apart.as_array().unwrap().iter().filter_map(|e| e["text"].as_str()).collect();
    assert!(left.contains(&"By mail.") && left.contains(&"By form.") && !left.contains(&"By text."), "{left:?}");
});
