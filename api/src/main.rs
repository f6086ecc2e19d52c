//! The program, and the connectors that it is built with.

use std::process::ExitCode;

use civicdesk::{channels::builtin::lmtp, server::Server};

fn main() -> ExitCode {
    let email = civicdesk_email::connector();
    Server::new()
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
        .connector(civicdesk_bridge::connector())
        .run()
}
