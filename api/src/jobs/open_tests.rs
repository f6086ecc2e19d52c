//! What is promised of answers that cross channels, or that anyone can read.

use civicdesk_contract::{IdentityKind, Media, Party, memory::File};
use uuid::Uuid;

use super::{
    at_work::Running,
    bench::{Bench, until},
};
use crate::{
    cases::{
        accept, intake,
        plain::Plain,
        reply::{self, Posted, Reply},
    },
    fail::Fail,
    people::change,
    store::{
        self, Tx, Uid, attachments, cases, channels, contacts, inbound,
        inbound::Item,
        messages::{self, Message},
        tests::support::{self, on_both},
    },
};

fn handle(address: &str) -> Option<Party> {
    Some(Party { kind: IdentityKind::Handle, address: address.to_owned(), name: None })
}

fn post(id: &str, text: &str) -> Plain {
    let (message_id, from) = (Some(id.to_owned()), handle("maria"));
    Plain { message_id, from, text: text.to_owned(), public: true, ..Plain::default() }
}

fn direct(id: &str, answers: &str, text: &str) -> Plain {
    Plain { in_reply_to: vec![answers.to_owned()], public: false, ..post(id, text) }
}

/// Brings a message in and files it.
async fn bring(bench: &Bench, town: Uuid, channel: Uid, plain: Plain) -> Message {
    let id = civicdesk_contract::ExternalId(plain.message_id.clone().unwrap());
    let item = civicdesk_contract::RawItem { id, place: None, envelope: Default::default(), raw: plain.to_bytes() };
    let external = item.id.0.clone();
    let rows = accept::prepare(&bench.deps.intake, town, channel.0, vec![item]).await.unwrap();
    let rows: Vec<Item> = rows.into_iter().map(|row| Item { simulated: true, ..row }).collect();
    let (act, door) = (bench.act(), bench.store.tenant(town));
    door.write(move |tx: &mut Tx| accept::accept(tx, &act, channel, &rows, None)).await.unwrap();
    intake::work(&bench.deps.intake, town, 10).await.unwrap();
    bench.pass(60);
    let found: store::Result<Message> = door
        .read(move |tx| {
            let item = inbound::by_external_id(tx, channel, &external)?;
            messages::get(tx, item.message_id.unwrap_or(Uid(Uuid::nil())))
        })
        .await;
    found.unwrap()
}

async fn answer(bench: &Bench, town: Uuid, case: Uid, reply: Reply) -> Result<Posted, Fail> {
    let (act, kinds) = (bench.act(), bench.deps.opener.kinds());
    let write = move |tx: &mut Tx| {
        let case = cases::get(tx, case)?;
        reply::reply(tx, &act, &kinds, &case, reply.clone())
    };
    bench.store.tenant(town).write(write).await
}

fn openly(text: &str) -> Reply {
    Reply { text: text.to_owned(), public: Some(true), ..Reply::default() }
}

fn words(refused: Result<Posted, Fail>) -> String {
    match refused {
        Err(Fail::Invalid(fields)) => format!("{}: {}", fields[0].pointer, fields[0].detail),
        other => panic!("{other:?}"),
    }
}

on_both!(what_was_said_in_private_is_never_said_in_public, 0, 4, |place| {
    let bench = Bench::on(place.store.clone(), tempfile::tempdir().unwrap());
    let town = bench.tenant("town").await;
    let (square, mailbox) = bench.channel(town, "social", "square").await;
    let asked = bring(&bench, town, square, post("p1", "The lamp on Elm Street is out!")).await;
    let private = "I am the one who lives at 12 Elm Street, second floor. Call 555-010-9999.";
    let told = bring(&bench, town, square, direct("d1", "p1", private)).await;
    assert_eq!((asked.case_id, asked.public, told.public), (told.case_id, true, false));
    for text in [
        "Thank you! So you are the one who lives at 12 elm street; we come on Monday.",
        "We will call you: (555) 010 9999.",
    ] {
        let refused = words(answer(&bench, town, asked.case_id, openly(text)).await);
        assert!(refused.starts_with("/text: it repeats the private message msg_"), "{refused}");
    }
    let open =
        answer(&bench, town, asked.case_id, openly("Thank you, the lamp on Elm Street is mended.")).await.unwrap();
    assert_eq!((open.message.public, open.message.in_reply_to.as_deref()), (true, Some("p1")));
    let quiet = Reply { text: "We come to 12 Elm Street, second floor.".into(), ..Reply::default() };
    let quiet = answer(&bench, town, asked.case_id, quiet).await.unwrap();
    assert_eq!((quiet.message.public, quiet.message.in_reply_to.as_deref()), (false, Some("d1")));
    let running = Running::jobs(&bench);
    bench.until_state(town, open.message.id, "sent").await;
    bench.until_state(town, quiet.message.id, "sent").await;
    let sent: Vec<bool> = mailbox.sent().iter().map(|sent| sent.public).collect();
    assert!(sent.contains(&true) && sent.contains(&false), "{sent:?}");
    running.stop().await;
});

