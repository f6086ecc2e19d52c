//! IN-01, IN-02, IN-05: whatever an IMAP server breaks, no mail is lost, none is doubled, and nothing waits for ever.

use std::{collections::BTreeMap, sync::Arc};

use civicdesk_contract::{Batch, Channel, Cursor, ExternalId, Kind, RawItem, Retry, Settings, testkit::tools};
use serde_json::{Value, json};

use crate::fake_imap::{FakeImap, Fault, PASSWORD, Store};

pub fn settings(server: &FakeImap) -> Value {
    json!({
        "address": "service@riverton.example",
        "imap": {
            "host": "127.0.0.1", "port": server.port(), "security": "none",
            "username": "service", "password": PASSWORD,
        },
    })
}

pub fn open(settings: Value) -> Arc<dyn Channel> {
    civicdesk_email::connector().open(Settings(settings), tools()).unwrap()
}

pub fn channel(server: &FakeImap) -> Arc<dyn Channel> {
    open(settings(server))
}

pub fn changed(server: &FakeImap, change: impl FnOnce(&mut Value)) -> Arc<dyn Channel> {
    let mut settings = settings(server);
    change(&mut settings);
    open(settings)
}

pub fn letter(text: &str) -> Vec<u8> {
    format!("From: Ann <ann@home.example>\r\nSubject: {text}\r\n\r\n{text}\r\n").into_bytes()
}

pub fn ids(items: &[RawItem]) -> Vec<&str> {
    items.iter().map(|item| item.id.0.as_str()).collect()
}

/// Everything after the cursor.
pub async fn all(channel: &dyn Channel, cursor: Option<&Cursor>, limit: usize) -> Batch {
    let mut batch = channel.poll(cursor, limit).await.unwrap();
    while batch.more {
        let next = channel.poll(Some(&batch.cursor), limit).await.unwrap();
        batch = Batch { items: [batch.items, next.items].concat(), ..next };
    }
    batch
}

/// The same numbers in every run with one seed.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) as usize % sides
    }
}

/// What lay under each name at any time.
type Truth = Arc<std::sync::Mutex<BTreeMap<String, Vec<u8>>>>;

fn note(truth: &Truth, store: &Store) {
    let mut truth = truth.lock().unwrap();
    for (name, folder) in &store.folders {
        for mail in &folder.mails {
            truth.insert(format!("{name}/{}/{}", folder.uidvalidity, mail.uid), mail.raw.clone());
        }
    }
}

fn breaking_hand(seed: u64, truth: Truth) -> impl FnMut(&str, &mut Store) -> Option<Fault> + Send + 'static {
    let mut dice = Dice(seed);
    let mut written = 0;
    move |command, store| {
        let folder = if dice.roll(3) == 0 { "Lists" } else { "INBOX" };
        let opening = command.starts_with("EXAMINE");
        match dice.roll(40) {
            0..4 => {
                written += 1;
                store.add(folder, letter(&format!("late {seed} {written}")));
            }
            4..6 if !store.folders[folder].mails.is_empty() => {
                let mails = &mut store.folders.get_mut(folder).unwrap().mails;
                let at = dice.roll(mails.len());
                mails.remove(at);
            }
            6 | 7 if opening => store.renumber(folder),
            _ => {}
        }
        note(&truth, store);
        let several = command.contains(',') || command.contains(':');
        match dice.roll(16) {
            0 => Some(Fault::Cut(dice.roll(400))),
            1 => Some(Fault::Bye),
            2 if several || !command.starts_with("UID FETCH") => Some(Fault::No),
            3 => Some(Fault::Shuffled),
            4 if several => Some(Fault::Forgetful),
            _ => None,
        }
    }
}

async fn one_broken_day(server: &FakeImap, seed: u64) {
    let truth = Truth::default();
    server.store(|store| {
        for n in 0..6 {
            store.add("INBOX", letter(&format!("early {seed} {n}")));
            store.add("Lists", letter(&format!("list {seed} {n}")));
        }
        note(&truth, store);
    });
    server.hand(breaking_hand(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1, truth.clone()));
    let channel = changed(server, |s| s["folders"] = json!(["INBOX", "Lists"]));
    let mut dice = Dice(seed + 1);
    let mut cursor: Option<Cursor> = None;
    let mut kept: BTreeMap<String, Vec<u8>> = BTreeMap::new();
    for round in 0.. {
        if round == 20 {
            server.hand(|_, _| None);
        }
        let Ok(batch) = channel.poll(cursor.as_ref(), dice.roll(5) + 1).await else { continue };
        if dice.roll(4) == 0 {
            continue; // The host dies before its commit.
        }
        for item in &batch.items {
            let twice = kept.insert(item.id.0.clone(), item.raw.clone());
            assert!(twice.is_none(), "seed {seed}: {} was given twice", item.id.0);
            assert_eq!(
                truth.lock().unwrap().get(&item.id.0),
                Some(&item.raw),
                "seed {seed}: {} is another mail",
                item.id.0
            );
        }
        let done = round > 20 && !batch.more && batch.items.is_empty();
        cursor = Some(batch.cursor);
        if done {
            break;
        }
    }
    server.store(|store| {
        for (name, folder) in &store.folders {
            for mail in folder.mails.iter().filter(|_| name != "Done") {
                let id = format!("{name}/{}/{}", folder.uidvalidity, mail.uid);
                assert_eq!(kept.get(&id), Some(&mail.raw), "seed {seed}: {id} was never given");
            }
        }
    });
}

