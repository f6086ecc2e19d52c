//! Whoever asks for codes in somebody else's name gets nowhere, and fills no mailbox.

use std::{fs, sync::Arc};

use civicdesk_tests::{
    citizens::{FIRST, Portal, SECOND, code_in, elsewhere, program},
    harness::{Engine, PostOffice, Wire, until},
};
use serde_json::json;

/// Asks for one victim.
const ASKS: usize = 1000;
/// Codes that one address is sent in a quarter of an hour.
const BUDGET: usize = 3;

fn a_thousand_wishes_for_one_address_bring_its_few_letters_and_change_nothing(engine: Engine) {
    let (program, post) = (program(engine), Arc::new(PostOffice::start()));
    let portal = Portal::open(&program, "riverton", &post);
    let victim = "victim@town.example";
    portal.register(victim);
    let signed = portal.sign_in(victim, FIRST).expecting(201).json();
    let mut wire = Wire::open(&program.base_url());
    let path = portal.path("recoveries");
    let mut forms = Vec::new();
    for _ in 0..ASKS {
        let heard = wire.post(&path, &elsewhere(), &json!({ "identifier": victim }));
        let id = heard.json()["recovery_id"].as_str().expect("an id").to_owned();
        forms.push(heard.comparable(&[&id]));
    }
    assert!(forms.iter().all(|form| *form == forms[0] && form.contains(" 202 ")), "{:?}", forms.last());
    // Wishes are looked at in their order: after hers everything before is done.
    portal.register("zoe@town.example");
    let codes = portal.letters(victim).iter().filter_map(|text| code_in(text)).count();
    assert!((2..=BUDGET).contains(&codes), "{codes} letters with codes, the one to register among them");
    assert_eq!(portal.letters(victim).len(), codes, "and no other letter");
    portal.sign_in(victim, FIRST).expecting(201);
    program.client(signed["token"].as_str()).get("/v1/account").expecting(200);
}

#[test]
fn a_code_that_was_never_sent_costs_a_write_as_a_wrong_one_does() {
    let (program, post) = (program(Engine::Sqlite), Arc::new(PostOffice::start()));
    let portal = Portal::open(&program, "riverton", &post);
    portal.register("maria@town.example");
    let (sent, _) = portal.code("recoveries", "maria@town.example");
    let written = program.tenant_file(&portal.agency).with_extension("db-wal");
    until("the letter is written off", || {
        (program.rows(&portal.agency, "secret_letters", "state <> 'sent'") == 0).then_some(())
    });
    for id in [&sent, "rec_0197f2a1c3d47b3e8a1f5c2d9e6b7a91", "nonsense"] {
        let before = fs::read(&written).expect("a log of writes");
        portal.complete(id, "0000 0000", SECOND).send().expecting(409);
        assert!(fs::read(&written).expect("a log of writes") != before, "{id} left no write, and its time tells that");
    }
}

civicdesk_tests::on_both_engines!(a_thousand_wishes_for_one_address_bring_its_few_letters_and_change_nothing);
