//! The 107 mails that mail-parser tests itself with: each is read or refused, none is lost to a panic.
#![expect(clippy::unwrap_used, reason = "helpers of tests")]

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use civicdesk_contract::{Envelope, Kind};
use civicdesk_email::read_mail;

/// Where cargo keeps the crate's sources. The crate is in the lock file, so they are there whenever this test runs.
fn corpus() -> PathBuf {
    let cargo = Command::new(env!("CARGO"))
        .args(["metadata", "--format-version", "1", "--offline", "--filter-platform", "host-tuple"])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .unwrap();
    assert!(cargo.status.success(), "cargo metadata: {}", String::from_utf8_lossy(&cargo.stderr));
    let metadata: serde_json::Value = serde_json::from_slice(&cargo.stdout).unwrap();
    let packages = metadata["packages"].as_array().unwrap();
    let parser = packages.iter().find(|package| package["name"] == "mail-parser").unwrap();
    assert_eq!(parser["version"], "0.11.9");
    Path::new(parser["manifest_path"].as_str().unwrap()).with_file_name("resources").join("eml")
}

fn mails() -> BTreeMap<PathBuf, Vec<u8>> {
    let mut mails = BTreeMap::new();
    for folder in fs::read_dir(corpus()).unwrap().map(|entry| entry.unwrap().path()) {
        for file in fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()) {
            if file.extension().is_some_and(|ending| ending == "eml") {
                mails.insert(file.clone(), fs::read(&file).unwrap());
            }
        }
    }
    mails
}

#[test]
fn every_mail_of_the_corpus_is_read_or_refused() {
    let mails = mails();
    assert_eq!(mails.len(), 107);
    for (path, raw) in mails {
        let malformed = path.parent().is_some_and(|folder| folder.ends_with("malformed"));
        match read_mail(&raw, &Envelope::default()) {
            Ok(mail) => {
                let strings = [&mail.text, &mail.fresh_text].into_iter().chain(mail.subject.as_ref());
                let strings = strings.chain(mail.html.as_ref()).chain(mail.attachments.iter().map(|file| &file.name));
                assert!(strings.into_iter().all(|text| !text.contains('\0')), "{}", path.display());
                assert!(mail.attachments.iter().all(|file| !file.name.is_empty()), "{}", path.display());
                let silent = mail.text.is_empty() && mail.attachments.is_empty();
                assert!(malformed || !silent, "{} says nothing", path.display());
            }
            Err(error) => {
                assert_eq!(error.kind, Kind::Malformed, "{}: {error}", path.display());
                assert!(malformed, "{}: {error}", path.display());
            }
        }
    }
}

#[test]
fn line_endings_change_nothing_that_is_read() {
    for (path, raw) in mails() {
        let text = String::from_utf8_lossy(&raw).into_owned();
        // In UTF-16 the added byte is half a character.
        if text.as_bytes() != raw || text.to_lowercase().contains("utf-16") {
            continue;
        }
        let lf = text.replace("\r\n", "\n");
        let crlf = lf.replace('\n', "\r\n");
        let [lf, crlf] = [lf, crlf].map(|raw| read_mail(raw.as_bytes(), &Envelope::default()));
        let Ok((lf, crlf)) = lf.and_then(|lf| crlf.map(|crlf| (lf, crlf))) else { continue };
        let words = |text: &str| text.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
        assert_eq!(lf.subject, crlf.subject, "{}", path.display());
        assert_eq!(lf.from, crlf.from, "{}", path.display());
        assert_eq!(words(&lf.text), words(&crlf.text), "{}", path.display());
        assert_eq!(lf.attachments.len(), crlf.attachments.len(), "{}", path.display());
    }
}
