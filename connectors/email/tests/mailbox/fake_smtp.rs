//! A small SMTP server that keeps what it is given, and can be told to misbehave at any step.

use std::sync::{Arc, Mutex};

use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader},
    net::TcpStream,
};

use crate::line::Line;

pub const PASSWORD: &str = "correct horse battery";

/// What the server does when it comes to a step. Steps are `greeting`, the verbs (`EHLO`, `AUTH`, `MAIL`, `RCPT`,
/// `DATA`, `RSET`), `body` (the first line of the mail) and `verdict` (after the final dot).
#[derive(Clone, Debug)]
pub enum Trick {
    Say(&'static str),
    /// Ends the connection without a word.
    Drop,
    /// Says nothing, and keeps the connection open.
    Silence,
}

/// What was handed over.
#[derive(Clone, Debug, Default)]
pub struct Taken {
    pub from: String,
    pub to: Vec<String>,
    pub raw: Vec<u8>,
}

type Plan = Box<dyn FnMut(&str, &str) -> Option<Trick> + Send>;

#[derive(Clone)]
struct World {
    taken: Arc<Mutex<Vec<Taken>>>,
    heard: Arc<Mutex<Vec<String>>>,
    plan: Arc<Mutex<Plan>>,
}

pub struct FakeSmtp {
    world: World,
    line: Line,
}

impl FakeSmtp {
    pub async fn start() -> Self {
        let world =
            World { taken: Arc::default(), heard: Arc::default(), plan: Arc::new(Mutex::new(Box::new(|_, _| None))) };
        Self { line: Line::listen(talker(&world)).await, world }
    }

    pub fn port(&self) -> u16 {
        self.line.address.port()
    }

    /// All that was accepted, oldest first.
    pub fn taken(&self) -> Vec<Taken> {
        self.world.taken.lock().unwrap().clone()
    }

    pub fn heard(&self, verb: &str) -> usize {
        self.world.heard.lock().unwrap().iter().filter(|line| line.starts_with(verb)).count()
    }

    /// What to do at a step, given the line that was heard there.
    pub fn plan(&self, plan: impl FnMut(&str, &str) -> Option<Trick> + Send + 'static) {
        *self.world.plan.lock().unwrap() = Box::new(plan);
    }

    pub async fn go_down(&self) {
        self.line.go_down().await;
    }

    pub fn come_up(&self) {
        self.line.come_up(talker(&self.world));
    }
}

fn talker(world: &World) -> impl Fn(TcpStream) -> std::pin::Pin<Box<dyn Future<Output = ()> + Send>> + Send + 'static {
    let world = world.clone();
    move |stream| {
        let world = world.clone();
        Box::pin(async move {
            let _ = talk(stream, world).await;
        })
    }
}

async fn talk(stream: TcpStream, world: World) -> std::io::Result<()> {
    let (reading, mut out) = stream.into_split();
    let mut lines = BufReader::new(reading);
    let mut mail = Taken::default();
    let trick = |step: &str, line: &str| (world.plan.lock().unwrap())(step, line);

    /// Answers a step as planned, else with the usual words. Leaves the conversation where it ends.
    macro_rules! answer {
        ($step:expr, $line:expr, $usual:expr) => {
            match trick($step, $line) {
                None => {
                    out.write_all($usual.as_bytes()).await?;
                    true
                }
                Some(Trick::Say(words)) => {
                    out.write_all(words.as_bytes()).await?;
                    false
                }
                Some(Trick::Drop) => return Ok(()),
                Some(Trick::Silence) => std::future::pending().await,
            }
        };
    }

    answer!("greeting", "", "220 fake ready\r\n");
    let mut line = String::new();
    loop {
        line.clear();
        if lines.read_line(&mut line).await? == 0 {
            return Ok(());
        }
        let said = line.trim_end().to_owned();
        world.heard.lock().unwrap().push(said.clone());
        let verb = said.split(' ').next().unwrap_or_default().to_ascii_uppercase();
        match verb.as_str() {
            "EHLO" => {
                answer!("EHLO", &said, "250-fake\r\n250-8BITMIME\r\n250 AUTH PLAIN LOGIN XOAUTH2\r\n");
            }
            "AUTH" => {
                let proof = said.rsplit(' ').next().unwrap_or_default();
                let right = base64::Engine::decode(&base64::engine::general_purpose::STANDARD, proof)
                    .is_ok_and(|bytes| String::from_utf8_lossy(&bytes).ends_with(PASSWORD));
                let usual = if right { "235 2.7.0 ok\r\n" } else { "535 5.7.8 authentication failed\r\n" };
                answer!("AUTH", &said, usual);
            }
            "MAIL" => {
                mail = Taken { from: bracketed(&said), ..Taken::default() };
                answer!("MAIL", &said, "250 2.1.0 ok\r\n");
            }
            "RCPT" => {
                if answer!("RCPT", &said, "250 2.1.5 ok\r\n") {
                    mail.to.push(bracketed(&said));
                }
            }
            "DATA" => {
                if answer!("DATA", &said, "354 go on\r\n") {
                    let mut first = true;
                    loop {
                        let mut bytes = Vec::new();
                        if lines.read_until(b'\n', &mut bytes).await? == 0 {
                            return Ok(());
                        }
                        if std::mem::take(&mut first) && matches!(trick("body", ""), Some(Trick::Drop)) {
                            return Ok(());
                        }
                        if bytes == b".\r\n" {
                            break;
                        }
                        mail.raw.extend(bytes.strip_prefix(b".").unwrap_or(&bytes));
                    }
                    match trick("verdict", "") {
                        None => {
                            world.taken.lock().unwrap().push(std::mem::take(&mut mail));
                            out.write_all(b"250 2.0.0 ok: queued as 4F2\r\n").await?;
                        }
                        Some(Trick::Say(words)) => out.write_all(words.as_bytes()).await?,
                        Some(Trick::Drop) => {
                            world.taken.lock().unwrap().push(std::mem::take(&mut mail));
                            return Ok(());
                        }
                        Some(Trick::Silence) => std::future::pending().await,
                    }
                }
            }
            "QUIT" => {
                out.write_all(b"221 bye\r\n").await?;
                return Ok(());
            }
            _ => {
                answer!(verb.as_str(), &said, "250 2.0.0 ok\r\n");
            }
        }
    }
}

fn bracketed(line: &str) -> String {
    line.split(['<', '>']).nth(1).unwrap_or_default().to_owned()
}
