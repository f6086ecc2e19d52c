//! Channels and the ledger, as their clients see them.

use actix_web::http::Method;
use civicdesk_contract::{
    Envelope, ExternalId, RawItem,
    memory::{Letter, Trouble},
};
use serde_json::{Value, json};

use super::testing::{Agency, TestApp, nothing, over_both, request};
use crate::{
    cases::{accept, intake},
    ids,
    store::{self, routes},
};

fn town(desk: &TestApp, name: &str) -> Value {
    desk.network.mailbox(name, "open sesame");
    json!({ "connector": "memory", "name": "Help", "address": format!("{name}@town.example"),
        "settings": { "network": name, "secret": "open sesame" } })
}

async fn pushed(desk: &TestApp, agency: &Agency, address: &str) -> Value {
    let new = json!({ "connector": "lmtp", "settings": { "address": address } });
    let made = desk.post("/v1/channels", &agency.key, new).await;
    assert_eq!(made.status, 201, "{:?}", made.body);
    made.body
}

async fn leads(desk: &TestApp, address: &str) -> bool {
    let address = address.to_owned();
    desk.app.store.control_read(move |c| routes::find(c, "address", &address)).await.unwrap().is_some()
}

over_both!(the_kinds_of_network_say_what_they_can_do_and_ask_for, |desk| {
    let agency = desk.agency("riverton").await;
    let listed = desk.get("/v1/connectors", &agency.key).await;
    let ids: Vec<&str> = listed.body["data"].as_array().unwrap().iter().filter_map(|c| c["id"].as_str()).collect();
    assert_eq!(ids, ["chat", "counter", "lmtp", "memory", "phone", "telephone", "texts", "web"]);
    let memory = &listed.body["data"][3];
    assert_eq!((&memory["capabilities"]["poll"], &memory["capabilities"]["max_text"]), (&json!(true), &json!(null)));
    assert_eq!(memory["settings_schema"]["properties"]["secret"]["writeOnly"], true);
});

over_both!(every_capability_that_a_connector_declares_is_shown, |desk| {
    let agency = desk.agency("riverton").await;
    let listed = desk.get("/v1/connectors", &agency.key).await;
    for shown in listed.body["data"].as_array().unwrap() {
        let id = shown["id"].as_str().unwrap();
        let (about, _) = desk.app.opener.registry().find(id).unwrap();
        assert_eq!(shown["capabilities"], serde_json::to_value(&about.capabilities).unwrap(), "{id}");
    }
});

over_both!(a_channels_secrets_go_in_and_never_come_out, |desk| {
    let agency = desk.agency("riverton").await;
    let made = desk.post("/v1/channels", &agency.key, town(&desk, "help")).await;
    assert_eq!(made.status, 201, "{:?}", made.body);
    assert_eq!(made.body["settings"], json!({ "network": "help" }));
    assert_eq!((&made.body["state"], &made.body["health"]["state"]), (&json!("active"), &json!("unknown")));
    let path = made.header("location").to_owned();
    let renamed = desk.patch(&path, &agency.key, json!({ "name": "Lamps", "settings": { "network": "help" } })).await;
    assert_eq!((renamed.status.as_u16(), &renamed.body["name"]), (200, &json!("Lamps")));
    let works = desk.post(&format!("{path}/check"), &agency.key, json!({})).await;
    assert_eq!(works.body["works"], true, "the secret that was not sent again is still there: {:?}", works.body);
    let read = desk.get(&path, &agency.key).await;
    let listed = desk.get("/v1/channels", &agency.key).await;
    let events = desk.get("/v1/events", &agency.key).await;
    for body in [&made.body, &renamed.body, &read.body, &listed.body, &events.body] {
        assert!(!body.to_string().contains("sesame"), "{body}");
    }
    let told: Vec<&str> = events.body["data"].as_array().unwrap().iter().filter_map(|e| e["type"].as_str()).collect();
    assert!(told.contains(&"channel.created") && told.contains(&"channel.changed"), "{told:?}");
});

over_both!(settings_that_cannot_be_right_make_no_channel_and_change_none, |desk| {
    let agency = desk.agency("riverton").await;
    let mut new = town(&desk, "help");
    new["settings"]["colour"] = json!("red");
    let refused = desk.post("/v1/channels", &agency.key, new).await;
    assert_eq!((refused.status.as_u16(), &refused.body["errors"][0]["pointer"]), (422, &json!("/settings")));
    let unknown = desk.post("/v1/channels", &agency.key, json!({ "connector": "pigeon" })).await;
    assert_eq!(unknown.body["errors"][0]["pointer"], "/connector");
    assert_eq!(desk.get("/v1/channels", &agency.key).await.body["data"], json!([]));

    let made = desk.post("/v1/channels", &agency.key, town(&desk, "help")).await;
    let path = made.header("location").to_owned();
    for wrong in [json!({ "settings": { "secret": null } }), json!({ "name": "" }), json!({ "address": "x" })] {
        assert_eq!(desk.patch(&path, &agency.key, wrong.clone()).await.status, 422, "{wrong}");
    }
    assert_eq!(desk.get(&path, &agency.key).await.header("etag"), made.header("etag"));
});

