//! Sending again what was sent, or was given up: one line, or the log from a place on.

use crate::{
    fail::Fail,
    store::{
        Time, Tx, Uid,
        webhook_deliveries::{self as deliveries, Delivery},
        webhooks::{self, Webhook},
    },
};

/// Sends one line again, out of its order, or now instead of later. One that waits for an earlier line goes on waiting.
pub fn one(tx: &mut Tx, now: Time, webhook: &Webhook, event: Uid) -> Result<Delivery, Fail> {
    let line = deliveries::get(tx, webhook.id, event)?;
    let (attempts, waits) = (line.attempts, line.state == deliveries::WAITING);
    let again = if waits {
        Delivery { next_at: if line.held { line.next_at } else { now }, ..line }
    } else {
        let (state, passed) = (deliveries::WAITING.to_owned(), true);
        Delivery { state, passed, attempts: 0, next_at: now, first_failed_at: None, delivered_at: None, ..line }
    };
    deliveries::settle(tx, &again, attempts)?;
    awaken(tx, now, webhook)?;
    Ok(again)
}

/// Sends everything again that came after a place in the log.
pub fn from(tx: &mut Tx, now: Time, mut webhook: Webhook, after: i64) -> Result<Webhook, Fail> {
    if after < 0 || after > webhook.cursor {
        return Err(Fail::field("/after", format!("must lie between 0 and {}", webhook.cursor)));
    }
    webhook.cursor = after;
    webhooks::note(tx, &webhook)?;
    awaken(tx, now, &webhook)?;
    Ok(webhook)
}

fn awaken(tx: &mut Tx, now: Time, webhook: &Webhook) -> Result<(), Fail> {
    match webhook.state.as_str() {
        webhooks::ENABLED => Ok(webhooks::awaken(tx, webhook.id, now)?),
        _ => Ok(()),
    }
}
