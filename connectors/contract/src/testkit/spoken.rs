//! Checks of channels on which people speak: what they say is kept as a recording, and a call that asks is answered.

use super::{
    judge::Kit,
    round_trip::{TEXTS, bring, ways},
};
use crate::{Channel, HookCall, Kind, Standing, Told};

const MIB: usize = 1 << 20;
const WORDS: &str = "The lamp at 5 < 6 & 7 Mill Lane is being mended.";

pub(super) async fn what_was_said_is_kept(kit: &Kit<'_>) {
    let channel = kit.open();
    for way in ways(&kit.can) {
        for (what, words) in TEXTS {
            let message = kit.planted(words);
            let item = bring(kit, way, &message).await;
            let read = kit.connector.read(&item).unwrap_or_else(|e| panic!("read refused a recording ({what}): {e:?}"));
            assert!(!read.text.trim().is_empty(), "a recording without a line of text is an empty message to staff");
            assert_eq!(read.text, read.fresh_text, "nothing is quoted on the telephone");
            let Some(from) = &read.from else { panic!("`from` is missing ({what}): nobody could be answered") };
            assert_eq!((from.kind, &from.address), (message.from.kind, &message.from.address), "somebody else called");
            let [recording] = read.media.as_slice() else {
                panic!("one recording is one file in `media`; there are {} ({what})", read.media.len());
            };
            kit.shows_no_secret("the handle of a recording", &recording.handle);
            let file = kit.works("fetch", channel.fetch(recording, MIB)).await;
            assert!(file.bytes == words.as_bytes(), "the recording was damaged on its way ({what})");
            let over = kit.soon("fetch", channel.fetch(recording, words.len() - 1)).await;
            let why = "A recording of any length could fill the host's memory.";
            kit.fails("fetch of a recording over the limit", over, Kind::Refused, why);
        }
    }
}

pub(super) async fn a_call_that_asks_is_answered(kit: &Kit<'_>) {
    let channel = kit.open();
    let call = kit.fixture.question().await;
    let received = kit.works("receive with a question", channel.receive(&call)).await;
    let Some(ask) = received.ask else {
        panic!("a citizen asked how a case stands, and `receive` did not ask the host (Received::ask)")
    };
    assert!(ask.reference.is_some(), "the question names a case, and Ask::reference does not");
    assert!(ask.who.is_some(), "the caller's number is shown, and Ask::who does not name it");
    let said = Standing::Said { reference: "KIT-2026-000001".to_owned(), words: WORDS.to_owned() };
    let said = answered(kit, &*channel, &call, said);
    assert!(said.contains("Mill Lane is being mended"), "what the host said is not in the answer: {said}");
    let others = [Standing::Texted, Standing::Unknown].map(|standing| answered(kit, &*channel, &call, standing));
    for other in &others {
        assert!(!other.contains("Mill Lane"), "an answer without standing holds words of an earlier one: {other}");
    }
    assert_ne!(others[0], others[1], "a caller must hear whether a text is on its way");
}

fn answered(kit: &Kit<'_>, channel: &dyn Channel, call: &HookCall, standing: Standing) -> String {
    let told = Told { agency: "Kit City".to_owned(), standing: Some(standing), ..Told::default() };
    let answer = channel.reply(call, &told).unwrap_or_else(|e| panic!("reply was expected to work, and said: {e:?}"));
    assert_eq!(Some(&answer), channel.reply(call, &told).ok().as_ref(), "reply gave two answers to the same question");
    assert!((200..300).contains(&answer.status), "reply answered {}: the caller would hear an error", answer.status);
    let body = String::from_utf8_lossy(&answer.body).into_owned();
    assert!(!body.is_empty(), "reply said nothing; the caller would hear silence");
    kit.shows_no_secret("the answer to a call", &body);
    body
}