#[tokio::test]
async fn no_mail_is_lost_or_doubled_whatever_the_server_breaks() {
    let runs = std::env::var("CIVICDESK_TEST_CASES").ok().and_then(|n| n.parse().ok()).unwrap_or(60);
    for seed in 0..runs {
        one_broken_day(&FakeImap::start().await, seed).await;
    }
}

#[tokio::test]
async fn a_new_epoch_brings_everything_again_under_new_names() {
    let server = FakeImap::start().await;
    server.store(|s| ["a", "b"].map(|text| s.add("INBOX", letter(text))));
    let channel = channel(&server);
    let first = all(&*channel, None, 10).await;
    assert_eq!(ids(&first.items), ["INBOX/7/1", "INBOX/7/2"]);
    assert_eq!(first.items[0].place.as_ref().unwrap().epoch, "7");
    assert_eq!(first.items[0].envelope.received_at.unwrap().to_string(), "2026-11-22T10:00:00Z");
    server.store(|s| s.renumber("INBOX"));
    let second = all(&*channel, Some(&first.cursor), 10).await;
    assert_eq!(ids(&second.items), ["INBOX/8/1", "INBOX/8/2"]);
    assert_eq!(second.items[0].raw, first.items[0].raw);
}

#[tokio::test]
async fn fetching_changes_nothing_on_the_server() {
    let server = FakeImap::start().await;
    server.store(|s| s.add("INBOX", letter("a")));
    let channel = changed(&server, |s| s["after"] = json!("flag"));
    let batch = all(&*channel, None, 10).await;
    assert!(server.store(|s| s.folders["INBOX"].mails[0].flags.is_empty()));
    assert!(server.heard("SELECT").is_empty());
    assert!(server.heard("UID FETCH").iter().all(|c| !c.contains("BODY[")), "{:?}", server.heard("UID FETCH"));

    let names: Vec<ExternalId> = batch.items.iter().map(|item| item.id.clone()).collect();
    channel.committed(&names).await.unwrap();
    assert_eq!(server.store(|s| s.folders["INBOX"].mails[0].flags.clone()), ["\\Seen"]);
}

#[tokio::test]
async fn names_of_an_epoch_that_is_over_touch_no_other_mail() {
    let server = FakeImap::start().await;
    server.store(|s| s.add("INBOX", letter("a")));
    let channel = changed(&server, |s| s["after"] = json!({"move": {"folder": "Done"}}));
    let batch = all(&*channel, None, 10).await;
    server.store(|s| s.renumber("INBOX"));
    channel.committed(&[batch.items[0].id.clone()]).await.unwrap();
    assert_eq!(server.store(|s| s.folders["INBOX"].mails.len()), 1);
}

#[tokio::test]
async fn a_server_without_move_loses_nobody_elses_mail() {
    let server = FakeImap::with_capabilities("IMAP4rev1 UIDPLUS").await;
    server.store(|s| ["a", "b"].map(|text| s.add("INBOX", letter(text))));
    server.store(|s| s.folders.get_mut("INBOX").unwrap().mails[1].flags.push("\\Deleted"));
    let channel = changed(&server, |s| s["after"] = json!({"move": {"folder": "Done"}}));
    let batch = all(&*channel, None, 10).await;
    channel.committed(&[batch.items[0].id.clone()]).await.unwrap();
    let (left, moved) = server.store(|s| (s.folders["INBOX"].mails.clone(), s.folders["Done"].mails.clone()));
    assert_eq!(left.iter().map(|m| m.uid).collect::<Vec<_>>(), [2], "another's deleted mail is not ours to remove");
    assert_eq!(moved[0].raw, letter("a"));
}

#[tokio::test]
async fn a_mail_too_large_to_take_is_handed_over_visibly() {
    let server = FakeImap::start().await;
    server.store(|s| {
        s.add("INBOX", letter("huge"));
        s.folders.get_mut("INBOX").unwrap().mails[0].size = 70 << 20;
        s.add("INBOX", letter("next"))
    });
    let batch = all(&*channel(&server), None, 10).await;
    assert_eq!(ids(&batch.items), ["INBOX/7/1", "INBOX/7/2"]);
    let header = String::from_utf8_lossy(&batch.items[0].raw);
    assert!(header.contains("ann@home.example") && header.contains("Subject: huge"), "{header}");
    let error = civicdesk_email::connector().read(&batch.items[0]).unwrap_err();
    assert_eq!(error.kind, Kind::Malformed);
    assert!(error.detail.contains("73400320 bytes"), "{}", error.detail);
}

