//! `/v1/public/{tenant}/recoveries`: a citizen asks for a code and a link, and sets a new password with one of them.

pub mod asking;
#[cfg(test)]
mod assisted_tests;
pub mod complete;
pub mod contacts;
#[cfg(test)]
mod limits_tests;
#[cfg(test)]
mod link_tests;
#[cfg(test)]
mod objection_tests;
pub mod objections;
#[cfg(test)]
mod phone_tests;
#[cfg(test)]
mod policy_tests;
pub mod staff;
#[cfg(test)]
mod staff_tests;
