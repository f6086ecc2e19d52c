//! Checks of reading: what a citizen wrote is what staff read, by every way in.

use std::sync::PoisonError;

use super::{
    Planted,
    judge::{Kit, brief, words},
    poll, session,
};
use crate::{Capabilities, Inbound, InboundAttachment, Kind, RawItem, Visibility};

/// Texts that careless code damages.
pub(super) const TEXTS: [(&str, &str); 6] = [
    ("plain words", "Good morning, the lamp at 12 Mill Lane is out."),
    ("letters beyond ASCII", "Grüße aus Köln – naïve façade, Ελληνικά, русский, 漢字かな"),
    ("writing from right to left", "שלום עולם, مرحبا بالعالم"),
    ("emoji of several code points", "Danke 👍🏽 👩‍👩‍👧 🇺🇦"),
    ("markup as words", "5 < 6 & 7 > 3; <b>not bold</b> &amp; \"quoted\" 100% 'sure' \\n"),
    ("lines that protocols use themselves", "First line\n.\n..two dots\nFrom here on\n\nLast line"),
];

const MIB: usize = 1 << 20;

/// The ways in that a connector may declare.
#[derive(Clone, Copy, Debug)]
pub(super) enum Way {
    Poll,
    Hook,
    Session,
}

pub(super) fn ways(can: &Capabilities) -> Vec<Way> {
    let all = [(can.poll, Way::Poll), (can.hooks, Way::Hook), (can.session, Way::Session)];
    all.into_iter().filter_map(|(declared, way)| declared.then_some(way)).collect()
}

/// Lets the provider carry one message and takes it from the channel.
pub(super) async fn bring(kit: &Kit<'_>, way: Way, message: &Planted) -> RawItem {
    let mut items = match way {
        Way::Poll => {
            let channel = kit.open();
            let before = kit.polled.lock().unwrap_or_else(PoisonError::into_inner).clone();
            let (_, start) = poll::all_after(kit, &*channel, before.as_ref(), 100).await;
            kit.fixture.plant(message).await;
            let (items, end) = poll::arrived(kit, &*channel, &start, 1).await;
            *kit.polled.lock().unwrap_or_else(PoisonError::into_inner) = Some(end);
            items
        }
        Way::Hook => {
            let call = kit.fixture.hook(message).await;
            kit.works("receive", kit.open().receive(&call)).await.items
        }
        Way::Session => vec![session::over_a_session(kit, true, Some(message)).await],
    };
    assert!(items.len() == 1, "one planted message came as {} items by {way:?}; one item is one message", items.len());
    items.remove(0)
}

pub(super) async fn what_was_written_is_read(kit: &Kit<'_>) {
    for way in ways(&kit.can) {
        for (what, text) in TEXTS {
            reads_back(kit, way, what, &kit.planted(text)).await;
        }
        let long = kit.can.max_text.map_or(MIB, |most| most.min(MIB));
        reads_back(kit, way, "the longest text", &kit.planted(&long_text(long))).await;
        if kit.fixture.has_subjects() {
            subjects(kit, way).await;
        }
        if kit.can.html {
            html(kit, way).await;
        }
        if kit.can.attachments {
            attachments(kit, way).await;
        }
        threads(kit, way).await;
    }
}

async fn reads_back(kit: &Kit<'_>, way: Way, what: &str, message: &Planted) -> Inbound {
    let item = bring(kit, way, message).await;
    let read = kit.connector.read(&item).unwrap_or_else(|e| panic!("read refused a good message ({what}): {e:?}"));
    assert!(
        words(&read.text) == words(&message.text),
        "{what} came by {way:?} and was damaged.\nwritten: {}\nread: {}",
        brief(&message.text),
        brief(&read.text)
    );
    assert!(
        words(&read.fresh_text) == words(&message.text),
        "fresh_text must be the whole text where nothing is quoted ({what}); staff see fresh_text first.\nread: {}",
        brief(&read.fresh_text)
    );
    let Some(from) = &read.from else { panic!("`from` is missing ({what}): nobody could be answered") };
    assert_eq!((from.kind, &from.address), (message.from.kind, &message.from.address), "`from` names somebody else");
    match kit.can.visibility {
        Visibility::Public => assert!(read.public, "the channel is declared public, and the message is not marked so"),
        Visibility::Private => {
            assert!(!read.public, "the channel is declared private, and the message is marked public")
        }
        Visibility::Both => {}
    }
    read
}

