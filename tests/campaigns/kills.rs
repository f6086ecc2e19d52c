//! The proof by kills: mail flows in and answers flow out while the program is killed again and again, at moments of
//! chance and in the middle of its work. None is lost, none is doubled coming in, and what went out twice is known.

mod traffic;
mod verdict;

use std::{
    thread,
    time::{Duration, Instant},
};

use super::{
    Campaign, ENGINE, Finding, Given, Known,
    books::{Books, sums},
    chance::Chance,
    town::Town,
};
use crate::harness::{Client, Engine, Program, within};
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

const MOMENTS: [&str; 5] =
    ["at any time", "while mail came in", "while mail was filed", "while answers went out", "while it started"];
const LONGEST_START: Duration = Duration::from_millis(600);
/// So long a kill waits for the work that it is to interrupt.
const PATIENCE: Duration = Duration::from_secs(30);
/// So long the last mails of the mailbox may take; what is not there then is judged as lost.
const FETCHING: Duration = Duration::from_secs(120);
const PAUSE: Duration = Duration::from_millis(2);

pub fn run(engine: Engine, kills: u64, seed: u64) -> Finding {
    let mut finding = Finding::new(engine);
    let mut town = Town::start(engine);
    let mut chance = Chance::new(seed);
    let traffic = Traffic::new(&town, &chance);
    let (mut done, mut hits) = (0, [0_u64; MOMENTS.len()]);
    thread::scope(|scope| {
        let stopped = traffic.begin(scope);
        while done < kills {
            let moment = chance.below(MOMENTS.len());
            hits[moment] += u64::from(wait_for(moment, &town.program, &mut chance));
            town.program.kill9();
            done += 1;
            if MOMENTS[moment] == "while it started" {
                town.program.start_and_kill9(chance.up_to(LONGEST_START));
                done += 1;
            }
            town.program.restart();
        }
        drop(stopped);
    });
    finding.count("kills", done);
    for (name, number) in MOMENTS.iter().zip(hits) {
        finding.count(&format!("kills {name}"), number);
    }
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

/// Waits for the moment of the next kill; whether the work that was to be interrupted had begun.
fn wait_for(moment: usize, program: &Program, chance: &mut Chance) -> bool {
    let counter = match moment {
        1 => "civicdesk_inbound_items_total",
        2 => "civicdesk_filed_items_total",
        3 => "civicdesk_outbound_messages_total",
        _ => {
            thread::sleep(chance.up_to(Duration::from_millis(1500)));
            return true;
        }
    };
    let client = program.client(None);
    let wanted = 1 + chance.below(20);
    let end = Instant::now() + PATIENCE;
    let mut reached = false;
    while !reached && Instant::now() < end {
        thread::sleep(PAUSE);
        reached = counted(&client, counter) >= wanted as f64;
    }
    thread::sleep(chance.up_to(Duration::from_millis(20)));
    reached
}

/// The sum over all labels of a counter, which begins with the process.
fn counted(client: &Client, counter: &str) -> f64 {
    let Ok(answer) = client.request("GET", "/metrics").send_unjudged() else { return 0.0 };
    let text = answer.text();
    let lines = text.lines().filter(|line| line.starts_with(counter));
    lines.filter_map(|line| line.rsplit(' ').next()?.parse::<f64>().ok()).sum()
}
