//! The program, and the connectors that it is built with.

use std::process::ExitCode;

use civicdesk::{
    channels::builtin::{chat, desk, lmtp},
    server::Server,
};

fn main() -> ExitCode {
    let email = civicdesk_email::connector();
    let server = Server::new()
        .connector(email.clone())
        .connector(lmtp::connector(email))
        .connector(civicdesk_sms::twilio::connector())
        .connector(civicdesk_sms::vonage::connector())
        .connector(civicdesk_sms::notify::connector())
        .connector(civicdesk_social::mastodon::connector())
        .connector(civicdesk_social::meta::messenger())
        .connector(civicdesk_social::meta::instagram())
        .connector(civicdesk_social::meta::whatsapp::connector())
        .connector(civicdesk_social::x::connector())
        .connector(civicdesk_social::telegram::connector())
        .connector(civicdesk_voice::connector())
        .connector(civicdesk_bridge::connector());
    desk::connectors().into_iter().fold(server, Server::connector).connector(chat::connector()).run()
}
