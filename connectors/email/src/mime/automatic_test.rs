//! IN-10: which mail is never answered by a machine, header by header.

use civicdesk_contract::{Automatic, Envelope};

use crate::mime::read_mail;

const TABLE: &[(&str, Automatic)] = &[
    ("Subject: The lamp", Automatic::No),
    ("Auto-Submitted: no", Automatic::No),
    ("Auto-Submitted: No (a person)", Automatic::No),
    ("Auto-Submitted: auto-replied", Automatic::Reply),
    ("auto-submitted: AUTO-REPLIED", Automatic::Reply),
    ("Auto-Submitted: auto-generated", Automatic::Reply),
    ("Auto-Submitted: auto-notified; owner-email=\"a@example.org\"", Automatic::Reply),
    ("Auto-Submitted: (vacation)\n auto-replied", Automatic::Reply),
    ("Autosubmitted: auto-replied", Automatic::Reply),
    ("Return-Path: <>", Automatic::Reply),
    ("Return-Path: < >", Automatic::Reply),
    ("Return-Path: <jane@example.org>", Automatic::No),
    ("List-Id: News <news.example.org>", Automatic::Bulk),
    ("list-id: <news.example.org>", Automatic::Bulk),
    ("List-Unsubscribe: <https://example.org/u>", Automatic::Bulk),
    ("List-Post: <mailto:news@example.org>", Automatic::Bulk),
    ("Mailing-List: contact news-help@example.org", Automatic::Bulk),
    ("Precedence: bulk", Automatic::Bulk),
    ("Precedence: Junk", Automatic::Bulk),
    ("Precedence: list", Automatic::Bulk),
    ("Precedence: auto_reply", Automatic::Reply),
    ("Precedence: first-class", Automatic::No),
    ("X-Auto-Response-Suppress: All", Automatic::DoNotAnswer),
    ("X-Auto-Response-Suppress: OOF", Automatic::DoNotAnswer),
    ("X-Auto-Response-Suppress: DR, RN, NRN, OOF, AutoReply", Automatic::DoNotAnswer),
    ("X-Auto-Response-Suppress: DR, RN, NRN", Automatic::No),
    ("X-Auto-Response-Suppress: None", Automatic::No),
    ("Authentication-Results: mx.example.org; dmarc=fail (p=NONE) header.from=example.org", Automatic::DoNotAnswer),
    ("Authentication-Results: mx.example.org;\n spf=pass; DMARC=Fail", Automatic::DoNotAnswer),
    ("Authentication-Results: mx.example.org; spf=fail; dmarc=pass", Automatic::No),
    ("Subject: dmarc=fail", Automatic::No),
    ("X-Autoreply: yes", Automatic::Reply),
    ("X-Autorespond: The lamp", Automatic::Reply),
    ("X-Autoresponder: example", Automatic::Reply),
    ("X-Mail-Autoreply: on", Automatic::Reply),
    ("X-FC-MachineGenerated: true", Automatic::Reply),
    ("X-Cron-Env: <SHELL=/bin/sh>", Automatic::Reply),
    ("From: MAILER-DAEMON@example.org", Automatic::Reply),
    ("From: Postmaster <postmaster@example.org>", Automatic::DoNotAnswer),
    ("X-Failed-Recipients: jane@example.org", Automatic::Report),
    ("Content-Type: multipart/report; report-type=delivery-status; boundary=b", Automatic::Report),
    ("Content-Type: multipart/report; report-type=disposition-notification; boundary=b", Automatic::Report),
    ("Return-Path: <>\nSubject: Undelivered Mail Returned to Sender", Automatic::Report),
    ("From: MAILER-DAEMON@example.org\nSubject: failure notice", Automatic::Report),
    ("Subject: Undelivered Mail Returned to Sender", Automatic::No),
    // The most serious wins, except that an absence notice stays one though it calls itself bulk.
    ("Auto-Submitted: auto-replied\nPrecedence: bulk\nX-Auto-Response-Suppress: All", Automatic::Reply),
    ("Auto-Submitted: auto-generated\nList-Id: <news.example.org>", Automatic::Bulk),
    ("Return-Path: <>\nPrecedence: bulk", Automatic::Bulk),
    ("List-Id: <a.example.org>\nContent-Type: multipart/report; boundary=b", Automatic::Report),
    ("X-Auto-Response-Suppress: All\nAuto-Submitted: no", Automatic::DoNotAnswer),
];

fn read(header: &str, envelope: &Envelope) -> Automatic {
    let from = if header.starts_with("From:") { "" } else { "From: Jane <jane@example.org>\n" };
    let raw = format!("{from}{header}\n\n--b\n\nThe lamp is dark.\n--b--\n");
    read_mail(raw.as_bytes(), envelope).unwrap().automatic
}

#[test]
fn a_machine_is_known_by_its_headers() {
    for (header, expected) in TABLE {
        assert_eq!(read(header, &Envelope::default()), *expected, "{header}");
    }
}

#[test]
fn a_mail_without_a_return_path_came_from_a_machine() {
    for from in ["", "<>"] {
        let envelope = Envelope { from: Some(from.to_owned()), ..Envelope::default() };
        assert_eq!(read("Subject: The lamp", &envelope), Automatic::Reply);
    }
    let envelope = Envelope { from: Some("jane@example.org".to_owned()), ..Envelope::default() };
    assert_eq!(read("Subject: The lamp", &envelope), Automatic::No);
}
