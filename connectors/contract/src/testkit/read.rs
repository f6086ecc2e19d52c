//! Checks that reading is total: a stranger chooses the bytes, and one wreck must not stop what comes after it.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    time::{Duration, Instant},
};

use super::{
    judge::{Kit, brief},
    round_trip::{bring, ways},
};
use crate::{Envelope, ExternalId, Kind, Place, RawItem};

const MIB: usize = 1 << 20;
/// Far more than a slow machine needs for reading in a straight line.
const LIMIT: Duration = Duration::from_secs(20);

pub(super) async fn is_total(kit: &Kit<'_>) {
    let mut samples = garbage();
    for way in ways(&kit.can) {
        let mut message = kit.planted("A message to be broken.\n> quoted\nand on");
        message.html = kit.can.html.then(|| "<p>A <b>message</b> to be broken</p>".to_owned());
        samples.extend(broken(&bring(kit, way, &message).await));
    }
    for item in samples {
        reads_or_is_malformed(kit, &item);
    }
}

fn reads_or_is_malformed(kit: &Kit<'_>, item: &RawItem) {
    let began = Instant::now();
    let Ok(first) = catch_unwind(AssertUnwindSafe(|| kit.connector.read(item))) else {
        panic!(
            "read panicked on {}; any bytes must give a message or Malformed",
            brief(&String::from_utf8_lossy(&item.raw))
        );
    };
    assert!(
        began.elapsed() < LIMIT,
        "read took {:?} for {} bytes beginning with {}; a stranger could keep the host busy with it",
        began.elapsed(),
        item.raw.len(),
        brief(&String::from_utf8_lossy(&item.raw))
    );
    let again = kit.connector.read(item);
    assert!(first == again, "read gave two answers for the same item; it must depend on the item alone");
    if first.is_err() {
        kit.fails("read of damaged bytes", first, Kind::Malformed, "The host quarantines what is Malformed.");
    }
}

/// Nothing, noise, and the openings that parsers go astray on, a mebibyte of each.
fn garbage() -> Vec<RawItem> {
    let mut samples = vec![Vec::new(), vec![0], b"\r\n\r\n".to_vec(), b"null".to_vec(), b"{}".to_vec(), noise(1000)];
    samples.push(noise(MIB));
    for opening in ["\0", "\u{fffd}", "[", "{\"a\":", "<div>", "> ", "a: b\r\n", "=?utf-8?q?=", "(", "\"", "--\r\n"] {
        samples.push(opening.bytes().cycle().take(MIB).collect());
    }
    samples.push(vec![0xff; MIB]);
    samples.into_iter().map(|raw| item(Envelope::default(), None, raw)).collect()
}

/// A good item cut at many places, with bytes flipped, and with an envelope that says nothing or nonsense.
fn broken(good: &RawItem) -> Vec<RawItem> {
    let like = |raw: Vec<u8>| item(good.envelope.clone(), good.place.clone(), raw);
    let step = good.raw.len() / 400 + 1;
    let mut samples = Vec::new();
    for place in (0..good.raw.len()).step_by(step) {
        samples.push(like(good.raw[..place].to_vec()));
        for flip in [0x01, 0x20, 0x80] {
            let mut raw = good.raw.clone();
            raw[place] ^= flip;
            samples.push(like(raw));
        }
    }
    samples.push(like([good.raw.as_slice(), &noise(1000)].concat()));
    samples.push(like([noise(10).as_slice(), &good.raw].concat()));
    samples.push(item(Envelope::default(), None, good.raw.clone()));
    let nonsense = Envelope { from: Some("\0<>@@\r\n".to_owned()), to: vec![String::new()], received_at: None };
    samples.push(item(nonsense, None, good.raw.clone()));
    samples
}

fn item(envelope: Envelope, place: Option<Place>, raw: Vec<u8>) -> RawItem {
    RawItem { id: ExternalId("broken".to_owned()), place, envelope, raw }
}

/// The same noise in every run.
fn noise(length: usize) -> Vec<u8> {
    let mut state: u64 = 0x9e37_79b9_7f4a_7c15;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state.to_le_bytes()[3]
    };
    (0..length).map(|_| next()).collect()
}
