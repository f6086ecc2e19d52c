//! The telephone, the counter and the form, as those who use them see them.

use serde_json::{Value, json};

use super::testing::{Agency, Answered, TestApp, over_both};

async fn channel(desk: &TestApp, agency: &Agency, connector: &str) {
    let made = desk.post("/v1/channels", &agency.key, json!({ "connector": connector })).await;
    assert_eq!((made.status.as_u16(), &made.body["settings"]), (201, &json!({})), "{:?}", made.body);
}

/// An agency whose people dial as one does in the United States.
async fn american(desk: &TestApp, slug: &str) -> Agency {
    let agency = desk.agency(slug).await;
    let changed = desk.patch("/v1/tenant", &agency.key, json!({ "locale": "en-US" })).await;
    assert_eq!(changed.status, 200, "{:?}", changed.body);
    agency
}

async fn texts(desk: &TestApp, agency: &Agency) {
    desk.network.mailbox("sms", "open sesame");
    let settings = json!({ "network": "sms", "secret": "open sesame" });
    let new = json!({ "connector": "texts", "address": "+15550100000", "settings": settings });
    let made = desk.post("/v1/channels", &agency.key, new).await;
    assert_eq!(made.status, 201, "{:?}", made.body);
    assert_eq!(made.body["case_policy"], "thread");
}

async fn messages(desk: &TestApp, agency: &Agency, case: &Value) -> Vec<Value> {
    let path = format!("/v1/cases/{}/messages", case["id"].as_str().unwrap());
    desk.get(&path, &agency.key).await.body["data"].as_array().unwrap().clone()
}

fn created(answer: Answered) -> Value {
    assert_eq!(answer.status, 201, "{:?}", answer.body);
    answer.body
}

over_both!(one_call_finds_the_caller_by_number_however_it_is_dialled_and_makes_the_case, |desk| {
    let agency = american(&desk, "riverton").await;
    let note = |phone: &str, text: &str| json!({ "phone": phone, "name": "Maria", "text": text });
    let first = created(desk.post("/v1/calls", &agency.key, note("(555) 010-9999", "The bin\nwas not emptied.")).await);
    assert_eq!((&first["case"]["subject"], &first["case"]["status"]), (&json!("The bin"), &json!("new")));
    let again = created(desk.post("/v1/calls", &agency.key, note("+1 555 010 9999", "Still full.")).await);
    assert_eq!(again["contact_id"], first["contact_id"]);
    assert_ne!(again["case"]["id"], first["case"]["id"]);
    let contact = desk.get(&format!("/v1/contacts/{}", first["contact_id"].as_str().unwrap()), &agency.key).await;
    assert_eq!(contact.body["identities"][0]["value"], "+15550109999", "{:?}", contact.body);
    let mut same = note("555 010 9999", "And the lid is gone.");
    same["case_id"] = first["case"]["id"].clone();
    let added = created(desk.post("/v1/calls", &agency.key, same).await);
    assert_eq!(added["case"]["id"], first["case"]["id"]);
    assert_eq!(messages(&desk, &agency, &first["case"]).await.len(), 2);
    let refused = desk.post("/v1/calls", &agency.key, json!({ "phone": "call me", "text": "x" })).await;
    assert_eq!((refused.status.as_u16(), &refused.body["errors"][0]["pointer"]), (422, &json!("/phone")));
});

