//! How many calls of providers a second are taken, beside the bare insert of the same rows, and how long a provider waits.
//!
//! *Taken* is verified, in the ledger and answered; *filed* is in a case, with all that belongs to it. Every call is a text
//! of its own, rightly signed beforehand. Once as fast as 64 connections go; once evenly, at a rate as of a busy day.

use std::{
    thread,
    time::{Duration, Instant},
};

use civicdesk_providers::{
    HookCall,
    calls::{client, deliver},
};

use super::{
    Campaign, ENGINE, Figure, Finding, Given, Known,
    intake::{FILED, bare, check, reached},
    load::{load, quantile},
};
use crate::{
    harness::{Engine, Program, Tenant, block_on},
    networks::{Line, options},
};

pub const CAMPAIGN: Campaign = Campaign {
    name: "hooks",
    about: "calls of providers per second beside the bare insert of the same rows, and how long a provider waits",
    options: &[
        ENGINE,
        Known { name: "calls", usual: "4000", about: "calls that come as fast as they can" },
        Known { name: "rounds", usual: "3", about: "how often that is measured; the middle one counts" },
        Known { name: "rate", usual: "100", about: "calls a second that come evenly, for `seconds`" },
        Known { name: "seconds", usual: "20", about: "how long they come evenly" },
    ],
    run,
};

/// What a provider may wait at p99 when calls come evenly, in milliseconds.
const AIM: f64 = 50.0;
const CONNECTIONS: usize = 64;
const TENANTS: usize = 8;
/// One that signs address and form, and one that signs the body.
const NETWORKS: [&str; 2] = ["twilio", "messenger"];

fn run(given: &Given) -> Vec<Finding> {
    let (calls, rounds) = (given.number("calls") as usize, given.number("rounds") as usize);
    let (rate, seconds) = (given.number("rate") as usize, given.number("seconds") as usize);
    let one = |engine| {
        let mut finding = Finding::new(engine);
        finding.figure(load());
        for network in NETWORKS {
            let mut measured: Vec<Round> =
                (0..rounds).map(|_| saturated(engine, network, calls, &mut finding)).collect();
            measured.sort_by(|a, b| (a.taken / a.bare).total_cmp(&(b.taken / b.bare)));
            let mut middle = measured.swap_remove(rounds / 2);
            let where_from = format!("{network}, {CONNECTIONS} connections, {TENANTS} tenants");
            for (name, value) in [("taken", middle.taken), ("filed", middle.filed)] {
                let figure = Figure::new(&format!("{name}, {where_from}"), value, "calls/s");
                finding.figure(figure.beside("bare insert of the same rows", middle.bare));
            }
            answered(&mut finding, &format!("{where_from}, as fast as they go"), &mut middle.waited);
            let mut waited = even(engine, network, rate, rate * seconds, &mut finding);
            let p99 =
                answered(&mut finding, &format!("{network}, {rate} calls a second, {TENANTS} tenants"), &mut waited);
            finding
                .holds(p99 < AIM, || format!("{network}: a provider waits {p99:.0} ms at p99, {AIM} ms are the aim"));
        }
        finding.done()
    };
    given.engines().into_iter().map(one).collect()
}

/// What one round gave: calls per second, and how long each call waited in milliseconds.
struct Round {
    taken: f64,
    filed: f64,
    bare: f64,
    waited: Vec<f64>,
}

/// Notes the answers' p50 and p99, and gives the latter.
fn answered(finding: &mut Finding, how: &str, waited: &mut [f64]) -> f64 {
    for (name, part) in [("p50", 0.5), ("p99", 0.99)] {
        finding.figure(Figure::new(&format!("answer to the provider, {name}, {how}"), quantile(waited, part), "ms"));
    }
    quantile(waited, 0.99)
}

/// Agencies with one channel each, and calls for them in turn, signed and ready.
struct Ready {
    program: Program,
    agencies: Vec<Tenant>,
    lines: Vec<Line>,
    calls: Vec<(String, HookCall)>,
}

