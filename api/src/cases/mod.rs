//! The rules of a case: how it begins, what is said in it, and how it changes.

pub mod accept;
pub mod answers;
mod bridging;
pub mod budget;
pub mod change;
pub mod chat;
pub mod desk;
mod duplicates;
pub mod fields;
mod filing;
pub mod flaws;
pub mod form;
pub mod hold;
pub mod html;
pub mod intake;
pub mod keywords;
mod known;
pub mod ledger;
pub mod letters;
pub mod loops;
pub mod media;
pub mod moving;
mod parsing;
pub mod plain;
pub mod privacy;
pub mod reach;
pub mod receipts;
pub mod record;
pub mod reply;
mod reports;
pub mod requests;
pub mod retry;
pub mod scan;
pub mod search;
pub mod standing;
mod status;
mod stubs;
pub mod suggesting;
mod threading;
pub mod tokens;
pub mod topics;
pub mod uploads;
pub mod words;
pub mod written;

#[cfg(test)]
mod tests;
