//! An agency whose citizens have accounts, met as they meet it over REST: they register, forget the password and get in again.

mod visitor;

use std::sync::{
    Arc,
    atomic::{AtomicU32, Ordering},
};

use serde_json::{Value, json};

use crate::harness::{
    Answer, Client, Engine, Mailbox, Options, PostOffice, Program, Request, Tenant, plain, server, until,
};

pub use visitor::Visitor;

/// What the first password is.
pub const FIRST: &str = "the heron stands in the reeds";
/// What they choose instead.
pub const SECOND: &str = "a ladder leans against the barn";

/// A program behind a proxy that says whence each request came, so that one machine can play many people.
pub fn options() -> Options {
    Options::default()
        .set("server", "trusted_proxies", json!(["127.0.0.0/8"]))
        .set("network", "allow_private", json!(["127.0.0.0/8", "::1/128"]))
        .set("limits", "requests_per_minute", 1_000_000)
}

/// Starts one.
pub fn program(engine: Engine) -> Program {
    Program::start_with(engine, options().set("log", "level", "warn"))
}

/// An address of a network that nobody came from before.
pub fn elsewhere() -> String {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let number = NEXT.fetch_add(1, Ordering::Relaxed);
    format!("11.{}.{}.7", number >> 8 & 255, number & 255)
}

/// Where the letters of an agency can be read.
pub enum Letters {
    /// They go to a mail server that the test plays.
    Played(Arc<PostOffice>),
    /// They go out by Postfix, and lie in the mailboxes of Dovecot.
    Real,
}

/// An agency that sends letters to its citizens.
pub struct Portal {
    pub agency: Tenant,
    letters: Letters,
    stranger: Client,
}

impl Portal {
    pub fn open(program: &Program, slug: &str, post: &Arc<PostOffice>) -> Self {
        Self::with(program, slug, Letters::Played(Arc::clone(post)), json!({ "smtp": post.settings() }))
    }

    /// With real mail around it. Every address has a mailbox.
    pub fn real(program: &Program, slug: &str) -> Self {
        let port: u16 = server("MTA_SMTP_PORT").parse().expect("a port");
        let smtp = json!({ "host": server("MTA_HOST"), "port": port, "security": "starttls" });
        Self::with(program, slug, Letters::Real, json!({ "smtp": smtp, "ca_file": server("MTA_CA") }))
    }

    fn with(program: &Program, slug: &str, letters: Letters, settings: Value) -> Self {
        let agency = program.tenant(slug);
        let channel = json!({ "connector": "email", "address": format!("help@{slug}.example"), "settings": settings });
        agency.post("/v1/channels", channel).expecting(201);
        Self { agency, letters, stranger: program.client(None) }
    }

    /// What came to an address, the oldest first.
    pub fn letters(&self, to: &str) -> Vec<String> {
        match &self.letters {
            Letters::Played(post) => post.letters(to).into_iter().map(|letter| letter.text).collect(),
            Letters::Real => Mailbox::open(to).mails().iter().map(|raw| plain(raw)).collect(),
        }
    }

    /// Of the letters to an address that bring a code the one of this number, once it is there.
    #[track_caller]
    pub fn letter_of(&self, to: &str, number: usize) -> String {
        let brings = |text: &String| code_in(text).is_some();
        until("the code has come", || self.letters(to).into_iter().filter(brings).nth(number - 1))
    }

    /// The code in it.
    #[track_caller]
    pub fn code_of(&self, to: &str, number: usize) -> String {
        code_in(&self.letter_of(to, number)).expect("a letter with a code")
    }

    pub fn path(&self, rest: &str) -> String {
        format!("/v1/public/{}/{rest}", self.agency.slug)
    }

    /// What a stranger posts from somewhere.
    pub fn request(&self, rest: &str, body: Value) -> Request {
        self.stranger.request("POST", &self.path(rest)).header("x-forwarded-for", &elsewhere()).json(body)
    }

    /// Asks for a code for `accounts` or `recoveries`, and gives the id by which it is typed in.
    #[track_caller]
    pub fn ask(&self, what: &str, identifier: &str) -> String {
        let asked = self.request(what, json!({ "identifier": identifier })).send().expecting(202).json();
        asked["recovery_id"].as_str().expect("an id").to_owned()
    }

    /// Asks, and waits for the letter. Gives the id and the code in it.
    #[track_caller]
    pub fn code(&self, what: &str, identifier: &str) -> (String, String) {
        let before = self.letters(identifier).iter().filter_map(|text| code_in(text)).count();
        let id = self.ask(what, identifier);
        (id, self.code_of(identifier, before + 1))
    }

    pub fn complete(&self, id: &str, code: &str, password: &str) -> Request {
        self.request(&format!("recoveries/{id}/complete"), json!({ "code": code, "password": password }))
    }

    pub fn sign_in(&self, identifier: &str, password: &str) -> Answer {
        patiently(&self.request("sign-ins", json!({ "identifier": identifier, "password": password })))
    }

    /// Makes an account with `FIRST` as the password.
    #[track_caller]
    pub fn register(&self, identifier: &str) {
        let (id, code) = self.code("accounts", identifier);
        patiently(&self.complete(&id, &code, FIRST)).expecting(204);
    }
}

/// Sends until the program is not too busy to look at it.
pub fn patiently(request: &Request) -> Answer {
    until("the program is not too busy", || {
        let answer = request.clone().send();
        (answer.status != 503).then_some(answer)
    })
}

/// The addresses of pages that a letter names, in their order.
pub fn links_in(text: &str) -> Vec<String> {
    text.split_whitespace().filter(|word| word.starts_with("http") && word.contains("/t/")).map(str::to_owned).collect()
}

/// The secret at the end of a link.
pub fn secret_in(link: &str) -> &str {
    link.rsplit('/').next().unwrap_or_default()
}

/// The code that a letter or a text brings.
pub fn code_in(text: &str) -> Option<String> {
    let after = text.split("code is ").nth(1)?;
    Some(after.chars().take(9).collect())
}
