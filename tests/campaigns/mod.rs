//! The long proofs: what takes too long, or depends too much on the machine, to be asked at every change.
//!
//! One module is one campaign. It is listed in `ALL`, takes its options as `Given` and tells what it found as one
//! `Finding` per database; a short slice of it may stand among the tests.

mod answering;
pub mod books;
pub mod chance;
pub mod contract;
pub mod corpora;
mod footprint;
mod given;
mod hooks;
pub mod hooks_kills;
mod idle;
mod intake;
mod killing;
pub mod kills;
pub mod letter;
mod load;
pub mod mails;
pub mod race;
pub mod race_kills;
mod result;
pub mod secrets;
pub mod thousand;
pub mod timing;
pub mod town;
mod trip;

pub use given::{ENGINE, Given, Known};
pub use result::{Control, Figure, Finding, write};

/// One long proof.
pub struct Campaign {
    pub name: &'static str,
    pub about: &'static str,
    pub options: &'static [Known],
    pub run: fn(&Given) -> Vec<Finding>,
}

pub const ALL: &[Campaign] = &[
    contract::CAMPAIGN,
    corpora::CAMPAIGN,
    footprint::CAMPAIGN,
    hooks::CAMPAIGN,
    hooks_kills::CAMPAIGN,
    idle::CAMPAIGN,
    intake::CAMPAIGN,
    kills::CAMPAIGN,
    race::CAMPAIGN,
    race_kills::CAMPAIGN,
    secrets::CAMPAIGN,
    thousand::CAMPAIGN,
    timing::CAMPAIGN,
    trip::CAMPAIGN,
];
