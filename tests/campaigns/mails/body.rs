//! The shapes that mail comes in: plain, HTML, both, with files, with pictures, with another mail inside.

use base64::{Engine, engine::general_purpose::STANDARD};

use super::charsets::{Carried, Phrase};
use crate::campaigns::{books::sha256, chance::Chance};

/// A body under construction: the fields that describe it, and its bytes.
pub struct Body {
    pub fields: String,
    pub bytes: Vec<u8>,
    pub files: Vec<File>,
}

/// A file that a mail brings.
#[derive(Clone, Debug)]
pub struct File {
    pub name: String,
    pub sha256: String,
}

/// A body that says this phrase and then these lines.
pub fn any(phrase: &Phrase, lines: &str, number: usize, chance: &mut Chance) -> Body {
    match chance.below(10) {
        0..4 => text("plain", phrase, lines, chance),
        4 => html(phrase, lines, chance),
        5 | 6 => alternative(phrase, lines, number, chance),
        7 | 8 => mixed(phrase, lines, number, chance),
        _ => with_mail_inside(phrase, lines, number, chance),
    }
}

/// The phrase and some ASCII in the phrase's charset.
fn written(phrase: &Phrase, before: &str, after: &str) -> Vec<u8> {
    let wide = phrase.charset == "utf-16";
    let ascii = |text: &str| -> Vec<u8> {
        text.bytes().flat_map(|byte| if wide { vec![byte, 0] } else { vec![byte] }).collect()
    };
    let (mark, bytes) = phrase.bytes.split_at(if wide { 2 } else { 0 });
    [mark, &ascii(before), bytes, &ascii(after)].concat()
}

fn text(kind: &str, phrase: &Phrase, lines: &str, chance: &mut Chance) -> Body {
    encoded(kind, phrase, &written(phrase, "", lines), chance)
}

fn html(phrase: &Phrase, lines: &str, chance: &mut Chance) -> Body {
    let lines = lines.replace('>', "&gt;").replace("\r\n", "<br>\r\n");
    let before = "<html><head><style>p { color: red }</style></head><body><p onclick=\"steal()\">";
    let after = format!("</p><p>{lines}</p><script>alert(1)</script></body></html>\r\n");
    encoded("html", phrase, &written(phrase, before, &after), chance)
}

fn encoded(kind: &str, phrase: &Phrase, bytes: &[u8], chance: &mut Chance) -> Body {
    let (encoding, bytes) = match (phrase.carried, chance.below(3)) {
        (Carried::SevenBit, 0) => ("7bit", bytes.to_vec()),
        (Carried::Any, 0) => ("8bit", bytes.to_vec()),
        (Carried::Encoded, _) | (_, 1) => ("base64", wrapped(bytes)),
        _ => ("quoted-printable", quoted(bytes)),
    };
    let fields =
        format!("Content-Type: text/{kind}; charset={}\r\nContent-Transfer-Encoding: {encoding}\r\n", phrase.charset);
    Body { fields, bytes, files: Vec::new() }
}

fn alternative(phrase: &Phrase, lines: &str, number: usize, chance: &mut Chance) -> Body {
    let parts = [text("plain", phrase, lines, chance), html(phrase, lines, chance)];
    multipart("alternative", &format!("=_a{number}"), parts)
}

fn mixed(phrase: &Phrase, lines: &str, number: usize, chance: &mut Chance) -> Body {
    let mut parts = vec![text("plain", phrase, lines, chance)];
    for at in 0..=chance.below(3) {
        parts.push(file(number, at, chance));
    }
    multipart("mixed", &format!("=_m{number}"), parts)
}

fn file(number: usize, at: usize, chance: &mut Chance) -> Body {
    let (kind, ending) = *chance.one_of(&[("application/pdf", "pdf"), ("image/png", "png"), ("text/csv", "csv")]);
    let name = format!("Beleg {number}-{at}.{ending}");
    let bytes: Vec<u8> = (0..1 + chance.below(90_000) / 8).flat_map(|_| chance.number().to_be_bytes()).collect();
    let files = vec![File { name: name.clone(), sha256: sha256(&bytes) }];
    let fields = format!(
        "Content-Type: {kind}; name=\"{name}\"\r\nContent-Transfer-Encoding: base64\r\n\
         Content-Disposition: attachment; filename=\"{name}\"\r\n"
    );
    Body { fields, bytes: wrapped(&bytes), files }
}

fn with_mail_inside(phrase: &Phrase, lines: &str, number: usize, chance: &mut Chance) -> Body {
    let inner = format!(
        "From: neighbour@elsewhere.test\r\nSubject: Fwd {number}\r\nMessage-ID: <inner-{number}@elsewhere.test>\r\n\r\n\
         The mail inside.\r\n"
    );
    let inside = Body { fields: "Content-Type: message/rfc822\r\n".into(), bytes: inner.into(), files: Vec::new() };
    multipart("mixed", &format!("=_r{number}"), [text("plain", phrase, lines, chance), inside])
}

pub fn multipart(kind: &str, boundary: &str, parts: impl IntoIterator<Item = Body>) -> Body {
    let mut whole = Body {
        fields: format!("Content-Type: multipart/{kind}; boundary=\"{boundary}\"\r\n"),
        bytes: b"This text stands outside of all parts.\r\n".to_vec(),
        files: Vec::new(),
    };
    for part in parts {
        whole.bytes.extend_from_slice(format!("--{boundary}\r\n{}\r\n", part.fields).as_bytes());
        whole.bytes.extend_from_slice(&part.bytes);
        whole.bytes.extend_from_slice(b"\r\n");
        whole.files.extend(part.files);
    }
    whole.bytes.extend_from_slice(format!("--{boundary}--\r\n").as_bytes());
    whole
}

fn wrapped(bytes: &[u8]) -> Vec<u8> {
    bytes.chunks(57).flat_map(|line| (STANDARD.encode(line) + "\r\n").into_bytes()).collect()
}

fn quoted(bytes: &[u8]) -> Vec<u8> {
    let mut lines = String::new();
    let mut column = 0;
    let mut rest = bytes;
    while let Some((&byte, after)) = rest.split_first() {
        if let Some(after) = rest.strip_prefix(b"\r\n") {
            (column, rest) = (0, after);
            lines += "\r\n";
            continue;
        }
        rest = after;
        if column > 70 {
            column = 0;
            lines += "=\r\n";
        }
        let plain = (b'!'..=b'~').contains(&byte) && byte != b'=';
        let one = if plain { char::from(byte).to_string() } else { format!("={byte:02X}") };
        column += one.len();
        lines += &one;
    }
    lines.into_bytes()
}
