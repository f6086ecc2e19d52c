//! Every error in the log tells what to do: its runbook line exists, and no line of the runbook is an orphan.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::{collections::BTreeSet, fs, path::Path};

const API: &str = env!("CARGO_MANIFEST_DIR");

fn sources(dir: &Path, found: &mut Vec<(String, String)>) {
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|e| e == "rs") {
            found.push((path.display().to_string(), fs::read_to_string(&path).unwrap()));
        }
    }
}

/// The codes `RB-…` in a text.
fn codes(text: &str) -> BTreeSet<String> {
    let code = |c: &char| c.is_ascii_uppercase() || c.is_ascii_digit() || *c == '-';
    text.match_indices("RB-").map(|(at, _)| text[at..].chars().take_while(code).collect()).collect()
}

/// The text of each `error!(…)` call.
fn errors(text: &str) -> Vec<&str> {
    let call = |at: usize| {
        let rest = &text[at..];
        let mut depth = 0;
        for (i, c) in rest.char_indices() {
            match c {
                '(' => depth += 1,
                ')' if depth == 1 => return &rest[..=i],
                ')' => depth -= 1,
                _ => {}
            }
        }
        rest
    };
    text.match_indices("error!(").filter(|(at, _)| !text[..*at].ends_with("compile_")).map(|(at, _)| call(at)).collect()
}

#[test]
fn every_error_names_a_line_of_the_runbook_and_every_line_has_its_error() {
    let mut files = Vec::new();
    sources(&Path::new(API).join("src"), &mut files);
    let mut named = BTreeSet::new();
    for (file, text) in &files {
        for call in errors(text) {
            assert!(call.contains("runbook = \"RB-"), "{file}: an error without its runbook line:\n{call}");
            named.extend(codes(call));
        }
    }
    let runbook = fs::read_to_string(Path::new(API).join("RUNBOOK.md")).unwrap();
    let lines = runbook.lines().filter_map(|l| l.strip_prefix("### ")).flat_map(codes).collect::<BTreeSet<_>>();
    assert!(!lines.is_empty());
    assert_eq!(named, lines, "left: what the program names; right: what the runbook explains");
}

#[test]
fn the_reader_of_the_sources_sees_every_error_and_every_code() {
    assert_eq!(errors("if x { error!(a = f(1), \"m\"); } tracing::error!(runbook = \"RB-X\")").len(), 2);
    assert_eq!(errors("error!(a = f(1), \"m\"); g()"), ["error!(a = f(1), \"m\")"]);
    assert_eq!(codes("runbook = \"RB-A-1\", RB-B."), BTreeSet::from(["RB-A-1".to_owned(), "RB-B".to_owned()]));
}
