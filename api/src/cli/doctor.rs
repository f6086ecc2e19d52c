//! `doctor`: one line for each thing that can go wrong.

use serde_json::json;

use super::Answer;
use crate::{
    doctor::{self, Finding, Verdict},
    installation::Installation,
    settings::Settings,
};

pub async fn run(on: &Installation) -> Answer {
    answer(&doctor::examine(on).await)
}

/// When not even the data open.
pub fn unopened(settings: &Settings, why: &str) -> Answer {
    answer(&doctor::unopened(settings, why))
}

fn answer(found: &[Finding]) -> Answer {
    let line = |f: &Finding| {
        let verdict = match f.verdict {
            Verdict::Ok => "ok  ",
            Verdict::Warn => "warn",
            Verdict::Fail => "FAIL",
        };
        format!("{verdict}  {}: {}", f.check, f.detail)
    };
    let failed = found.iter().any(|f| f.verdict == Verdict::Fail);
    let text = found.iter().map(line).collect::<Vec<_>>().join("\n");
    Answer { failed, ..Answer::new(text, json!({ "healthy": !failed, "checks": found })) }
}
