//! The demo keeps what it says of itself: two agencies, the mail of two weeks, and a door for more.

use std::{
    fs,
    path::{Path, PathBuf},
    sync::LazyLock,
};

use civicdesk_tests::harness::{Client, Demo, copy, until};
use serde_json::{Value, json};

/// A demo's directory after its first start; each test goes on with a copy of it.
static TOLD: LazyLock<PathBuf> = LazyLock::new(|| {
    let kept = Path::new(env!("CARGO_TARGET_TMPDIR")).join("demo-told");
    fs::remove_dir_all(&kept).ok();
    let mut demo = Demo::start();
    demo.stop();
    copy(&demo.directory(), &kept);
    kept
});

fn list(client: &Client, path: &str) -> Vec<Value> {
    let sign = if path.contains('?') { '&' } else { '?' };
    let (mut found, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = client.get(&format!("{path}{sign}limit=100{cursor}")).expecting(200).json();
        found.extend(page["data"].as_array().expect("a list").clone());
        match page["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => return found,
        }
    }
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_else(|| panic!("no text: {value}"))
}

fn case_of(client: &Client, subject: &str) -> Value {
    let mut found = list(client, "/v1/cases");
    found.retain(|case| text(&case["subject"]).contains(subject));
    assert_eq!(found.len(), 1, "cases about {subject}: {found:#?}");
    found.remove(0)
}

fn messages(client: &Client, case: &Value) -> Vec<Value> {
    list(client, &format!("/v1/cases/{}/messages", text(&case["id"])))
}

/// Every message of an agency with its case, in a form that can be compared.
fn everything(client: &Client) -> Vec<(String, String, String)> {
    let mut all = Vec::new();
    for case in list(client, "/v1/cases") {
        for message in messages(client, &case) {
            let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
            all.push((text(&case["reference"]), text(&message["id"]), text(&message["direction"])));
        }
    }
    all.sort();
    all
}

#[test]
fn demo_json_says_where_it_is_and_what_opens_it() {
    let demo = Demo::again(&TOLD);
    let ready = demo.ready();
    demo.client(None).request("GET", "/docs/").send_unjudged().unwrap().expecting(200);
    demo.client(Some(text(&ready["operator_key"]))).get("/v1/tenants").expecting(200);
    let tenants = ready["tenants"].as_array().unwrap();
    assert_eq!(tenants.len(), 2);
    for tenant in tenants {
        demo.client(tenant["api_key"].as_str()).get("/v1/auth/me").expecting(200);
        let roles: Vec<&str> = tenant["staff"].as_array().unwrap().iter().map(|s| text(&s["role"])).collect();
        for role in ["owner", "admin", "supervisor", "agent", "auditor"] {
            assert!(roles.contains(&role), "{role} in {roles:?}");
        }
        for member in tenant["staff"].as_array().unwrap() {
            let sign_in = json!({ "tenant": tenant["slug"], "email": member["email"], "password": member["password"] });
            demo.client(None).post("/v1/auth/login", sign_in).expecting(200);
        }
        let citizens = tenant["citizens"].as_array().unwrap();
        assert!(citizens.len() >= 2, "{tenant}");
        for citizen in citizens {
            let sign_in = json!({ "identifier": citizen["address"], "password": citizen["password"] });
            let path = format!("/v1/public/{}/sign-ins", text(&tenant["slug"]));
            let signed = demo.client(None).post(&path, sign_in).expecting(201).json();
            let export = demo.client(signed["token"].as_str()).get("/v1/account/export").expecting(200).json();
            assert!(!export["cases"].as_array().unwrap().is_empty(), "{citizen} wrote in the story");
        }
        for channel in tenant["channels"].as_array().unwrap() {
            assert!(text(&channel["id"]).starts_with("chn_") && text(&channel["address"]).contains('@'), "{channel}");
        }
    }
    let said = demo.said();
    for member in ["base_url", "smtp", "operator_key"] {
        assert!(said.contains(text(&ready[member])), "{member} is printed");
    }
}

#[test]
fn the_mail_of_two_weeks_is_there() {
    let demo = Demo::again(&TOLD);
    let (riverton, harbor) = (demo.agency("riverton"), demo.agency("harbor"));
    let all = [everything(&riverton), everything(&harbor)].concat();
    assert!(all.iter().filter(|(_, _, direction)| direction == "inbound").count() >= 30, "{all:#?}");
    assert!(all.len() >= 40, "{} messages", all.len());
    for (subject, words) in [
        ("水道料金の請求書について", "メイプル通り7番地"),
        ("Café Lumière", "“Café Lumière” on Market Square"),
        ("Не могу войти", "Я забыла пароль"),
        ("شكوى من الضوضاء", "تعمل آلات البناء"),
        ("¿Cómo inscribo", "Mi hija Inés tiene seis años"),
    ] {
        let messages = messages(&riverton, &case_of(&riverton, subject));
        assert!(text(&messages[0]["text"]).contains(words), "{}", messages[0]);
    }
    let answers = messages(&riverton, &case_of(&riverton, "Recycling not picked up"));
    let inbound: Vec<&Value> = answers.iter().filter(|m| m["direction"] == "inbound").collect();
    assert_eq!(inbound.len(), 3, "a thread of three mails is one case");
    let files = messages(&riverton, &case_of(&riverton, "Café Lumière"));
    assert!(files.iter().any(|m| m["attachments"][0]["name"] == "Bail Café Lumière.pdf"), "{files:#?}");
}

