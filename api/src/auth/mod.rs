//! Who may: credentials and what they stand for, the policy table, passwords, keys and the seal on secrets at rest.

mod blocked;
pub mod credential;
pub mod keys;
pub mod limits;
pub mod own_password;
pub mod passwords;
pub mod policy;
pub mod quota;
pub mod seal;
pub mod seats;
pub mod sessions;
pub mod staff;
pub mod tokens;

pub use credential::{Credential, Who};
pub use policy::{Needs, Right, Rights, Role, needs};
