//! Whose address a request came from, when proxies stand between.

use std::net::IpAddr;

use actix_web::HttpRequest;

use crate::settings::Cidr;

/// The nearest address that is not a proxy of ours. `X-Forwarded-For` counts only as far as our own proxies wrote it.
pub fn address(req: &HttpRequest, proxies: &[Cidr]) -> Option<IpAddr> {
    let peer = req.peer_addr()?.ip();
    let told = req.headers().get_all("x-forwarded-for").filter_map(|v| v.to_str().ok());
    let told: Vec<&str> = told.flat_map(|v| v.split(',')).map(str::trim).collect();
    Some(nearest(peer, &told, proxies))
}

fn nearest(peer: IpAddr, told: &[&str], proxies: &[Cidr]) -> IpAddr {
    let mut at = peer;
    for hop in told.iter().rev() {
        if !proxies.iter().any(|p| p.contains(at)) {
            break;
        }
        match hop.parse() {
            Ok(before) => at = before,
            Err(_) => break,
        }
    }
    at
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_forwarded_address_counts_only_behind_our_own_proxy() {
        let ip = |text: &str| text.parse::<IpAddr>().unwrap();
        let ours = ["10.0.0.0/30".parse().unwrap()];
        let told = ["6.6.6.6", "203.0.113.9", "10.0.0.2"];
        assert_eq!(nearest(ip("198.51.100.4"), &told, &ours), ip("198.51.100.4"));
        assert_eq!(nearest(ip("10.0.0.1"), &told, &ours), ip("203.0.113.9"));
        assert_eq!(nearest(ip("10.0.0.1"), &["nonsense"], &ours), ip("10.0.0.1"));
    }
}
