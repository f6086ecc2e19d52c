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
pub fn until_within<T>(deadline: Duration, what: &str, mut ask: impl FnMut() -> Option<T>) -> T {
    let end = Instant::now() + deadline;
    loop {
        if let Some(answer) = ask() {
            return answer;
        }
        assert!(Instant::now() < end, "not within {} s: {what}", deadline.as_secs());
        thread::sleep(PAUSE);
    }
}
