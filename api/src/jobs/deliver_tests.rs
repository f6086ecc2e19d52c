//! What the outbox promises when networks fail and programs die.

use std::time::Duration;

use civicdesk_contract::{ExternalId, Receipt, ReceiptState, Watermark, memory::Trouble};
use jiff::SignedDuration;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::{
    at_work::Running,
    bench::{Bench, until},
};
use crate::{
    cases::{receipts, reply, retry},
    channels::setup,
    fail::Fail,
    store::{
        Error, Tx, Uid, flags, jobs,
        messages::{self, Message},
    },
};

/// An answer whose first attempt failed because of its channel, and that waits for the next one.
async fn held_back(bench: &Bench, town: Uuid, channel: Uid) -> Uid {
    let id = bench.answer(town, channel, "hello").await;
    until("the failed attempt is on record", async || {
        let message = bench.message(town, id).await;
        message.state == "queued" && message.attempts == 1
    })
    .await;
    id
}

#[tokio::test]
async fn an_answer_goes_out_once_and_its_record_says_so() {
    let bench = Bench::start();
    let town = bench.tenant("town").await;
    let (channel, mailbox) = bench.channel(town, "mail", "help").await;
    let running = Running::jobs(&bench);
    let id = bench.answer(town, channel, "We mend it on Monday.").await;
    let message = bench.until_state(town, id, "sent").await;
    let sent = mailbox.sent();
    assert_eq!(sent.len(), 1);
    assert_eq!(sent[0].text, "We mend it on Monday.");
    assert_eq!(Some(&sent[0].message_id), message.network_id.as_ref());
    assert_eq!((message.attempts, message.sent_id.as_deref()), (1, Some("sent-1")));
    assert_eq!(bench.message_events(town).await, ["message.sent"]);
    assert_eq!(bench.store.tenant(town).read(jobs::next_due).await.unwrap(), None, "no job is left");
    assert_eq!(bench.channel_row(town, channel).await.health, "ok");
    running.stop().await;
}

#[tokio::test]
async fn while_the_network_is_down_a_message_waits_and_then_goes_out() {
    let bench = Bench::start();
    let town = bench.tenant("town").await;
    let (channel, mailbox) = bench.channel(town, "mail", "help").await;
    mailbox.trouble(Some(Trouble::Unreachable));
    let running = Running::jobs(&bench);
    let id = held_back(&bench, town, channel).await;
    let row = bench.channel_row(town, channel).await;
    assert_eq!((row.health.as_str(), row.health_kind.as_deref()), ("failing", Some("unreachable")));
    let due = bench.store.tenant(town).read(jobs::next_due).await.unwrap().unwrap();
    assert_eq!(due.0, bench.now().0 + SignedDuration::from_mins(1));

    mailbox.trouble(None);
    running.pass(&bench, 61);
    let message = bench.until_state(town, id, "sent").await;
    assert_eq!((message.attempts, mailbox.sent().len()), (2, 1));
    assert_eq!(bench.channel_row(town, channel).await.health, "ok");
}

#[tokio::test]
async fn what_waits_for_a_channel_goes_out_as_soon_as_a_person_finds_it_mended() {
    let bench = Bench::start();
    let town = bench.tenant("town").await;
    let (channel, mailbox) = bench.channel(town, "mail", "help").await;
    mailbox.trouble(Some(Trouble::Unreachable));
    let running = Running::jobs(&bench);
    let id = held_back(&bench, town, channel).await;
    mailbox.trouble(None);
    let row = bench.channel_row(town, channel).await;
    let proven = setup::check(&bench.store, &bench.deps.opener, &bench.deps.intake.clock, &row).await.unwrap();
    assert!(proven.is_ok());
    bench.until_state(town, id, "sent").await;
    running.stop().await;
}

#[tokio::test]
async fn a_refused_message_fails_with_its_reason() {
    let bench = Bench::start();
    let town = bench.tenant("town").await;
    let (channel, mailbox) = bench.channel(town, "mail", "help").await;
    mailbox.trouble(Some(Trouble::Refused));
    let _running = Running::jobs(&bench);
    let id = bench.answer(town, channel, "hello").await;
    let message = bench.until_state(town, id, "failed").await;
    assert!(message.state_detail.unwrap().contains("takes no message"));
    assert_eq!(bench.message_events(town).await, ["message.failed"]);
}

