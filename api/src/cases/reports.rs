//! Delivery reports: what became of a message of ours. A report is never a case, and is never answered.

use civicdesk_contract::{Report, ReportedRecipient};
use serde_json::json;

use super::{filing::Desk, parsing::Parsed, record, tokens, written::Written};
use crate::{
    acting::Acting,
    fail::Fail,
    store::{
        Json, Tx, cases,
        inbound::Settled,
        messages::{self, Message, Moved},
    },
};

/// Characters of what a mail system says that are kept.
const LONGEST_DETAIL: usize = 500;

/// Notes on the message what the report says of it, for staff to see.
pub fn file(tx: &mut Tx, act: &Acting, written: &mut Written, desk: &Desk, parsed: &Parsed) -> Result<Settled, Fail> {
    let report = parsed.inbound.report.clone().unwrap_or_default();
    let mut end = Settled {
        state: "filed",
        filed_as: Some("report"),
        network_id: Some(parsed.network_id.clone()),
        ..Settled::default()
    };
    let Some(message) = reported(tx, desk, parsed, &report)? else {
        end.reason = Some("it reports on no message of ours".to_owned());
        return Ok(end);
    };
    (end.message_id, end.case_id) = (Some(message.id), Some(message.case_id));
    let (event_kind, recipients) = verdict(&report);
    let detail = describe(&recipients);
    let moved = match event_kind {
        "message.failed" => {
            let step =
                Moved { state: "failed", detail: Some(detail.clone()), at: act.now, sent_id: None, attempt: false };
            messages::advance(tx, message.id, &["queued", "sending", "sent", "unknown"], &step)?
        }
        "message.delivered" => {
            let step =
                Moved { state: "delivered", detail: Some(detail.clone()), at: act.now, sent_id: None, attempt: false };
            messages::advance(tx, message.id, &["sending", "sent", "unknown"], &step)?
        }
        _ => false,
    };
    let mut event = act.event(tx, event_kind);
    event.case_id = Some(message.case_id);
    event.message_id = Some(message.id);
    event.data = Json(json!({
        "detail": detail,
        "state_changed": moved,
        "recipients": recipients.iter().map(|r| json!({
            "address": r.address, "action": r.action, "status": r.status, "diagnostic": r.diagnostic,
        })).collect::<Vec<_>>(),
    }));
    written.events.push(event);
    let case = cases::get(tx, message.case_id)?;
    record::touch(tx, act, written, &case, false)?;
    Ok(end)
}

/// The message of ours, by the signed return path that the report came to, or by the id that it quotes.
fn reported(tx: &mut Tx, desk: &Desk, parsed: &Parsed, report: &Report) -> Result<Option<Message>, Fail> {
    let tenant = tx.tenant();
    let written = parsed.inbound.to.iter().map(|party| party.address.as_str());
    for address in parsed.envelope.to.iter().map(String::as_str).chain(written) {
        if let Some(tokens::Token::Return { message, code }) = tokens::read(address)
            && desk.key.is_return_code(&code, tenant, message)
            && let Some(message) = messages::get_all(tx, &[message])?.pop()
        {
            return Ok(Some(message));
        }
    }
    let quoted: Vec<String> = report.original_message_id.iter().cloned().collect();
    let found = messages::by_network_ids(tx, &quoted)?;
    Ok(found.into_iter().find(|message| message.direction == "outbound"))
}

/// What the report comes down to, and the recipients that it comes down to it for.
fn verdict(report: &Report) -> (&'static str, Vec<&ReportedRecipient>) {
    let with = |action: &str| -> Vec<&ReportedRecipient> {
        report.recipients.iter().filter(|r| r.action.eq_ignore_ascii_case(action)).collect()
    };
    for (action, kind) in [("failed", "message.failed"), ("delayed", "message.delayed")] {
        let recipients = with(action);
        if !recipients.is_empty() {
            return (kind, recipients);
        }
    }
    let delivered = with("delivered");
    if !delivered.is_empty() && delivered.len() == report.recipients.len() {
        return ("message.delivered", delivered);
    }
    ("message.reported", report.recipients.iter().collect())
}

/// `ana@example.org: 5.1.1 no such user`.
fn describe(recipients: &[&ReportedRecipient]) -> String {
    let lines = recipients.iter().map(|r| {
        let said: Vec<&str> = r.status.as_deref().into_iter().chain(r.diagnostic.as_deref()).collect();
        format!("{}: {}", r.address, if said.is_empty() { r.action.clone() } else { said.join(" ") })
    });
    let text = lines.collect::<Vec<_>>().join("; ").replace('\0', "");
    text.chars().take(LONGEST_DETAIL).collect()
}