over_both!(visitors_take_numbers_and_are_texted_when_it_is_their_turn, |desk| {
    let agency = american(&desk, "riverton").await;
    let come =
        |phone: &str| json!({ "told": { "phone": phone, "text": "A permit for the yard." }, "take_number": true });
    let none = desk.post("/v1/visits", &agency.key, come("555 010 9999")).await;
    assert_eq!((none.status.as_u16(), &none.body["code"]), (409, &json!("no-counter")));
    channel(&desk, &agency, "counter").await;
    let first = created(desk.post("/v1/visits", &agency.key, come("555 010 9999")).await);
    desk.pass(1);
    let second = created(desk.post("/v1/visits", &agency.key, come("555 010 8888")).await);
    assert_eq!((&first["number"], &second["number"]), (&json!(1), &json!(2)));
    let waiting = desk.get("/v1/visits", &agency.key).await;
    assert_eq!(waiting.body["data"][0]["id"], first["id"]);
    let path = format!("/v1/visits/{}/tell", first["id"].as_str().unwrap());
    let mute = desk.post(&path, &agency.key, json!({ "say": "your_turn" })).await;
    assert_eq!((mute.status.as_u16(), &mute.body["code"]), (409, &json!("unreachable")));
    texts(&desk, &agency).await;
    let told = desk.post(&path, &agency.key, json!({ "say": "your_turn" })).await;
    assert_eq!((told.status.as_u16(), &told.body["state"]), (202, &json!("called")), "{:?}", told.body);
    let text = desk.get(told.header("location"), &agency.key).await.body;
    assert_eq!((&text["state"], &text["letter"]), (&json!("queued"), &json!("your_turn")));
    assert!(text["text"].as_str().unwrap().contains("number 1"), "{text:?}");
    assert_eq!(text["to"][0], json!({ "kind": "phone", "address": "+15550109999", "name": null }));
    let ready = desk.post(&path, &agency.key, json!({ "say": "ready_to_collect" })).await;
    assert_eq!(ready.status, 202, "{:?}", ready.body);
    let done = desk.post(&format!("/v1/visits/{}/done", first["id"].as_str().unwrap()), &agency.key, json!({})).await;
    assert_eq!(done.body["state"], "done");
    desk.pass(24 * 3600);
    let tomorrow = created(desk.post("/v1/visits", &agency.key, come("555 010 7777")).await);
    assert_eq!(tomorrow["number"], 1, "numbers begin anew every day");
});

over_both!(a_citizen_asks_through_the_form_and_sees_where_it_stands_with_the_token_alone, |desk| {
    let (agency, other) = (american(&desk, "riverton").await, desk.agency("harbor").await);
    let topic = created(desk.post("/v1/topics", &agency.key, json!({ "name": "Lighting" })).await);
    let listed = desk.get("/v1/public/riverton/topics", "").await;
    assert_eq!((&listed.body["data"][0]["id"], &listed.body["data"][0]["name"]), (&topic["id"], &json!("Lighting")));
    let new = json!({ "text": "The lamp is out.", "topic_id": topic["id"], "email": "maria@example.org", "phone": "555 010 9999" });
    assert_eq!(desk.post("/v1/public/riverton/requests", "", new.clone()).await.status, 404, "no form is open");
    channel(&desk, &agency, "web").await;
    let taken = created(desk.post("/v1/public/riverton/requests", "", new.clone()).await);
    let path = taken["status_url"].as_str().unwrap().strip_prefix("https://desk.example").unwrap();
    let status = desk.get(path, "").await;
    assert_eq!((&status.body["reference"], &status.body["status"]), (&taken["reference"], &json!("new")));
    assert_eq!(status.body["topic"], "Lighting");
    let foreign = path.replace("riverton", "harbor");
    for wrong in [foreign.as_str(), "/v1/public/riverton/requests/guess", "/v1/public/nowhere/requests/guess"] {
        assert_eq!(desk.get(wrong, "").await.status, 404, "{wrong}");
    }
    let cases = desk.get("/v1/cases", &agency.key).await.body["data"].clone();
    assert_eq!(cases.as_array().unwrap().len(), 1);
    let contact = format!("/v1/contacts/{}", cases[0]["contact_id"].as_str().unwrap());
    let identities = desk.get(&contact, &agency.key).await.body["identities"].as_array().unwrap().len();
    assert_eq!(identities, 1, "a form puts no stranger's number beside somebody's name");
    let said = messages(&desk, &agency, &cases[0]).await;
    let why = desk.get(&format!("/v1/messages/{}/filing", said[0]["id"].as_str().unwrap()), &agency.key).await;
    assert_eq!(why.body["filing"]["also_given"][0]["address"], "+15550109999", "but staff see what was given");
    assert_eq!(desk.get("/v1/cases", &other.key).await.body["data"], json!([]));
    texts(&desk, &agency).await;
    let reply = format!("/v1/cases/{}/messages", cases[0]["id"].as_str().unwrap());
    let unreachable = desk.post(&reply, &agency.key, json!({ "text": "It is mended." })).await;
    assert_eq!(unreachable.body["errors"][0]["pointer"], "/channel_id", "texts reach no mail address");
    desk.network.mailbox("help", "open sesame");
    let settings = json!({ "network": "help", "secret": "open sesame" });
    created(desk.post("/v1/channels", &agency.key, json!({ "connector": "memory", "settings": settings })).await);
    let answered = desk.post(&reply, &agency.key, json!({ "text": "It is mended." })).await;
    assert_eq!((answered.status.as_u16(), &answered.body["to"][0]["address"]), (202, &json!("maria@example.org")));
    for (field, wrong) in [
        ("/text", json!({ "text": " " })),
        ("/topic_id", json!({ "text": "x", "topic_id": "top_x" })),
        ("/email", json!({ "text": "x", "email": "maria" })),
    ] {
        let refused = desk.post("/v1/public/riverton/requests", "", wrong).await;
        assert_eq!((refused.status.as_u16(), &refused.body["errors"][0]["pointer"]), (422, &json!(field)));
    }
    let bare = created(desk.post("/v1/public/riverton/requests", "", json!({ "text": "No name, no address." })).await);
    assert!(bare["reference"].is_string());
});

