//! An agency on a running program, with everything real around it: a mailbox on Dovecot, mail pushed by LMTP, answers that
//! go out through Postfix into the mailboxes of its citizens.

use std::{
    fs::OpenOptions,
    io::Write,
    net::TcpListener,
    path::Path,
    process::{self, Command},
    sync::atomic::{AtomicU32, Ordering},
};

use serde_json::{Value, json};

use crate::harness::{Client, Engine, Mail, Mailbox, Options, Program, Tenant, imap_settings, server};

/// One agency and its surroundings.
pub struct Town {
    pub program: Program,
    pub tenant: Tenant,
    pub pushed: Channel,
    pub fetched: Channel,
    /// Where the program takes mail by LMTP, over restarts.
    pub lmtp: String,
    home: String,
}

/// One of our addresses, and the channel behind it.
pub struct Channel {
    pub id: String,
    pub address: String,
}

impl Town {
    /// Needs the real servers.
    pub fn start(engine: Engine) -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(1);
        let name = format!("{}-{}", process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
        let lmtp = free_port();
        let options = Options::default()
            .set("mail", "lmtp", lmtp.clone())
            .set("network", "allow_private", json!(["127.0.0.0/8", "::1/128"]))
            .set("limits", "requests_per_minute", 1_000_000);
        let program = Program::start_with(engine, options);
        let tenant = program.tenant("riverton");
        let smtp = json!({ "host": server("MTA_HOST"), "port": number("MTA_SMTP_PORT"), "security": "starttls" });
        let fetched = format!("help@riverton-{name}.test");
        let imap = imap_settings(&fetched);
        let ca = server("DOVECOT_CA");
        let fetched = channel(&tenant, "email", fetched, json!({ "imap": imap, "smtp": smtp, "ca_file": ca }));
        let pushed =
            channel(&tenant, "lmtp", format!("forms@pushed-{name}.test"), json!({ "smtp": smtp, "ca_file": ca }));
        Self { program, tenant, pushed, fetched, lmtp, home: format!("home-{name}.test") }
    }

    /// A caller that outlives restarts, with every right in the agency.
    pub fn client(&self) -> Client {
        self.tenant.clone()
    }

    /// The address of the citizen of this number, who has a mailbox on Dovecot.
    pub fn citizen(&self, number: usize) -> String {
        format!("citizen{number}@{}", self.home)
    }

    /// Lets the mail server push what comes for the pushed channel's domain, as an agency's own server does.
    pub fn push_by_the_mail_server(&self) {
        let config = Path::new(&server("MTA_DIR")).join("config");
        let (_, domain) = self.pushed.address.rsplit_once('@').expect("an address");
        let mut transport =
            OpenOptions::new().append(true).open(config.join("transport")).expect("the server's routes");
        transport.write_all(format!("{domain} lmtp:inet:{}\n", self.lmtp).as_bytes()).expect("a new route");
        let reload = Command::new("postfix").arg("-c").arg(&config).arg("reload").output().expect("postfix runs");
        assert!(reload.status.success(), "postfix reload: {}", String::from_utf8_lossy(&reload.stderr));
    }

    /// A session with the mail server.
    pub fn mail_server() -> Mail {
        Mail::smtp(&format!("{}:{}", server("MTA_HOST"), server("MTA_SMTP_PORT")))
    }

    /// The mailbox that the program fetches from.
    pub fn mailbox(&self) -> Mailbox {
        Mailbox::open(&self.fetched.address)
    }
}

fn channel(tenant: &Tenant, connector: &str, address: String, settings: Value) -> Channel {
    let body = json!({ "connector": connector, "address": address, "settings": settings });
    let made = tenant.post("/v1/channels", body).expecting(201).json();
    Channel { id: made["id"].as_str().expect("an id").to_owned(), address }
}

fn number(name: &str) -> u16 {
    server(name).parse().unwrap_or_else(|_| panic!("{name} is no port"))
}

/// A port that stays the same over restarts, so that senders find the program again.
fn free_port() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    listener.local_addr().expect("an address").to_string()
}
