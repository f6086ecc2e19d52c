//! IMAP against a real Dovecot.

use std::{collections::BTreeSet, sync::Arc, time::Duration};

use civicdesk_contract::{Channel, Cursor, ExternalId, Kind, RawItem, Retry};
use serde_json::json;
use tokio::time::{Instant, timeout};

use crate::real::{Bare, SOON, all, doveadm, env, imap_settings, letter, open, port, user};

fn names(items: &[RawItem]) -> Vec<ExternalId> {
    items.iter().map(|item| item.id.clone()).collect()
}

fn waiting(channel: &Arc<dyn Channel>, cursor: &Cursor) -> tokio::task::JoinHandle<civicdesk_contract::Result<()>> {
    let (channel, cursor) = (channel.clone(), cursor.clone());
    tokio::spawn(async move { channel.wait(Some(&cursor)).await })
}

#[tokio::test]
#[ignore = "needs Dovecot: run by tests/run"]
async fn a_mail_is_fetched_byte_for_byte_over_every_kind_of_connection() {
    let user = user("kinds");
    let mut bare = Bare::sign_in(&user).await;
    let odd = [b"Subject: \xff\xfe odd\r\n\r\n.\r\n\x00\x01 {3}\r\n)\r\n".to_vec(), letter("more")].concat();
    bare.append("INBOX", &odd).await;
    for (security, port) in [
        ("tls", port("DOVECOT_IMAPS_PORT")),
        ("starttls", port("DOVECOT_IMAP_PORT")),
        ("none", port("DOVECOT_IMAP_PORT")),
    ] {
        let mut settings = imap_settings(&user);
        settings["imap"]["security"] = json!(security);
        settings["imap"]["port"] = json!(port);
        let channel = open(settings);
        let identity = channel.check().await.unwrap();
        assert_eq!(identity.address, user);
        let batch = all(&*channel, None).await;
        // Dovecot stores U+0000 as 0x80: an IMAP literal may not carry it.
        let stored: Vec<u8> = odd.iter().map(|&b| if b == 0 { 0x80 } else { b }).collect();
        assert!(batch.items[0].raw == stored || batch.items[0].raw == odd, "{security}");
    }
}

#[tokio::test]
#[ignore = "needs Dovecot: run by tests/run"]
async fn the_same_cursor_gives_the_same_mail_and_the_next_one_only_what_is_new() {
    let user = user("cursor");
    let mut bare = Bare::sign_in(&user).await;
    for text in ["a", "b", "c"] {
        bare.append("INBOX", &letter(text)).await;
    }
    let channel = open(imap_settings(&user));
    let page = channel.poll(None, 2).await.unwrap();
    assert_eq!((page.items.len(), page.more), (2, true));
    assert_eq!(open(imap_settings(&user)).poll(None, 2).await.unwrap().items, page.items);
    let rest = channel.poll(Some(&page.cursor), 2).await.unwrap();
    assert_eq!((rest.items.len(), rest.more), (1, false));
    assert_eq!(rest.items[0].raw, letter("c"));
    assert!(rest.items[0].envelope.received_at.is_some());

    bare.say("SELECT INBOX").await;
    bare.say("STORE 1:3 +FLAGS (\\Deleted)").await;
    bare.say("EXPUNGE").await;
    assert!(all(&*channel, Some(&rest.cursor)).await.items.is_empty());
    bare.append("INBOX", &letter("d")).await;
    let new = all(&*channel, Some(&rest.cursor)).await;
    assert_eq!(new.items.iter().map(|i| &i.raw).collect::<Vec<_>>(), [&letter("d")]);
}

/// IN-02: after each change of UIDVALIDITY every mail comes again under the new epoch, as often as it is there.
#[tokio::test]
#[ignore = "needs Dovecot: run by tests/run"]
async fn a_changed_uidvalidity_brings_every_mail_again_and_loses_none() {
    let rounds: u32 = std::env::var("CIVICDESK_TEST_CASES").ok().and_then(|n| n.parse().ok()).unwrap_or(10);
    let user = user("epochs");
    let mut bare = Bare::sign_in(&user).await;
    let channel = open(imap_settings(&user));
    let mut cursor = None;
    // The same bytes twice stay two mails.
    let mut there = vec![letter("twin"), letter("twin")];
    for raw in &there {
        bare.append("INBOX", raw).await;
    }
    for round in 1..=rounds {
        if round <= 10 {
            bare.append("INBOX", &letter(&round.to_string())).await;
            there.push(letter(&round.to_string()));
        }
        let epoch = (1_000_000 + round).to_string();
        doveadm(&["mailbox", "update", "-u", &user, "--uid-validity", &epoch, "INBOX"]);
        let batch = all(&*channel, cursor.as_ref()).await;
        assert!(batch.items.iter().all(|item| item.place.as_ref().unwrap().epoch == epoch));
        assert_eq!(batch.items.iter().map(|i| i.raw.clone()).collect::<Vec<_>>(), there, "round {round}");
        assert_eq!(names(&batch.items).iter().collect::<std::collections::HashSet<_>>().len(), there.len());
        cursor = Some(batch.cursor);
    }
    assert!(all(&*channel, cursor.as_ref()).await.items.is_empty());
}

