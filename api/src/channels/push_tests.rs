//! What senders are promised, from the socket to the tenants' ledgers.

use serde_json::json;
use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader},
    net::{TcpListener, TcpStream},
};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::{
    builtin::lmtp,
    listener::{self, Limits, Listener, Protocol},
    push,
    setup::{self, NewChannel},
};
use crate::{
    cases::intake,
    jobs::bench::Bench,
    store::{self, Tx, channels, inbound, inbound::Item, tenants},
};

async fn listening(bench: &Bench, protocol: Protocol) -> BufReader<TcpStream> {
    let socket = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = socket.local_addr().unwrap();
    let listener = Listener { protocol, hostname: "mx.test".to_owned(), limits: Limits::default() };
    tokio::spawn(listener::serve(socket, listener, push::backend(bench.deps.intake.clone()), CancellationToken::new()));
    let mut sender = BufReader::new(TcpStream::connect(address).await.unwrap());
    reply(&mut sender).await;
    sender
}

async fn reply(sender: &mut BufReader<TcpStream>) -> String {
    loop {
        let mut line = String::new();
        sender.read_line(&mut line).await.unwrap();
        if line.as_bytes().get(3) != Some(&b'-') {
            return line;
        }
    }
}

async fn say(sender: &mut BufReader<TcpStream>, line: &str) -> String {
    sender.write_all(format!("{line}\r\n").as_bytes()).await.unwrap();
    reply(sender).await
}

async fn address(bench: &Bench, tenant: Uuid, address: &str) -> channels::Channel {
    let new = NewChannel {
        connector: lmtp::ID.to_owned(),
        name: None,
        address: Some(address.to_owned()),
        settings: json!({ "address": address }),
        case_policy: None,
        fallback_channel_id: None,
    };
    setup::create(&bench.store, &bench.deps.opener, tenant, &bench.act(), new).await.unwrap()
}

async fn items(bench: &Bench, tenant: Uuid) -> Vec<Item> {
    let listed: store::Result<_> =
        bench.store.tenant(tenant).read(|tx| inbound::list(tx, None, None, None, 1000)).await;
    listed.unwrap()
}

const LETTER: &str = r#"{"id":"1@x.example","from":{"kind":"email","address":"ann@x.example","name":null},"subject":"Lamp","text":".out"}"#;

/// Hands one letter over to these addresses and answers the replies.
async fn hand_over(sender: &mut BufReader<TcpStream>, to: &[&str], replies: usize) -> Vec<String> {
    assert!(say(sender, "MAIL FROM:<ann@x.example>").await.starts_with("250"));
    for address in to {
        let known = say(sender, &format!("RCPT TO:<{address}>")).await;
        assert!(known.starts_with("250"), "{address}: {known}");
    }
    assert!(say(sender, "DATA").await.starts_with("354"));
    sender.write_all(format!("{LETTER}\r\n.\r\n").as_bytes()).await.unwrap();
    let mut codes = Vec::new();
    for _ in 0..replies {
        codes.push(reply(sender).await[..3].to_owned());
    }
    codes
}

#[tokio::test]
async fn one_mail_to_two_agencies_is_in_both_ledgers_with_a_reply_for_each() {
    let bench = Bench::start();
    let (town, city) = (bench.tenant("town").await, bench.tenant("city").await);
    address(&bench, town, "help@town.example").await;
    address(&bench, city, "help@city.example").await;
    let mut sender = listening(&bench, Protocol::Lmtp).await;
    say(&mut sender, "LHLO x").await;
    let to = ["Help+riv-1@Town.example", "help@city.example"];
    assert_eq!(hand_over(&mut sender, &to, 2).await, ["250", "250"]);
    for (tenant, at) in [(town, to[0]), (city, to[1])] {
        let item = items(&bench, tenant).await.remove(0);
        assert_eq!(item.raw.unwrap(), format!("{LETTER}\r\n").into_bytes());
        assert_eq!(item.envelope.0["to"], json!([at]));
        assert_eq!(item.envelope.0["from"], "ann@x.example");
        intake::work(&bench.deps.intake, tenant, 10).await.unwrap();
        assert_eq!(items(&bench, tenant).await[0].filed_as.as_deref(), Some("message"));
    }
}

#[tokio::test]
async fn an_address_is_known_unknown_or_closed_for_now() {
    let bench = Bench::start();
    let (town, city) = (bench.tenant("town").await, bench.tenant("city").await);
    let row = address(&bench, town, "help@town.example").await;
    address(&bench, city, "help@city.example").await;
    let mut sender = listening(&bench, Protocol::Smtp).await;
    say(&mut sender, "EHLO x").await;
    say(&mut sender, "MAIL FROM:<>").await;
    for (to, code) in [("help@town.example", "250"), ("nobody@town.example", "550"), ("help@city.example", "452")] {
        assert!(say(&mut sender, &format!("RCPT TO:<{to}>")).await.starts_with(code), "{to}");
    }
    let pause = move |tx: &mut Tx| channels::update(tx, &channels::Channel { state: "paused".into(), ..row.clone() });
    let paused: store::Result<_> = bench.store.tenant(town).write(pause).await;
    paused.unwrap();
    bench.store.control_write(move |c| tenants::set_status(c, city, tenants::SUSPENDED)).await.unwrap();
    for to in ["help@town.example", "help@city.example"] {
        assert!(say(&mut sender, &format!("RCPT TO:<{to}>")).await.starts_with("450"), "{to}");
    }
}

#[tokio::test]
async fn a_sender_whose_reply_was_lost_comes_again_and_makes_no_second_message() {
    let bench = Bench::start();
    let town = bench.tenant("town").await;
    address(&bench, town, "help@town.example").await;
    let mut sender = listening(&bench, Protocol::Lmtp).await;
    say(&mut sender, "LHLO x").await;
    for _ in 0..2 {
        assert_eq!(hand_over(&mut sender, &["help@town.example"], 1).await, ["250"]);
    }
    let worked = intake::work(&bench.deps.intake, town, 10).await.unwrap();
    assert_eq!((worked.messages, worked.duplicates), (1, 1), "both arrivals are in the ledger, one is a message");
}

#[tokio::test]
async fn what_cannot_be_stored_stays_with_its_sender() {
    let bench = Bench::start();
    let town = bench.tenant("town").await;
    address(&bench, town, "help@town.example").await;
    let mut sender = listening(&bench, Protocol::Lmtp).await;
    say(&mut sender, "LHLO x").await;
    // A mail too large for a row goes to the blob store first; there is none any more.
    bench.lose_the_blobs();
    assert!(say(&mut sender, "MAIL FROM:<ann@x.example>").await.starts_with("250"));
    assert!(say(&mut sender, "RCPT TO:<help@town.example>").await.starts_with("250"));
    assert!(say(&mut sender, "DATA").await.starts_with("354"));
    sender.write_all(&[vec![b'x'; 100_000], b"\r\n.\r\n".to_vec()].concat()).await.unwrap();
    assert!(reply(&mut sender).await.starts_with("451"));
    assert!(items(&bench, town).await.is_empty());
    assert_eq!(hand_over(&mut sender, &["help@town.example"], 1).await, ["250"], "the next one may fit");
}
