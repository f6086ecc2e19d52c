//! What the program is built from: licences that an agency can accept, one TLS, and nothing from outside the registry.

use super::{Finding, packages::cargo};

const ALLOWED: [&str; 13] = [
    "MIT",
    "MIT-0",
    "Apache-2.0",
    "Apache-2.0 WITH LLVM-exception",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "0BSD",
    "ISC",
    "Zlib",
    "Unicode-3.0",
    "CC0-1.0",
    "Unlicense",
    "CDLA-Permissive-2.0",
];

/// Packages under another licence, each with the reason why it is acceptable.
const EXCEPTIONS: [(&str, &str, &str); 2] = [
    ("cssparser", "MPL-2.0", "reads style attributes for ammonia; used unchanged, file-level copyleft only"),
    ("dtoa-short", "MPL-2.0", "prints numbers for cssparser; used unchanged, file-level copyleft only"),
];

const BANNED: [(&str, &str); 5] = [
    ("openssl", "rustls is the one TLS"),
    ("openssl-sys", "rustls is the one TLS"),
    ("native-tls", "rustls is the one TLS"),
    ("ring", "aws-lc-rs is the one crypto provider"),
    ("actix-governor", "its licence is GPL; limits are our own"),
];

/// A package that is built into the program or runs while it is built.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Built {
    pub name: String,
    pub licence: String,
    /// Where it comes from, when that is not the registry.
    pub elsewhere: Option<String>,
}

/// Everything that cargo builds for this machine with the given features.
pub fn built(features: &[&str]) -> Vec<Built> {
    let mut arguments = vec![
        "tree",
        "--locked",
        "--workspace",
        "--prefix",
        "none",
        "--format",
        "{p}|{l}",
        "--edges",
        "normal,build,dev",
    ];
    arguments.extend(features);
    let mut all: Vec<Built> = cargo(&arguments).lines().filter_map(parse).collect();
    all.sort_by(|a, b| a.name.cmp(&b.name));
    all.dedup();
    all
}

/// Reads `name v1.2.3 (proc-macro) (where)|LICENCE (*)`; the star marks a package that was listed before.
fn parse(line: &str) -> Option<Built> {
    let (package, licence) = line.trim_end_matches(" (*)").rsplit_once('|')?;
    let mut notes = package.split(" (").map(|note| note.trim_end_matches(')'));
    let name = notes.next()?.split(' ').next()?;
    let elsewhere = notes.find(|note| *note != "proc-macro").map(str::to_owned);
    Some(Built { name: name.to_owned(), licence: licence.to_owned(), elsewhere })
}

/// No package asks for more than its licence text in return.
pub fn licences(built: &[Built]) -> Vec<Finding> {
    let excepted = |b: &Built| EXCEPTIONS.iter().any(|(name, licence, _)| *name == b.name && *licence == b.licence);
    let refused = built.iter().filter(|b| !acceptable(&b.licence) && !excepted(b));
    refused
        .map(|b| finding(&b.name, format!("licence `{}` is not on the list: choose another package", b.licence)))
        .collect()
}

/// No package that the house has decided against, and none from a repository or a path of its own.
pub fn bans(built: &[Built]) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (name, reason) in BANNED.iter().filter(|(name, _)| built.iter().any(|b| b.name == *name)) {
        findings.push(finding(name, format!("is banned: {reason}; `cargo tree --invert {name}` says who brings it")));
    }
    for b in built.iter().filter(|b| !b.name.starts_with("civicdesk")) {
        if let Some(elsewhere) = &b.elsewhere {
            findings.push(finding(&b.name, format!("comes from {elsewhere}: only the registry is a source")));
        }
    }
    findings
}

fn finding(name: &str, what: String) -> Finding {
    Finding { place: format!("Cargo.lock: {name}"), what }
}

/// Whether an SPDX expression leaves us a choice that is on the list.
fn acceptable(expression: &str) -> bool {
    // Old packages write `MIT/Apache-2.0` for a choice.
    let spaced = expression.replace('/', " OR ").replace('(', " ( ").replace(')', " ) ").replace(" WITH ", "+WITH+");
    let tokens: Vec<String> = spaced.split_whitespace().map(|token| token.replace("+WITH+", " WITH ")).collect();
    let mut at = 0;
    let good = either(&tokens, &mut at);
    good && at == tokens.len()
}

fn either(tokens: &[String], at: &mut usize) -> bool {
    let mut good = both(tokens, at);
    while tokens.get(*at).is_some_and(|t| t == "OR") {
        *at += 1;
        good |= both(tokens, at);
    }
    good
}

fn both(tokens: &[String], at: &mut usize) -> bool {
    let mut good = one(tokens, at);
    while tokens.get(*at).is_some_and(|t| t == "AND") {
        *at += 1;
        good &= one(tokens, at);
    }
    good
}

fn one(tokens: &[String], at: &mut usize) -> bool {
    let Some(token) = tokens.get(*at) else { return false };
    *at += 1;
    if token != "(" {
        return ALLOWED.contains(&token.as_str());
    }
    let good = either(tokens, at);
    let closed = tokens.get(*at).is_some_and(|t| t == ")");
    *at += 1;
    good && closed
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_licence_is_accepted_when_a_choice_is_on_the_list() {
        for good in [
            "MIT",
            "MIT/GPL-3.0",
            "GPL-2.0-only OR Apache-2.0",
            "(MIT OR GPL-3.0) AND ISC",
            "Apache-2.0 WITH LLVM-exception",
        ] {
            assert!(acceptable(good), "{good}");
        }
        for bad in [
            "GPL-3.0",
            "",
            "MIT AND GPL-3.0",
            "(MIT OR ISC",
            "MIT ISC",
            "MPL-2.0",
            "Apache-2.0 WITH other",
            "AGPL-3.0 / SSPL",
        ] {
            assert!(!acceptable(bad), "{bad}");
        }
    }

    #[test]
    fn a_foreign_licence_is_named_and_an_exception_is_for_one_package() {
        let mpl = |name: &str| Built { name: name.into(), licence: "MPL-2.0".into(), elsewhere: None };
        assert_eq!(licences(&[mpl("cssparser")]), []);
        assert_eq!(licences(&[mpl("another")]).len(), 1);
    }

    #[test]
    fn a_banned_package_and_a_foreign_source_are_named() {
        let of = |line: &str| bans(&[parse(line).expect("a line of cargo tree")]).len();
        assert_eq!(of("openssl v0.10.1|Apache-2.0"), 1);
        assert_eq!(of("serde_derive v1.0.1 (proc-macro)|MIT (*)"), 0);
        assert_eq!(of("serde v1.0.1 (https://git.example/serde#1)|MIT"), 1);
        assert_eq!(of("civicdesk v0.1.0 (/somewhere/api)|MIT"), 0);
    }
}
