//! The race for a code: 64 come with it at the same moment, each with a password of their own, again and again. One gets in.
//!
//! Every third round is the code of a new account, and the others are of an account whose password was forgotten.

use std::{
    sync::{Arc, Barrier},
    thread,
    time::{Duration, Instant},
};

use serde_json::json;

use super::{
    Campaign, ENGINE, Figure, Finding, Given, Known,
    chance::Chance,
    load::{load, quantile},
};
use crate::{
    citizens::{Portal, program},
    harness::{Engine, PostOffice},
};

pub const CAMPAIGN: Campaign = Campaign {
    name: "race",
    about: "64 parallel uses of one code, each with another password: one success, and no loser's password ever works",
    options: &[
        ENGINE,
        Known { name: "rounds", usual: "1000", about: "codes, on each database" },
        Known { name: "seed", usual: "1", about: "what chance begins with" },
    ],
    run: |given: &Given| {
        let (rounds, seed) = (given.number("rounds") as usize, given.number("seed"));
        given.engines().into_iter().map(|engine| run(engine, rounds, seed)).collect()
    },
};

const CALLERS: usize = 64;
/// Losers whose passwords are tried in each round.
const SAMPLED: usize = 2;
/// Codes that one address is sent before the next must wait.
const CODES_EACH: usize = 3;
/// Who is refused because too many come at once tries again this soon, and so many times.
const AGAIN_AFTER: Duration = Duration::from_millis(50);
const TRIES: usize = 1000;

/// What became of one who came.
#[derive(Clone, Debug)]
struct Came {
    status: u16,
    said: String,
    /// Times that the program was too busy to look.
    busy: usize,
    waited: Duration,
}

pub fn run(engine: Engine, rounds: usize, seed: u64) -> Finding {
    let mut finding = Finding::new(engine);
    finding.figure(load());
    let (program, post) = (program(engine), Arc::new(PostOffice::start()));
    let portal = Portal::open(&program, "riverton", &post);
    let (mut chance, mut before) = (Chance::new(seed), None::<String>);
    let (mut successes, mut busy, mut waited) = (0, 0, Vec::new());
    for round in 0..rounds {
        let citizen = format!("citizen{}@town.example", round / CODES_EACH);
        let what = if round.is_multiple_of(CODES_EACH) { "accounts" } else { "recoveries" };
        let (id, code) = portal.code(what, &citizen);
        let came = all_at_once(&portal, (&id, &code), round);
        busy += came.iter().map(|one| one.busy).sum::<usize>();
        waited.extend(came.iter().map(|one| one.waited.as_secs_f64() * 1000.0));
        for one in came.iter().filter(|one| !matches!(one.status, 204 | 409)) {
            finding.fault(format!("round {round}: {} {}", one.status, one.said));
        }
        let winners: Vec<usize> = (0..CALLERS).filter(|caller| came[*caller].status == 204).collect();
        successes += winners.len();
        let [winner] = winners[..] else {
            finding.fault(format!("round {round}: {} of {CALLERS} were successful", winners.len()));
            before = None;
            continue;
        };
        let mut signs_in = |password: &str, may: bool| {
            let status = portal.sign_in(&citizen, password).status;
            let right = status == if may { 201 } else { 401 };
            finding.holds(right, || format!("round {round}: the sign-in with `{password}` was answered {status}"));
        };
        signs_in(&password(round, winner), true);
        for step in 0..SAMPLED {
            let loser = (winner + 1 + chance.below(CALLERS / SAMPLED - 1) + step * CALLERS / SAMPLED) % CALLERS;
            signs_in(&password(round, loser), false);
        }
        if let Some(before) = before.filter(|_| what == "recoveries") {
            signs_in(&before, false);
        }
        let again = portal.complete(&id, &code, &password(round, CALLERS)).send();
        finding.holds(again.status == 409, || format!("round {round}: the used code was answered {again}"));
        before = Some(password(round, winner));
    }
    finding.count("rounds", rounds);
    finding.count("uses at once", CALLERS);
    finding.count("successes", successes);
    finding.count("times that one was asked to come back", busy);
    for (name, part) in [("p50", 0.5), ("p99", 0.99)] {
        finding.figure(Figure::new(&format!("one of {CALLERS} waits, {name}"), quantile(&mut waited, part), "ms"));
    }
    finding.done()
}

/// Everybody comes with the code in the same moment, with a password of their own.
fn all_at_once(portal: &Portal, (id, code): (&str, &str), round: usize) -> Vec<Came> {
    let start = Barrier::new(CALLERS);
    thread::scope(|scope| {
        let callers: Vec<_> = (0..CALLERS)
            .map(|caller| {
                let request = portal.complete(id, code, &password(round, caller));
                let start = &start;
                scope.spawn(move || {
                    start.wait();
                    come(&request)
                })
            })
            .collect();
        callers.into_iter().map(|caller| caller.join().expect("a caller who was answered")).collect()
    })
}

/// One tries until they are answered yes or no.
fn come(request: &crate::harness::Request) -> Came {
    let begin = Instant::now();
    for busy in 0..TRIES {
        let answer = request.clone().send_unjudged();
        let came = |status, said| Came { status, said, busy, waited: begin.elapsed() };
        match answer {
            Ok(answer) if answer.status == 503 && answer.header("retry-after").is_some() => thread::sleep(AGAIN_AFTER),
            Ok(answer) => return came(answer.status, answer.to_string()),
            Err(broken) => return came(0, broken),
        }
    }
    Came { status: 503, said: json!("too busy for good").to_string(), busy: TRIES, waited: begin.elapsed() }
}

/// What one of them wants as the password.
fn password(round: usize, caller: usize) -> String {
    format!("the {caller}th swallow of summer {round} builds under the roof")
}
