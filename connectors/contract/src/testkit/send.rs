//! Checks of sending: it arrives whole, one key is one message, and doubt is said.

use super::{
    Delivered,
    judge::{Kit, brief, words},
    round_trip::{TEXTS, long_text},
};
use crate::{ExternalId, Kind, Outbound, OutboundAttachment, ReceiptState, Retry};

const MIB: usize = 1 << 20;

pub(super) async fn what_is_sent_arrives(kit: &Kit<'_>) {
    let mut ids: Vec<ExternalId> = Vec::new();
    for (what, text) in TEXTS {
        let message = kit.outbound(text);
        let id = sends(kit, what, &message).await;
        assert!(!ids.contains(&id), "two messages have the id {:?}; a receipt would be booked on the wrong one", id.0);
        ids.push(id);
    }
    let mut subject = kit.outbound("It is in the subject.");
    subject.subject = kit.fixture.has_subjects().then(|| "Ihre Meldung: Straßenlaterne 🛠, שלום".to_owned());
    sends(kit, "a subject beyond ASCII", &subject).await;
    let mut rich = kit.outbound("Thank you, it is mended.");
    rich.html = kit.can.html.then(|| "<p>Thank you, it is <b>mended</b>.</p>".to_owned());
    rich.in_reply_to = kit.can.threads.then(|| kit.fixture.answered());
    rich.references = rich.in_reply_to.iter().cloned().collect();
    if kit.can.attachments {
        rich.attachments.push(file(kit));
    }
    sends(kit, "a message with everything that is declared", &rich).await;
}

/// Sends, and finds the message once and whole at the provider.
async fn sends(kit: &Kit<'_>, what: &str, message: &Outbound) -> ExternalId {
    let before = kit.fixture.sent().await.len();
    let sent = kit.works("send", kit.open().send(message)).await;
    assert!(!sent.id.0.is_empty(), "send gave an empty id; receipts could not name the message");
    kit.shows_no_secret("what send told staff", &sent.detail);
    let delivered = new_since(kit, before).await;
    let [delivered] = delivered.as_slice() else {
        panic!("send of {what} said it worked, and the provider was given {} messages", delivered.len());
    };
    arrived_whole(kit, what, message, delivered);
    sent.id
}

fn arrived_whole(kit: &Kit<'_>, what: &str, message: &Outbound, delivered: &Delivered) {
    assert!(
        words(&delivered.text) == words(&message.text),
        "{what} was damaged on its way out.\nwritten: {}\nsent: {}",
        brief(&message.text),
        brief(&delivered.text)
    );
    let to: Vec<&String> = message.to.iter().map(|party| &party.address).collect();
    assert_eq!(delivered.to.iter().collect::<Vec<_>>(), to, "the message went to somebody else");
    if kit.fixture.has_subjects() {
        assert_eq!(delivered.subject, message.subject, "the subject was damaged on its way out");
    }
    match (&message.html, &delivered.html) {
        (Some(_), Some(html)) => assert!(html.contains("<b>mended</b>"), "the HTML was damaged on its way out: {html}"),
        (Some(_), None) => panic!("html is declared, and the HTML was not sent"),
        (None, _) => {}
    }
    let nameless = kit.fixture.file_kind().0.is_none();
    let files = |files: &[OutboundAttachment]| -> Vec<OutboundAttachment> {
        let unnamed = |file: &OutboundAttachment| OutboundAttachment { name: String::new(), ..file.clone() };
        files.iter().map(|file| if nameless { unnamed(file) } else { file.clone() }).collect()
    };
    assert_eq!(files(&delivered.attachments), files(&message.attachments), "a file was lost or changed on its way out");
    if kit.can.threads {
        assert_eq!(delivered.answers, message.in_reply_to, "threads is declared; the answer must name what it answers");
    }
}

pub(super) fn a_text_has_one_price(kit: &Kit<'_>) {
    let channel = kit.open();
    let Some(nothing) = channel.measure("") else {
        let priced = TEXTS.iter().find(|(_, text)| channel.measure(text).is_some());
        assert!(priced.is_none(), "measure gave a price for {priced:?} and none for an empty text: all or nothing");
        return;
    };
    assert_eq!((nothing.units, nothing.parts), (0, 0), "an empty text is not billed");
    for (what, text) in TEXTS {
        let priced = channel.measure(text);
        assert_eq!(priced, kit.open().measure(text), "measure of {what} gave two answers for one text");
        assert!(
            priced.as_ref().is_some_and(|price| price.parts > 0 && price.units > 0),
            "measure of {what} gave {priced:?}; whatever is sent is billed"
        );
    }
}

