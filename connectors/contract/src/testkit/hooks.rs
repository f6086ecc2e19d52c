//! Checks of a provider's calls: only what is signed is believed, and a repeated call is known by its ids.

use super::{
    Signature,
    judge::{Kit, ids},
};
use crate::{Channel, HookCall, Kind};

const WHY: &str = "Anybody can call a public address; what is not signed must be refused as Forged before it is read.";

pub(super) async fn only_the_provider_is_believed(kit: &Kit<'_>) {
    let channel = kit.open();
    let call = kit.fixture.hook(&kit.planted("The signed word.")).await;
    kit.works("receive with a rightly signed call", channel.receive(&call)).await;

    let signature = kit.fixture.signature();
    for (what, forged) in forged_headers(&call, signature) {
        refused(kit, &*channel, &what, &forged).await;
    }
    for (what, changed) in changed_bodies(&call) {
        if signature.covers_body {
            refused(kit, &*channel, &what, &changed).await;
        } else if let Err(error) = kit.soon("receive", channel.receive(&changed)).await {
            kit.fails(&what, Err::<(), _>(error), Kind::Malformed, "Wreckage under a right header is Malformed.");
        }
    }
    for (number, forged) in kit.fixture.forgeries(&call).into_iter().enumerate() {
        refused(kit, &*channel, &format!("receive with forgery {number} of Fixture::forgeries()"), &forged).await;
    }
    refused(kit, &*channel, "receive with an empty call", &HookCall::default()).await;
}

async fn refused(kit: &Kit<'_>, channel: &dyn Channel, what: &str, call: &HookCall) {
    let received = kit.soon(what, channel.receive(call)).await;
    kit.fails(what, received, Kind::Forged, WHY);
}

/// The header missing, empty, cut, and with the lowest bit of each byte flipped in turn.
fn forged_headers(call: &HookCall, signature: Signature) -> Vec<(String, HookCall)> {
    let name = signature.header;
    let Some(right) = call.header(name) else {
        panic!("Fixture::hook gave a call without the header {name:?} that Fixture::signature names");
    };
    assert!(right.is_ascii() && !right.is_empty(), "the header {name:?} must hold an ASCII signature");
    let with = |value: Option<&str>| {
        let mut forged = call.clone();
        forged.headers.retain(|(header, _)| header != name);
        forged.headers.extend(value.map(|value| (name.to_owned(), value.to_owned())));
        forged
    };
    let mut forged = vec![
        (format!("receive without the header {name}"), with(None)),
        (format!("receive with an empty {name}"), with(Some(""))),
        (format!("receive with {name} cut in half"), with(right.get(..right.len() / 2))),
        (format!("receive with {name} cut by one byte"), with(right.get(..right.len() - 1))),
    ];
    for place in 0..right.len() {
        let flipped: String =
            right.bytes().enumerate().map(|(at, byte)| char::from(if at == place { byte ^ 1 } else { byte })).collect();
        forged.push((format!("receive with byte {place} of {name} flipped"), with(Some(&flipped))));
    }
    forged
}

/// The body empty, cut, lengthened, and with each byte flipped in turn.
fn changed_bodies(call: &HookCall) -> Vec<(String, HookCall)> {
    let with = |body: Vec<u8>| HookCall { body, ..call.clone() };
    let right = &call.body;
    if right.is_empty() {
        return Vec::new();
    }
    let mut changed = vec![
        ("receive with an empty body".to_owned(), with(Vec::new())),
        ("receive with half the body".to_owned(), with(right[..right.len() / 2].to_vec())),
        ("receive with the body cut by one byte".to_owned(), with(right[..right.len() - 1].to_vec())),
        ("receive with one byte after the body".to_owned(), with([right.as_slice(), b" "].concat())),
    ];
    for place in 0..right.len() {
        let mut body = right.clone();
        body[place] ^= 1;
        changed.push((format!("receive with byte {place} of the body flipped"), with(body)));
    }
    changed
}

pub(super) async fn the_same_call_brings_the_same_items(kit: &Kit<'_>) {
    let channel = kit.open();
    let call = kit.fixture.hook(&kit.planted("Told twice.")).await;
    let first = kit.works("receive", channel.receive(&call)).await;
    let again = kit.works("receive, when the provider repeats its call", kit.open().receive(&call)).await;
    assert_eq!(
        ids(&first.items),
        ids(&again.items),
        "a repeated call brought other ids; providers repeat themselves, and the host knows a message by its id"
    );
    assert!(first.items == again.items, "a repeated call brought the same ids with other bytes");
    let other = kit.fixture.hook(&kit.planted("Told once.")).await;
    let other = kit.works("receive", channel.receive(&other)).await;
    for item in &other.items {
        assert!(
            !first.items.iter().any(|known| known.id == item.id),
            "two messages have the id {:?}; the host would take the second for a repetition and drop it",
            item.id.0
        );
    }
    let all = [&first, &other];
    assert!(kit.can.spoken || all.iter().all(|call| call.ask.is_none()), "receive asks, but `spoken` is not declared");
    if !kit.can.receipts {
        let none = all.iter().all(|call| call.receipts.is_empty() && call.watermarks.is_empty());
        assert!(none, "receive brought receipts, but `receipts` is not declared");
    }
}
