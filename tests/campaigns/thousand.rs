//! The proof by volume: generated mail of every kind comes in by every way, the mailbox is renumbered in the middle, and
//! the ledger and the cases agree with what was written; then staff answer, and citizens answer the answers.

mod answers;

use std::{
    collections::{BTreeMap, HashMap, HashSet},
    time::Duration,
};

use serde_json::Value;

use super::{
    Campaign, ENGINE, Finding, Given, Known,
    books::{Books, sha256, sums, text},
    chance::Chance,
    mails::{Draft, End, Pen, Way},
    town::Town,
};
use crate::harness::{Engine, within};

pub const CAMPAIGN: Campaign = Campaign {
    name: "thousand-mails",
    about: "generated mail by every way; the mailbox renumbered in the middle; answers in their threads",
    options: &[
        Known { name: "mails", usual: "1000", about: "how many, on each database" },
        Known { name: "answers", usual: "60", about: "how many answers staff write" },
        Known { name: "seed", usual: "1", about: "what chance begins with" },
        ENGINE,
    ],
    run: |given: &Given| {
        let size = Size { mails: count(given, "mails"), answers: count(given, "answers") };
        let seed = given.number("seed");
        given.engines().into_iter().map(|engine| run(engine, size, seed)).collect()
    },
};

/// How much is sent.
#[derive(Clone, Copy, Debug)]
pub struct Size {
    pub mails: usize,
    pub answers: usize,
}

const PATIENCE: Duration = Duration::from_secs(300);
/// Few enough mails of each that nearly all get their acknowledgement.
const MAILS_OF_A_CITIZEN: usize = 4;

fn count(given: &Given, name: &str) -> usize {
    usize::try_from(given.number(name)).expect("a number that fits")
}

pub fn run(engine: Engine, size: Size, seed: u64) -> Finding {
    let mut finding = Finding::new(engine);
    let town = Town::start(engine);
    town.push_by_the_mail_server();
    let citizens = (0..size.mails.div_ceil(MAILS_OF_A_CITIZEN)).map(|number| town.citizen(number)).collect();
    let mut pen = Pen::new(Chance::new(seed), citizens, &town.fetched.address, &town.pushed.address);
    let drafts = send(&mut finding, &town, &mut pen, size.mails);
    all_in(&mut finding, &town, &drafts);
    let books = Books::when_quiet(&town.client());
    books.add_up(&mut finding);
    ledger(&mut finding, &drafts, &books);
    let cases = conversations(&mut finding, &drafts, &books);
    let mut chance = Chance::new(seed).apart(1);
    answers::judge(&mut finding, &town, (&pen.conversations, &cases), size.answers, &mut chance);
    finding.done()
}

/// Writes and sends everything; in the middle, the mailbox gets new numbers.
fn send(finding: &mut Finding, town: &Town, pen: &mut Pen, mails: usize) -> Vec<Draft> {
    let mut mailbox = town.mailbox();
    let (mut pushing, mut posting) = (town.program.lmtp(), Town::mail_server());
    let mut drafts = Vec::new();
    for number in 0..mails {
        let draft = pen.write();
        let (from, to) = (draft.envelope_from.as_str(), town.pushed.address.as_str());
        match draft.way {
            Way::Laid => mailbox.append(&draft.raw),
            Way::Pushed | Way::Posted => {
                let session = if draft.way == Way::Pushed { &mut pushing } else { &mut posting };
                let verdicts = session.deliver(from, &[to], &draft.raw);
                finding.holds(verdicts.iter().all(|v| v.accepted()), || format!("mail {number}: {verdicts:?}"));
            }
        }
        if number == mails / 2 {
            finding.count("mails in the mailbox when it was renumbered", mailbox.count());
            mailbox.renumber(2_000_000_000);
        }
        drafts.push(draft);
    }
    drafts
}

/// Waits until as many have come as were sent. Where more came, the judgement of the ledger says so.
fn all_in(finding: &mut Finding, town: &Town, drafts: &[Draft]) {
    let ends = |is: fn(&End) -> bool| drafts.iter().filter(|draft| is(&draft.end)).count() as u64;
    let messages = ends(|end| matches!(end, End::InCase(_)));
    let (reports, duplicates) = (ends(|end| *end == End::Report), ends(|end| *end == End::Duplicate));
    let client = town.client();
    let came = within(PATIENCE, || {
        let now = sums(&client)["total"].clone();
        let at_least = |name: &str, number: u64| now[name].as_u64() >= Some(number);
        let there = at_least("messages", messages) && at_least("reports", reports);
        (there && at_least("duplicates", duplicates)).then_some(())
    });
    finding.holds(came.is_some(), || format!("not every mail came: {}", sums(&client)));
    finding.count("mails written", drafts.len());
    finding.count("mails written for a case", messages);
    finding.count("mails written twice", duplicates);
    finding.count("reports written", reports);
    for (way, name) in [(Way::Laid, "laid into the mailbox"), (Way::Pushed, "pushed"), (Way::Posted, "posted")] {
        finding.count(&format!("mails {name}"), drafts.iter().filter(|draft| draft.way == way).count());
    }
}