#[test]
fn the_agencies_do_not_see_each_other() {
    let demo = Demo::again(&TOLD);
    let (riverton, harbor) = (demo.agency("riverton"), demo.agency("harbor"));
    for (own, other) in [(&riverton, &harbor), (&harbor, &riverton)] {
        for case in list(own, "/v1/cases") {
            let path = format!("/v1/cases/{}", text(&case["id"]));
            other.get(&path).refused(404);
            other.get(&format!("{path}/messages")).refused(404);
        }
    }
    let same = [case_of(&riverton, "I am moving"), case_of(&harbor, "I am moving")];
    assert_ne!(same[0]["contact_id"], same[1]["contact_id"], "who writes to both is two contacts");
}

#[test]
fn every_mail_is_accounted_for() {
    let demo = Demo::again(&TOLD);
    let riverton = demo.agency("riverton");
    let events = list(&riverton, "/v1/events");
    let count = |kind: &str| events.iter().filter(|event| event["type"] == kind).count();
    assert_eq!(count("message.received"), 25);
    assert_eq!(count("message.failed"), 1, "the bounce");
    assert_eq!(count("message.duplicate"), 1, "the mail that came twice");
    assert_eq!(count("inbound.quarantined"), 1, "the wreck");
}

#[test]
fn a_bounced_answer_is_marked_as_failed_and_the_next_one_is_sent() {
    let demo = Demo::again(&TOLD);
    let riverton = demo.agency("riverton");
    let messages = messages(&riverton, &case_of(&riverton, "Tax certificate"));
    let answers: Vec<&Value> = messages.iter().filter(|m| m["author_kind"] == "staff").collect();
    let states: Vec<&str> = answers.iter().map(|m| text(&m["state"])).collect();
    assert_eq!(states, ["failed", "sent"]);
    assert!(text(&answers[0]["state_detail"]).contains("5.2.2"), "{}", answers[0]);
}

#[test]
fn a_stranger_who_quotes_a_case_number_is_only_suggested() {
    let demo = Demo::again(&TOLD);
    let riverton = demo.agency("riverton");
    let pothole = case_of(&riverton, "Pothole at Mill Road");
    let stranger = case_of(&riverton, "documents please");
    assert_ne!(pothole["id"], stranger["id"]);
    let inside = messages(&riverton, &pothole);
    assert!(inside.iter().all(|m| !text(&m["text"]).contains("QuickClaims")), "{inside:#?}");
    let mail = &messages(&riverton, &stranger)[0];
    let filing = riverton.get(&format!("/v1/messages/{}/filing", text(&mail["id"]))).expecting(200).json();
    assert_eq!(filing["filing"]["refused"][0]["case_id"], pothole["id"], "{filing}");
}

#[test]
fn a_mail_sent_to_the_demo_becomes_a_case_and_is_acknowledged() {
    let demo = Demo::again(&TOLD);
    let raw = b"From: Zoe <zoe@home.example>\r\nTo: help@riverton.example\r\nSubject: Loose manhole cover\r\n\r\nIt rattles.\r\n";
    let verdicts = demo.smtp().deliver("zoe@home.example", &["help@riverton.example"], raw);
    assert!(verdicts[0].accepted(), "{verdicts:?}");
    let riverton = demo.agency("riverton");
    let case = until("the mail is a case", || {
        let cases = list(&riverton, "/v1/cases");
        cases.into_iter().find(|case| case["subject"] == "Loose manhole cover")
    });
    let reference = text(&case["reference"]);
    until("the acknowledgement arrives", || {
        demo.sent().into_iter().find(|mail| mail.contains("To: Zoe <zoe@home.example>") && mail.contains(reference))
    });
}

#[test]
fn an_answer_arrives_where_a_person_can_read_it() {
    let demo = Demo::again(&TOLD);
    let riverton = demo.agency("riverton");
    let case = case_of(&riverton, "Broken swing");
    let path = format!("/v1/cases/{}/messages", text(&case["id"]));
    riverton.post(&path, json!({ "text": "A crew comes on Monday." })).expecting(202);
    let mail = until("the answer arrives", || demo.sent().into_iter().find(|m| m.contains("A crew comes on Monday.")));
    assert!(mail.contains("In-Reply-To: <swing.elm@lindqvist.example>"), "{mail}");
}

#[test]
fn a_second_start_goes_on_and_doubles_nothing() {
    let mut demo = Demo::again(&TOLD);
    let before = demo.ready();
    let (riverton, harbor) = (demo.agency("riverton"), demo.agency("harbor"));
    let (told, sent) = ([everything(&riverton), everything(&harbor)], demo.sent().len());
    demo.restart();
    let after = demo.ready();
    assert_eq!(before["tenants"], after["tenants"]);
    assert_eq!(before["operator_key"], after["operator_key"]);
    assert_eq!([everything(&riverton), everything(&harbor)], told);
    assert_eq!(demo.sent().len(), sent);
}

#[test]
fn a_demo_in_a_directory_that_another_one_uses_does_not_start_and_harms_nothing() {
    let demo = Demo::again(&TOLD);
    let before = demo.ready();
    let complaint = demo.refuses_another();
    assert!(complaint.contains("a demo already runs in"), "{complaint}");
    assert_eq!(demo.ready(), before);
}

#[test]
fn a_start_that_was_interrupted_begins_anew() {
    let dir = tempfile::tempdir().unwrap();
    let half = dir.path().join("half");
    copy(&TOLD, &half);
    for file in ["keys.json", "demo.json"] {
        fs::remove_file(half.join(file)).ok();
    }
    fs::write(half.join("unfinished"), "").unwrap();
    let demo = Demo::again(&half);
    let first = Demo::again(&TOLD);
    for slug in ["riverton", "harbor"] {
        assert_eq!(everything(&demo.agency(slug)).len(), everything(&first.agency(slug)).len());
    }
}
