//! The log is sealed while the program works, whatever becomes of the program.

use civicdesk_tests::{
    campaigns::books::all,
    harness::{Engine, Program, Tenant, until},
};
use serde_json::{Value, json};

/// A checkpoint that covers everything in the log.
fn sealed(agency: &Tenant) -> Value {
    until("the log is sealed", || {
        let last = all(agency, "/v1/events").last().map(|event| event["seq"].clone());
        let newest = agency.get("/v1/audit/checkpoint");
        (newest.status == 200).then(|| newest.json()).filter(|newest| Some(&newest["last_seq"]) == last.as_ref())
    })
}

fn the_log_is_sealed_within_moments_and_after_a_kill_and_stands_to_its_checkpoints(engine: Engine) {
    let mut program = Program::start(engine);
    let agency = program.tenant("riverton");
    let strange = sealed(&program.tenant("hillview"));
    let first = sealed(&agency);
    for name in ["Ana", "Ben", "Cleo"] {
        agency.post("/v1/contacts", json!({ "name": name })).expecting(201);
    }
    program.kill9();
    program.restart();
    let second = sealed(&agency);
    assert!(second["seal"].as_i64() > first["seal"].as_i64(), "{first} {second}");
    let text = |checkpoint: &Value| checkpoint["checkpoint"].as_str().expect("a text").to_owned();
    let (first, second, strange) = (text(&first), text(&second), text(&strange));
    let verify = ["audit", "verify", "riverton", "--checkpoint"];
    let verdict = program.cli(&[verify.as_slice(), &[&first, "--checkpoint", &second]].concat());
    let found = (&verdict["faults"], &verdict["unsealed_lines"], &verdict["checkpoints"]);
    assert_eq!(found, (&json!([]), &json!(0), &json!(2)), "{verdict}");
    let refused = program.cli_refused(&[verify.as_slice(), &[&strange]].concat());
    assert!(refused.contains("is of another tenant"), "{refused}");
}

civicdesk_tests::on_both_engines!(the_log_is_sealed_within_moments_and_after_a_kill_and_stands_to_its_checkpoints);
