//! What reception promises when mailboxes are slow, dead, renumbered or shared.

use std::time::Duration;

use civicdesk_contract::memory::{Letter, Trouble};
use uuid::Uuid;

use crate::{
    jobs::{
        at_work::Running,
        bench::{Bench, until},
    },
    store::{self, Tx, Uid, channels, inbound, inbound::Item, tenants},
};

fn letter(n: usize) -> Letter {
    Letter::from_email("ann@x.example", &format!("Mail {n}"), "hello")
}

async fn items(bench: &Bench, tenant: Uuid) -> Vec<Item> {
    let door = bench.store.tenant(tenant);
    let listed: store::Result<_> = door.read(|tx| inbound::list(tx, None, None, None, 1000)).await;
    listed.unwrap()
}

async fn until_items(bench: &Bench, tenant: Uuid, n: usize) {
    until(&format!("{n} items"), async || items(bench, tenant).await.len() == n).await;
}

async fn until_health(bench: &Bench, tenant: Uuid, channel: Uid, health: &str) {
    until(health, async || bench.channel_row(tenant, channel).await.health == health).await;
}

async fn set_state(bench: &Bench, tenant: Uuid, channel: Uid, state: &'static str) {
    let change = move |tx: &mut Tx| {
        let row = channels::get(tx, channel)?;
        channels::update(tx, &channels::Channel { state: state.to_owned(), ..row })
    };
    let changed: store::Result<_> = bench.store.tenant(tenant).write(change).await;
    changed.unwrap();
}

#[tokio::test]
async fn what_lies_in_a_mailbox_is_stored_byte_for_byte_before_the_network_is_told() {
    let bench = Bench::start();
    let town = bench.tenant("town").await;
    let (channel, mailbox) = bench.channel(town, "memory", "help").await;
    let wreck = b"\0not a letter\xff".to_vec();
    let planted = mailbox.plant_raw(wreck.clone());
    let running = Running::reception(&bench);
    until_items(&bench, town, 1).await;
    let item = items(&bench, town).await.remove(0);
    assert_eq!((item.raw.as_ref(), &item.external_id), (Some(&wreck), &planted.0));
    until("the network is told", async || mailbox.committed() == [planted.clone()]).await;
    mailbox.plant(&letter(2));
    until_items(&bench, town, 2).await;
    let row = bench.channel_row(town, channel).await;
    assert_eq!((row.cursor.as_deref(), row.health.as_str()), (Some("0:2"), "ok"));
    running.stop().await;
}

#[tokio::test]
async fn a_restart_goes_on_where_it_stopped_and_brings_nothing_twice() {
    let bench = Bench::start();
    let town = bench.tenant("town").await;
    let (_, mailbox) = bench.channel(town, "memory", "help").await;
    for n in 0..120 {
        mailbox.plant(&letter(n));
    }
    let running = Running::reception(&bench);
    until("some are stored", async || !items(&bench, town).await.is_empty()).await;
    running.kill();
    mailbox.plant(&letter(120));
    let running = Running::reception(&bench);
    until_items(&bench, town, 121).await;
    running.stop().await;
    assert_eq!(items(&bench, town).await.len(), 121);
}

#[tokio::test]
async fn one_slow_mailbox_and_one_dead_one_delay_nobody() {
    let bench = Bench::start();
    let (town, city) = (bench.tenant("town").await, bench.tenant("city").await);
    for n in 0..100 {
        let (_, slow) = bench.channel(town, "memory", &format!("slow{n}")).await;
        slow.trouble(Some(Trouble::Slow(Duration::from_secs(3600))));
    }
    let (dead, mailbox) = bench.channel(town, "memory", "dead").await;
    mailbox.trouble(Some(Trouble::Unreachable));
    let (_, quick) = bench.channel(town, "memory", "quick").await;
    let (_, other) = bench.channel(city, "memory", "other").await;
    quick.plant(&letter(1));
    other.plant(&letter(2));
    let _running = Running::reception(&bench);
    until_items(&bench, city, 1).await;
    until_items(&bench, town, 1).await;
    until_health(&bench, town, dead, "failing").await;
}

