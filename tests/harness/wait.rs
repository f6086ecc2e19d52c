//! Waiting for what another process does: a condition and a deadline, never a sleep that hopes.

use std::{
    thread,
    time::{Duration, Instant},
};

const DEADLINE: Duration = Duration::from_secs(20);
const PAUSE: Duration = Duration::from_millis(20);

/// Asks until there is an answer, and fails with `what` when there is none in 20 seconds.
#[track_caller]
pub fn until<T>(what: &str, ask: impl FnMut() -> Option<T>) -> T {
    until_within(DEADLINE, what, ask)
}

/// As `until`, for what takes longer than that.
#[track_caller]
pub fn until_within<T>(deadline: Duration, what: &str, ask: impl FnMut() -> Option<T>) -> T {
    within(deadline, ask).unwrap_or_else(|| panic!("not within {} s: {what}", deadline.as_secs()))
}

/// Asks until there is an answer or the deadline is over.
pub fn within<T>(deadline: Duration, mut ask: impl FnMut() -> Option<T>) -> Option<T> {
    let end = Instant::now() + deadline;
    loop {
        let answer = ask();
        if answer.is_some() || Instant::now() >= end {
            return answer;
        }
        thread::sleep(PAUSE);
    }
}
