//! Who wants nothing, who prefers what and who sleeps, as the phones and the staff of an agency see it.

use std::{sync::Arc, time::Duration};

use civicdesk_contract::{
    Envelope, ExternalId, IdentityKind, Keyword, Party, RawItem,
    memory::{Letter, Mailbox, Trouble},
};
use jiff::SignedDuration;
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

use super::testing::{Agency, Answered, TestApp, over_both};
use crate::{
    cases::{accept, intake},
    jobs::{self, bench, runner::Runner},
};

const ANA: &str = "+15550109999";

/// An agency with a telephone that texts.
pub struct Town {
    pub agency: Agency,
    pub channel: String,
    phones: Arc<Mailbox>,
}

pub async fn channel(desk: &TestApp, agency: &Agency, connector: &str, network: &str, address: &str) -> String {
    desk.network.mailbox(network, "open sesame");
    let settings = json!({ "network": network, "secret": "open sesame" });
    let new = json!({ "connector": connector, "address": address, "settings": settings });
    let made = desk.post("/v1/channels", &agency.key, new).await;
    assert_eq!(made.status, 201, "{:?}", made.body);
    made.body["id"].as_str().unwrap().to_owned()
}

pub async fn town(desk: &TestApp) -> Town {
    let agency = desk.agency("riverton").await;
    let channel = channel(desk, &agency, "texts", "sms", "+15550100000").await;
    Town { agency, channel, phones: desk.network.mailbox("sms", "open sesame") }
}

impl Town {
    /// Somebody writes, and it is filed; a minute passes.
    async fn writes(&self, desk: &TestApp, letter: Letter) {
        self.writes_on(desk, &self.channel, letter).await;
    }

    pub async fn writes_on(&self, desk: &TestApp, channel: &str, letter: Letter) {
        let id = ExternalId(crate::ids::MESSAGE.show(desk.app.ids.next()));
        let raw = serde_json::to_vec(&letter).unwrap();
        let item = RawItem { id, place: None, envelope: Envelope::default(), raw };
        let channel = crate::ids::CHANNEL.read(channel).unwrap();
        accept::take_in(&desk.intake(), self.agency.id, channel, vec![item], None).await.unwrap();
        intake::work(&desk.intake(), self.agency.id, 100).await.unwrap();
        desk.pass(60);
    }

    pub async fn texts(&self, desk: &TestApp, text: &str) {
        self.writes(desk, letter(text)).await;
    }

    async fn get(&self, desk: &TestApp, path: &str) -> Value {
        let answer = desk.get(path, &self.agency.key).await;
        assert_eq!(answer.status, 200, "{path}: {:?}", answer.body);
        answer.body
    }

    async fn cases(&self, desk: &TestApp) -> Vec<Value> {
        self.get(desk, "/v1/cases").await["data"].as_array().unwrap().clone()
    }

    /// The person behind the number.
    async fn ana(&self, desk: &TestApp) -> Value {
        let found = self.get(desk, "/v1/contacts?phone=%2B15550109999").await;
        assert!(found["data"][0].is_object(), "{found}");
        found["data"][0].clone()
    }

    pub async fn consents(&self, desk: &TestApp) -> Value {
        let ana = self.ana(desk).await;
        self.get(desk, &format!("/v1/contacts/{}/consents", word(&ana["id"]))).await["data"].clone()
    }

    async fn keywords(&self, desk: &TestApp) -> Vec<Value> {
        let ana = self.ana(desk).await;
        let history = self.get(desk, &format!("/v1/contacts/{}/history", word(&ana["id"]))).await;
        history["keywords"].as_array().unwrap().clone()
    }

    async fn answer(&self, desk: &TestApp, case: &Value, body: Value) -> Answered {
        desk.post(&format!("/v1/cases/{}/messages", word(&case["id"])), &self.agency.key, body).await
    }

    async fn message(&self, desk: &TestApp, message: &Value) -> Value {
        self.get(desk, &format!("/v1/messages/{}", word(&message["id"]))).await
    }

