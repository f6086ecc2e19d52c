//! What tests of background work stand on: tenants, channels on the memory network, and a clock that is moved.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use civicdesk_contract::{
    Capabilities, Clock, IdentityKind, Party, TextUnit, Visibility,
    memory::{self, Mailbox, MemoryNetwork},
};
use jiff::{SignedDuration, Timestamp};
use serde_json::json;
use tokio::runtime::Handle;
use uuid::Uuid;

use super::Deps;
use crate::{
    acting::{Acting, Actor},
    auth::{
        passwords::Passwords,
        seal::{MasterKey, Seal},
    },
    blobs::Blobs,
    cases::{intake, record, reply, tokens::ReplyKey, words},
    channels::{builtin::lmtp, net, open::Opener, registry::Registry},
    directories::open::Directories,
    fail::Fail,
    ids::Ids,
    people::contacts,
    recovery,
    store::{
        Control, Json, Store, Time, Tx, Uid, Url, channels as rows,
        events::{self, Filter},
        flags,
        messages::{self, Message},
        tenant::{self, Tenant},
        tenants,
    },
    workers::Workers,
};

#[derive(Debug)]
struct Still(Mutex<Timestamp>);

impl Clock for Still {
    fn now(&self) -> Timestamp {
        *self.0.lock().unwrap()
    }
}

/// A town's worth of tenants. A second bench on the same data is a second process, or the same one after a crash.
pub struct Bench {
    pub store: Store,
    pub network: Arc<MemoryNetwork>,
    pub deps: Deps,
    still: Arc<Still>,
    dir: tempfile::TempDir,
}

/// A memory network whose repeats nobody notices, and which has no mail addresses.
pub fn social() -> Capabilities {
    let identities = vec![IdentityKind::Handle];
    Capabilities { idempotent_send: false, identities, visibility: Visibility::Both, ..memory::capabilities() }
}

/// A memory network for a few words, counted as a phone counts them.
fn short() -> Capabilities {
    let (max_text, text_unit) = (Some(11), TextUnit::Utf16);
    Capabilities { html: false, attachments: false, max_text, text_unit, ..social() }
}

/// The brake by one flag for all.
pub fn paused(c: &mut Control, _: Uuid) -> crate::store::Result<bool> {
    Ok(flags::get(c, "outgoing")?.as_deref() == Some("paused"))
}

