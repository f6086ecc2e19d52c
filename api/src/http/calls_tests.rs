//! What callers on the telephone are told, as the connector that leads the call is told it.

use actix_web::{http::Method, test::TestRequest};
use civicdesk_contract::{Ask, IdentityKind, Party, memory::SIGNATURE};
use serde_json::{Value, json};

use super::testing::{Agency, Answered, TestApp, over_both};
use crate::{
    acting::{Acting, Actor},
    ids,
    store::{
        Tx, Uid,
        contacts::{self, Identity},
    },
};

const MARIA: &str = "+15550109999";

/// An agency with a telephone, where Maria has a case.
struct Office<'a> {
    desk: &'a TestApp,
    agency: Agency,
    path: String,
    contact: String,
    reference: String,
}

impl<'a> Office<'a> {
    async fn new(desk: &'a TestApp, slug: &str) -> Self {
        let agency = desk.agency(slug).await;
        desk.network.mailbox("line", "open sesame");
        let settings = json!({ "network": "line", "secret": "open sesame" });
        let new = json!({ "connector": "telephone", "settings": settings });
        let made = desk.post("/v1/channels", &agency.key, new).await;
        assert_eq!(made.status, 201, "{:?}", made.body);
        let path = made.body["hook_url"].as_str().unwrap().strip_prefix("https://desk.example").unwrap().to_owned();
        let new = json!({ "subject": "Lamp", "contact": { "name": "Maria", "email": "maria@example.org" } });
        let case = desk.post("/v1/cases", &agency.key, new).await;
        assert_eq!(case.status, 201, "{:?}", case.body);
        let text = |name: &str| case.body[name].as_str().unwrap().to_owned();
        Self { desk, agency, path, contact: text("contact_id"), reference: text("reference") }
    }

    async fn texts(&self) {
        self.desk.network.mailbox("sms", "open sesame");
        let settings = json!({ "network": "sms", "secret": "open sesame" });
        let new = json!({ "connector": "texts", "address": "+15550100000", "settings": settings });
        assert_eq!(self.desk.post("/v1/channels", &self.agency.key, new).await.status, 201);
    }

    /// Puts a number beside Maria's name; proven to be hers, or not.
    async fn number(&self, value: &str, proven: bool) {
        let act = Acting::new(Actor::System, &self.desk.app.intake.clock, &self.desk.app.intake.ids);
        let contact = Uid(ids::CONTACT.read(&self.contact).unwrap());
        let (id, value) = (act.id(), value.to_owned());
        let write = move |tx: &mut Tx| {
            let row = Identity {
                tenant_id: tx.tenant(),
                id,
                contact_id: contact,
                kind: "phone".to_owned(),
                value: value.clone(),
                normal: value.clone(),
                verified_at: proven.then_some(act.now),
                created_at: act.now,
            };
            contacts::insert_identity(tx, &row)
        };
        self.desk.app.store.tenant(self.agency.id).write(write).await.unwrap();
    }

    async fn asks(&self, ask: &Ask) -> Answered {
        let call = self.desk.network.mailbox("line", "").ask_call(ask);
        let request = TestRequest::with_uri(&self.path).method(Method::POST);
        let request = request.insert_header((SIGNATURE, call.header(SIGNATURE).unwrap()));
        self.desk.send(request.set_payload(call.body)).await
    }

    /// What somebody who calls from this number and asks about this reference is told.
    async fn told(&self, from: &str, attested: bool, reference: &str) -> Value {
        let who = Some(Party { kind: IdentityKind::Phone, address: from.to_owned(), name: None });
        let answer = self
            .asks(&Ask { who, attested, language: None, reference: Some(reference.to_owned()), ..Ask::default() })
            .await;
        assert_eq!(answer.status, 200, "{:?}", answer.body);
        answer.body["standing"].clone()
    }

    /// What was said to Maria in her case, apart from notes.
    async fn letters(&self) -> Vec<Value> {
        let cases = self.desk.get("/v1/cases", &self.agency.key).await.body["data"].clone();
        let path = format!("/v1/cases/{}/messages", cases[0]["id"].as_str().unwrap());
        self.desk.get(&path, &self.agency.key).await.body["data"].as_array().unwrap().clone()
    }
}

