//! OUT-20: at every step of sending the host learns whether to try again, and whether the mail may have gone out.

use std::{sync::Arc, time::Duration};

use civicdesk_contract::{Channel, Error, IdentityKind, Kind, Outbound, Party, Retry, Settings, testkit::tools};
use serde_json::{Value, json};

use crate::fake_smtp::{FakeSmtp, PASSWORD, Trick};

pub fn settings(server: &FakeSmtp) -> Value {
    json!({
        "address": "service@riverton.example",
        "name": "City of Riverton",
        "smtp": {
            "host": "127.0.0.1", "port": server.port(), "security": "none",
            "username": "service", "password": PASSWORD,
        },
    })
}

fn channel(server: &FakeSmtp) -> Arc<dyn Channel> {
    civicdesk_email::connector().open(Settings(settings(server)), tools()).unwrap()
}

pub fn message(to: &[&str]) -> Outbound {
    let party = |address: &&str| Party { kind: IdentityKind::Email, address: (*address).to_owned(), name: None };
    Outbound {
        key: "msg_1".into(),
        message_id: "msg_1@riverton.example".into(),
        from_name: None,
        to: to.iter().map(party).collect(),
        cc: vec![],
        reply_to: None,
        return_path: None,
        subject: Some("Your street light".into()),
        text: "Dear Ann,\n.\n..it shines again.\n".into(),
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

/// Plays one trick at one step, on a mail that does not fit into the buffers between here and there.
async fn tricked(step: &'static str, trick: Trick) -> (Error, usize) {
    let server = FakeSmtp::start().await;
    server.plan(move |at, _| (at == step).then(|| trick.clone()));
    let mut large = message(&["ann@home.example"]);
    if step == "body" {
        large.text = "It shines again.\n".repeat(1 << 20);
    }
    let error = channel(&server).send(&large).await.unwrap_err();
    (error, server.taken().len())
}

#[tokio::test]
async fn a_lost_connection_is_tried_again_unless_the_verdict_was_due() {
    for step in ["greeting", "EHLO", "AUTH", "MAIL", "RCPT", "DATA", "body"] {
        let (error, taken) = tricked(step, Trick::Drop).await;
        assert_eq!((error.kind, error.retry, taken), (Kind::Unreachable, Retry::Later, 0), "{step}: {error}");
    }
    let (error, taken) = tricked("verdict", Trick::Drop).await;
    assert_eq!((error.kind, error.retry, taken), (Kind::Unreachable, Retry::Unsure, 1), "{error}");
    assert!(error.detail.contains("may have gone out"), "{error}");
}

#[tokio::test]
async fn a_passing_refusal_is_tried_again_at_every_step() {
    for step in ["greeting", "EHLO", "AUTH", "MAIL", "RCPT", "DATA", "verdict"] {
        for answer in ["421 4.3.2 shutting down\r\n", "451 4.7.1 try again later\r\n"] {
            let (error, _) = tricked(step, Trick::Say(answer)).await;
            assert_eq!(error.retry, Retry::Later, "{step} {answer}: {error}");
            assert!(matches!(error.kind, Kind::Limited | Kind::Unreachable), "{step} {answer}: {error}");
            assert!(error.detail.contains(answer[..3].trim()), "{error}");
        }
    }
}

#[tokio::test]
async fn a_refusal_for_good_is_told_in_the_servers_words() {
    for step in ["MAIL", "RCPT", "DATA", "verdict"] {
        let (error, _) = tricked(step, Trick::Say("550-5.7.1 Your message\r\n550 5.7.1 looks like spam\r\n")).await;
        assert_eq!((error.kind, error.retry), (Kind::Refused, Retry::Never), "{step}: {error}");
        assert!(error.detail.contains("looks like spam"), "{error}");
    }
    for step in ["greeting", "EHLO"] {
        let (error, _) = tricked(step, Trick::Say("554 no service for you\r\n")).await;
        assert_eq!((error.kind, error.retry), (Kind::Unreachable, Retry::Later), "{step}: {error}");
    }
}

#[tokio::test]
async fn an_answer_that_makes_no_sense_after_the_mail_leaves_it_open() {
    let (error, _) = tricked("verdict", Trick::Say("what?\r\n")).await;
    assert_eq!(error.retry, Retry::Unsure, "{error}");
    let (error, _) = tricked("DATA", Trick::Say("250 go on\r\n")).await;
    assert_eq!(error.retry, Retry::Later, "{error}");
}

#[tokio::test]
async fn a_server_that_falls_silent_is_given_up_and_only_a_missing_verdict_is_unsure() {
    for (step, retry) in [("MAIL", Retry::Later), ("DATA", Retry::Later), ("verdict", Retry::Unsure)] {
        let server = FakeSmtp::start().await;
        let (silent, heard) = tokio::sync::oneshot::channel();
        let mut silent = Some(silent);
        server.plan(move |at, _| {
            (at == step).then(|| {
                let _ = silent.take().map(|silent| silent.send(()));
                Trick::Silence
            })
        });
        let channel = channel(&server);
        let sending = tokio::spawn(async move { channel.send(&message(&["ann@home.example"])).await });
        heard.await.unwrap();
        tokio::time::pause();
        let error = sending.await.unwrap().unwrap_err();
        tokio::time::resume();
        assert_eq!((error.kind, error.retry), (Kind::Unreachable, retry), "{step}: {error}");
    }
}

#[tokio::test]
async fn a_message_goes_to_all_its_recipients_or_to_none_and_says_who_was_refused() {
    let refusing = |code: &'static str| async move {
        let server = FakeSmtp::start().await;
        server.plan(move |at, line| (at == "RCPT" && line.contains("bob")).then_some(Trick::Say(code)));
        let error = channel(&server).send(&message(&["ann@home.example", "bob@home.example"])).await.unwrap_err();
        assert!(server.taken().is_empty());
        assert!(error.detail.contains("bob@home.example") && !error.detail.contains("ann@"), "{error}");
        (error.kind, error.retry)
    };
    assert_eq!(refusing("550 5.1.1 unknown\r\n").await, (Kind::Refused, Retry::Never));
    assert_eq!(refusing("450 4.2.0 greylisted\r\n").await, (Kind::Limited, Retry::Later));
}

#[tokio::test]
async fn a_wrong_password_is_said_and_nothing_goes_out() {
    let server = FakeSmtp::start().await;
    let mut wrong = settings(&server);
    wrong["smtp"]["password"] = json!("wrong");
    let channel = civicdesk_email::connector().open(Settings(wrong), tools()).unwrap();
    for error in [channel.check().await.unwrap_err(), channel.send(&message(&["ann@home.example"])).await.unwrap_err()]
    {
        assert_eq!(error.kind, Kind::Credentials);
        assert!(error.detail.contains("password"), "{error}");
    }
    assert!(server.taken().is_empty());
}

#[tokio::test]
async fn what_the_server_takes_is_the_mail_and_its_answer_is_kept() {
    let server = FakeSmtp::start().await;
    let sent = channel(&server).send(&message(&["ann@home.example"])).await.unwrap();
    assert_eq!((&*sent.id.0, &*sent.detail), ("msg_1@riverton.example", "250 2.0.0 ok: queued as 4F2"));
    let taken = &server.taken()[0];
    assert_eq!((&*taken.from, &*taken.to), ("service@riverton.example", &["ann@home.example".to_owned()][..]));
    let read = civicdesk_email::read_mail(&taken.raw, &Default::default()).unwrap();
    assert_eq!(read.message_id.as_deref(), Some("msg_1@riverton.example"));
    assert_eq!(read.text.replace("\r\n", "\n").trim_end(), "Dear Ann,\n.\n..it shines again.");
}

#[tokio::test]
async fn a_second_mail_uses_the_connection_of_the_first_unless_it_died() {
    let server = FakeSmtp::start().await;
    let channel = channel(&server);
    for _ in 0..3 {
        channel.send(&message(&["ann@home.example"])).await.unwrap();
    }
    assert_eq!((server.taken().len(), server.heard("EHLO")), (3, 1));

    server.plan(|at, _| (at == "RSET").then_some(Trick::Say("421 idle too long\r\n")));
    channel.send(&message(&["ann@home.example"])).await.unwrap();
    assert_eq!((server.taken().len(), server.heard("EHLO")), (4, 2));
}

#[tokio::test]
async fn after_a_refused_mail_the_next_one_goes_out_alone() {
    let server = FakeSmtp::start().await;
    server.plan(|at, line| (at == "RCPT" && line.contains("bob")).then_some(Trick::Say("550 unknown\r\n")));
    let channel = channel(&server);
    channel.send(&message(&["ann@home.example", "bob@home.example"])).await.unwrap_err();
    channel.send(&message(&["eve@home.example"])).await.unwrap();
    assert_eq!(server.taken()[0].to, ["eve@home.example"]);
}

#[tokio::test]
async fn a_server_that_greets_nobody_gets_words_about_the_port() {
    let server = FakeSmtp::start().await;
    let (silent, heard) = tokio::sync::oneshot::channel();
    let mut silent = Some(silent);
    server.plan(move |_, _| {
        let _ = silent.take().map(|silent| silent.send(()));
        Some(Trick::Silence)
    });
    let channel = channel(&server);
    let checking = tokio::spawn(async move { channel.check().await });
    heard.await.unwrap();
    tokio::time::pause();
    tokio::time::advance(Duration::from_secs(1)).await;
    assert!(checking.await.unwrap().unwrap_err().detail.contains("port"));
}

/// What is said in the open after the agreement would otherwise be taken for the encrypted server's first words.
#[tokio::test]
async fn nothing_said_before_encryption_is_believed_after_it() {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let server = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut heard = [0; 512];
        stream.write_all(b"220 ready\r\n").await.unwrap();
        let _ = stream.read(&mut heard).await.unwrap();
        stream.write_all(b"250-fake\r\n250 STARTTLS\r\n").await.unwrap();
        let _ = stream.read(&mut heard).await.unwrap();
        stream.write_all(b"220 go ahead\r\n250-evil\r\n250 AUTH PLAIN\r\n").await.unwrap();
        stream.read(&mut heard).await
    });
    let settings = json!({
        "address": "service@riverton.example",
        "smtp": {"host": "127.0.0.1", "port": port, "security": "starttls"},
    });
    let channel = civicdesk_email::connector().open(Settings(settings), tools()).unwrap();
    let error = channel.check().await.unwrap_err();
    assert!(error.detail.contains("in the open"), "{error}");
    assert_eq!(server.await.unwrap().unwrap(), 0, "not one byte of a handshake or a password was sent");
}

#[tokio::test]
async fn a_server_without_encryption_gets_no_password() {
    let server = FakeSmtp::start().await;
    let mut settings = settings(&server);
    settings["smtp"]["security"] = json!("starttls");
    let channel = civicdesk_email::connector().open(Settings(settings), tools()).unwrap();
    let error = channel.check().await.unwrap_err();
    assert!(error.kind == Kind::Settings && error.detail.contains("STARTTLS"), "{error}");
    assert_eq!(server.heard("AUTH"), 0);
}
