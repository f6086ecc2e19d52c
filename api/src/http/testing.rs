//! The service over a fresh database of either kind, with a clock that tests move and ready-made people and keys.

use std::sync::{Arc, Mutex};

use actix_web::{
    body::{BoxBody, to_bytes},
    dev::ServiceResponse,
    http::{Method, StatusCode, header::HeaderMap},
    test::{TestRequest, call_service, init_service},
};
use civicdesk_contract::{
    Capabilities, Clock, IdentityKind, Secret, TextUnit,
    memory::{self, MemoryNetwork},
};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use uuid::Uuid;

use super::Front;
#[cfg(feature = "postgres")]
use crate::store::tests::support::pg::Database;
use crate::{
    app::{App, Setup},
    auth::{Role, keys, seal::MasterKey, staff},
    blobs::Blobs,
    cases::{intake, scan::Scanning},
    channels::{
        builtin::{chat, desk, lmtp},
        net,
        registry::Registry,
    },
    ids::{self, Ids},
    settings::Limits,
    store::{self, Store, Url},
    tenants::{self, NewTenant},
};

/// A clock that stands still until it is moved.
#[derive(Debug)]
pub struct Still(Mutex<Timestamp>);

impl Clock for Still {
    fn now(&self) -> Timestamp {
        *self.0.lock().unwrap()
    }
}

/// The program, its service, and where its data lie.
pub struct TestApp {
    pub app: Arc<App>,
    pub clock: Arc<Still>,
    /// Where the connectors `memory` and `lmtp` lead.
    pub network: Arc<MemoryNetwork>,
    pub front: Front,
    #[cfg(feature = "postgres")]
    _database: Option<Database>,
    _dir: tempfile::TempDir,
}

/// Runs one promise over SQLite and over PostgreSQL.
macro_rules! over_both {
    ($name:ident, |$desk:ident| $body:expr) => {
        mod $name {
            use super::*;

            async fn promise($desk: TestApp) {
                $body
            }

            #[actix_web::test]
            async fn over_sqlite() {
                promise(TestApp::start().await).await;
            }

            #[cfg(feature = "postgres")]
            #[actix_web::test]
            #[ignore = "needs PostgreSQL: run by tests/run"]
            async fn over_postgres() {
                promise(TestApp::on_postgres().await).await;
            }
        }
    };
}
pub(crate) use over_both;

/// One agency with an owner.
pub struct Agency {
    pub id: Uuid,
    pub slug: String,
    pub owner_email: String,
    pub owner_password: Secret,
    /// An API key with every right.
    pub key: String,
}

/// An answer, read whole.
#[derive(Debug)]
pub struct Answered {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: Value,
}

impl Answered {
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |v| v.to_str().unwrap())
    }

    /// Everything that a caller can compare, without what differs in every answer.
    pub fn comparable(&self) -> String {
        let mut body = self.body.clone();
        if let Some(object) = body.as_object_mut() {
            object.remove("request_id");
        }
        let mut headers: Vec<String> = self.headers.iter().map(|(n, v)| format!("{n}: {v:?}")).collect();
        headers.retain(|h| !h.starts_with("x-request-id") && !h.starts_with("ratelimit:"));
        headers.sort();
        format!("{} {headers:?} {body}", self.status)
    }
}

impl TestApp {
    pub async fn start() -> Self {
        Self::allowing(10_000).await
    }

