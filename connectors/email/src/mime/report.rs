//! Reads what a mail server says became of a message of ours: RFC 3464, RFC 8098, and the servers that follow neither.

use civicdesk_contract::{Envelope, Party, Report, ReportedRecipient};
use mail_parser::{Message, MessageParser, MessagePart, MimeHeaders, PartType};

use super::{automatic, clean, fields::Fields};

const ID_BYTES: usize = 998;
const DIAGNOSTIC_CHARS: usize = 1_000;
const RECIPIENTS: usize = 1_000;

const FAILURE_SUBJECTS: &[&str] = &[
    "failure notice",
    "mail delivery failed",
    "undelivered mail",
    "undeliverable",
    "delivery status notification",
    "returned mail",
    "delivery failure",
    "delivery has failed",
    "mail system error",
    "mail delivery failure",
    "unzustellbar",
    "non remis",
    "non recapitabile",
    "no se puede entregar",
    "não é possível entregar",
    "onbestelbaar",
    "warning: could not send message",
    "mail delivery problem",
];
const FAILURE_TEXTS: &[&str] = &[
    "this is the qmail-send program",
    "this message was created automatically by mail delivery software",
    "your message did not reach some or all of the intended recipients",
    "the following addresses had permanent fatal errors",
    "this is the mail system at host",
    "delivery to the following recipient",
];

/// The report, if the mail is one. A person who passes a report on is still a person: only the outermost message counts.
pub(super) fn read(
    message: &Message<'_>,
    fields: &Fields<'_>,
    envelope: &Envelope,
    from: Option<&Party>,
    text: &str,
) -> Option<Report> {
    let from_machine = automatic::has_null_return_path(fields, envelope) || from.is_some_and(is_daemon);
    let is_report = message.parts.first().is_some_and(|root| has_type(root, "multipart", &["report"]));
    let status = message.parts.iter().filter(|part| has_type(part, "message", STATUS)).collect::<Vec<_>>();
    let failed = fields.has("X-Failed-Recipients");
    if !(is_report || from_machine && (!status.is_empty() || looks_failed(fields, text)) || failed) {
        return None;
    }
    let mut report = Report::default();
    for part in status {
        read_status(&String::from_utf8_lossy(part.contents()), &mut report);
    }
    if report.recipients.is_empty() {
        for (_, address) in fields.addresses("X-Failed-Recipients") {
            report.recipients.push(failed_recipient(address, None));
        }
    }
    if report.recipients.is_empty() {
        read_bracketed(text, &mut report);
    }
    report.recipients.truncate(RECIPIENTS);
    let returned = message.parts.iter().find_map(returned_id);
    report.original_message_id = returned.or(report.original_message_id).or_else(|| id_in_text(text));
    Some(report)
}

const STATUS: &[&str] =
    &["delivery-status", "global-delivery-status", "disposition-notification", "global-disposition-notification"];

fn has_type(part: &MessagePart<'_>, main: &str, subs: &[&str]) -> bool {
    part.content_type().is_some_and(|found| {
        let sub = found.subtype().unwrap_or_default();
        found.ctype().eq_ignore_ascii_case(main) && subs.iter().any(|wanted| wanted.eq_ignore_ascii_case(sub))
    })
}

fn is_daemon(from: &Party) -> bool {
    let address = from.address.to_lowercase();
    ["mailer-daemon@", "postmaster@", "mail-daemon@"].iter().any(|daemon| address.starts_with(daemon))
}

fn looks_failed(fields: &Fields<'_>, text: &str) -> bool {
    let subject = fields.text("Subject").unwrap_or_default().to_lowercase();
    let start = text[..text.floor_char_boundary(2_000)].to_lowercase().replace("\r\n", " ").replace('\n', " ");
    FAILURE_SUBJECTS.iter().any(|words| subject.starts_with(words))
        || FAILURE_TEXTS.iter().any(|words| start.contains(words))
}

/// Groups of fields with blank lines between them: one about the message, one for each recipient.
fn read_status(status: &str, report: &mut Report) {
    let unfolded = status.replace("\r\n", "\n").replace("\n ", " ").replace("\n\t", " ");
    let mut group: Vec<(String, &str)> = Vec::new();
    for line in unfolded.lines().chain([""]) {
        if let Some((name, value)) = line.split_once(':') {
            group.push((name.trim().to_lowercase(), value.trim()));
        } else if line.trim().is_empty() {
            read_group(&group, report);
            group.clear();
        }
    }
}

