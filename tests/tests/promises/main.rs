//! What CivicDesk promises, tested from outside on both databases; one file for each part of the promise.

mod audit;
mod headers;
mod hooks;
mod observatory;
mod pages;
mod program;
mod recovery;
mod story;
mod telephone;
mod texts;
mod trips;
