//! Who a mail is from and to.

use civicdesk_contract::{Envelope, IdentityKind, Inbound, Party};

use super::{clean, fields::Fields};

/// Fills in sender and recipients.
pub(super) fn read(fields: &Fields<'_>, envelope: &Envelope, mail: &mut Inbound) {
    let mut senders = parties(fields, "From");
    if fields.count("From") > 1 || senders.len() > 1 {
        mail.oddities.push("It names more than one sender; the first is shown".to_owned());
    }
    if senders.is_empty() {
        senders.extend(envelope.from.as_deref().and_then(clean::address).map(|address| party(None, address)));
        let instead = if senders.is_empty() { "" } else { "; shown is the one that the mail server saw" };
        mail.oddities.push(format!("It names no sender{instead}"));
    }
    mail.from = senders.into_iter().next();
    mail.reply_to = parties(fields, "Reply-To")
        .into_iter()
        .next()
        .filter(|to| mail.from.as_ref().is_none_or(|from| !from.address.eq_ignore_ascii_case(&to.address)));
    mail.to = parties(fields, "To");
    mail.cc = parties(fields, "Cc");
}

fn parties(fields: &Fields<'_>, name: &str) -> Vec<Party> {
    fields.addresses(name).into_iter().map(|(name, address)| party(name, address)).collect()
}

fn party(name: Option<String>, address: String) -> Party {
    Party { kind: IdentityKind::Email, address, name }
}
