//! IN-20: each limit at the figure and one over it, and mails made to exhaust whoever reads them.

use civicdesk_contract::{Envelope, Error, Kind};
use mail_parser::{Message, MessageParser, PartType};
use proptest::prelude::*;

use super::check;
use crate::mime::{Limits, read_mail, read_mail_within};

fn refusal(raw: &str, limits: &Limits) -> Option<String> {
    match read_mail_within(raw.as_bytes(), &Envelope::default(), limits) {
        Ok(_) => None,
        Err(Error { kind: Kind::Malformed, detail, .. }) => Some(detail),
        Err(other) => panic!("{other}"),
    }
}

#[track_caller]
fn refused(raw: &str, limits: &Limits, words: &str) {
    let detail = refusal(raw, limits);
    assert!(detail.as_deref().is_some_and(|detail| detail.contains(words)), "{detail:?} does not say {words}");
}

fn nested(levels: usize) -> String {
    let open: String =
        (0..levels).map(|n| format!("Content-Type: multipart/mixed; boundary=b{n}x\n\n--b{n}x\n")).collect();
    let close: String = (0..levels).rev().map(|n| format!("\n--b{n}x--\n")).collect();
    format!("Subject: a\n{open}\nwords{close}")
}

fn parts(count: usize) -> String {
    format!("Content-Type: multipart/mixed; boundary=b\n\n{}--b--\n", "--b\n\nx\n".repeat(count))
}

#[test]
fn a_mail_at_a_limit_is_read_and_one_over_it_is_refused_with_both_figures() {
    let mail = "Subject: a\n\nwords";
    let limits = Limits { raw_bytes: mail.len(), ..Limits::default() };
    assert_eq!(refusal(mail, &limits), None);
    refused(&format!("{mail}!"), &limits, "bytes of the mail: 18 is over the limit of 17");

    let limits = Limits { header_bytes: 12, ..Limits::default() };
    assert_eq!(refusal(mail, &limits), None);
    refused("Subject: ab\n\nwords", &limits, "bytes of one header block: 13 is over the limit of 12");

    let limits = Limits { header_fields: 3, ..Limits::default() };
    assert_eq!(refusal(&format!("{}\nwords", "A: b\n".repeat(3)), &limits), None);
    refused(&format!("{}\nwords", "A: b\n".repeat(4)), &limits, "fields of one header block: 4 is over the limit of 3");

    let limits = Limits { parts: 5, ..Limits::default() };
    assert_eq!(refusal(&parts(4), &limits), None);
    refused(&parts(5), &limits, "parts: 6 is over the limit of 5");

    let limits = Limits { depth: 3, ..Limits::default() };
    assert_eq!(refusal(&nested(3), &limits), None);
    refused(&nested(4), &limits, "depth of parts inside parts: 4 is over the limit of 3");

    let limits = Limits { decoded_bytes: 5, ..Limits::default() };
    assert_eq!(refusal(mail, &limits), None);
    refused("Subject: a\n\nwords!", &limits, "decoded bytes: 6 is over the limit of 5");

    let limits = Limits { all_header_bytes: 70, ..Limits::default() };
    refused(&parts(40), &limits, "bytes of all header blocks: 71 is over the limit of 70");
}

#[test]
fn the_limits_are_the_ones_we_promise() {
    let limits = Limits::default();
    assert_eq!((limits.raw_bytes, limits.header_bytes, limits.header_fields), (50 << 20, 256 << 10, 1_000));
    assert_eq!((limits.parts, limits.depth, limits.decoded_bytes, limits.decoded_ratio), (1_000, 20, 100 << 20, 100));
}

#[test]
fn sixty_mebibytes_are_refused_unread() {
    let raw = [b"Subject: a\n\n".as_slice(), &vec![b'x'; 60 << 20]].concat();
    let error = read_mail(&raw, &Envelope::default()).unwrap_err();
    assert!(error.detail.contains("bytes of the mail"), "{error}");
}

#[test]
fn ten_thousand_parts_inside_each_other_are_refused_before_they_are_parsed() {
    refused(&nested(10_000), &Limits::default(), "depth");
    refused(&"Content-Type: message/rfc822\n\n".repeat(10_000), &Limits::default(), "depth");
    refused(&"Content-Type: multipart/mixed; boundary=b\n\n--b\n".repeat(10_000), &Limits::default(), "depth");
    refused(&parts(10_000), &Limits::default(), "parts");
}

