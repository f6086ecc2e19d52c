//! Agencies with one channel each, whose network is a table of prepared messages.

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering},
    },
};

use civicdesk_contract::{
    About, Capabilities, Channel as Opened, Clock, Connector, Envelope, Error, ExternalId, IdentityKind, Inbound,
    Party, Place as Lain, RawItem, Settings, Tools,
};
use jiff::{SignedDuration, Timestamp};
use tokio::runtime::Handle;
use uuid::Uuid;

use crate::{
    acting::{Acting, Actor},
    auth::seal::{MasterKey, Seal},
    blobs::Blobs,
    cases::{
        accept,
        intake::{self, Deps, Worked},
        reach::Kinds,
        tokens::ReplyKey,
    },
    ids::Ids,
    store::{
        Json, Result, Time, Tx, Uid,
        cases::{self, Case, Filter, Sort},
        channels::{self, Channel},
        events::{self, Event},
        inbound::{self, Item},
        messages::{self, Message},
        suggestions::{self, Suggestion},
        tests::support::Place,
    },
    workers::Workers,
};

/// A clock that tests move.
#[derive(Debug)]
pub struct Hand(Mutex<Timestamp>);

impl Hand {
    pub fn forward(&self, by: SignedDuration) {
        *self.0.lock().unwrap() += by;
    }

    pub fn set(&self, at: &str) {
        *self.0.lock().unwrap() = at.parse().unwrap();
    }
}

impl Clock for Hand {
    fn now(&self) -> Timestamp {
        *self.0.lock().unwrap()
    }
}

/// A connector that reads what a test prepared for these bytes.
#[derive(Default)]
struct Script(Mutex<HashMap<Vec<u8>, Inbound>>);

impl Connector for Script {
    fn about(&self) -> About {
        let capabilities = Capabilities {
            poll: true,
            send: true,
            html: true,
            attachments: true,
            identities: vec![IdentityKind::Email],
            ..Capabilities::none()
        };
        About { id: "script", name: "Script", capabilities, settings_schema: serde_json::json!({}) }
    }

    fn open(&self, _: Settings, _: Tools) -> civicdesk_contract::Result<Arc<dyn Opened>> {
        Err(Error::unsupported("open"))
    }

    fn read(&self, item: &RawItem) -> civicdesk_contract::Result<Inbound> {
        assert_ne!(item.raw, b"panic", "as a parser might");
        let known = self.0.lock().unwrap().get(&item.raw).cloned();
        known.ok_or_else(|| Error::malformed("read", "these bytes are no message"))
    }

    fn outline(&self, item: &RawItem) -> Option<Inbound> {
        let sender = str::from_utf8(&item.raw).ok()?.strip_prefix("too large, from ")?.split(' ').next()?;
        Some(Inbound {
            subject: Some("The map".into()),
            message_id: Some("large@a".into()),
            ..mail(sender, "").inbound
        })
    }
}

pub struct House {
    pub place: Place,
    pub deps: Deps,
    pub clock: Arc<Hand>,
    script: Arc<Script>,
    numbers: AtomicU64,
}

/// What the test's connector declares.
pub fn kinds() -> Kinds {
    let script = Script::default();
    Arc::new(move |id| (id == "script").then(|| script.about().capabilities))
}

/// A mail on its way in.
#[derive(Clone, Default)]
pub struct Mail {
    pub inbound: Inbound,
    pub envelope: Envelope,
    pub place: Option<Lain>,
    /// Its bytes; made up where empty.
    pub raw: Vec<u8>,
}

pub fn party(address: &str) -> Party {
    Party { kind: IdentityKind::Email, address: address.to_owned(), name: None }
}

pub fn mail(from: &str, subject: &str) -> Mail {
    let mut mail = Mail::default();
    mail.inbound.from = Some(party(from));
    mail.inbound.subject = Some(subject.to_owned());
    mail.inbound.text = format!("About: {subject}");
    mail.inbound.fresh_text = mail.inbound.text.clone();
    mail
}

impl Mail {
    pub fn id(mut self, id: &str) -> Self {
        self.inbound.message_id = Some(id.to_owned());
        self
    }

    pub fn answers(mut self, chain: &[&str]) -> Self {
        self.inbound.thread.in_reply_to = chain.iter().take(1).map(|id| (*id).to_owned()).collect();
        self.inbound.thread.references = chain.iter().map(|id| (*id).to_owned()).collect();
        self
    }

    pub fn lying(mut self, epoch: &str) -> Self {
        self.place = Some(Lain { folder: "INBOX".to_owned(), epoch: epoch.to_owned() });
        self
    }

    pub fn delivered_to(mut self, address: &str) -> Self {
        self.envelope.to.push(address.to_owned());
        self
    }
}

impl House {
    pub async fn new(place: Place) -> Self {
        let clock = Arc::new(Hand(Mutex::new("2026-03-02T09:00:00Z".parse().unwrap())));
        let script = Arc::new(Script::default());
        let ids = Ids::new(clock.clone());
        let connector: Arc<dyn Connector> = script.clone();
        let deps = Deps::new(
            place.store.clone(),
            Blobs::local(&place.dir.path().join("blobs")).unwrap(),
            (clock.clone(), ids.clone()),
            Workers::new(Handle::current(), 2),
            Arc::new(move |id| (id == "script").then(|| connector.clone())),
            (ReplyKey::new([9; 32]), Seal::new(&MasterKey::new([9; 32]), ids)),
        );
        let house = Self { place, deps, clock, script, numbers: AtomicU64::new(0) };
        for n in 0..house.place.tenants.len() {
            let row = house.channel_row(n);
            house.write(n, move |tx| channels::insert(tx, &row)).await;
        }
        house
    }