async fn subjects(kit: &Kit<'_>, way: Way) {
    let long = format!("{} end", "A subject that goes on ".repeat(12));
    for subject in ["Straßenlaterne kaputt 🛠", "שלום", "a  b\u{2009}c <d> & \"e\"", long.as_str(), ""] {
        let mut message = kit.planted("It is in the subject.");
        message.subject = Some(subject.to_owned());
        let read = reads_back(kit, way, "a message with a subject", &message).await;
        assert_eq!(
            read.subject.as_deref().unwrap_or_default(),
            subject,
            "the subject was damaged on its way by {way:?}"
        );
    }
}

async fn html(kit: &Kit<'_>, way: Way) {
    let mut message = kit.planted("Hello bold world");
    message.html = Some(
        "<p>Hello <b>bold</b> world</p><script>alert(1)</script><img src=\"https://tracker.invalid/p.gif\" \
         onerror=\"alert(2)\">"
            .to_owned(),
    );
    let read = reads_back(kit, way, "a message with HTML", &message).await;
    let Some(html) = read.html else { panic!("html is declared, and the HTML of a message by {way:?} was lost") };
    assert!(html.contains("<b>bold</b>"), "plain markup was lost from the HTML: {html}");
    for danger in ["<script", "onerror", "tracker.invalid"] {
        assert!(!html.contains(danger), "Inbound::html must be safe to show, and it holds {danger:?}: {html}");
    }
}

async fn attachments(kit: &Kit<'_>, way: Way) {
    let (name, content_type) = match kit.fixture.file_kind() {
        (Some(_), _) => (Some("Foto Straße.png"), "image/png"),
        nameless => nameless,
    };
    for text in ["See the photo.", ""] {
        let mut message = kit.planted(text);
        message.attachments = vec![InboundAttachment {
            name: name.unwrap_or("no-name").to_owned(),
            content_type: content_type.to_owned(),
            bytes: (0..=255).chain((0..=255).rev()).collect(),
            content_id: None,
            inline: false,
        }];
        let mut read = reads_back(kit, way, "a message with a file", &message).await;
        fetch(kit, &mut read).await;
        let [file] = read.attachments.as_slice() else {
            panic!("attachments is declared; one file was planted by {way:?} and {} came", read.attachments.len());
        };
        let planted = &message.attachments[0];
        assert_eq!(file.content_type, planted.content_type, "the file's type was changed");
        assert!(name.is_none_or(|name| file.name == name), "the file was renamed to {}", file.name);
        assert!(file.bytes == planted.bytes, "the file's bytes were changed; a photo may be evidence");
    }
}

/// Files that lie at the network are fetched, and a larger one than asked for is not.
async fn fetch(kit: &Kit<'_>, read: &mut Inbound) {
    let channel = kit.open();
    for media in std::mem::take(&mut read.media) {
        kit.shows_no_secret("the handle of a file", &media.handle);
        let file = kit.works("fetch", channel.fetch(&media, MIB)).await;
        let most = file.bytes.len() - 1;
        let over = kit.soon("fetch", channel.fetch(&media, most)).await;
        let why = "A file of any size could fill the host's memory.";
        kit.fails("fetch of a file over the limit", over, Kind::Refused, why);
        read.attachments.push(file);
    }
}

async fn threads(kit: &Kit<'_>, way: Way) {
    let first = kit.planted("The lamp is out.");
    let mut second = kit.planted("It is still out.");
    if kit.can.threads {
        second.answers = Some(first.id.clone());
    }
    let first = hints(&reads_back(kit, way, "the first of a thread", &first).await);
    let second = hints(&reads_back(kit, way, "the second of a thread", &second).await);
    let stranger = hints(&reads_back(kit, way, "a message of another thread", &kit.planted("Bins?")).await);
    if kit.can.threads {
        assert!(
            first.iter().any(|hint| second.contains(hint)),
            "threads is declared, and a message shares no hint with the one it answers: {first:?} and {second:?}"
        );
    }
    assert!(
        !first.iter().any(|hint| stranger.contains(hint)),
        "two messages that have nothing to do with each other share a hint: {first:?} and {stranger:?}; the host could \
         put them into one case"
    );
}

fn hints(message: &Inbound) -> Vec<String> {
    let thread = &message.thread;
    let own = message.message_id.iter().chain(&thread.key);
    own.chain(&thread.in_reply_to).chain(&thread.references).cloned().collect()
}

/// So many characters, in lines.
pub(super) fn long_text(characters: usize) -> String {
    "The lamp at the corner is still out, and it is dark at five.\n"
        .chars()
        .cycle()
        .take(characters - 1)
        .chain(['.'])
        .collect()
}
