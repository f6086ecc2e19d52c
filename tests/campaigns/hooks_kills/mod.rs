//! The proof by kills for networks that call: providers repeat what was not answered, answers go out, receipts come back,
//! and the program is killed in the middle. What the providers know is held against the books.

mod traffic;
mod verdict;

use std::thread;

use super::{
    Campaign, ENGINE, Finding, Given, Known,
    books::Books,
    chance::Chance,
    killing::{Moment, When, kill},
};
use crate::{
    harness::Engine,
    networks::{Line, desk},
};
use traffic::Traffic;

pub const CAMPAIGN: Campaign = Campaign {
    name: "hooks-kills",
    about: "SIGKILL again and again while providers call and answers go out to them",
    options: &[
        Known { name: "kills", usual: "50", about: "how often, on each database" },
        Known { name: "seed", usual: "1", about: "what chance begins with" },
        ENGINE,
    ],
    run: |given: &Given| {
        let (kills, seed) = (given.number("kills"), given.number("seed"));
        given.engines().into_iter().map(|engine| run(engine, kills, seed)).collect()
    },
};

/// One that signs address and form, one that signs the body, and one that knows a repetition by its key.
const NETWORKS: [&str; 3] = ["twilio", "messenger", "bridge"];

const MOMENTS: [Moment; 5] = [
    Moment { name: "at any time", when: When::AnyTime },
    Moment { name: "while providers called", when: When::Counted("civicdesk_hook_calls_total") },
    Moment { name: "while texts were filed", when: When::Counted("civicdesk_filed_items_total") },
    Moment { name: "while answers went out", when: When::Counted("civicdesk_outbound_messages_total") },
    Moment { name: "while it started", when: When::Starting },
];

pub fn run(engine: Engine, kills: u64, seed: u64) -> Finding {
    let mut finding = Finding::new(engine);
    let mut program = desk(engine);
    let agency = program.tenant("riverton");
    let lines: Vec<Line> = NETWORKS.iter().map(|name| Line::open(&agency, name)).collect();
    let mut chance = Chance::new(seed);
    let traffic = Traffic::new(&agency, &lines, &chance);
    thread::scope(|scope| {
        let stopped = traffic.begin(scope);
        kill(&mut program, &MOMENTS, kills, &mut chance, &mut finding);
        drop(stopped);
    });
    let sent = traffic.sent();
    let mut books = Books::when_quiet(&agency);
    let replayed = Books::replay_the_interrupted(&agency);
    if replayed > 0 {
        books = Books::when_quiet(&agency);
    }
    finding.count("items replayed, in hand at two kills", replayed);
    // What went out last is reported now; by then every name is known.
    let last =
        lines.iter().flat_map(|line| line.network.delivered(&line.hook).into_iter().map(move |call| (line, call)));
    last.for_each(|(line, call)| line.takes(&call));
    let books = Books { messages: Books::when_quiet(&agency).messages, ..books };
    verdict::judge(&mut finding, &agency, &lines, &sent, &books);
    finding.done()
}