#[tokio::test]
async fn a_public_answer_that_a_private_word_overtook_stays_here() {
    let bench = Bench::start();
    let town = bench.tenant("town").await;
    let (square, mailbox) = bench.channel(town, "social", "square").await;
    let asked = bring(&bench, town, square, post("p1", "The lamp on Elm Street is out!")).await;
    let text = "We come on Monday to 12 Elm Street, second floor.";
    let queued = answer(&bench, town, asked.case_id, openly(text)).await.unwrap();
    bring(&bench, town, square, direct("d1", "p1", "I live at 12 Elm Street, second floor.")).await;
    let running = Running::jobs(&bench);
    let message = bench.until_state(town, queued.message.id, "failed").await;
    let why = message.state_detail.unwrap();
    assert!(why.contains("repeats the private message") && mailbox.sent().is_empty(), "{why}");
    running.stop().await;
}

#[tokio::test]
async fn a_channel_is_told_when_its_citizen_was_last_heard_there() {
    let bench = Bench::start();
    let town = bench.tenant("town").await;
    let (square, mailbox) = bench.channel(town, "social", "square").await;
    bring(&bench, town, square, Plain { public: false, ..post("d1", "When do you open?") }).await;
    let asked = bring(&bench, town, square, direct("d2", "d1", "On Sunday, I mean.")).await;
    let quiet = Reply { text: "We are closed.".into(), ..Reply::default() };
    let posted = answer(&bench, town, asked.case_id, quiet).await.unwrap();
    bench.pass(3600);
    let running = Running::jobs(&bench);
    bench.until_state(town, posted.message.id, "sent").await;
    assert_eq!(mailbox.sent()[0].heard_at, Some(asked.created_at.0));
    running.stop().await;
}

#[tokio::test]
async fn nothing_is_public_but_an_answer_to_what_was() {
    let bench = Bench::start();
    let town = bench.tenant("town").await;
    let (square, _) = bench.channel(town, "social", "square").await;
    let (mail, _) = bench.channel(town, "mail", "help").await;
    let told = bring(&bench, town, square, Plain { public: false, ..post("d1", "A word in private.") }).await;
    let refused = words(answer(&bench, town, told.case_id, openly("Hello everyone.")).await);
    assert!(refused.contains("only an answer to what was written in public"), "{refused}");
    let ann = Party { kind: IdentityKind::Email, address: "ann@x.example".into(), name: None };
    let by_mail = Reply { channel_id: Some(mail), to: vec![ann], ..openly("Hello everyone.") };
    let refused = words(answer(&bench, town, told.case_id, by_mail).await);
    assert!(refused.contains("nothing on this channel is public"), "{refused}");
}

on_both!(an_answer_goes_out_on_another_channel_than_the_question_came_on, 0, 4, |place| {
    let bench = Bench::on(place.store.clone(), tempfile::tempdir().unwrap());
    let town = bench.tenant("town").await;
    let (square, _) = bench.channel(town, "social", "square").await;
    let (mail, mailbox) = bench.channel(town, "mail", "help").await;
    let asked = bring(&bench, town, square, Plain { public: false, ..post("d1", "When do you open?") }).await;
    let other = Reply { text: "At nine.".into(), channel_id: Some(mail), ..Reply::default() };
    let refused = words(answer(&bench, town, asked.case_id, other.clone()).await);
    assert!(refused.starts_with("/to: the requester has no address that this channel reaches"), "{refused}");
    let (act, case) = (bench.act(), asked.case_id);
    let known = move |tx: &mut Tx| {
        let contact = cases::get(tx, case)?.contact_id;
        let contact = contacts::get(tx, contact)?;
        let email = Party { kind: IdentityKind::Email, address: "Maria@x.example".into(), name: None };
        change::add_identity(tx, &act, &contact, &email)
    };
    bench.store.tenant(town).write(known).await.unwrap();
    let posted = answer(&bench, town, asked.case_id, other).await.unwrap();
    assert_eq!((posted.message.in_reply_to, posted.message.public), (None, false), "no foreign network's id");
    let running = Running::jobs(&bench);
    bench.until_state(town, posted.message.id, "sent").await;
    let to: Vec<String> = mailbox.sent()[0].to.iter().map(|party| party.address.clone()).collect();
    assert_eq!(to, ["Maria@x.example"]);
    running.stop().await;
});

