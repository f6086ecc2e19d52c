//! A mailbox on the real Dovecot, filled and looked into by a plain IMAP session; and where the real servers are.

use std::{
    env,
    io::{self, BufRead, BufReader, Read, Write},
    net::TcpStream,
    process::Command,
    time::{Duration, Instant},
};

use serde_json::{Value, json};

/// Something that the scripts under tests/servers have printed.
pub fn server(name: &str) -> String {
    let name = format!("CIVICDESK_TEST_{name}");
    env::var(&name).unwrap_or_else(|_| panic!("{name} is not set: tests/run and tests/campaign start the servers"))
}

/// A channel's settings for a user's mailbox there.
pub fn imap_settings(user: &str) -> Value {
    json!({
        "host": server("DOVECOT_HOST"), "port": server("DOVECOT_IMAPS_PORT").parse::<u16>().expect("a port"),
        "username": user, "password": server("DOVECOT_PASSWORD"),
    })
}

/// One user's INBOX. Every user exists.
pub struct Mailbox {
    user: String,
    session: BufReader<TcpStream>,
}

impl Mailbox {
    pub fn open(user: &str) -> Self {
        let address = format!("{}:{}", server("DOVECOT_HOST"), server("DOVECOT_IMAP_PORT"));
        let stream = TcpStream::connect(&address).unwrap_or_else(|e| panic!("no IMAP server at {address}: {e}"));
        stream.set_read_timeout(Some(Duration::from_secs(60))).expect("a read time-out");
        let mut mailbox = Self { user: user.to_owned(), session: BufReader::new(stream) };
        mailbox.line().expect("a greeting");
        mailbox.say(&format!("LOGIN {user} {}", server("DOVECOT_PASSWORD")));
        mailbox
    }

    /// Puts a mail there. The server has it safely when this returns.
    pub fn append(&mut self, raw: &[u8]) {
        let command = format!("a APPEND INBOX {{{}+}}\r\n", raw.len());
        self.session.get_mut().write_all(&[command.as_bytes(), raw, b"\r\n"].concat()).expect("a session to write to");
        self.answer("APPEND");
    }

    pub fn count(&mut self) -> usize {
        let answer = self.say("STATUS INBOX (MESSAGES)");
        let number = answer.split("MESSAGES ").nth(1).and_then(|rest| rest.split(')').next());
        number.and_then(|number| number.parse().ok()).unwrap_or_else(|| panic!("no count in {answer}"))
    }

    /// Every mail that lies there, byte for byte, the oldest first.
    pub fn mails(&mut self) -> Vec<Vec<u8>> {
        if self.count() == 0 {
            return Vec::new();
        }
        self.say("EXAMINE INBOX");
        self.session.get_mut().write_all(b"a FETCH 1:* (BODY.PEEK[])\r\n").expect("a session to write to");
        let mut mails = Vec::new();
        loop {
            let line = self.line().expect("an answer to FETCH");
            if line.starts_with("a ") {
                assert!(line.starts_with("a OK"), "FETCH: {line}");
                return mails;
            }
            let Some(length) = line.trim_end().strip_suffix('}').and_then(|l| l.rsplit('{').next()) else { continue };
            let mut raw = vec![0; length.parse().unwrap_or_else(|_| panic!("no length in {line}"))];
            self.session.read_exact(&mut raw).expect("a whole mail");
            mails.push(raw);
        }
    }

    /// Begins to wait for news of the open folder.
    pub fn idle(&mut self) {
        self.session.get_mut().write_all(b"a IDLE\r\n").expect("a session to write to");
        while !self.line().expect("an answer to IDLE").starts_with('+') {}
    }

    /// Says when the server told of this many mails, and waits no longer.
    pub fn told_of(&mut self, mails: usize) -> Instant {
        let told = format!("* {mails} EXISTS");
        while self.line().expect("news of the mailbox").trim_end() != told {}
        let heard = Instant::now();
        self.session.get_mut().write_all(b"DONE\r\n").expect("a session to write to");
        self.answer("IDLE");
        heard
    }

    /// Opens the folder, so that it can be watched.
    pub fn select(&mut self) {
        self.say("SELECT INBOX");
    }

    /// Gives all mails new numbers, as a server does that was set up anew or restored.
    pub fn renumber(&self, validity: u32) {
        let validity = validity.to_string();
        let arguments = ["mailbox", "update", "-u", &self.user, "--uid-validity", &validity, "INBOX"];
        let conf = server("DOVECOT_CONF");
        let done = Command::new("doveadm").args(["-c", &conf]).args(arguments).output().expect("doveadm runs");
        assert!(done.status.success(), "doveadm {arguments:?}: {}", String::from_utf8_lossy(&done.stderr));
    }

    fn say(&mut self, command: &str) -> String {
        self.session.get_mut().write_all(format!("a {command}\r\n").as_bytes()).expect("a session to write to");
        self.answer(command)
    }

    fn answer(&mut self, command: &str) -> String {
        let mut answer = String::new();
        loop {
            let line = self.line().unwrap_or_else(|e| panic!("{command}: {e}"));
            answer += &line;
            if line.starts_with("a ") {
                assert!(line.starts_with("a OK"), "{command}: {line}");
                return answer;
            }
        }
    }

    fn line(&mut self) -> io::Result<String> {
        let mut line = String::new();
        match self.session.read_line(&mut line)? {
            0 => Err(io::ErrorKind::UnexpectedEof.into()),
            _ => Ok(line),
        }
    }
}
