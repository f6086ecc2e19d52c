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

use serde_json::{Value, json};

use crate::{campaigns::chance::Chance, harness::Client, networks::Line};

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

/// An answer that was accepted.
#[derive(Clone, Debug)]
pub struct Answered {
    pub message_id: String,
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
        let mut chance = self.chance.apart(1000);
        for number in 0.. {
            if !self.goes_on() {
                return;
            }
            thread::sleep(chance.up_to(ANSWERED_EVERY * 2));
            let Some(case) = self.some_case(&mut chance) else { continue };
            let words = format!("This is answer {number}. We are looking into it.");
            let post = self.client.request("POST", &format!("/v1/cases/{case}/messages"));
            let post = post.json(json!({ "text": words })).header("idempotency-key", &format!("answer-{number}"));
            let mut tries = 0;
            loop {
                tries += 1;
                match post.clone().send_unjudged() {
                    Ok(answer) if answer.status == 202 => {
                        let message_id = answer.json()["id"].as_str().expect("an id").to_owned();
                        self.note(|sent| sent.answers.push(Answered { message_id, tries }));
                        break;
                    }
                    // A 409 says that the first try is still at work.
                    Ok(answer) if answer.status < 500 && answer.status != 409 => {
                        self.note(|sent| sent.refused.push(answer.to_string()));
                        break;
                    }
                    _ => thread::sleep(AGAIN_AFTER),
                }
            }
        }
    }

    fn some_case(&self, chance: &mut Chance) -> Option<String> {
        let answer = self.client.request("GET", "/v1/cases?limit=100").send_unjudged().ok()?;
        let page: Value = (answer.status == 200).then(|| answer.json())?;
        let cases = page["data"].as_array().filter(|cases| !cases.is_empty())?;
        Some(chance.one_of(cases)["id"].as_str()?.to_owned())
    }
}