#[tokio::test]
async fn what_a_channel_does_not_declare_never_reaches_its_connector() {
    let bench = Bench::start();
    let town = bench.tenant("town").await;
    let (mail, _) = bench.channel(town, "mail", "post").await;
    let (sink, mailbox) = bench.channel(town, "sink", "help").await;
    let answer = bench.answer(town, mail, "hello").await;
    let answer = bench.message(town, answer).await;
    // A rule would refuse it; the guard is there for what comes by another way.
    let (act, letter) = (bench.act(), Message { id: bench.act().id(), channel_id: Some(sink), ..answer });
    let id = letter.id;
    let queue = move |tx: &mut Tx| {
        messages::insert(tx, &letter)?;
        jobs::enqueue(tx, &reply::deliver_job(&act, &letter))
    };
    let queued: Result<(), Error> = bench.store.tenant(town).write(queue).await;
    queued.unwrap();
    let _running = Running::jobs(&bench);
    let message = bench.until_state(town, id, "failed").await;
    assert_eq!((message.attempts, mailbox.sent().len()), (0, 0));
}

#[tokio::test]
async fn a_lost_reply_by_mail_is_repeated_under_the_same_id_and_counted() {
    let bench = Bench::start();
    let town = bench.tenant("town").await;
    let (channel, mailbox) = bench.channel(town, "mail", "help").await;
    mailbox.trouble(Some(Trouble::LostReply));
    let running = Running::jobs(&bench);
    let id = bench.answer(town, channel, "hello").await;
    until("the attempt is over", async || {
        bench.message(town, id).await.state_detail.is_some_and(|d| d.contains("reply was lost"))
    })
    .await;
    running.pass(&bench, 61);
    let message = bench.until_state(town, id, "sent").await;
    let ids: Vec<String> = mailbox.sent().into_iter().map(|sent| sent.message_id).collect();
    assert_eq!(ids.len(), 2);
    assert_eq!(ids[0], ids[1]);
    assert_eq!(message.attempts, 2);
    assert_eq!(bench.message_events(town).await, ["message.repeated", "message.sent"]);
}

#[tokio::test]
async fn a_lost_reply_where_repeats_go_unnoticed_is_left_to_staff() {
    let bench = Bench::start();
    let town = bench.tenant("town").await;
    let (channel, mailbox) = bench.channel(town, "social", "help").await;
    mailbox.trouble(Some(Trouble::LostReply));
    let _running = Running::jobs(&bench);
    let id = bench.answer(town, channel, "hello").await;
    bench.until_state(town, id, "unknown").await;
    assert_eq!(mailbox.sent().len(), 1);
    assert_eq!(bench.message_events(town).await, ["message.unknown"]);
    assert_eq!(bench.store.tenant(town).read(jobs::next_due).await.unwrap(), None);
}

/// Kills the program while the network has the message in its hands.
async fn killed_while_sending(bench: &Bench, connector: &str) -> (Uuid, Uid) {
    let town = bench.tenant("town").await;
    let (channel, mailbox) = bench.channel(town, connector, "help").await;
    mailbox.trouble(Some(Trouble::Slow(Duration::from_secs(3600))));
    let id = bench.answer(town, channel, "hello").await;
    let (now, until) = (bench.now(), super::later(bench.now(), SignedDuration::from_secs(15)));
    let take = move |tx: &mut Tx| {
        let due = jobs::due(tx, now, &jobs::Busy::default(), 1)?;
        jobs::lease(tx, &[due[0].id], until)?;
        Ok::<_, Error>(due)
    };
    let jobs = bench.store.tenant(town).write(take).await.unwrap();
    let deliver = super::deliver::Deliver(bench.deps.clone());
    let sending = tokio::spawn(async move { deliver.lane(town, jobs, CancellationToken::new()).await });
    bench.until_state(town, id, "sending").await;
    sending.abort();
    assert!(sending.await.unwrap_err().is_cancelled());
    mailbox.trouble(None);
    (town, id)
}

