//! Whether the promises held: each acknowledged mail is once in a case, each accepted answer arrived or is listed as one
//! that did not, and nothing went out that the books do not know.

use std::collections::{HashMap, HashSet};

use serde_json::Value;

use super::traffic::{CITIZENS, Handed, Sent};
use crate::{
    campaigns::{
        Finding,
        answering::Answered,
        books::{Books, all, text},
        letter::Letter,
        town::Town,
    },
    harness::Mailbox,
};

pub fn judge(finding: &mut Finding, town: &Town, sent: &Sent, books: &Books) {
    books.add_up(finding);
    books.count_outbound(finding);
    for refused in &sent.refused {
        finding.fault(format!("an answer was refused: {refused}"));
    }
    coming_in(finding, &sent.mails, books);
    going_out(finding, town, &sent.answers, books);
}

/// Acknowledged means: once in a case. A second item of the same bytes is a duplicate, and only a mail that its sender
/// handed over again may have one.
fn coming_in(finding: &mut Finding, mails: &[Handed], books: &Books) {
    let by_hash = books.by_hash();
    let mut doubled = 0;
    for mail in mails {
        let items = by_hash.get(mail.sha256.as_str()).map_or(&[][..], Vec::as_slice);
        let filed = items.iter().filter(|item| item["filed_as"] == "message").count();
        let duplicates = items.iter().filter(|item| item["state"] == "duplicate").count();
        finding.holds(filed == 1, || format!("{} was acknowledged and is {filed} times in a case", mail.id));
        finding.holds(filed + duplicates == items.len(), || format!("{} has items that are neither", mail.id));
        finding.holds(duplicates < mail.tries, || {
            format!("{} came {} times and has {duplicates} duplicates", mail.id, mail.tries)
        });
        doubled += duplicates;
    }
    let known: HashSet<&str> = mails.iter().map(|mail| mail.sha256.as_str()).collect();
    let reports = books.items.iter().filter(|i| i["filed_as"] == "report").count();
    let strange =
        by_hash.iter().filter(|(hash, _)| !known.contains(*hash)).map(|(_, items)| items.len()).sum::<usize>();
    finding.holds(strange <= reports, || format!("{} items that nobody sent", strange - reports));
    let mut ids: HashMap<&str, usize> = HashMap::new();
    for message in books.inbound() {
        *ids.entry(text(message, "network_id")).or_default() += 1;
    }
    for (id, times) in ids.iter().filter(|(_, times)| **times > 1) {
        finding.fault(format!("{id} is in cases {times} times"));
    }
    finding.count("mails acknowledged by LMTP", mails.iter().filter(|m| m.pushed).count());
    finding.count("mails laid into the mailbox", mails.iter().filter(|m| !m.pushed).count());
    finding.count("mails handed over again", mails.iter().filter(|m| m.tries > 1).count());
    finding.count("duplicates known as such", doubled);
    let interrupted = books.items.iter().filter(|i| i["attempts"].as_u64() > Some(1)).count();
    finding.count("items whose filing was interrupted", interrupted);
}

/// Every copy in every citizen's mailbox is held against the books.
fn going_out(finding: &mut Finding, town: &Town, answers: &[Answered], books: &Books) {
    let arrived = arrived(town);
    let by_id: HashMap<&str, &Value> = books.outbound().map(|m| (text(m, "network_id"), m)).collect();
    let repeated: HashSet<String> = all(&town.client(), "/v1/events")
        .iter()
        .filter(|event| event["type"] == "message.repeated")
        .map(|event| text(event, "message_id").to_owned())
        .collect();
    for (id, copies) in &arrived {
        let Some(message) = by_id.get(id.as_str()) else {
            finding.fault(format!("a mail arrived that no message of ours is: {id}"));
            continue;
        };
        let known = repeated.contains(text(message, "id"));
        finding.holds(*copies == 1 || known, || format!("{id} arrived {copies} times and is not noted as repeated"));
        let attempts = message["attempts"].as_u64().unwrap_or_default();
        finding.holds(*copies as u64 <= attempts, || format!("{id} arrived {copies} times in {attempts} attempts"));
    }
    let told: HashSet<&str> = by_id.values().map(|m| text(m, "id")).collect();
    for message in books.outbound() {
        let (id, state) = (text(message, "network_id"), text(message, "state"));
        let copies = arrived.get(id).copied().unwrap_or_default();
        let kept = match state {
            "sent" | "delivered" => copies > 0,
            "failed" | "unknown" => true,
            _ => false,
        };
        finding.holds(kept, || format!("{id} is `{state}` and arrived {copies} times"));
        let silent = matches!(state, "failed" | "unknown") && text(message, "state_detail").is_empty();
        finding.holds(!silent, || format!("{id} is `{state}` and nobody says why"));
    }
    for answer in answers {
        let (id, message) = (&answer.message_id, by_id.get(answer.network_id.as_str()));
        finding.holds(told.contains(id.as_str()), || format!("{id} was accepted and is in no case"));
        let Some(message) = message else { continue };
        let state = text(message, "state");
        let kept = arrived.contains_key(&answer.network_id) || matches!(state, "failed" | "unknown");
        finding.holds(kept, || format!("{id} was accepted, is `{state}` and did not arrive"));
    }
    let ours = books.outbound().filter(|m| text(m, "letter").is_empty()).count();
    finding.holds(ours == answers.len(), || format!("{} answers were accepted, {ours} are in cases", answers.len()));
    finding.count("answers accepted", answers.len());
    finding.count("answers asked for again", answers.iter().filter(|a| a.tries > 1).count());
    let arrived_answers = answers.iter().filter(|a| arrived.contains_key(&a.network_id)).count();
    finding.count("answers that arrived", arrived_answers);
    finding.count("mails that arrived", arrived.values().sum::<usize>());
    finding
        .count("mails that arrived more than once, with one Message-ID", arrived.values().filter(|n| **n > 1).count());
    finding.count("messages noted as repeated", repeated.len());
}

/// The mails in all mailboxes of citizens, counted by their Message-ID.
fn arrived(town: &Town) -> HashMap<String, usize> {
    let mut arrived = HashMap::new();
    for number in 0..CITIZENS {
        for raw in Mailbox::open(&town.citizen(number)).mails() {
            *arrived.entry(Letter::read(&raw).id().to_owned()).or_default() += 1;
        }
    }
    arrived
}
