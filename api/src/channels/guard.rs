//! Refuses what a channel does not declare, in words, before its connector is asked for it.

use civicdesk_contract::{Capabilities, Outbound, Visibility};

/// Why this message cannot go out on a channel of these capabilities; none where it can.
pub fn refusal(can: &Capabilities, message: &Outbound) -> Option<String> {
    if !can.send {
        return Some("this channel only receives".to_owned());
    }
    if message.to.is_empty() {
        return Some("the message names nobody to send it to".to_owned());
    }
    if let Some(party) = message.to.iter().chain(&message.cc).find(|party| !can.identities.contains(&party.kind)) {
        return Some(format!("this channel reaches nobody by {}: {}", party.kind.as_str(), party.address));
    }
    if message.public && can.visibility == Visibility::Private {
        return Some("nothing on this channel is public".to_owned());
    }
    if !message.public && can.visibility == Visibility::Public {
        return Some("anyone could read it on this channel, and it is not meant for everyone".to_owned());
    }
    if message.html.is_some() && !can.html {
        return Some("this channel carries no HTML".to_owned());
    }
    if !message.attachments.is_empty() && !can.attachments {
        return Some("this channel carries no files".to_owned());
    }
    let (is, most) = (can.text_unit.count(&message.text), can.max_text?);
    (is > most).then(|| format!("the text has {is} characters as this network counts them; it carries {most}"))
}

#[cfg(test)]
mod tests {
    use civicdesk_contract::{IdentityKind, OutboundAttachment, Party, memory};
    use jiff::Timestamp;

    use super::*;

    fn message() -> Outbound {
        let to = Party { kind: IdentityKind::Email, address: "ann@x.example".to_owned(), name: None };
        Outbound {
            key: "k".to_owned(),
            message_id: "k@x.example".to_owned(),
            from_name: None,
            to: vec![to],
            cc: Vec::new(),
            reply_to: None,
            return_path: None,
            subject: None,
            text: "äöü".to_owned(),
            html: None,
            attachments: Vec::new(),
            in_reply_to: None,
            references: Vec::new(),
            automatic: false,
            public: false,
            written_at: Timestamp::UNIX_EPOCH,
            heard_at: None,
        }
    }

    #[test]
    fn what_a_channel_does_not_declare_is_refused_in_words() {
        let all = memory::capabilities();
        let phone = Party { kind: IdentityKind::Phone, address: "+15550100".to_owned(), name: None };
        let file =
            OutboundAttachment { name: "a.txt".to_owned(), content_type: "text/plain".to_owned(), bytes: Vec::new() };
        let html = Outbound { html: Some("<p>".to_owned()), ..message() };
        let with_file = Outbound { attachments: vec![file], ..message() };
        for (can, message, word) in [
            (Capabilities { send: false, ..all.clone() }, message(), "only receives"),
            (all.clone(), Outbound { to: Vec::new(), ..message() }, "nobody"),
            (all.clone(), Outbound { cc: vec![phone], ..message() }, "phone"),
            (all.clone(), Outbound { public: true, ..message() }, "public"),
            (Capabilities { visibility: Visibility::Public, ..all.clone() }, message(), "anyone"),
            (Capabilities { html: false, ..all.clone() }, html, "HTML"),
            (Capabilities { attachments: false, ..all.clone() }, with_file, "files"),
            (Capabilities { max_text: Some(2), ..all.clone() }, message(), "3 characters"),
        ] {
            let words = refusal(&can, &message).unwrap();
            assert!(words.contains(word), "{words}");
        }
        assert_eq!(refusal(&Capabilities { max_text: Some(3), ..all }, &message()), None, "characters, not bytes");
    }
}