impl Ready {
    fn new(engine: Engine, network: &'static str, calls: usize) -> Self {
        let program = Program::start_with(engine, options());
        let agencies: Vec<Tenant> = (0..TENANTS).map(|n| program.tenant(&format!("town{n}"))).collect();
        program.cli(&["outgoing", "pause"]);
        let lines: Vec<Line> = agencies.iter().map(|agency| Line::open(agency, network)).collect();
        let call = |n: usize| {
            let line = &lines[n % TENANTS];
            let words = format!("Streetlight {n} at Mill Road is out, and it is dark there in the evening.");
            // Every third text comes from somebody who has written before.
            let citizen = n / TENANTS - usize::from(n / TENANTS % 3 == 2);
            (line.address(), line.network.text(&line.hook, citizen, &words))
        };
        let calls = (0..calls).map(call).collect();
        Self { program, agencies, lines, calls }
    }

    fn judge(&self, network: &str, finding: &mut Finding) {
        let found: u64 = self.agencies.iter().map(|agency| check(agency, finding)).sum();
        let brought = self.calls.len();
        finding.holds(found == brought as u64, || format!("{network}: {found} of {brought} texts are in cases"));
        let failing = self.lines.iter().filter(|line| line.health()["state"] != "ok").count();
        finding.holds(failing == 0, || format!("{network}: {failing} channels are not well"));
    }
}

/// As fast as 64 connections go, then the same rows by nothing but the database.
fn saturated(engine: Engine, network: &'static str, calls: usize, finding: &mut Finding) -> Round {
    let mut ready = Ready::new(engine, network, calls);
    let provider = client();
    let begin = Instant::now();
    let waited = thread::scope(|scope| {
        let callers: Vec<_> = (0..CONNECTIONS)
            .map(|first| {
                let (mine, provider) = (ready.calls.iter().skip(first).step_by(CONNECTIONS), &provider);
                scope.spawn(move || {
                    block_on(async {
                        let mut waited = Vec::new();
                        for (address, call) in mine {
                            waited.push(timed(provider, address, call).await);
                        }
                        waited
                    })
                })
            })
            .collect();
        callers.into_iter().flat_map(|caller| caller.join().expect("a provider that was answered")).collect()
    });
    let taken = begin.elapsed();
    let filed = reached(&ready.program, FILED, calls, begin);
    ready.judge(network, finding);
    ready.program.stop();
    let control = bare::insert(engine, &ready.program, &ready.agencies);
    finding.holds(control.mails == calls, || format!("the control inserted {} texts of {calls}", control.mails));
    finding.count(&format!("rows for each text, {network}"), control.rows / calls);
    let rate = |took: Duration| calls as f64 / took.as_secs_f64();
    let round = Round { taken: rate(taken), filed: rate(filed), bare: rate(control.took), waited };
    eprintln!("{engine:?} {network}: taken {:.0}/s, filed {:.0}/s, bare {:.0}/s", round.taken, round.filed, round.bare);
    round
}

/// Evenly, whether the calls before are answered or not.
fn even(engine: Engine, network: &'static str, rate: usize, calls: usize, finding: &mut Finding) -> Vec<f64> {
    let ready = Ready::new(engine, network, calls);
    let provider = client();
    let waited = block_on(async {
        let mut beat = tokio::time::interval(Duration::from_secs(1) / u32::try_from(rate).expect("a rate"));
        let mut under_way = Vec::new();
        for (address, call) in ready.calls.clone() {
            beat.tick().await;
            let provider = provider.clone();
            under_way.push(tokio::spawn(async move { timed(&provider, &address, &call).await }));
        }
        let mut waited = Vec::new();
        for one in under_way {
            waited.push(one.await.expect("a provider that was answered"));
        }
        waited
    });
    reached(&ready.program, FILED, calls, Instant::now());
    ready.judge(network, finding);
    waited
}

/// How long the provider waited, in milliseconds.
async fn timed(provider: &reqwest::Client, address: &str, call: &HookCall) -> f64 {
    let begin = Instant::now();
    let (status, body) = deliver(provider, address, call).await;
    let waited = begin.elapsed().as_secs_f64() * 1000.0;
    assert!((200..300).contains(&status), "{status} {}", String::from_utf8_lossy(&body));
    waited
}
