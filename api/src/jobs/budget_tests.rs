//! What a budget for texts promises where they are sent.

use civicdesk_contract::memory::Trouble;
use serde_json::json;
use uuid::Uuid;

use super::{
    at_work::Running,
    bench::{Bench, until},
};
use crate::{
    cases::{budget, reply},
    fail::Fail,
    store::{
        Error, Tx, Uid,
        events::{self, Filter},
        jobs,
        messages::{self, Message},
        tenant,
        tests::support::{self, on_both},
        usage,
    },
};

async fn allow(bench: &Bench, town: Uuid, parts: i64) {
    let set = json!({ "limit_parts": parts, "alarm_percent": 50 });
    let write = move |tx: &mut Tx| tenant::set_setting(tx, budget::SETTING, Some(set.clone()));
    bench.store.tenant(town).write::<_, Error, _>(write).await.unwrap();
}

async fn used(bench: &Bench, town: Uuid, month: &'static str) -> i64 {
    bench.store.tenant(town).read::<_, Error, _>(move |tx| usage::of_month(tx, month)).await.unwrap().parts
}

async fn told(bench: &Bench, town: Uuid) -> Vec<String> {
    let all = bench.store.tenant(town).read(|tx| events::list(tx, &Filter::default(), 1000)).await.unwrap();
    all.into_iter().map(|event| event.kind).filter(|kind| kind.starts_with("budget.")).collect()
}

async fn sent(bench: &Bench, town: Uuid, channel: Uid, text: &str) -> Message {
    let id = bench.answer(town, channel, text).await;
    bench.until_state(town, id, "sent").await
}

on_both!(parts_are_counted_once_for_each_message_and_the_agency_is_told_once_a_month, 0, 4, |place| {
    let bench = Bench::on(place.store.clone(), tempfile::tempdir().unwrap());
    let town = bench.tenant("town").await;
    let (channel, mailbox) = bench.channel(town, "texts", "sms").await;
    allow(&bench, town, 6).await;
    let running = Running::jobs(&bench);
    sent(&bench, town, channel, &"a".repeat(161)).await;
    assert_eq!((used(&bench, town, "2026-11").await, told(&bench, town).await.len()), (2, 0));
    mailbox.trouble(Some(Trouble::Unreachable));
    let waits = bench.answer(town, channel, "late").await;
    until("it was tried", async || bench.message(town, waits).await.attempts == 1).await;
    until("it waits", async || bench.message(town, waits).await.state == "queued").await;
    assert_eq!(used(&bench, town, "2026-11").await, 2, "what did not go out costs nothing");
    mailbox.trouble(None);
    running.pass(&bench, 61);
    bench.until_state(town, waits, "sent").await;
    assert_eq!((used(&bench, town, "2026-11").await, told(&bench, town).await), (3, vec!["budget.alarm".to_owned()]));
    mailbox.trouble(Some(Trouble::Refused));
    let refused = bench.answer(town, channel, "no").await;
    bench.until_state(town, refused, "failed").await;
    assert_eq!(used(&bench, town, "2026-11").await, 3, "given back");
    mailbox.trouble(None);
    sent(&bench, town, channel, &"a".repeat(400)).await;
    sent(&bench, town, channel, "one that was accepted before").await;
    assert_eq!(told(&bench, town).await, ["budget.alarm", "budget.spent"]);
    running.pass(&bench, 9 * 24 * 3600);
    sent(&bench, town, channel, "december").await;
    assert_eq!((used(&bench, town, "2026-11").await, used(&bench, town, "2026-12").await), (7, 1));
    running.stop().await;
});

on_both!(when_the_budget_is_spent_no_letter_of_ours_is_texted, 0, 4, |place| {
    let bench = Bench::on(place.store.clone(), tempfile::tempdir().unwrap());
    let town = bench.tenant("town").await;
    let (channel, mailbox) = bench.channel(town, "texts", "sms").await;
    let answer = bench.answer(town, channel, "hello").await;
    let answer = bench.message(town, answer).await;
    let running = Running::jobs(&bench);
    bench.until_state(town, answer.id, "sent").await;
    allow(&bench, town, 1).await;
    let (act, letter) = (bench.act(), Some("your_turn".to_owned()));
    let letter = Message { id: act.id(), letter, network_id: None, state: "queued".into(), ..answer };
    let id = letter.id;
    let queue = move |tx: &mut Tx| {
        messages::insert(tx, &letter)?;
        Ok::<_, Fail>(jobs::enqueue(tx, &reply::deliver_job(&act, &letter))?)
    };
    bench.store.tenant(town).write(queue).await.unwrap();
    let failed = bench.until_state(town, id, "failed").await;
    let why = failed.state_detail.unwrap();
    assert!(why.contains("2026-12-01") && why.contains("tenant:manage"), "{why}");
    assert_eq!((mailbox.sent().len(), failed.attempts), (1, 0));
    running.stop().await;
});
