//! Other people's collections of odd mail: each ends in a case, as a report or in quarantine, with its bytes as they came.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use serde_json::Value;

use super::{
    Campaign, ENGINE, Finding, Given, Known,
    books::{Books, sha256, text},
};
use crate::harness::{Engine, Mail, Options, Program};

pub const CAMPAIGN: Campaign = Campaign {
    name: "corpora",
    about: "the test mails of CPython and of mail-parser, pushed by LMTP",
    options: &[
        Known {
            name: "cpython",
            usual: "",
            about: "a directory with msg_*.txt; left out: that of a Python on this machine",
        },
        ENGINE,
    ],
    run: |given: &Given| given.engines().into_iter().map(|engine| whole(engine, given.text("cpython"))).collect(),
};

const ADDRESS: &str = "help@riverton.example";

fn whole(engine: Engine, cpython_mails: &str) -> Finding {
    let folder = if cpython_mails.is_empty() { cpython() } else { cpython_mails.into() };
    let mut finding = Finding::new(engine);
    for (name, corpus, expected) in [("mail-parser", mail_parser(), 107), ("cpython", read(&folder, ".txt"), 48)] {
        finding.holds(corpus.len() == expected, || format!("{name} has {} mails, not {expected}", corpus.len()));
        run(&mut finding, name, engine, corpus);
    }
    finding.done()
}

/// Hands over every mail and looks where it ended.
pub fn run(finding: &mut Finding, name: &str, engine: Engine, corpus: BTreeMap<String, Vec<u8>>) {
    let program = Program::start_with(engine, Options::default().set("limits", "requests_per_minute", 1_000_000));
    let agency = program.tenant("riverton");
    agency.channel(&program, ADDRESS);
    let mut session = program.lmtp();
    let mut sent = BTreeMap::new();
    for (file, raw) in corpus {
        let raw = lines_ended_as_on_the_wire(&raw);
        let verdict = hand_over(&mut session, &raw);
        finding.holds(verdict.starts_with('2'), || format!("{file} was not taken: {verdict}"));
        sent.insert(file, raw);
    }
    let books = Books::when_filed(&agency);
    let by_hash = books.by_hash();
    let mut ends: BTreeMap<&str, usize> = BTreeMap::new();
    for item in &books.items {
        *ends.entry(end_of(item)).or_default() += 1;
    }
    for (file, raw) in &sent {
        let hash = sha256(raw);
        let Some(items) = by_hash.get(hash.as_str()) else {
            finding.fault(format!("{file} is not in the ledger"));
            continue;
        };
        let copies = sent.values().filter(|other| *other == raw).count();
        finding.holds(items.len() == copies, || format!("{file} is {} times in the ledger", items.len()));
        for item in items {
            let end = end_of(item);
            finding.holds(end != "nowhere", || format!("{file} ended nowhere: {item}"));
            let kept = agency.get(&format!("/v1/inbound/{}/raw", text(item, "id"))).expecting(200).body;
            finding.holds(kept == *raw, || format!("{file} is kept with other bytes in the ledger"));
            if end == "in a case" {
                let message = agency.get(&format!("/v1/messages/{}/raw", text(item, "message_id"))).expecting(200).body;
                finding.holds(message == *raw, || format!("{file} is kept with other bytes at its message"));
            }
        }
    }
    finding.count(&format!("{name}: mails"), sent.len());
    for (end, number) in ends {
        finding.count(&format!("{name}: {end}"), number);
    }
    finding.holds(books.sums["adds_up"] == true, || format!("the sums do not add up: {}", books.sums));
}

fn end_of(item: &Value) -> &'static str {
    match (text(item, "state"), text(item, "filed_as")) {
        ("filed", "message") => "in a case",
        ("filed", "report") => "a report",
        ("quarantined", _) => "in quarantine",
        ("duplicate", _) => "a duplicate of the same bytes",
        _ => "nowhere",
    }
}

fn hand_over(session: &mut Mail, raw: &[u8]) -> String {
    let verdict = session.deliver("sender@home.example", &[ADDRESS], raw).remove(0);
    format!("{} {}", verdict.code, verdict.text)
}

/// What every mail server does before it hands a file on: no line ends but by CRLF, the last one too.
fn lines_ended_as_on_the_wire(raw: &[u8]) -> Vec<u8> {
    let mut wire = Vec::with_capacity(raw.len() + raw.len() / 32);
    for line in raw.split_inclusive(|&byte| byte == b'\n') {
        let line = line.strip_suffix(b"\n").unwrap_or(line);
        wire.extend_from_slice(line.strip_suffix(b"\r").unwrap_or(line));
        wire.extend_from_slice(b"\r\n");
    }
    wire
}

/// The mails that the parser's crate tests itself with; cargo keeps them with its sources.
pub fn mail_parser() -> BTreeMap<String, Vec<u8>> {
    let cargo = Command::new(std::env::var("CARGO").unwrap_or_else(|_| "cargo".into()))
        .args(["metadata", "--format-version", "1", "--offline", "--filter-platform", "host-tuple"])
        .current_dir(crate::structure::root())
        .output()
        .expect("cargo runs");
    assert!(cargo.status.success(), "cargo metadata: {}", String::from_utf8_lossy(&cargo.stderr));
    let metadata: Value = serde_json::from_slice(&cargo.stdout).expect("JSON from cargo metadata");
    let packages = metadata["packages"].as_array().expect("packages");
    let parser = packages.iter().find(|package| package["name"] == "mail-parser").expect("mail-parser is used");
    let root = Path::new(text(parser, "manifest_path")).with_file_name("resources").join("eml");
    let folders = fs::read_dir(&root).expect("the crate's mails");
    let mut mails = BTreeMap::new();
    for folder in folders.map(|entry| entry.expect("a folder").path()).filter(|path| path.is_dir()) {
        let name = folder.file_name().expect("a name").to_string_lossy().into_owned();
        mails.extend(read(&folder, ".eml").into_iter().map(|(file, raw)| (format!("{name}/{file}"), raw)));
    }
    mails
}

/// Where the Python of this machine keeps the mails that its email package is tested with.
pub fn cpython() -> PathBuf {
    let ask = "import test.test_email as t; print(t.__path__[0])";
    for python in ["python3", "/usr/bin/python3"] {
        let said = Command::new(python).args(["-c", ask]).output();
        if let Some(said) = said.ok().filter(|said| said.status.success()) {
            return Path::new(String::from_utf8_lossy(&said.stdout).trim()).join("data");
        }
    }
    panic!("no Python here has its own tests: on Debian, libpython3.11-testsuite brings them");
}

/// The files of this ending.
pub fn read(folder: &Path, ending: &str) -> BTreeMap<String, Vec<u8>> {
    let entries = fs::read_dir(folder).unwrap_or_else(|e| panic!("{}: {e}", folder.display()));
    let named = entries.map(|entry| entry.expect("a file").path());
    let named = named.map(|path| (path.file_name().expect("a name").to_string_lossy().into_owned(), path));
    let named = named.filter(|(name, _)| name.ends_with(ending));
    named.map(|(name, path)| (name, fs::read(path).expect("a mail"))).collect()
}

#[cfg(test)]
mod tests {
    use super::lines_ended_as_on_the_wire;

    #[test]
    fn every_line_ends_once() {
        assert_eq!(lines_ended_as_on_the_wire(b"a\nb\r\n\nc"), b"a\r\nb\r\n\r\nc\r\n");
    }
}
