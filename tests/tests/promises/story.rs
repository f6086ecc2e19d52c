//! One person on five channels: one contact with one timeline, parted and joined again with nothing lost, and answered
//! where they like to be answered.

use std::collections::BTreeSet;

use civicdesk_providers::mastodon::{self, Mastodon};
use civicdesk_tests::{
    campaigns::books::{all, text},
    harness::{Client, Engine, Tenant, block_on, until},
    networks::{Line, desk},
};
use serde_json::{Value, json};

const EMAIL: &str = "maria@home.example";
const LAMP: &str = "The lamp at Mill Road is out.";
const TEXTED: &str = "Any news of the lamp?";
const TEXTED_LATER: &str = "And the one beside it, too.";
const TOLD: &str = "It is dark there since Monday.";
const CALLED: &str = "She rang and asks when somebody comes.";
const FILLED_IN: &str = "The lamp post leans as well.";

fn channel(agency: &Tenant, connector: &str, settings: Value) -> String {
    let made = json!({ "connector": connector, "name": connector, "settings": settings });
    text(&agency.post("/v1/channels", made).expecting(201).json(), "id").to_owned()
}

/// Waits until these words are in a case, and gives the case.
fn case_with(agency: &Client, words: &str) -> Value {
    until(&format!("`{words}` is in a case"), || {
        let holds = |case: &Value| {
            let messages = all(agency, &format!("/v1/cases/{}/messages", text(case, "id")));
            messages.iter().any(|message| text(message, "text").contains(words))
        };
        all(agency, "/v1/cases").into_iter().find(holds)
    })
}

/// What a person said: on which kind of network, in which words.
fn said(agency: &Client, contact: &str) -> BTreeSet<(String, String)> {
    let history = all(agency, &format!("/v1/contacts/{contact}/history"));
    let own = history.iter().filter(|entry| entry["type"] == "message" && entry["direction"] == "inbound");
    own.map(|entry| (text(entry, "connector").to_owned(), text(entry, "text").trim().to_owned())).collect()
}

fn set<const N: usize>(entries: [(&str, &str); N]) -> BTreeSet<(String, String)> {
    entries.map(|(network, words)| (network.to_owned(), words.to_owned())).into()
}

fn merge(agency: &Client, from: &str, into: &str) {
    let merged = agency.post(&format!("/v1/contacts/{from}/merge"), json!({ "into": into })).expecting(200).json();
    assert_eq!(merged["merged_into"], into);
}

fn unmerge(agency: &Client, from: &str) {
    let parted = agency.post(&format!("/v1/contacts/{from}/unmerge"), Value::Null).expecting(200).json();
    assert_eq!(parted["merged_into"], Value::Null);
}

/// The code that was texted to somebody, once it is there. A reference has six digits too, behind a hyphen.
fn code(line: &Line) -> String {
    let digits = |text: String| {
        let mut words = text.split(|c: char| !c.is_ascii_digit() && c != '-');
        words.find(|word| word.len() == 6 && !word.contains('-')).map(str::to_owned)
    };
    until("a code is texted", || line.network.taken().into_iter().find_map(digits))
}

fn answered_on(agency: &Client, person: &str, channel: &str, case: &str, words: &str) {
    agency.patch(&format!("/v1/contacts/{person}"), json!({ "preferred_channel": channel })).expecting(200);
    let path = format!("/v1/cases/{case}/messages");
    // Urgent, since the test may run while she sleeps.
    let answer = agency.post(&path, json!({ "text": words, "urgent": true })).expecting(202).json();
    assert_eq!(answer["channel"], channel, "{answer}");
    until("the answer is sent", || {
        let now = agency.get(&format!("/v1/messages/{}", text(&answer, "id"))).expecting(200).json();
        assert_ne!(now["state"], "failed", "{now}");
        (now["state"] == "sent").then_some(())
    });
}

