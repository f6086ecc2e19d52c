//! Files that lie at a provider: brought whole, never larger than asked for, and nobody else sees a token.

use std::sync::{Arc, Mutex};

use civicdesk_contract::{
    Channel, Kind, Media, Retry,
    testkit::{Answered, Asked, FakeHttp},
};
use civicdesk_providers::{meta, x};
use civicdesk_social as social;
use serde_json::json;

use crate::bench::open;

/// A server of files that is not the provider: it remembers what it was asked.
async fn elsewhere() -> (FakeHttp, Arc<Mutex<Vec<Asked>>>) {
    let seen = Arc::new(Mutex::new(Vec::new()));
    let remembered = Arc::clone(&seen);
    let http = FakeHttp::start(move |asked| {
        let path = asked.path.clone();
        remembered.lock().unwrap().push(asked);
        Some(match path.as_str() {
            "/photo.jpg" => Answered::new(200, "image/jpeg", vec![7; 1000]),
            "/busy" => Answered::new(503, "text/plain", "later"),
            "/moved" => Answered::new(302, "text/plain", "").with_header("location", "http://127.0.0.1:1/"),
            _ => Answered::new(404, "text/plain", "gone"),
        })
    });
    (http.await.unwrap(), seen)
}

fn channels() -> [Arc<dyn Channel>; 3] {
    let page = json!({
        "account_id": meta::Kind::Messenger.account(), "token": meta::TOKEN, "app_secret": meta::APP_SECRET,
        "verify_token": meta::VERIFY_TOKEN,
    });
    let account = json!({
        "user_id": x::ME, "consumer_key": x::CONSUMER_KEY, "consumer_secret": x::CONSUMER_SECRET,
        "access_token": x::TOKEN, "access_token_secret": x::TOKEN_SECRET,
    });
    let mastodon = json!({ "url": "https://social.riverton.example", "token": "mastodon-token" });
    [
        open(&social::meta::messenger(), page),
        open(&social::x::connector(), account),
        open(&social::mastodon::connector(), mastodon),
    ]
}

#[tokio::test]
async fn a_file_is_brought_whole_or_not_at_all_and_its_server_sees_no_token() {
    let (http, seen) = elsewhere().await;
    let at = |path: &str| Media { handle: format!("{}/{path}", http.url()), ..Media::default() };
    for channel in channels() {
        let file = channel.fetch(&at("photo.jpg"), 1000).await.unwrap();
        assert_eq!((file.bytes.len(), file.content_type.as_str()), (1000, "image/jpeg"));
        for (path, most, kind, retry) in [
            ("photo.jpg", 999, Kind::Refused, Retry::Never),
            ("busy", 1000, Kind::Unreachable, Retry::Later),
            ("gone", 1000, Kind::Refused, Retry::Never),
            ("moved", 1000, Kind::Refused, Retry::Never),
        ] {
            let error = channel.fetch(&at(path), most).await.unwrap_err();
            assert_eq!((error.kind, error.retry), (kind, retry), "{path}: {error}");
        }
        let nonsense = Media { handle: "no address".to_owned(), ..Media::default() };
        assert!(channel.fetch(&nonsense, 1000).await.is_err());
    }
    assert!(seen.lock().unwrap().iter().all(|asked| asked.header("authorization").is_none()));
}