    fn channel_row(&self, tenant: usize) -> Channel {
        let at = self.act().now;
        Channel {
            tenant_id: Uid(self.tenant(tenant)),
            id: self.channel(tenant),
            connector: "script".to_owned(),
            name: "Mail".to_owned(),
            address: Some(self.address(tenant)),
            state: "active".to_owned(),
            sealed: Vec::new(),
            cursor: None,
            health: "unknown".to_owned(),
            health_kind: None,
            health_detail: None,
            health_since: None,
            checked_at: None,
            case_policy: "thread".to_owned(),
            fallback_channel_id: None,
            slow_since: None,
            probed_at: None,
            version: 1,
            created_at: at,
            updated_at: at,
        }
    }

    pub fn tenant(&self, tenant: usize) -> Uuid {
        self.place.tenants[tenant]
    }

    pub fn channel(&self, tenant: usize) -> Uid {
        Uid(Uuid::from_u128(self.tenant(tenant).as_u128() + 1000))
    }

    pub fn address(&self, tenant: usize) -> String {
        format!("help@city{tenant}.example")
    }

    pub fn act(&self) -> Acting {
        let clock: Arc<dyn Clock> = self.clock.clone();
        Acting::new(Actor::System, &clock, &self.deps.ids)
    }

    /// Makes the connector able to read these bytes from now on.
    pub fn prepare(&self, mail: Mail) {
        self.script.0.lock().unwrap().insert(mail.raw, mail.inbound);
    }

    /// Takes a mail in, without filing it.
    pub async fn arrive(&self, tenant: usize, mail: Mail) {
        self.clock.forward(SignedDuration::from_millis(1));
        let number = self.numbers.fetch_add(1, Ordering::SeqCst);
        let raw = if mail.raw.is_empty() { format!("mail {number}").into_bytes() } else { mail.raw };
        if mail.inbound != Inbound::default() {
            self.script.0.lock().unwrap().insert(raw.clone(), mail.inbound);
        }
        let id = ExternalId(format!("{:?} {number}", mail.place));
        let item = RawItem { id, place: mail.place, envelope: mail.envelope, raw };
        self.deliver(tenant, item).await;
    }

    pub async fn deliver(&self, tenant: usize, item: RawItem) {
        accept::take_in(&self.deps, self.tenant(tenant), self.channel(tenant).0, vec![item], None).await.unwrap();
    }

    /// From now on these bytes are this message.
    pub fn can_read(&self, raw: &[u8], mail: Mail) {
        self.script.0.lock().unwrap().insert(raw.to_vec(), mail.inbound);
    }

    /// Files everything that waits.
    pub async fn work(&self, tenant: usize) -> Worked {
        intake::work(&self.deps, self.tenant(tenant), 100).await.unwrap()
    }

    /// Takes a mail in and files it; a minute passes. Answers the message that it became, if it became one.
    pub async fn file(&self, tenant: usize, mail: Mail) -> Option<Message> {
        self.arrive(tenant, mail).await;
        self.work(tenant).await;
        self.clock.forward(SignedDuration::from_mins(1));
        let item = self.items(tenant).await.into_iter().next().unwrap();
        let message = item.message_id.filter(|_| item.state == "filed")?;
        Some(self.read(tenant, move |tx| messages::get(tx, message)).await)
    }

    pub async fn read<T: Send + 'static>(
        &self,
        tenant: usize,
        f: impl FnOnce(&mut Tx) -> Result<T> + Send + 'static,
    ) -> T {
        self.deps.store.tenant(self.tenant(tenant)).read(f).await.unwrap()
    }

    pub async fn write<T: Send + 'static>(
        &self,
        tenant: usize,
        f: impl Fn(&mut Tx) -> Result<T> + Send + 'static,
    ) -> T {
        self.deps.store.tenant(self.tenant(tenant)).write(f).await.unwrap()
    }

    /// All cases, the oldest first.
    pub async fn cases(&self, tenant: usize) -> Vec<Case> {
        let sort = Sort { by_created: true, descending: false };
        self.read(tenant, move |tx| cases::list(tx, &Filter::default(), sort, None, 1000)).await
    }

    pub async fn messages(&self, tenant: usize, case: Uid) -> Vec<Message> {
        self.read(tenant, move |tx| messages::of_case(tx, case, None, 1000)).await
    }

    /// The letters that CivicDesk wrote by itself about a case.
    pub async fn letters(&self, tenant: usize, case: Uid) -> Vec<Message> {
        self.messages(tenant, case).await.into_iter().filter(|m| m.letter.is_some()).collect()
    }

    /// The ledger, newest first.
    pub async fn items(&self, tenant: usize) -> Vec<Item> {
        self.read(tenant, |tx| inbound::list(tx, None, None, None, 1000)).await
    }

    pub async fn suggestions(&self, tenant: usize, message: Uid) -> Vec<Suggestion> {
        self.read(tenant, move |tx| suggestions::of_messages(tx, &[message])).await
    }

    pub async fn events(&self, tenant: usize, case: Option<Uid>) -> Vec<Event> {
        let filter = events::Filter { case_id: case, ..events::Filter::default() };
        self.read(tenant, move |tx| events::list(tx, &filter, 1000)).await
    }

    /// The ledger's states, oldest first.
    pub async fn states(&self, tenant: usize) -> Vec<String> {
        self.items(tenant).await.into_iter().rev().map(|item| item.state).collect()
    }
}

/// Another moment's column value.
pub fn at(text: &str) -> Time {
    Time::new(text.parse().unwrap())
}

/// A note that JSON columns are compared as JSON.
pub fn json(column: &Json) -> &serde_json::Value {
    &column.0
}
