//! Whether a machine wrote a message, and whether it may be answered by one.

use civicdesk_contract::{Automatic, Envelope, Inbound};

use super::letters;

/// Senders behind which no person reads.
const ROBOTS: [&str; 2] = ["mailer-daemon", "postmaster"];
/// Senders who ask for no answer.
const MUTES: [&str; 6] = ["noreply", "no-reply", "no_reply", "donotreply", "do-not-reply", "do_not_reply"];
/// `Re: Fwd: Re: …` beyond this is no longer how people write.
const PREFIXES: usize = 4;

/// What the rules make of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Nature {
    /// A machine wrote it: it is filed, and reopens nothing.
    pub machine: bool,
    /// Why no letter of ours may answer it; `None` where one may.
    pub no_answer: Option<&'static str>,
}

/// Judges by what the connector saw, by the envelope and by the sender. `own`: the sender is one of our own addresses.
pub fn nature(inbound: &Inbound, envelope: &Envelope, own: bool) -> Nature {
    let machine = |why| Nature { machine: true, no_answer: Some(why) };
    let person = |no_answer| Nature { machine: false, no_answer };
    match inbound.automatic {
        Automatic::Reply => return machine("it is an automatic answer"),
        Automatic::Bulk => return machine("it is list or bulk mail"),
        Automatic::Report => return machine("it is a delivery report"),
        Automatic::No | Automatic::DoNotAnswer => {}
    }
    if own {
        return machine("it comes from an address of ours");
    }
    if envelope.from.as_deref().is_some_and(|from| matches!(from.trim(), "" | "<>")) {
        return machine("its return path is empty");
    }
    if letters::is_acknowledgement(inbound.subject.as_deref().unwrap_or_default()) {
        return machine("it is the acknowledgement of another case system");
    }
    let local = inbound.from.as_ref().map(|from| local_part(&from.address)).unwrap_or_default();
    if ROBOTS.contains(&local.as_str()) {
        return machine("a mail system wrote it");
    }
    if inbound.automatic == Automatic::DoNotAnswer {
        return person(Some("it asks for no automatic answer"));
    }
    if MUTES.contains(&local.as_str()) {
        return person(Some("its sender reads no answers"));
    }
    if inbound.message_id.as_deref().is_some_and(is_ours) {
        return person(Some("another case system wrote it"));
    }
    person(subject_grows(inbound.subject.as_deref().unwrap_or_default()))
}

fn local_part(address: &str) -> String {
    let local = address.rsplit_once('@').map_or(address, |(local, _)| local);
    local.trim().to_ascii_lowercase()
}

/// The form of a Message-ID that this program writes, in this installation or another.
fn is_ours(id: &str) -> bool {
    let hex = |text: &str, len: usize| text.len() == len && text.bytes().all(|b| b.is_ascii_hexdigit());
    let Some((local, _)) = id.split_once('@') else { return false };
    let Some((message, random)) = local.strip_prefix("msg_").and_then(|l| l.split_once('.')) else { return false };
    hex(message, 32) && hex(random, 16)
}

/// Two case systems that answer each other make a subject grow.
fn subject_grows(subject: &str) -> Option<&'static str> {
    if references(subject).len() > 1 {
        return Some("its subject carries the numbers of two case systems");
    }
    let mut rest = subject.trim_start();
    let mut prefixes = 0;
    while let Some((prefix, after)) = rest.split_once(':') {
        if !matches!(prefix.trim().to_ascii_lowercase().as_str(), "re" | "fwd" | "fw" | "aw" | "wg" | "rv" | "tr") {
            break;
        }
        prefixes += 1;
        rest = after;
    }
    (prefixes > PREFIXES).then_some("its subject has been answered again and again")
}

/// Everything in a text that has the form of a case reference, such as `RIV-2026-004217`, in capitals.
pub fn references(text: &str) -> Vec<String> {
    let words = text.split(|c: char| !(c.is_ascii_alphanumeric() || c == '-'));
    let mut found: Vec<String> = words.filter(|w| is_reference(w)).map(str::to_ascii_uppercase).collect();
    found.dedup();
    found
}

fn is_reference(word: &str) -> bool {
    let mut parts = word.split('-');
    let (Some(prefix), Some(year), Some(number), None) = (parts.next(), parts.next(), parts.next(), parts.next())
    else {
        return false;
    };
    let digits = |text: &str| text.bytes().all(|b| b.is_ascii_digit());
    (1..=12).contains(&prefix.len())
        && year.len() == 4
        && digits(year)
        && (6..=12).contains(&number.len())
        && digits(number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reference_is_seen_in_a_subject_however_it_is_written() {
        assert_eq!(references("Re: Light out [riv-2026-004217]"), ["RIV-2026-004217"]);
        assert_eq!(references("(RIV-2026-004217) RIV-2026-004217"), ["RIV-2026-004217"]);
        assert!(references("tel 555-2026-01, RIV-26-004217, 2026-004217").is_empty());
    }

    #[test]
    fn our_own_form_of_a_message_id_is_known() {
        assert!(is_ours("msg_0197a0000000700080000000000000ab.00000000000000ff@city.example"));
        assert!(!is_ours("msg_1.2@city.example"));
    }
}
