//! Who a text is from and to: phone numbers in international form, short codes, and senders that are only a name.

use civicdesk_contract::{Automatic, Error, IdentityKind, Inbound, Kind, Outbound, Party, Result, Retry};

/// A number with fewer digits is a short code: a service, not a person.
const SHORTEST_NUMBER: usize = 7;

/// How a provider writes numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Written {
    /// `+447700900001`.
    WithPlus,
    /// `447700900001`.
    Digits,
}

/// The party behind what a provider calls a sender or a recipient. `None`: nobody is named.
pub fn party(text: &str, written: Written) -> Option<Party> {
    let text = text.trim();
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let number = text.strip_prefix('+').is_some_and(|rest| rest.bytes().all(|byte| byte.is_ascii_digit()));
    let of = |kind, address: String| Party { kind, address, name: None };
    match (digits, number) {
        _ if text.is_empty() => None,
        (true, _) if written == Written::Digits && text.len() >= SHORTEST_NUMBER => {
            Some(of(IdentityKind::Phone, format!("+{text}")))
        }
        (true, _) | (_, true) => Some(of(IdentityKind::Phone, text.to_owned())),
        _ => Some(of(IdentityKind::Handle, text.to_owned())),
    }
}

/// Puts the sender into a message, and says what is odd about it: services write from short codes and names.
pub fn signed_by(message: &mut Inbound, sender: Option<&str>, written: Written) {
    message.from = sender.and_then(|sender| party(sender, written));
    let odd = match &message.from {
        None => "The network named no sender",
        Some(from) if from.kind == IdentityKind::Handle => "The sender is a name, which cannot be answered",
        Some(from) if from.address.trim_start_matches('+').len() < SHORTEST_NUMBER => "The sender is a short code",
        Some(_) => return,
    };
    message.oddities.push(odd.to_owned());
    message.automatic = Automatic::DoNotAnswer;
}

/// The one number a text goes to, as `+447700900001`; refuses what no provider could deliver.
pub fn recipient(message: &Outbound) -> Result<&str> {
    if !message.attachments.is_empty() {
        return Err(Error::unsupported("attachments"));
    }
    let [to] = message.to.as_slice() else { return Err(refused("a text goes to one number")) };
    if !message.cc.is_empty() {
        return Err(refused("a text has no copies"));
    }
    let digits = to.address.strip_prefix('+').unwrap_or_default();
    let right = digits.bytes().all(|byte| byte.is_ascii_digit()) && (7..=15).contains(&digits.len());
    if to.kind != IdentityKind::Phone || !right || digits.starts_with('0') {
        return Err(refused("the recipient is not a phone number with its country, such as +447700900001"));
    }
    if message.text.trim().is_empty() {
        return Err(refused("the text is empty"));
    }
    Ok(&to.address)
}

pub fn refused(detail: impl Into<String>) -> Error {
    Error::new(Kind::Refused, Retry::Never, "send", detail)
}