#[tokio::test]
#[ignore = "needs Dovecot: run by tests/run"]
async fn a_mail_is_marked_as_read_only_once_it_is_stored() {
    let user = user("flag");
    let mut bare = Bare::sign_in(&user).await;
    bare.append("INBOX", &letter("a")).await;
    bare.append("INBOX", &letter("b")).await;
    let mut settings = imap_settings(&user);
    settings["after"] = json!("flag");
    let channel = open(settings);
    let batch = all(&*channel, None).await;
    assert!(bare.flags("INBOX").await.iter().all(|line| !line.contains("\\Seen")));
    channel.committed(&names(&batch.items)[..1]).await.unwrap();
    let flags = bare.flags("INBOX").await;
    assert!(flags[0].contains("\\Seen") && !flags[1].contains("\\Seen"), "{flags:?}");
}

#[tokio::test]
#[ignore = "needs Dovecot: run by tests/run"]
async fn a_stored_mail_is_moved_away_and_nothing_else() {
    let user = user("move");
    let mut bare = Bare::sign_in(&user).await;
    bare.append("INBOX", &letter("a")).await;
    bare.append("INBOX", &letter("b")).await;
    let mut settings = imap_settings(&user);
    settings["after"] = json!({"move": {"folder": "Erledigt/Bürger"}});
    let channel = open(settings);
    let error = channel.check().await.unwrap_err();
    assert!(error.detail.contains("Erledigt/Bürger"), "{}", error.detail);
    let batch = all(&*channel, None).await;
    let error = channel.committed(&names(&batch.items)[..1]).await.unwrap_err();
    assert!(error.detail.contains("does not exist"), "{}", error.detail);

    bare.say("CREATE \"Erledigt/B&APw-rger\"").await;
    channel.check().await.unwrap();
    channel.committed(&names(&batch.items)[..1]).await.unwrap();
    assert_eq!(bare.first_mail("Erledigt/B&APw-rger").await, letter("a"));
    assert_eq!(bare.first_mail("INBOX").await, letter("b"));
    channel.committed(&names(&batch.items)[..1]).await.unwrap();
}

#[tokio::test]
#[ignore = "needs Dovecot: run by tests/run"]
async fn waiting_ends_soon_after_a_bare_client_sees_the_mail() {
    let user = user("idle");
    let mut sender = Bare::sign_in(&user).await;
    let mut idler = Bare::sign_in(&user).await;
    idler.say("SELECT INBOX").await;
    let channel = open(imap_settings(&user));
    let mut cursor = all(&*channel, None).await.cursor;
    for round in 0..5 {
        let waiting = waiting(&channel, &cursor);
        idler.write(b"a IDLE\r\n").await;
        idler.line().await;
        sender.append("INBOX", &letter("a")).await;
        while !idler.line().await.contains("EXISTS") {}
        let bare = Instant::now();
        timeout(SOON, waiting).await.unwrap().unwrap().unwrap();
        let batch = all(&*channel, Some(&cursor)).await;
        println!("round {round}: fetched {:?} after a bare client saw it", bare.elapsed());
        assert_eq!(batch.items.len(), 1);
        cursor = batch.cursor;
        idler.write(b"DONE\r\n").await;
        while !idler.line().await.starts_with("a OK") {}
    }
}

#[tokio::test]
#[ignore = "needs Dovecot: run by tests/run"]
async fn mail_that_comes_between_looking_and_waiting_is_not_waited_for() {
    let user = user("between");
    let mut bare = Bare::sign_in(&user).await;
    bare.say("CREATE Lists").await;
    let mut settings = imap_settings(&user);
    settings["folders"] = json!(["INBOX", "Lists"]);
    let channel = open(settings);
    let mut cursor = all(&*channel, None).await.cursor;
    for folder in ["INBOX", "Lists"] {
        bare.append(folder, &letter("a")).await;
        timeout(Duration::from_secs(5), channel.wait(Some(&cursor))).await.unwrap().unwrap();
        let batch = all(&*channel, Some(&cursor)).await;
        assert!(batch.items[0].id.0.starts_with(folder), "{:?}", batch.items[0].id);
        cursor = batch.cursor;
    }
    let waiting = waiting(&channel, &cursor);
    let early = timeout(Duration::from_millis(300), waiting).await;
    assert!(early.is_err(), "nothing was new");
}

