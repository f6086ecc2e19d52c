//! Between the password and the second factor: a sealed word that says whose password was right a moment ago.
//!
//! The page that asks for the second factor carries it, so that nobody's password has to be kept or sent again.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::signing_in::Known;
use crate::{
    auth::seal::Seal,
    fail::Fail,
    store::{Time, Uid},
};

/// It is good for so long.
const LASTS: SignedDuration = SignedDuration::from_mins(5);

#[derive(Serialize, Deserialize)]
struct Inside {
    account: Uuid,
    epoch: i64,
    address: (String, String),
    until: Timestamp,
}

/// A word for whoever knew the password.
pub fn write(seal: &Seal, tenant: Uuid, known: &Known, now: Time) -> Result<String, Fail> {
    let inside =
        Inside { account: known.account.0, epoch: known.epoch, address: known.address.clone(), until: now.0 + LASTS };
    let bytes = serde_json::to_vec(&inside).map_err(|e| Fail::Broken(e.to_string()))?;
    Ok(URL_SAFE_NO_PAD.encode(seal.seal(&place(tenant), &bytes)?))
}

/// Who it was. Nothing where the word is none of ours, or is too old.
pub fn read(seal: &Seal, tenant: Uuid, word: &str, now: Time) -> Option<Known> {
    let sealed = URL_SAFE_NO_PAD.decode(word).ok()?;
    let opened = seal.open(&place(tenant), &sealed).ok()?;
    let inside: Inside = serde_json::from_slice(&opened).ok()?;
    let known = Known { account: Uid(inside.account), epoch: inside.epoch, address: inside.address };
    (now.0 < inside.until).then_some(known)
}

fn place(tenant: Uuid) -> String {
    format!("{tenant}|sign-in.ticket")
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use civicdesk_contract::SystemClock;

    use super::*;
    use crate::{auth::seal::MasterKey, ids::Ids};

    #[test]
    fn the_word_holds_five_minutes_at_its_agency_and_cannot_be_made_by_others() {
        let seal = |key| Seal::new(&MasterKey::new([key; 32]), Ids::new(Arc::new(SystemClock)));
        let at = |second| Time(Timestamp::from_second(second).unwrap());
        let (here, there) = (Uuid::from_u128(1), Uuid::from_u128(2));
        let known =
            Known { account: Uid(Uuid::from_u128(3)), epoch: 4, address: ("email".into(), "a@x.example".into()) };
        let word = write(&seal(1), here, &known, at(0)).unwrap();
        assert_eq!(read(&seal(1), here, &word, at(299)).unwrap().epoch, 4);
        assert!(read(&seal(1), here, &word, at(300)).is_none());
        assert!(read(&seal(1), there, &word, at(0)).is_none());
        assert!(read(&seal(2), here, &word, at(0)).is_none());
        assert!(read(&seal(1), here, "", at(0)).is_none() && read(&seal(1), here, &word[..40], at(0)).is_none());
    }
}
