//! The machine-readable result of a campaign: what was counted and measured, on which machine, at which commit.

use std::{
    collections::BTreeMap,
    fs,
    path::PathBuf,
    process::Command,
    time::{Duration, Instant},
};

use jiff::{Timestamp, Unit};
use serde::Serialize;
use serde_json::json;

use super::Given;
use crate::{harness::Engine, structure};

/// What a campaign found on one database.
#[derive(Clone, Debug, Serialize)]
pub struct Finding {
    pub engine: &'static str,
    pub counts: BTreeMap<String, u64>,
    pub figures: Vec<Figure>,
    /// Every way in which the promise did not hold.
    pub faults: Vec<String>,
    pub seconds: f64,
    #[serde(skip)]
    began: Instant,
}

/// One measured value, with what it is to be compared to, taken in the same run.
#[derive(Clone, Debug, Serialize)]
pub struct Figure {
    pub name: String,
    pub value: f64,
    pub unit: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub control: Option<Control>,
}

/// What stands beside a figure, in the same unit.
#[derive(Clone, Debug, Serialize)]
pub struct Control {
    pub name: String,
    pub value: f64,
    /// The figure divided by this.
    pub ratio: f64,
}

impl Finding {
    pub fn new(engine: Engine) -> Self {
        let engine = match engine {
            Engine::Sqlite => "sqlite",
            Engine::Postgres => "postgres",
        };
        let (counts, figures, faults) = Default::default();
        Self { engine, counts, figures, faults, seconds: 0.0, began: Instant::now() }
    }

    pub fn count(&mut self, name: &str, number: impl TryInto<u64>) {
        let number = number.try_into().ok().expect("a count that is no less than nothing");
        self.counts.insert(name.to_owned(), number);
    }

    pub fn figure(&mut self, figure: Figure) {
        self.figures.push(figure);
    }

    /// Notes that the promise did not hold.
    pub fn fault(&mut self, what: impl Into<String>) {
        self.faults.push(what.into());
    }

    /// Notes it unless this is so.
    pub fn holds(&mut self, so: bool, what: impl FnOnce() -> String) {
        if !so {
            self.fault(what());
        }
    }

    /// The finding, with the time that it took.
    pub fn done(mut self) -> Self {
        self.seconds = rounded(self.began.elapsed());
        self
    }
}

impl Figure {
    pub fn new(name: &str, value: f64, unit: &str) -> Self {
        Self { name: name.into(), value, unit: unit.into(), control: None }
    }

    #[must_use]
    pub fn beside(mut self, name: &str, value: f64) -> Self {
        self.control = Some(Control { name: name.into(), value, ratio: self.value / value });
        self
    }
}

fn rounded(time: Duration) -> f64 {
    (time.as_secs_f64() * 10.0).round() / 10.0
}

/// Writes the result beside the campaigns, replacing the one before, and gives its path.
pub fn write(name: &str, given: &Given, findings: &[Finding]) -> PathBuf {
    let result = json!({
        "campaign": name,
        "commit": commit(),
        "date": today(),
        "build": if cfg!(debug_assertions) { "debug" } else { "release" },
        "machine": machine(),
        "options": given.all(),
        "holds": findings.iter().all(|finding| finding.faults.is_empty()),
        "findings": findings,
    });
    let folder = structure::root().join("tests/campaigns/results");
    fs::create_dir_all(&folder).expect("a folder for results");
    let file = folder.join(format!("{name}.json"));
    let text = serde_json::to_string_pretty(&result).expect("a result that JSON can say") + "\n";
    fs::write(&file, text).expect("the result is written");
    file
}

/// The commit that was measured; `+` where the tree held more than that.
fn commit() -> String {
    let changed = said(&["status", "--porcelain", "--untracked-files=no", "--", ".", ":!tests/campaigns/results"]);
    said(&["rev-parse", "--short=12", "HEAD"]) + if changed.is_empty() { "" } else { "+" }
}

fn said(arguments: &[&str]) -> String {
    let git = Command::new("git").args(arguments).current_dir(structure::root()).output().expect("git runs");
    String::from_utf8_lossy(&git.stdout).trim().to_owned()
}

#[expect(clippy::disallowed_methods, reason = "a result says when it was taken; nothing depends on it")]
fn today() -> String {
    Timestamp::now().round(Unit::Second).expect("a second").to_string()
}

fn machine() -> serde_json::Value {
    let field = |file: &str, name: &str| {
        let text = fs::read_to_string(file).unwrap_or_default();
        let line = text.lines().find(|line| line.starts_with(name)).unwrap_or_default();
        line.split_once(':').map(|(_, value)| value.trim().to_owned()).unwrap_or_default()
    };
    let kib: u64 = field("/proc/meminfo", "MemTotal").trim_end_matches(" kB").parse().unwrap_or_default();
    json!({
        "cores": std::thread::available_parallelism().map_or(1, usize::from),
        "processor": field("/proc/cpuinfo", "model name"),
        "memory_mib": kib / 1024,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_figure_says_how_it_stands_to_its_control() {
        let figure = Figure::new("filed", 500.0, "mails/s").beside("bare insert", 1000.0);
        assert_eq!(figure.control.map(|c| c.ratio), Some(0.5));
    }

    #[test]
    fn what_does_not_hold_is_kept_with_the_count() {
        let mut finding = Finding::new(Engine::Sqlite);
        finding.count("mails", 3_usize);
        finding.holds(true, || unreachable!());
        finding.holds(1 > 2, || "one mail is lost".to_owned());
        assert_eq!((finding.counts["mails"], finding.faults), (3, vec!["one mail is lost".to_owned()]));
    }
}
