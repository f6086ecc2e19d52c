//! From "I forgot" to signed in with the new password, in a real browser, with letters that really go out and lie in a real
//! mailbox: at 320 pixels, by keyboard alone, with scripts allowed and forbidden.

use civicdesk_tests::{
    campaigns::books::text,
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
    let back: &[&str] = match way {
        "link" => &["sign in", "ask", "code", "new"],
        "given" => &["code"],
        _ => &["sign in", "ask", "code"],
    };
    assert_eq!(states, [back, &["done", "home", "sign in again", "account"]].concat(), "{address}");
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

/// Staff whom she has called start it for her: she finds the page and the code in her mailbox.
fn by_staff(engine: Engine) {
    let program = program(engine);
    let portal = Portal::real(&program, "riverton");
    for scripts in ["with", "without"] {
        let address = format!("maria-{scripts}@{}.test", portal.agency.id.replace('_', "-"));
        portal.register(&address);
        let found = portal.agency.get(&format!("/v1/contacts?email={address}")).expecting(200).json();
        let path = format!("/v1/contacts/{}/recoveries", text(&found["data"][0], "id"));
        let listed = portal.agency.get(&path).expecting(200).json();
        let start = json!({ "address_id": listed["addresses"][0]["id"], "checked": [] });
        portal.agency.post(&path, start).expecting(202);
        trip(&program, &portal, (&address, "given", scripts), |number| portal.letter_of(&address, number));
        let listed = portal.agency.get(&path).expecting(200).json();
        assert_eq!((&listed["data"][0]["started_by"], &listed["data"][0]["state"]), (&json!("staff"), &json!("used")));
    }
}

fn by_text(engine: Engine) {
    let program = program(engine);
    let portal = Portal::real(&program, "riverton");
    let network = Network::start("twilio");
    let texts = json!({ "connector": network.connector(), "name": "texts", "settings": network.settings() });
    portal.agency.post("/v1/channels", texts).expecting(201);
    let texted = |number: usize| {
        let brings = |text: &String| code_in(text).is_some();
        until("the text has come", || network.taken().into_iter().filter(brings).nth(number - 1))
    };
    for (person, scripts) in ["with", "without"].into_iter().enumerate() {
        let address = format!("+1500555777{person}");
        let id = portal.ask("accounts", &address);
        let code = code_in(&texted(2 * person + 1)).expect("a code");
        patiently(&portal.complete(&id, &code, FIRST)).expecting(204);
        trip(&program, &portal, (&address, "code", scripts), |number| texted(2 * person + number));
    }
}

mod who_forgot_the_password_gets_in_again_in_a_real_browser {
    use super::{by_code, by_link, by_staff, by_text};

    civicdesk_tests::on_both_engines!(with the mail servers: by_code, by_link, by_staff, by_text);
}
