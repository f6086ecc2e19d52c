//! Texts by Twilio, Vonage and GOV.UK Notify, against fakes that are as strict as the providers.
#![expect(clippy::unwrap_used, clippy::panic, reason = "tests and what they share")]

mod conformance;
mod house;
mod incoming;
mod outgoing;
mod reports;
mod segments;
mod signatures;
mod vectors;
