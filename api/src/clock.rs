//! The program's clock: the machine's own, or, in test builds, one that a test moves by writing a file.

use std::sync::Arc;

use civicdesk_contract::{Clock, SystemClock};

/// The machine's clock.
pub fn system() -> Arc<dyn Clock> {
    Arc::new(SystemClock)
}

#[cfg(feature = "test-hooks")]
pub use moved::FileClock;

#[cfg(feature = "test-hooks")]
mod moved {
    use std::{
        path::{Path, PathBuf},
        sync::{Mutex, PoisonError},
        time::SystemTime,
    };

    use civicdesk_contract::Clock;
    use jiff::Timestamp;

    /// Stands at the moment that a file names (RFC 3339) until the file changes.
    #[derive(Debug)]
    pub struct FileClock {
        file: PathBuf,
        read: Mutex<(Option<Stamp>, Timestamp)>,
    }

    /// What tells cheaply that a file was written again.
    type Stamp = (SystemTime, u64);

    impl FileClock {
        pub fn open(file: &Path) -> Result<Self, String> {
            let now =
                read(file).ok_or_else(|| format!("{}: holds no moment like 2026-01-01T00:00:00Z", file.display()))?;
            Ok(Self { file: file.to_owned(), read: Mutex::new((stamp(file), now)) })
        }
    }

    impl Clock for FileClock {
        /// A file that is being written at this very moment counts only when it is whole.
        fn now(&self) -> Timestamp {
            let mut last = self.read.lock().unwrap_or_else(PoisonError::into_inner);
            let stamp = stamp(&self.file);
            if stamp != last.0
                && let Some(now) = read(&self.file)
            {
                *last = (stamp, now);
            }
            last.1
        }
    }

    fn stamp(file: &Path) -> Option<Stamp> {
        let about = std::fs::metadata(file).ok()?;
        Some((about.modified().ok()?, about.len()))
    }

    fn read(file: &Path) -> Option<Timestamp> {
        std::fs::read_to_string(file).ok()?.trim().parse().ok()
    }

    #[cfg(test)]
    mod tests {
        use super::*;

        #[test]
        fn the_clock_stands_still_until_its_file_is_written() {
            let dir = tempfile::tempdir().unwrap();
            let file = dir.path().join("clock");
            std::fs::write(&file, "2026-01-01T00:00:00Z\n").unwrap();
            let clock = FileClock::open(&file).unwrap();
            assert_eq!(clock.now().to_string(), "2026-01-01T00:00:00Z");
            std::fs::write(&file, "2026-02-01T00:00:00.5Z").unwrap();
            assert_eq!(clock.now().to_string(), "2026-02-01T00:00:00.5Z");
            std::fs::write(&file, "nonsense").unwrap();
            assert_eq!(clock.now().to_string(), "2026-02-01T00:00:00.5Z");
            assert!(FileClock::open(&file).is_err());
        }
    }
}
