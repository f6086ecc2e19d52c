//! How long the service takes for the whole way from "I forgot" to signed in, page by page, beside the two hashes that a
//! password costs on the way; and how soon the letter with the code is with the mail server.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use super::{
    Campaign, ENGINE, Figure, Finding, Given, Known,
    load::{load, quantile},
};
use crate::{
    citizens::{FIRST, Portal, SECOND, Visitor, program},
    harness::{Answer, Engine, PostOffice, Program},
};
use argon2::{Algorithm, Argon2, Params, PasswordHasher, Version};

pub const CAMPAIGN: Campaign = Campaign {
    name: "trip",
    about: "what the service takes for the whole way from `I forgot` to signed in, and how soon the letter goes out",
    options: &[ENGINE, Known { name: "trips", usual: "200", about: "people who go the way, one after the other" }],
    run: |given: &Given| {
        let trips = given.number("trips") as usize;
        given.engines().into_iter().map(|engine| run(engine, trips)).collect()
    },
};

/// What the whole way may take without the hashes, in milliseconds.
const AIM: f64 = 300.0;
/// When the letter must be with the mail server, in milliseconds.
const LETTER_AIM: f64 = 200.0;
const HOME: &str = "/t/riverton";

/// One trip, in milliseconds.
struct Trip {
    service: f64,
    hashes: f64,
    letter: f64,
}

pub fn run(engine: Engine, trips: usize) -> Finding {
    let mut finding = Finding::new(engine);
    finding.figure(load());
    let (program, post) = (program(engine), Arc::new(PostOffice::start()));
    let portal = Portal::open(&program, "riverton", &post);
    let trips: Vec<Trip> = (0..trips).map(|n| go(&program, &portal, &post, n)).collect();
    finding.count("trips", trips.len());
    let mut hashes: Vec<f64> = trips.iter().map(|trip| trip.hashes).collect();
    let control = quantile(&mut hashes, 0.5);
    let mut whole: Vec<f64> = trips.iter().map(|trip| trip.service).collect();
    let mut apart: Vec<f64> = trips.iter().map(|trip| trip.service - control).collect();
    let mut letter: Vec<f64> = trips.iter().map(|trip| trip.letter).collect();
    for (name, part) in [("p50", 0.5), ("p99", 0.99)] {
        let figure = Figure::new(&format!("the whole way, {name}"), quantile(&mut whole, part), "ms");
        finding.figure(figure.beside("two bare hashes", control));
        finding.figure(Figure::new(&format!("the whole way, hashes apart, {name}"), quantile(&mut apart, part), "ms"));
        finding.figure(Figure::new(&format!("letter with the mail server, {name}"), quantile(&mut letter, part), "ms"));
    }
    let (apart, letter) = (quantile(&mut apart, 0.99), quantile(&mut letter, 0.99));
    finding.holds(apart <= AIM, || format!("the whole way takes {apart:.0} ms at p99, {AIM} ms are the aim"));
    finding.holds(letter <= LETTER_AIM, || format!("the letter takes {letter:.0} ms at p99, {LETTER_AIM} are the aim"));
    finding.done()
}

fn go(program: &Program, portal: &Portal, post: &PostOffice, number: usize) -> Trip {
    let person = format!("citizen{number:05}@town.example");
    portal.register(&person);
    let mut visitor = Visitor::new(program);
    let page = visitor.open(&format!("{HOME}/recover"));
    let asked = Instant::now();
    let answer = visitor.send(&page, &format!("{HOME}/recover"), &[("/identifier", &person)]);
    let path = leads_to(&answer);
    let page = visitor.open(&path);
    let code = portal.code_of(&person, 2);
    let letter = post.letters(&person).last().expect("the letter with the code").taken - asked;
    let answer = visitor.send(&page, &path, &[("/code", &code), ("/password", SECOND)]);
    visitor.open(&leads_to(&answer)).expecting(200);
    let path = format!("{HOME}/sign-in");
    let page = visitor.open(&path).expecting(200);
    let answer = visitor.send(&page, &path, &[("/identifier", &person), ("/password", SECOND)]);
    visitor.open(&leads_to(&answer)).expecting(200);
    let service: Duration = visitor.waited.iter().map(|(_, waited)| *waited).sum();
    Trip { service: ms(service), hashes: ms(hash() + hash()), letter: ms(letter) }
}

#[track_caller]
fn leads_to(answer: &Answer) -> String {
    assert_eq!(answer.status, 303, "{answer}");
    answer.header("location").expect("a place to go to").to_owned()
}

/// How long the hash of a password takes by itself.
fn hash() -> Duration {
    let params = Params::new(19_456, 2, 1, None).expect("parameters");
    let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
    let begin = Instant::now();
    argon2.hash_password_with_salt(FIRST.as_bytes(), b"a salt of sixteen").expect("a hash");
    begin.elapsed()
}

fn ms(time: Duration) -> f64 {
    time.as_secs_f64() * 1000.0
}
