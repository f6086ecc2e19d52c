//! What the running program holds: made once at start, lent to every request, page and job.

use std::sync::Arc;

use civicdesk_contract::{Clock, Tools};
use jiff::Timestamp;
use tokio::runtime::Handle;

use crate::{
    auth::{
        limits::Limits,
        passwords::Passwords,
        quota::Quotas,
        seal::{MasterKey, Seal},
        seats::Seats,
        tokens::Tokens,
    },
    blobs::Blobs,
    cases::{intake, scan::Scanning, tokens::ReplyKey},
    channels::{open::Opener, registry::Registry},
    directories::open::Directories,
    fail::Fail,
    ids::Ids,
    recovery,
    settings::{self, Cidr},
    store::{Store, Time},
    workers::Workers,
};

/// What the program is started with.
pub struct Setup {
    pub store: Store,
    pub clock: Arc<dyn Clock>,
    pub ids: Ids,
    pub blobs: Blobs,
    pub master: MasterKey,
    pub registry: Registry,
    /// What connectors are lent.
    pub tools: Tools,
    /// Where the program is reached from outside, without a slash at its end: it stands in links, tokens and problems.
    pub public_url: String,
    /// Addresses of the proxies in front, whose `X-Forwarded-For` is believed.
    pub trusted_proxies: Vec<Cidr>,
    /// How much a request may bring, and how many a credential may make.
    pub bounds: settings::Limits,
    /// Whether files are scanned.
    pub scanning: Scanning,
    /// Threads for password hashing.
    pub hashing: usize,
    /// Threads for parsing.
    pub parsing: usize,
}

/// The running program.
pub struct App {
    pub store: Store,
    pub clock: Arc<dyn Clock>,
    pub ids: Ids,
    pub blobs: Blobs,
    pub master: MasterKey,
    pub seal: Seal,
    pub opener: Opener,
    pub recovery: recovery::Desk,
    pub public_url: String,
    pub trusted_proxies: Vec<Cidr>,
    pub bounds: settings::Limits,
    pub parsing: Workers,
    /// What filing works with, wherever an item comes from.
    pub intake: intake::Deps,
    pub passwords: Passwords,
    pub tokens: Tokens,
    pub limits: Limits,
    pub quotas: Quotas,
    /// Streams that agencies hold open.
    pub seats: Seats,
}

impl App {
    /// Loads the token keys, or makes them at the first start.
    pub async fn start(setup: Setup, runtime: Handle) -> Result<Self, Fail> {
        let Setup { store, clock, ids, blobs, master, public_url, trusted_proxies, bounds, .. } = setup;
        let (hashing, parsing) = (setup.hashing, setup.parsing);
        let seal = Seal::new(&master, ids.clone());
        let now = Time::new(clock.now());
        let quotas = Quotas::new(bounds.requests_per_minute);
        let tokens = Tokens::load(&store, &seal, &ids, &public_url, now).await?;
        let parsing = Workers::new(runtime.clone(), parsing);
        let registry = setup.registry.clone();
        let connectors: intake::Connectors =
            Arc::new(move |id: &str| registry.find(id).map(|(_, connector)| connector.clone()));
        let reply_key = ReplyKey::new(*master.derive("reply addresses"));
        let time = (clock.clone(), ids.clone());
        let secrets = (reply_key, seal.clone());
        let mut intake = intake::Deps::new(store.clone(), blobs.clone(), time, parsing.clone(), connectors, secrets);
        intake.public_url.clone_from(&public_url);
        intake.scanning = setup.scanning;
        let passwords = Passwords::new(Workers::new(runtime, hashing), hashing, ids.clone());
        let lent = (setup.tools.clone(), seal.clone(), ids.clone());
        let directories = Directories::new(store.clone(), lent, passwords.clone());
        let opener = Opener::new(setup.registry, setup.tools, seal.clone());
        let codes = recovery::codes::Key::new(&master);
        let (kinds, url) = (opener.kinds(), public_url.clone());
        let recovery = recovery::Desk { seal: seal.clone(), codes, public_url: url, kinds, directories };
        Ok(Self {
            store,
            clock,
            blobs,
            master,
            opener,
            recovery,
            seal,
            public_url,
            trusted_proxies,
            bounds,
            parsing,
            intake,
            passwords,
            ids,
            tokens,
            limits: Limits::default(),
            quotas,
            seats: Seats::default(),
        })
    }

    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// The moment as the store writes it.
    pub fn time(&self) -> Time {
        Time::new(self.clock.now())
    }
}
