//! Staff answer over REST; each answer arrives in its citizen's mailbox in its thread, and what the citizen answers comes
//! back into the same case, by whatever the citizen's mail program keeps of it.

use std::{collections::HashMap, time::Duration};

use serde_json::{Value, json};

use crate::{
    campaigns::{
        Finding,
        books::{all, text},
        chance::Chance,
        letter::Letter,
        mails::{Conversation, Way, report},
        town::Town,
    },
    harness::{Mailbox, until_within, within},
};

const PATIENCE: Duration = Duration::from_secs(120);
/// How an answer finds its case when the citizen's program keeps only one thing of ours.
const KEPT: [&str; 3] = ["the address", "the chain", "the subject"];

/// An answer of staff that arrived.
struct Arrived {
    case: String,
    conversation: usize,
    message: String,
    letter: Letter,
}

pub fn judge(
    finding: &mut Finding,
    town: &Town,
    (conversations, cases): (&[Conversation], &HashMap<usize, String>),
    answers: usize,
    chance: &mut Chance,
) {
    let client = town.client();
    let answerable = |at: &usize| cases.contains_key(at) && !conversations[*at].ids.is_empty();
    let mut open: Vec<usize> = (0..conversations.len()).filter(answerable).collect();
    let mut posted = Vec::new();
    while posted.len() < answers && !open.is_empty() {
        let conversation = open.swap_remove(chance.below(open.len()));
        let case = cases[&conversation].clone();
        let before = all(&client, &format!("/v1/cases/{case}/messages"));
        let body = json!({ "text": "Thank you. Somebody will come and look – jemand schaut es sich an." });
        let message = client.post(&format!("/v1/cases/{case}/messages"), body).expecting(202).json();
        posted.push((conversation, case, before, message));
    }
    finding.count("answers of staff", posted.len());
    let mut arrived = Vec::new();
    for (conversation, case, before, message) in posted {
        let id = text(&message, "id").to_owned();
        let state = until_within(PATIENCE, &format!("{id} goes out"), || {
            let now = client.get(&format!("/v1/messages/{id}")).expecting(200).json();
            (!matches!(text(&now, "state"), "queued" | "sending")).then(|| text(&now, "state").to_owned())
        });
        finding.holds(state == "sent", || format!("{id} is `{state}`"));
        let citizen = town.citizen(conversations[conversation].citizen);
        let Some(letter) = find(&citizen, text(&message, "network_id")) else {
            finding.fault(format!("{id} did not arrive at {citizen}"));
            continue;
        };
        in_its_thread(finding, &id, &letter, &before, &conversations[conversation]);
        arrived.push(Arrived { case, conversation, message: id, letter });
    }
    finding.count("answers that arrived in their threads", arrived.len());
    let reported = arrived.split_off(arrived.len() - arrived.len() / 6);
    come_back(finding, town, conversations, &arrived);
    bounce(finding, town, &reported);
}

/// The mail of this id in a citizen's mailbox, once the mail server has brought it there.
fn find(citizen: &str, id: &str) -> Option<Letter> {
    let mut mailbox = Mailbox::open(citizen);
    within(PATIENCE, || {
        let letters = mailbox.mails().iter().map(|raw| Letter::read(raw)).collect::<Vec<_>>();
        letters.into_iter().find(|letter| letter.id() == id)
    })
}

/// What a mail program threads by.
fn in_its_thread(finding: &mut Finding, id: &str, letter: &Letter, before: &[Value], conversation: &Conversation) {
    let last = before.iter().rfind(|message| message["direction"] == "inbound");
    let last = last.map(|message| text(message, "network_id")).unwrap_or_default();
    let answered = letter.ids("in-reply-to");
    finding.holds(answered == [last], || format!("{id} answers {answered:?}, not {last}"));
    let chain = letter.ids("references");
    finding
        .holds(chain.last() == Some(&last), || format!("{id} has the chain {chain:?}, which does not end in {last}"));
    let own = chain.iter().all(|id| conversation.ids.iter().any(|own| own == id));
    finding.holds(own, || format!("{id} names mails of others: {chain:?}"));
    let signed = letter.field("reply-to").contains('+') || conversation.way == Way::Laid;
    finding.holds(signed, || format!("{id} says no address to answer to"));
}

/// Citizens answer the answers.
fn come_back(finding: &mut Finding, town: &Town, conversations: &[Conversation], arrived: &[Arrived]) {
    let mut session = Town::mail_server();
    let mut sent = Vec::new();
    for (number, Arrived { case, conversation, letter, .. }) in arrived.iter().enumerate() {
        let Conversation { citizen, way, .. } = conversations[*conversation];
        let from = town.citizen(citizen);
        // Only a server that hands us all mail of an address has room for signed ones.
        let (kept, own) = match way {
            Way::Laid => (KEPT[1 + number % 2], &town.fetched.address),
            Way::Pushed | Way::Posted => (KEPT[number % 3], &town.pushed.address),
        };
        let to = if kept == "the address" { bare(letter.field("reply-to")) } else { own };
        let id = format!("back-{number}-{from}");
        let chain = match kept {
            "the chain" => format!("In-Reply-To: <{0}>\r\nReferences: <{0}>\r\n", letter.id()),
            _ => String::new(),
        };
        let subject = if kept == "the subject" { letter.field("subject") } else { "Re: your answer" };
        let raw = format!(
            "From: <{from}>\r\nTo: <{to}>\r\nSubject: {subject}\r\nMessage-ID: <{id}>\r\n\
             Date: Sun, 22 Nov 2026 11:00:00 +0000\r\n{chain}\r\nThank you, that helps ({number}).\r\n"
        );
        let verdicts = session.deliver(&from, &[to], raw.as_bytes());
        finding.holds(verdicts.iter().all(|v| v.accepted()), || format!("{id}: {verdicts:?}"));
        sent.push((id, case, kept));
    }
    let client = town.client();
    let mut found = 0;
    for (id, case, kept) in sent {
        let came = within(PATIENCE, || {
            let here = all(&client, &format!("/v1/cases/{case}/messages"));
            here.iter().any(|message| text(message, "network_id") == id).then_some(())
        });
        found += usize::from(came.is_some());
        finding.holds(came.is_some(), || format!("{id} kept {kept} and did not come into its case"));
    }
    finding.count("answers of citizens that came back into their cases", found);
}

/// What stands between the brackets of an address, or all of it.
fn bare(address: &str) -> &str {
    address.rsplit_once('<').map_or(address, |(_, rest)| rest).trim_end_matches('>')
}

/// A mail server says that an answer could not be delivered: staff see it on the message.
fn bounce(finding: &mut Finding, town: &Town, reported: &[Arrived]) {
    let (client, mut mailbox) = (town.client(), town.mailbox());
    for Arrived { message, letter, .. } in reported {
        let bounce = report(&format!("bounce-{message}@mx.elsewhere.test"), &town.fetched.address, letter.id());
        mailbox.append(&bounce.raw);
    }
    for Arrived { message, .. } in reported {
        let marked = within(PATIENCE, || {
            let now = client.get(&format!("/v1/messages/{message}")).expecting(200).json();
            (text(&now, "state") == "failed" && text(&now, "state_detail").contains("5.1.1")).then_some(())
        });
        finding.holds(marked.is_some(), || format!("{message} is not marked as failed by its report"));
    }
    finding.count("answers reported as undeliverable", reported.len());
}
