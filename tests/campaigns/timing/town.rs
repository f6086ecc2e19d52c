//! The people whose addresses are asked about, in every state that there is, and the questions.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
};

use serde_json::{Value, json};

use crate::{
    citizens::{FIRST, Portal, SECOND, program},
    harness::{Engine, PostOffice, Program},
};

/// How often one address is asked about: with the code by which it registered it may have three in a quarter of an hour.
const ASKED: usize = 2;
/// How often a wrong password is tried with one address, and a wrong code on one id.
const TRIED: usize = 4;
const HANDS: usize = 8;

/// One question of a class.
#[derive(Clone)]
pub struct Question {
    pub class: &'static str,
    pub path: String,
    pub body: Value,
    /// Its answer takes as long as a password takes to hash.
    pub hashes: bool,
}

pub struct Town {
    pub program: Program,
    pub post: Arc<PostOffice>,
    portal: Portal,
    /// Another agency of the same installation.
    other: Portal,
    people: AtomicUsize,
}

impl Town {
    pub fn open(engine: Engine) -> Self {
        let (program, post) = (program(engine), Arc::new(PostOffice::start()));
        let (portal, other) = (Portal::open(&program, "riverton", &post), Portal::open(&program, "hillview", &post));
        Self { program, post, portal, other, people: AtomicUsize::new(0) }
    }

    /// Addresses that nobody has used, each as long as the others.
    fn strangers(&self, many: usize) -> Vec<String> {
        let first = self.people.fetch_add(many, Ordering::Relaxed);
        (first..first + many).map(|n| format!("citizen{n:07}@town.example")).collect()
    }

    /// People who have an account at one of the agencies.
    fn registered(&self, portal: &Portal, many: usize) -> Vec<String> {
        let people = self.strangers(many);
        side_by_side(&people, |person| portal.register(person));
        people
    }

    fn disabled(&self, many: usize) -> Vec<String> {
        let people = self.registered(&self.portal, many);
        let theirs = format!("SELECT account_id FROM account_addresses WHERE normal IN ({})", quoted(&people));
        let sql = format!("UPDATE accounts SET status = 'disabled' WHERE id IN ({theirs})");
        assert_eq!(self.program.change(&self.portal.agency, &sql), many);
        people
    }

    /// People who had an account, and took it away.
    fn erased(&self, many: usize) -> Vec<String> {
        let people = self.registered(&self.portal, many);
        side_by_side(&people, |person| {
            let signed = self.portal.sign_in(person, FIRST).expecting(201).json();
            self.program.client(signed["token"].as_str()).delete("/v1/account").expecting(204);
        });
        people
    }

    /// Somebody asks for a code to get in again: the first class is of people whom nobody knows.
    pub fn asks(&self, each: usize) -> Vec<Vec<Question>> {
        let many = each.div_ceil(ASKED);
        let unverified = self.strangers(many);
        side_by_side(&unverified, |person| drop(self.portal.code("accounts", person)));
        let states = [
            ("an unknown address", self.strangers(many)),
            ("an account", self.registered(&self.portal, many)),
            ("an address never proven", unverified),
            ("a disabled account", self.disabled(many)),
            ("an erased account", self.erased(many)),
            ("an account of another agency", self.registered(&self.other, many)),
        ];
        let path = self.portal.path("recoveries");
        let question = |class, person: &String| Question {
            class,
            path: path.clone(),
            body: json!({ "identifier": person }),
            hashes: false,
        };
        states.map(|(class, people)| times(&people, each, |person| question(class, person))).into()
    }

