//! The bridge: the contract over the worked example in Python, and signatures to the byte.
#![expect(clippy::unwrap_used, reason = "helpers of tests")]

use std::{
    net::{Ipv4Addr, TcpListener, TcpStream},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use async_trait::async_trait;
use base64::{Engine, prelude::BASE64_STANDARD};
use civicdesk_bridge::{BridgeSettings, connector};
use civicdesk_contract::{
    Channel, Clock, Connector, HookCall, InboundAttachment, Kind, OutboundAttachment, Sent, Settings, Tools,
    testkit::{self, Delivered, Fixture, Planted, Signature, tools},
};
use jiff::Timestamp;
use proptest::prelude::*;
use serde_json::{Value, json};

const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
const HOOK: &str = "https://desk.riverton.example/hooks/hk_1";

struct Python {
    folder: tempfile::TempDir,
    port: u16,
    running: Mutex<Option<Child>>,
    planted: Mutex<u32>,
}

impl Python {
    fn start() -> Self {
        let free = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let port = free.local_addr().unwrap().port();
        drop(free);
        let folder = tempfile::tempdir().unwrap();
        for inner in ["in", "out"] {
            std::fs::create_dir(folder.path().join(inner)).unwrap();
        }
        let python = Self { folder, port, running: Mutex::default(), planted: Mutex::default() };
        python.up();
        python
    }

    fn command(&self, script: &str, arguments: &[&str]) -> Command {
        let mut command = Command::new("python3");
        command.arg("-B").arg(Path::new(env!("CARGO_MANIFEST_DIR")).join(script)).args(arguments);
        command.env("BRIDGE_SECRET", SECRET).env("BRIDGE_FOLDER", self.folder.path());
        command
    }

    fn up(&self) {
        let child = self.command("tests/faulty.py", &["serve", &self.port.to_string()]).spawn().unwrap();
        *self.running.lock().unwrap() = Some(child);
        let began = Instant::now();
        while TcpStream::connect((Ipv4Addr::LOCALHOST, self.port)).is_err() {
            assert!(began.elapsed() < Duration::from_secs(20), "the bridge does not listen");
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    fn down(&self) {
        if let Some(mut child) = self.running.lock().unwrap().take() {
            child.kill().unwrap();
            child.wait().unwrap();
        }
    }

    /// The call that the example makes, as it prints it.
    fn call(&self, arguments: &[&str], input: &Value) -> HookCall {
        let mut command = self.command("example/bridge.py", arguments);
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        serde_json::to_writer(child.stdin.take().unwrap(), input).unwrap();
        let output = child.wait_with_output().unwrap();
        let told: Value = serde_json::from_slice(&output.stdout).unwrap();
        let headers = told["headers"].as_object().unwrap().iter();
        HookCall {
            method: "POST".to_owned(),
            public_url: HOOK.to_owned(),
            query: String::new(),
            headers: headers.map(|(name, value)| (name.clone(), value.as_str().unwrap().to_owned())).collect(),
            body: told["body"].as_str().unwrap().as_bytes().to_vec(),
        }
    }

    fn files(&self) -> Vec<PathBuf> {
        let entries = std::fs::read_dir(self.folder.path().join("out")).unwrap();
        entries
            .map(|entry| entry.unwrap().path())
            .filter(|path| path.extension().is_some_and(|e| e == "json"))
            .collect()
    }
}

impl Drop for Python {
    fn drop(&mut self) {
        self.down();
    }
}

fn message(planted: &Planted) -> Value {
    let file = |file: &InboundAttachment| json!({ "name": file.name, "content_type": file.content_type, "base64": BASE64_STANDARD.encode(&file.bytes) });
    json!({
        "id": planted.id, "from": planted.from, "subject": planted.subject, "text": planted.text,
        "in_reply_to": planted.answers.iter().collect::<Vec<_>>(),
        "attachments": planted.attachments.iter().map(file).collect::<Vec<_>>(),
    })
}

fn settings(url: &str) -> Value {
    json!({
        "network": "folder", "url": url, "secret": SECRET, "every_seconds": 1,
        "can": ["poll", "push", "send", "attachments", "receipts"],
    })
}

#[async_trait]
impl Fixture for Python {
    fn connector(&self) -> Arc<dyn Connector> {
        connector()
    }

    fn settings(&self) -> Value {
        settings(&format!("http://127.0.0.1:{}", self.port))
    }

    fn bad_settings(&self) -> Vec<Value> {
        let with = |field: &str, value: Value| {
            let mut settings = self.settings();
            settings[field] = value;
            settings
        };
        vec![
            json!({}),
            with("network", json!("Pager 2")),
            with("secret", json!("whsec_c2hvcnQ=")),
            with("secret", json!("")),
            with("can", json!(["fly"])),
            with("every_seconds", json!(0)),
        ]
    }

    fn wrong_credentials(&self) -> Option<Value> {
        let mut settings = self.settings();
        settings["secret"] = "whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA".into();
        Some(settings)
    }

    fn secrets(&self) -> Vec<String> {
        vec![SECRET.to_owned()]
    }

    fn settings_debug(&self) -> String {
        format!("{:?}", serde_json::from_value::<BridgeSettings>(self.settings()))
    }

    fn has_subjects(&self) -> bool {
        true
    }

    fn answered(&self) -> String {
        "bridge:folder:planted-0".to_owned()
    }

    async fn plant(&self, planted: &Planted) {
        let mut number = self.planted.lock().unwrap();
        *number += 1;
        let path = self.folder.path().join("in").join(format!("{number:06}.json"));
        let draft = path.with_extension("draft");
        std::fs::write(&draft, message(planted).to_string()).unwrap();
        std::fs::rename(draft, path).unwrap();
    }

    async fn sent(&self) -> Vec<Delivered> {
        let read = |path: PathBuf| serde_json::from_slice::<Value>(&std::fs::read(path).unwrap()).unwrap();
        let mut all: Vec<Value> = self.files().into_iter().map(read).collect();
        all.sort_by_key(|answer| answer["taken_at"].as_u64());
        all.iter().map(delivered).collect()
    }

    async fn lose_next_reply(&self) {
        std::fs::write(self.folder.path().join("lose"), "").unwrap();
    }

    async fn go_down(&self) {
        self.down();
    }

    async fn come_up(&self) {
        self.up();
    }

    async fn hook(&self, planted: &Planted) -> HookCall {
        self.call(&["push"], &message(planted))
    }

    fn signature(&self) -> Signature {
        Signature { header: "webhook-signature", covers_body: true }
    }

    /// Another id, an old time, and a header that is there twice.
    fn forgeries(&self, call: &HookCall) -> Vec<HookCall> {
        let with = |name: &str, value: &str| {
            let mut forged = call.clone();
            forged.headers.retain(|(header, _)| header != name);
            forged.headers.push((name.to_owned(), value.to_owned()));
            forged
        };
        let mut twice = call.clone();
        twice.headers.push(("webhook-id".to_owned(), call.header("webhook-id").unwrap().to_owned()));
        vec![with("webhook-id", "msg_other"), with("webhook-timestamp", "1614265330"), twice]
    }

    async fn receipt(&self, sent: &Sent) -> HookCall {
        self.call(&["receipt", sent.id.0.rsplit(':').next().unwrap(), "delivered"], &Value::Null)
    }
}

fn delivered(answer: &Value) -> Delivered {
    let file = |file: &Value| OutboundAttachment {
        name: file["name"].as_str().unwrap().to_owned(),
        content_type: file["content_type"].as_str().unwrap().to_owned(),
        bytes: BASE64_STANDARD.decode(file["base64"].as_str().unwrap()).unwrap(),
    };
    let to = answer["to"].as_array().unwrap().iter().map(|party| party["address"].as_str().unwrap().to_owned());
    Delivered {
        to: to.collect(),
        subject: answer["subject"].as_str().map(str::to_owned),
        text: answer["text"].as_str().unwrap().to_owned(),
        html: None,
        attachments: answer["attachments"].as_array().unwrap().iter().map(file).collect(),
        answers: answer["in_reply_to"].as_str().map(|own| format!("bridge:folder:{own}")),
    }
}

#[tokio::test]
#[ignore = "needs python3: run by tests/run"]
async fn a_bridge_in_another_language_keeps_the_contract() {
    testkit::run(&Python::start()).await;
}

#[tokio::test]
#[ignore = "needs python3: run by tests/run"]
async fn a_bridge_that_can_do_less_than_the_settings_say_is_named() {
    let python = Python::start();
    let mut less = python.settings();
    less["can"] = json!(["send"]);
    let channel = connector().open(Settings(less), tools()).unwrap();
    assert_eq!(channel.check().await.unwrap_err().kind, Kind::Settings);
    assert!(channel.poll(None, 10).await.unwrap().items.is_empty(), "what it cannot do is not asked for");
}

#[derive(Debug)]
struct Stopped(i64);

impl Clock for Stopped {
    fn now(&self) -> Timestamp {
        Timestamp::from_second(self.0).unwrap()
    }
}

fn at(seconds: i64, secret: &str) -> Arc<dyn Channel> {
    let mut settings = settings("https://bridge.riverton.example");
    settings["secret"] = secret.into();
    let tools = Tools { clock: Arc::new(Stopped(seconds)), ..tools() };
    connector().open(Settings(settings), tools).unwrap()
}

fn vector(id: Option<&str>, seconds: Option<&str>, signature: Option<&str>) -> HookCall {
    let headers = [("webhook-id", id), ("webhook-timestamp", seconds), ("webhook-signature", signature)];
    let given = headers.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?.to_owned())));
    HookCall {
        method: "POST".to_owned(),
        headers: given.collect(),
        body: br#"{"test": 2432232314}"#.to_vec(),
        ..HookCall::default()
    }
}

