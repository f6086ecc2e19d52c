//! Carries a provider's calls to a running program: one, or a storm of repetitions in any order on many connections.

use std::collections::BTreeMap;

use civicdesk_contract::HookCall;
use futures_util::StreamExt;
use reqwest::{Client, Method, Url};

/// A client without proxy and without patience for redirects, as providers have.
#[expect(clippy::disallowed_methods, reason = "the provider's own client, which must reach the loopback")]
pub fn client() -> Client {
    Client::builder().no_proxy().redirect(reqwest::redirect::Policy::none()).build().expect("a plain HTTP client")
}

/// Makes the call at `address`, which may be another than the public one that was signed. Gives status and body.
pub async fn deliver(client: &Client, address: &str, call: &HookCall) -> (u16, Vec<u8>) {
    try_deliver(client, address, call).await.expect("the program answers a provider's call")
}

/// As `deliver`, to a program that may die meanwhile: an error means that nothing was acknowledged.
pub async fn try_deliver(client: &Client, address: &str, call: &HookCall) -> Result<(u16, Vec<u8>), reqwest::Error> {
    let method = Method::from_bytes(call.method.as_bytes()).expect("a method");
    let mut url = Url::parse(address).expect("an address");
    url.set_query((!call.query.is_empty()).then_some(call.query.as_str()));
    let mut request = client.request(method, url).body(call.body.clone());
    for (name, value) in &call.headers {
        request = request.header(name, value);
    }
    let answer = request.send().await?;
    Ok((answer.status().as_u16(), answer.bytes().await?.to_vec()))
}

/// Makes every call `times` times, mixed by `seed`, on so many connections at once. Gives how often each status came.
pub async fn storm(
    address: &str,
    calls: &[HookCall],
    times: usize,
    connections: usize,
    seed: u64,
) -> BTreeMap<u16, usize> {
    let client = client();
    let mut all: Vec<&HookCall> = calls.iter().cycle().take(calls.len() * times).collect();
    mix(&mut all, seed);
    let each = futures_util::stream::iter(all).map(|call| deliver(&client, address, call));
    let mut statuses = BTreeMap::new();
    let mut answers = each.buffer_unordered(connections);
    while let Some((status, _)) = answers.next().await {
        *statuses.entry(status).or_default() += 1;
    }
    statuses
}

/// Fisher and Yates, from a seed, so that a failing order can be had again.
pub fn mix<T>(all: &mut [T], seed: u64) {
    let mut state = seed | 1;
    for place in (1..all.len()).rev() {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        let bound = u64::try_from(place + 1).expect("a small number");
        all.swap(place, usize::try_from(state % bound).expect("a small number"));
    }
}
