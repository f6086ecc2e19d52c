//! A provider that thinks too long: what was asked may be asked again, what was sent may have gone out.

use std::time::Duration;

use civicdesk_contract::{Connector, IdentityKind, Kind, Party, Retry, Settings, Tools, testkit::tools};
use civicdesk_providers::{Trouble, Troubles, mastodon, meta, telegram, x};
use civicdesk_social as social;
use serde_json::{Value, json};

use crate::bench::message;

/// The host's client, with far less patience.
#[expect(clippy::disallowed_methods, reason = "a test's own client, which must reach loopback and not wait long")]
fn impatient() -> Tools {
    let http = reqwest::Client::builder().no_proxy().timeout(Duration::from_millis(700)).build().unwrap();
    Tools { http, ..tools() }
}

async fn in_doubt(connector: &dyn Connector, settings: Value, to: Party, calls_before: usize, troubles: &Troubles) {
    let channel = connector.open(Settings(settings), impatient()).unwrap();
    let slow = Trouble::Slow(Duration::from_secs(5));
    troubles.then(slow.clone());
    let looked = channel.check().await.unwrap_err();
    assert_eq!((looked.kind, looked.retry), (Kind::Unreachable, Retry::Later), "{looked}");
    troubles.times(calls_before, &Trouble::Slow(Duration::ZERO));
    troubles.then(slow);
    let sent = channel.send(&message(to, "Are you there?")).await.unwrap_err();
    assert_eq!((sent.kind, sent.retry), (Kind::Unreachable, Retry::Unsure), "{sent}");
}

fn account(address: &str) -> Party {
    Party { kind: IdentityKind::Account, address: address.to_owned(), name: None }
}

#[tokio::test]
async fn a_send_without_an_answer_in_time_is_in_doubt_and_a_question_is_asked_again() {
    let fake = telegram::Telegram::start().await;
    let settings = json!({ "token": telegram::TOKEN, "url": fake.url() });
    in_doubt(&*social::telegram::connector(), settings, account("telegram:4711"), 0, fake.troubles()).await;

    let fake = mastodon::Mastodon::start().await;
    let settings = json!({ "token": mastodon::TOKEN, "url": fake.url() });
    let maria = Party { kind: IdentityKind::Handle, ..account("maria@far.example") };
    in_doubt(&*social::mastodon::connector(), settings, maria, 1, fake.troubles()).await;

    let fake = meta::Meta::start(meta::Kind::Messenger).await;
    let settings = json!({
        "account_id": meta::Kind::Messenger.account(), "token": meta::TOKEN, "app_secret": meta::APP_SECRET,
        "verify_token": meta::VERIFY_TOKEN, "url": fake.url(),
    });
    in_doubt(&*social::meta::messenger(), settings, account("messenger:4711"), 0, fake.troubles()).await;

    let fake = x::X::start().await;
    let settings = json!({
        "user_id": x::ME, "consumer_key": x::CONSUMER_KEY, "consumer_secret": x::CONSUMER_SECRET,
        "access_token": x::TOKEN, "access_token_secret": x::TOKEN_SECRET, "url": fake.url(),
    });
    in_doubt(&*social::x::connector(), settings, account("x:4711"), 0, fake.troubles()).await;
}
