//! Citizens' accounts: signing in, and what people do with an account that is theirs.
//!
//! An account belongs to a contact (`registering`). It has a password (`password`), proven addresses by which its holder
//! signs in and gets in again, and sign-ins (`signing_in`), each a row that every request of its token reads. What its
//! holder changes alone stands in `own`, `addresses`, `authenticator`, `saved_codes` and `erasing`. How somebody gets in who forgot the password is the room `recovery`.
//!
//! - Whatever opens an account is checked outside of a transaction, because hashing is slow, and the transaction that acts
//!   on it asks once more whether the account still is what was checked: by its `epoch`, which every change of a password
//!   or an address raises.
//! - Whatever happens to an account is a line of the log (`history::note`) and stands in the contact's history.
//! - Who has no account cannot be told from who has one, in the words of an answer or in the work that it takes.

pub mod addresses;
pub mod authenticator;
pub mod elsewhere;
pub mod erasing;
pub mod exporting;
pub mod factors;
pub mod history;
mod letters;
pub mod own;
pub mod password;
pub mod registering;
pub mod saved_codes;
pub mod signing_in;
pub mod telling;
pub mod ticket;
pub mod totp;