#[tokio::test]
async fn a_mail_the_server_refuses_to_give_out_stops_no_other_for_long() {
    let server = FakeImap::start().await;
    server.store(|s| ["a", "b", "c"].map(|text| s.add("INBOX", letter(text))));
    server.hand(|command, _| {
        let body = command.starts_with("UID FETCH") && command.contains("BODY.PEEK[]");
        let second = command.split(' ').nth(2).is_some_and(|set| set.split(',').any(|uid| uid == "2"));
        (body && second).then_some(Fault::No)
    });
    let channel = channel(&server);
    let first = channel.poll(None, 10).await.unwrap();
    assert_eq!(ids(&first.items), ["INBOX/7/1"]);
    assert!(first.more);
    for _ in 0..2 {
        let error = channel.poll(Some(&first.cursor), 10).await.unwrap_err();
        assert!(error.detail.contains("INBOX/7/2"), "{}", error.detail);
        assert_eq!(error.retry, Retry::Later);
    }
    let rest = all(&*channel, Some(&first.cursor), 10).await;
    assert_eq!(ids(&rest.items), ["INBOX/7/2", "INBOX/7/3"]);
    let error = civicdesk_email::connector().read(&rest.items[0]).unwrap_err();
    assert!(error.detail.contains("not now"), "{}", error.detail);
}

#[tokio::test]
async fn a_mailbox_with_wide_gaps_is_read_in_few_commands() {
    let server = FakeImap::start().await;
    server.store(|s| {
        for uidnext in [3, 90_000, 4_000_000_000_u32] {
            s.folders.get_mut("INBOX").unwrap().uidnext = uidnext;
            s.add("INBOX", letter(&uidnext.to_string()));
        }
    });
    let batch = all(&*channel(&server), None, 2).await;
    assert_eq!(ids(&batch.items), ["INBOX/7/3", "INBOX/7/90000", "INBOX/7/4000000000"]);
    assert!(server.heard("UID FETCH").len() < 25, "{}", server.heard("UID FETCH").len());
}

#[tokio::test]
async fn a_folder_that_cannot_be_opened_is_told_and_stops_no_other() {
    let server = FakeImap::start().await;
    server.store(|s| s.add("Lists", letter("a")));
    let channel = changed(&server, |s| s["folders"] = json!(["Missing", "Lists"]));
    let batch = channel.poll(None, 10).await.unwrap();
    assert_eq!(ids(&batch.items), ["Lists/11/1"]);
    let error = channel.poll(Some(&batch.cursor), 10).await.unwrap_err();
    assert!(error.detail.contains("Missing"), "{}", error.detail);
}

#[tokio::test]
async fn a_full_folder_does_not_starve_the_others() {
    let server = FakeImap::start().await;
    server.store(|s| {
        (0..50).for_each(|n| {
            s.add("INBOX", letter(&n.to_string()));
        });
        s.add("Lists", letter("a"))
    });
    let channel = changed(&server, |s| s["folders"] = json!(["INBOX", "Lists"]));
    let batch = channel.poll(None, 10).await.unwrap();
    assert!(ids(&batch.items).contains(&"Lists/11/1"));
    assert!(batch.more && batch.items.len() <= 10);
}

#[tokio::test]
async fn a_server_that_falls_silent_is_given_up() {
    let server = FakeImap::start().await;
    server.store(|s| s.add("INBOX", letter("a")));
    let channel = channel(&server);
    let batch = all(&*channel, None, 10).await;
    let (silent, heard) = tokio::sync::oneshot::channel();
    let mut silent = Some(silent);
    server.hand(move |command, _| {
        command.starts_with("UID FETCH").then(|| {
            let _ = silent.take().map(|silent| silent.send(()));
            Fault::Silence
        })
    });
    let polling = tokio::spawn(async move { channel.poll(Some(&batch.cursor), 10).await });
    heard.await.unwrap();
    tokio::time::pause();
    let error = polling.await.unwrap().unwrap_err();
    assert_eq!((error.kind, error.retry), (Kind::Unreachable, Retry::Later));
    assert!(error.detail.contains("in time"), "{}", error.detail);
}

#[tokio::test]
async fn a_channel_without_imap_says_so() {
    let settings = json!({"address": "a@b.example", "smtp": {"host": "127.0.0.1", "security": "none"}});
    let error = open(settings).poll(None, 1).await.unwrap_err();
    assert_eq!(error.kind, Kind::Unsupported);
    assert!(error.detail.contains("only sends"));
}
