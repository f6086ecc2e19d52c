//! The program, and the connectors that it is built with.

use std::process::ExitCode;

use civicdesk::server::Server;

fn main() -> ExitCode {
    Server::new().connector(civicdesk_email::connector()).run()
}
