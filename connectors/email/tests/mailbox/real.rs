//! The real servers that tests/run starts, and a plain IMAP client to look into mailboxes with.

use std::{sync::Arc, time::Duration};

use civicdesk_contract::{Batch, Channel, Cursor, Settings, testkit::tools};
use serde_json::{Value, json};
use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader},
    net::TcpStream,
};

pub const SOON: Duration = Duration::from_secs(15);

/// Something that tests/servers/dovecot or tests/servers/mta has printed.
pub fn env(name: &str) -> String {
    let name = format!("CIVICDESK_TEST_{name}");
    std::env::var(&name).unwrap_or_else(|_| panic!("{name} is not set: this test is run by tests/run"))
}

pub fn port(name: &str) -> u16 {
    env(name).parse().unwrap()
}

/// A mailbox that no other test uses.
pub fn user(test: &str) -> String {
    format!("{test}-{}@riverton.test", std::process::id())
}

/// Settings over TLS with a password.
pub fn imap_settings(user: &str) -> Value {
    json!({
        "address": user,
        "imap": {
            "host": env("DOVECOT_HOST"), "port": port("DOVECOT_IMAPS_PORT"), "security": "tls",
            "username": user, "password": env("DOVECOT_PASSWORD"),
        },
        "ca_file": env("DOVECOT_CA"),
    })
}

pub fn open(settings: Value) -> Arc<dyn Channel> {
    civicdesk_email::connector().open(Settings(settings), tools()).unwrap()
}

/// Everything after the cursor.
pub async fn all(channel: &dyn Channel, cursor: Option<&Cursor>) -> Batch {
    let mut batch = channel.poll(cursor, 100).await.unwrap();
    while batch.more {
        let next = channel.poll(Some(&batch.cursor), 100).await.unwrap();
        batch = Batch { items: [batch.items, next.items].concat(), ..next };
    }
    batch
}

pub fn letter(text: &str) -> Vec<u8> {
    format!("From: Ann <ann@home.test>\r\nSubject: {text}\r\n\r\nDear all,\r\n{text}\r\n").into_bytes()
}

pub fn doveadm(arguments: &[&str]) -> String {
    let conf = env("DOVECOT_CONF");
    let done = std::process::Command::new("doveadm").args(["-c", &conf]).args(arguments).output().unwrap();
    assert!(done.status.success(), "doveadm {arguments:?}: {}", String::from_utf8_lossy(&done.stderr));
    String::from_utf8(done.stdout).unwrap()
}

/// A bare IMAP client: says a command, gives back all lines of the answer.
pub struct Bare(BufReader<TcpStream>);

impl Bare {
    pub async fn sign_in(user: &str) -> Self {
        let stream = TcpStream::connect((env("DOVECOT_HOST"), port("DOVECOT_IMAP_PORT"))).await.unwrap();
        let mut bare = Self(BufReader::new(stream));
        bare.line().await;
        bare.say(&format!("LOGIN {user} {}", env("DOVECOT_PASSWORD"))).await;
        bare
    }

    pub async fn line(&mut self) -> String {
        let mut line = String::new();
        assert!(self.0.read_line(&mut line).await.unwrap() > 0, "the server broke off");
        line
    }

    pub async fn write(&mut self, bytes: &[u8]) {
        self.0.get_mut().write_all(bytes).await.unwrap();
    }

    pub async fn say(&mut self, command: &str) -> String {
        self.write(format!("a {command}\r\n").as_bytes()).await;
        let mut answer = String::new();
        loop {
            let line = self.line().await;
            answer += &line;
            if line.starts_with("a ") {
                assert!(line.starts_with("a OK"), "{command}: {line}");
                return answer;
            }
        }
    }

    pub async fn append(&mut self, folder: &str, raw: &[u8]) {
        self.write(format!("a APPEND \"{folder}\" {{{}+}}\r\n", raw.len()).as_bytes()).await;
        self.write(&[raw, b"\r\n"].concat()).await;
        while !self.line().await.starts_with("a OK") {}
    }

    /// The flags of all mails of the folder, one line each.
    pub async fn flags(&mut self, folder: &str) -> Vec<String> {
        self.say(&format!("EXAMINE \"{folder}\"")).await;
        let answer = self.say("FETCH 1:* (FLAGS)").await;
        answer.lines().filter(|line| line.contains(" FETCH ")).map(str::to_owned).collect()
    }

    /// The first mail of the folder, once there is one.
    pub async fn first_mail(&mut self, folder: &str) -> Vec<u8> {
        let there = async {
            while !self.say(&format!("STATUS \"{folder}\" (MESSAGES)")).await.contains("MESSAGES 1") {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        tokio::time::timeout(SOON, there).await.unwrap();
        self.say(&format!("EXAMINE \"{folder}\"")).await;
        self.write(b"a FETCH 1 (BODY.PEEK[])\r\n").await;
        let head = self.line().await;
        let length: usize = head.split(['{', '}']).nth(1).unwrap().parse().unwrap();
        let mut raw = vec![0; length];
        self.0.read_exact(&mut raw).await.unwrap();
        while !self.line().await.starts_with("a OK") {}
        raw
    }
}
