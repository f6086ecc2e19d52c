//! The pages as a browser without scripts meets them.

mod account;
pub mod browser;
mod colours;
mod elsewhere;
mod errors;
mod forms;
mod html;
mod proof;
mod recover;
mod shape;
mod trip;
