//! Whether the promises held: what the providers brought is once in a case, what they took is what the books say, and
//! nothing went out twice but what was noted.

use std::collections::{HashMap, HashSet};

use serde_json::Value;

use super::traffic::Sent;
use crate::{
    campaigns::{
        Finding,
        answering::Answered,
        books::{Books, all, text},
    },
    harness::Client,
    networks::Line,
};

pub fn judge(finding: &mut Finding, agency: &Client, lines: &[Line], sent: &Sent, books: &Books) {
    books.add_up(finding);
    books.count_outbound(finding);
    for refused in &sent.refused {
        finding.fault(format!("refused: {refused}"));
    }
    coming_in(finding, lines, sent, books);
    going_out(finding, agency, lines, sent, books);
}

/// Each text that a provider was told it need not repeat is in one case, once, and in the ledger once.
fn coming_in(finding: &mut Finding, lines: &[Line], sent: &Sent, books: &Books) {
    let found = tally(books.inbound().map(|message| text(message, "text")));
    for handed in &sent.texts {
        let times = found.get(handed.words.as_str()).copied().unwrap_or_default();
        finding.holds(times == 1, || format!("`{}` was acknowledged and is {times} times in a case", handed.words));
    }
    let known: HashSet<&str> = sent.texts.iter().map(|handed| handed.words.as_str()).collect();
    for strange in found.keys().filter(|words| !known.contains(**words)) {
        finding.fault(format!("nobody brought `{strange}`"));
    }
    for (at, line) in lines.iter().enumerate() {
        let rows = books.items.iter().filter(|item| item["channel_id"] == line.channel).count();
        let brought = sent.texts.iter().filter(|handed| handed.line == at).count();
        finding.holds(rows == brought, || format!("{} brought {brought} texts, {rows} rows", line.network.name));
    }
    finding.count("texts that providers brought", sent.texts.len());
    finding.count("texts brought again", sent.texts.iter().filter(|handed| handed.tries > 1).count());
    let interrupted = books.items.iter().filter(|item| item["attempts"].as_u64() > Some(1)).count();
    finding.count("items whose filing was interrupted", interrupted);
}

fn going_out(finding: &mut Finding, agency: &Client, lines: &[Line], sent: &Sent, books: &Books) {
    let events = all(agency, "/v1/events");
    let noted = events.iter().filter(|event| event["type"] == "message.repeated");
    let noted: HashSet<&str> = noted.map(|event| text(event, "message_id")).collect();
    let answered: HashMap<&str, &Answered> = sent.answers.iter().map(|a| (a.message_id.as_str(), a)).collect();
    let mut arrived = 0;
    for line in lines {
        let name = line.network.name;
        let ours: Vec<&Value> = books.outbound().filter(|message| message["channel"] == line.channel).collect();
        let taken = line.network.taken();
        let taken = tally(taken.iter().map(String::as_str));
        let mut written: HashMap<&str, Vec<&Value>> = HashMap::new();
        for message in &ours {
            written.entry(text(message, "text")).or_default().push(message);
        }
        for (words, messages) in &written {
            let copies = taken.get(words).copied().unwrap_or_default();
            let sent = messages.iter().filter(|message| is_out(message)).count();
            finding.holds((sent..=messages.len()).contains(&copies), || {
                format!("{name} has `{words}` {copies} times, of {} messages {sent} are sent", messages.len())
            });
            arrived += copies;
        }
        for words in taken.keys().filter(|words| !written.contains_key(**words)) {
            finding.fault(format!("{name} was given what no message of ours is: `{words}`"));
        }
        for message in &ours {
            let (id, state) = (text(message, "id"), text(message, "state"));
            let silent = !is_out(message) && text(message, "state_detail").is_empty();
            finding.holds(!silent, || format!("{id} is `{state}` and nobody says why"));
            // A receipt was told of every text that Twilio took and whose name we learnt.
            let told = name != "twilio" || state != "sent";
            finding.holds(told, || format!("{id} is `{state}`, and Twilio told that it was delivered"));
        }
        if let Some(repeated) = line.network.repeated() {
            let known = ours.iter().filter(|message| noted.contains(text(message, "id"))).count();
            finding.holds(repeated <= known, || format!("{name} had {repeated} twice, {known} are noted as repeated"));
            finding.count("texts that one provider was given twice, under one key", repeated);
        }
    }
    let ids: HashSet<&str> = books.outbound().map(|message| text(message, "id")).collect();
    for id in answered.keys().filter(|id| !ids.contains(**id)) {
        finding.fault(format!("{id} was accepted and is in no case"));
    }
    let ours = books.outbound().filter(|message| text(message, "letter").is_empty()).count();
    finding.holds(ours == answered.len(), || format!("{} answers accepted, {ours} in cases", answered.len()));
    finding.count("answers accepted", sent.answers.len());
    finding.count("answers asked for again", sent.answers.iter().filter(|answer| answer.tries > 1).count());
    finding.count("texts that providers were given", arrived);
    finding.count("messages noted as repeated", noted.len());
    finding.count("receipts while it was killed", sent.receipts);
}

fn is_out(message: &Value) -> bool {
    matches!(text(message, "state"), "sent" | "delivered" | "read")
}

fn tally<'a>(all: impl Iterator<Item = &'a str>) -> HashMap<&'a str, usize> {
    let mut tally = HashMap::new();
    for one in all {
        *tally.entry(one).or_default() += 1;
    }
    tally
}
