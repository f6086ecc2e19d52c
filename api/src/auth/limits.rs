//! How often somebody may try to sign in: by person and by network, in memory, for a while.

use std::{
    collections::HashMap,
    net::IpAddr,
    sync::{Mutex, PoisonError},
};

use jiff::Timestamp;

use crate::fail::Fail;

/// Wrong passwords for one person of one tenant before the next try has to wait.
const BY_PERSON: u32 = 10;
/// Wrong passwords from one network, over all persons and tenants.
const BY_NETWORK: u32 = 100;
/// How long tries are remembered, in seconds.
const WINDOW: i64 = 15 * 60;
/// Codes that one network may ask for in an hour, over all tenants.
const ASKS: u32 = 10;
const HOUR: i64 = 60 * 60;
/// Whom to remember at most. Beyond it the oldest windows are forgotten.
const REMEMBERED: usize = 20_000;

#[derive(Clone, Copy, Debug)]
struct Tries {
    count: u32,
    since: i64,
}

/// The tries of the last quarter of an hour.
#[derive(Debug, Default)]
pub struct Limits(Mutex<HashMap<String, Tries>>);

impl Limits {
    /// Counts a try before its password is looked at, so that many at once are counted too.
    pub fn sign_in(&self, tenant: &str, email: &str, from: Option<IpAddr>, now: Timestamp) -> Result<(), Fail> {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let now = now.as_second();
        if all.len() >= REMEMBERED {
            forget(&mut all, now);
        }
        for (key, most) in keys(tenant, email, from) {
            let tries = all.entry(key).or_insert(Tries { count: 0, since: now });
            if now - tries.since >= WINDOW {
                *tries = Tries { count: 0, since: now };
            }
            if tries.count >= most {
                return Err(Fail::TooMany(u32::try_from(tries.since + WINDOW - now).unwrap_or(1)));
            }
            tries.count += 1;
        }
        Ok(())
    }

    /// Whether a network may ask for another code in this hour. Where nobody knows whence a request came, it may.
    pub fn ask(&self, from: Option<IpAddr>, now: Timestamp) -> bool {
        let Some(from) = from else { return true };
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let now = now.as_second();
        if all.len() >= REMEMBERED {
            forget(&mut all, now);
        }
        let asks = all.entry(format!("asks {}", network(from))).or_insert(Tries { count: 0, since: now });
        if now - asks.since >= HOUR {
            *asks = Tries { count: 0, since: now };
        }
        asks.count = asks.count.saturating_add(1);
        asks.count <= ASKS
    }

    /// The password was right: this try does not count.
    pub fn forgive(&self, tenant: &str, email: &str, from: Option<IpAddr>) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        for (key, _) in keys(tenant, email, from) {
            if let Some(tries) = all.get_mut(&key) {
                tries.count = tries.count.saturating_sub(1);
            }
        }
    }
}

fn keys(tenant: &str, email: &str, from: Option<IpAddr>) -> Vec<(String, u32)> {
    let person = (format!("{tenant} {email}"), BY_PERSON);
    from.map(|ip| (network(ip), BY_NETWORK)).into_iter().chain([person]).collect()
}

/// The neighbours of an address count as one: a /24, or a /64.
fn network(ip: IpAddr) -> String {
    match ip.to_canonical() {
        IpAddr::V4(ip) => format!("{:?}", &ip.octets()[..3]),
        IpAddr::V6(ip) => format!("{:?}", &ip.segments()[..4]),
    }
}

fn forget(all: &mut HashMap<String, Tries>, now: i64) {
    all.retain(|_, t| now - t.since < HOUR);
    if all.len() >= REMEMBERED {
        let mut ages: Vec<i64> = all.values().map(|t| t.since).collect();
        ages.sort_unstable();
        let middle = ages.get(ages.len() / 2).copied().unwrap_or(now);
        all.retain(|_, t| t.since > middle);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    #[test]
    fn the_eleventh_wrong_password_in_a_quarter_of_an_hour_waits() {
        let limits = Limits::default();
        for _ in 0..10 {
            limits.sign_in("a", "x@y.org", None, at(0)).unwrap();
        }
        assert!(matches!(limits.sign_in("a", "x@y.org", None, at(60)), Err(Fail::TooMany(840))));
        limits.sign_in("a", "other@y.org", None, at(60)).unwrap();
        limits.sign_in("b", "x@y.org", None, at(60)).unwrap();
        limits.sign_in("a", "x@y.org", None, at(900)).unwrap();
    }

    #[test]
    fn one_network_cannot_try_many_people() {
        let limits = Limits::default();
        for n in 0..100 {
            let from = IpAddr::from([192, 0, 2, u8::try_from(n).unwrap()]);
            limits.sign_in("a", &format!("{n}@y.org"), Some(from), at(0)).unwrap();
        }
        assert!(limits.sign_in("a", "new@y.org", Some(IpAddr::from([192, 0, 2, 250])), at(0)).is_err());
        limits.sign_in("a", "new@y.org", Some(IpAddr::from([192, 0, 3, 1])), at(0)).unwrap();
    }

    #[test]
    fn one_network_asks_for_few_codes_an_hour() {
        let limits = Limits::default();
        let from = |host| Some(IpAddr::from([0x2001, 0xdb8, 0, 1, 0, 0, 0, host]));
        assert!((0..10).all(|host| limits.ask(from(host), at(0))));
        assert!(!limits.ask(from(99), at(3599)));
        assert!(limits.ask(from(99), at(3600)) && limits.ask(Some(IpAddr::from([192, 0, 2, 1])), at(1)));
    }

    #[test]
    fn many_strangers_do_not_fill_the_memory() {
        let limits = Limits::default();
        for n in 0..50_000 {
            limits.sign_in("a", &format!("{n}@y.org"), None, at(n / 100)).unwrap();
        }
        assert!(limits.0.lock().unwrap().len() <= REMEMBERED);
    }
}
