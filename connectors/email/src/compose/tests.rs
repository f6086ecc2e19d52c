//! IN-25: whatever text goes into a message, an independent reader finds exactly the headers and recipients meant.

use civicdesk_contract::{IdentityKind, Kind, Outbound, OutboundAttachment, Party};
use mail_parser::{HeaderValue, MessageParser, MimeHeaders};
use proptest::{prelude::*, test_runner::Config};

use super::{Composed, Sender, address, compose};
use crate::text::plain_line;

fn sender() -> Sender {
    Sender { address: address("service@riverton.example").unwrap(), name: Some("City of Riverton".into()) }
}

fn party(address: &str, name: Option<&str>) -> Party {
    Party { kind: IdentityKind::Email, address: address.into(), name: name.map(Into::into) }
}

fn message() -> Outbound {
    Outbound {
        key: "msg_1".into(),
        message_id: "msg_1@riverton.example".into(),
        from_name: None,
        to: vec![party("ann@home.example", Some("Ann Example"))],
        cc: vec![],
        reply_to: None,
        return_path: None,
        subject: Some("Your street light [RIV-2026-000001]".into()),
        text: "Dear Ann,\nit shines again.".into(),
        html: None,
        attachments: vec![],
        in_reply_to: None,
        references: vec![],
        automatic: false,
        public: false,
        written_at: "2026-11-22T10:00:00Z".parse().unwrap(),
        heard_at: None,
    }
}

fn composed(message: &Outbound) -> Composed {
    compose(&sender(), message).unwrap()
}

fn text_of(mail: &Composed) -> String {
    String::from_utf8(mail.bytes.clone()).unwrap()
}

fn header_names(mail: &Composed) -> Vec<String> {
    let parsed = MessageParser::new().parse(&mail.bytes).unwrap();
    let mut names: Vec<String> = parsed.headers().iter().map(|h| h.name().to_ascii_lowercase()).collect();
    names.sort();
    names
}

/// Only CRLF ends a line, no line is too long, all is ASCII.
fn assert_wire_clean(bytes: &[u8]) {
    assert!(bytes.is_ascii());
    assert!(!bytes.contains(&0));
    let text = std::str::from_utf8(bytes).unwrap();
    for line in text.split("\r\n") {
        assert!(!line.contains(['\r', '\n']), "bare line break in {line:?}");
        assert!(line.len() <= 998, "a line of {} bytes", line.len());
    }
}

#[test]
fn a_mail_carries_the_ids_that_keep_it_in_its_thread() {
    let mut answer = message();
    answer.in_reply_to = Some("q2@home.example".into());
    answer.references = vec!["q1@home.example".into(), "bad id\r\nBcc: x@y.example".into()];
    let mail = composed(&answer);
    let text = text_of(&mail);
    assert!(text.contains("Message-ID: <msg_1@riverton.example>\r\n"), "{text}");
    assert!(text.contains("In-Reply-To: <q2@home.example>\r\n"), "{text}");
    assert!(text.contains("References: <q1@home.example> <q2@home.example>\r\n"), "{text}");
    assert!(text.contains("Date: Sun, 22 Nov 2026 10:00:00 +0000\r\n"), "{text}");
    assert!(!header_names(&mail).contains(&"bcc".into()));
}

#[test]
fn the_same_message_gives_the_same_bytes_on_every_try() {
    let mut outbound = message();
    outbound.html = Some("<p>It shines again.</p>".into());
    outbound.attachments = vec![OutboundAttachment {
        name: "plan.pdf".into(),
        content_type: "application/pdf".into(),
        bytes: vec![0, 10, 13, 255],
    }];
    assert_eq!(composed(&outbound).bytes, composed(&outbound).bytes);
}

