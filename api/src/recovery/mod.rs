//! How somebody gets an account, and gets in again who forgot the password, alone and at once.
//!
//! Asking (`asking`) knows nothing and answers everybody alike. A job then looks who it was (`issuing`) and sends a code and
//! a link (`keys`) to the proven address (`giving`, `secrets`); whoever types the code or follows the link sets the password
//! (`completing`) and signs in with it (`accounts::signing_in`). Which promise is held by which test stands in `PROMISES.md`.

pub mod asking;
pub mod assisting;
pub mod calling;
pub mod codes;
pub mod completing;
pub mod elsewhere;
pub mod giving;
pub mod issuing;
pub mod keys;
pub mod letters;
pub mod objecting;
pub mod policy;
pub mod secrets;
pub mod staff;
pub mod telling;

use crate::{auth::seal::Seal, cases::reach::Kinds, directories::open::Directories};

/// What the rules of recovery work with. Cheap to clone.
#[derive(Clone)]
pub struct Desk {
    pub seal: Seal,
    pub codes: codes::Key,
    /// Where citizens find this installation, as it was configured: links lead nowhere else.
    pub public_url: String,
    /// What the installed connectors can do.
    pub kinds: Kinds,
    /// Where each agency's accounts are held.
    pub directories: Directories,
}