/// Each mail is once in the ledger as what it is, and every further item of its bytes is a duplicate.
fn ledger(finding: &mut Finding, drafts: &[Draft], books: &Books) {
    let by_hash = books.by_hash();
    let mut copies: BTreeMap<String, (usize, &Draft)> = BTreeMap::new();
    // What the mail server passes on has a line of the server's more: it is found by its Message-ID below.
    for draft in drafts.iter().filter(|draft| draft.way != Way::Posted) {
        copies.entry(sha256(&draft.raw)).or_insert((0, draft)).0 += 1;
    }
    for (hash, (sent, draft)) in &copies {
        let items = by_hash.get(hash.as_str()).map_or(&[][..], Vec::as_slice);
        let filed = items.iter().filter(|item| item["state"] == "filed").count();
        let duplicates = items.iter().filter(|item| item["state"] == "duplicate").count();
        finding.holds(filed == 1 && filed + duplicates == items.len(), || {
            format!("{:?} sent {sent} times has {} items, {filed} of them filed", draft.id, items.len())
        });
        // A renumbered mailbox shows everything once more.
        let most = if draft.way == Way::Laid { 2 * sent } else { *sent };
        finding.holds((*sent..=most).contains(&items.len()), || {
            format!("{:?} sent {sent} times by {:?} has {} items", draft.id, draft.way, items.len())
        });
    }
    let reports = drafts.iter().filter(|draft| draft.end == End::Report).count();
    let filed = books.items.iter().filter(|item| item["filed_as"] == "report").count();
    finding.holds(filed == reports, || format!("{reports} reports were written, {filed} are filed"));
}

/// Each conversation is one case that holds its mails and no others, each as it was written. The cases, by conversation.
fn conversations(finding: &mut Finding, drafts: &[Draft], books: &Books) -> HashMap<usize, String> {
    let by_id: HashMap<&str, &Value> = books.inbound().map(|m| (text(m, "network_id"), m)).collect();
    let by_own_id: HashMap<&str, &Value> = books.inbound().map(|m| (text(m, "id"), m)).collect();
    let by_hash = books.by_hash();
    let mut cases: HashMap<usize, String> = HashMap::new();
    let mut written = 0;
    for draft in drafts {
        let End::InCase(conversation) = draft.end else { continue };
        written += 1;
        let item =
            by_hash.get(sha256(&draft.raw).as_str()).and_then(|items| items.iter().find(|i| i["state"] == "filed"));
        let message = match &draft.id {
            Some(id) => by_id.get(id.as_str()),
            None => item.and_then(|item| by_own_id.get(text(item, "message_id"))),
        };
        let Some(message) = message else {
            finding.fault(format!("{:?} of conversation {conversation} is in no case", draft.id));
            continue;
        };
        let case = cases.entry(conversation).or_insert_with(|| text(message, "case_id").to_owned());
        let here = text(message, "case_id") == case;
        finding.holds(here, || format!("{:?} is in another case than its conversation", draft.id));
        as_written(finding, draft, message);
    }
    let different: HashSet<&String> = cases.values().collect();
    finding.holds(different.len() == cases.len(), || "two conversations are in one case".to_owned());
    let inbound = books.inbound().count();
    finding.holds(inbound == written, || format!("{written} mails were written, {inbound} are in cases"));
    finding.count("conversations", cases.len());
    acknowledged(finding, drafts, books, &by_id);
    cases
}

fn as_written(finding: &mut Finding, draft: &Draft, message: &Value) {
    let id = text(message, "network_id");
    let said = text(message, "text");
    finding.holds(said.contains(draft.says), || format!("{id} should say `{}` and says `{said}`", draft.says));
    if let Some(subject) = &draft.subject {
        let told = text(message, "subject");
        finding.holds(told == subject, || format!("{id} has the subject `{told}`, not `{subject}`"));
    }
    let html = text(message, "html");
    let is_clean = !html.contains("<script") && !html.contains("onclick");
    finding.holds(is_clean, || format!("{id} shows a stranger's script: {html}"));
    let quoted = text(message, "new_text").contains("what was said before");
    finding.holds(!quoted, || format!("{id} shows what it quotes as new: {}", message["new_text"]));
    let files = message["attachments"].as_array().map_or(&[][..], Vec::as_slice);
    for file in &draft.files {
        let kept = files.iter().any(|f| text(f, "name") == file.name && text(f, "sha256") == file.sha256);
        finding.holds(kept, || format!("{id} lost {} or changed its bytes: {files:?}", file.name));
    }
}

/// What a machine wrote opened a case without an acknowledgement; how many letters went to people.
fn acknowledged(finding: &mut Finding, drafts: &[Draft], books: &Books, by_id: &HashMap<&str, &Value>) {
    let letters = books.outbound().filter(|message| !text(message, "letter").is_empty());
    let answered: HashSet<&str> = letters.map(|message| text(message, "case_id")).collect();
    for draft in drafts.iter().filter(|draft| draft.automatic && matches!(draft.end, End::InCase(_))) {
        let Some(message) = draft.id.as_deref().and_then(|id| by_id.get(id)) else { continue };
        let case = text(message, "case_id");
        let alone = books.inbound().filter(|m| text(m, "case_id") == case).count() == 1;
        finding.holds(!(alone && answered.contains(case)), || format!("{:?} is automatic and was answered", draft.id));
    }
    finding.count("cases acknowledged", answered.len());
    finding.count("automatic mails", drafts.iter().filter(|draft| draft.automatic).count());
}
