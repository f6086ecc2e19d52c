//! How many mails a second come in and are filed, beside the bare insert of the same rows on the same database.
//!
//! *Accepted* is in the ledger and acknowledged; *filed* is in a case, with its search index, its events and the letter that
//! acknowledges it. Both count from the first mail on, side by side as in life. Nothing is sent meanwhile.

pub(super) mod bare;
mod lite;
pub(super) mod mails;
mod pg;

use std::{
    thread,
    time::{Duration, Instant},
};

use serde_json::json;

use super::{Campaign, ENGINE, Figure, Finding, Given, Known, load::load};
use crate::harness::{Engine, Mail, Mailbox, Options, Program, Tenant, until_within};

pub const CAMPAIGN: Campaign = Campaign {
    name: "intake",
    about: "mails per second, accepted and filed, beside the bare insert of the same rows",
    options: &[
        ENGINE,
        Known { name: "mails", usual: "2000", about: "mails that come in each way" },
        Known { name: "rounds", usual: "3", about: "how often each way is measured; the middle one counts" },
    ],
    run,
};

/// How mail comes in: fetched from Dovecot, or pushed over so many connections for so many tenants.
#[derive(Clone, Copy)]
enum Way {
    Imap,
    Lmtp { connections: usize, tenants: usize },
}

/// What filing may cost: of the bare insert's rate, at least this.
const AIM: f64 = 0.5;
const ACCEPTED: &str = "civicdesk_inbound_items_total{known=\"no\"}";
pub(super) const FILED: &str = "civicdesk_filed_items_total{as=\"message\"}";

const WAYS: [Way; 5] = [
    Way::Imap,
    Way::Lmtp { connections: 1, tenants: 1 },
    Way::Lmtp { connections: 8, tenants: 1 },
    Way::Lmtp { connections: 64, tenants: 1 },
    Way::Lmtp { connections: 64, tenants: 8 },
];

/// Mails per second.
#[derive(Clone, Copy)]
struct Rates {
    accepted: f64,
    filed: f64,
    bare: f64,
}

fn run(given: &Given) -> Vec<Finding> {
    let (mails, rounds) = (given.number("mails") as usize, given.number("rounds") as usize);
    let engines = given.engines().into_iter();
    engines
        .map(|engine| {
            let mut finding = Finding::new(engine);
            finding.figure(load());
            for way in WAYS {
                let mut measured: Vec<Rates> = (0..rounds).map(|_| measure(engine, way, mails, &mut finding)).collect();
                measured.sort_by(|a, b| (a.filed / a.bare).total_cmp(&(b.filed / b.bare)));
                let Rates { accepted, filed, bare } = measured[rounds / 2];
                for (name, rate) in [("accepted", accepted), ("filed", filed)] {
                    let figure = Figure::new(&format!("{name}, {}", way.name()), rate, "mails/s");
                    finding.figure(figure.beside("bare insert of the same rows", bare));
                }
                let ratio = filed / bare;
                finding.holds(ratio >= AIM, || {
                    format!("{}: filed at {ratio:.2} of the bare insert, {AIM} is the aim", way.name())
                });
                let ratio = filed / bare;
                finding.holds(ratio >= AIM, || format!("{}: filed at {ratio:.2} of it, {AIM} is the aim", way.name()));
            }
            finding.done()
        })
        .collect()
}

impl Way {
    fn name(self) -> String {
        match self {
            Self::Imap => "batch from Dovecot, 1 tenant".to_owned(),
            Self::Lmtp { connections: 1, tenants } => format!("LMTP on 1 connection, {}", many(tenants)),
            Self::Lmtp { connections, tenants } => format!("LMTP on {connections} connections, {}", many(tenants)),
        }
    }

    fn tenants(self) -> usize {
        match self {
            Self::Imap => 1,
            Self::Lmtp { tenants, .. } => tenants,
        }
    }
}

fn many(tenants: usize) -> String {
    if tenants == 1 { "1 tenant".to_owned() } else { format!("{tenants} tenants") }
}

