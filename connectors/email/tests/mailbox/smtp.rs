//! SMTP against a real Postfix that delivers into a real Dovecot.

use civicdesk_contract::{Kind, OutboundAttachment, Retry};
use serde_json::{Value, json};

use crate::{
    real::{Bare, env, open, port, user},
    smtp_faults::message,
};

fn settings(security: &str, port: u16) -> Value {
    json!({
        "address": "service@riverton.test",
        "name": "City of Riverton",
        "smtp": {
            "host": env("MTA_HOST"), "port": port, "security": security,
            "username": "service@riverton.test", "password": env("DOVECOT_PASSWORD"),
        },
        "ca_file": env("MTA_CA"),
    })
}

#[tokio::test]
#[ignore = "needs Dovecot and Postfix: run by tests/run"]
async fn an_answer_arrives_as_it_was_meant_over_every_kind_of_connection() {
    for (security, port) in
        [("starttls", port("MTA_SUBMISSION_PORT")), ("tls", port("MTA_SMTPS_PORT")), ("none", port("MTA_SMTP_PORT"))]
    {
        let citizen = user(&format!("citizen-{security}"));
        let mut answer = message(&[&citizen]);
        answer.message_id = format!("{security}-{}@riverton.test", std::process::id());
        answer.to[0].name = Some("Jörg \"Ann\" Müller".into());
        answer.subject = Some("Ihre Straßenlaterne [RIV-2026-000001] – ".to_owned() + &"und so weiter ".repeat(20));
        answer.text = "Grüße,\n.\n..\nFrom here on it shines.\n".into();
        answer.html = Some("<p>Grüße</p>".into());
        answer.attachments = vec![OutboundAttachment {
            name: "Größe.pdf".into(),
            content_type: "application/pdf".into(),
            bytes: (0..=255).cycle().take(3 << 20).collect(),
        }];
        answer.in_reply_to = Some("q1@home.test".into());
        answer.references = vec!["q0@home.test".into()];
        answer.return_path = Some("bounce+tok@riverton.test".into());

        let channel = open(settings(security, port));
        let identity = channel.check().await.unwrap();
        assert!(identity.detail.contains("SMTP"), "{identity:?}");
        let sent = channel.send(&answer).await.unwrap();
        assert!(sent.detail.starts_with("250 2.0.0"), "{}", sent.detail);

        let raw = Bare::sign_in(&citizen).await.first_mail("INBOX").await;
        assert!(String::from_utf8_lossy(&raw).contains("Return-Path: <bounce+tok@riverton.test>"), "{security}");
        let read = civicdesk_email::read_mail(&raw, &Default::default()).unwrap();
        assert_eq!(read.message_id.as_deref(), Some(&*answer.message_id));
        assert_eq!(read.subject.as_deref().map(str::trim), answer.subject.as_deref().map(str::trim));
        assert_eq!(read.text.replace("\r\n", "\n").trim_end(), answer.text.trim_end());
        assert_eq!(read.to[0].address, citizen);
        assert_eq!(read.to[0].name, answer.to[0].name);
        assert_eq!(read.from.unwrap().name.as_deref(), Some("City of Riverton"));
        assert_eq!(read.thread.in_reply_to, ["q1@home.test"]);
        assert_eq!(read.thread.references, ["q1@home.test", "q0@home.test"]);
        assert_eq!(read.attachments.len(), 1);
        assert_eq!(read.attachments[0].name, "Größe.pdf");
        assert!(read.attachments[0].bytes == answer.attachments[0].bytes);
        assert!(read.html.unwrap().contains("Grüße"));
    }
}

#[tokio::test]
#[ignore = "needs Dovecot and Postfix: run by tests/run"]
async fn a_letter_of_ours_arrives_marked_and_without_a_return_path() {
    let citizen = user("letter");
    let mut letter = message(&[&citizen]);
    letter.automatic = true;
    letter.return_path = Some(String::new());
    open(settings("tls", port("MTA_SMTPS_PORT"))).send(&letter).await.unwrap();
    let raw = Bare::sign_in(&citizen).await.first_mail("INBOX").await;
    let text = String::from_utf8(raw).unwrap();
    for line in ["Return-Path: <>", "Auto-Submitted: auto-generated", "X-Auto-Response-Suppress: All"] {
        assert!(text.contains(&format!("{line}\r\n")), "{line}: {text}");
    }
}

#[tokio::test]
#[ignore = "needs Dovecot and Postfix: run by tests/run"]
async fn a_real_servers_refusals_are_told_apart() {
    let channel = open(settings("tls", port("MTA_SMTPS_PORT")));
    let error = channel.send(&message(&["refused@home.test"])).await.unwrap_err();
    assert_eq!((error.kind, error.retry), (Kind::Refused, Retry::Never), "{error}");
    assert!(error.detail.contains("No such mailbox here"), "{error}");
    let error = channel.send(&message(&["busy@home.test"])).await.unwrap_err();
    assert_eq!((error.kind, error.retry), (Kind::Limited, Retry::Later), "{error}");
    let citizen = user("after-refusals");
    channel.send(&message(&[&citizen])).await.unwrap();
    Bare::sign_in(&citizen).await.first_mail("INBOX").await;
}

#[tokio::test]
#[ignore = "needs Dovecot and Postfix: run by tests/run"]
async fn a_wrong_password_or_a_missing_one_is_said() {
    let mut wrong = settings("starttls", port("MTA_SUBMISSION_PORT"));
    wrong["smtp"]["password"] = json!("wrong");
    let error = open(wrong).check().await.unwrap_err();
    assert_eq!(error.kind, Kind::Credentials, "{error}");
    assert!(error.detail.starts_with("SMTP"), "{error}");

    let mut nobody = settings("starttls", port("MTA_SUBMISSION_PORT"));
    nobody["smtp"].as_object_mut().unwrap().retain(|name, _| name != "username" && name != "password");
    let error = open(nobody).send(&message(&["ann@home.test"])).await.unwrap_err();
    assert_ne!(error.retry, Retry::Unsure, "{error}");
    assert!(error.detail.contains("554") || error.detail.contains("530"), "{error}");
}

#[tokio::test]
#[ignore = "needs Dovecot and Postfix: run by tests/run"]
async fn a_server_that_cannot_be_trusted_gets_no_password() {
    let mut stranger = settings("starttls", port("MTA_SUBMISSION_PORT"));
    stranger["ca_file"] = json!(null);
    let error = open(stranger).check().await.unwrap_err();
    assert_eq!(error.kind, Kind::Settings, "{error}");
    assert!(error.detail.contains("certificate"), "{error}");
}
