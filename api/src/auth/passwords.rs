//! Passwords: argon2id on its own few threads, with a short queue, and equal work for people who do not exist.

use std::{sync::Arc, time::Duration};

use argon2::{Algorithm, Argon2, Params, PasswordHasher, PasswordVerifier, Version, password_hash::phc::PasswordHash};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use civicdesk_contract::Secret;
use tokio::sync::Semaphore;
use unicode_normalization::UnicodeNormalization;
use zeroize::Zeroizing;

use super::blocked::{self, Guessed};
use crate::{fail::Fail, ids::Ids, workers::Workers};

/// Shorter ones are guessed too easily; a sentence is longer.
pub const LEAST: usize = 15;
/// Longer ones only cost time.
pub const MOST: usize = 256;
/// Whoever would wait longer than this for a thread is told to come back.
const PATIENCE: Duration = Duration::from_secs(2);
/// A hash of the same cost that no password has: for the sign-in of somebody unknown, and for accounts that are locked or held
/// elsewhere.
pub const NOBODY: &str =
    "$argon2id$v=19$m=19456,t=2,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

/// Hashes and checks passwords.
#[derive(Clone, Debug)]
pub struct Passwords {
    workers: Workers,
    free: Arc<Semaphore>,
    ids: Ids,
}

impl Passwords {
    pub fn new(workers: Workers, threads: usize, ids: Ids) -> Self {
        Self { workers, free: Arc::new(Semaphore::new(threads)), ids }
    }

    /// A new password's hash.
    pub async fn hash(&self, password: &Secret) -> Result<String, Fail> {
        let (password, salt) = (password.clone(), self.ids.bytes::<16>());
        let hashed = self.run(move || {
            let hash = argon2()?.hash_password_with_salt(normal(&password).as_bytes(), &salt);
            hash.map(|h| h.to_string()).map_err(|e| Fail::Broken(format!("argon2: {e}")))
        });
        hashed.await?
    }

    /// Whether this is the password. With no hash the answer is no, after the same work.
    pub async fn check(&self, password: &Secret, hash: Option<String>) -> Result<bool, Fail> {
        let (password, known) = (password.clone(), hash.is_some());
        let checked = self.run(move || {
            let hash = hash.unwrap_or_else(|| NOBODY.to_owned());
            let hash = PasswordHash::new(&hash).map_err(|e| Fail::Broken(format!("a stored password hash: {e}")))?;
            Ok(argon2()?.verify_password(normal(&password).as_bytes(), &hash).is_ok())
        });
        checked.await?.map(|right| right && known)
    }

    /// A password that nobody has to think of: 24 characters, 144 bits.
    pub fn generate(&self) -> Secret {
        Secret::new(URL_SAFE_NO_PAD.encode(self.ids.bytes::<18>()))
    }

    async fn run<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Result<T, Fail> {
        let free = tokio::time::timeout(PATIENCE, self.free.clone().acquire_owned()).await;
        let Ok(Ok(_thread)) = free else { return Err(Fail::Busy(5)) };
        self.workers.run(work).await.map_err(|e| Fail::Broken(e.to_string()))
    }
}

fn argon2() -> Result<Argon2<'static>, Fail> {
    let params = Params::new(19_456, 2, 1, None).map_err(|e| Fail::Broken(format!("argon2: {e}")))?;
    Ok(Argon2::new(Algorithm::Argon2id, Version::V0x13, params))
}

/// One spelling for what two keyboards write differently (NIST SP 800-63B-4, 3.1.1.2).
fn normal(password: &Secret) -> Zeroizing<String> {
    Zeroizing::new(password.expose().nfc().collect())
}

/// Why a password cannot be taken, in words that say what to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Weak {
    #[error("must have {0} to {MOST} characters; a sentence is easy to remember")]
    Length(usize),
    #[error("is among the passwords that are tried first, because many people had the same idea")]
    Common,
    #[error("is a pattern that is guessed quickly: a sentence of your own is safer")]
    Pattern,
    #[error("is made of names that others know: a sentence of your own is safer")]
    Names,
}

impl From<Weak> for String {
    fn from(weak: Weak) -> Self {
        weak.to_string()
    }
}

/// Whether a new password may be one: long enough, and none that is guessed first. `words` are what others know of the
/// person and the agency. No other rule: demands for digits and signs make passwords worse.
pub fn acceptable(password: &Secret, words: &[&str]) -> Result<(), Weak> {
    long_enough(password, LEAST, words)
}

/// The same, with so many characters at least.
pub fn long_enough(password: &Secret, least: usize, words: &[&str]) -> Result<(), Weak> {
    let password = normal(password);
    if !(least..=MOST).contains(&password.chars().count()) {
        return Err(Weak::Length(least));
    }
    match blocked::guessed(&password, words) {
        None => Ok(()),
        Some(Guessed::Common) => Err(Weak::Common),
        Some(Guessed::Pattern) => Err(Weak::Pattern),
        Some(Guessed::Names) => Err(Weak::Names),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use civicdesk_contract::SystemClock;

    use super::*;

    fn passwords() -> Passwords {
        let workers = Workers::new(tokio::runtime::Handle::current(), 1);
        Passwords::new(workers, 1, Ids::new(Arc::new(SystemClock)))
    }

    #[tokio::test]
    async fn a_password_is_known_by_its_hash_alone() {
        let (passwords, word) = (passwords(), Secret::new("correct horse battery"));
        let hash = passwords.hash(&word).await.unwrap();
        assert!(hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{hash}");
        assert!(passwords.check(&word, Some(hash.clone())).await.unwrap());
        assert!(!passwords.check(&Secret::new("correct horse batterz"), Some(hash)).await.unwrap());
    }

    #[tokio::test]
    async fn a_password_is_the_same_from_every_keyboard() {
        let passwords = passwords();
        let hash = passwords.hash(&Secret::new("el ni\u{f1}o come lim\u{f3}n")).await.unwrap();
        assert!(passwords.check(&Secret::new("el nin\u{303}o come limo\u{301}n"), Some(hash.clone())).await.unwrap());
        assert!(!passwords.check(&Secret::new("el nino come limon"), Some(hash)).await.unwrap());
    }

    #[test]
    fn a_password_counts_characters_as_people_do_and_is_never_cut() {
        let fits = |text: &str| acceptable(&Secret::new(text), &[]);
        assert_eq!(fits("fourteen chars"), Err(Weak::Length(LEAST)));
        assert!(Weak::Length(LEAST).to_string().contains("15 to 256"));
        assert_eq!(fits("fifteen letters"), Ok(()));
        assert_eq!(fits(&"猫は窓辺で静かに眠っている午後".chars().collect::<String>()), Ok(()));
        let long: String = ('\u{4e00}'..).take(256).collect::<Vec<_>>().chunks(2).rev().flatten().collect();
        assert_eq!(fits(&long), Ok(()));
        assert_eq!(fits(&format!("{long}x")), Err(Weak::Length(LEAST)));
        assert_eq!(fits("passwordpassword"), Err(Weak::Common));
    }

    #[tokio::test]
    async fn an_unknown_person_costs_as_much_work_as_a_known_one() {
        let (passwords, word) = (passwords(), Secret::new("correct horse battery"));
        let hash = passwords.hash(&word).await.unwrap();
        let time = async |hash: Option<String>| {
            let begin = Instant::now();
            assert!(!passwords.check(&Secret::new("wrong"), hash).await.unwrap());
            begin.elapsed()
        };
        let (known, unknown) = (time(Some(hash)).await, time(None).await);
        assert!(unknown > known / 3, "known {known:?}, unknown {unknown:?}");
    }
}
