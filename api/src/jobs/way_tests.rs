//! What two providers behind one conversation promise: a message takes the second when the first cannot, and goes out once.

use std::{sync::Arc, time::Duration};

use civicdesk_contract::{
    ExternalId, Receipt, ReceiptState,
    memory::{Mailbox, Trouble},
};
use uuid::Uuid;

use super::{
    at_work::Running,
    bench::{Bench, until},
};
use crate::{
    cases::receipts,
    channels::fallback,
    fail::Fail,
    ids,
    store::{
        self, Tx, Uid, channels,
        events::{self, Filter},
        tests::support::{self, on_both},
    },
};

/// A town whose messages go by one provider, and by another where that cannot.
struct Two {
    town: Uuid,
    first: (Uid, Arc<Mailbox>),
    second: (Uid, Arc<Mailbox>),
}

impl Two {
    async fn of(bench: &Bench, connector: &str) -> Self {
        let town = bench.tenant("town").await;
        let (first, second) =
            (bench.channel(town, connector, "one").await, bench.channel(town, connector, "two").await);
        let kinds = bench.deps.opener.kinds();
        let (from, to) = (first.0, second.0);
        let point = move |tx: &mut Tx| {
            let row = channels::Channel { fallback_channel_id: Some(to), ..channels::get(tx, from)? };
            fallback::check(tx, &kinds, &row)?;
            Ok::<_, Fail>(channels::update(tx, &row)?)
        };
        bench.store.tenant(town).write(point).await.unwrap();
        Self { town, first, second }
    }

    fn sent(&self) -> (usize, usize) {
        (self.first.1.sent().len(), self.second.1.sent().len())
    }

    /// The ways that the log says messages took: the last parts of the channels' ids are enough.
    async fn ways(&self, bench: &Bench) -> Vec<(bool, String)> {
        let all = bench.store.tenant(self.town).read(|tx| events::list(tx, &Filter::default(), 1000)).await.unwrap();
        let second = ids::CHANNEL.show(self.second.0.0);
        let ways = all.into_iter().filter(|event| event.kind == "message.rerouted");
        ways.map(|event| (event.data.0["to"] == second, event.data.0["why"].as_str().unwrap().to_owned())).collect()
    }

    async fn events(&self, bench: &Bench, begin: &str) -> Vec<String> {
        let all = bench.store.tenant(self.town).read(|tx| events::list(tx, &Filter::default(), 1000)).await.unwrap();
        all.into_iter().map(|event| event.kind).filter(|kind| kind.starts_with(begin)).collect()
    }

    /// The network of the first provider says what became of a message.
    async fn receipt(&self, bench: &Bench, message: Uid) {
        let sent = bench.message(self.town, message).await.sent_id.unwrap();
        let told = [Receipt { id: ExternalId(sent), state: ReceiptState::Delivered, detail: None }];
        let (act, channel) = (bench.act(), self.first.0);
        let take = move |tx: &mut Tx| receipts::take(tx, &act, channel, &told);
        bench.store.tenant(self.town).write(take).await.unwrap();
    }
}

on_both!(what_certainly_did_not_go_out_takes_the_fallback_at_once, 0, 4, |place| {
    let bench = Bench::on(place.store.clone(), tempfile::tempdir().unwrap());
    let two = Two::of(&bench, "social").await;
    let running = Running::jobs(&bench);
    two.first.1.trouble(Some(Trouble::Unreachable));
    let id = bench.answer(two.town, two.first.0, "We mend it.").await;
    let message = bench.until_state(two.town, id, "sent").await;
    assert_eq!(two.sent(), (0, 1));
    assert_eq!((message.channel_id, message.first_channel_id), (Some(two.second.0), Some(two.first.0)));
    assert_eq!(two.second.1.sent()[0].key, ids::MESSAGE.show(id.0), "one key whichever way it goes");
    assert_eq!(two.ways(&bench).await, [(true, "failing".to_owned())]);
    let row = bench.channel_row(two.town, two.first.0).await;
    assert_eq!((row.health.as_str(), row.health_kind.as_deref()), ("failing", Some("unreachable")));

    two.first.1.trouble(Some(Trouble::Limited(Duration::from_secs(3600))));
    let id = bench.answer(two.town, two.first.0, "And the lamp.").await;
    let message = bench.until_state(two.town, id, "sent").await;
    assert_eq!((message.attempts, two.sent()), (1, (0, 2)), "who failed just now is not tried for each message");

    two.first.1.trouble(None);
    running.pass(&bench, 61);
    let id = bench.answer(two.town, two.first.0, "And the bin.").await;
    bench.until_state(two.town, id, "sent").await;
    assert_eq!(two.sent(), (1, 2), "a minute later it is");
    assert_eq!(bench.channel_row(two.town, two.first.0).await.health, "ok");
    running.stop().await;
});

on_both!(what_may_have_gone_out_or_was_refused_never_takes_another_way, 0, 4, |place| {
    let bench = Bench::on(place.store.clone(), tempfile::tempdir().unwrap());
    let two = Two::of(&bench, "social").await;
    let running = Running::jobs(&bench);
    two.first.1.trouble(Some(Trouble::LostReply));
    let lost = bench.answer(two.town, two.first.0, "Once.").await;
    bench.until_state(two.town, lost, "unknown").await;
    running.pass(&bench, 61);
    two.first.1.trouble(Some(Trouble::Refused));
    let refused = bench.answer(two.town, two.first.0, "Never.").await;
    bench.until_state(two.town, refused, "failed").await;
    assert_eq!((two.sent(), two.ways(&bench).await.len()), ((1, 0), 0));
    running.stop().await;
});

