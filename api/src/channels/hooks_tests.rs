//! What is promised to providers that call us, and to citizens whose words they bring.

use std::sync::Arc;

use civicdesk_contract::{
    ExternalId, HookCall, Party, ReceiptState, Watermark,
    memory::{Letter, Mailbox, Trouble},
};
use futures_util::{StreamExt, stream};
use serde_json::json;
use uuid::Uuid;

use super::{
    hooks::{self, HOOK, Refused},
    setup::{self, NewChannel},
};
use crate::{
    cases::intake,
    jobs::{at_work::Running, bench::Bench},
    people::consents,
    store::{
        self, Tx, Uid, channels,
        channels::Channel,
        events, inbound,
        inbound::Item,
        messages,
        messages::Moved,
        receipts, routes,
        tests::support::{self, on_both},
    },
};

/// A town with a channel that is called.
struct Town {
    bench: Bench,
    id: Uuid,
    channel: Channel,
    token: String,
    mailbox: Arc<Mailbox>,
    _place: support::Place,
}

impl Town {
    async fn new(place: support::Place) -> Self {
        let bench = Bench::on(place.store.clone(), tempfile::tempdir().unwrap());
        let id = bench.tenant("town").await;
        let mailbox = bench.network.mailbox("help", "secret");
        let settings = json!({ "network": "help", "secret": "secret" });
        let new = NewChannel {
            connector: "memory".into(),
            name: None,
            address: None,
            settings,
            case_policy: None,
            fallback_channel_id: None,
        };
        let channel = setup::create(&bench.store, &bench.deps.opener, id, &bench.act(), new).await.unwrap();
        let token = bench.deps.opener.hook_token(id, channel.id);
        Self { bench, id, channel, token, mailbox, _place: place }
    }

    async fn call(&self, call: HookCall) -> Result<u16, Refused> {
        let deps = &self.bench.deps;
        let answer = hooks::receive(&deps.intake, &deps.opener, "https://desk.example", &self.token, call).await;
        answer.map(|answer| answer.status)
    }

    async fn read<T: Send + 'static>(&self, f: impl FnOnce(&mut Tx) -> store::Result<T> + Send + 'static) -> T {
        self.bench.store.tenant(self.id).read(f).await.unwrap()
    }

    async fn items(&self) -> Vec<Item> {
        self.read(|tx| inbound::list(tx, None, None, None, 1000)).await
    }

    /// An answer that the network has taken under this name.
    async fn sent(&self, name: &str) -> Uid {
        let id = self.bench.answer(self.id, self.channel.id, "It is mended.").await;
        self.name(id, name).await;
        id
    }

    async fn name(&self, id: Uid, name: &str) {
        let (at, name) = (self.bench.now(), name.to_owned());
        let act = self.bench.act();
        let settle = move |tx: &mut Tx| {
            let sent_id = Some(name.clone());
            let to = Moved { state: "sent", detail: None, at, sent_id, attempt: false };
            messages::advance(tx, id, &["queued"], &to)?;
            let message = messages::get(tx, id)?;
            crate::cases::receipts::meet(tx, &act, &message)
        };
        self.bench.store.tenant(self.id).write(settle).await.unwrap();
    }

    async fn told(&self, name: &str, state: ReceiptState) {
        let call = self.mailbox.receipt_call(&ExternalId(name.to_owned()), state);
        assert_eq!(self.call(call).await.unwrap(), 204);
    }

    async fn state(&self, id: Uid) -> String {
        self.bench.message(self.id, id).await.state
    }
}

fn lamp() -> Letter {
    Letter::from_email("maria@example.org", "Lamp", "The lamp is out.")
}