#[tokio::test]
async fn a_network_that_is_quicker_to_say_read_than_taken_still_gives_the_message_its_name() {
    let bench = Bench::start();
    let town = bench.tenant("town").await;
    let (channel, mailbox) = bench.channel(town, "social", "help").await;
    mailbox.trouble(Some(Trouble::Slow(Duration::from_millis(500))));
    let _running = Running::jobs(&bench);
    let id = bench.answer(town, channel, "hello").await;
    bench.until_state(town, id, "sending").await;
    let (act, until_then) = (bench.act(), bench.now().0);
    let mark = [Watermark { to: "ann@x.example".into(), state: ReceiptState::Delivered, until: until_then }];
    let take = move |tx: &mut Tx| receipts::up_to(tx, &act, channel, &mark);
    bench.store.tenant(town).write(take).await.unwrap();
    until("its name is known", async || bench.message(town, id).await.sent_id.as_deref() == Some("sent-1")).await;
    assert_eq!(bench.message(town, id).await.state, "delivered");
    let act = bench.act();
    let read = [Receipt { id: ExternalId("sent-1".into()), state: ReceiptState::Read, detail: None }];
    bench.store.tenant(town).write(move |tx| receipts::take(tx, &act, channel, &read)).await.unwrap();
    assert_eq!(bench.message(town, id).await.state, "read", "what is said of it by name finds it");
}

#[tokio::test]
async fn killed_while_sending_mail_goes_out_again_under_the_same_id_and_is_counted() {
    let bench = Bench::start();
    let (town, id) = killed_while_sending(&bench, "mail").await;
    let _running = Running::jobs(&bench);
    let message = bench.until_state(town, id, "sent").await;
    assert_eq!(message.attempts, 2);
    assert_eq!(bench.message_events(town).await, ["message.repeated", "message.sent"]);
}

#[tokio::test]
async fn killed_while_sending_where_repeats_go_unnoticed_staff_decide() {
    let bench = Bench::start();
    let (town, id) = killed_while_sending(&bench, "social").await;
    let _running = Running::jobs(&bench);
    let message = bench.until_state(town, id, "unknown").await;
    assert_eq!(message.attempts, 1);
    assert_eq!(bench.network.mailbox("help", "secret").sent().len(), 0);
}

#[tokio::test]
async fn one_dead_network_holds_no_other_channel_and_no_other_tenant() {
    let bench = Bench::start();
    let (town, city) = (bench.tenant("town").await, bench.tenant("city").await);
    let (dead, mailbox) = bench.channel(town, "mail", "dead").await;
    let (alive, _) = bench.channel(town, "mail", "alive").await;
    let (other, _) = bench.channel(city, "mail", "other").await;
    mailbox.trouble(Some(Trouble::Slow(Duration::from_secs(3600))));
    let _running = Running::jobs(&bench);
    let mut stuck = Vec::new();
    for n in 0..30 {
        stuck.push(bench.answer(town, dead, &format!("stuck {n}")).await);
        bench.pass(1);
    }
    bench.until_state(town, stuck[0], "sending").await;
    let sent = [bench.answer(town, alive, "hello").await, bench.answer(town, alive, "again").await];
    let others = bench.answer(city, other, "hello").await;
    bench.until_state(town, sent[0], "sent").await;
    bench.until_state(town, sent[1], "sent").await;
    bench.until_state(city, others, "sent").await;
    assert_eq!(bench.message(town, stuck[1]).await.state, "queued", "one at a time on a channel");
}

#[tokio::test]
async fn a_channels_messages_go_out_in_the_order_in_which_they_were_written() {
    let bench = Bench::start();
    let town = bench.tenant("town").await;
    let (channel, mailbox) = bench.channel(town, "mail", "help").await;
    let mut ids = Vec::new();
    for n in 0..25 {
        ids.push(bench.answer(town, channel, &n.to_string()).await);
        bench.pass(1);
    }
    let running = Running::jobs(&bench);
    bench.until_state(town, ids[24], "sent").await;
    let texts: Vec<String> = mailbox.sent().into_iter().map(|sent| sent.text).collect();
    assert_eq!(texts, (0..25).map(|n| n.to_string()).collect::<Vec<_>>());
    running.stop().await;
}

#[tokio::test]
async fn nothing_leaves_while_outgoing_is_paused_and_everything_after() {
    let bench = Bench::start();
    let town = bench.tenant("town").await;
    let (channel, mailbox) = bench.channel(town, "mail", "help").await;
    let at = bench.now();
    bench.store.control_write(move |c| flags::set(c, "outgoing", "paused", at)).await.unwrap();
    let running = Running::jobs(&bench);
    let id = bench.answer(town, channel, "hello").await;
    running.stop().await;
    let running = Running::jobs(&bench);
    assert_eq!((bench.message(town, id).await.state.as_str(), mailbox.sent().len()), ("queued", 0));
    bench.store.control_write(|c| flags::clear(c, "outgoing")).await.unwrap();
    bench.until_state(town, id, "sent").await;
    running.stop().await;
}

