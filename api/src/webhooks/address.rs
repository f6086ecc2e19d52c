//! Where an agency may have its log sent: what is wrong with an address is said when it is given.
//!
//! This is a courtesy. What keeps a call from going inside is the guard of the lent client, which looks at every address
//! whenever it dials.

use std::{io::ErrorKind, net::IpAddr, time::Duration};

use civicdesk_contract::Tools;
use reqwest::Url;
use tokio::time::timeout;

use crate::fail::Fail;

const POINTER: &str = "/url";
const LONGEST: usize = 2000;
/// Whoever does not answer by then may answer later.
const PATIENCE: Duration = Duration::from_secs(3);

/// Refuses an address that can never be called.
pub async fn check(tools: &Tools, text: &str) -> Result<(), Fail> {
    let url = form(text).map_err(|why| Fail::field(POINTER, why))?;
    let (Some(host), Some(port)) = (url.host_str(), url.port_or_known_default()) else { return Ok(()) };
    match timeout(PATIENCE, tools.dial.dial(host.trim_end_matches('.'), port)).await {
        Ok(Err(e)) if e.kind() == ErrorKind::PermissionDenied => Err(Fail::field(POINTER, e.to_string())),
        _ => Ok(()),
    }
}

fn form(text: &str) -> Result<Url, &'static str> {
    if text.len() > LONGEST {
        return Err("must not be longer than 2000 characters");
    }
    let url = Url::parse(text).map_err(|_| "must be an address such as https://example.org/hooks")?;
    if !url.has_host() || !matches!(url.scheme(), "https" | "http") {
        return Err("must be an https address");
    }
    if url.scheme() == "http" && !url.host_str().is_some_and(is_here) {
        return Err("must be an https address: http is for this very machine only, where the operator allows it");
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err("must hold no user name and no password: the signature says who calls");
    }
    if url.fragment().is_some() {
        return Err("must have no part after `#`: it would not be sent");
    }
    Ok(url)
}

/// Whether a host is this very machine.
fn is_here(host: &str) -> bool {
    let host = host.trim_matches(['[', ']']);
    host.eq_ignore_ascii_case("localhost") || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
#[path = "address_tests.rs"]
mod tests;