on_both!(the_same_event_a_hundred_times_on_64_connections_is_one_message, 0, 8, |place| {
    let town = Town::new(place).await;
    let other = Letter::from_email("maria@example.org", "Lamp", "The other one too.");
    let calls = (0..100).flat_map(|_| [town.mailbox.hook_call(&lamp()), town.mailbox.hook_call(&other)]);
    let answers: Vec<_> = stream::iter(calls).map(|call| town.call(call)).buffer_unordered(64).collect().await;
    assert!(answers.iter().all(|answer| matches!(answer, Ok(204))), "{answers:?}");
    assert_eq!(town.items().await.len(), 2);
    let worked = intake::work(&town.bench.deps.intake, town.id, 10).await.unwrap();
    assert_eq!((worked.taken, worked.messages), (2, 2));
});

on_both!(a_forged_call_is_refused_leaves_no_row_and_makes_no_channel_red, 0, 4, |place| {
    let town = Town::new(place).await;
    let right = town.mailbox.hook_call(&lamp());
    let mut forged = vec![HookCall { headers: Vec::new(), ..right.clone() }, HookCall::default()];
    for place in [0, right.body.len() / 2, right.body.len() - 1] {
        let mut body = right.body.clone();
        body[place] ^= 1;
        forged.push(HookCall { body, ..right.clone() });
    }
    let before = town.read(|tx| events::list(tx, &events::Filter::default(), 1000)).await.len();
    for call in forged {
        let refused = town.call(call).await;
        assert!(matches!(refused, Err(Refused::Forged)), "{refused:?}");
    }
    assert!(town.items().await.is_empty());
    assert_eq!(town.read(|tx| events::list(tx, &events::Filter::default(), 1000)).await.len(), before);
    assert_eq!(town.bench.channel_row(town.id, town.channel.id).await.health, "unknown");
    assert_eq!(town.call(right).await.unwrap(), 204);
    assert_eq!(town.bench.channel_row(town.id, town.channel.id).await.health, "ok");
});

on_both!(what_is_signed_and_cannot_be_understood_waits_in_quarantine_with_its_bytes, 0, 4, |place| {
    let town = Town::new(place).await;
    let call = town.mailbox.signed_call(b"{\"carrier_pigeon\":1}".to_vec());
    assert_eq!(town.call(call.clone()).await.unwrap(), 204, "or the provider repeats it for days");
    assert_eq!(town.call(call.clone()).await.unwrap(), 204);
    intake::work(&town.bench.deps.intake, town.id, 10).await.unwrap();
    let items = town.items().await;
    assert_eq!((items.len(), items[0].state.as_str(), items[0].raw.as_ref()), (1, "quarantined", Some(&call.body)));
});

on_both!(receipts_in_any_order_and_any_number_move_a_message_forward_only, 0, 4, |place| {
    let town = Town::new(place).await;
    let message = town.sent("n-1").await;
    for state in
        [ReceiptState::Read, ReceiptState::Delivered, ReceiptState::Read, ReceiptState::Sent, ReceiptState::Failed]
    {
        town.told("n-1", state).await;
        assert_eq!(town.state(message).await, "read");
    }
    let failing = town.sent("n-2").await;
    town.told("n-2", ReceiptState::Failed).await;
    town.told("n-2", ReceiptState::Sent).await;
    assert_eq!(town.state(failing).await, "failed");
    let told = town.bench.message_events(town.id).await;
    assert_eq!(told, ["message.read", "message.failed"], "a receipt that moves nothing is no news");
    let unwanted = town.sent("n-3").await;
    town.told("n-3", ReceiptState::OptedOut).await;
    assert_eq!(town.state(unwanted).await, "failed");
    let (message, channel) = (town.bench.message(town.id, unwanted).await, town.channel.id);
    let to: Vec<Party> = message.recipients.read();
    let find = move |tx: &mut Tx| Ok(consents::stopped(tx, channel, &to[0]).unwrap());
    assert_eq!(
        town.read(find).await.map(|consent| consent.source).as_deref(),
        Some("network"),
        "as if they had told us"
    );
});

