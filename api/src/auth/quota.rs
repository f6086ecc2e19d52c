//! How many requests a credential may make in a minute: counted exactly, in memory, for those who are admitted.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
};

use jiff::Timestamp;

use crate::fail::Fail;

/// The length of a window, in seconds.
const WINDOW: i64 = 60;
/// Beyond this many credentials, windows that are over are forgotten.
const REMEMBERED: usize = 10_000;

#[derive(Clone, Copy, Debug)]
struct Window {
    since: i64,
    used: u32,
}

/// Where a credential stands, for the `RateLimit` headers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Standing {
    pub most: u32,
    pub left: u32,
    /// Seconds until the window is over.
    pub reset: u32,
}

/// The windows of all credentials at work.
#[derive(Debug)]
pub struct Quotas {
    most: u32,
    all: Mutex<HashMap<String, Window>>,
}

impl Quotas {
    pub fn new(most: u32) -> Self {
        Self { most, all: Mutex::default() }
    }

    /// Takes one request from the credential's minute. The standing is told either way.
    pub fn take(&self, credential: &str, now: Timestamp) -> (Standing, Result<(), Fail>) {
        self.take_some(credential, 1, now)
    }

    /// The same for something as heavy as so many requests.
    pub fn take_some(&self, credential: &str, some: u32, now: Timestamp) -> (Standing, Result<(), Fail>) {
        let now = now.as_second();
        let mut all = self.all.lock().unwrap_or_else(PoisonError::into_inner);
        if all.len() >= REMEMBERED {
            all.retain(|_, w| now - w.since < WINDOW);
        }
        let window = all.entry(credential.to_owned()).or_insert(Window { since: now, used: 0 });
        if now - window.since >= WINDOW {
            *window = Window { since: now, used: 0 };
        }
        let reset = u32::try_from(window.since + WINDOW - now).unwrap_or(1);
        let left = self.most.saturating_sub(window.used);
        if left == 0 {
            return (Standing { most: self.most, left, reset }, Err(Fail::TooMany(reset)));
        }
        window.used += some.min(left);
        (Standing { most: self.most, left: self.most - window.used, reset }, Ok(()))
    }

    /// The credential turned out to be nobody's: it leaves no trace.
    pub fn forget(&self, credential: &str) {
        self.all.lock().unwrap_or_else(PoisonError::into_inner).remove(credential);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};

    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    #[test]
    fn many_threads_together_get_the_quota_exactly() {
        let (quotas, admitted) = (Quotas::new(1000), AtomicU32::new(0));
        std::thread::scope(|threads| {
            for _ in 0..64 {
                threads.spawn(|| {
                    for _ in 0..1000 {
                        if quotas.take("k", at(0)).1.is_ok() {
                            admitted.fetch_add(1, Ordering::Relaxed);
                        }
                    }
                });
            }
        });
        assert_eq!(admitted.into_inner(), 1000);
    }

    #[test]
    fn the_next_minute_is_a_new_one_and_nobody_else_is_held_up() {
        let quotas = Quotas::new(1);
        assert_eq!(quotas.take("k", at(0)).0, Standing { most: 1, left: 0, reset: 60 });
        assert!(matches!(quotas.take("k", at(50)).1, Err(Fail::TooMany(10))));
        assert!(quotas.take("other", at(50)).1.is_ok());
        assert!(quotas.take("k", at(60)).1.is_ok());
    }

    #[test]
    fn a_million_credentials_do_not_fill_the_memory() {
        let quotas = Quotas::new(5);
        for n in 0..1_000_000_i64 {
            let _ = quotas.take(&n.to_string(), at(n / 100));
        }
        assert!(quotas.all.lock().unwrap().len() <= REMEMBERED);
    }
}