over_both!(a_channel_is_changed_only_by_who_has_its_version_and_health_changes_none, |desk| {
    let agency = desk.agency("riverton").await;
    let made = desk.post("/v1/channels", &agency.key, town(&desk, "help")).await;
    let (path, etag) = (made.header("location").to_owned(), made.header("etag").to_owned());
    desk.network.mailbox("help", "").trouble(Some(Trouble::Credentials));
    let checked = desk.post(&format!("{path}/check"), &agency.key, json!({})).await;
    assert_eq!((&checked.body["works"], &checked.body["kind"]), (&json!(false), &json!("credentials")));
    let again = request(Method::GET, &path, &agency.key).insert_header(("If-None-Match", etag.as_str()));
    let read = desk.send(again).await;
    assert_eq!(
        (read.status.as_u16(), &read.body["health"]["state"]),
        (200, &json!("failing")),
        "health is always shown"
    );
    assert_eq!(read.header("etag"), etag);
    let change = |etag: &str, name: &str| {
        let change = request(Method::PATCH, &path, &agency.key).insert_header(("If-Match", etag.to_owned()));
        desk.send(change.set_json(json!({ "name": name })))
    };
    assert_eq!(change(&etag, "One").await.status, 200);
    assert_eq!(change(&etag, "Two").await.status, 412);
    assert_eq!(desk.get(&path, &agency.key).await.body["name"], "One");
});

over_both!(a_channel_names_another_that_sends_for_it_and_no_circle_is_made, |desk| {
    let (agency, other) = (desk.agency("riverton").await, desk.agency("hillside").await);
    let [one, two, three] = ["one", "two", "three"];
    let (one, two) = (desk.texts(&agency, one).await, desk.texts(&agency, two).await);
    let foreign = desk.texts(&other, three).await;
    let mail = pushed(&desk, &agency, "help@riverton.example").await["id"].as_str().unwrap().to_owned();
    let point = async |from: &str, to: Value| {
        desk.patch(&format!("/v1/channels/{from}"), &agency.key, json!({ "fallback_channel_id": to })).await
    };
    let pointed = point(&one, json!(two)).await;
    assert_eq!(
        (pointed.status.as_u16(), &pointed.body["fallback_channel_id"]),
        (200, &json!(two)),
        "{:?}",
        pointed.body
    );
    for (from, to) in [(&two, &one), (&two, &two), (&two, &mail), (&two, &foreign), (&mail, &one)] {
        let refused = point(from, json!(to)).await;
        assert_eq!(
            (refused.status.as_u16(), &refused.body["errors"][0]["pointer"]),
            (422, &json!("/fallback_channel_id")),
            "{from} to {to}"
        );
    }
    desk.post(&format!("/v1/channels/{two}/pause"), &agency.key, json!({})).await;
    let named = desk.patch(&format!("/v1/channels/{one}"), &agency.key, json!({ "name": "Texts" })).await;
    assert_eq!(
        (named.status.as_u16(), &named.body["fallback_channel_id"]),
        (200, &json!(two)),
        "what stands may stand"
    );
    let new = json!({ "connector": "texts", "settings": { "network": "one", "secret": "open sesame" }, "fallback_channel_id": two });
    assert_eq!(desk.post("/v1/channels", &agency.key, new.clone()).await.status, 422, "it is paused");
    desk.post(&format!("/v1/channels/{two}/resume"), &agency.key, json!({})).await;
    let made = desk.post("/v1/channels", &agency.key, new).await;
    assert_eq!((made.status.as_u16(), &made.body["fallback_channel_id"]), (201, &json!(two)));
    let alone = point(&one, json!(null)).await;
    assert_eq!((alone.status.as_u16(), &alone.body["fallback_channel_id"]), (200, &json!(null)));
    assert_eq!(point(&two, json!(one)).await.status, 200);
});

