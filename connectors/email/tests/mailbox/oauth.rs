//! Sign-in with OAuth 2 against a real Dovecot, a real Postfix and a token endpoint that can end tokens.

use std::sync::Arc;

use civicdesk_contract::{Channel, Kind};
use serde_json::{Value, json};

use crate::{
    real::{Bare, all, env, imap_settings, letter, open, port, user},
    smtp_faults::message,
};

fn settings(user: &str) -> Value {
    let mut settings = imap_settings(user);
    settings["imap"].as_object_mut().unwrap().remove("password");
    settings["smtp"] = json!({
        "host": env("MTA_HOST"), "port": port("MTA_SUBMISSION_PORT"), "security": "starttls", "username": user,
    });
    settings["oauth"] = json!({
        "token_url": format!("{}/token", env("OAUTH_URL")),
        "client_id": "civicdesk",
        "client_secret": "client secret",
        "refresh_token": format!("refresh-{user}"),
    });
    settings
}

/// Ends tokens, or counts those given out.
async fn control(verb: &str, user: &str) -> u64 {
    let url = format!("{}/control/{verb}?user={user}", env("OAUTH_URL"));
    let answer = civicdesk_contract::testkit::tools().http.get(url).send().await.unwrap();
    answer.json::<Value>().await.unwrap()["count"].as_u64().unwrap()
}

fn channel(user: &str) -> Arc<dyn Channel> {
    open(settings(user))
}

#[tokio::test]
#[ignore = "needs Dovecot and Postfix: run by tests/run"]
async fn one_token_signs_in_everywhere_until_it_is_about_to_expire() {
    let user = user("token");
    Bare::sign_in(&user).await.append("INBOX", &letter("a")).await;
    let channel = channel(&user);
    channel.check().await.unwrap();
    assert_eq!(all(&*channel, None).await.items.len(), 1);
    channel.send(&message(&[&user])).await.unwrap();
    assert_eq!(control("count", &user).await, 1);
}

#[tokio::test]
#[ignore = "needs Dovecot and Postfix: run by tests/run"]
async fn a_token_that_ends_before_its_time_is_replaced_without_anybody_noticing() {
    let user = user("expired");
    let channel = channel(&user);
    channel.check().await.unwrap();
    control("expire", &user).await;
    channel.check().await.unwrap();
    assert_eq!(control("count", &user).await, 2);
    control("expire", &user).await;
    channel.send(&message(&[&user])).await.unwrap();
    assert_eq!(control("count", &user).await, 3);
}

#[tokio::test]
#[ignore = "needs Dovecot and Postfix: run by tests/run"]
async fn a_withdrawn_consent_is_said_at_once_and_mended_by_a_new_one() {
    let user = user("revoked");
    let channel = channel(&user);
    channel.check().await.unwrap();
    control("revoke", &user).await;
    let polled = open(settings(&user)).poll(None, 10).await.unwrap_err();
    let sent = channel.send(&message(&[&user])).await.unwrap_err();
    for error in [polled, sent] {
        assert_eq!(error.kind, Kind::Credentials, "{error}");
        assert!(error.detail.contains("connect the mailbox again"), "{error}");
        assert!(!format!("{error:?}").contains("refresh-"), "{error:?}");
    }
    control("restore", &user).await;
    channel.check().await.unwrap();
}

#[tokio::test]
async fn a_token_endpoint_that_is_down_is_tried_again() {
    let settings = json!({
        "address": "service@riverton.example",
        "imap": {"host": "127.0.0.1", "port": 1, "security": "none", "username": "service"},
        "oauth": {"token_url": "http://127.0.0.1:1/token", "client_id": "c", "refresh_token": "refresh-token"},
    });
    let error = open(settings).poll(None, 1).await.unwrap_err();
    assert_eq!((error.kind, error.retry), (Kind::Unreachable, civicdesk_contract::Retry::Later), "{error}");
    assert!(!format!("{error:?}").contains("refresh-token"), "{error:?}");
}