/// One round: the mails come in, then their rows are inserted anew by nothing but the database.
fn measure(engine: Engine, way: Way, mails: usize, finding: &mut Finding) -> Rates {
    let options = Options::default()
        .set("network", "allow_private", json!(["127.0.0.0/8", "::1/128"]))
        .set("limits", "requests_per_minute", 1_000_000)
        .set("log", "level", "warn");
    let mut program = Program::start_with(engine, options);
    let agencies: Vec<Tenant> = (0..way.tenants()).map(|n| program.tenant(&format!("town{n}"))).collect();
    program.cli(&["outgoing", "pause"]);
    let (accepted, filed) = match way {
        Way::Imap => fetch(&program, &agencies[0], mails),
        Way::Lmtp { connections, .. } => push(&program, &agencies, mails, connections),
    };
    let found: u64 = agencies.iter().map(|agency| check(agency, finding)).sum();
    finding.holds(found == mails as u64, || format!("{}: {found} of {mails} mails are in cases", way.name()));
    program.stop();
    let control = bare::insert(engine, &program, &agencies);
    finding.holds(control.mails == mails, || format!("the control inserted {} mails of {mails}", control.mails));
    finding.count("rows for each mail", control.rows / mails);
    let rate = |took: Duration| mails as f64 / took.as_secs_f64();
    let rates = Rates { accepted: rate(accepted), filed: rate(filed), bare: rate(control.took) };
    eprintln!(
        "{engine:?} {}: accepted {:.0}/s, filed {:.0}/s, bare {:.0}/s, ratio {:.2}",
        way.name(),
        rates.accepted,
        rates.filed,
        rates.bare,
        rates.filed / rates.bare
    );
    rates
}

/// The ledger adds up, each mail is in a case, and its words are found.
pub(super) fn check(agency: &Tenant, finding: &mut Finding) -> u64 {
    let sums = agency.get("/v1/inbound/reconciliation").expecting(200).json();
    finding.holds(sums["adds_up"] == true, || format!("the ledger does not add up: {sums}"));
    let hits = agency.get("/v1/search?q=streetlight").expecting(200).json();
    finding.holds(!hits["data"].as_array().expect("hits").is_empty(), || "a word of a mail is not found".to_owned());
    sums["total"]["messages"].as_u64().expect("a number of messages")
}

fn fetch(program: &Program, agency: &Tenant, mails: usize) -> (Duration, Duration) {
    let address = format!("intake-{}@riverton.test", agency.id);
    let mut mailbox = Mailbox::open(&address);
    (0..mails).for_each(|n| mailbox.append(&mails::mail(n, &address)));
    let begin = Instant::now();
    agency.mailbox_channel(&address);
    let accepted = reached(program, ACCEPTED, mails, begin);
    (accepted, reached(program, FILED, mails, begin))
}

fn push(program: &Program, agencies: &[Tenant], mails: usize, connections: usize) -> (Duration, Duration) {
    let address = |tenant: usize| format!("help@town{tenant}.example");
    for (n, agency) in agencies.iter().enumerate() {
        agency.channel(program, &address(n));
    }
    let open = |n: usize| (program.lmtp(), address(n % agencies.len()));
    let mut doors: Vec<(Mail, String)> = (0..connections).map(open).collect();
    let begin = Instant::now();
    thread::scope(|scope| {
        for (first, (door, address)) in doors.iter_mut().enumerate() {
            scope.spawn(move || {
                for n in (first..mails).step_by(connections) {
                    let verdicts = door.deliver("citizens@towns.example", &[address], &mails::mail(n, address));
                    assert!(verdicts[0].accepted(), "{verdicts:?}");
                }
            });
        }
    });
    let accepted = begin.elapsed();
    (accepted, reached(program, FILED, mails, begin))
}

/// How long it took until the program's own count reached this number.
pub(super) fn reached(program: &Program, counter: &str, number: usize, begin: Instant) -> Duration {
    let metrics = program.client(None).request("GET", "/metrics");
    until_within(Duration::from_secs(600), counter, || {
        let text = metrics.clone().send_unjudged().expect("/metrics answers").text();
        let line = text.lines().find_map(|line| line.strip_prefix(counter))?;
        (line.trim().parse::<f64>().ok()? >= number as f64).then(|| begin.elapsed())
    })
}