over_both!(a_talk_on_the_page_goes_on_by_mail_when_the_citizen_leaves, |desk| {
    let agency = american(&desk, "riverton").await;
    let new = json!({ "text": "Do I need a permit for a fence?", "email": "maria@example.org" });
    assert_eq!(desk.post("/v1/public/riverton/chats", "", new.clone()).await.status, 404, "no chat is open");
    channel(&desk, &agency, "chat").await;
    desk.network.mailbox("help", "open sesame");
    let settings = json!({ "network": "help", "secret": "open sesame" });
    created(desk.post("/v1/channels", &agency.key, json!({ "connector": "memory", "settings": settings })).await);
    let begun = created(desk.post("/v1/public/riverton/chats", "", new).await);
    let talk = format!("/v1/public/riverton/chats/{}/messages", begun["token"].as_str().unwrap());
    desk.pass(1);
    created(desk.post(&talk, "", json!({ "text": "It is three metres high." })).await);
    let case = desk.get("/v1/cases", &agency.key).await.body["data"][0].clone();
    assert_eq!(case["reference"], begun["reference"]);
    let reply = format!("/v1/cases/{}/messages", case["id"].as_str().unwrap());
    desk.pass(1);
    let here = desk.post(&reply, &agency.key, json!({ "text": "Then you do." })).await;
    assert_eq!((here.status.as_u16(), &here.body["channel"]), (202, &case["channel_id"]), "{:?}", here.body);
    let said = desk.get(&talk, "").await.body["data"].clone();
    let said: Vec<(&str, &str)> =
        said.as_array().unwrap().iter().map(|s| (s["by"].as_str().unwrap(), s["text"].as_str().unwrap())).collect();
    let all =
        [("you", "Do I need a permit for a fence?"), ("you", "It is three metres high."), ("agency", "Then you do.")];
    assert_eq!(said, all);
    assert_eq!(desk.get(&talk.replace(begun["token"].as_str().unwrap(), "guess"), "").await.status, 404);
    let left = desk.post(&talk.replace("/messages", "/leave"), "", json!({})).await;
    assert_eq!(left.status, 204);
    let away = desk.post(&reply, &agency.key, json!({ "text": "Here is the form." })).await;
    assert_eq!((away.status.as_u16(), &away.body["to"][0]["address"]), (202, &json!("maria@example.org")));
    assert_ne!(away.body["channel"], case["channel_id"]);
    let back = desk.get(&talk, "").await;
    assert_eq!(back.status, 200, "whoever comes back within the day goes on");
    let here = desk.post(&reply, &agency.key, json!({ "text": "Welcome back." })).await;
    assert_eq!(here.body["channel"], case["channel_id"]);
    desk.pass(24 * 3600);
    assert_eq!(desk.get(&talk, "").await.status, 404);
});