    /// Everything that was texted, once nothing is due any more.
    async fn sent(&self, desk: &TestApp) -> Vec<String> {
        let deps = jobs::Deps {
            intake: desk.intake(),
            opener: desk.app.opener.clone(),
            recovery: desk.app.recovery.clone(),
            paused: bench::paused,
            patience: SignedDuration::from_mins(10),
            scanner: None,
        };
        let stop = CancellationToken::new();
        let clock = desk.app.clock.clone();
        let task = tokio::spawn(Runner::new(desk.app.store.clone(), clock, jobs::all(deps)).run(stop.clone()));
        // What is in hand counts as due when its lease of some seconds ends.
        let soon = desk.app.now() + SignedDuration::from_secs(30);
        bench::until("nothing is due", async || {
            let next = desk.app.store.tenant(self.agency.id).read(crate::store::jobs::next_due).await.unwrap();
            next.is_none_or(|next| next.0 > soon)
        })
        .await;
        stop.cancel();
        tokio::time::timeout(Duration::from_secs(10), task).await.unwrap().unwrap();
        self.phones.sent().into_iter().map(|sent| sent.text).collect()
    }
}

pub fn word(value: &Value) -> &str {
    value.as_str().unwrap_or_else(|| panic!("no text: {value}"))
}

pub fn letter(text: &str) -> Letter {
    let ana = Party { kind: IdentityKind::Phone, address: ANA.to_owned(), name: None };
    Letter { from: Some(ana), text: text.to_owned(), ..Letter::default() }
}

over_both!(whoever_writes_stop_gets_one_confirmation_and_then_nothing_until_they_write_start, |desk| {
    let town = town(&desk).await;
    town.texts(&desk, "The lamp on Elm Street is out.").await;
    assert_eq!(town.sent(&desk).await.len(), 1, "the acknowledgement");
    town.texts(&desk, " Stop. ").await;
    assert_eq!(town.cases(&desk).await.len(), 1, "a word to the service is no case");
    let sent = town.sent(&desk).await;
    assert_eq!(sent.len(), 2, "{sent:?}");
    let confirmations = sent.iter().filter(|text| text.contains("no more texts") && text.contains("START")).count();
    assert_eq!(confirmations, 1, "{sent:?}");
    let said = town.consents(&desk).await;
    assert_eq!(
        (&said[0]["state"], &said[0]["source"], &said[0]["value"]),
        (&json!("stopped"), &json!("keyword"), &json!(ANA))
    );
    assert_eq!(said[0]["channel_id"], json!(town.channel));
    let sums = town.get(&desk, "/v1/inbound/reconciliation").await;
    assert_eq!((&sums["total"]["keywords"], &sums["adds_up"]), (&json!(1), &json!(true)), "{sums}");
    let shown = town.keywords(&desk).await;
    assert_eq!((&shown[0]["keyword"], &shown[0]["state"]), (&json!("stop"), &json!("sent")), "{shown:?}");
    let events = town.get(&desk, "/v1/events?limit=100").await;
    let kinds: Vec<&str> = events["data"].as_array().unwrap().iter().map(|e| word(&e["type"])).collect();
    assert!(kinds.contains(&"contact.opted_out"), "{kinds:?}");

    let case = town.cases(&desk).await[0].clone();
    let refused = town.answer(&desk, &case, json!({ "text": "It is mended.", "channel_id": town.channel })).await;
    assert_eq!((refused.status.as_u16(), &refused.body["code"]), (409, &json!("opted-out")), "{:?}", refused.body);
    assert!(word(&refused.body["detail"]).contains("since 2026-11-22T09:01"), "{:?}", refused.body);
    let refused = town.answer(&desk, &case, json!({ "text": "It is mended." })).await;
    assert_eq!(refused.body["code"], "opted-out", "no other channel reaches her: {:?}", refused.body);

    town.texts(&desk, "STOP").await;
    town.texts(&desk, "HELP").await;
    town.texts(&desk, "The lamp is still out.").await;
    assert_eq!(town.sent(&desk).await.len(), 2, "nothing follows the confirmation");
    assert_eq!(town.cases(&desk).await.len(), 2, "but what she writes is read");

    town.texts(&desk, "start").await;
    assert_eq!(town.consents(&desk).await[0]["state"], "allowed");
    let answered = town.answer(&desk, &case, json!({ "text": "It is mended." })).await;
    assert_eq!(answered.status, 202, "{:?}", answered.body);
    let sent = town.sent(&desk).await;
    assert_eq!(sent.len(), 4, "{sent:?}");
    assert!(sent.iter().any(|text| text.contains("STOP")) && sent.contains(&"It is mended.".to_owned()), "{sent:?}");
});

