//! A whole connector in one file: an imaginary network "Pigeon" with a small HTTP API, its fake, and the kit.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use civicdesk_contract::*;
use reqwest::{RequestBuilder, Response};
use schemars::{JsonSchema, schema_for};
use serde::Deserialize;
use serde_json::{Value, json};

// ---- the connector ----

pub fn connector() -> Arc<dyn Connector> {
    Arc::new(Pigeon)
}

struct Pigeon;

/// The doc comments become the form that staff fill in.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct PigeonSettings {
    /// Where the network's API is, such as `https://api.pigeon.example`.
    url: String,
    /// The token from the network's settings page.
    token: Secret,
    /// How often to look for messages.
    #[serde(default = "half_a_minute")]
    every_seconds: u32,
}

fn half_a_minute() -> u32 {
    30
}

/// One message as the network writes it.
#[derive(Deserialize)]
struct Coo {
    id: u64,
    from: String,
    text: String,
}

impl Connector for Pigeon {
    fn about(&self) -> About {
        let capabilities = Capabilities {
            poll: true,
            send: true,
            idempotent_send: true,
            max_text: Some(1000),
            identities: vec![IdentityKind::Handle],
            ..Capabilities::none()
        };
        let settings_schema = schema_for!(PigeonSettings).to_value();
        About { id: "pigeon", name: "Pigeon", capabilities, settings_schema }
    }

    fn open(&self, settings: Settings, tools: Tools) -> Result<Arc<dyn Channel>> {
        let settings: PigeonSettings = settings.read()?;
        if reqwest::Url::parse(&settings.url).is_err() {
            return Err(Error::settings("url is not an address"));
        }
        Ok(Arc::new(PigeonChannel { settings, http: tools.http }))
    }

    fn read(&self, item: &RawItem) -> Result<Inbound> {
        let coo: Coo = serde_json::from_slice(&item.raw).map_err(|_| Error::malformed("read", "not a coo"))?;
        Ok(Inbound {
            message_id: Some(coo.id.to_string()),
            from: Some(Party { kind: IdentityKind::Handle, address: coo.from, name: None }),
            fresh_text: coo.text.clone(),
            text: coo.text,
            ..Inbound::default()
        })
    }
}

struct PigeonChannel {
    settings: PigeonSettings,
    http: reqwest::Client,
}

#[async_trait]
impl Channel for PigeonChannel {
    async fn check(&self) -> Result<Identity> {
        let me: Value = json_of("check", self.call("check", self.http.get(self.at("/me"))).await?).await?;
        let address = me["name"].as_str().unwrap_or("unknown").to_owned();
        Ok(Identity { address, detail: "the token was accepted".to_owned() })
    }

    async fn receive(&self, _call: &HookCall) -> Result<Received> {
        Err(Error::unsupported("receive"))
    }

    async fn poll(&self, cursor: Option<&Cursor>, limit: usize) -> Result<Batch> {
        let after: u64 = match cursor {
            Some(Cursor(text)) => text.parse().map_err(|_| Error::malformed("poll", "a cursor of another form"))?,
            None => 0,
        };
        let asked = self.http.get(self.at(&format!("/coos?after={after}&limit={}", limit.saturating_add(1))));
        let coos: Vec<Value> = json_of("poll", self.call("poll", asked).await?).await?;
        let id_of = |coo: &Value| coo["id"].as_u64().ok_or_else(|| Error::malformed("poll", "a coo without id"));
        let (mut items, mut last) = (Vec::new(), after);
        for coo in coos.iter().take(limit) {
            last = id_of(coo)?;
            let (id, raw) = (ExternalId(last.to_string()), coo.to_string().into_bytes());
            items.push(RawItem { id, place: None, envelope: Envelope::default(), raw });
        }
        Ok(Batch { items, cursor: Cursor(last.to_string()), more: coos.len() > limit })
    }

    async fn wait(&self, _cursor: Option<&Cursor>) -> Result<()> {
        tokio::time::sleep(Duration::from_secs(self.settings.every_seconds.into())).await;
        Ok(())
    }

    async fn committed(&self, _items: &[ExternalId]) -> Result<()> {
        Ok(())
    }

    async fn send(&self, message: &Outbound) -> Result<Sent> {
        if !message.attachments.is_empty() {
            return Err(Error::unsupported("attachments"));
        }
        let to: Vec<&str> = message.to.iter().map(|party| party.address.as_str()).collect();
        let body = json!({ "to": to, "text": message.text });
        let asked = self.http.post(self.at("/coos")).header("idempotency-key", &message.key).json(&body);
        let answer = self.call("send", asked).await?;
        // The network has said yes: if its words are lost now, the message has still gone out.
        let id: Value = json_of("send", answer).await.map_err(|e| Error { retry: Retry::Unsure, ..e })?;
        Ok(Sent { id: ExternalId(id["id"].to_string()), detail: "taken".to_owned() })
    }
}

impl PigeonChannel {
    fn at(&self, path: &str) -> String {
        format!("{}{path}", self.settings.url)
    }

