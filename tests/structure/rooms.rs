//! Which room of the service may know which other room, and which of the great dependencies.

use super::{Finding, Source, words};

/// The rooms that hold rules and nothing else.
const RULES: [&str; 8] = ["accounts", "cases", "people", "recovery", "knowledge", "standards", "insight", "records"];
/// What binds everything together and may therefore know everything.
const BINDERS: [&str; 3] = ["main", "cli", "lib"];

/// The rooms that files of `room` must not import.
fn closed_to(room: &str) -> Vec<&'static str> {
    match room {
        "http" | "pages" => vec!["cli"],
        "jobs" | "channels" | "directories" | "webhooks" => vec!["http", "pages", "cli"],
        "audit" => {
            vec!["http", "pages", "cli", "jobs", "channels", "directories", "cases", "people", "recovery", "accounts"]
        }
        "auth" => vec!["http", "pages", "cli", "jobs", "channels", "directories"],
        "store" => [&["http", "pages", "cli", "jobs", "channels", "directories", "auth"], RULES.as_slice()].concat(),
        // Who holds the accounts is asked by the rules of accounts alone.
        "recovery" | "accounts" => vec!["http", "pages", "cli", "jobs", "channels"],
        _ if RULES.contains(&room) => vec!["http", "pages", "cli", "jobs", "channels", "directories"],
        _ => vec![],
    }
}

/// Rooms know each other only in the direction that the house allows.
pub fn imports(sources: &[Source]) -> Vec<Finding> {
    let mut findings = Vec::new();
    for source in sources.iter().filter(|s| s.is_rust()) {
        let Some(room) = source.room() else { continue };
        let closed = closed_to(room);
        for (offset, name) in rooms_named(&source.code) {
            if closed.contains(&name) {
                findings.push(source.finding(offset, format!("`{room}` must not know `{name}`: {}", remedy(room))));
            }
        }
    }
    findings
}

fn remedy(room: &str) -> &'static str {
    match room {
        "store" => "the store stands below every other room; move the shared type into store or the contract",
        "jobs" | "channels" | "http" | "pages" => {
            "call a rule in cases, people, … instead, or move the shared piece there"
        }
        _ => {
            "a rule is called, it does not call outwards; return a value or write a job row that the other room acts on"
        }
    }
}

/// The rooms that a text names through `crate::`, `civicdesk::` or a climb by `super::`, groups in braces included.
fn rooms_named(code: &str) -> Vec<(usize, &str)> {
    let mut named = Vec::new();
    for start in ["crate", "civicdesk", "super"] {
        for at in words(code, start) {
            if let Some(rest) = code[at + start.len()..].strip_prefix("::") {
                named.extend(first_names(rest).into_iter().map(|name| (at, name)));
            }
        }
    }
    named
}

/// The first name of each path in `a::b` or `{a::b, c}`.
fn first_names(rest: &str) -> Vec<&str> {
    let name = |text: &str| text.find(|c: char| !(c.is_alphanumeric() || c == '_')).unwrap_or(text.len());
    let Some(group) = rest.strip_prefix('{') else { return vec![&rest[..name(rest)]] };
    let (mut depth, mut names, mut begins) = (0, Vec::new(), true);
    for (at, c) in group.char_indices() {
        match c {
            '{' => depth += 1,
            '}' if depth == 0 => break,
            '}' => depth -= 1,
            ',' if depth == 0 => begins = true,
            _ if begins && !c.is_whitespace() => {
                names.push(&group[at..at + name(&group[at..])]);
                begins = false;
            }
            _ => {}
        }
    }
    names
}

/// Only the rooms that speak HTTP know the HTTP server, and only the store knows the database library.
pub fn great_dependencies(sources: &[Source]) -> Vec<Finding> {
    let mut findings = Vec::new();
    for source in sources.iter().filter(|s| s.is_rust()) {
        let Some(room) = source.room() else { continue };
        let serves = matches!(room, "http" | "pages" | "main" | "lib") || source.path.starts_with("api/src/cli/serve");
        if !serves {
            for name in ["actix_web", "actix_http", "actix_rt", "actix_files", "actix", "utoipa_actix_web"] {
                findings.extend(words(&source.code, name).map(|at| {
                    source
                        .finding(at, format!("`{room}` must not know actix (`{name}`): only http and pages speak HTTP"))
                }));
            }
        }
        if room != "store" {
            for name in ["diesel", "diesel_migrations", "libsqlite3_sys"] {
                findings.extend(words(&source.code, name).map(|at| {
                    source.finding(at, format!("`{room}` must not know `{name}`: write a named query in api/src/store"))
                }));
            }
        }
    }
    findings
}

/// The service knows connectors by their contract alone; the binary lists them.
pub fn connectors_by_name(sources: &[Source]) -> Vec<Finding> {
    let mut findings = Vec::new();
    for source in sources.iter().filter(|s| s.is_rust()) {
        let Some(room) = source.room().filter(|room| !BINDERS.contains(room)) else { continue };
        for (at, _) in source.code.match_indices("civicdesk_") {
            let name = first_names(&source.code[at..])[0];
            // The fakes are for tests, and no part of the program.
            if name != "civicdesk_contract" && name != "civicdesk_providers" {
                findings.push(source.finding(
                    at,
                    format!("`{room}` must not know `{name}`: use civicdesk_contract; main.rs lists the connectors"),
                ));
            }
        }
    }
    findings
}

