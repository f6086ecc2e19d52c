//! What goes on while the program is killed: mail pushed by LMTP, mail laid into the mailbox, answers queued over REST.
//! Each sender goes on with the same mail until it is acknowledged, as mail servers and careful clients do.

use std::{
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
        books::sha256,
        chance::Chance,
        town::Town,
    },
    harness::{Client, Mail, Mailbox},
};

/// People who write.
pub const CITIZENS: usize = 40;
const PUSHED_EVERY: Duration = Duration::from_millis(100);
const LAID_EVERY: Duration = Duration::from_millis(200);
const ANSWERED_EVERY: Duration = Duration::from_millis(250);
const AGAIN_AFTER: Duration = Duration::from_millis(30);

/// Everything that was acknowledged.
#[derive(Clone, Debug, Default)]
pub struct Sent {
    pub mails: Vec<Handed>,
    pub answers: Vec<Answered>,
    /// What was refused although nothing was wrong with it.
    pub refused: Vec<String>,
}

/// A mail that was handed over.
#[derive(Clone, Debug)]
pub struct Handed {
    pub id: String,
    pub sha256: String,
    pub pushed: bool,
    pub tries: usize,
}

pub struct Traffic {
    stop: AtomicBool,
    sent: Mutex<Sent>,
    client: Client,
    chance: Chance,
    citizens: Vec<String>,
    lmtp: String,
    pushed: String,
    fetched: String,
}

/// Ends the traffic when it is dropped, even by a panic.
pub struct Running<'a>(&'a AtomicBool);

impl Drop for Running<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::SeqCst);
    }
}

impl Traffic {
    pub fn new(town: &Town, chance: &Chance) -> Self {
        Self {
            stop: AtomicBool::new(false),
            sent: Mutex::default(),
            client: town.client(),
            chance: chance.clone(),
            citizens: (0..CITIZENS).map(|number| town.citizen(number)).collect(),
            lmtp: town.lmtp.clone(),
            pushed: town.pushed.address.clone(),
            fetched: town.fetched.address.clone(),
        }
    }

    pub fn begin<'scope, 'env>(&'env self, scope: &'scope Scope<'scope, 'env>) -> Running<'env> {
        scope.spawn(|| self.push());
        scope.spawn(|| self.lay_down());
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

    fn push(&self) {
        let mut chance = self.chance.apart(1);
        let mut session = None;
        for number in 0.. {
            if !self.goes_on() {
                return;
            }
            let (id, from, raw) = self.mail("pushed", number, &self.pushed, &mut chance);
            let mut tries = 0;
            loop {
                tries += 1;
                let handed = hand_over(&mut session, &self.lmtp, &from, &self.pushed, &raw);
                if handed {
                    break;
                }
                session = None;
                thread::sleep(AGAIN_AFTER);
            }
            self.note(|sent| sent.mails.push(Handed { id, sha256: sha256(&raw), pushed: true, tries }));
            thread::sleep(chance.up_to(PUSHED_EVERY * 2));
        }
    }

    fn lay_down(&self) {
        let mut chance = self.chance.apart(2);
        let mut mailbox = Mailbox::open(&self.fetched);
        for number in 0.. {
            if !self.goes_on() {
                return;
            }
            let (id, _, raw) = self.mail("laid", number, &self.fetched, &mut chance);
            mailbox.append(&raw);
            self.note(|sent| sent.mails.push(Handed { id, sha256: sha256(&raw), pushed: false, tries: 1 }));
            thread::sleep(chance.up_to(LAID_EVERY * 2));
        }
    }

    fn answer(&self) {
        let note = |end: Result<Answered, String>| match end {
            Ok(answered) => self.note(|sent| sent.answers.push(answered)),
            Err(refusal) => self.note(|sent| sent.refused.push(refusal)),
        };
        answering::answer(&self.client, self.chance.apart(3), ANSWERED_EVERY, || self.goes_on(), note);
    }

    /// Id, sender and bytes of a mail that opens a case.
    fn mail(&self, way: &str, number: u64, to: &str, chance: &mut Chance) -> (String, String, Vec<u8>) {
        let from = chance.one_of(&self.citizens).clone();
        let id = format!("{way}-{number}-{from}");
        let filling = "The water runs down the street. ".repeat(chance.below(40));
        let raw = format!(
            "From: A Citizen <{from}>\r\nTo: <{to}>\r\nSubject: A {way} request, number {number}\r\n\
             Message-ID: <{id}>\r\nDate: Sun, 22 Nov 2026 10:00:00 +0000\r\n\r\n\
             This is {way} request {number}.\r\n{filling}\r\n"
        );
        (id, from, raw.into_bytes())
    }
}

/// One try. `true`: the program has taken the mail.
fn hand_over(session: &mut Option<Mail>, lmtp: &str, from: &str, to: &str, raw: &[u8]) -> bool {
    if session.is_none() {
        *session = Mail::try_lmtp(lmtp).ok();
    }
    let Some(open) = session else { return false };
    open.try_deliver(from, &[to], raw).is_ok_and(|verdicts| verdicts.iter().all(|verdict| verdict.accepted()))
}