    /// One call, and what its failure means to the host.
    async fn call(&self, operation: &'static str, request: RequestBuilder) -> Result<Response> {
        let answer = request.bearer_auth(self.settings.token.expose()).send().await.map_err(|e| {
            let retry = if operation == "send" && !e.is_connect() { Retry::Unsure } else { Retry::Later };
            Error::new(Kind::Unreachable, retry, operation, "no answer")
        })?;
        let status = answer.status();
        let (kind, retry) = match status.as_u16() {
            200..=299 => return Ok(answer),
            401 | 403 => (Kind::Credentials, Retry::Never),
            429 => (Kind::Limited, Retry::After(Duration::from_secs(60))),
            500.. if operation == "send" => (Kind::Unreachable, Retry::Unsure),
            500.. => (Kind::Unreachable, Retry::Later),
            _ => (Kind::Refused, Retry::Never),
        };
        Err(Error::new(kind, retry, operation, format!("the network answered {status}")))
    }
}

async fn json_of<T: serde::de::DeserializeOwned>(operation: &'static str, answer: Response) -> Result<T> {
    answer.json().await.map_err(|_| Error::unreachable(operation, "the answer broke off or was not JSON"))
}

// ---- its proof ----

#[cfg(test)]
mod conformance {
    use std::sync::{
        Mutex,
        atomic::{AtomicBool, Ordering},
    };

    use civicdesk_contract::testkit::{self, Answered, Asked, Delivered, FakeHttp, Fixture, Planted};

    use super::*;

    const TOKEN: &str = "pigeon-token-4711";

    #[tokio::test]
    async fn the_pigeon_connector_keeps_the_contract() {
        let network = Arc::new(Network::default());
        let answer = Arc::clone(&network);
        let http = FakeHttp::start(move |asked| answer.answer(&asked)).await.unwrap();
        testkit::run(&PigeonFixture { network, http }).await;
    }

    /// What the fake network remembers.
    #[derive(Default)]
    struct Network {
        coos: Mutex<Vec<Value>>,
        sent: Mutex<Vec<(String, Value)>>,
        loses_reply: AtomicBool,
    }

    impl Network {
        fn answer(&self, asked: &Asked) -> Option<Answered> {
            if asked.header("authorization") != Some(&format!("Bearer {TOKEN}")) {
                return Some(Answered::json(401, &json!({})));
            }
            let answer = match (asked.method.as_str(), asked.path.as_str()) {
                ("POST", "/coos") => json!({ "id": self.take(asked)? }),
                ("GET", "/me") => json!({ "name": "riverton" }),
                (_, path) => self.coos_after(path)?,
            };
            Some(Answered::json(200, &answer))
        }

        fn take(&self, asked: &Asked) -> Option<usize> {
            let key = asked.header("idempotency-key")?.to_owned();
            let mut sent = self.sent.lock().ok()?;
            let known = sent.iter().position(|(known, _)| *known == key);
            if known.is_none() {
                sent.push((key, serde_json::from_slice(&asked.body).ok()?));
            }
            let lost = self.loses_reply.swap(false, Ordering::Relaxed);
            (!lost).then_some(known.map_or(sent.len(), |index| index + 1))
        }

        fn coos_after(&self, path: &str) -> Option<Value> {
            let (after, limit) = path.strip_prefix("/coos?after=")?.split_once("&limit=")?;
            let (after, limit): (usize, usize) = (after.parse().ok()?, limit.parse().ok()?);
            Some(self.coos.lock().ok()?.iter().skip(after).take(limit).cloned().collect())
        }
    }

    struct PigeonFixture {
        network: Arc<Network>,
        http: FakeHttp,
    }

    #[async_trait]
    impl Fixture for PigeonFixture {
        fn connector(&self) -> Arc<dyn Connector> {
            connector()
        }

        fn settings(&self) -> Value {
            json!({ "url": self.http.url(), "token": TOKEN, "every_seconds": 1 })
        }

        fn bad_settings(&self) -> Vec<Value> {
            vec![json!({ "url": self.http.url() }), json!({ "url": "nowhere", "token": TOKEN })]
        }

        fn wrong_credentials(&self) -> Option<Value> {
            Some(json!({ "url": self.http.url(), "token": "another token" }))
        }

        fn secrets(&self) -> Vec<String> {
            vec![TOKEN.to_owned()]
        }

        fn settings_debug(&self) -> String {
            format!("{:?}", serde_json::from_value::<PigeonSettings>(self.settings()))
        }

        fn has_subjects(&self) -> bool {
            false
        }

        async fn plant(&self, message: &Planted) {
            let mut coos = self.network.coos.lock().unwrap();
            let id = coos.len() + 1;
            coos.push(json!({ "id": id, "from": message.from.address, "text": message.text }));
        }

        async fn sent(&self) -> Vec<Delivered> {
            let delivered = |(_, body): &(String, Value)| Delivered {
                to: serde_json::from_value(body["to"].clone()).unwrap(),
                text: body["text"].as_str().unwrap_or_default().to_owned(),
                ..Delivered::default()
            };
            self.network.sent.lock().unwrap().iter().map(delivered).collect()
        }

        async fn lose_next_reply(&self) {
            self.network.loses_reply.store(true, Ordering::Relaxed);
        }

        async fn go_down(&self) {
            self.http.go_down().await.unwrap();
        }

        async fn come_up(&self) {
            self.http.come_up().await.unwrap();
        }
    }
}