impl Bench {
    pub fn start() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::open(&Url::Sqlite(dir.path().to_owned()), 4, Handle::current()).unwrap();
        Self::on(store, dir)
    }

    pub fn on(store: Store, dir: tempfile::TempDir) -> Self {
        let still = Arc::new(Still(Mutex::new("2026-11-22T09:00:00Z".parse().unwrap())));
        let clock: Arc<dyn Clock> = still.clone();
        let (ids, network) = (Ids::new(clock.clone()), MemoryNetwork::new());
        let emails = vec![IdentityKind::Email];
        let mail = Capabilities { idempotent_send: false, identities: emails, ..memory::capabilities() };
        let all = memory::connector(network.clone());
        let registry = Registry::new(vec![
            all.clone(),
            memory::connector_with("mail", mail, network.clone()),
            memory::connector_with("social", social(), network.clone()),
            memory::connector_with("sink", Capabilities { send: false, ..memory::capabilities() }, network.clone()),
            memory::connector_with(
                "line",
                Capabilities { poll: false, session: true, ..memory::capabilities() },
                network.clone(),
            ),
            memory::connector_with("short", short(), network.clone()),
            memory::billing_connector("texts", social(), network.clone()),
            lmtp::connector(all),
        ]);
        let tools = net::tools(clock.clone(), &net::Reach::new(|_| false)).unwrap();
        let master = MasterKey::new([7; 32]);
        let seal = Seal::new(&master, ids.clone());
        let opener = Opener::new(registry.clone(), tools.clone(), seal.clone());
        let passwords = Passwords::new(Workers::new(Handle::current(), 1), 1, ids.clone());
        let directories = Directories::new(store.clone(), (tools, seal.clone(), ids.clone()), passwords);
        let (codes, kinds) = (recovery::codes::Key::new(&master), opener.kinds());
        let url = "https://desk.example".to_owned();
        let recovery = recovery::Desk { seal: seal.clone(), codes, public_url: url, kinds, directories };
        let intake = intake::Deps::new(
            store.clone(),
            Blobs::local(&dir.path().join("blobs")).unwrap(),
            (clock, ids),
            Workers::new(Handle::current(), 2),
            Arc::new(move |id| registry.find(id).map(|(_, connector)| connector.clone())),
            (ReplyKey::new([9; 32]), seal),
        );
        let patience = SignedDuration::from_mins(10);
        let deps = Deps { intake, opener, recovery, paused, patience, scanner: None };
        Self { store, network, deps, still, dir }
    }

    /// Puts a file where the blobs' directory was, so that nothing can be put there.
    pub fn lose_the_blobs(&self) {
        let place = self.dir.path().join("blobs");
        std::fs::remove_dir_all(&place).unwrap();
        std::fs::write(place, "").unwrap();
    }

    pub fn blobs_dir(&self) -> std::path::PathBuf {
        self.dir.path().join("blobs")
    }

    pub fn act(&self) -> Acting {
        Acting::new(Actor::System, &self.deps.intake.clock, &self.deps.intake.ids)
    }

    pub fn now(&self) -> Time {
        Time::new(self.still.now())
    }

    pub fn pass(&self, seconds: i64) {
        *self.still.0.lock().unwrap() += SignedDuration::from_secs(seconds);
    }

    pub async fn tenant(&self, slug: &str) -> Uuid {
        let (id, at, slug) = (self.deps.intake.ids.next(), self.now(), slug.to_owned());
        self.store.create_room(id).await.unwrap();
        let row = Tenant {
            tenant_id: Uid(id),
            slug: slug.clone(),
            name: slug.clone(),
            reference_prefix: "TST".into(),
            locale: "en".into(),
            time_zone: "UTC".into(),
            case_year: 0,
            case_last: 0,
            event_last: 0,
            search_version: words::VERSION,
            settings: Json(json!({})),
            version: 1,
            created_at: at,
            updated_at: at,
        };
        self.store.tenant(id).write(move |tx| tenant::insert(tx, &row)).await.unwrap();
        let status = tenants::ACTIVE.to_owned();
        let entry = tenants::Entry { id: Uid(id), slug: slug.clone(), name: slug, status, created_at: at };
        self.store.control_write(move |c| tenants::list_new(c, &entry)).await.unwrap();
        id
    }

    /// A channel of this connector on a mailbox of this name.
    pub async fn channel(&self, tenant: Uuid, connector: &str, name: &str) -> (Uid, Arc<Mailbox>) {
        let mailbox = self.network.mailbox(name, "secret");
        let (id, at) = (Uid(self.deps.intake.ids.next()), self.now());
        let settings = json!({ "network": name, "secret": "secret" });
        let row = rows::Channel {
            tenant_id: Uid(tenant),
            id,
            connector: connector.to_owned(),
            name: name.to_owned(),
            address: Some(format!("{name}@memory.invalid")),
            state: "active".into(),
            sealed: self.deps.opener.seal(tenant, id, &settings).unwrap(),
            cursor: None,
            health: "unknown".into(),
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
        };
        self.store.tenant(tenant).write(move |tx| rows::insert(tx, &row)).await.unwrap();
        (id, mailbox)
    }

    /// Queues an answer to somebody on a channel, with its job.
    pub async fn answer(&self, tenant: Uuid, channel: Uid, text: &str) -> Uid {
        self.answer_to(tenant, channel, "ann@x.example", text).await
    }

    pub async fn answer_to(&self, tenant: Uuid, channel: Uid, to: &str, text: &str) -> Uid {
        let (act, text, kinds) = (self.act(), text.to_owned(), self.deps.opener.kinds());
        let to = to.to_owned();
        let queue = move |tx: &mut Tx| {
            let kind = match rows::get(tx, channel)?.connector.as_str() {
                "social" | "texts" => IdentityKind::Handle,
                _ => IdentityKind::Email,
            };
            let ann = Party { kind, address: to.clone(), name: None };
            let contact = contacts::find_or_make(tx, &act, &ann)?;
            let opening = record::Opening { channel_id: Some(channel), ..record::Opening::new("Lamp", contact.id) };
            let case = record::open(tx, &act, opening)?;
            let reply = reply::Reply { text: text.clone(), to: vec![ann], ..reply::Reply::default() };
            Ok::<_, Fail>(reply::reply(tx, &act, &kinds, &case, reply)?.message.id)
        };
        self.store.tenant(tenant).write(queue).await.unwrap()
    }

    pub async fn message(&self, tenant: Uuid, id: Uid) -> Message {
        self.store.tenant(tenant).read(move |tx| messages::get(tx, id)).await.unwrap()
    }

    pub async fn channel_row(&self, tenant: Uuid, id: Uid) -> rows::Channel {
        self.store.tenant(tenant).read(move |tx| rows::get(tx, id)).await.unwrap()
    }

    /// The kinds of a tenant's events that begin with `message.`, oldest first, without the queueing.
    pub async fn message_events(&self, tenant: Uuid) -> Vec<String> {
        let all = self.store.tenant(tenant).read(|tx| events::list(tx, &Filter::default(), 1000)).await.unwrap();
        let kinds = all.into_iter().map(|event| event.kind);
        kinds.filter(|kind| kind.starts_with("message.") && kind != "message.queued").collect()
    }

    pub async fn until_state(&self, tenant: Uuid, id: Uid, state: &str) -> Message {
        let mut last = None;
        for _ in 0..1000 {
            let message = self.message(tenant, id).await;
            if message.state == state {
                return message;
            }
            last = Some(message);
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!("not {state} within ten seconds: {last:?}");
    }
}

/// Waits until something holds.
pub async fn until(what: &str, mut holds: impl AsyncFnMut() -> bool) {
    for _ in 0..1000 {
        if holds().await {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("not within ten seconds: {what}");
}
