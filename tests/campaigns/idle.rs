//! How long a mail takes from the mailbox to a case that the API shows, beside a bare client that waits on the same mailbox.

use std::{
    sync::mpsc::{Sender, channel},
    thread,
    time::{Duration, Instant},
};

use serde_json::json;

use super::{
    Campaign, ENGINE, Figure, Finding, Given, Known,
    intake::mails::mail,
    load::{load, quantile},
};
use crate::harness::{Engine, Mailbox, Options, Program, Tenant};

pub const CAMPAIGN: Campaign = Campaign {
    name: "idle",
    about: "from IMAP APPEND to a case over REST, beside a bare IDLE client",
    options: &[ENGINE, Known { name: "mails", usual: "200", about: "mails that arrive one after the other" }],
    run: |given: &Given| given.engines().into_iter().map(|e| run(e, given.number("mails") as usize)).collect(),
};

/// What the program may take longer than the bare client, at p99.
const AIM: f64 = 100.0;
/// How often the API is asked.
const PAUSE: Duration = Duration::from_millis(2);
const PATIENCE: Duration = Duration::from_secs(30);

fn run(engine: Engine, mails: usize) -> Finding {
    let mut finding = Finding::new(engine);
    finding.figure(load());
    let options = Options::default().set("network", "allow_private", json!(["127.0.0.0/8", "::1/128"])).set(
        "limits",
        "requests_per_minute",
        1_000_000,
    );
    let program = Program::start_with(engine, options);
    let agency = program.tenant("riverton");
    program.cli(&["outgoing", "pause"]);
    let address = format!("idle-{}@riverton.test", agency.id);
    agency.mailbox_channel(&address);
    let (ready, readiness) = channel();
    let (tell, told) = channel();
    let bare = Mailbox::open(&address);
    let watch = thread::spawn(move || watch(bare, mails, &ready, &tell));
    let mut sender = Mailbox::open(&address);
    let (mut case, mut bare, mut after) = (Vec::new(), Vec::new(), Vec::new());
    for n in 0..mails {
        readiness.recv().expect("a client that waits");
        // Mails arrive when they like; by then the program waits again.
        thread::sleep(Duration::from_millis(100 + 37 * n as u64 % 300));
        let arrived = Instant::now();
        sender.append(&mail(3 * n, &address));
        let shown = shown(&agency, &format!("Street light {} at Mill Road", 3 * n));
        let noticed: Instant = told.recv().expect("a client that was told");
        let since = |moment: Instant| moment.saturating_duration_since(arrived).as_secs_f64() * 1000.0;
        case.push(since(shown));
        bare.push(since(noticed));
        after.push(since(shown) - since(noticed));
    }
    watch.join().expect("a client that saw every mail");
    for (name, part) in [("p50", 0.5), ("p99", 0.99)] {
        let figure = Figure::new(&format!("from append to case, {name}"), quantile(&mut case, part), "ms");
        finding.figure(figure.beside("bare IDLE client", quantile(&mut bare, part)));
        finding.figure(Figure::new(&format!("later than the bare client, {name}"), quantile(&mut after, part), "ms"));
    }
    finding.count("mails", mails);
    let late = quantile(&mut after, 0.99);
    finding.holds(late <= AIM, || format!("{late:.0} ms later than the bare client at p99, {AIM} ms are the aim"));
    finding.done()
}

/// A client that does nothing but wait: it says when it waits, and when it heard of the next mail.
fn watch(mut mailbox: Mailbox, mails: usize, ready: &Sender<()>, tell: &Sender<Instant>) {
    mailbox.select();
    for n in 1..=mails {
        mailbox.idle();
        ready.send(()).expect("somebody who listens");
        tell.send(mailbox.told_of(n)).expect("somebody who listens");
    }
}

/// When the newest case is the one of this subject.
fn shown(agency: &Tenant, subject: &str) -> Instant {
    let newest = agency.request("GET", "/v1/cases?limit=1");
    let end = Instant::now() + PATIENCE;
    loop {
        let answer = newest.clone().send_unjudged().expect("an answer");
        if answer.json()["data"][0]["subject"] == subject {
            return Instant::now();
        }
        assert!(Instant::now() < end, "{subject}: no case within {PATIENCE:?}");
        thread::sleep(PAUSE);
    }
}