#[test]
fn a_long_chain_keeps_its_oldest_and_its_newest_ids() {
    let mut answer = message();
    answer.references = (0..500).map(|i| format!("{i}@home.example")).collect();
    answer.in_reply_to = Some("500@home.example".into());
    let mail = composed(&answer);
    let parsed = MessageParser::new().parse(&mail.bytes).unwrap();
    let HeaderValue::TextList(ids) = parsed.references() else { panic!("no list of references") };
    assert_eq!(ids.len(), 20);
    assert_eq!((&*ids[0], &*ids[1], &*ids[19]), ("0@home.example", "482@home.example", "500@home.example"));
    assert_wire_clean(&mail.bytes);
}

#[test]
fn a_letter_of_ours_asks_machines_not_to_answer_and_a_persons_answer_does_not() {
    let mut letter = message();
    letter.automatic = true;
    letter.return_path = Some(String::new());
    let mail = composed(&letter);
    let text = text_of(&mail);
    assert!(text.contains("Auto-Submitted: auto-generated\r\n"));
    assert!(text.contains("X-Auto-Response-Suppress: All\r\n"));
    assert!(mail.return_path.is_none());
    assert!(!text_of(&composed(&message())).contains("Auto-"));
}

#[test]
fn answers_and_bounces_go_where_the_message_says() {
    let mut outbound = message();
    outbound.reply_to = Some("case+tok@riverton.example".into());
    outbound.return_path = Some("bounce+tok@riverton.example".into());
    let mail = composed(&outbound);
    assert_eq!(mail.return_path.as_ref().unwrap().to_string(), "bounce+tok@riverton.example");
    assert!(text_of(&mail).contains("Reply-To: \"City of Riverton\" <case+tok@riverton.example>\r\n"));
    assert_eq!(composed(&message()).return_path.unwrap().to_string(), "service@riverton.example");
}

#[test]
fn text_html_and_files_come_back_as_they_went_in() {
    let mut outbound = message();
    outbound.text = "Grüße\n.\nFrom here\r\nto there\r \n--\n=_text_ =3D".into();
    outbound.html = Some("<p>Grüße &amp; <b>more</b></p>".into());
    outbound.attachments = vec![
        OutboundAttachment {
            name: "Größe \"1\"/2.txt".into(),
            content_type: "text/plain".into(),
            bytes: b"a\nb\r\n.\r\nc\0".to_vec(),
        },
        OutboundAttachment { name: "../..".into(), content_type: "message/rfc822".into(), bytes: vec![] },
    ];
    let mail = composed(&outbound);
    assert_wire_clean(&mail.bytes);
    let parsed = MessageParser::new().parse(&mail.bytes).unwrap();
    assert_eq!(parsed.body_text(0).unwrap(), "Grüße\r\n.\r\nFrom here\r\nto there\r\n \r\n--\r\n=_text_ =3D");
    assert_eq!(parsed.body_html(0).unwrap(), "<p>Grüße &amp; <b>more</b></p>");
    let first = parsed.attachment(0).unwrap();
    assert_eq!(first.attachment_name(), Some("Größe _1__2.txt"));
    assert_eq!(first.contents(), b"a\nb\r\n.\r\nc\0");
    let second = parsed.attachment(1).unwrap();
    assert_eq!(second.attachment_name(), Some(".._.."));
    assert_eq!(second.content_type().unwrap().subtype(), Some("octet-stream"));
}

#[test]
fn a_message_for_nobody_or_for_a_telephone_is_refused() {
    let mut nobody = message();
    nobody.to.clear();
    assert_eq!(compose(&sender(), &nobody).unwrap_err().kind, Kind::Refused);
    let mut phone = message();
    phone.to[0].kind = IdentityKind::Phone;
    assert!(compose(&sender(), &phone).unwrap_err().detail.contains("phone"));
}

/// Texts that have broken mail programs, between any others.
fn hostile() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        3 => any::<String>(),
        1 => prop::sample::select(vec![
            "\r\n", "\n", "\r", "\0", "\u{2028}", "\u{85}", "\r\nBcc: evil@x.example\r\n", "\r\n\r\nbody", "\n.\r\n",
            "=?utf-8?q?a=0D=0ABcc:_evil@x.example?=", "=?utf-8?b?DQpCY2M6IGV2aWw=?=", "\"", "\\", "<", ">", ",", ";", ":",
            "(", ")", "\"\r\n", " ", "\t", "=", "--", "ü", "𝕏", "\u{202e}",
        ]).prop_map(str::to_owned),
    ];
    prop::collection::vec(piece, 0..6).prop_map(|pieces| pieces.concat())
}

