//! The rules of the house, held by reading the sources: each rule names file, line and what to do instead.

pub mod door;
pub mod figures;
pub mod licences;
pub mod migrations;
pub mod packages;
pub mod rooms;
pub mod style;
mod text;

use std::{
    fmt,
    path::{Path, PathBuf},
};

/// One file of the repository: its path from the root, its text, and the text without comments and string contents.
pub struct Source {
    pub path: String,
    pub text: String,
    code: String,
}

impl Source {
    pub fn new(path: impl Into<String>, text: impl Into<String>) -> Self {
        let (path, text) = (path.into(), text.into());
        let code = if path.ends_with(".rs") { text::code(&text) } else { String::new() };
        Self { path, text, code }
    }

    fn is_rust(&self) -> bool {
        self.path.ends_with(".rs")
    }

    /// The room under `api/src/` that the file stands in: `cases` for `api/src/cases/reply.rs` and for `api/src/cases.rs`.
    fn room(&self) -> Option<&str> {
        let rest = self.path.strip_prefix("api/src/")?;
        rest.split('/').next().map(|name| name.strip_suffix(".rs").unwrap_or(name))
    }

    fn line_at(&self, offset: usize) -> usize {
        self.text[..offset].matches('\n').count() + 1
    }

    fn finding(&self, offset: usize, what: impl Into<String>) -> Finding {
        Finding { place: format!("{}:{}", self.path, self.line_at(offset)), what: what.into() }
    }
}

/// A place where a rule is broken, and what to do about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    pub place: String,
    pub what: String,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.place, self.what)
    }
}

/// Fails with every finding, one a line.
pub fn hold(findings: Vec<Finding>) {
    let lines: Vec<String> = findings.iter().map(Finding::to_string).collect();
    assert!(lines.is_empty(), "{} broken:\n{}\n", lines.len(), lines.join("\n"));
}

pub fn root() -> PathBuf {
    // Asked anew at each run: work trees that share a build directory share this binary too.
    let here = std::env::var("CARGO_MANIFEST_DIR").unwrap_or_else(|_| env!("CARGO_MANIFEST_DIR").into());
    Path::new(&here).parent().expect("the tests crate stands in the repository").to_path_buf()
}

/// Every text file of the repository that a person wrote.
pub fn repository() -> Vec<Source> {
    let mut sources = Vec::new();
    walk(&root(), "", &mut sources);
    sources.sort_by(|a, b| a.path.cmp(&b.path));
    assert!(sources.iter().any(|s| s.path == "api/src/lib.rs"), "this is not the repository: {}", root().display());
    sources
}

fn walk(directory: &Path, prefix: &str, sources: &mut Vec<Source>) {
    const NOT_OURS: [&str; 4] = [".git", "target", "node_modules", "civicdesk-demo"];
    for entry in std::fs::read_dir(directory).expect("a readable directory") {
        let entry = entry.expect("a readable directory");
        let name = entry.file_name().into_string().expect("a file name in UTF-8");
        if NOT_OURS.contains(&name.as_str()) {
            continue;
        }
        let path = if prefix.is_empty() { name.clone() } else { format!("{prefix}/{name}") };
        let kind = entry.file_type().expect("a file's type");
        if kind.is_dir() {
            walk(&entry.path(), &path, sources);
        } else if kind.is_file()
            && let Ok(text) = std::fs::read_to_string(entry.path())
        {
            sources.push(Source::new(path, text));
        }
    }
}

/// The offsets at which `word` stands alone: no letter, digit or underscore beside it.
fn words<'a>(text: &'a str, word: &'a str) -> impl Iterator<Item = usize> + 'a {
    let part = |c: char| c.is_alphanumeric() || c == '_';
    text.match_indices(word).map(|(at, _)| at).filter(move |&at| {
        !text[..at].chars().next_back().is_some_and(part) && !text[at + word.len()..].chars().next().is_some_and(part)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_is_found_alone_only() {
        assert_eq!(words("diesel dieselish my_diesel ::diesel::", "diesel").collect::<Vec<_>>(), [0, 29]);
    }

    #[test]
    fn a_finding_names_the_line() {
        let source = Source::new("a.rs", "one\ntwo\nthree");
        assert_eq!(source.finding(4, "no").to_string(), "a.rs:2: no");
    }
}
