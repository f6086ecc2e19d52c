//! The citizens' pages in a real browser: every page and state in every language, judged by axe-core and HTML_CodeSniffer,
//! in a narrow window, by keyboard alone and without scripts. The states stand in `tests/browser/states.mjs`.

use std::{collections::BTreeSet, sync::Arc};

use civicdesk_tests::{
    citizens::{Portal, code_in, links_in, program},
    harness::{Engine, PostOffice, browse, until},
};
use serde_json::{Value, json};

/// States in which a page is judged, in each language.
const STATES: usize = 69;

#[test]
#[ignore = "needs Chromium: run by tests/run"]
fn everybody_can_use_every_page_in_every_language() {
    let (program, post) = (program(Engine::Sqlite), Arc::new(PostOffice::start()));
    let portal = Portal::open(&program, "riverton", &post);
    let agency = &portal.agency;
    // One that can send nothing to anybody.
    program.tenant("hillview");
    agency.post("/v1/channels", json!({ "connector": "web" })).expecting(201);
    let contact = json!({ "phone": "+1 555 010 0100", "hours": "Monday to Friday, 9 to 5", "emergency": "Call 911" });
    let key = program.cli(&["key", "create", "--tenant", "riverton", "--role", "owner"]);
    let owner = program.client(key["api_key"].as_str());
    owner.patch("/v1/tenant", json!({ "contact": contact })).expecting(200);
    let topic = agency.post("/v1/topics", topic()).expecting(201).json()["id"].as_str().expect("an id").to_owned();

    let seen = browse("pages.mjs", &[&program.base_url(), "riverton", &topic], |asked| letter(&portal, asked));

    let wrong: Vec<&Value> = seen.iter().filter(|page| page["wrong"] != json!([])).collect();
    assert!(wrong.is_empty(), "{}", serde_json::to_string_pretty(&wrong).expect("JSON"));
    for language in ["en", "es"] {
        let judged = seen.iter().filter(|page| page["language"] == language && page["rules"].as_u64() > Some(0));
        let states: BTreeSet<&str> = judged.filter_map(|page| page["state"].as_str()).collect();
        assert_eq!(states.len(), STATES, "{states:?}");
    }
    let typed: Vec<&str> = seen.iter().filter_map(|page| page["reference"].as_str()).collect();
    let cases = agency.get("/v1/cases?limit=100").expecting(200).json();
    for reference in &typed {
        let kept = cases["data"].as_array().expect("cases").iter().any(|case| case["reference"] == *reference);
        assert!(kept, "{reference} is no case");
    }
    assert_eq!(typed.len(), 2, "a request by keyboard alone in each language");
}

/// What stands in a letter that a page promised.
fn letter(portal: &Portal, asked: &Value) -> Value {
    let to = asked["to"].as_str().expect("an address");
    if let Some(leads) = asked["link"].as_str() {
        let fits = |text: &String| links_in(text).into_iter().find(|link| link.contains(leads));
        return json!({ "link": until("the link has come", || portal.letters(to).iter().rev().find_map(fits)) });
    }
    let number = usize::try_from(asked["number"].as_u64().expect("which of them")).expect("a small number");
    let text = portal.letter_of(to, number);
    json!({ "code": code_in(&text), "link": links_in(&text).last() })
}

/// A topic with a blank of every kind.
fn topic() -> Value {
    let many: Vec<Value> =
        (0..9).map(|n| json!({ "key": format!("d{n}"), "label": format!("District {n}") })).collect();
    json!({ "name": "Street lighting", "description": "Lamps in streets and parks.", "fields": [
        { "key": "pole", "label": "Number on the pole", "kind": "text", "required": true, "hint": "Four digits" },
        { "key": "state", "label": "What is wrong?", "kind": "choice", "required": true,
          "choices": [{ "key": "out", "label": "It is out" }, { "key": "flickers", "label": "It flickers" }] },
        { "key": "district", "label": "District", "kind": "choice", "choices": many },
        { "key": "danger", "label": "Is it dangerous?", "kind": "yes_no" },
        { "key": "since", "label": "Since when?", "kind": "date" },
        { "key": "lamps", "label": "How many lamps?", "kind": "number" },
        { "key": "place", "label": "Where is it?", "kind": "address" },
        { "key": "more", "label": "Anything else?", "kind": "long_text" },
        { "key": "owner_email", "label": "Email of the owner", "kind": "email" },
        { "key": "owner_phone", "label": "Phone of the owner", "kind": "phone" },
    ]})
}
