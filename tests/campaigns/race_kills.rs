//! The crash in the middle of a new password: the program is killed while people come with a code. Used stays used.
//!
//! Afterwards either the new password holds and the code is spent, or the old one holds and the code still works.

use std::{sync::Arc, thread, time::Duration};

use super::{Campaign, ENGINE, Finding, Given, Known, chance::Chance};
use crate::{
    citizens::{FIRST, Portal, program},
    harness::{Engine, PostOffice, Request},
};

pub const CAMPAIGN: Campaign = Campaign {
    name: "race-kills",
    about: "SIGKILL while people come with a code: used stays used, and the password goes with it",
    options: &[
        ENGINE,
        Known { name: "kills", usual: "50", about: "how often, on each database" },
        Known { name: "seed", usual: "1", about: "what chance begins with" },
    ],
    run: |given: &Given| {
        let (kills, seed) = (given.number("kills") as usize, given.number("seed"));
        given.engines().into_iter().map(|engine| run(engine, kills, seed)).collect()
    },
};

/// Few enough that trying all their passwords is not yet guessing.
const CALLERS: usize = 4;
/// A kill comes within this time after they came.
const LATEST: Duration = Duration::from_millis(150);

pub fn run(engine: Engine, kills: usize, seed: u64) -> Finding {
    let mut finding = Finding::new(engine);
    let (mut program, post) = (program(engine), Arc::new(PostOffice::start()));
    let portal = Portal::open(&program, "riverton", &post);
    let mut chance = Chance::new(seed);
    let (mut used, mut unused, mut told) = (0, 0, 0);
    for round in 0..kills {
        let citizen = format!("citizen{round}@town.example");
        portal.register(&citizen);
        let (id, code) = portal.code("recoveries", &citizen);
        let wanted: Vec<String> = (0..CALLERS).map(|caller| password(round, caller)).collect();
        let answers: Vec<Option<u16>> = thread::scope(|scope| {
            let come = |wanted: &String| {
                let request: Request = portal.complete(&id, &code, wanted);
                scope.spawn(move || request.send_unjudged().ok().map(|answer| answer.status))
            };
            let callers: Vec<_> = wanted.iter().map(come).collect();
            thread::sleep(chance.up_to(LATEST));
            program.kill9();
            callers.into_iter().map(|caller| caller.join().expect("a caller")).collect()
        });
        program.restart();
        let works = |password: &str| portal.sign_in(&citizen, password).status == 201;
        let holding: Vec<usize> = (0..CALLERS).filter(|caller| works(&wanted[*caller])).collect();
        let promised: Vec<usize> = (0..CALLERS).filter(|caller| answers[*caller] == Some(204)).collect();
        told += promised.len();
        finding.holds(promised.is_empty() || promised == holding, || {
            format!("round {round}: {promised:?} were told that their password is set, and {holding:?} can sign in")
        });
        finding.holds(works(FIRST) == holding.is_empty() && holding.len() <= 1, || {
            format!("round {round}: {holding:?} can sign in, and the old password must only where nobody can")
        });
        let late = portal.complete(&id, &code, &password(round, CALLERS)).send().status;
        let expected = if holding.is_empty() { 204 } else { 409 };
        finding.holds(late == expected, || format!("round {round}: the code was answered {late}, not {expected}"));
        if holding.is_empty() { unused += 1 } else { used += 1 }
    }
    finding.count("kills", kills);
    finding.count("used at the kill", used);
    finding.count("not used at the kill", unused);
    finding.count("told before the kill", told);
    finding.done()
}

/// What one of them wants as the password.
fn password(round: usize, caller: usize) -> String {
    format!("the {caller}th heron of winter {round} stands in the snow")
}
