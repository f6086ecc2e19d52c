//! Codes that people keep on paper: shown once, kept as keyed hashes, each good for one use.

use civicdesk_contract::Secret;
use data_encoding::BASE32_NOPAD;
use serde_json::json;

use super::{
    history::note,
    password,
    signing_in::Citizen,
    telling::{self, What},
};
use crate::{
    acting::Acting,
    auth::seal::Seal,
    fail::Fail,
    ids::Ids,
    recovery::Desk,
    store::{
        Tx, Uid,
        factors::{self, SavedCode},
    },
};

/// Codes of a set.
pub const MANY: usize = 10;
/// Bytes of a code: 80 bits, of which NIST SP 800-63B-4, 4.2.1.1 asks for 64.
const BYTES: usize = 10;
/// Letters and digits of a code as it is written.
const LETTERS: usize = 16;

/// A new set, in groups of four as it is printed: `K7DM-2QVX-RTAH-HW3E`.
pub fn make(ids: &Ids) -> Vec<Secret> {
    let one = |_| {
        let letters = BASE32_NOPAD.encode(&ids.bytes::<BYTES>());
        let groups: Vec<&str> = [0, 4, 8, 12].iter().filter_map(|at| letters.get(*at..at + 4)).collect();
        Secret::new(groups.join("-"))
    };
    (0..MANY).map(one).collect()
}

/// Puts this set in the place of the one that the citizen had.
pub fn replace(tx: &mut Tx, act: &Acting, desk: &Desk, citizen: &Citizen, codes: &[Secret]) -> Result<(), Fail> {
    password::fresh(citizen, act.now)?;
    let account = &citizen.account;
    let (tenant_id, id_of) = (tx.tenant(), |_: &Secret| act.id());
    let row = |code: &Secret| {
        Some(SavedCode {
            tenant_id,
            id: id_of(code),
            account_id: account.id,
            hash: hash(&desk.seal, tenant_id, account.id, code)?,
            created_at: act.now,
            used_at: None,
        })
    };
    let rows: Vec<SavedCode> = codes.iter().filter_map(row).collect();
    factors::save_codes(tx, account.id, &rows)?;
    note(tx, act, account, "account.codes_saved", json!({ "codes": rows.len() }))?;
    telling::tell(tx, act, desk, account, &What::CodesSaved, &[])
}

/// A code as its row keeps it, however it was typed; nothing where it is none. The key is the installation's, so that a
/// dump of the database does not tell codes from one another.
pub fn hash(seal: &Seal, tenant: Uid, account: Uid, typed: &Secret) -> Option<Vec<u8>> {
    let typed: String = typed.expose().chars().filter(|c| c.is_ascii_alphanumeric()).map(meant).collect();
    let place = format!("{tenant}|saved_codes.hash|{account}|{typed}");
    (typed.len() == LETTERS).then(|| seal.mark(&place).into_bytes())
}

/// The letter that somebody meant who reads a code from paper. The alphabet has no 0, 1 and 8.
fn meant(typed: char) -> char {
    match typed.to_ascii_uppercase() {
        '0' => 'O',
        '1' => 'I',
        '8' => 'B',
        letter => letter,
    }
}

#[cfg(test)]
mod tests {
    use std::{collections::HashSet, sync::Arc};

    use civicdesk_contract::SystemClock;
    use uuid::Uuid;

    use super::*;
    use crate::auth::seal::MasterKey;

    #[test]
    fn a_code_is_known_however_it_is_typed_and_only_where_it_belongs() {
        let ids = Ids::new(Arc::new(SystemClock));
        let seal = Seal::new(&MasterKey::new([7; 32]), ids.clone());
        let other = Seal::new(&MasterKey::new([8; 32]), ids);
        let (tenant, account, nobody) = (Uid(Uuid::from_u128(1)), Uid(Uuid::from_u128(2)), Uid(Uuid::from_u128(3)));
        let code = |text: &str| Secret::new(text);
        let kept = hash(&seal, tenant, account, &code("K7DM-2QVX-RTAI-OW3B")).unwrap();
        assert_eq!(hash(&seal, tenant, account, &code(" k7dm 2qvx rta1 0w38 ")).unwrap(), kept);
        assert_ne!(hash(&seal, tenant, account, &code("K7DM-2QVX-RTAI-OW3C")).unwrap(), kept);
        assert_ne!(hash(&seal, tenant, nobody, &code("K7DM-2QVX-RTAI-OW3B")).unwrap(), kept);
        assert_ne!(hash(&seal, nobody, account, &code("K7DM-2QVX-RTAI-OW3B")).unwrap(), kept);
        assert_ne!(hash(&other, tenant, account, &code("K7DM-2QVX-RTAI-OW3B")).unwrap(), kept);
        assert_eq!(hash(&seal, tenant, account, &code("K7DM-2QVX-RTAI")), None);
    }

    #[test]
    fn a_set_is_ten_codes_of_eighty_bits_and_another_each_time() {
        let ids = Ids::new(Arc::new(SystemClock));
        let all: HashSet<String> = (0..50).flat_map(|_| make(&ids)).map(|code| code.expose().to_owned()).collect();
        assert_eq!(all.len(), 50 * MANY);
        assert!(all.iter().all(|code| code.len() == 19 && code.matches('-').count() == 3));
    }
}
