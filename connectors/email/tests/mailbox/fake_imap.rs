//! A small IMAP server with real mailboxes in memory, and a hand that may break what it says.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
};

use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader},
    net::TcpStream,
    sync::watch,
};

use crate::line::Line;

pub const PASSWORD: &str = "correct horse battery";

/// What the server does with an answer that is ready.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// Ends the connection after so many bytes.
    Cut(usize),
    /// Says goodbye instead.
    Bye,
    /// Refuses the command.
    No,
    /// Answers nothing, and keeps the connection open.
    Silence,
    /// The mails come in the wrong order, with news of flags between them.
    Shuffled,
    /// Answers of the mails are left out, as if they were gone; the second time they are there.
    Forgetful,
    /// A mail comes while the others are listed; it is announced there and then, and never again.
    Announced,
}

/// Decides about the answer to a command.
pub type Hand = Box<dyn FnMut(&str, &mut Store) -> Option<Fault> + Send>;

#[derive(Clone, Debug)]
pub struct Mail {
    pub uid: u32,
    pub raw: Vec<u8>,
    pub flags: Vec<&'static str>,
    /// What the server says about its size.
    pub size: usize,
}

#[derive(Debug)]
pub struct Folder {
    pub uidvalidity: u32,
    pub uidnext: u32,
    pub mails: Vec<Mail>,
}

#[derive(Debug)]
pub struct Store {
    pub folders: BTreeMap<String, Folder>,
    /// Every command that was heard, without its tag.
    pub heard: Vec<String>,
}

impl Store {
    pub fn add(&mut self, folder: &str, raw: impl Into<Vec<u8>>) -> u32 {
        let raw = raw.into();
        let folder = self.folders.get_mut(folder).unwrap();
        let uid = folder.uidnext;
        folder.uidnext += 1;
        folder.mails.push(Mail { uid, size: raw.len(), raw, flags: Vec::new() });
        uid
    }

    /// All mails keep their bytes and get new numbers.
    pub fn renumber(&mut self, folder: &str) {
        let folder = self.folders.get_mut(folder).unwrap();
        folder.uidvalidity += 1;
        for (mail, uid) in folder.mails.iter_mut().zip(1..) {
            mail.uid = uid;
        }
        folder.uidnext = folder.mails.len() as u32 + 1;
    }
}

#[derive(Clone)]
struct World {
    store: Arc<Mutex<Store>>,
    hand: Arc<Mutex<Hand>>,
    capabilities: &'static str,
    news: watch::Sender<()>,
}

pub struct FakeImap {
    world: World,
    line: Line,
}

impl FakeImap {
    pub async fn start() -> Self {
        Self::with_capabilities("IMAP4rev1 IDLE MOVE UIDPLUS").await
    }

    pub async fn with_capabilities(capabilities: &'static str) -> Self {
        let folder = |uidvalidity| Folder { uidvalidity, uidnext: 1, mails: Vec::new() };
        let folders = [("INBOX", 7), ("Lists", 11), ("Done", 13)].map(|(name, v)| (name.to_owned(), folder(v)));
        let store = Store { folders: folders.into(), heard: Vec::new() };
        let world = World {
            store: Arc::new(Mutex::new(store)),
            hand: Arc::new(Mutex::new(Box::new(|_, _| None))),
            capabilities,
            news: watch::channel(()).0,
        };
        Self { line: Line::listen(talker(&world)).await, world }
    }

    pub fn port(&self) -> u16 {
        self.line.address.port()
    }

    pub fn store<T>(&self, change: impl FnOnce(&mut Store) -> T) -> T {
        let result = change(&mut self.world.store.lock().unwrap());
        self.world.news.send_replace(());
        result
    }

    pub fn heard(&self, verb: &str) -> Vec<String> {
        self.store(|store| store.heard.iter().filter(|line| line.starts_with(verb)).cloned().collect())
    }