over_both!(an_answer_that_waited_when_the_stop_came_is_not_sent, |desk| {
    let town = town(&desk).await;
    town.texts(&desk, "The lamp on Elm Street is out.").await;
    town.sent(&desk).await;
    let case = town.cases(&desk).await[0].clone();
    let waiting = town.answer(&desk, &case, json!({ "text": "It is mended." })).await;
    assert_eq!(waiting.status, 202, "{:?}", waiting.body);
    town.texts(&desk, "ALTO").await;
    let sent = town.sent(&desk).await;
    assert!(!sent.contains(&"It is mended.".to_owned()), "{sent:?}");
    let message = town.message(&desk, &waiting.body).await;
    assert_eq!(message["state"], "failed");
    assert!(word(&message["state_detail"]).contains("they wrote STOP"), "{message}");
    let again = format!("/v1/messages/{}/retry", word(&message["id"]));
    assert_eq!(desk.post(&again, &town.agency.key, json!({})).await.status, 202);
    assert_eq!(town.sent(&desk).await.len(), sent.len(), "nor when staff insist");
});

over_both!(a_word_that_the_network_has_answered_is_obeyed_and_not_answered_again, |desk| {
    let town = town(&desk).await;
    town.writes(&desk, Letter { keyword: Some(Keyword::Stop), ..letter("leave me be") }).await;
    assert_eq!(town.consents(&desk).await[0]["state"], "stopped");
    assert_eq!(town.keywords(&desk).await[0]["state_detail"], "the network has answered it");
    town.writes(&desk, Letter { keyword: Some(Keyword::Start), ..letter("ok") }).await;
    assert_eq!(town.consents(&desk).await[0]["state"], "allowed");
    assert!(town.sent(&desk).await.is_empty());
    assert!(town.cases(&desk).await.is_empty());
});

over_both!(help_is_answered_in_two_parts_of_a_text_at_most_and_a_yes_is_an_answer, |desk| {
    let town = town(&desk).await;
    channel(&desk, &town.agency, "memory", "help", "help@riverton.example").await;
    town.texts(&desk, "Yes").await;
    assert_eq!(town.cases(&desk).await.len(), 1, "she had stopped nothing");
    town.texts(&desk, "¿Ayuda?").await;
    let ana = town.ana(&desk).await;
    let path = format!("/v1/contacts/{}", word(&ana["id"]));
    assert_eq!(desk.patch(&path, &town.agency.key, json!({ "language": "es" })).await.status, 200);
    town.texts(&desk, "HELP").await;
    let sent = town.sent(&desk).await;
    let helped: Vec<&String> = sent.iter().filter(|text| text.contains("STOP")).collect();
    assert!(helped[0].contains("The riverton office") && helped[0].contains("help@riverton.example"), "{helped:?}");
    assert!(helped[1].contains("persona"), "{helped:?}");
    assert_eq!(town.cases(&desk).await.len(), 1);
    let mailed = channel(&desk, &town.agency, "memory", "post", "post@riverton.example").await;
    town.writes_on(&desk, &mailed, Letter::from_email("bo@x.example", "STOP", "STOP")).await;
    assert_eq!(town.cases(&desk).await.len(), 2, "mail knows no such words");
});