over_both!(a_silent_network_shows_in_its_channels_health, |desk| {
    let agency = desk.agency("riverton").await;
    let texts = desk.texts(&agency, "one").await;
    let (id, at) = (store::Uid(ids::CHANNEL.read(&texts).unwrap()), desk.app.time());
    let slow = move |tx: &mut store::Tx| store::channels::set_slow(tx, id, Some(at));
    desk.app.store.tenant(agency.id).write::<_, store::Error, _>(slow).await.unwrap();
    let health = desk.get(&format!("/v1/channels/{texts}"), &agency.key).await.body["health"].clone();
    assert_eq!((&health["state"], &health["kind"]), (&json!("failing"), &json!("slow")), "{health}");
    assert_eq!(health["slow_since"], json!("2026-11-22T09:00:00Z"));
});

over_both!(when_the_budget_is_spent_answers_by_text_are_refused_until_the_month_ends_or_it_is_raised, |desk| {
    let agency = desk.agency("riverton").await;
    let texts = desk.texts(&agency, "mobile").await;
    let budget = json!({ "text_budget": { "limit_parts": 5, "alarm_percent": 60 }, "time_zone": "Europe/Lisbon" });
    let set = desk.patch("/v1/tenant", &agency.key, budget).await;
    assert_eq!((set.status.as_u16(), &set.body["text_budget"]["limit_parts"]), (200, &json!(5)), "{:?}", set.body);
    let new = json!({ "subject": "Lamp", "contact": { "phone": "+15550109999", "email": "maria@x.example" } });
    let case = desk.post("/v1/cases", &agency.key, new).await;
    let path = format!("/v1/cases/{}/messages", case.body["id"].as_str().unwrap());
    let answer = async |key: &str| desk.post(&path, key, json!({ "text": "It is mended.", "channel_id": texts })).await;
    assert_eq!(answer(&agency.key).await.status, 202);
    let spend = |tx: &mut store::Tx| store::usage::count(tx, "2026-11", 5);
    desk.app.store.tenant(agency.id).write::<_, store::Error, _>(spend).await.unwrap();
    let used = desk.get("/v1/tenant/usage", &agency.key).await.body;
    assert_eq!(
        (&used["month"], &used["parts"], &used["limit_parts"], &used["begins_anew_at"]),
        (&json!("2026-11"), &json!(5), &json!(5), &json!("2026-12-01T00:00:00Z"))
    );
    let refused = answer(&agency.key).await;
    assert_eq!((refused.status.as_u16(), &refused.body["code"]), (409, &json!("budget-spent")));
    let why = refused.body["detail"].as_str().unwrap();
    assert!(why.contains("2026-12-01 (Europe/Lisbon)") && why.contains("tenant:manage"), "{why}");
    let listed = desk.get(&path, &agency.key).await;
    assert_eq!(listed.body["data"].as_array().unwrap().len(), 1, "nothing of it is kept");
    let mail = town(&desk, "help");
    let mail = desk.post("/v1/channels", &agency.key, mail).await.body["id"].clone();
    let by_mail = desk.post(&path, &agency.key, json!({ "text": "It is mended.", "channel_id": mail })).await;
    assert_eq!(by_mail.status, 202, "mail costs no parts: {:?}", by_mail.body);
    let raised = desk.patch("/v1/tenant", &agency.key, json!({ "text_budget": { "limit_parts": 6 } })).await;
    assert_eq!((raised.status.as_u16(), answer(&agency.key).await.status.as_u16()), (200, 202));
    desk.patch("/v1/tenant", &agency.key, json!({ "text_budget": { "limit_parts": 0 } })).await;
    assert_eq!(answer(&agency.key).await.status, 409);
    desk.patch("/v1/tenant", &agency.key, json!({ "text_budget": { "limit_parts": 5 } })).await;
    desk.pass(9 * 24 * 3600);
    assert_eq!(answer(&agency.key).await.status, 202, "December");
    for wrong in [json!({ "limit_parts": -1 }), json!({ "limit_parts": 5, "alarm_percent": 0 })] {
        assert_eq!(desk.patch("/v1/tenant", &agency.key, json!({ "text_budget": wrong })).await.status, 422);
    }
});

over_both!(an_address_leads_to_one_channel_and_moves_with_it, |desk| {
    let (riverton, hillside) = (desk.agency("riverton").await, desk.agency("hillside").await);
    let made = pushed(&desk, &riverton, "Help@Riverton.example").await;
    assert!(leads(&desk, "help@riverton.example").await);
    let theirs = json!({ "connector": "lmtp", "settings": { "address": "help@riverton.example" } });
    let refused = desk.post("/v1/channels", &hillside.key, theirs).await;
    assert_eq!((refused.status.as_u16(), &refused.body["code"]), (409, &json!("address-taken")));

    let path = format!("/v1/channels/{}", made["id"].as_str().unwrap());
    let moved = desk.patch(&path, &riverton.key, json!({ "address": "desk@riverton.example" })).await;
    assert_eq!((moved.status.as_u16(), &moved.body["address"]), (200, &json!("desk@riverton.example")));
    assert!(leads(&desk, "desk@riverton.example").await && !leads(&desk, "help@riverton.example").await);
    pushed(&desk, &hillside, "help@riverton.example").await;
});