    /// Somebody signs in and has no right to.
    pub fn sign_ins(&self, each: usize) -> Vec<Vec<Question>> {
        let many = each.div_ceil(TRIED);
        let states = [
            ("an unknown address", self.strangers(many), SECOND),
            ("a wrong password", self.registered(&self.portal, many), SECOND),
            ("a disabled account", self.disabled(many), FIRST),
            ("an erased account", self.erased(many), FIRST),
            ("an account of another agency", self.registered(&self.other, many), FIRST),
        ];
        let path = self.portal.path("sign-ins");
        let question = |class, person: &String, password| Question {
            class,
            path: path.clone(),
            body: json!({ "identifier": person, "password": password }),
            hashes: true,
        };
        states.map(|(class, people, word)| times(&people, each, |person| question(class, person, word))).into()
    }

    /// Somebody types a code that does not work.
    pub fn codes(&self, each: usize) -> Vec<Vec<Question>> {
        let many = each.div_ceil(TRIED);
        let (people, late) = (self.strangers(many), self.registered(&self.portal, many));
        let codes = |portal: &Portal, what: &'static str, people: &[String]| {
            side_by_side(people, |person| portal.code(what, person))
        };
        let used = codes(&self.portal, "accounts", &people);
        side_by_side(&used, |(id, code)| {
            crate::citizens::patiently(&self.portal.complete(id, code, FIRST)).expecting(204)
        });
        let replaced = codes(&self.portal, "recoveries", &people);
        let live = codes(&self.portal, "recoveries", &people);
        let expired = codes(&self.portal, "recoveries", &late);
        let sql = format!(
            "UPDATE recoveries SET expires_at = created_at WHERE used_at IS NULL AND normal IN ({})",
            quoted(&late)
        );
        assert_eq!(self.program.change(&self.portal.agency, &sql), many);
        let elsewhere = codes(&self.other, "accounts", &self.strangers(many));
        let nowhere: Vec<(String, String)> =
            (0..many).map(|n| (format!("rec_0197f2a1c3d47b3e8a1f5c2d{n:08x}"), "4917 0352".to_owned())).collect();
        let wrong = |(id, code): &(String, String)| {
            let other = if code.starts_with('0') { "9" } else { "0" };
            (id.clone(), format!("{other}{}", &code[1..]))
        };
        let classes = [
            ("a code of nothing", nowhere.clone()),
            ("an id that is none", nowhere.iter().map(|(id, code)| (id.replace("_0", "_g"), code.clone())).collect()),
            ("a wrong code", live.iter().map(wrong).collect()),
            ("a used code", used),
            ("a code that was replaced", replaced),
            ("a code that is too old", expired),
            ("a code of another agency", elsewhere),
        ];
        let question = |class, (id, code): &(String, String)| Question {
            class,
            path: self.portal.path(&format!("recoveries/{id}/complete")),
            body: json!({ "code": code, "password": SECOND }),
            hashes: false,
        };
        classes.map(|(class, codes)| times(&codes, each, |code| question(class, code))).into()
    }
}

/// So many questions about these, in turn.
fn times<T>(about: &[T], each: usize, question: impl Fn(&T) -> Question) -> Vec<Question> {
    about.iter().cycle().take(each).map(question).collect()
}

/// Does something for each, a few side by side, and gives the results in order.
fn side_by_side<T: Sync, R: Send>(all: &[T], each: impl Fn(&T) -> R + Sync) -> Vec<R> {
    let next = AtomicUsize::new(0);
    thread::scope(|scope| {
        let hand = || {
            let mut done = Vec::new();
            loop {
                let at = next.fetch_add(1, Ordering::Relaxed);
                let Some(one) = all.get(at) else { return done };
                done.push((at, each(one)));
            }
        };
        let hands: Vec<_> = (0..HANDS).map(|_| scope.spawn(hand)).collect();
        let mut done: Vec<(usize, R)> =
            hands.into_iter().flat_map(|hand| hand.join().expect("a hand that came to an end")).collect();
        done.sort_by_key(|(at, _)| *at);
        done.into_iter().map(|(_, result)| result).collect()
    })
}

fn quoted(people: &[String]) -> String {
    people.iter().map(|person| format!("'{person}'")).collect::<Vec<_>>().join(", ")
}