fn read_group(group: &[(String, &str)], report: &mut Report) {
    let value = |wanted: &str| group.iter().find(|(name, _)| name == wanted).map(|(_, value)| *value);
    if let Some(id) = value("original-message-id").or_else(|| value("x-original-message-id")) {
        report.original_message_id = clean::id(id, ID_BYTES);
    }
    // The address we wrote to comes first: a forwarding server names another one as the final recipient.
    let address = ["original-recipient", "final-recipient"].into_iter().filter_map(value).find_map(recipient_address);
    let Some(address) = address else { return };
    let status = value("status").and_then(status_code);
    // RFC 8098 says what the reader did: `manual-action/MDN-sent-manually; displayed`.
    let disposition = value("disposition").map(|value| value.rsplit(';').next().unwrap_or_default());
    let action = value("action").or(disposition).and_then(|action| {
        action.split(|c: char| !c.is_ascii_alphabetic()).find(|word| !word.is_empty()).map(str::to_lowercase)
    });
    let implied = match status.as_deref().and_then(|status| status.get(..1)) {
        Some("2") => "delivered",
        Some("4") => "delayed",
        _ => "failed",
    };
    // Folding leaves runs of spaces here.
    let words = |code: &str| without_type(code).split_whitespace().collect::<Vec<_>>().join(" ");
    let diagnostic = value("diagnostic-code").map(|code| clean::line(&words(code)));
    report.recipients.push(ReportedRecipient {
        address,
        action: action.unwrap_or_else(|| implied.to_owned()),
        status,
        diagnostic: diagnostic.map(|words| words.chars().take(DIAGNOSTIC_CHARS).collect()),
    });
}

/// `rfc822; jane+2Bwater@example.org` is `jane+water@example.org`: servers pass on what RFC 3461 made of plus and equals.
fn recipient_address(value: &str) -> Option<String> {
    let address = clean::address(without_type(value).trim_matches(['<', '>']))?;
    Some(address.replace("+2B", "+").replace("+3D", "="))
}

/// Cuts `rfc822;` and `smtp;`.
fn without_type(value: &str) -> &str {
    match value.split_once(';') {
        Some((kind, rest)) if kind.trim().bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte)) => {
            rest.trim()
        }
        _ => value.trim(),
    }
}

fn status_code(value: &str) -> Option<String> {
    let code = value.split(|c: char| !c.is_ascii_digit() && c != '.').find(|word| word.matches('.').count() == 2)?;
    let numbers = code.split('.').all(|number| (1..=3).contains(&number.len()));
    (numbers && code.starts_with(['2', '4', '5'])).then(|| code.to_owned())
}

fn failed_recipient(address: String, diagnostic: Option<String>) -> ReportedRecipient {
    let status = diagnostic.as_deref().and_then(|words| words.split_once('#')).and_then(|(_, code)| status_code(code));
    ReportedRecipient { address, action: "failed".to_owned(), status, diagnostic }
}

/// qmail's way: `<jane@example.org>:` on a line, the reason below.
fn read_bracketed(text: &str, report: &mut Report) {
    let mut lines = text.lines().peekable();
    while let Some(line) = lines.next() {
        if line.starts_with("---") {
            break;
        }
        let address = line.trim().strip_prefix('<').and_then(|line| line.strip_suffix(">:")).and_then(clean::address);
        if let Some(address) = address {
            let reason = lines.peek().map(|reason| clean::line(reason)).filter(|reason| !reason.is_empty());
            report.recipients.push(failed_recipient(address, reason));
        }
    }
}

/// The id of the message that came back with the report, whole or only its header.
fn returned_id(part: &MessagePart<'_>) -> Option<String> {
    if let PartType::Message(returned) = &part.body {
        return Fields::of(returned).ids("Message-ID").into_iter().next();
    }
    if !has_type(part, "text", &["rfc822-headers"]) && !has_type(part, "message", &["rfc822-headers", "rfc822"]) {
        return None;
    }
    let headers = MessageParser::new().default_header_ignore().parse_headers(part.contents())?;
    Fields::of(&headers).ids("Message-ID").into_iter().next()
}

fn id_in_text(text: &str) -> Option<String> {
    let mut lines = text.lines().map(|line| line.trim_start_matches(['>', ' ', '\t']));
    while let Some(line) = lines.next() {
        if line.get(..11).is_some_and(|name| name.eq_ignore_ascii_case("message-id:")) {
            let value = line[11..].trim();
            let value = if value.is_empty() { lines.next()?.trim() } else { value };
            return clean::id(value, ID_BYTES);
        }
    }
    None
}
