//! From "I forgot" to signed in with the new password, in a real browser, with letters that really go out and lie in a real
//! mailbox: at 320 pixels, by keyboard alone, with scripts allowed and forbidden.

use civicdesk_tests::{
    citizens::{FIRST, Portal, SECOND, code_in, links_in, patiently, program},
    harness::{Engine, Program, browse, until},
    networks::Network,
};
use serde_json::{Value, json};

/// One person goes the whole way. `letter` gives the letter or text with a code that has this number.
fn trip(
    program: &Program,
    portal: &Portal,
    (address, way, scripts): (&str, &str, &str),
    letter: impl Fn(usize) -> String,
) {
    let seen = browse("trip.mjs", &[&program.base_url(), "riverton", address, SECOND, way, scripts], |asked| {
        let number = usize::try_from(asked["number"].as_u64().expect("which letter")).expect("a small number");
        let text = letter(number);
        let links = links_in(&text);
        json!({ "code": code_in(&text), "link": links.last(), "page": links.first() })
    });
    let wrong: Vec<&Value> = seen.iter().filter(|page| page["wrong"] != json!([])).collect();
    assert!(wrong.is_empty(), "{address}: {wrong:#?}");
    let states: Vec<&str> = seen.iter().filter_map(|page| page["state"].as_str()).collect();
    let pages: &[&str] = match way {
        "link" => &["ask", "code", "new", "done"],
        "given" => &["code", "done"],
        _ => &["ask", "code", "done"],
    };
    assert_eq!(states, pages, "{address}");
    portal.sign_in(address, FIRST).expecting(401);
    portal.sign_in(address, SECOND).expecting(201);
}

/// With real mail, once with scripts allowed and once without.
fn by_mail(engine: Engine, way: &str) {
    let program = program(engine);
    let portal = Portal::real(&program, "riverton");
    for scripts in ["with", "without"] {
        let address = format!("maria-{scripts}@{}.test", portal.agency.id.replace('_', "-"));
        portal.register(&address);
        trip(&program, &portal, (&address, way, scripts), |number| portal.letter_of(&address, number));
    }
}

fn by_code(engine: Engine) {
    by_mail(engine, "code");
}

fn by_link(engine: Engine) {
    by_mail(engine, "link");
}

fn by_text(engine: Engine) {
    let program = program(engine);
    let portal = Portal::real(&program, "riverton");
    let network = Network::start("twilio");
    let texts = json!({ "connector": network.connector(), "name": "texts", "settings": network.settings() });
    portal.agency.post("/v1/channels", texts).expecting(201);
    let text = |number: usize| {
        let brings = |text: &String| code_in(text).is_some();
        until("the text has come", || network.taken().into_iter().filter(brings).nth(number - 1))
    };
    for (person, scripts) in ["with", "without"].into_iter().enumerate() {
        let address = format!("+1500555777{person}");
        let id = portal.ask("accounts", &address);
        let code = code_in(&text(2 * person + 1)).expect("a code");
        patiently(&portal.complete(&id, &code, FIRST)).expecting(204);
        trip(&program, &portal, (&address, "code", scripts), |number| text(2 * person + number));
    }
}

mod who_forgot_the_password_gets_in_again_in_a_real_browser {
    use super::{by_code, by_link, by_text};

    civicdesk_tests::on_both_engines!(with the mail servers: by_code, by_link, by_text);
}
