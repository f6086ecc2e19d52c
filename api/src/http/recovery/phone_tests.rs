//! Codes by text: from a page, by the word RESET and by a call, and what they cost.

use actix_web::{http::Method, test::TestRequest};
use civicdesk_contract::{
    Ask, Envelope, ExternalId, IdentityKind, Outbound, Party, RawItem,
    memory::{Letter, SIGNATURE, Trouble},
};
use serde_json::{Value, json};

use crate::{
    cases::{accept, intake},
    http::{
        recovery_tests::{FIRST, SECOND, Town},
        testing::{TestApp, over_both},
    },
    ids,
};

const ANA: &str = "+15550109999";
const STRANGER: &str = "+15550108888";

/// An agency whose citizens are texted.
struct Phones<'a> {
    town: Town<'a>,
    channel: String,
}

impl<'a> Phones<'a> {
    /// With Ana, whose account is known by her number alone.
    async fn start(desk: &'a TestApp) -> Self {
        let town = Town::start(desk, "riverton").await;
        let channel = desk.texts(&town.agency, "sms").await;
        let phones = Self { town, channel };
        let id = phones.town.ask("accounts", "+1 555 010 9999").await;
        let code = code(&phones.sent(1).await[0]);
        assert_eq!(phones.town.complete(&id, &code, FIRST).await.status, 204);
        assert_eq!(phones.town.sign_in(ANA, FIRST).await.status, 201);
        phones
    }

    /// What was texted, once it is so much.
    async fn sent(&self, many: usize) -> Vec<Outbound> {
        let phones = self.town.desk.network.mailbox("sms", "open sesame");
        let begin = std::time::Instant::now();
        while phones.sent().len() < many {
            assert!(begin.elapsed() < std::time::Duration::from_secs(30), "{:?}", phones.sent());
            tokio::time::sleep(std::time::Duration::from_millis(5)).await;
        }
        phones.sent()
    }

    async fn texts(&self, from: &str, text: &str) {
        let from = Some(Party { kind: IdentityKind::Phone, address: from.to_owned(), name: None });
        let raw = serde_json::to_vec(&Letter { from, text: text.to_owned(), ..Letter::default() }).unwrap();
        let id = ExternalId(ids::MESSAGE.show(self.town.desk.app.ids.next()));
        let item = RawItem { id, place: None, envelope: Envelope::default(), raw };
        let (deps, channel) = (self.town.desk.intake(), ids::CHANNEL.read(&self.channel).unwrap());
        accept::take_in(&deps, self.town.agency.id, channel, vec![item], None).await.unwrap();
        intake::work(&deps, self.town.agency.id, 100).await.unwrap();
    }

    async fn used_parts(&self) -> Value {
        self.town.desk.get("/v1/tenant/usage", &self.town.agency.key).await.body["parts"].clone()
    }

    /// The events of this kind, once there are any.
    async fn events(&self, kind: &str) -> Vec<Value> {
        let begin = std::time::Instant::now();
        loop {
            let events = self.town.desk.get("/v1/events?limit=100", &self.town.agency.key).await;
            let all = events.body["data"].as_array().unwrap().clone();
            let found: Vec<Value> = all.into_iter().filter(|event| event["type"] == kind).collect();
            if !found.is_empty() {
                return found;
            }
            assert!(begin.elapsed() < std::time::Duration::from_secs(30), "no {kind}");
            tokio::time::sleep(std::time::Duration::from_millis(5)).await;
        }
    }
}

fn code(letter: &Outbound) -> String {
    let after = letter.text.split("code is ").nth(1).unwrap_or_else(|| panic!("{}", letter.text));
    after.chars().take(9).collect()
}

over_both!(a_code_by_text_holds_ten_minutes_and_sets_a_new_password, |desk| {
    let phones = Phones::start(&desk).await;
    for (n, (seconds, status)) in [(10 * 60 + 1, 409), (10 * 60 - 1, 204)].into_iter().enumerate() {
        let id = phones.town.ask("recoveries", "+1 (555) 010-9999").await;
        let letter = phones.sent(n + 2).await.pop().unwrap();
        assert!(letter.to[0].address == ANA && letter.text.contains("10 minutes"), "{letter:?}");
        assert!(!letter.text.contains("https://"), "a page is open already: {}", letter.text);
        desk.pass(seconds);
        assert_eq!(phones.town.complete(&id, &code(&letter), SECOND).await.status, status);
    }
    assert_eq!(phones.town.sign_in(ANA, SECOND).await.status, 201);
    let notice = phones.sent(4).await.pop().unwrap();
    assert!(notice.text.contains("was changed"), "{notice:?}");
    assert_eq!(phones.events("recovery.expired").await.len(), 1);
});

