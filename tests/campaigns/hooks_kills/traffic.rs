//! What goes on while the program is killed: providers call with texts and receipts, staff answer. Each goes on with the
//! same call until it is answered, as providers and careful clients do.

use std::{
    collections::HashSet,
    sync::{
        Mutex,
        atomic::{AtomicBool, Ordering},
    },
    thread::{self, Scope},
    time::Duration,
};

use crate::{
    campaigns::{
        answering::{self, Answered},
        chance::Chance,
    },
    harness::Client,
    networks::Line,
};

/// People who write on each network.
const CITIZENS: usize = 40;
/// Connections of each provider.
const CALLERS: usize = 2;
const CALLED_EVERY: Duration = Duration::from_millis(150);
const ANSWERED_EVERY: Duration = Duration::from_millis(150);
const REPORTED_EVERY: Duration = Duration::from_millis(100);
const AGAIN_AFTER: Duration = Duration::from_millis(30);

/// Everything that was acknowledged.
#[derive(Clone, Debug, Default)]
pub struct Sent {
    pub texts: Vec<Handed>,
    pub answers: Vec<Answered>,
    pub receipts: usize,
    /// What was refused although nothing was wrong with it.
    pub refused: Vec<String>,
}

/// A text that a provider brought.
#[derive(Clone, Debug)]
pub struct Handed {
    /// Which of the lines.
    pub line: usize,
    pub words: String,
    pub tries: usize,
}

pub struct Traffic<'a> {
    stop: AtomicBool,
    sent: Mutex<Sent>,
    client: Client,
    lines: &'a [Line],
    chance: Chance,
}

/// Ends the traffic when it is dropped, even by a panic.
pub struct Running<'a>(&'a AtomicBool);

impl Drop for Running<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::SeqCst);
    }
}

impl<'a> Traffic<'a> {
    pub fn new(client: &Client, lines: &'a [Line], chance: &Chance) -> Self {
        let (stop, sent) = (AtomicBool::new(false), Mutex::default());
        Self { stop, sent, client: client.clone(), lines, chance: chance.clone() }
    }

    pub fn begin<'scope, 'env>(&'env self, scope: &'scope Scope<'scope, 'env>) -> Running<'env> {
        for line in 0..self.lines.len() {
            for caller in 0..CALLERS {
                scope.spawn(move || self.call(line, caller));
            }
            scope.spawn(move || self.report(line));
        }
        scope.spawn(|| self.answer());
        Running(&self.stop)
    }

    pub fn sent(&self) -> Sent {
        self.sent.lock().expect("no sender failed").clone()
    }

    fn goes_on(&self) -> bool {
        !self.stop.load(Ordering::SeqCst)
    }

    fn note(&self, note: impl FnOnce(&mut Sent)) {
        note(&mut self.sent.lock().expect("no sender failed"));
    }

    /// A provider brings texts, one after the other on each of its connections.
    fn call(&self, at: usize, caller: usize) {
        let mut chance = self.chance.apart((10 * at + caller) as u64);
        let line = &self.lines[at];
        for number in 0.. {
            if !self.goes_on() {
                return;
            }
            let words = format!("This is request {number} of caller {caller} by {}.", line.network.name);
            let call = line.network.text(&line.hook, chance.below(CITIZENS), &words);
            let mut tries = 1;
            while !self.is_taken(line, &call) {
                tries += 1;
            }
            self.note(|sent| sent.texts.push(Handed { line: at, words, tries }));
            thread::sleep(chance.up_to(CALLED_EVERY * 2));
        }
    }

    /// A provider says of each text of ours that it arrived.
    fn report(&self, at: usize) {
        let line = &self.lines[at];
        let mut told = HashSet::new();
        while self.goes_on() {
            thread::sleep(REPORTED_EVERY);
            for call in line.network.delivered(&line.hook) {
                if told.insert(call.body.clone()) {
                    while !self.is_taken(line, &call) {}
                    self.note(|sent| sent.receipts += 1);
                }
            }
        }
    }

    /// One try. `true`: the program has taken the call, or refused what it should take, which is noted.
    fn is_taken(&self, line: &Line, call: &civicdesk_providers::HookCall) -> bool {
        match line.try_deliver(call) {
            Some((200..300, _)) => true,
            Some((status @ 300..500, body)) => {
                let said = String::from_utf8_lossy(&body).into_owned();
                self.note(|sent| sent.refused.push(format!("{} was answered {status}: {said}", line.network.name)));
                true
            }
            _ => {
                thread::sleep(AGAIN_AFTER);
                false
            }
        }
    }

    fn answer(&self) {
        let note = |end: Result<Answered, String>| match end {
            Ok(answered) => self.note(|sent| sent.answers.push(answered)),
            Err(refusal) => self.note(|sent| sent.refused.push(refusal)),
        };
        answering::answer(&self.client, self.chance.apart(1000), ANSWERED_EVERY, || self.goes_on(), note);
    }
}
