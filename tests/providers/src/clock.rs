//! The time as a provider has it: the machine's, or as far from it as a test has moved the program's.

use std::sync::atomic::{AtomicI64, Ordering};

use jiff::Timestamp;

#[derive(Debug, Default)]
pub struct ProviderClock(AtomicI64);

impl ProviderClock {
    /// Goes so many seconds ahead of the machine's clock from now on.
    pub fn ahead(&self, seconds: i64) {
        self.0.store(seconds, Ordering::Relaxed);
    }

    #[expect(clippy::disallowed_methods, reason = "a provider has a clock of its own")]
    pub fn seconds(&self) -> i64 {
        Timestamp::now().as_second() + self.0.load(Ordering::Relaxed)
    }
}
