//! How a file looks: its opening sentence, its length, and the words that have no place in the repository.

use super::{Finding, Source, words};

const LONGEST: usize = 400;

/// One file holds one idea.
pub fn length(sources: &[Source]) -> Vec<Finding> {
    let rust = sources.iter().filter(|s| s.is_rust());
    rust.filter_map(|source| {
        let lines = source.text.lines().count();
        (lines > LONGEST).then(|| Finding {
            place: format!("{}:{}", source.path, LONGEST + 1),
            what: format!("{lines} lines, {LONGEST} are the limit: find the second idea and give it a file"),
        })
    })
    .collect()
}

/// Every Rust file opens with one sentence that says what it is for.
pub fn opening(sources: &[Source]) -> Vec<Finding> {
    let opens = |text: &str| {
        let sentence: Vec<&str> = text.lines().map_while(|l| l.strip_prefix("//! ")).collect();
        sentence.last().is_some_and(|last| last.trim_end().ends_with(['.', '!', '?', ':']))
    };
    let what = "a file opens with `//!` and one whole sentence, full stop included, that says what it is for";
    sources.iter().filter(|s| s.is_rust() && !opens(&s.text)).map(|s| s.finding(0, what)).collect()
}

/// A test that is left out without a word. In two pieces, so that this file holds none itself.
const BARE_IGNORE: &str = concat!("#[ig", "nore]");

/// A lint is answered, or expected with a reason; a test runs, or says what it needs; what is undone is not written down.
pub fn excuses(sources: &[Source]) -> Vec<Finding> {
    let mut findings = Vec::new();
    for source in sources.iter().filter(|s| s.is_rust()) {
        for (form, what) in [
            ("#[allow(", "answer the lint, or write #[expect(…, reason = \"…\")]"),
            ("#![allow(", "answer the lint, or write #![expect(…, reason = \"…\")]"),
            (BARE_IGNORE, "say what the test needs: #[ignore = \"needs …: run by tests/run\"]"),
        ] {
            findings.extend(source.code.match_indices(form).map(|(at, _)| source.finding(at, what)));
        }
        let fence = concat!("``", "`ignore");
        let what =
            "an example is compiled or is plain text: write ```no_run or ```text (tests/run runs what is ignored)";
        findings.extend(source.text.match_indices(fence).map(|(at, _)| source.finding(at, what)));
        for word in [concat!("TO", "DO"), concat!("FIX", "ME"), concat!("X", "XX")] {
            let what = format!("{word}: do it, or file it; the repository holds what is true now");
            findings.extend(words(&source.text, word).map(|at| source.finding(at, what.clone())));
        }
    }
    findings
}

/// Text that is true on one machine only, or that binds the repository to a registry's address.
pub fn places(sources: &[Source]) -> Vec<Finding> {
    let hosts = [
        concat!("crates", ".io"),
        concat!("pypi", ".org"),
        concat!("pythonhosted", ".org"),
        concat!("registry.npm", "js.org"),
        concat!("registry.npm", "js.com"),
        concat!("deb.debian", ".org"),
        concat!("security.debian", ".org"),
        concat!("proxy.golang", ".org"),
    ];
    let mut findings = Vec::new();
    // Cargo writes its registry's name on every line of its lock files.
    for source in sources.iter().filter(|s| !s.path.ends_with("Cargo.lock")) {
        for path in [concat!("/", "work"), concat!("/", "root"), concat!("/", "home")] {
            findings.extend(machine_paths(&source.text, path).map(|at| {
                source.finding(
                    at,
                    format!("`{path}` is a path of one machine: take it from a setting or a temporary directory"),
                )
            }));
        }
        for host in hosts {
            findings.extend(source.text.match_indices(host).map(|(at, _)| {
                source.finding(at, format!("`{host}`: use packages by name; say 'the Rust registry' and the like"))
            }));
        }
    }
    findings
}

/// Offsets where `path` is a directory from the root of the file system, not a piece of a longer path or an address.
fn machine_paths<'a>(text: &'a str, path: &'a str) -> impl Iterator<Item = usize> + 'a {
    let inner = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '.' | '}' | '/' | '*' | '~' | '$' | '>' | ']');
    let outer = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '.');
    text.match_indices(path).map(|(at, _)| at).filter(move |&at| {
        !text[..at].chars().next_back().is_some_and(inner) && !text[at + path.len()..].chars().next().is_some_and(outer)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn findings(rule: fn(&[Source]) -> Vec<Finding>, path: &str, text: &str) -> usize {
        rule(&[Source::new(path, text)]).len()
    }

    #[test]
    fn a_long_file_is_named() {
        assert_eq!(findings(length, "a.rs", &"x\n".repeat(401)), 1);
        assert_eq!(findings(length, "a.rs", &"x\n".repeat(400)), 0);
        assert_eq!(findings(length, "a.json", &"x\n".repeat(401)), 0);
    }

    #[test]
    fn a_file_without_its_sentence_is_named() {
        for text in ["use a;", "", "//! half a sentence", "//!\n", "// A comment.\n"] {
            assert_eq!(findings(opening, "a.rs", text), 1, "{text:?}");
        }
        assert_eq!(findings(opening, "a.rs", "//! What it is for.\nuse a;"), 0);
        assert_eq!(findings(opening, "a.rs", "//! What it is\n//! for.\n//!\n//! And more"), 0);
    }

    #[test]
    fn an_excuse_is_named() {
        let debt = concat!("// TO", "DO: later");
        let example = concat!("/// ``", "`ignore");
        let bare = format!("{BARE_IGNORE}\nfn a() {{}}");
        for text in ["#[allow(dead_code)]", "#![allow(unused)]", bare.as_str(), debt, example] {
            assert_eq!(findings(excuses, "a.rs", text), 1, "{text}");
        }
        let reasoned = "#[expect(dead_code, reason = \"r\")]\n#[ignore = \"needs a server\"]\n// #[allow(";
        assert_eq!(findings(excuses, "a.rs", reasoned), 0);
    }

    #[test]
    fn a_path_of_one_machine_is_named() {
        for text in [concat!("cd /", "work/main"), concat!("\"/", "root/.cargo\""), concat!("in /", "home")] {
            assert_eq!(findings(places, "a.md", text), 1, "{text}");
        }
        let links = concat!("https://x.example/", "home/ and {base}/", "home and /", "workspace and a/", "work/b");
        assert_eq!(findings(places, "a.md", links), 0);
    }

    #[test]
    fn a_registry_host_is_named_outside_the_lock_file() {
        let text = concat!("https://index.crates", ".io/");
        assert_eq!(findings(places, "a.sh", text), 1);
        assert_eq!(findings(places, "Cargo.lock", text), 0);
        assert_eq!(findings(places, "tests/foreign/Cargo.lock", text), 0);
    }
}
