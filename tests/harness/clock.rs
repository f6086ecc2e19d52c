//! A clock that a test moves: the program reads the instant from a file.

use std::{fs, path::PathBuf, sync::Mutex};

use jiff::{SignedDuration, Timestamp};

/// The program's idea of now. It stands still until a test moves it.
pub struct Clock {
    file: PathBuf,
    now: Mutex<Timestamp>,
}

impl Clock {
    pub(super) fn new(file: PathBuf, now: Timestamp) -> Self {
        let clock = Self { file, now: Mutex::new(now) };
        clock.write(now);
        clock
    }

    pub(super) fn file(&self) -> &PathBuf {
        &self.file
    }

    pub fn now(&self) -> Timestamp {
        *self.now.lock().expect("no test failed while it moved the clock")
    }

    pub fn advance(&self, by: SignedDuration) {
        self.set(self.now() + by);
    }

    pub fn set(&self, to: Timestamp) {
        *self.now.lock().expect("no test failed while it moved the clock") = to;
        self.write(to);
    }

    /// Renamed into place, so that the program never reads half an instant.
    fn write(&self, now: Timestamp) {
        let fresh = self.file.with_extension("new");
        fs::write(&fresh, now.to_string()).expect("the clock's file is written");
        fs::rename(&fresh, &self.file).expect("the clock's file is replaced");
    }
}