over_both!(making_a_channel_twice_with_one_key_makes_one, |desk| {
    let agency = desk.agency("riverton").await;
    let make = || {
        let make = request(Method::POST, "/v1/channels", &agency.key).insert_header(("Idempotency-Key", "k"));
        desk.send(make.set_json(json!({ "connector": "lmtp", "settings": { "address": "help@riverton.example" } })))
    };
    let (first, second) = (make().await, make().await);
    assert_eq!((first.status.as_u16(), second.status.as_u16()), (201, 201), "{:?}", second.body);
    assert_eq!(first.body["id"], second.body["id"]);
    assert_eq!(desk.get("/v1/channels", &agency.key).await.body["data"].as_array().unwrap().len(), 1);
});

over_both!(a_channel_is_paused_and_resumed, |desk| {
    let agency = desk.agency("riverton").await;
    let made = desk.post("/v1/channels", &agency.key, town(&desk, "help")).await;
    let path = made.header("location").to_owned();
    for (step, state) in [("pause", "paused"), ("pause", "paused"), ("resume", "active")] {
        let done = desk.post(&format!("{path}/{step}"), &agency.key, json!({})).await;
        assert_eq!((done.status.as_u16(), &done.body["state"]), (200, &json!(state)));
    }
    let nowhere = format!("/v1/channels/{}/pause", nothing(ids::CHANNEL));
    assert_eq!(desk.post(&nowhere, &agency.key, json!({})).await.status, 404);
});

over_both!(the_ledger_shows_what_came_gives_it_back_and_adds_up, |desk| {
    let (agency, other) = (desk.agency("riverton").await, desk.agency("hillside").await);
    let channel = pushed(&desk, &agency, "help@riverton.example").await["id"].as_str().unwrap().to_owned();
    let deps = desk.intake();
    let wreck = b"\0no letter\xff\r\n".to_vec();
    let letter = serde_json::to_vec(&Letter::from_email("ann@x.example", "Lamp", "out")).unwrap();
    let items = [("wreck", wreck.clone()), ("letter", letter)].map(|(id, raw)| RawItem {
        id: ExternalId(id.to_owned()),
        place: None,
        envelope: Envelope {
            from: Some("ann@x.example".into()),
            to: vec!["help@riverton.example".into()],
            received_at: None,
        },
        raw,
    });
    let into = ids::CHANNEL.read(&channel).unwrap();
    accept::take_in(&deps, agency.id, into, items.to_vec(), None).await.unwrap();
    intake::work(&deps, agency.id, 10).await.unwrap();

    let wrecks = desk.get("/v1/inbound?state=quarantined", &agency.key).await;
    let item = wrecks.body["data"][0].clone();
    assert_eq!((&item["external_id"], &item["envelope_to"]), (&json!("wreck"), &json!(["help@riverton.example"])));
    let path = format!("/v1/inbound/{}", item["id"].as_str().unwrap());
    assert_eq!(desk.get(&path, &agency.key).await.body, item);
    assert_eq!(desk.get(&path, &other.key).await.status, 404);
    assert_eq!(desk.get(&format!("{path}/raw"), &other.key).await.status, 404);
    let raw = desk.get(&format!("{path}/raw"), &agency.key).await;
    assert_eq!(raw.body, json!(String::from_utf8_lossy(&wreck)));

    let counted = desk.get("/v1/inbound/reconciliation", &agency.key).await.body;
    assert_eq!((&counted["adds_up"], &counted["total"]["total"]), (&json!(true), &json!(2)));
    assert_eq!((&counted["total"]["messages"], &counted["total"]["quarantined"]), (&json!(1), &json!(1)));

    let replayed = desk.post(&format!("{path}/replay"), &agency.key, json!({})).await;
    assert_eq!((replayed.status.as_u16(), &replayed.body["state"]), (202, &json!("received")));
    assert_eq!(desk.post(&format!("{path}/replay"), &agency.key, json!({})).await.status, 409);
    intake::work(&deps, agency.id, 10).await.unwrap();
    assert_eq!(desk.get(&path, &agency.key).await.body["state"], "quarantined");
    let pages: store::Result<_> = desk.app.store.tenant(agency.id).read(store::inbound::counts).await;
    assert_eq!(pages.unwrap().len(), 2);
});
