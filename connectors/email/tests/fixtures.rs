//! Mails of every important shape, each beside what is to be read from it. `fixtures/NAME.expected` is for people to judge:
//! whoever changes one says why. Among them the reports of IN-11 and the signed and sealed mails of IN-22.
#![expect(clippy::unwrap_used, reason = "helpers of tests")]

use std::{fmt::Write, fs, path::Path};

use civicdesk_contract::{Envelope, Inbound, Party};
use civicdesk_email::read_mail;

#[test]
fn every_fixture_reads_as_its_neighbour_says() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures");
    let mut names: Vec<_> = fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    names.retain(|path| path.extension().is_some_and(|ending| ending == "eml"));
    names.sort();
    assert!(names.len() >= 30, "fixtures are missing: {}", names.len());
    let mut wrong = String::new();
    for path in names {
        let envelope = Envelope { to: vec!["desk@riverton.example".to_owned()], ..Envelope::default() };
        let found = match read_mail(&fs::read(&path).unwrap(), &envelope) {
            Ok(mail) => shown(&mail),
            Err(error) => format!("{error}\n"),
        };
        let expected = fs::read_to_string(path.with_extension("expected")).unwrap_or_default();
        if found != expected {
            writeln!(wrong, "==== {}\n{found}", path.display()).unwrap();
        }
    }
    assert!(wrong.is_empty(), "these are read otherwise than expected, namely:\n{wrong}");
}

fn shown(mail: &Inbound) -> String {
    let mut out = String::new();
    let mut line = |name: &str, value: Option<String>| {
        if let Some(value) = value {
            writeln!(out, "{name}: {}", value.escape_debug().to_string().replace("\\\"", "\"").replace("\\'", "'"))
                .unwrap();
        }
    };
    line("from", mail.from.as_ref().map(party));
    line("reply-to", mail.reply_to.as_ref().map(party));
    mail.to.iter().for_each(|to| line("to", Some(party(to))));
    mail.cc.iter().for_each(|cc| line("cc", Some(party(cc))));
    line("subject", mail.subject.clone());
    line("sent", mail.sent_at.map(|at| at.to_string()));
    line("id", mail.message_id.clone());
    line("answers", Some(mail.thread.in_reply_to.join(" ")).filter(|ids| !ids.is_empty()));
    line("chain", Some(mail.thread.references.join(" ")).filter(|ids| !ids.is_empty()));
    line("automatic", Some(format!("{:?}", mail.automatic)));
    if let Some(report) = &mail.report {
        line("report of", Some(report.original_message_id.clone().unwrap_or_default()));
        for to in &report.recipients {
            let (status, words) = (to.status.as_deref(), to.diagnostic.as_deref());
            let words = [Some(to.address.as_str()), Some(&to.action), status, words].into_iter().flatten();
            line("  recipient", Some(words.collect::<Vec<_>>().join(" | ")));
        }
    }
    for file in &mail.attachments {
        let id = file.content_id.as_deref().map(|id| format!(" cid {id}")).unwrap_or_default();
        let place = if file.inline { " inline" } else { "" };
        let start = String::from_utf8_lossy(&file.bytes[..file.bytes.len().min(16)]).into_owned();
        line(
            "file",
            Some(format!("{} | {}{place}{id} | {} bytes: {start}", file.name, file.content_type, file.bytes.len())),
        );
    }
    mail.oddities.iter().for_each(|oddity| line("odd", Some(oddity.clone())));
    section(&mut out, "text", &mail.text);
    if mail.fresh_text != mail.text {
        section(&mut out, "fresh", &mail.fresh_text);
    }
    if let Some(html) = &mail.html {
        section(&mut out, "html", html);
    }
    out
}

fn party(party: &Party) -> String {
    party.name.as_ref().map_or_else(|| party.address.clone(), |name| format!("{name} <{}>", party.address))
}

fn section(out: &mut String, name: &str, text: &str) {
    writeln!(out, "---- {name}").unwrap();
    text.lines().for_each(|line| writeln!(out, "{line}").unwrap());
}