fn cases() -> u32 {
    std::env::var("CIVICDESK_TEST_CASES").ok().and_then(|n| n.parse().ok()).unwrap_or(400)
}

proptest! {
    #![proptest_config(Config { cases: cases(), failure_persistence: None, ..Config::default() })]

    #[test]
    fn no_text_becomes_a_header_or_a_recipient(
        subject in hostile(), name in hostile(), to_name in hostile(), text in hostile(), html in hostile(),
        file in hostile(), kind in hostile(), id in hostile(), automatic: bool,
    ) {
        let mut outbound = message();
        outbound.subject = Some(subject.clone());
        outbound.from_name = Some(name);
        outbound.to[0].name = Some(to_name.clone());
        outbound.cc = vec![party("bob@home.example", Some(&to_name))];
        outbound.text = text;
        outbound.html = Some(html);
        outbound.attachments = vec![OutboundAttachment { name: file, content_type: kind, bytes: id.clone().into_bytes() }];
        outbound.in_reply_to = Some(id.clone());
        outbound.references = vec![id.clone(), format!("<{id}>"), "old@home.example".into()];
        outbound.automatic = automatic;

        let mail = composed(&outbound);
        assert_wire_clean(&mail.bytes);
        let to: Vec<&str> = mail.recipients.iter().map(AsRef::as_ref).collect();
        prop_assert_eq!(to, ["ann@home.example", "bob@home.example"]);

        let mut expected = vec!["cc", "content-type", "date", "from", "message-id", "mime-version", "references", "subject", "to"];
        let has_parent = header_names(&mail).contains(&"in-reply-to".to_owned());
        if has_parent { expected.push("in-reply-to"); }
        if automatic { expected.extend(["auto-submitted", "x-auto-response-suppress"]); }
        expected.sort_unstable();
        prop_assert_eq!(header_names(&mail), expected);

        let parsed = MessageParser::new().parse(&mail.bytes).unwrap();
        let addresses = |list: Option<&mail_parser::Address<'_>>| -> Vec<String> {
            list.into_iter().flat_map(|l| l.iter()).filter_map(|a| a.address().map(str::to_owned)).collect()
        };
        prop_assert_eq!(addresses(parsed.from()), ["service@riverton.example"]);
        prop_assert_eq!(addresses(parsed.to()), ["ann@home.example"]);
        prop_assert_eq!(addresses(parsed.cc()), ["bob@home.example"]);
        prop_assert_eq!(parsed.parts.len(), 5);
        prop_assert_eq!(parsed.attachment(0).unwrap().contents(), id.as_bytes());
        let meant = plain_line(&subject, super::LONGEST_SUBJECT);
        prop_assert_eq!(parsed.subject().unwrap_or_default().split_whitespace().collect::<String>(),
                        meant.split_whitespace().collect::<String>());
    }

    #[test]
    fn an_address_is_one_address_or_refused(text in hostile(), domain in hostile()) {
        for candidate in [text.clone(), format!("{text}@home.example"), format!("ann@{domain}"), format!("\"{text}\"@home.example")] {
            let mut outbound = message();
            outbound.to = vec![party(&candidate, None)];
            outbound.reply_to = Some(candidate.clone());
            let Ok(mail) = compose(&sender(), &outbound) else { continue };
            assert_wire_clean(&mail.bytes);
            prop_assert_eq!(mail.recipients.len(), 1);
            let command = lettre::transport::smtp::commands::Rcpt::new(mail.recipients[0].clone(), vec![]).to_string();
            prop_assert!(command.ends_with(">\r\n") && !command[..command.len() - 2].contains(['\r', '\n', '\0']), "{:?}", command);
            prop_assert_eq!(header_names(&mail).len(), 9);
        }
    }
}