#[tokio::test]
#[ignore = "needs Dovecot: run by tests/run"]
async fn what_is_wrong_is_told_in_words_that_help() {
    let user = user("wrong");
    let failing = |change: fn(&mut serde_json::Value)| {
        let mut settings = imap_settings(&user);
        change(&mut settings);
        async move { open(settings).check().await.unwrap_err() }
    };
    let error = failing(|s| s["imap"]["password"] = json!("wrong")).await;
    assert_eq!(error.kind, Kind::Credentials, "{error}");
    assert!(error.detail.starts_with("IMAP") && error.detail.contains("password"), "{error}");

    let error = failing(|s| s["imap"]["port"] = json!(1)).await;
    assert_eq!((error.kind, error.retry), (Kind::Unreachable, Retry::Later), "{error}");
    assert!(error.detail.contains("refused"), "{error}");

    let error = failing(|s| s["imap"]["host"] = json!("no-such-host.invalid")).await;
    assert_eq!((error.kind, error.retry), (Kind::Unreachable, Retry::Later), "{error}");

    let error = failing(|s| s["ca_file"] = json!(null)).await;
    assert_eq!(error.kind, Kind::Settings, "{error}");
    assert!(error.detail.contains("certificate") && error.detail.contains("ca_file"), "{error}");

    let error = failing(|s| s["imap"]["port"] = json!(port("DOVECOT_IMAP_PORT"))).await;
    assert!(error.detail.contains("starttls"), "{error}");

    let error = failing(|s| s["folders"] = json!(["INBOX", "Müll"])).await;
    assert!(error.detail.contains("Müll"), "{error}");

    let error = failing(|s| s["ca_file"] = json!("/no/such/file")).await;
    assert!(error.kind == Kind::Settings && error.detail.contains("/no/such/file"), "{error}");
    assert!(!env("DOVECOT_CA").is_empty());
}

#[tokio::test]
#[ignore = "needs Dovecot: run by tests/run"]
async fn a_mail_of_sixty_mebibytes_comes_whole_and_alone() {
    let user = user("large");
    let mut bare = Bare::sign_in(&user).await;
    let line = b"0123456789012345678901234567890123456789012345678901234567890123456789012345\r\n";
    let large = [b"Subject: large\r\n\r\n".as_slice(), &line.repeat((60 << 20) / line.len())].concat();
    bare.append("INBOX", &large).await;
    bare.append("INBOX", &letter("next")).await;
    let channel = open(imap_settings(&user));
    let first = channel.poll(None, 10).await.unwrap();
    assert_eq!((first.items.len(), first.more), (1, true));
    assert!(first.items[0].raw == large);
    let rest = channel.poll(Some(&first.cursor), 10).await.unwrap();
    assert_eq!(rest.items[0].raw, letter("next"));
}

/// IN-05: two pollers with cursors of their own, mail coming in and going away under them.
#[tokio::test]
#[ignore = "needs Dovecot: run by tests/run"]
async fn two_pollers_at_once_each_see_every_mail_that_stays() {
    let user = user("pollers");
    let mut bare = Bare::sign_in(&user).await;
    let channel = open(imap_settings(&user));
    let (stop, stopped) = tokio::sync::watch::channel(false);
    let poller = |limit: usize| {
        let (channel, stopped) = (channel.clone(), stopped.clone());
        tokio::spawn(async move {
            let mut cursor: Option<Cursor> = None;
            let mut seen = Vec::new();
            loop {
                let last = *stopped.borrow();
                let batch = channel.poll(cursor.as_ref(), limit).await.unwrap();
                seen.extend(names(&batch.items));
                cursor = Some(batch.cursor);
                if last && !batch.more && batch.items.is_empty() {
                    return seen;
                }
            }
        })
    };
    let pollers = [poller(1), poller(7)];
    for n in 0..200 {
        bare.append("INBOX", &letter(&n.to_string())).await;
        if n % 10 == 9 {
            bare.say("SELECT INBOX").await;
            bare.say("STORE 1 +FLAGS (\\Deleted)").await;
            bare.say("EXPUNGE").await;
        }
    }
    stop.send(true).unwrap();
    let listed = doveadm(&["fetch", "-u", &user, "uid", "mailbox", "INBOX"]);
    let stay: BTreeSet<u32> = listed.lines().filter_map(|l| l.strip_prefix("uid: ")?.parse().ok()).collect();
    assert_eq!(stay.len(), 180);
    for poller in pollers {
        let seen = timeout(SOON, poller).await.unwrap().unwrap();
        let uids: Vec<u32> = seen.iter().map(|id| id.0.rsplit('/').next().unwrap().parse().unwrap()).collect();
        assert!(uids.is_sorted_by(|a, b| a < b), "a mail was given twice or out of order: {uids:?}");
        assert!(stay.iter().all(|uid| uids.contains(uid)), "a mail was lost");
    }
}