pub(super) async fn one_key_is_one_message(kit: &Kit<'_>) {
    let channel = kit.open();
    if kit.can.idempotent_send {
        let message = kit.outbound("Once is enough.");
        let before = kit.fixture.sent().await.len();
        let first = kit.works("send", channel.send(&message)).await;
        let again = kit.works("send, with a key that was sent", kit.open().send(&message)).await;
        let delivered = new_since(kit, before).await.len();
        assert_eq!(
            delivered, 1,
            "idempotent_send is declared, and one key was delivered {delivered} times; the host repeats a send whose \
             outcome it does not know, so somebody would get the message twice"
        );
        assert_eq!(first.id, again.id, "one key was given two ids; a receipt for the first would be lost");
    }

    let message = kit.outbound("Did you get this?");
    let before = kit.fixture.sent().await.len();
    kit.fixture.lose_next_reply().await;
    let lost = kit.soon("send", channel.send(&message)).await;
    match &lost {
        Err(error) => {
            kit.is_clean(error);
            assert_eq!(
                error.retry,
                Retry::Unsure,
                "the provider took the message and its reply was lost: that is Retry::Unsure, got {error:?}. With any \
                 other word the host would send it twice, or give up on what has gone out"
            );
        }
        Ok(sent) if !kit.can.idempotent_send => {
            panic!("the provider's reply was lost, and send claims {sent:?}: a success nobody confirmed")
        }
        Ok(_) => {}
    }
    if kit.can.idempotent_send {
        kit.works("send again after Unsure", channel.send(&message)).await;
    }
    let delivered = new_since(kit, before).await.len();
    assert_eq!(
        delivered, 1,
        "after a lost reply one key was delivered {delivered} times; repeating is the host's work"
    );
}

pub(super) async fn limits_are_kept(kit: &Kit<'_>) {
    let limit = kit.can.max_text.or(kit.fixture.longest());
    let most = limit.unwrap_or(MIB);
    sends(kit, "the longest text that is declared", &kit.outbound(&long_text(most.min(MIB)))).await;
    if let Some(most) = kit.can.max_text.filter(|most| (3..MIB).contains(most)) {
        let unit = kit.can.text_unit;
        let why = "The limit is in text_unit, and emoji count as the network counts them.";
        let fits = most / unit.count("😀");
        sends(kit, "the longest text of emoji", &kit.outbound(&"😀".repeat(fits))).await;
        let over = kit.outbound(&"😀".repeat(fits + 1));
        whole_or_refused(kit, "send with emoji over max_text", &over, why).await;
    }
    if limit.is_some_and(|most| most < MIB) {
        let why = "Where a text does not fit it must be Refused: half an answer is worse than none.";
        whole_or_refused(kit, "send with a text over max_text", &kit.outbound(&long_text(most + 1)), why).await;
    }
    if !kit.can.attachments {
        let mut message = kit.outbound("See the file.");
        message.attachments.push(file(kit));
        let before = kit.fixture.sent().await.len();
        let sent = kit.soon("send", kit.open().send(&message)).await;
        let why =
            "attachments is not declared: dropping a file in silence loses it, sending it after all is undeclared.";
        kit.fails("send with a file", sent, Kind::Unsupported, why);
        assert!(new_since(kit, before).await.is_empty(), "a refused message was delivered all the same");
    }
    if !kit.can.html {
        let mut message = kit.outbound("Thank you, it is mended.");
        message.html = Some("<p>Thank you, it is <b>mended</b>.</p>".to_owned());
        let before = kit.fixture.sent().await.len();
        let sent = kit.soon("send", kit.open().send(&message)).await;
        let delivered = new_since(kit, before).await;
        assert!(
            delivered.iter().all(|one| one.html.is_none() && words(&one.text) == words(&message.text)),
            "html is not declared: send the text alone or refuse, but do not send HTML ({sent:?})"
        );
    }
}

async fn whole_or_refused(kit: &Kit<'_>, what: &str, message: &Outbound, why: &str) {
    let before = kit.fixture.sent().await.len();
    let sent = kit.soon("send", kit.open().send(message)).await;
    let delivered = new_since(kit, before).await;
    if sent.is_ok() {
        let whole = delivered.len() == 1 && words(&delivered[0].text) == words(&message.text);
        assert!(whole, "{what} said it worked, and the text did not arrive whole. {why}");
    } else {
        kit.fails(what, sent, Kind::Refused, why);
        assert!(delivered.is_empty(), "{what}: a refused message was delivered all the same");
    }
}

pub(super) async fn receipts_name_the_message(kit: &Kit<'_>) {
    let channel = kit.open();
    let sent = kit.works("send", channel.send(&kit.outbound("Tell me when it is there."))).await;
    let call = kit.fixture.receipt(&sent).await;
    let received = kit.works("receive with a receipt", channel.receive(&call)).await;
    let there = [ReceiptState::Delivered, ReceiptState::Read];
    assert!(
        received.receipts.iter().any(|receipt| receipt.id == sent.id && there.contains(&receipt.state)),
        "receipts is declared; a call said that {:?} was delivered or read, and receive gave {:?}",
        sent.id.0,
        received.receipts
    );
}

async fn new_since(kit: &Kit<'_>, before: usize) -> Vec<Delivered> {
    let mut sent = kit.fixture.sent().await;
    assert!(sent.len() >= before, "Fixture::sent() must keep all that the provider was ever given");
    sent.split_off(before)
}

fn file(kit: &Kit<'_>) -> OutboundAttachment {
    let (name, content_type) = kit.fixture.file_kind();
    OutboundAttachment {
        name: name.unwrap_or("no-name").to_owned(),
        content_type: content_type.to_owned(),
        bytes: (0..=255).cycle().take(1000).collect(),
    }
}
