//! What a change adds to the log, the search index and the work queue, and the case numbers it takes: gathered, then
//! written in one go.

use crate::{
    fail::Fail,
    store::{
        Tx,
        events::{self, Event},
        jobs::{self, Job},
        search::{self, Doc},
        tenant::{self, Numbers},
    },
};

/// Rows that any number of changes in one transaction write together.
#[derive(Debug, Default)]
pub struct Written {
    pub events: Vec<Event>,
    pub docs: Vec<Doc>,
    pub jobs: Vec<Job>,
    numbers: Option<Numbers>,
}

impl Written {
    /// The next case reference of a year, such as `RIV-2026-004217`. The count is read once and written at the end:
    /// nobody else counts in between, since the tenant's writes take turns.
    pub fn next_reference(&mut self, tx: &mut Tx, year: i16) -> Result<String, Fail> {
        let mut numbers = match self.numbers.take() {
            Some(numbers) => numbers,
            None => tenant::numbers(tx)?,
        };
        let reference = numbers.next(year);
        self.numbers = Some(numbers);
        Ok(reference)
    }

    /// Writes what was gathered. Belongs at the end of every transaction that gathered something.
    pub fn flush(self, tx: &mut Tx) -> Result<(), Fail> {
        if let Some(numbers) = self.numbers {
            tenant::set_numbers(tx, &numbers)?;
        }
        events::append(tx, self.events)?;
        search::put(tx, &self.docs)?;
        jobs::enqueue_all(tx, &self.jobs)?;
        Ok(())
    }
}
