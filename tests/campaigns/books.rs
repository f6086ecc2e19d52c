//! What the program says of itself when all is quiet: its ledger, its cases and every message, read over REST.

use std::{
    collections::{BTreeMap, HashMap, HashSet},
    time::Duration,
};

use serde_json::Value;
use sha2::{Digest, Sha256};

use super::Finding;
use crate::harness::{Client, until_within};

const PATIENCE: Duration = Duration::from_secs(300);

/// Everything that the agency's books hold.
pub struct Books {
    pub items: Vec<Value>,
    pub cases: Vec<Value>,
    pub messages: Vec<Value>,
    pub sums: Value,
}

impl Books {
    /// Waits until nothing is under way any more, in or out, and reads.
    pub fn when_quiet(client: &Client) -> Self {
        let mut books = Self::when_filed(client);
        for message in books.messages.iter_mut().filter(|m| is_under_way(m)) {
            let path = format!("/v1/messages/{}", text(message, "id"));
            *message = until_within(PATIENCE, &format!("{path} is sent, or has failed"), || {
                Some(client.get(&path).expecting(200).json()).filter(|m| !is_under_way(m))
            });
        }
        books
    }

    /// Waits until everything that came in has its place, and reads.
    pub fn when_filed(client: &Client) -> Self {
        until_within(PATIENCE, "everything that came in is filed", || {
            (sums(client)["total"]["received"] == 0).then_some(())
        });
        let cases = all(client, "/v1/cases?sort=created_at");
        let of = |case: &Value| all(client, &format!("/v1/cases/{}/messages", text(case, "id")));
        let messages = cases.iter().flat_map(of).collect();
        Self { items: all(client, "/v1/inbound"), cases, messages, sums: sums(client) }
    }

    /// Puts back in line what is in quarantine only because the program was killed twice with it in hand.
    pub fn replay_the_interrupted(client: &Client) -> usize {
        let mut replayed = 0;
        for item in all(client, "/v1/inbound?state=quarantined") {
            if text(&item, "reason").contains("when the program ended") {
                client.post(&format!("/v1/inbound/{}/replay", text(&item, "id")), Value::Null);
                replayed += 1;
            }
        }
        replayed
    }

    /// The items of these bytes.
    pub fn by_hash(&self) -> HashMap<&str, Vec<&Value>> {
        let mut found: HashMap<&str, Vec<&Value>> = HashMap::new();
        for item in &self.items {
            found.entry(text(item, "sha256")).or_default().push(item);
        }
        found
    }

    pub fn inbound(&self) -> impl Iterator<Item = &Value> {
        self.messages.iter().filter(|m| m["direction"] == "inbound")
    }

    pub fn outbound(&self) -> impl Iterator<Item = &Value> {
        self.messages.iter().filter(|m| m["direction"] == "outbound")
    }

    /// The books agree with themselves: the sums with the ledger, and the ledger with the cases, one message to one item.
    pub fn add_up(&self, finding: &mut Finding) {
        let ends = |state: &str, filed_as: &str| {
            let same = |i: &&Value| i["state"] == state && (filed_as.is_empty() || i["filed_as"] == filed_as);
            self.items.iter().filter(same).count()
        };
        let counted = [
            ("total", self.items.len()),
            ("messages", ends("filed", "message")),
            ("reports", ends("filed", "report")),
            ("keywords", ends("filed", "keyword")),
            ("duplicates", ends("duplicate", "")),
            ("quarantined", ends("quarantined", "")),
            ("received", ends("received", "")),
        ];
        for (name, number) in counted {
            finding.count(&format!("ledger {name}"), number);
            let told = &self.sums["total"][name];
            finding.holds(*told == number, || format!("reconciliation says {told} {name}, the ledger holds {number}"));
        }
        finding.holds(self.sums["adds_up"] == true, || format!("the sums do not add up: {}", self.sums));
        finding.count("cases", self.cases.iter().filter(|case| case["merged_into"].is_null()).count());
        finding.count("cases merged", self.cases.iter().filter(|case| !case["merged_into"].is_null()).count());
        finding.count("messages in", self.inbound().count());

        let mut places: HashMap<&str, usize> = HashMap::new();
        for message in self.inbound() {
            *places.entry(text(message, "id")).or_default() += 1;
        }
        for item in self.items.iter().filter(|i| i["filed_as"] == "message") {
            let message = text(item, "message_id");
            let found = places.remove(message).unwrap_or_default();
            finding.holds(found == 1, || format!("{message} of item {} is {found} times in cases", item["id"]));
        }
        finding.holds(places.is_empty(), || format!("messages in cases that no item of the ledger is: {places:?}"));
        let filled: HashSet<&str> = self.messages.iter().map(|m| text(m, "case_id")).collect();
        // A merged case has given all that it held to another.
        let holds = |case: &&Value| filled.contains(text(case, "id")) == case["merged_into"].is_null();
        for case in self.cases.iter().filter(|case| !holds(case)) {
            finding.fault(format!("case {} is empty, or merged and not: {case}", case["reference"]));
        }
    }

    /// How many outbound messages ended how.
    pub fn count_outbound(&self, finding: &mut Finding) {
        let mut states: BTreeMap<&str, usize> = BTreeMap::new();
        for message in self.outbound() {
            *states.entry(text(message, "state")).or_default() += 1;
        }
        for (state, number) in states {
            finding.count(&format!("messages out {state}"), number);
        }
    }
}

/// A text member of a JSON object; empty where it is null.
pub fn text<'a>(value: &'a Value, member: &str) -> &'a str {
    value[member].as_str().unwrap_or_default()
}

pub fn sha256(raw: &[u8]) -> String {
    Sha256::digest(raw).iter().map(|byte| format!("{byte:02x}")).collect()
}

pub fn sums(client: &Client) -> Value {
    client.get("/v1/inbound/reconciliation").expecting(200).json()
}

/// Every entry of a list, page by page.
pub fn all(client: &Client, path: &str) -> Vec<Value> {
    let start = format!("{path}{}limit=100", if path.contains('?') { '&' } else { '?' });
    let mut entries = Vec::new();
    let mut next = start.clone();
    loop {
        let mut page = client.get(&next).expecting(200).json();
        entries.append(page["data"].as_array_mut().expect("a list"));
        match page["next_cursor"].as_str() {
            Some(cursor) => next = format!("{start}&cursor={cursor}"),
            None => return entries,
        }
    }
}

fn is_under_way(message: &Value) -> bool {
    matches!(text(message, "state"), "queued" | "sending")
}
