//! Where codes, passwords and tokens are left behind: people make accounts, forget passwords and get in again while the
//! program tells all it can, and then nothing of their secrets may stand in its logs, figures, events, refusals or database.

mod needles;

use std::{sync::Arc, time::Duration};

use serde_json::{Value, json};

use super::{Campaign, ENGINE, Finding, Given, Known, books::all};
use crate::{
    citizens::{Portal, Visitor, code_in, links_in, options, patiently, secret_in},
    harness::{Answer, Engine, PostOffice, Program, until_within},
};
use needles::Needles;

pub const CAMPAIGN: Campaign = Campaign {
    name: "secrets",
    about: "codes, passwords and tokens of whole flows, looked for in logs at TRACE, figures, events and the database",
    options: &[ENGINE, Known { name: "flows", usual: "1000", about: "people who go the whole way" }],
    run: |given: &Given| {
        let flows = given.number("flows") as usize;
        given.engines().into_iter().map(|engine| run(engine, flows)).collect()
    },
};

/// Letters that one person gets: a code and another one, and the news of two new passwords.
const LETTERS: usize = 4;
/// Somebody whose address is no secret.
const PERSON: &str = "citizen00000@town.example";
/// Letters and digits of a link's secret; a page's own number is no secret.
const LINK: usize = 43;
const PATIENCE: Duration = Duration::from_secs(120);

pub fn run(engine: Engine, flows: usize) -> Finding {
    let mut finding = Finding::new(engine);
    let program = Program::start_with(engine, options().set("log", "level", "trace"));
    let post = Arc::new(PostOffice::start());
    let portal = Portal::open(&program, "riverton", &post);
    let mut flow =
        Flow { portal: &portal, program: &program, needles: Needles::default(), refusals: Vec::new(), count: 0 };
    for number in 0..flows {
        flow.go(number);
    }
    until_within(PATIENCE, "every letter was sent and emptied", || {
        let sealed = || program.rows(&portal.agency, "secret_letters", "sealed IS NOT NULL OR state <> 'sent'");
        (post.count() >= LETTERS * flows && sealed() == 0).then_some(())
    });
    for person in (0..flows).map(person) {
        let links = portal.letters(&person).iter().flat_map(|text| links_in(text)).collect::<Vec<_>>();
        for secret in links.iter().map(|link| secret_in(link)).filter(|end| end.len() == LINK) {
            flow.needles.add("a link's secret", secret);
            flow.count += 1;
        }
    }
    let figures = program.client(None).request("GET", "/metrics").send_unjudged().expect("figures").body;
    let events = serde_json::to_vec(&all(&portal.agency, "/v1/events")).expect("JSON");
    let dump = program.dump();
    let known = |heap: &[u8], words: &str| heap.windows(words.len()).any(|window| window == words.as_bytes());
    finding.holds(known(&dump, PERSON) && known(&events, "account.registered"), || {
        "what was looked through holds not even what must stand there".to_owned()
    });
    let places = [
        ("the log", program.log().into_bytes()),
        ("the figures", figures),
        ("the events", events),
        ("what was refused", flow.refusals),
        ("the database", dump),
    ];
    for (place, heap) in places {
        finding.count(&format!("bytes of {place}"), heap.len());
        let found = flow.needles.found_in(&heap);
        finding.count(&format!("secrets in {place}"), found.len());
        found.into_iter().take(5).for_each(|found| finding.fault(format!("in {place}, {found}")));
    }
    finding.count("flows", flows);
    finding.count("secrets", flow.count);
    finding.done()
}

fn person(number: usize) -> String {
    format!("citizen{number:05}@town.example")
}

/// The way of one person after another, and what they knew.
struct Flow<'a> {
    portal: &'a Portal,
    program: &'a Program,
    needles: Needles,
    refusals: Vec<u8>,
    count: usize,
}

impl Flow<'_> {
    fn go(&mut self, number: usize) {
        let person = person(number);
        let first = self.password(number, "first");
        let token = {
            let (id, code) = self.code("accounts", &person);
            self.refused(&id, &code, "passwordpassword", 422);
            self.complete(&id, &code, &first);
            self.refused(&id, &code, &first, 409);
            self.signed_in(&person, &first)
        };
        let second = self.password(number, "second");
        let wrong = self.portal.sign_in(&person, &second);
        self.keep(wrong.expecting(401));
        let (id, code) = self.code("recoveries", &person);
        self.complete(&id, &code, &second);
        self.keep(self.own(&token).get("/v1/account").expecting(401));
        let token = self.signed_in(&person, &second);
        let third = self.password(number, "third");
        let change = |old: &str, new: &str| {
            let words = json!({ "current_password": old, "new_password": new });
            patiently(&self.own(&token).request("POST", "/v1/account/password").json(words))
        };
        let (refused, changed) = (change(&first, &third), change(&second, &third));
        changed.expecting(204);
        self.keep(refused.expecting(422));
        let own = self.own(&token);
        let app = own.post("/v1/account/totp", json!({})).expecting(201).json();
        self.secret("an app's secret", app["secret"].as_str().expect("a secret"));
        self.keep(own.post("/v1/account/totp/confirm", json!({ "code": "000000" })).expecting(422));
        let saved = own.post("/v1/account/saved-codes", json!({})).expecting(201).json();
        for code in saved["codes"].as_array().expect("codes") {
            self.secret("a saved code", code.as_str().expect("a code"));
        }
    }

    fn secret(&mut self, name: &str, secret: &str) {
        self.needles.add(name, secret);
        self.count += 1;
    }

    fn own(&self, token: &str) -> crate::harness::Client {
        self.program.client(Some(token))
    }

    fn password(&mut self, number: usize, which: &str) -> String {
        let password = format!("the {which} swallow of house {number:05} left in autumn");
        self.needles.add("a password", &password);
        self.count += 1;
        password
    }

    fn code(&mut self, what: &str, person: &str) -> (String, String) {
        let (id, code) = self.portal.code(what, person);
        self.needles.add_code("a code", &code);
        let letters = self.portal.letters(person);
        let links = letters.iter().rev().find(|text| code_in(text).is_some()).map(|text| links_in(text));
        for link in links.into_iter().flatten() {
            self.opened(&link);
        }
        self.count += 1;
        (id, code)
    }

    /// Somebody follows the link, and types nothing on the page that it leads to.
    fn opened(&mut self, link: &str) {
        let mut visitor = Visitor::new(self.program);
        let path = link.strip_prefix(&self.program.base_url()).expect("a link to the program");
        let place = visitor.open(path).expecting(303).header("location").expect("a place to go to").to_owned();
        let page = visitor.open(&place).expecting(200);
        let refused = visitor.send(&page, &place, &[("/password", "short")]).expecting(422);
        self.refusals.extend(refused.body);
    }

    fn complete(&self, id: &str, code: &str, password: &str) {
        patiently(&self.portal.complete(id, code, password)).expecting(204);
    }

    fn refused(&mut self, id: &str, code: &str, password: &str, status: u16) {
        let refused = patiently(&self.portal.complete(id, code, password)).expecting(status);
        self.keep(refused);
    }

    fn signed_in(&mut self, person: &str, password: &str) -> String {
        let signed: Value = self.portal.sign_in(person, password).expecting(201).json();
        let token = signed["token"].as_str().expect("a token").to_owned();
        self.needles.add("a token", &token);
        let secret = token.splitn(4, '_').last().expect("a secret part");
        self.needles.add("a token", secret);
        self.count += 1;
        token
    }

    fn keep(&mut self, refusal: Answer) {
        self.refusals.extend(refusal.body);
    }
}
