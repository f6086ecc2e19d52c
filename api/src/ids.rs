//! Ids: time-sortable, made by the program, shown with a prefix that says what they name.

use std::{
    fmt,
    sync::{Arc, Mutex, PoisonError},
};

use civicdesk_contract::Clock;
use rand::{Rng, SeedableRng, rngs::StdRng};
use uuid::{Builder, Uuid};

/// What an id names, by its prefix.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Prefix(pub &'static str);

pub const TENANT: Prefix = Prefix("ten");
pub const STAFF: Prefix = Prefix("stf");
pub const TEAM: Prefix = Prefix("tea");
pub const SESSION: Prefix = Prefix("ses");
pub const KEY: Prefix = Prefix("key");
pub const CONTACT: Prefix = Prefix("con");
pub const IDENTITY: Prefix = Prefix("idn");
pub const CHANNEL: Prefix = Prefix("chn");
pub const ITEM: Prefix = Prefix("inb");
pub const TOPIC: Prefix = Prefix("top");
pub const CASE: Prefix = Prefix("cas");
pub const MESSAGE: Prefix = Prefix("msg");
pub const ATTACHMENT: Prefix = Prefix("att");
pub const SUGGESTION: Prefix = Prefix("sug");
pub const VISIT: Prefix = Prefix("vis");
pub const PROOF: Prefix = Prefix("prf");
pub const NOTICE: Prefix = Prefix("ntc");
pub const EVENT: Prefix = Prefix("evt");
pub const RECOVERY: Prefix = Prefix("rec");
pub const LETTER: Prefix = Prefix("let");
pub const ACCOUNT: Prefix = Prefix("acc");
pub const ADDRESS: Prefix = Prefix("adr");
pub const SIGN_IN: Prefix = Prefix("sin");
pub const WEBHOOK: Prefix = Prefix("whk");

impl Prefix {
    /// `cas_0197…`: the id as it is shown outside.
    pub fn show(self, id: Uuid) -> String {
        format!("{}_{}", self.0, id.simple())
    }

    /// The id in such a text. Anything else names nothing.
    pub fn read(self, text: &str) -> Option<Uuid> {
        let body = text.strip_prefix(self.0)?.strip_prefix('_')?;
        if body.len() != 32 || body.bytes().any(|b| b.is_ascii_uppercase()) {
            return None;
        }
        Uuid::try_parse(body).ok()
    }
}

/// Makes ids and random bytes. Seeded once from the operating system.
#[derive(Clone)]
pub struct Ids {
    clock: Arc<dyn Clock>,
    random: Arc<Mutex<StdRng>>,
}

impl fmt::Debug for Ids {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Ids")
    }
}

impl Ids {
    pub fn new(clock: Arc<dyn Clock>) -> Self {
        Self { clock, random: Arc::new(Mutex::new(StdRng::from_rng(&mut rand::rng()))) }
    }

    /// A new UUIDv7: later ids sort later.
    pub fn next(&self) -> Uuid {
        let millis = u64::try_from(self.clock.now().as_millisecond()).unwrap_or(0);
        let random: [u8; 16] = self.bytes();
        let mut tail = [0_u8; 10];
        tail.copy_from_slice(&random[..10]);
        Builder::from_unix_timestamp_millis(millis, &tail).into_uuid()
    }

    /// Random bytes, fit for secrets.
    pub fn bytes<const N: usize>(&self) -> [u8; N] {
        let mut bytes = [0_u8; N];
        self.random.lock().unwrap_or_else(PoisonError::into_inner).fill_bytes(&mut bytes);
        bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_read_only_under_its_own_prefix() {
        let id = Uuid::from_u128(7);
        assert_eq!(CASE.read(&CASE.show(id)), Some(id));
        assert_eq!(CASE.read(&MESSAGE.show(id)), None);
        assert_eq!(CASE.read("cas_"), None);
        assert_eq!(CASE.read(&id.to_string()), None);
    }
}