over_both!(what_the_network_says_of_a_persons_will_holds_as_if_they_had_told_us, |desk| {
    let town = town(&desk).await;
    town.texts(&desk, "The lamp on Elm Street is out.").await;
    town.phones.trouble(Some(Trouble::OptedOut));
    town.sent(&desk).await;
    town.phones.trouble(None);
    let said = town.consents(&desk).await;
    assert_eq!((&said[0]["state"], &said[0]["source"]), (&json!("stopped"), &json!("network")));
    let case = town.cases(&desk).await[0].clone();
    let refused = town.answer(&desk, &case, json!({ "text": "It is mended." })).await;
    assert_eq!(refused.body["code"], "opted-out", "{:?}", refused.body);
});

over_both!(staff_write_down_what_a_person_told_them_and_take_back_only_their_own_word, |desk| {
    let town = town(&desk).await;
    town.texts(&desk, "The lamp on Elm Street is out.").await;
    let ana = town.ana(&desk).await;
    let at = |channel: &str| {
        format!("/v1/contacts/{}/consents/{}/{channel}", word(&ana["id"]), word(&ana["identities"][0]["id"]))
    };
    let put = async |body: Value| desk.put(&at(&town.channel), &town.agency.key, body).await;
    let stopped = put(json!({ "state": "stopped", "reason": "She rang." })).await;
    assert_eq!(
        (stopped.status.as_u16(), &stopped.body["data"][0]["source"]),
        (200, &json!("staff")),
        "{:?}",
        stopped.body
    );
    let case = town.cases(&desk).await[0].clone();
    let answer = json!({ "text": "It is mended.", "to": [ANA], "channel_id": town.channel, "urgent": true });
    assert_eq!(town.answer(&desk, &case, answer.clone()).await.body["code"], "opted-out", "there is no way around it");
    let bare = put(json!({ "state": "allowed" })).await;
    assert_eq!((bare.status.as_u16(), &bare.body["errors"][0]["pointer"]), (422, &json!("/reason")));
    let allowed = put(json!({ "state": "allowed", "reason": "She rang again." })).await;
    assert_eq!(allowed.body["data"][0]["state"], "allowed");
    assert_eq!(town.answer(&desk, &case, answer).await.status, 202);
    town.texts(&desk, "STOP").await;
    let theirs = put(json!({ "state": "allowed", "reason": "We should like to." })).await;
    assert_eq!((theirs.status.as_u16(), &theirs.body["code"]), (409, &json!("not-yours-to-resume")));
    put(json!({ "state": "stopped", "reason": "She rang, too." })).await;
    let still = put(json!({ "state": "allowed", "reason": "We should like to." })).await;
    assert_eq!(still.status, 409, "her own word stands");
    let odd = put(json!({ "state": "perhaps" })).await;
    assert_eq!((odd.status.as_u16(), &odd.body["errors"][0]["pointer"]), (422, &json!("/state")));
    let other = desk.agency("harbor").await;
    assert_eq!(desk.put(&at(&town.channel), &other.key, json!({ "state": "stopped" })).await.status, 404);
});