#[tokio::test]
async fn a_stopped_program_leaves_the_rest_of_its_queue_to_the_next() {
    let bench = Bench::start();
    let town = bench.tenant("town").await;
    let (channel, mailbox) = bench.channel(town, "mail", "help").await;
    mailbox.trouble(Some(Trouble::Slow(Duration::from_millis(100))));
    let mut ids = Vec::new();
    for n in 0..5 {
        ids.push(bench.answer(town, channel, &n.to_string()).await);
        bench.pass(1);
    }
    let running = Running::jobs(&bench);
    bench.until_state(town, ids[0], "sending").await;
    running.stop().await;
    assert_eq!(bench.message(town, ids[0]).await.state, "sent", "what was in hand came to its end");
    assert_eq!(bench.message(town, ids[4]).await.state, "queued");
    let held = {
        let now = bench.now();
        bench.store.tenant(town).read(move |tx| jobs::held(tx, now)).await.unwrap()
    };
    assert!(held.is_empty());
    mailbox.trouble(None);
    let _running = Running::jobs(&bench);
    bench.until_state(town, ids[4], "sent").await;
    assert_eq!(mailbox.sent().len(), 5);
}

#[tokio::test]
async fn after_five_days_a_message_is_given_up_and_says_why() {
    let bench = Bench::start();
    let town = bench.tenant("town").await;
    let (channel, mailbox) = bench.channel(town, "mail", "help").await;
    mailbox.trouble(Some(Trouble::Unreachable));
    let running = Running::jobs(&bench);
    let id = bench.answer(town, channel, "hello").await;
    for attempt in 1.. {
        until("the attempt is over", async || {
            let message = bench.message(town, id).await;
            message.state != "sending" && message.attempts == attempt
        })
        .await;
        if bench.message(town, id).await.state == "failed" {
            assert!((30..40).contains(&attempt), "{attempt}");
            break;
        }
        running.pass(&bench, 4 * 3600);
    }
    assert_eq!(bench.message_events(town).await, ["message.failed"]);
}

#[tokio::test]
async fn staff_send_again_what_failed_and_nothing_else() {
    let bench = Bench::start();
    let town = bench.tenant("town").await;
    let (channel, mailbox) = bench.channel(town, "social", "help").await;
    mailbox.trouble(Some(Trouble::LostReply));
    let _running = Running::jobs(&bench);
    let id = bench.answer(town, channel, "hello").await;
    let message = bench.until_state(town, id, "unknown").await;
    let act = bench.act();
    let again = move |tx: &mut Tx| retry::retry(tx, &act, &message);
    bench.store.tenant(town).write(again.clone()).await.unwrap();
    let message = bench.until_state(town, id, "sent").await;
    let sent = mailbox.sent();
    assert_eq!((sent.len(), message.attempts), (2, 2));
    assert_eq!((&sent[0].key, &sent[0].message_id), (&sent[1].key, &sent[1].message_id));
    let refused = bench.store.tenant(town).write(again).await.unwrap_err();
    assert!(matches!(refused, Fail::Conflict { code: "not-retryable", .. }), "{refused:?}");
    assert_eq!(bench.message_events(town).await, ["message.unknown", "message.retried", "message.sent"]);
}

#[cfg(feature = "postgres")]
#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs PostgreSQL: run by tests/run"]
async fn two_processes_share_the_outbox_and_send_each_message_once_and_in_order() {
    let place = crate::store::tests::support::postgres(0, 8).await;
    let bench = Bench::on(place.store, place.dir);
    let (town, city) = (bench.tenant("town").await, bench.tenant("city").await);
    let (channel, mailbox) = bench.channel(town, "mail", "help").await;
    let (other, others) = bench.channel(city, "mail", "other").await;
    let (one, two) = (Running::jobs(&bench), Running::jobs(&bench));
    let mut ids = Vec::new();
    for n in 0..25 {
        ids.push(bench.answer(town, channel, &n.to_string()).await);
        bench.answer(city, other, &n.to_string()).await;
        bench.pass(1);
    }
    until("everything is sent", async || mailbox.sent().len() >= 25 && others.sent().len() >= 25).await;
    bench.until_state(town, ids[24], "sent").await;
    one.stop().await;
    two.stop().await;
    for mailbox in [mailbox, others] {
        let texts: Vec<String> = mailbox.sent().into_iter().map(|sent| sent.text).collect();
        assert_eq!(texts, (0..25).map(|n| n.to_string()).collect::<Vec<_>>());
    }
}