#[tokio::test]
async fn each_channel_says_what_a_message_joins_that_leads_nowhere() {
    let bench = Bench::start();
    let town = bench.tenant("town").await;
    for (policy, cases) in [("thread", 2), ("open_case", 1), ("new", 3)] {
        let (channel, _) = bench.channel(town, "social", policy).await;
        let set = move |tx: &mut Tx| {
            let row = channels::get(tx, channel)?;
            channels::update(tx, &channels::Channel { case_policy: policy.to_owned(), ..row })
        };
        let _: channels::Channel = bench.store.tenant(town).write::<_, store::Error, _>(set).await.unwrap();
        let by = |plain: Plain| Plain { from: handle(policy), public: false, ..plain };
        let mut found = std::collections::BTreeSet::new();
        for plain in [post("a", "The lamp is out."), post("b", "And a hole."), direct("c", "a", "Still out.")] {
            found.insert(bring(&bench, town, channel, by(plain)).await.case_id);
        }
        assert_eq!(found.len(), cases, "{policy}");
    }
}

#[tokio::test]
async fn one_conversation_of_a_network_is_one_case_until_it_is_closed() {
    let bench = Bench::start();
    let town = bench.tenant("town").await;
    let (channel, _) = bench.channel(town, "social", "chat").await;
    let say = |id: &str, thread: &str| Plain { thread: Some(thread.into()), public: false, ..post(id, "Hello there.") };
    let first = bring(&bench, town, channel, say("a", "t1")).await;
    assert_eq!(bring(&bench, town, channel, say("b", "t1")).await.case_id, first.case_id);
    assert_ne!(bring(&bench, town, channel, say("c", "t2")).await.case_id, first.case_id);
    let stranger = Plain { from: handle("mallory"), ..say("d", "t1") };
    assert_ne!(bring(&bench, town, channel, stranger).await.case_id, first.case_id, "no party to it");
}

#[tokio::test]
async fn files_that_lie_at_the_network_are_fetched_or_said_to_be_missing() {
    let bench = Bench::start();
    let town = bench.tenant("town").await;
    let (_, mailbox) = bench.channel(town, "memory", "help").await;
    let bytes = vec![7; 300];
    mailbox.keep("f1", File { name: "lamp.jpg".into(), content_type: "image/jpeg".into(), bytes: bytes.clone() });
    let media = ["f1", "gone"].map(|handle| Media { handle: handle.into(), ..Media::default() }).to_vec();
    let mut letter = civicdesk_contract::memory::Letter::from_email("ann@x.example", "Lamp", "See the photo.");
    letter.media = media;
    mailbox.plant(&letter);
    let (running, polling) = (Running::jobs(&bench), Running::reception(&bench));
    let door = bench.store.tenant(town);
    let kept = async || -> Vec<attachments::Attachment> {
        let read: store::Result<_> = door
            .read(|tx| {
                let items = inbound::list(tx, None, None, None, 10)?;
                let messages: Vec<Uid> = items.iter().filter_map(|item| item.message_id).collect();
                attachments::of_messages(tx, &messages)
            })
            .await;
        read.unwrap()
    };
    until("the file is there", async || !kept().await.is_empty()).await;
    let files = kept().await;
    assert_eq!((files.len(), files[0].name.as_str(), files[0].size), (1, "lamp.jpg", 300));
    let told = bench.message_events(town).await;
    assert!(told.contains(&"message.files_fetched".to_owned()), "{told:?}");
    running.stop().await;
    polling.stop().await;
}

#[tokio::test]
async fn what_a_network_cannot_carry_is_refused_before_it_is_queued() {
    let bench = Bench::start();
    let town = bench.tenant("town").await;
    let (channel, _) = bench.channel(town, "short", "sms").await;
    let asked = bring(&bench, town, channel, Plain { public: false, ..post("a", "Where are you?") }).await;
    let long = Reply { text: "Mill Lane 😀".into(), ..Reply::default() };
    let refused = words(answer(&bench, town, asked.case_id, long).await);
    assert!(refused.starts_with("/text: has 12"), "{refused}");
    let rich = Reply { text: "Mill Lane".into(), html: Some("<b>Mill Lane</b>".into()), ..Reply::default() };
    assert!(words(answer(&bench, town, asked.case_id, rich).await).starts_with("/html"));
    let short = Reply { text: "Mill Lane😀".into(), ..Reply::default() };
    assert!(answer(&bench, town, asked.case_id, short).await.is_ok());
}
