//! The codes that people type: eight digits, kept as a keyed hash that holds for one row of one tenant.

use civicdesk_contract::Secret;
use uuid::Uuid;
use zeroize::Zeroizing;

use crate::{
    auth::seal::{MasterKey, keyed_hash},
    ids::Ids,
};

/// Wrong tries of one code.
pub const TRIES: i32 = 5;

const DIGITS: usize = 8;

/// What turns codes into hashes. A dump of the database without it does not tell codes from one another.
#[derive(Clone)]
pub struct Key(Zeroizing<[u8; 32]>);

impl Key {
    pub fn new(master: &MasterKey) -> Self {
        Self(master.derive("recovery codes"))
    }

    /// A code as the row keeps it.
    pub fn hash(&self, tenant: Uuid, recovery: Uuid, code: &Secret) -> Vec<u8> {
        let typed: Zeroizing<String> = Zeroizing::new(code.expose().chars().filter(char::is_ascii_digit).collect());
        keyed_hash(&self.0, &[tenant.as_bytes(), recovery.as_bytes(), typed.as_bytes()]).to_vec()
    }
}

/// A new code, in two groups as it is read aloud: `4917 0352`.
pub fn make(ids: &Ids) -> Secret {
    let number = u64::from_be_bytes(ids.bytes()) % 10_u64.pow(8);
    let digits = format!("{number:0DIGITS$}");
    let (first, last) = digits.split_at(DIGITS / 2);
    Secret::new(format!("{first} {last}"))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use civicdesk_contract::SystemClock;

    use super::*;

    #[test]
    fn a_code_is_known_however_it_is_typed_and_only_where_it_belongs() {
        let key = Key::new(&MasterKey::new([3; 32]));
        let (tenant, row) = (Uuid::from_u128(1), Uuid::from_u128(2));
        let hash = key.hash(tenant, row, &Secret::new("4917 0352"));
        assert_eq!(key.hash(tenant, row, &Secret::new(" 49-17-03-52 ")), hash);
        assert_ne!(key.hash(tenant, row, &Secret::new("4917 0353")), hash);
        assert_ne!(key.hash(tenant, Uuid::from_u128(3), &Secret::new("49170352")), hash);
        assert_ne!(key.hash(Uuid::from_u128(3), row, &Secret::new("49170352")), hash);
        assert_ne!(Key::new(&MasterKey::new([4; 32])).hash(tenant, row, &Secret::new("49170352")), hash);
    }

    #[test]
    fn a_code_is_eight_digits_and_another_each_time() {
        let ids = Ids::new(Arc::new(SystemClock));
        let codes: std::collections::HashSet<String> = (0..1000).map(|_| make(&ids).expose().to_owned()).collect();
        assert!(codes.len() > 995);
        assert!(codes.iter().all(|code| code.len() == 9 && code.bytes().filter(u8::is_ascii_digit).count() == 8));
    }
}
