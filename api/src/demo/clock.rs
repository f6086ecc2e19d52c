//! A clock that stands in the story while it is told, and is the machine's own afterwards.

use std::sync::{Arc, Mutex, PoisonError};

use civicdesk_contract::Clock;
use jiff::{SignedDuration, Timestamp};

/// Runs like the clock behind it, set back by as much as the story demands.
#[derive(Debug)]
pub struct StoryClock {
    real: Arc<dyn Clock>,
    back: Mutex<SignedDuration>,
}

impl StoryClock {
    pub fn new(real: Arc<dyn Clock>) -> Arc<Self> {
        Arc::new(Self { real, back: Mutex::new(SignedDuration::ZERO) })
    }

    /// Puts the clock to a moment of the story, and never back: ids and job times only grow.
    pub fn set(&self, moment: Timestamp) {
        let mut back = self.back.lock().unwrap_or_else(PoisonError::into_inner);
        let real = self.real.now();
        if moment > real - *back || back.is_zero() {
            *back = real.duration_since(moment).max(SignedDuration::ZERO);
        }
    }

    /// The story is told.
    pub fn release(&self) {
        *self.back.lock().unwrap_or_else(PoisonError::into_inner) = SignedDuration::ZERO;
    }
}

impl Clock for StoryClock {
    fn now(&self) -> Timestamp {
        self.real.now() - *self.back.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug)]
    struct Fixed;

    impl Clock for Fixed {
        fn now(&self) -> Timestamp {
            "2026-11-22T12:00:00Z".parse().unwrap()
        }
    }

    #[test]
    fn the_story_goes_forward_only_and_ends_now() {
        let clock = StoryClock::new(Arc::new(Fixed));
        let at = |text: &str| text.parse::<Timestamp>().unwrap();
        clock.set(at("2026-11-09T08:00:00Z"));
        assert_eq!(clock.now(), at("2026-11-09T08:00:00Z"));
        clock.set(at("2026-11-08T08:00:00Z"));
        assert_eq!(clock.now(), at("2026-11-09T08:00:00Z"));
        clock.set(at("2026-11-10T08:00:00Z"));
        assert_eq!(clock.now(), at("2026-11-10T08:00:00Z"));
        clock.release();
        assert_eq!(clock.now(), Fixed.now());
    }
}