over_both!(reset_by_text_is_answered_alike_and_brings_a_code_to_the_holder_of_an_account, |desk| {
    let phones = Phones::start(&desk).await;
    phones.texts(STRANGER, "Reset").await;
    phones.texts(ANA, "RESET").await;
    let sent = phones.sent(4).await;
    let to =
        |who: &str| sent[1..].iter().filter(|l| l.to[0].address == who).map(|l| l.text.clone()).collect::<Vec<_>>();
    let (stranger, ana) = (to(STRANGER), to(ANA));
    assert_eq!((stranger.len(), ana.len()), (1, 2), "{sent:?}");
    assert!(ana.contains(&stranger[0]), "the word is answered alike: {sent:?}");
    let letter = sent.iter().rfind(|l| l.text.contains("code is")).unwrap();
    assert_eq!(letter.to[0].address, ANA);
    let page = letter.text.split("https://desk.example").nth(1).unwrap().split_whitespace().next().unwrap();
    let mut browser = crate::pages::tests::browser::Browser::new(&desk);
    let done = browser.fill(page, &[("/code", &code(letter)), ("/password", SECOND)], &[]).await.to();
    assert_eq!(done, "/t/riverton/recover/done");
    assert_eq!(phones.town.sign_in(ANA, SECOND).await.status, 201);
    let cases = desk.get("/v1/cases", &phones.town.agency.key).await;
    assert_eq!(cases.body["data"], json!([]), "a word to the service is no case");
});

over_both!(a_caller_hears_the_same_with_and_without_an_account_and_the_holder_gets_a_code, |desk| {
    let phones = Phones::start(&desk).await;
    desk.network.mailbox("line", "open sesame");
    let settings = json!({ "network": "line", "secret": "open sesame" });
    let new = json!({ "connector": "telephone", "settings": settings });
    let made = desk.post("/v1/channels", &phones.town.agency.key, new).await;
    let path = made.body["hook_url"].as_str().unwrap().strip_prefix("https://desk.example").unwrap().to_owned();
    let mut heard = Vec::new();
    for number in [Some(ANA), Some(STRANGER), None] {
        let who = number.map(|n| Party { kind: IdentityKind::Phone, address: n.to_owned(), name: None });
        let call = desk.network.mailbox("line", "").ask_call(&Ask { who, wants_code: true, ..Ask::default() });
        let request = TestRequest::with_uri(&path).method(Method::POST);
        let request = request.insert_header((SIGNATURE, call.header(SIGNATURE).unwrap()));
        let mut told = desk.send(request.set_payload(call.body)).await.body;
        told.as_object_mut().unwrap().remove("language");
        heard.push(told);
    }
    assert_eq!((&heard[0], &heard[0]["code_heard"]), (&heard[1], &json!(true)));
    assert_eq!(heard[2]["code_heard"], false, "nobody knows where to text it");
    let letter = phones.sent(2).await.pop().unwrap();
    assert!(letter.to[0].address == ANA && letter.text.contains("/t/riverton/recover/rec_"), "{letter:?}");
});

over_both!(what_a_text_cost_is_counted_and_given_back_when_the_provider_failed_for_certain, |desk| {
    let phones = Phones::start(&desk).await;
    let before = phones.used_parts().await.as_i64().unwrap();
    assert!(before >= 1, "the code to register cost something");
    let mailbox = desk.network.mailbox("sms", "open sesame");
    mailbox.trouble(Some(Trouble::Refused));
    // Not even the limit of codes counts what certainly did not go out.
    for _ in 0..4 {
        let failed = phones.town.desk.get("/v1/events?limit=100", &phones.town.agency.key).await;
        let count =
            |body: &Value| body["data"].as_array().unwrap().iter().filter(|e| e["type"] == "recovery.failed").count();
        let known = count(&failed.body);
        phones.town.ask("recoveries", ANA).await;
        let begin = std::time::Instant::now();
        while count(&desk.get("/v1/events?limit=100", &phones.town.agency.key).await.body) == known {
            assert!(begin.elapsed() < std::time::Duration::from_secs(30));
            tokio::time::sleep(std::time::Duration::from_millis(5)).await;
        }
    }
    assert_eq!(phones.used_parts().await, json!(before));
    mailbox.trouble(None);
    phones.town.ask("recoveries", ANA).await;
    phones.sent(2).await;
    assert!(phones.used_parts().await.as_i64().unwrap() > before);
});

over_both!(when_the_budget_is_spent_no_code_is_texted_and_staff_see_why, |desk| {
    let phones = Phones::start(&desk).await;
    let budget = json!({ "text_budget": { "limit_parts": 1 } });
    assert_eq!(desk.patch("/v1/tenant", &phones.town.agency.key, budget).await.status, 200);
    phones.town.ask("recoveries", ANA).await;
    let failed = phones.events("recovery.failed").await;
    assert!(failed[0]["data"]["what"].as_str().unwrap().contains("used up"), "{failed:?}");
    assert_eq!(phones.sent(1).await.len(), 1);
});

over_both!(whoever_wrote_stop_is_sent_no_code, |desk| {
    let phones = Phones::start(&desk).await;
    phones.texts(ANA, "STOP").await;
    assert!(phones.sent(2).await[1].text.contains("no more texts"));
    phones.town.ask("recoveries", ANA).await;
    let failed = phones.events("recovery.failed").await;
    assert!(failed[0]["data"]["what"].as_str().unwrap().contains("STOP"), "{failed:?}");
    assert_eq!(phones.sent(2).await.len(), 2);
});
