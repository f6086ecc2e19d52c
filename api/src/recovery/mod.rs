//! How somebody gets an account, and gets in again who forgot the password, alone and at once.
//!
//! Asking (`asking`) knows nothing and answers everybody alike. A job then looks who it was (`issuing`) and sends a code to
//! the proven address (`secrets`); whoever types that code sets the password (`completing`) and signs in with it
//! (`accounts::signing_in`).

pub mod asking;
pub mod codes;
pub mod completing;
pub mod issuing;
pub mod letters;
pub mod secrets;

use crate::{auth::seal::Seal, cases::reach::Kinds};

/// What the rules of recovery work with. Cheap to clone.
#[derive(Clone)]
pub struct Desk {
    pub seal: Seal,
    pub codes: codes::Key,
    /// What the installed connectors can do.
    pub kinds: Kinds,
}
