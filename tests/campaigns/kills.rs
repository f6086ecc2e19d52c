//! The proof by kills: mail flows in and answers flow out while the program is killed again and again, at moments of
//! chance and in the middle of its work. None is lost, none is doubled coming in, and what went out twice is known.

mod traffic;
mod verdict;

use std::{thread, time::Duration};

use super::{
    Campaign, ENGINE, Finding, Given, Known,
    books::{Books, sums},
    chance::Chance,
    killing::{Moment, When, kill},
    town::Town,
};
use crate::harness::{Engine, within};
use traffic::Traffic;

pub const CAMPAIGN: Campaign = Campaign {
    name: "kills",
    about: "SIGKILL again and again while mail flows in and answers flow out",
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

const MOMENTS: [Moment; 5] = [
    Moment { name: "at any time", when: When::AnyTime },
    Moment { name: "while mail came in", when: When::Counted("civicdesk_inbound_items_total") },
    Moment { name: "while mail was filed", when: When::Counted("civicdesk_filed_items_total") },
    Moment { name: "while answers went out", when: When::Counted("civicdesk_outbound_messages_total") },
    Moment { name: "while it started", when: When::Starting },
];
/// So long the last mails of the mailbox may take; what is not there then is judged as lost.
const FETCHING: Duration = Duration::from_secs(120);

pub fn run(engine: Engine, kills: u64, seed: u64) -> Finding {
    let mut finding = Finding::new(engine);
    let mut town = Town::start(engine);
    let mut chance = Chance::new(seed);
    let traffic = Traffic::new(&town, &chance);
    thread::scope(|scope| {
        let stopped = traffic.begin(scope);
        kill(&mut town.program, &MOMENTS, kills, &mut chance, &mut finding);
        drop(stopped);
    });
    let (client, sent) = (town.client(), traffic.sent());
    within(FETCHING, || {
        let now = sums(&client)["total"].clone();
        let there = now["messages"].as_u64()? + now["quarantined"].as_u64()?;
        (there >= sent.mails.len() as u64).then_some(())
    });
    let mut books = Books::when_quiet(&client);
    let replayed = Books::replay_the_interrupted(&client);
    if replayed > 0 {
        books = Books::when_quiet(&client);
    }
    finding.count("items replayed, in hand at two kills", replayed);
    verdict::judge(&mut finding, &town, &sent, &books);
    finding.done()
}