over_both!(an_answer_goes_where_the_person_prefers_and_round_what_they_stopped, |desk| {
    let town = town(&desk).await;
    let mail = channel(&desk, &town.agency, "memory", "help", "help@riverton.example").await;
    town.texts(&desk, "The lamp on Elm Street is out.").await;
    let (ana, case) = (town.ana(&desk).await, town.cases(&desk).await[0].clone());
    let path = format!("/v1/contacts/{}", word(&ana["id"]));
    let email = json!({ "kind": "email", "value": "ana@x.example" });
    assert_eq!(desk.post(&format!("{path}/identities"), &town.agency.key, email).await.status, 201);
    let by =
        async |case: &Value| town.answer(&desk, case, json!({ "text": "It is mended." })).await.body["channel"].clone();
    assert_eq!(by(&case).await, json!(town.channel), "where she asked");
    let wrong = desk.patch(&path, &town.agency.key, json!({ "preferred_channel": "chn_x" })).await;
    assert_eq!(wrong.body["errors"][0]["pointer"], "/preferred_channel");
    let set = desk.patch(&path, &town.agency.key, json!({ "preferred_channel": mail })).await;
    assert_eq!((set.status.as_u16(), &set.body["preferred_channel"]), (200, &json!(mail)));
    assert_eq!(by(&case).await, json!(mail), "where she would rather");
    let named = town.answer(&desk, &case, json!({ "text": "It is mended.", "channel_id": town.channel })).await;
    assert_eq!(named.body["channel"], json!(town.channel), "what staff say goes first");
    let back = desk.patch(&path, &town.agency.key, json!({ "preferred_channel": town.channel })).await;
    assert_eq!(back.status, 200);
    town.texts(&desk, "STOP").await;
    assert_eq!(by(&case).await, json!(mail), "round what she stopped");
    let named = town.answer(&desk, &case, json!({ "text": "It is mended.", "channel_id": town.channel })).await;
    assert!(word(&named.body["detail"]).contains(&mail), "the other way is named: {:?}", named.body);
});

over_both!(at_night_a_text_waits_for_the_morning_unless_it_is_urgent_or_she_is_awake, |desk| {
    let town = town(&desk).await;
    let home = desk.patch("/v1/tenant", &town.agency.key, json!({ "time_zone": "America/New_York" })).await;
    assert_eq!(home.body["quiet_hours"]["from"], "21:00", "{:?}", home.body);
    desk.set("2026-11-22T22:00:00Z");
    town.texts(&desk, "The lamp on Elm Street is out.").await;
    let case = town.cases(&desk).await[0].clone();
    assert_eq!(town.sent(&desk).await.len(), 1, "five in the afternoon");
    desk.set("2026-11-23T02:30:00Z");
    let held = town.answer(&desk, &case, json!({ "text": "It is mended." })).await;
    assert_eq!(
        (&held.body["state"], &held.body["state_detail"]),
        (&json!("queued"), &json!("held until 08:00: quiet hours"))
    );
    assert_eq!(town.sent(&desk).await.len(), 1);
    let urgent = town.answer(&desk, &case, json!({ "text": "Leave the house: gas.", "urgent": true })).await;
    assert_eq!(urgent.body["state_detail"], Value::Null);
    assert_eq!(town.sent(&desk).await.last().unwrap(), "Leave the house: gas.");
    town.texts(&desk, "STOP").await;
    town.texts(&desk, "START").await;
    assert_eq!(town.sent(&desk).await.len(), 4, "what she asks for herself is answered at any hour");
    desk.pass(60);
    assert_eq!(
        town.answer(&desk, &case, json!({ "text": "And now sleep well." })).await.body["state_detail"],
        Value::Null
    );
    assert_eq!(town.sent(&desk).await.last().unwrap(), "And now sleep well.", "she has just written");
    desk.set("2026-11-23T12:59:00Z");
    assert_eq!(town.sent(&desk).await.len(), 5);
    desk.set("2026-11-23T13:00:01Z");
    assert_eq!(town.sent(&desk).await.last().unwrap(), "It is mended.");
    assert_eq!(town.message(&desk, &held.body).await["state"], "sent");
});

