//! How many answers that do not end an agency may hold open at once, in this process.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use uuid::Uuid;

/// Streams of one agency.
const MOST: usize = 32;

/// The open streams of all agencies.
#[derive(Clone, Debug, Default)]
pub struct Seats(Arc<Mutex<HashMap<Uuid, usize>>>);

/// A stream's place, which is free again when this is dropped.
#[derive(Debug)]
pub struct Seat {
    seats: Seats,
    tenant: Uuid,
}

impl Seats {
    /// A place for one more stream, if there is one.
    pub fn take(&self, tenant: Uuid) -> Option<Seat> {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let taken = all.entry(tenant).or_default();
        if *taken >= MOST {
            return None;
        }
        *taken += 1;
        Some(Seat { seats: self.clone(), tenant })
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        let mut all = self.seats.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(taken) = all.get_mut(&self.tenant) {
            *taken -= 1;
            if *taken == 0 {
                all.remove(&self.tenant);
            }
        }
    }
}