    pub fn hand(&self, hand: impl FnMut(&str, &mut Store) -> Option<Fault> + Send + 'static) {
        *self.world.hand.lock().unwrap() = Box::new(hand);
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
    let mut lines = BufReader::new(reading).lines();
    let mut news = world.news.subscribe();
    let mut open = String::new();
    out.write_all(b"* OK ready\r\n").await?;
    while let Some(line) = lines.next_line().await? {
        let (tag, command) = line.split_once(' ').unwrap_or((&line, ""));
        let fault = {
            let mut store = world.store.lock().unwrap();
            store.heard.push(command.to_owned());
            (world.hand.lock().unwrap())(command, &mut store)
        };
        let word = command.split(' ').next().unwrap_or_default();
        if word == "IDLE" && fault.is_none() {
            out.write_all(b"+ idling\r\n").await?;
            loop {
                tokio::select! {
                    changed = news.changed() => {
                        if changed.is_err() { return Ok(()); }
                        let exists = world.store.lock().unwrap().folders[&open].mails.len();
                        out.write_all(format!("* {exists} EXISTS\r\n").as_bytes()).await?;
                    }
                    line = lines.next_line() => {
                        if line?.as_deref() == Some("DONE") { break; }
                    }
                }
            }
            out.write_all(format!("{tag} OK idled\r\n").as_bytes()).await?;
            continue;
        }
        let answer = match fault {
            Some(Fault::Bye) => b"* BYE shutting down\r\n".to_vec(),
            Some(Fault::No) => format!("{tag} NO not now\r\n").into_bytes(),
            Some(Fault::Silence) => continue,
            _ => answer(&world, tag, command, &mut open, fault.as_ref()),
        };
        match fault {
            Some(Fault::Cut(at)) => {
                out.write_all(&answer[..at.min(answer.len().saturating_sub(1))]).await?;
                return Ok(());
            }
            Some(Fault::Bye) => {
                out.write_all(&answer).await?;
                return Ok(());
            }
            _ => out.write_all(&answer).await?,
        }
        if word == "LOGOUT" {
            return Ok(());
        }
    }
    Ok(())
}

fn answer(world: &World, tag: &str, command: &str, open: &mut String, fault: Option<&Fault>) -> Vec<u8> {
    let mut store = world.store.lock().unwrap();
    let words: Vec<&str> = command.split(' ').collect();
    let ok = |untagged: String| format!("{untagged}{tag} OK done\r\n").into_bytes();
    match words[0] {
        "CAPABILITY" => ok(format!("* CAPABILITY {}\r\n", world.capabilities)),
        "LOGIN" if command.contains(PASSWORD) => ok(String::new()),
        "LOGIN" => format!("{tag} NO [AUTHENTICATIONFAILED] Authentication failed.\r\n").into_bytes(),
        "EXAMINE" | "SELECT" => {
            let name = command.split('"').nth(1).unwrap().to_owned();
            let Some(folder) = store.folders.get(&name) else {
                return format!("{tag} NO [TRYCREATE] no such folder\r\n").into_bytes();
            };
            *open = name;
            ok(format!(
                "* {} EXISTS\r\n* OK [UIDVALIDITY {}] x\r\n* OK [UIDNEXT {}] x\r\n",
                folder.mails.len(),
                folder.uidvalidity,
                folder.uidnext
            ))
        }
        "UID" => uid_command(&mut store, tag, command, open, fault),
        "LOGOUT" => ok("* BYE\r\n".to_owned()),
        _ => ok(String::new()),
    }
}

fn uid_command(store: &mut Store, tag: &str, command: &str, open: &str, fault: Option<&Fault>) -> Vec<u8> {
    let words: Vec<&str> = command.split(' ').collect();
    let chosen = |folder: &Folder| {
        let last = folder.mails.iter().map(|m| m.uid).max().unwrap_or(0);
        let ranges: Vec<(u32, u32)> = words[2].split(',').map(|range| bounds(range, last)).collect();
        move |uid: u32| ranges.iter().any(|(from, to)| (*from.min(to)..=*from.max(to)).contains(&uid))
    };
    let folder = store.folders.get_mut(open).unwrap();
    let is_chosen = chosen(folder);
    let mut out = Vec::new();
    match words[1] {
        "FETCH" => {
            let mut parts: Vec<Vec<u8>> = Vec::new();
            for (n, mail) in (1..).zip(&folder.mails).filter(|(_, mail)| is_chosen(mail.uid)) {
                parts.push(fetched(n, mail, command));
            }
            if fault == Some(&Fault::Forgetful) {
                parts.truncate(parts.len() / 2);
            }
            if fault == Some(&Fault::Shuffled) {
                parts.reverse();
                parts = parts.into_iter().flat_map(|part| [b"* 1 FETCH (FLAGS (\\Seen))\r\n".to_vec(), part]).collect();
            }
            out = parts.concat();
            if fault == Some(&Fault::Announced) {
                store.add(open, b"Subject: just now\r\n\r\n".to_vec());
                out.extend(format!("* {} EXISTS\r\n", store.folders[open].mails.len()).into_bytes());
            }
        }
        "STORE" => {
            let flag = if command.contains("\\Seen") { "\\Seen" } else { "\\Deleted" };
            folder.mails.iter_mut().filter(|mail| is_chosen(mail.uid)).for_each(|mail| mail.flags.push(flag));
        }
        "EXPUNGE" => folder.mails.retain(|mail| !(is_chosen(mail.uid) && mail.flags.contains(&"\\Deleted"))),
        "MOVE" | "COPY" => {
            let copies: Vec<Vec<u8>> =
                folder.mails.iter().filter(|m| is_chosen(m.uid)).map(|m| m.raw.clone()).collect();
            if words[1] == "MOVE" {
                folder.mails.retain(|mail| !is_chosen(mail.uid));
            }
            let target = command.split('"').nth(1).unwrap().to_owned();
            for raw in copies {
                store.add(&target, raw);
            }
        }
        other => panic!("the fake server does not know UID {other}"),
    }
    out.extend(format!("{tag} OK done\r\n").into_bytes());
    out
}

/// `*` is the highest number there is, also below the other bound.
fn bounds(range: &str, last: u32) -> (u32, u32) {
    let number = |text: &str| if text == "*" { last } else { text.parse().unwrap() };
    let (from, to) = range.split_once(':').unwrap_or((range, range));
    (number(from), number(to))
}

fn fetched(n: u32, mail: &Mail, command: &str) -> Vec<u8> {
    let head = format!("* {n} FETCH (UID {} ", mail.uid);
    if command.contains("RFC822.SIZE") {
        let tail = format!("RFC822.SIZE {} INTERNALDATE \"22-Nov-2026 10:00:00 +0000\")\r\n", mail.size);
        return (head + &tail).into_bytes();
    }
    let (name, bytes) = if command.contains("HEADER") {
        let end = mail.raw.windows(4).position(|four| four == b"\r\n\r\n").map_or(mail.raw.len(), |at| at + 4);
        ("BODY[HEADER]", &mail.raw[..end])
    } else {
        ("BODY[]", mail.raw.as_slice())
    };
    [format!("{head}{name} {{{}}}\r\n", bytes.len()).as_bytes(), bytes, b")\r\n"].concat()
}
