//! From "I forgot" to signed in with the new password, in a real browser, with letters that really go out and lie in a real
//! mailbox: at 320 pixels, by keyboard alone, with scripts allowed and forbidden.

use civicdesk_tests::{
    citizens::{FIRST, Portal, SECOND, code_in, patiently, program},
    harness::{Engine, Program, browse, until},
    networks::Network,
};
use serde_json::{Value, json};

/// The pages of the trip.
const STATES: [&str; 3] = ["ask", "code", "done"];

/// One person goes the whole way. `code` gives the code of the letter or text with this number.
fn trip(program: &Program, portal: &Portal, address: &str, scripts: &str, code: impl Fn(usize) -> String) {
    let arguments = [&program.base_url(), "riverton", address, SECOND, scripts];
    let seen = browse("trip.mjs", &arguments, |asked| {
        let number = usize::try_from(asked["number"].as_u64().expect("which code")).expect("a small number");
        code(number).into()
    });
    let wrong: Vec<&Value> = seen.iter().filter(|page| page["wrong"] != json!([])).collect();
    assert!(wrong.is_empty(), "{address}: {wrong:#?}");
    assert_eq!(seen.iter().filter_map(|page| page["state"].as_str()).collect::<Vec<_>>(), STATES);
    portal.sign_in(address, FIRST).expecting(401);
    portal.sign_in(address, SECOND).expecting(201);
}

fn by_code(engine: Engine) {
    let program = program(engine);
    let portal = Portal::real(&program, "riverton");
    for scripts in ["with", "without"] {
        let address = format!("maria-{scripts}@{}.test", portal.agency.id.replace('_', "-"));
        portal.register(&address);
        trip(&program, &portal, &address, scripts, |number| portal.code_of(&address, number));
    }
}

fn by_text(engine: Engine) {
    let program = program(engine);
    let portal = Portal::real(&program, "riverton");
    let network = Network::start("twilio");
    let texts = json!({ "connector": network.connector(), "name": "texts", "settings": network.settings() });
    portal.agency.post("/v1/channels", texts).expecting(201);
    let code = |number: usize| {
        until("the text has come", || network.taken().iter().filter_map(|text| code_in(text)).nth(number - 1))
    };
    for (person, scripts) in ["with", "without"].into_iter().enumerate() {
        let address = format!("+1500555777{person}");
        let id = portal.ask("accounts", &address);
        patiently(&portal.complete(&id, &code(2 * person + 1), FIRST)).expecting(204);
        trip(&program, &portal, &address, scripts, |number| code(2 * person + number));
    }
}

mod who_forgot_the_password_gets_in_again_in_a_real_browser {
    use super::{by_code, by_text};

    civicdesk_tests::on_both_engines!(with the mail servers: by_code, by_text);
}