fn one_person_on_five_channels_is_one_contact_with_one_timeline(engine: Engine) {
    let program = desk(engine);
    let agency = program.tenant("riverton");
    agency.channel(&program, "help@riverton.example");
    let twilio = Line::open(&agency, "twilio");
    let instance = block_on(Mastodon::start());
    let settings = json!({ "url": instance.url(), "token": mastodon::TOKEN, "every_seconds": 1 });
    let mastodon = channel(&agency, "mastodon", settings);
    channel(&agency, "phone", json!({}));
    channel(&agency, "web", json!({}));

    // She mails, texts, writes on Mastodon, rings, and fills in the form.
    let mail = format!(
        "From: Maria <{EMAIL}>\r\nTo: help@riverton.example\r\nSubject: Lamp\r\nMessage-ID: <1@home.example>\r\n\r\n{LAMP}\r\n"
    );
    let verdicts = program.lmtp().deliver(EMAIL, &["help@riverton.example"], mail.as_bytes());
    assert!(verdicts[0].accepted(), "{verdicts:?}");
    let mailed = case_with(&agency, LAMP);
    twilio.takes(&twilio.network.text(&twilio.hook, 6, TEXTED));
    let texted = case_with(&agency, TEXTED);
    instance.mention("maria@far.example", TOLD, "direct", json!({}));
    let tooted = case_with(&agency, TOLD);
    let number =
        text(&all(&agency, &format!("/v1/cases/{}/messages", text(&texted, "id")))[0]["from"], "address").to_owned();
    let call = agency.post("/v1/calls", json!({ "text": CALLED, "phone": number })).expecting(201).json();
    let form = json!({ "text": FILLED_IN, "name": "Maria Gómez", "email": EMAIL });
    program.client(None).post("/v1/public/riverton/requests", form).expecting(201);
    let filled_in = case_with(&agency, FILLED_IN);

    // The same address is the same person; the rest is not known yet.
    let [by_mail, by_phone, by_toot] = [&mailed, &texted, &tooted].map(|case| text(case, "contact_id").to_owned());
    assert_eq!((text(&filled_in, "contact_id"), text(&call, "contact_id")), (by_mail.as_str(), by_phone.as_str()));
    let known = all(&agency, "/v1/contacts");
    assert_eq!(known.len(), 3, "{known:#?}");
    let mailed_words = set([("lmtp", LAMP), ("web", FILLED_IN)]);
    let phoned_words = set([("twilio", TEXTED), ("phone", CALLED)]);
    let tooted_words = set([("mastodon", TOLD)]);
    assert_eq!(said(&agency, &by_mail), mailed_words);
    assert_eq!(said(&agency, &by_phone), phoned_words);
    assert_eq!(said(&agency, &by_toot), tooted_words);

    // She proves that the telephone is hers; staff join the account on Mastodon.
    let asked = json!({ "kind": "phone", "value": number });
    let proof = agency.post(&format!("/v1/contacts/{by_mail}/proofs"), asked).expecting(202).json();
    assert_eq!(proof["joins"], by_phone, "{proof}");
    let confirm = format!("/v1/contacts/{by_mail}/proofs/{}/confirm", text(&proof, "id"));
    agency.post(&confirm, json!({ "code": code(&twilio) })).expecting(200);
    merge(&agency, &by_toot, &by_mail);
    let whole = &(&mailed_words | &phoned_words) | &tooted_words;
    assert_eq!(said(&agency, &by_mail), whole);
    assert_eq!(all(&agency, "/v1/contacts").len(), 1);

    // It is undone: each has what was theirs, and what comes now finds its own.
    unmerge(&agency, &by_toot);
    unmerge(&agency, &by_phone);
    assert_eq!(all(&agency, "/v1/contacts").len(), 3);
    assert_eq!(said(&agency, &by_mail), mailed_words);
    assert_eq!(said(&agency, &by_toot), tooted_words);
    twilio.takes(&twilio.network.text(&twilio.hook, 6, TEXTED_LATER));
    case_with(&agency, TEXTED_LATER);
    let later = set([("twilio", TEXTED_LATER)]);
    assert_eq!(said(&agency, &by_phone), &phoned_words | &later);

    // Joined again, and answered where she likes it.
    merge(&agency, &by_phone, &by_mail);
    merge(&agency, &by_toot, &by_mail);
    assert_eq!(said(&agency, &by_mail), &whole | &later);
    let case = text(&mailed, "id");
    answered_on(&agency, &by_mail, &twilio.channel, case, "It is mended.");
    assert!(twilio.network.taken().contains(&"It is mended.".to_owned()), "{:?}", twilio.network.taken());
    answered_on(&agency, &by_mail, &mastodon, case, "The post is straight again.");
    let toots = instance.taken();
    let last = toots.last().expect("an answer on Mastodon");
    assert!(last.text.contains("@maria@far.example") && last.text.contains("The post is straight again."), "{last:?}");
    assert_eq!(last.visibility, "direct", "what was said in private stays there");
}

civicdesk_tests::on_both_engines!(one_person_on_five_channels_is_one_contact_with_one_timeline);