    /// With so many requests a minute for a credential.
    pub async fn allowing(requests_per_minute: u32) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let url = Url::Sqlite(dir.path().to_owned());
        Self::over(&url, dir, requests_per_minute).await
    }

    /// Over PostgreSQL, in a database that goes away with the test.
    #[cfg(feature = "postgres")]
    pub async fn on_postgres() -> Self {
        let database = Database::new();
        let url = Url::Postgres(database.url("APP"));
        Self { _database: Some(database), ..Self::over(&url, tempfile::tempdir().unwrap(), 10_000).await }
    }

    async fn over(url: &Url, dir: tempfile::TempDir, requests_per_minute: u32) -> Self {
        let clock = Arc::new(Still(Mutex::new("2026-11-22T09:00:00Z".parse().unwrap())));
        let store = Store::open(url, 2, tokio::runtime::Handle::current()).unwrap();
        Self::with(store, clock, dir, requests_per_minute, Scanning::Off).await
    }

    /// Another process on the same data.
    pub async fn beside(desk: &Self) -> Self {
        let dir = tempfile::tempdir().unwrap();
        Self::with(desk.app.store.clone(), desk.clock.clone(), dir, 10_000, Scanning::Off).await
    }

    /// Another process, with connections of its own to the same PostgreSQL.
    #[cfg(feature = "postgres")]
    pub async fn apart(desk: &Self) -> Self {
        let url = Url::Postgres(desk._database.as_ref().unwrap().url("APP"));
        let store = Store::open(&url, 2, tokio::runtime::Handle::current()).unwrap();
        Self::with(store, desk.clock.clone(), tempfile::tempdir().unwrap(), 10_000, Scanning::Off).await
    }

    /// Another process on the same data, whose files are scanned.
    pub async fn beside_scanning(desk: &Self, scanning: Scanning) -> Self {
        let dir = tempfile::tempdir().unwrap();
        Self::with(desk.app.store.clone(), desk.clock.clone(), dir, 10_000, scanning).await
    }

    async fn with(
        store: Store,
        clock: Arc<Still>,
        dir: tempfile::TempDir,
        requests_per_minute: u32,
        scanning: Scanning,
    ) -> Self {
        let network = MemoryNetwork::new();
        let connector = memory::connector(network.clone());
        let phones = Capabilities {
            identities: vec![IdentityKind::Phone],
            html: false,
            max_text: Some(1600),
            text_unit: TextUnit::Utf16,
            ..memory::capabilities()
        };
        let texts = memory::billing_connector("texts", phones, network.clone());
        let spoken =
            Capabilities { hooks: true, spoken: true, identities: vec![IdentityKind::Phone], ..Capabilities::none() };
        let telephone = memory::connector_with("telephone", spoken, network.clone());
        let setup = Setup {
            store,
            clock: clock.clone(),
            ids: Ids::new(clock.clone()),
            blobs: Blobs::local(&dir.path().join("blobs")).unwrap(),
            master: MasterKey::new([3; 32]),
            registry: Registry::new(
                [connector.clone(), lmtp::connector(connector), texts, telephone]
                    .into_iter()
                    .chain(desk::connectors())
                    .chain([chat::connector()])
                    .collect(),
            ),
            tools: net::tools(clock.clone(), &net::Reach::new(|address| address.is_loopback())).unwrap(),
            public_url: "https://desk.example".into(),
            trusted_proxies: Vec::new(),
            bounds: Limits { mail_bytes: 1 << 20, body_bytes: 1 << 20, attachment_bytes: 1 << 20, requests_per_minute },
            scanning,
            hashing: 1,
            parsing: 1,
        };
        let app = Arc::new(App::start(setup, tokio::runtime::Handle::current()).await.unwrap());
        Self {
            front: Front::new(app.clone()),
            app,
            clock,
            network,
            #[cfg(feature = "postgres")]
            _database: None,
            _dir: dir,
        }
    }

    /// Moves the clock on.
    pub fn pass(&self, seconds: i64) {
        let mut now = self.clock.0.lock().unwrap();
        *now += SignedDuration::from_secs(seconds);
    }

    /// Puts the clock to a moment.
    pub fn set(&self, at: &str) {
        *self.clock.0.lock().unwrap() = at.parse().unwrap();
    }

    /// What files the mail that comes in.
    pub fn intake(&self) -> intake::Deps {
        self.app.intake.clone()
    }

    pub async fn agency(&self, slug: &str) -> Agency {
        let entry = tenants::create(&self.app, NewTenant::new(slug, format!("The {slug} office"))).await.unwrap();
        let owner_email = format!("owner@{slug}.example");
        let owner = self.staff(entry.id.0, &owner_email, Role::Owner).await;
        let key = self.key(entry.id.0, &["owner"]).await;
        Agency { id: entry.id.0, slug: slug.into(), owner_email, owner_password: owner, key }
    }

    /// A member of staff; the answer is the password.
    pub async fn staff(&self, tenant: Uuid, email: &str, role: Role) -> Secret {
        let new = staff::NewStaff { email: email.into(), name: "Ana".into(), role, password: None, invited: false };
        staff::create(&self.app, tenant, new).await.unwrap().1.unwrap()
    }

    pub async fn key(&self, tenant: Uuid, scopes: &[&str]) -> String {
        let scopes = scopes.iter().map(|s| (*s).to_owned()).collect();
        let new = keys::NewKey { name: "test".into(), scopes, mode: keys::Mode::Live, expires_at: None };
        keys::create(&self.app, tenant, new).await.unwrap().1.expose().to_owned()
    }

    /// Ends every operator's key.
    pub async fn revoke_operators(&self) {
        let now = self.app.time();
        let revoke = self.app.store.control_write(move |c| {
            let all = store::keys::operators(c)?;
            all.iter().try_for_each(|key| store::keys::revoke_operator(c, key.id.0, now))
        });
        revoke.await.unwrap();
    }

    pub async fn operator(&self) -> String {
        keys::create_operator(&self.app, "test").await.unwrap().1.expose().to_owned()
    }

    /// Sends any request.
    pub async fn send(&self, request: TestRequest) -> Answered {
        let service = init_service(self.front.build()).await;
        let response: ServiceResponse<BoxBody> = call_service(&service, request.to_request()).await;
        let (_, response) = response.into_parts();
        let (status, headers) = (response.status(), response.headers().clone());
        if headers.get("content-type").is_some_and(|kind| kind == "text/event-stream") {
            // It does not end.
            return Answered { status, headers, body: Value::Null };
        }
        let bytes = to_bytes(response.into_body()).await.unwrap();
        let text = || Value::String(String::from_utf8_lossy(&bytes).into_owned());
        let body =
            if bytes.is_empty() { Value::Null } else { serde_json::from_slice(&bytes).unwrap_or_else(|_| text()) };
        Answered { status, headers, body }
    }

    pub async fn get(&self, path: &str, credential: &str) -> Answered {
        self.send(request(Method::GET, path, credential)).await
    }

    pub async fn post(&self, path: &str, credential: &str, body: Value) -> Answered {
        self.send(request(Method::POST, path, credential).set_json(body)).await
    }

    pub async fn patch(&self, path: &str, credential: &str, body: Value) -> Answered {
        self.send(request(Method::PATCH, path, credential).set_json(body)).await
    }

    pub async fn put(&self, path: &str, credential: &str, body: Value) -> Answered {
        self.send(request(Method::PUT, path, credential).set_json(body)).await
    }

    pub async fn delete(&self, path: &str, credential: &str) -> Answered {
        self.send(request(Method::DELETE, path, credential)).await
    }

    /// A channel for texts on a mailbox of this name; the answer is its id.
    pub async fn texts(&self, agency: &Agency, name: &str) -> String {
        self.network.mailbox(name, "open sesame");
        let settings = json!({ "network": name, "secret": "open sesame" });
        let new = json!({ "connector": "texts", "name": name, "address": "+15550100000", "settings": settings });
        let made = self.post("/v1/channels", &agency.key, new).await;
        assert_eq!(made.status, 201, "{:?}", made.body);
        made.body["id"].as_str().unwrap().to_owned()
    }

    /// Signs the owner in, and answers what the sign-in answered.
    pub async fn sign_in(&self, agency: &Agency) -> Value {
        let body =
            json!({ "tenant": agency.slug, "email": agency.owner_email, "password": agency.owner_password.expose() });
        let answer = self.post("/v1/auth/login", "", body).await;
        assert_eq!(answer.status, 200, "{:?}", answer.body);
        answer.body
    }
}

/// A request with a bearer credential; an empty one leaves the header out.
pub fn request(method: Method, path: &str, credential: &str) -> TestRequest {
    let request = TestRequest::with_uri(path).method(method);
    if credential.is_empty() {
        request
    } else {
        request.insert_header(("Authorization", format!("Bearer {credential}")))
    }
}

/// An id that names nothing.
pub fn nothing(prefix: ids::Prefix) -> String {
    prefix.show(Uuid::from_u128(0x0197_0000_0000_7000_8000_0000_0000_0001))
}
