//! What scanned files promise, with a scanner that is well, down, slow, full or out of its mind.

use std::{sync::Arc, time::Duration};

use civicdesk_contract::memory::{File, Letter};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};
use uuid::Uuid;

use super::{
    at_work::Running,
    bench::{Bench, until},
    clamd::{Clamd, Place, Trouble, Verdict},
};
use crate::{
    cases::scan::{self, Scanning, Sendable},
    fail::Fail,
    store::{
        self, Uid,
        attachments::{self, Attachment},
        events::{self, Filter},
        inbound,
        tests::support::{self, on_both},
    },
};

/// The harmless text that every scanner takes for a virus, in two halves, so that none takes this file for one.
fn eicar() -> Vec<u8> {
    [r"X5O!P%@AP[4\PZX54(P^)7CC)7}", r"$EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*"].concat().into_bytes()
}

/// How a scanner that is not quite well behaves.
#[derive(Clone, Copy)]
enum Mood {
    Says(&'static [u8]),
    /// Hangs up after so many bytes, with these words.
    HangsUp(usize, &'static [u8]),
    Sleeps,
}

/// A scanner of this mood. It ends with the test.
async fn scanner(mood: Mood) -> Clamd {
    let socket = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let place = Place::Tcp(socket.local_addr().unwrap().to_string());
    tokio::spawn(async move {
        while let Ok((line, _)) = socket.accept().await {
            tokio::spawn(answer(line, mood));
        }
    });
    Clamd { place, patience: Duration::from_millis(300) }
}

async fn answer(mut line: TcpStream, mood: Mood) {
    let mut heard: Vec<u8> = Vec::new();
    let mut piece = vec![0; 64 * 1024];
    loop {
        if let Mood::HangsUp(after, words) = mood
            && heard.len() >= after
        {
            let _ = line.write_all(words).await;
            return;
        }
        if heard.ends_with(&[0; 4]) {
            break;
        }
        match line.read(&mut piece).await {
            Ok(0) | Err(_) => return,
            Ok(n) => heard.extend_from_slice(&piece[..n]),
        }
    }
    match mood {
        Mood::Says(words) => {
            let _ = line.write_all(words).await;
        }
        Mood::HangsUp(..) | Mood::Sleeps => std::future::pending().await,
    }
}

/// A scanner that nobody runs: its port was free a moment ago.
async fn nobody() -> Clamd {
    let socket = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let place = Place::Tcp(socket.local_addr().unwrap().to_string());
    drop(socket);
    Clamd { place, patience: Duration::from_millis(300) }
}

/// A town whose mail is scanned so.
async fn town(bench: &mut Bench, scanner: Clamd, scanning: Scanning) -> Uuid {
    bench.deps.scanner = Some(scanner);
    bench.deps.intake.scanning = scanning;
    bench.tenant("town").await
}

/// Brings a mail with a file in.
async fn mailed(bench: &Bench, town: Uuid, bytes: &[u8]) {
    let (_, mailbox) = bench.channel(town, "memory", "help").await;
    let mut letter = Letter::from_email("ann@x.example", "Lamp", "See the photo.");
    letter.attachments =
        vec![File { name: "lamp.jpg".into(), content_type: "image/jpeg".into(), bytes: bytes.to_vec() }];
    mailbox.plant(&letter);
}

async fn files(bench: &Bench, town: Uuid) -> Vec<Attachment> {
    let read: store::Result<_> = bench
        .store
        .tenant(town)
        .read(|tx| {
            let items = inbound::list(tx, None, None, None, 10)?;
            let messages: Vec<Uid> = items.iter().filter_map(|item| item.message_id).collect();
            attachments::of_messages(tx, &messages)
        })
        .await;
    read.unwrap()
}

/// Whether the scan is in nobody's hand and not due.
async fn laid_down(bench: &Bench, town: Uuid) -> bool {
    let now = bench.now();
    let read: store::Result<bool> = bench
        .store
        .tenant(town)
        .read(move |tx| {
            let idle = store::jobs::held(tx, now)?.is_empty();
            Ok(idle && store::jobs::next_due(tx)?.is_none_or(|due| due > now))
        })
        .await;
    read.unwrap()
}

async fn until_scan(bench: &Bench, town: Uuid, state: &str) -> Attachment {
    until(state, async || files(bench, town).await.first().is_some_and(|file| file.scan == state)).await;
    files(bench, town).await.remove(0)
}

on_both!(what_a_scanner_finds_is_kept_told_and_handed_to_nobody, 0, 4, |place| {
    let mut bench = Bench::on(place.store.clone(), tempfile::tempdir().unwrap());
    let found = scanner(Mood::Says(b"stream: Win.Test FOUND\0")).await;
    let town = town(&mut bench, found, Scanning::Hold).await;
    mailed(&bench, town, b"bad bytes").await;
    let (running, polling) = (Running::jobs(&bench), Running::reception(&bench));
    let file = until_scan(&bench, town, "infected").await;
    assert_eq!(file.scan_detail.as_deref(), Some("Win.Test"));
    for scanning in [Scanning::Hold, Scanning::Pass, Scanning::Off] {
        assert!(matches!(scan::handed_out(scanning, &file), Err(Fail::Infected(found)) if found == "Win.Test"));
    }
    let hash = file.sha256.as_slice().try_into().unwrap();
    assert_eq!(bench.deps.intake.blobs.get(town, hash).await.unwrap(), b"bad bytes", "nothing is lost");
    let log = bench.store.tenant(town).read(|tx| events::list(tx, &Filter::default(), 100)).await.unwrap();
    let told = log.iter().find(|event| event.kind == "attachment.infected").unwrap();
    assert!(told.case_id.is_some() && told.data.0["found"] == "Win.Test", "{told:?}");
    running.stop().await;
    polling.stop().await;
});

on_both!(while_the_scanner_is_down_files_wait_and_are_scanned_when_it_is_back, 0, 4, |place| {
    let mut bench = Bench::on(place.store.clone(), tempfile::tempdir().unwrap());
    let town = town(&mut bench, nobody().await, Scanning::Hold).await;
    mailed(&bench, town, b"a photo").await;
    let (running, polling) = (Running::jobs(&bench), Running::reception(&bench));
    let file = until_scan(&bench, town, "waiting").await;
    assert!(matches!(scan::handed_out(Scanning::Hold, &file), Err(Fail::NotScanned(_))));
    assert_eq!(scan::sendable(Scanning::Hold, std::slice::from_ref(&file)), Sendable::Later);
    until("it was asked in vain", async || laid_down(&bench, town).await).await;
    running.stop().await;
    bench.deps.scanner = Some(scanner(Mood::Says(b"stream: OK\0")).await);
    let running = Running::jobs(&bench);
    running.pass(&bench, 60);
    let file = until_scan(&bench, town, "clean").await;
    assert!(scan::handed_out(Scanning::Hold, &file).is_ok());
    running.stop().await;
    polling.stop().await;
});

#[tokio::test]
async fn where_the_operator_says_pass_a_file_is_handed_out_unscanned_and_marked_so() {
    let mut bench = Bench::start();
    let town = town(&mut bench, nobody().await, Scanning::Pass).await;
    mailed(&bench, town, b"a photo").await;
    let (_running, _polling) = (Running::jobs(&bench), Running::reception(&bench));
    let file = until_scan(&bench, town, "failed").await;
    assert!(scan::handed_out(Scanning::Pass, &file).is_ok());
    assert!(matches!(scan::handed_out(Scanning::Hold, &file), Err(Fail::Unscannable(_))));
}

#[tokio::test]
async fn a_file_that_the_scanner_finds_too_large_is_held_back_with_the_reason() {
    let mut bench = Bench::start();
    let full = scanner(Mood::HangsUp(100_000, b"INSTREAM size limit exceeded. ERROR\0")).await;
    let town = town(&mut bench, full, Scanning::Hold).await;
    mailed(&bench, town, &vec![7; 300_000]).await;
    let (_running, _polling) = (Running::jobs(&bench), Running::reception(&bench));
    let file = until_scan(&bench, town, "failed").await;
    assert!(file.scan_detail.as_ref().unwrap().contains("StreamMaxLength"));
    assert!(matches!(scan::sendable(Scanning::Hold, &[file]), Sendable::No(_)));
}

#[tokio::test]
async fn a_scanner_that_sleeps_hangs_up_or_talks_nonsense_has_found_nothing_clean() {
    for (mood, word) in [
        (Mood::Sleeps, "too long"),
        (Mood::HangsUp(10, b""), "hung up"),
        (Mood::Says(b"HTTP/1.1 400 Bad Request\r\n\r\n"), "understood"),
        (Mood::Says(b"stream: Can't open file ERROR\0"), "trouble"),
    ] {
        match scanner(mood).await.scan(b"bytes").await {
            Err(Trouble::Broke(why)) => assert!(why.contains(word), "{why}"),
            other => panic!("{word}: {other:?}"),
        }
    }
    assert!(matches!(nobody().await.scan(b"bytes").await, Err(Trouble::Down(_))));
}

#[tokio::test]
async fn a_file_on_which_the_scanner_breaks_off_again_and_again_holds_no_other_up() {
    let mut bench = Bench::start();
    let town = town(&mut bench, scanner(Mood::Says(b"nonsense\0")).await, Scanning::Hold).await;
    mailed(&bench, town, b"a photo").await;
    let (running, polling) = (Running::jobs(&bench), Running::reception(&bench));
    until_scan(&bench, town, "waiting").await;
    for _ in 0..8 {
        until("it waits for its next turn", async || laid_down(&bench, town).await).await;
        running.pass(&bench, 601);
    }
    let file = until_scan(&bench, town, "failed").await;
    assert!(file.scan_detail.is_some());
    running.stop().await;
    polling.stop().await;
}

#[tokio::test]
#[ignore = "needs clamd: run by tests/run"]
async fn a_real_clamd_finds_what_its_signatures_name_and_nothing_else() {
    let place = |name: &str| Place::parse(&std::env::var(name).unwrap()).unwrap();
    let mut large = vec![b'a'; 1_500_000];
    for name in ["CIVICDESK_TEST_CLAMD", "CIVICDESK_TEST_CLAMD_SOCKET"] {
        let clamd = Arc::new(Clamd { place: place(name), patience: Duration::from_secs(30) });
        let found = clamd.scan(&eicar()).await.unwrap();
        assert!(matches!(&found, Verdict::Infected(name) if name.contains("Eicar-Test")), "{found:?}");
        assert_eq!(clamd.scan(b"The streetlight on Elm Street is out.").await, Ok(Verdict::Clean));
        assert_eq!(clamd.scan(b"").await, Ok(Verdict::Clean));
        assert_eq!(clamd.scan(&large).await, Ok(Verdict::Clean));
    }
    large.resize(3_000_000, b'a');
    let clamd = Clamd { place: place("CIVICDESK_TEST_CLAMD"), patience: Duration::from_secs(30) };
    assert_eq!(clamd.scan(&large).await, Ok(Verdict::TooLarge), "its StreamMaxLength is two megabytes here");
}
