//! The black-box harness: it starts `civicdesk` as a process and knows it by HTTP, mail, files and its command line.
//!
//! A test is a function of the engine, listed once for both databases:
//!
//! ```text
//! fn a_case_is_found_by_its_reference(engine: Engine) {
//!     let program = Program::start(engine);
//!     let agency = program.tenant("riverton");
//!     let case = agency.post("/v1/cases", json!({ "subject": "Street lamp" })).expecting(201).json();
//! }
//! civicdesk_tests::on_both_engines!(a_case_is_found_by_its_reference);
//! ```

mod browser;
mod client;
mod clock;
mod database;
mod demo;
mod document;
mod mail;
mod mailbox;
mod post;
mod problem;
mod program;
mod rows;
mod schema;
mod settings;
mod tenant;
mod wait;
mod wire;

pub use browser::browse;
pub use client::{Answer, Client, Request, block_on};
pub use clock::Clock;
pub use database::Database;
pub use demo::{Demo, copy};
pub use document::Document;
pub use mail::{Mail, Reply, plain};
pub use mailbox::{Mailbox, imap_settings, server};
pub use post::{Letter, Mood, PostOffice};
pub use program::{Engine, Program};
pub use settings::Options;
pub use tenant::Tenant;
pub use wait::{until, until_within, within};
pub use wire::{Heard, Wire};

/// Makes a test for each database out of every function named. PostgreSQL's twins need the server that `tests/run` starts;
/// after `moving the clock:` both need a build that can, after `with the mail servers:` both need those.
#[macro_export]
macro_rules! on_both_engines {
    (moving the clock: $($test:ident),+ $(,)?) => {
        mod sqlite {
            $(#[test]
            #[ignore = "needs a build with test-hooks: run by tests/run"]
            fn $test() { super::$test($crate::harness::Engine::Sqlite) })+
        }
        $crate::on_both_engines!(@postgres $($test),+);
    };
    (with the mail servers: $($test:ident),+ $(,)?) => {
        mod sqlite {
            $(#[test]
            #[ignore = "needs Dovecot and Postfix: run by tests/run"]
            fn $test() { super::$test($crate::harness::Engine::Sqlite) })+
        }
        $crate::on_both_engines!(@postgres $($test),+);
    };
    (@postgres $($test:ident),+) => {
        mod postgres {
            $(#[test]
            #[ignore = "needs PostgreSQL: run by tests/run"]
            fn $test() { super::$test($crate::harness::Engine::Postgres) })+
        }
    };
    ($($test:ident),+ $(,)?) => {
        mod sqlite {
            $(#[test]
            fn $test() { super::$test($crate::harness::Engine::Sqlite) })+
        }
        $crate::on_both_engines!(@postgres $($test),+);
    };
}
