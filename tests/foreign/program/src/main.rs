//! CivicDesk as this town runs it: the channels at the desk, and Heron.

use std::process::ExitCode;

use civicdesk::{
    channels::builtin::{chat, desk},
    server::Server,
};

fn main() -> ExitCode {
    let server = Server::new().connector(heron::connector()).connector(chat::connector());
    desk::connectors().into_iter().fold(server, Server::connector).run()
}