#[tokio::test]
async fn a_dead_token_shows_in_the_channel_and_a_mended_one_too() {
    let bench = Bench::start();
    let town = bench.tenant("town").await;
    let (channel, mailbox) = bench.channel(town, "memory", "help").await;
    let _running = Running::reception(&bench);
    until_health(&bench, town, channel, "ok").await;
    mailbox.trouble(Some(Trouble::Credentials));
    until_health(&bench, town, channel, "failing").await;
    let row = bench.channel_row(town, channel).await;
    assert_eq!(row.health_kind.as_deref(), Some("credentials"));
    assert!(row.health_detail.unwrap().contains("refused the secret"));
    mailbox.trouble(None);
    // Staff enter the new password: any change of the channel is seen at once.
    set_state(&bench, town, channel, "active").await;
    until_health(&bench, town, channel, "ok").await;
}

#[tokio::test]
async fn a_paused_channel_is_left_alone_and_a_new_or_resumed_one_is_asked_at_once() {
    let bench = Bench::start();
    let town = bench.tenant("town").await;
    let running = Running::reception(&bench);
    let (channel, mailbox) = bench.channel(town, "memory", "help").await;
    mailbox.plant(&letter(1));
    until_items(&bench, town, 1).await;
    set_state(&bench, town, channel, "paused").await;
    // The change is seen before anything planted after it could be: the pause ends the wait that is going on.
    tokio::task::yield_now().await;
    running.stop().await;
    let running = Running::reception(&bench);
    mailbox.plant(&letter(2));
    let (_, other) = bench.channel(town, "memory", "other").await;
    other.plant(&letter(3));
    until_items(&bench, town, 2).await;
    assert!(items(&bench, town).await.iter().all(|item| item.external_id == "0:1"));
    set_state(&bench, town, channel, "active").await;
    until_items(&bench, town, 3).await;
    running.stop().await;
}

#[tokio::test]
async fn a_suspended_agencys_mail_stays_where_it_is() {
    let bench = Bench::start();
    let (town, city) = (bench.tenant("town").await, bench.tenant("city").await);
    bench.store.control_write(move |c| tenants::set_status(c, town, tenants::SUSPENDED)).await.unwrap();
    let (_, mailbox) = bench.channel(town, "memory", "help").await;
    let (_, other) = bench.channel(city, "memory", "other").await;
    let running = Running::reception(&bench);
    mailbox.plant(&letter(1));
    other.plant(&letter(1));
    until_items(&bench, city, 1).await;
    running.stop().await;
    assert!(items(&bench, town).await.is_empty());
}

#[tokio::test]
async fn fetching_stops_while_too_much_waits_to_be_filed() {
    // IN-08
    let bench = Bench::start();
    let town = bench.tenant("town").await;
    let (_, mailbox) = bench.channel(town, "memory", "help").await;
    for n in 0..500 {
        mailbox.plant(&letter(n));
    }
    let running = Running::reception(&bench);
    let count = async || {
        let n: store::Result<i64> = bench.store.tenant(town).read(inbound::waiting).await;
        n.unwrap()
    };
    until("the limit is passed", async || count().await > 200).await;
    running.stop().await;
    let held = count().await;
    assert!((201..=250).contains(&held), "{held}");
    while crate::cases::intake::work(&bench.deps.intake, town, 500).await.unwrap().more {}
    let running = Running::reception(&bench);
    until("more is fetched", async || count().await > 200).await;
    running.stop().await;
}

#[cfg(feature = "postgres")]
#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs PostgreSQL: run by tests/run"]
async fn of_two_processes_one_asks_a_mailbox_and_the_other_takes_over_when_it_dies() {
    let place = crate::store::tests::support::postgres(0, 8).await;
    let bench = Bench::on(place.store, place.dir);
    let town = bench.tenant("town").await;
    let (_, mailbox) = bench.channel(town, "memory", "help").await;
    let (one, two) = (Running::reception(&bench), Running::reception(&bench));
    for n in 0..150 {
        mailbox.plant(&letter(n));
    }
    until("the network is told of all", async || mailbox.committed().len() >= 150).await;
    let mut told: Vec<String> = mailbox.committed().into_iter().map(|id| id.0).collect();
    told.sort();
    told.dedup();
    assert_eq!((told.len(), mailbox.committed().len()), (150, 150), "nobody fetched what another had fetched");

    // Whichever of the two had the mailbox, a third one has it in the end.
    let three = Running::reception(&bench);
    for (n, dead) in [one, two].into_iter().enumerate() {
        dead.kill();
        bench.pass(6);
        mailbox.plant(&letter(150 + n));
        until_items(&bench, town, 151 + n).await;
    }
    three.stop().await;
}
