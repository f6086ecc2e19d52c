//! The API as strangers' tools see it: schemathesis asks every operation for what the document allows and for what it forbids,
//! with the credentials of an owner, an operator and a citizen, and judges each answer by the document.

use std::{fs, path::Path, process::Command, sync::Arc};

use serde_json::{Value, json};

use super::{Campaign, ENGINE, Finding, Given, Known};
use crate::{
    citizens::{FIRST, Portal, options},
    harness::{Engine, PostOffice, Program, server},
};

pub const CAMPAIGN: Campaign = Campaign {
    name: "contract",
    about: "schemathesis, all its phases and checks, over every operation of the document",
    options: &[
        ENGINE,
        Known { name: "seconds", usual: "600", about: "how long it asks" },
        Known { name: "seed", usual: "1", about: "what chance begins with" },
    ],
    run: |given: &Given| {
        let (seconds, seed) = (given.number("seconds"), given.number("seed"));
        given.engines().into_iter().map(|engine| run(engine, seconds, seed)).collect()
    },
};

/// Somebody with an account.
const CITIZEN: &str = "maria@town.example";

pub fn run(engine: Engine, seconds: u64, seed: u64) -> Finding {
    let mut finding = Finding::new(engine);
    let program = Program::start_with(engine, options().set("limits", "requests_per_minute", 1_000_000_000));
    let portal = Portal::open(&program, "riverton", &Arc::new(PostOffice::start()));
    portal.register(CITIZEN);
    let citizen = portal.sign_in(CITIZEN, FIRST).expecting(201).json();
    let owner = program.cli(&["key", "create", "--tenant", "riverton", "--role", "owner"]);
    let operator = program.cli(&["key", "create", "--operator"]);
    furnish(&portal);

    let report = program.directory().join("schemathesis.json");
    let mut tool = Command::new(Path::new(&server("CLIENTS_DIR")).join("python/bin/schemathesis"));
    tool.args(["run", &format!("{}/openapi.json", program.base_url()), "--checks", "all", "--no-color"]);
    tool.args(["--phases", "examples,coverage,fuzzing,stateful", "--report", "json", "--report-json-path"])
        .arg(&report);
    tool.args(["--max-time", &seconds.to_string(), "--seed", &seed.to_string()]);
    tool.current_dir(server("CLIENTS_DIR")).env("BASE_URL", program.base_url());
    for (name, said) in [
        ("API_KEY", &owner["api_key"]),
        ("OPERATOR_KEY", &operator["operator_key"]),
        ("CITIZEN_TOKEN", &citizen["token"]),
    ] {
        tool.env(name, said.as_str().unwrap_or_else(|| panic!("no {name}")));
    }
    let output = tool.output().expect("schemathesis runs");
    let told: Value = fs::read(&report).ok().and_then(|text| serde_json::from_slice(&text).ok()).unwrap_or_default();
    finding.count("requests", told["test_cases"]["generated"].as_u64().unwrap_or_default());
    finding.count("operations", told["operations"]["tested"].as_u64().unwrap_or_default());
    let list = |name: &str| told[name].as_array().cloned().unwrap_or_default();
    finding.count("failures", list("failures").len());
    for flaw in list("failures").iter().chain(&list("errors")) {
        finding.fault(flaw.to_string());
    }
    finding.holds(output.status.success(), || String::from_utf8_lossy(&output.stdout).into_owned());
    finding.done()
}

/// What an agency has: a topic with a form, a case with a person, a team.
fn furnish(portal: &Portal) {
    let agency = &portal.agency;
    let topic = json!({ "name": "Street lighting", "fields": [{ "key": "pole", "label": "Pole", "kind": "text" }] });
    let topic = agency.post("/v1/topics", topic).expecting(201).json();
    let person = json!({ "name": "Maria Lopez", "email": CITIZEN });
    let case =
        json!({ "subject": "A lamp is out", "text": "On Elm Street.", "contact": person, "topic_id": topic["id"] });
    agency.post("/v1/cases", case).expecting(201);
    agency.post("/v1/teams", json!({ "name": "Roads" })).expecting(201);
    for connector in ["web", "chat", "counter", "phone"] {
        agency.post("/v1/channels", json!({ "connector": connector })).expecting(201);
    }
}