on_both!(a_repeat_stays_with_the_network_that_knows_its_key_though_that_is_down_now, 0, 4, |place| {
    let bench = Bench::on(place.store.clone(), tempfile::tempdir().unwrap());
    let two = Two::of(&bench, "memory").await;
    let running = Running::jobs(&bench);
    two.first.1.trouble(Some(Trouble::LostReply));
    let id = bench.answer(two.town, two.first.0, "Once.").await;
    let attempts = async |n: i32| {
        until("the attempt is over", async || {
            let message = bench.message(two.town, id).await;
            message.attempts == n && message.state_detail.is_some()
        })
        .await;
    };
    attempts(1).await;
    for n in 2..4 {
        two.first.1.trouble(Some(Trouble::Unreachable));
        running.pass(&bench, 3600);
        attempts(n).await;
    }
    assert_eq!((two.sent(), two.ways(&bench).await.len()), ((1, 0), 0));
    two.first.1.trouble(None);
    running.pass(&bench, 3600);
    bench.until_state(two.town, id, "sent").await;
    assert_eq!(two.sent(), (1, 0), "its network knew the key: one message");
    running.stop().await;
});

on_both!(while_both_providers_are_down_a_message_waits_and_begins_again_with_its_own, 0, 4, |place| {
    let bench = Bench::on(place.store.clone(), tempfile::tempdir().unwrap());
    let two = Two::of(&bench, "social").await;
    let running = Running::jobs(&bench);
    two.first.1.trouble(Some(Trouble::Unreachable));
    two.second.1.trouble(Some(Trouble::Unreachable));
    let id = bench.answer(two.town, two.first.0, "We mend it.").await;
    until("both were tried", async || two.ways(&bench).await.len() == 2).await;
    let message = bench.message(two.town, id).await;
    assert_eq!((message.state.as_str(), message.channel_id), ("queued", Some(two.first.0)));
    two.first.1.trouble(None);
    running.pass(&bench, 4 * 3600);
    bench.until_state(two.town, id, "sent").await;
    assert_eq!(two.sent(), (1, 0));
    running.stop().await;
});

on_both!(a_network_that_falls_silent_is_rested_until_it_speaks_again, 0, 4, |place| {
    let bench = Bench::on(place.store.clone(), tempfile::tempdir().unwrap());
    let two = Two::of(&bench, "social").await;
    let running = Running::jobs(&bench);
    let send = async |to: &str| {
        let id = bench.answer_to(two.town, two.first.0, to, "We mend it.").await;
        bench.until_state(two.town, id, "sent").await;
        id
    };
    let spoke = send("ann@x.example").await;
    two.receipt(&bench, spoke).await;
    bench.pass(60);
    let silent = [send("bob@x.example").await, send("cid@x.example").await];
    running.pass(&bench, 9 * 60);
    send("dan@x.example").await;
    assert_eq!(two.sent(), (4, 0), "ten minutes are not over");
    running.pass(&bench, 2 * 60);
    until("it is noticed", async || bench.channel_row(two.town, two.first.0).await.slow_since.is_some()).await;
    assert_eq!(two.events(&bench, "channel.").await, ["channel.slow"]);
    send("eve@x.example").await;
    assert_eq!((two.sent(), two.ways(&bench).await), ((4, 1), vec![(true, "slow".to_owned())]));

    running.pass(&bench, 11 * 60);
    send("fay@x.example").await;
    send("gil@x.example").await;
    assert_eq!(two.sent(), (5, 2), "one message sees whether it speaks again");
    assert_eq!(two.events(&bench, "message.probes").await.len(), 1);
    two.receipt(&bench, silent[0]).await;
    assert_eq!(bench.channel_row(two.town, two.first.0).await.slow_since, None);
    assert_eq!(two.events(&bench, "channel.").await, ["channel.slow", "channel.speaks_again"]);
    send("hal@x.example").await;
    assert_eq!(two.sent(), (6, 2));
    running.stop().await;
});

#[tokio::test]
async fn one_telephone_that_is_switched_off_makes_no_network_slow() {
    let bench = Bench::start();
    let two = Two::of(&bench, "social").await;
    let running = Running::jobs(&bench);
    let first = bench.answer(two.town, two.first.0, "hello").await;
    bench.until_state(two.town, first, "sent").await;
    two.receipt(&bench, first).await;
    bench.pass(60);
    for _ in 0..3 {
        let id = bench.answer_to(two.town, two.first.0, "bob@x.example", "hello").await;
        bench.until_state(two.town, id, "sent").await;
    }
    running.pass(&bench, 3600);
    until("it was looked", async || {
        let next: store::Result<_> = bench.store.tenant(two.town).read(store::jobs::next_due).await;
        next.unwrap().is_none()
    })
    .await;
    assert_eq!(bench.channel_row(two.town, two.first.0).await.slow_since, None);
    running.stop().await;
}
