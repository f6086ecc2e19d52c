//! Looks at everything that can go wrong, and says what to do.

mod data;
mod machine;

use serde::Serialize;

use crate::{installation::Installation, settings::Settings};

/// How one thing stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    Ok,
    Warn,
    Fail,
}

/// One line of the doctor.
#[derive(Clone, Debug, Serialize)]
pub struct Finding {
    pub check: String,
    pub verdict: Verdict,
    /// What was seen; where it is not well, what to do.
    pub detail: String,
}

impl Finding {
    pub fn new(check: impl Into<String>, verdict: Verdict, detail: impl Into<String>) -> Self {
        Self { check: check.into(), verdict, detail: detail.into() }
    }

    pub fn ok(check: impl Into<String>, detail: impl Into<String>) -> Self {
        Self::new(check, Verdict::Ok, detail)
    }

    pub fn warn(check: impl Into<String>, detail: impl Into<String>) -> Self {
        Self::new(check, Verdict::Warn, detail)
    }

    pub fn fail(check: impl Into<String>, detail: impl Into<String>) -> Self {
        Self::new(check, Verdict::Fail, detail)
    }
}

/// What can be said of an installation whose data do not open.
pub fn unopened(settings: &Settings, why: &str) -> Vec<Finding> {
    [vec![Finding::fail("database", why)], machine::look(settings, None)].concat()
}

/// Everything that can be seen of an open installation.
pub async fn examine(on: &Installation) -> Vec<Finding> {
    [data::look(on).await, machine::look(&on.settings, Some(on.app.now()))].concat()
}
