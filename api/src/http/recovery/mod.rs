//! `/v1/public/{tenant}/recoveries`: a citizen asks for a code and a link, and sets a new password with one of them.

pub mod asking;
pub mod complete;
#[cfg(test)]
mod link_tests;
#[cfg(test)]
mod policy_tests;
pub mod staff;
#[cfg(test)]
mod staff_tests;
