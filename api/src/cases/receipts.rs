//! Receipts of networks: a message's state moves forward only, and what is said too early waits for its message.

use civicdesk_contract::{Party, Receipt as Told, ReceiptState, Watermark};

use super::parsing;
use crate::{
    acting::Acting,
    fail::Fail,
    ids,
    people::{addresses, consents},
    store::{
        Json, Time, Tx, Uid, channels, events,
        messages::{self, Message, Moved},
        receipts::{self, Receipt},
    },
};

/// Characters of what a network says that are kept.
const LONGEST_DETAIL: usize = 500;
/// What a receipt is kept as that says why a message failed: its person wants nothing more.
const OPTED_OUT: &str = "opted_out";
/// Messages on their way that one word about all of them can move.
const LOOKED_AT: i64 = 200;

/// Takes down what a network says. What was said before changes nothing.
pub fn take(tx: &mut Tx, act: &Acting, channel: Uid, told: &[Told]) -> Result<(), Fail> {
    let mut news = false;
    for receipt in told {
        let row = Receipt {
            tenant_id: tx.tenant(),
            channel_id: channel,
            sent_id: parsing::id(&receipt.id.0),
            state: word(receipt.state).to_owned(),
            detail: receipt.detail.as_deref().map(short),
            at: act.now,
            settled_at: None,
        };
        let new = receipts::accept(tx, &row)?;
        news |= new;
        if new && let Some(message) = messages::by_sent_id(tx, channel, &row.sent_id)? {
            meet(tx, act, &message)?;
        }
    }
    if news { speaks_again(tx, act, channel) } else { Ok(()) }
}

/// A network that had fallen silent says something: its channel sends as before.
fn speaks_again(tx: &mut Tx, act: &Acting, channel: Uid) -> Result<(), Fail> {
    let row = channels::get(tx, channel)?;
    if let Some(since) = row.slow_since {
        channels::set_slow(tx, channel, None)?;
        let mut event = act.event(tx, "channel.speaks_again");
        event.data = Json(serde_json::json!({
            "channel_id": ids::CHANNEL.show(channel.0), "name": row.name, "slow_since": since.0.to_string(),
        }));
        events::append(tx, vec![event])?;
    }
    Ok(())
}

/// Applies what a network says of everything that it brought to one person up to a moment.
pub fn up_to(tx: &mut Tx, act: &Acting, channel: Uid, marks: &[Watermark]) -> Result<(), Fail> {
    for mark in marks {
        for message in messages::on_their_way(tx, channel, Time::new(mark.until), LOOKED_AT)? {
            let to: Vec<Party> = message.recipients.read();
            let is_theirs = |party: &Party| {
                let normal = addresses::normal(party.kind, &party.address);
                normal.is_some() && normal == addresses::normal(party.kind, &mark.to)
            };
            if to.iter().any(is_theirs) {
                apply(tx, act, &message, word(mark.state), None)?;
            }
        }
    }
    Ok(())
}

/// Applies what waits for a message whose name on the network is known now.
pub fn meet(tx: &mut Tx, act: &Acting, message: &Message) -> Result<(), Fail> {
    let (Some(channel), Some(sent_id)) = (message.channel_id, message.sent_id.as_deref()) else { return Ok(()) };
    let waiting = receipts::waiting(tx, channel, sent_id)?;
    if waiting.is_empty() {
        return Ok(());
    }
    for receipt in &waiting {
        apply(tx, act, message, &receipt.state, receipt.detail.as_deref())?;
    }
    Ok(receipts::settle(tx, channel, sent_id, act.now)?)
}

fn apply(tx: &mut Tx, act: &Acting, message: &Message, told: &str, detail: Option<&str>) -> Result<(), Fail> {
    let (state, kind, before): (_, _, &[&str]) = match told {
        "sent" => ("sent", "message.sent", &["queued", "sending", "unknown"]),
        "delivered" => ("delivered", "message.delivered", &["queued", "sending", "sent", "unknown"]),
        "read" => ("read", "message.read", &["queued", "sending", "sent", "delivered", "unknown"]),
        // One that is on its way again is not failed by what is said of its first way.
        _ => ("failed", "message.failed", &["sent", "unknown"]),
    };
    if let (OPTED_OUT, Some(channel)) = (told, message.channel_id) {
        consents::refused_by_network(tx, act, channel, &message.recipients.read::<Vec<Party>>())?;
    }
    let to = Moved { state, detail: detail.map(str::to_owned), at: act.now, sent_id: None, attempt: false };
    if messages::advance(tx, message.id, before, &to)? {
        let mut event = act.event(tx, kind);
        event.case_id = Some(message.case_id);
        event.message_id = Some(message.id);
        event.data = Json(serde_json::json!({ "detail": detail, "by": "the network's receipt" }));
        events::append(tx, vec![event])?;
    }
    Ok(())
}

fn word(state: ReceiptState) -> &'static str {
    match state {
        ReceiptState::Sent => "sent",
        ReceiptState::Delivered => "delivered",
        ReceiptState::Read => "read",
        ReceiptState::Failed => "failed",
        ReceiptState::OptedOut => OPTED_OUT,
    }
}

fn short(detail: &str) -> String {
    detail.chars().filter(|c| *c != '\0').take(LONGEST_DETAIL).collect()
}
