//! `connectors`: what this program can speak, as a table.

use std::sync::Arc;

use civicdesk_contract::Connector;
use serde_json::{Value, json};

use super::Answer;

pub fn run(connectors: &[Arc<dyn Connector>]) -> Answer {
    let about: Vec<_> = connectors.iter().map(|c| c.about()).collect();
    let yes = |can: bool| if can { "yes" } else { "-" }.to_owned();
    let row = |a: &civicdesk_contract::About| {
        let can = &a.capabilities;
        let ways = [(can.poll, "poll"), (can.hooks, "hooks"), (can.session, "session")];
        let ways: Vec<&str> = ways.into_iter().filter(|(has, _)| *has).map(|(_, way)| way).collect();
        let longest = can.max_text.map_or("-".to_owned(), |n| n.to_string());
        [
            a.id.to_owned(),
            a.name.to_owned(),
            ways.join(" "),
            yes(can.send),
            yes(can.idempotent_send),
            yes(can.html),
            yes(can.attachments),
            yes(can.threads),
            yes(can.receipts),
            longest,
        ]
    };
    let rows: Vec<_> = about.iter().map(row).collect();
    let heading = ["id", "name", "in", "send", "again", "html", "files", "threads", "receipts", "longest"];
    let data: Vec<Value> = about.iter().map(|a| json!(a)).collect();
    Answer::table(heading, &rows, json!({ "data": data }))
}