on_both!(a_receipt_that_comes_before_its_message_waits_for_it, 0, 4, |place| {
    let town = Town::new(place).await;
    town.told("n-9", ReceiptState::Delivered).await;
    town.told("n-9", ReceiptState::Delivered).await;
    let message = town.sent("n-9").await;
    assert_eq!(town.state(message).await, "delivered");
    let channel = town.channel.id;
    assert!(town.read(move |tx| receipts::waiting(tx, channel, "n-9")).await.is_empty());
    assert!(town.items().await.is_empty(), "a receipt is nobody's message");
});

#[tokio::test]
async fn a_paused_channel_and_one_in_trouble_ask_the_provider_to_come_again() {
    let town = Town::new(support::sqlite(0, 4).await).await;
    let (door, id) = (town.bench.store.tenant(town.id), town.channel.id);
    let set = move |state: &'static str| {
        move |tx: &mut Tx| {
            let row = channels::get(tx, id)?;
            channels::update(tx, &Channel { state: state.to_owned(), ..row })
        }
    };
    let _: Channel = door.write::<_, store::Error, _>(set("paused")).await.unwrap();
    let call = town.mailbox.hook_call(&lamp());
    assert!(matches!(town.call(call.clone()).await, Err(Refused::Later(_))));
    assert!(town.items().await.is_empty());
    let _: Channel = door.write::<_, store::Error, _>(set("active")).await.unwrap();
    town.mailbox.trouble(Some(Trouble::Unreachable));
    assert_eq!(town.call(call).await.unwrap(), 204, "verifying a call asks nobody");
}

#[tokio::test]
async fn a_hook_that_leads_nowhere_is_not_found_and_opens_no_tenant() {
    let mut town = Town::new(support::sqlite(0, 4).await).await;
    let right = town.token.clone();
    let stranger = format!("{}_{}", Uuid::from_u128(5).simple(), right.split_once('_').unwrap().1);
    for token in ["", "x", "x_y", &right[..right.len() - 1], &stranger] {
        town.token = token.to_owned();
        let refused = town.call(town.mailbox.hook_call(&lamp())).await;
        assert!(matches!(refused, Err(Refused::Unknown)), "{token}: {refused:?}");
    }
    town.token = right.clone();
    let id = town.id;
    town.bench.store.control_write(move |c| routes::remove(c, id, HOOK, &right)).await.unwrap();
    assert!(matches!(town.call(town.mailbox.hook_call(&lamp())).await, Err(Refused::Unknown)));
    let mended = super::repair::repair(&town.bench.store, &town.bench.deps.opener, town.id).await.unwrap();
    assert_eq!(mended.added, 1);
    assert_eq!(town.call(town.mailbox.hook_call(&lamp())).await.unwrap(), 204);
}

on_both!(what_is_said_of_all_messages_up_to_a_moment_moves_those_and_no_others, 0, 4, |place| {
    let town = Town::new(place).await;
    let (first, second) = (town.sent("n-1").await, town.sent("n-2").await);
    let until = town.bench.now().0;
    town.bench.pass(60);
    let later = town.sent("n-3").await;
    let (act, channel) = (town.bench.act(), town.channel.id);
    let mark = |to: &str| Watermark { to: to.to_owned(), state: ReceiptState::Read, until };
    let marks = [mark("ANN@x.example"), mark("bob@x.example")];
    let write = move |tx: &mut Tx| crate::cases::receipts::up_to(tx, &act, channel, &marks);
    town.bench.store.tenant(town.id).write(write).await.unwrap();
    assert_eq!((town.state(first).await, town.state(second).await), ("read".into(), "read".into()));
    assert_eq!(town.state(later).await, "sent");
});

#[tokio::test]
async fn a_provider_quicker_than_our_own_record_is_believed_when_the_record_is_there() {
    let town = Town::new(support::sqlite(0, 4).await).await;
    town.told("sent-1", ReceiptState::Delivered).await;
    let id = town.bench.answer(town.id, town.channel.id, "It is mended.").await;
    let running = Running::jobs(&town.bench);
    let message = town.bench.until_state(town.id, id, "delivered").await;
    assert_eq!(message.sent_id.as_deref(), Some("sent-1"));
    running.stop().await;
}
