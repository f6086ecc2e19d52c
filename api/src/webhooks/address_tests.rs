//! However an address inside is spelled, no call reaches it.

use std::sync::Arc;

use civicdesk_contract::SystemClock;
use tokio::net::TcpListener;

use super::*;
use crate::{
    channels::net::{self, Reach},
    webhooks::calling::{self, Call},
};

/// Spellings of addresses inside. What means this machine leads to the canary, if anything gets through.
const INSIDE: &[&str] = &[
    "127.0.0.1",
    "127.0.0.1.",
    "127.1",
    "127.0.1",
    "127.255.255.254",
    "2130706433",
    "0x7f000001",
    "0x7f.1",
    "0x7f.0.0.1",
    "0177.0.0.1",
    "017700000001",
    "0177.1",
    "0x7F.0x0.0x0.0x1",
    "%31%32%37.0.0.1",
    "127。0。0。1",
    "１２７.0.0.1",
    "①②⑦.0.0.1",
    "localhost",
    "LOCALHOST",
    "localhost.",
    "0.0.0.0",
    "0",
    "0x0",
    "[::]",
    "[::1]",
    "[0:0:0:0:0:0:0:1]",
    "[0000:0000:0000:0000:0000:0000:0000:0001]",
    "[::ffff:127.0.0.1]",
    "[::ffff:7f00:1]",
    "[::ffff:0:0]",
    "[::127.0.0.1]",
    "[64:ff9b::7f00:1]",
    "[64:ff9b:1::7f00:1]",
    "[2002:7f00:1::]",
    "[2001::1]",
    "[100::1]",
    "[fc00::1]",
    "[fd12:3456:789a::1]",
    "[fe80::1]",
    "[ff02::1]",
    "10.0.0.1",
    "10.1",
    "167772161",
    "100.64.0.1",
    "169.254.169.254",
    "0xa9fea9fe",
    "2852039166",
    "[::ffff:a9fe:a9fe]",
    "172.16.0.1",
    "192.0.0.192",
    "192.168.1.1",
    "198.18.0.1",
    "224.0.0.1",
    "240.0.0.1",
    "255.255.255.255",
];

#[tokio::test]
async fn no_spelling_of_an_address_inside_is_taken_or_called() {
    let canary = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let six = TcpListener::bind("[::1]:0").await.ok();
    let port = canary.local_addr().unwrap().port();
    let tools = net::tools(Arc::new(SystemClock), &Reach::new(|_| false)).unwrap();
    let ports = [Some(port), six.as_ref().map(|six| six.local_addr().unwrap().port())];
    for host in INSIDE {
        for port in ports.into_iter().flatten() {
            for scheme in ["https", "http"] {
                let url = format!("{scheme}://{host}:{port}/hook");
                assert!(check(&tools, &url).await.is_err(), "{url} is taken");
                let call = Call { url: url.clone(), id: "evt_1".into(), body: "{}".into(), keys: Vec::new() };
                let outcome = calling::call(&tools, &call).await;
                assert!(!outcome.arrived() && outcome.status.is_none(), "{url} is called: {outcome:?}");
            }
        }
    }
    let nobody = timeout(Duration::from_millis(50), canary.accept()).await;
    assert!(nobody.is_err(), "nothing may have reached the canary");
    if let Some(six) = six {
        assert!(timeout(Duration::from_millis(50), six.accept()).await.is_err(), "nothing may have reached the canary");
    }
}

#[tokio::test]
async fn a_redirect_leads_nowhere() {
    let canary = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = canary.local_addr().unwrap().port();
    for status in [301, 302, 303, 307, 308] {
        let site = civicdesk_contract::testkit::FakeHttp::start(move |_| {
            let there = civicdesk_contract::testkit::Answered::new(status, "text/plain", "");
            Some(there.with_header("location", format!("http://127.0.0.1:{port}/")))
        });
        let site = site.await.unwrap();
        let tools = net::tools(Arc::new(SystemClock), &Reach::new(|address| address.is_loopback())).unwrap();
        let call = Call { url: site.url(), id: "evt_1".into(), body: "{}".into(), keys: Vec::new() };
        let outcome = calling::call(&tools, &call).await;
        assert_eq!((outcome.arrived(), outcome.status), (false, Some(status)));
    }
    assert!(timeout(Duration::from_millis(50), canary.accept()).await.is_err(), "nothing may have reached the canary");
}