over_both!(how_a_case_stands_is_said_only_to_a_proven_number_that_the_network_vouches_for, |desk| {
    let office = Office::new(&desk, "riverton").await;
    office.number(MARIA, true).await;
    let keyed: String = office.reference.chars().filter(char::is_ascii_digit).collect();
    for asked in [office.reference.as_str(), keyed.as_str()] {
        let said = office.told(MARIA, true, asked).await;
        let words = json!({ "reference": office.reference, "words": "The riverton office: your case has reached us, and somebody will take it up." });
        assert_eq!(said, json!({ "said": words }), "{asked}");
    }
    assert_eq!(office.letters().await, Vec::<Value>::new());
    let events = desk.get("/v1/events", &office.agency.key).await.body["data"].clone();
    let kinds: Vec<&str> = events.as_array().unwrap().iter().filter_map(|event| event["type"].as_str()).collect();
    assert_eq!(kinds.iter().filter(|kind| **kind == "case.standing_told").count(), 2, "{kinds:?}");
    // A number alone can be forged; and the agency has no way to text.
    assert_eq!(office.told(MARIA, false, &keyed).await, "unknown");
    office.texts().await;
    assert_eq!(office.told(MARIA, false, &keyed).await, "texted");
    let letters = office.letters().await;
    assert_eq!((letters.len(), &letters[0]["letter"], &letters[0]["state"]), (1, &json!("standing"), &json!("queued")));
    assert_eq!(letters[0]["to"][0]["address"], MARIA);
    assert!(letters[0]["text"].as_str().unwrap().contains(&office.reference), "{:?}", letters[0]);
});

over_both!(a_number_that_nobody_proved_is_texted_and_hears_nothing, |desk| {
    let office = Office::new(&desk, "riverton").await;
    office.texts().await;
    office.number(MARIA, false).await;
    for _ in 0..12 {
        assert_eq!(office.told(MARIA, true, &office.reference).await, "texted");
    }
    assert_eq!(office.letters().await.len(), 10, "ten on one day, however often somebody asks");
});

over_both!(a_stranger_hears_of_a_case_as_of_one_that_is_not, |desk| {
    let (office, other) = (Office::new(&desk, "riverton").await, Office::new(&desk, "harbor").await);
    office.texts().await;
    office.number(MARIA, true).await;
    other.number("+15550107777", true).await;
    for (from, reference) in [
        ("+15550108888", office.reference.as_str()),
        ("+15550107777", office.reference.as_str()),
        (MARIA, "2026999999"),
        (MARIA, other.reference.as_str()),
        (MARIA, ""),
        (MARIA, "***"),
    ] {
        assert_eq!(office.told(from, true, reference).await, "unknown", "{from} {reference}");
        // Whoever forges a number would learn of its cases by a different answer.
        assert_eq!(office.told(from, false, reference).await, "texted", "{from} {reference}");
    }
    let withheld = Ask { attested: true, reference: Some(office.reference.clone()), ..Ask::default() };
    assert_eq!(office.asks(&withheld).await.body["standing"], "unknown");
    assert_eq!(office.letters().await, Vec::<Value>::new());
});

over_both!(a_caller_is_known_by_name_of_the_agency_and_their_own_language, |desk| {
    let office = Office::new(&desk, "riverton").await;
    office.number(MARIA, false).await;
    let path = format!("/v1/contacts/{}", office.contact);
    let changed = desk.patch(&path, &office.agency.key, json!({ "language": "es" })).await;
    assert_eq!(changed.status, 200, "{:?}", changed.body);
    let who = |number: &str| Some(Party { kind: IdentityKind::Phone, address: number.to_owned(), name: None });
    let known = office.asks(&Ask { who: who(MARIA), ..Ask::default() }).await;
    assert_eq!(
        known.body,
        json!({ "agency": "The riverton office", "language": "es", "standing": null, "code_heard": false })
    );
    assert_eq!(
        known.header("x-content-type-options"),
        "nosniff",
        "what a provider is answered is taken as it is named"
    );
    let stranger = office.asks(&Ask { who: who("+15550108888"), ..Ask::default() }).await;
    assert_eq!(stranger.body["language"], Value::Null);
    let forged = TestRequest::with_uri(&office.path).method(Method::POST).insert_header((SIGNATURE, "00"));
    assert_eq!(desk.send(forged.set_payload("{}")).await.status, 401);
});