/// What answers whoever asks for a code.
const ASKING: [&str; 3] =
    ["api/src/recovery/asking.rs", "api/src/http/recovery/asking.rs", "api/src/pages/recover/ask.rs"];
/// What knows who has an account.
const KNOWING: [&str; 7] = ["accounts", "contacts", "recoveries", "sign_ins", "issuing", "completing", "signing_in"];

/// What answers whoever asks for a code has no door to accounts, so that no answer can tell of one.
pub fn asking_knows_nobody(sources: &[Source]) -> Vec<Finding> {
    let mut findings = Vec::new();
    for source in sources.iter().filter(|s| ASKING.contains(&s.path.as_str())) {
        for name in KNOWING {
            let what = format!("`{name}` knows who has an account: leave the looking to the job that is written here");
            findings.extend(words(&source.code, name).map(|at| source.finding(at, what.clone())));
        }
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;

    fn findings(rule: fn(&[Source]) -> Vec<Finding>, path: &str, text: &str) -> usize {
        rule(&[Source::new(path, text)]).len()
    }

    #[test]
    fn a_rule_that_looks_outwards_is_named_however_it_imports() {
        for text in [
            "use crate::http::door::Caller;",
            "use crate::{store::Store, http::{door, wire}};",
            "use super::super::jobs::runner;",
            "fn f() { crate::channels::registry::all() }",
            "use crate::{\n    pages,\n};",
        ] {
            assert_eq!(findings(imports, "api/src/cases/intake.rs", text), 1, "{text}");
        }
        assert_eq!(findings(imports, "api/src/store/cases.rs", "use crate::cases::Status;"), 1);
        assert_eq!(findings(imports, "api/src/jobs/deliver.rs", "use crate::http::wire;"), 1);
        assert_eq!(findings(imports, "api/src/directories/ldap/line.rs", "use crate::http::wire;"), 1);
        assert_eq!(findings(imports, "api/src/cases/intake.rs", "use crate::directories::Directory;"), 1);
        assert_eq!(findings(imports, "api/src/recovery/issuing.rs", "use crate::directories::Directory;"), 0);
    }

    #[test]
    fn a_rule_that_looks_inwards_is_left_in_peace() {
        for text in ["use crate::{store::http, people};", "// crate::http", "\"crate::http\"", "use crate::https;"] {
            assert_eq!(findings(imports, "api/src/cases/intake.rs", text), 0, "{text}");
        }
        assert_eq!(findings(imports, "api/src/http/cases.rs", "use crate::{cases, jobs};"), 0);
        assert_eq!(findings(imports, "api/src/cli/serve.rs", "use crate::http;"), 0);
    }

    #[test]
    fn actix_and_diesel_stay_in_their_rooms() {
        let (actix, diesel) = ("use actix_web::web;", "use diesel::prelude::*;");
        assert_eq!(findings(great_dependencies, "api/src/auth/tokens.rs", actix), 1);
        assert_eq!(findings(great_dependencies, "api/src/cases/reply.rs", diesel), 1);
        assert_eq!(findings(great_dependencies, "api/src/cli/doctor.rs", actix), 1);
        assert_eq!(findings(great_dependencies, "api/src/http/cases.rs", actix), 0);
        assert_eq!(findings(great_dependencies, "api/src/cli/serve.rs", actix), 0);
        assert_eq!(findings(great_dependencies, "api/src/store/cases.rs", diesel), 0);
        assert_eq!(findings(great_dependencies, "api/src/cases/reply.rs", "// diesel would be wrong here"), 0);
    }

    #[test]
    fn an_answer_that_could_tell_of_an_account_is_named() {
        let look = "fn f(tx: &mut Tx) { store::accounts::by_address(tx, kind, normal); }";
        for path in ASKING {
            assert_eq!(findings(asking_knows_nobody, path, look), 1);
            assert_eq!(findings(asking_knows_nobody, path, "#[post(\"/public/{tenant}/accounts\")]"), 0);
        }
        assert_eq!(findings(asking_knows_nobody, "api/src/recovery/issuing.rs", look), 0);
    }

    #[test]
    fn only_the_binary_names_a_connector() {
        assert_eq!(findings(connectors_by_name, "api/src/channels/poller.rs", "use civicdesk_email::imap;"), 1);
        assert_eq!(findings(connectors_by_name, "api/src/channels/poller.rs", "use civicdesk_contract::Channel;"), 0);
        assert_eq!(findings(connectors_by_name, "api/src/directories/kit.rs", "use civicdesk_providers::Trouble;"), 0);
        assert_eq!(findings(connectors_by_name, "api/src/main.rs", "civicdesk_email::connector()"), 0);
    }
}
