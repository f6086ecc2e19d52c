//! What CivicDesk promises, tested from outside on both databases; one file for each part of the promise.

mod hooks;
mod pages;
mod program;
mod story;
mod telephone;
mod texts;
