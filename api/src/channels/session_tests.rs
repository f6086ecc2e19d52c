//! What is promised of sessions: nothing is acknowledged before it is durable, and each channel is in one hand.

use civicdesk_contract::memory::{Letter, Trouble};
use uuid::Uuid;

use crate::{
    jobs::{
        at_work::Running,
        bench::{Bench, until},
    },
    store::{
        self, Tx, channels, inbound,
        tests::support::{self, on_both},
    },
};

fn letter(n: usize) -> Letter {
    Letter::from_email("ann@x.example", &format!("Mail {n}"), "hello")
}

async fn count(bench: &Bench, tenant: Uuid) -> usize {
    let listed: store::Result<_> =
        bench.store.tenant(tenant).read(|tx| inbound::list(tx, None, None, None, 1000)).await;
    listed.unwrap().len()
}

on_both!(what_a_session_hands_over_is_stored_once_whatever_breaks, 0, 4, |place| {
    let bench = Bench::on(place.store.clone(), tempfile::tempdir().unwrap());
    let town = bench.tenant("town").await;
    let (channel, mailbox) = bench.channel(town, "line", "help").await;
    for n in 0..20 {
        mailbox.plant(&letter(n));
    }
    let running = Running::reception(&bench);
    until("some are stored", async || count(&bench, town).await > 3).await;
    running.kill();
    // Where processes share channels, this one's share is free once it has shown nothing for a while.
    bench.pass(10);
    mailbox.plant(&letter(20));
    let running = Running::reception(&bench);
    until("all are stored", async || count(&bench, town).await == 21).await;
    until("the channel is well", async || bench.channel_row(town, channel).await.health == "ok").await;
    mailbox.trouble(Some(Trouble::Unreachable));
    until("the break is seen", async || bench.channel_row(town, channel).await.health == "failing").await;
    mailbox.plant(&letter(21));
    mailbox.trouble(None);
    until("it goes on by itself", async || count(&bench, town).await == 22).await;
    until("the channel is well again", async || bench.channel_row(town, channel).await.health == "ok").await;
    running.stop().await;
});

#[tokio::test]
async fn a_paused_channel_holds_no_session() {
    let bench = Bench::start();
    let town = bench.tenant("town").await;
    let (channel, mailbox) = bench.channel(town, "line", "help").await;
    let running = Running::reception(&bench);
    mailbox.plant(&letter(0));
    until("it is stored", async || count(&bench, town).await == 1).await;
    let set = |state: &'static str| {
        move |tx: &mut Tx| {
            let row = channels::get(tx, channel)?;
            channels::update(tx, &channels::Channel { state: state.to_owned(), ..row })
        }
    };
    let door = bench.store.tenant(town);
    let _: channels::Channel = door.write::<_, store::Error, _>(set("paused")).await.unwrap();
    until("the session is closed", async || mailbox.sessions() == 0).await;
    mailbox.plant(&letter(1));
    let _: channels::Channel = door.write::<_, store::Error, _>(set("active")).await.unwrap();
    until("what came meanwhile is stored", async || count(&bench, town).await == 2).await;
    running.stop().await;
}

#[cfg(feature = "postgres")]
#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs PostgreSQL: run by tests/run"]
async fn of_two_processes_one_holds_the_session_and_the_other_takes_over() {
    let place = support::postgres(0, 8).await;
    let bench = Bench::on(place.store.clone(), tempfile::tempdir().unwrap());
    let town = bench.tenant("town").await;
    let (_, mailbox) = bench.channel(town, "line", "help").await;
    let (one, other) = (Running::reception(&bench), Running::reception(&bench));
    until("the session is held", async || mailbox.sessions() == 1).await;
    mailbox.plant(&letter(0));
    until("it is stored", async || count(&bench, town).await == 1).await;
    assert_eq!(mailbox.sessions(), 1, "the other stays away");
    one.stop().await;
    mailbox.plant(&letter(1));
    until("the other took over", async || count(&bench, town).await == 2 && mailbox.sessions() == 1).await;
    other.stop().await;
}