const ID: Option<&str> = Some("msg_p5jXN8AQM9LWM0D4loKWxJek");
const TIME: Option<&str> = Some("1614265330");
const RIGHT: &str = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=";
const NOW: i64 = 1_614_265_330;

#[tokio::test]
async fn the_published_signatures_of_standard_webhooks_are_judged_as_they_say() {
    let wrong = "v1,Ceo5qEr07ixe2NLpvHk3FH9bwy/WavXrAFQ/9tdO6mc=";
    let many = format!("{wrong} {} {RIGHT} {wrong}", wrong.replace("v1", "v2"));
    for (call, secret, now, believed) in [
        (vector(ID, TIME, Some(RIGHT)), SECRET, NOW, true),
        (vector(ID, TIME, Some(&many)), SECRET, NOW, true),
        (vector(ID, TIME, Some("v1,")), SECRET, NOW, false),
        (vector(ID, None, Some(RIGHT)), SECRET, NOW, false),
        (vector(ID, TIME, None), SECRET, NOW, false),
        (vector(ID, TIME, Some(RIGHT)), SECRET, NOW - 301, false),
        (vector(ID, TIME, Some(RIGHT)), SECRET, NOW - 300, true),
        (vector(ID, TIME, Some(RIGHT)), SECRET, NOW + 301, false),
        (vector(ID, TIME, Some(&RIGHT.replace("v1", "v1a"))), SECRET, NOW, false),
        (
            vector(ID, TIME, Some("v1,yK2tMbA6BHPrMEJ1lLv7UlJJbgFoqGenJkiajZ29evg=")),
            "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSwBr",
            NOW,
            true,
        ),
    ] {
        let received = at(now, secret).receive(&call).await;
        let forged = received.err().is_some_and(|error| error.kind == Kind::Forged);
        assert_eq!(!forged, believed, "{call:?} at {now}");
    }
}

proptest! {
    #[test]
    fn one_flipped_byte_of_a_call_is_refused(place in any::<prop::sample::Index>(), bit in 0..8_u8, which in 0..4_usize) {
        static CHANNEL: std::sync::OnceLock<Arc<dyn Channel>> = std::sync::OnceLock::new();
        let channel = CHANNEL.get_or_init(|| at(NOW, SECRET));
        let mut call = vector(ID, TIME, Some(RIGHT));
        let mut bytes = if which == 3 { call.body.clone() } else { call.headers[which].1.clone().into_bytes() };
        let place = place.index(bytes.len());
        bytes[place] ^= 1 << bit;
        match which {
            3 => call.body = bytes,
            _ => call.headers[which].1 = String::from_utf8_lossy(&bytes).into_owned(),
        }
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let refused = runtime.block_on(channel.receive(&call)).err().map(|error| error.kind);
        prop_assert_eq!(refused, Some(Kind::Forged));
    }
}