over_both!(a_night_in_which_the_clocks_change_is_kept_and_a_person_may_have_hours_of_their_own, |desk| {
    let town = town(&desk).await;
    desk.patch("/v1/tenant", &town.agency.key, json!({ "time_zone": "America/New_York" })).await;
    town.texts(&desk, "The lamp on Elm Street is out.").await;
    let (ana, case) = (town.ana(&desk).await, town.cases(&desk).await[0].clone());
    town.sent(&desk).await;
    desk.set("2027-03-14T03:00:00Z");
    let held = town.answer(&desk, &case, json!({ "text": "It is mended." })).await;
    assert_eq!(held.body["state_detail"], "held until 08:00: quiet hours");
    desk.set("2027-03-14T11:59:00Z");
    assert_eq!(town.sent(&desk).await.len(), 1, "one minute before eight, in summer time");
    desk.set("2027-03-14T12:00:01Z");
    assert_eq!(town.sent(&desk).await.len(), 2);
    let path = format!("/v1/contacts/{}", word(&ana["id"]));
    let own = json!({ "quiet_hours": { "from": "08:00", "to": "16:30", "time_zone": "Europe/Madrid" } });
    assert_eq!(desk.patch(&path, &town.agency.key, own).await.status, 200);
    desk.set("2027-03-15T13:00:00Z");
    let held = town.answer(&desk, &case, json!({ "text": "She works at night." })).await;
    assert_eq!(held.body["state_detail"], "held until 16:30: quiet hours");
    let wrong = desk.patch(&path, &town.agency.key, json!({ "quiet_hours": { "from": "8", "to": "16:30" } })).await;
    assert_eq!(wrong.body["errors"][0]["pointer"], "/quiet_hours/from");
    desk.patch(&path, &town.agency.key, json!({ "quiet_hours": null })).await;
    desk.set("2027-03-16T03:00:00Z");
    let off = desk.patch("/v1/tenant", &town.agency.key, json!({ "quiet_hours": null })).await;
    assert_eq!((off.status.as_u16(), &off.body["quiet_hours"]), (200, &Value::Null));
    let at_once = town.answer(&desk, &case, json!({ "text": "At any hour." })).await;
    assert_eq!(at_once.body["state_detail"], Value::Null);
    let odd = json!({ "quiet_hours": { "from": "21:00", "to": "25:00" } });
    let odd = desk.patch("/v1/tenant", &town.agency.key, odd).await;
    assert_eq!(odd.body["errors"][0]["pointer"], "/quiet_hours/to");
});

over_both!(status_by_text_is_told_to_a_party_alone_and_opens_no_case, |desk| {
    let town = town(&desk).await;
    town.texts(&desk, "The lamp on Elm Street is out.").await;
    let case = town.cases(&desk).await[0].clone();
    let reference = word(&case["reference"]).to_owned();
    town.sent(&desk).await;
    town.texts(&desk, &format!("status {}", reference.to_lowercase().replace('-', " "))).await;
    let told = town.sent(&desk).await.pop().unwrap();
    assert!(told.contains(&reference) && told.contains("2026-11-22"), "{told}");
    let link = told.rsplit('/').next().unwrap();
    let shown = desk.get(&format!("/v1/public/riverton/requests/{link}"), "").await;
    assert_eq!(shown.body["reference"], json!(reference), "the link leads there: {told}");
    town.texts(&desk, "STATUS").await;
    let listed = town.sent(&desk).await.pop().unwrap();
    assert!(listed.contains(&reference), "{listed}");
    desk.pass(3600);
    let bo = |text: &str| {
        let bo = Party { kind: IdentityKind::Phone, address: "+15550108888".to_owned(), name: None };
        Letter { from: Some(bo), ..letter(text) }
    };
    town.writes(&desk, bo(&format!("STATUS {reference}"))).await;
    let foreign = town.sent(&desk).await.pop().unwrap();
    town.writes(&desk, bo("STATUS RIV-2026-999999")).await;
    let unknown = town.sent(&desk).await.pop().unwrap();
    assert_eq!(foreign, unknown, "nobody learns which references there are");
    assert!(!foreign.contains(&reference), "{foreign}");
    assert_eq!(town.cases(&desk).await.len(), 1);
    town.texts(&desk, "Status of the lamp on Elm Street?").await;
    assert_eq!(town.cases(&desk).await.len(), 2, "a question in her own words is for a person");
});
