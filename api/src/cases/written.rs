//! What a change adds to the log, the search index and the work queue: gathered, then written in one go.

use crate::{
    fail::Fail,
    store::{
        Tx,
        events::{self, Event},
        jobs::{self, Job},
        search::{self, Doc},
    },
};

/// Rows that any number of changes in one transaction write together.
#[derive(Debug, Default)]
pub struct Written {
    pub events: Vec<Event>,
    pub docs: Vec<Doc>,
    pub jobs: Vec<Job>,
}

impl Written {
    /// Writes what was gathered. Belongs at the end of every transaction that gathered something.
    pub fn flush(self, tx: &mut Tx) -> Result<(), Fail> {
        events::append(tx, self.events)?;
        search::put(tx, &self.docs)?;
        jobs::enqueue_all(tx, &self.jobs)?;
        Ok(())
    }
}