#[test]
fn parts_hidden_in_an_encoded_message_are_counted_too() {
    let encoded = |mail: &str, name: &str| {
        let body: String = match name {
            "quoted-printable" => mail.replace('=', "=3D"),
            _ => base64(mail.as_bytes()),
        };
        format!("Content-Type: message/rfc822\nContent-Transfer-Encoding: {name}\n\n{body}\n")
    };
    refused(&encoded(&parts(10_000), "quoted-printable"), &Limits::default(), "parts");
    refused(&encoded(&parts(10_000), "base64"), &Limits::default(), "parts");
    refused(&encoded(&encoded(&nested(10_000), "base64"), "base64"), &Limits::default(), "depth");
}

#[test]
fn separators_that_never_come_cannot_make_the_reader_search_forever() {
    let liar: String = (0..900)
        .map(|n| format!("--b\nContent-Type: multipart/mixed; boundary=never{n}\n\n{}\n", "x".repeat(1_000)))
        .collect();
    let raw = format!("Content-Type: multipart/mixed; boundary=b\n\n{liar}");
    refused(&raw, &Limits::default(), "bytes searched for separators that never come");
}

#[test]
fn a_content_type_of_ten_thousand_numbered_parameters_is_refused() {
    let parameters: String = (0..10_000).map(|n| format!("; k{n}*1=v")).collect();
    refused(
        &format!("Content-Type: text/plain{parameters}\n\nwords"),
        &Limits::default(),
        "bytes of one Content field",
    );
}

#[test]
fn a_header_that_never_ends_is_refused() {
    let raw = format!("Subject: {}", "a\n b".repeat(100_000));
    refused(&raw, &Limits::default(), "bytes of one header block");
}

fn base64(bytes: &[u8]) -> String {
    const ALPHABET: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut out = String::new();
    for chunk in bytes.chunks(3) {
        let word = chunk.iter().chain([0, 0].iter()).take(3).fold(0_usize, |word, byte| word << 8 | usize::from(*byte));
        for at in 0..=chunk.len() {
            out.push(char::from(ALPHABET[word >> (18 - 6 * at) & 63]));
        }
        out.push_str(&"=".repeat(3 - chunk.len()));
    }
    out
}

/// Parts and depth as the parser found them.
fn found(message: &Message<'_>, outside: usize) -> (usize, usize) {
    let mut parts = 0;
    let mut deepest = 0;
    for part in &message.parts {
        parts += 1;
        if let PartType::Message(inner) = &part.body {
            let (more, depth) = found(inner, outside + 1);
            parts += more;
            deepest = deepest.max(depth);
        }
    }
    (parts, deepest.max(outside))
}

fn wreck() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        "Content-Type: (multipart/(mixed|alternative|digest|related)|message/rfc822); boundary=\"?[abc]{1,2}\"?\r?\n",
        "Content-Type: (text/plain|text/html|image/png|message/rfc822)\r?\n",
        "Content-Transfer-Encoding: (base64|quoted-printable|8bit)\r?\n",
        "--[abc]{1,2}(--)?\r?\n",
        "(\r?\n){1,2}",
        "(From|To|Subject|X): [a-z@<>=?]{0,8}\r?\n",
        "[a-zA-Z=: -]{0,12}\r?\n",
        "YWJj\r?\n",
    ];
    proptest::collection::vec(piece, 0..40).prop_map(|pieces| pieces.concat())
}

proptest! {
    #[test]
    fn the_walk_sees_every_part_that_the_parser_will_see(raw in wreck()) {
        let parser = MessageParser::new().with_mime_headers().default_header_ignore();
        // The parser itself can panic on a wreck; then there is nothing to compare.
        let parsed = std::panic::catch_unwind(|| parser.parse(raw.as_bytes()).map(|message| found(&message, 0)));
        if let Ok(Some((parts, depth))) = parsed {
            let loose = Limits { searched_bytes: usize::MAX, ..Limits::default() };
            prop_assert!(check(raw.as_bytes(), &loose).is_ok());
            let tight = Limits { parts: parts - 1, ..loose.clone() };
            prop_assert!(check(raw.as_bytes(), &tight).is_err(), "{} parts", parts);
            if depth > 0 {
                let tight = Limits { depth: depth - 1, ..loose };
                prop_assert!(check(raw.as_bytes(), &tight).is_err(), "depth {}", depth);
            }
        }
    }

    #[test]
    fn no_bytes_make_the_reader_panic(raw in proptest::collection::vec(any::<u8>(), 0..400), wreck in wreck()) {
        let _ = read_mail(&raw, &Envelope::default());
        let _ = read_mail(wreck.as_bytes(), &Envelope::default());
        let _ = read_mail(&[wreck.as_bytes(), &raw].concat(), &Envelope::default());
    }
}
