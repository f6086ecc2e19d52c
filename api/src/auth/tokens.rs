//! Access tokens: JWTs signed with Ed25519 that live 15 minutes. They say which row to look up, and decide nothing alone.

use std::sync::{Arc, PoisonError, RwLock};

use base64::{Engine, engine::general_purpose::STANDARD};
use jiff::Timestamp;
use jsonwebtoken::{
    Algorithm, DecodingKey, EncodingKey, Header, Validation, decode, decode_header, encode,
    jwk::{Jwk, JwkSet, PublicKeyUse, ThumbprintHash},
};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::seal::Seal;
use crate::{
    fail::Fail,
    ids::{self, Ids},
    store::{self, Store, Time},
};

/// How long an access token lives, in seconds.
pub const LIFE: i64 = 15 * 60;
/// What two clocks may differ by, in seconds.
const LEEWAY: i64 = 30;
/// Nothing of ours is longer.
const LONGEST: usize = 8 * 1024;
const TYPE: &str = "at+jwt";
const AUDIENCE: &str = "civicdesk-staff";
/// Where the signing keys lie, sealed.
const FLAG: &str = "token-keys";
/// A new key signs nothing before every process has had this long to learn it, in seconds.
const LEARNED: i64 = 120;
/// The key before it verifies for as long as a token of it can live after that.
const OVERLAP: i64 = LEARNED + LIFE + 2 * LEEWAY;
/// The fixed beginning of an Ed25519 private key in PKCS#8; the 32 secret bytes follow.
const PKCS8: [u8; 16] = [48, 46, 2, 1, 0, 48, 5, 6, 3, 43, 101, 112, 4, 34, 4, 32];

/// What a token claims.
#[derive(Debug, Serialize, Deserialize)]
pub struct Claims {
    iss: String,
    aud: String,
    pub sub: String,
    pub tid: String,
    pub sid: String,
    jti: String,
    iat: i64,
    nbf: i64,
    exp: i64,
}

/// A key that signs, and what it is known by.
pub struct Key {
    pub kid: String,
    pub sign: EncodingKey,
    pub verify: DecodingKey,
    public: Jwk,
}

/// The keys as they were stored at a moment, the newest first.
struct Ring {
    keys: Vec<Key>,
    stored: String,
    made_at: i64,
}

impl Ring {
    fn open(seal: &Seal, stored: String, made_at: Time) -> Result<Self, Fail> {
        let keys = secrets(seal, &stored)?.chunks_exact(32).map(key).collect::<Result<Vec<_>, _>>()?;
        if keys.is_empty() {
            return Err(Fail::Broken("there is no key to sign tokens with".into()));
        }
        Ok(Self { keys, stored, made_at: made_at.0.as_second() })
    }

    /// The newest key, once everybody has learned it.
    fn signing(&self, now: i64) -> Option<&Key> {
        let learned = now >= self.made_at + LEARNED;
        if learned { self.keys.first() } else { self.keys.get(1).or(self.keys.first()) }
    }

    /// The newest key, and those before it while tokens of them can live.
    fn verifying(&self, now: i64) -> &[Key] {
        let all = now < self.made_at + OVERLAP;
        if all { &self.keys } else { self.keys.get(..1).unwrap_or_default() }
    }
}

/// Signs and verifies.
pub struct Tokens {
    ring: RwLock<Arc<Ring>>,
    store: Store,
    issuer: String,
}

impl std::fmt::Debug for Tokens {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Tokens(***)")
    }
}

impl Tokens {
    /// Loads the signing keys; the first start of an installation makes one.
    pub async fn load(store: &Store, seal: &Seal, ids: &Ids, issuer: &str, now: Time) -> Result<Self, Fail> {
        let fresh = STANDARD.encode(seal.seal(FLAG, &ids.bytes::<32>())?);
        let there = store.control_write(move |c| match store::flags::read(c, FLAG)? {
            Some(there) => Ok(there),
            None => store::flags::set(c, FLAG, &fresh, now).map(|()| (fresh, now)),
        });
        let (stored, made_at) = match there.await {
            // Another node made it at the same moment: its key is the one.
            Err(store::Error::Taken(_)) => stored(store).await?,
            ended => ended?,
        };
        let ring = RwLock::new(Arc::new(Ring::open(seal, stored, made_at)?));
        Ok(Self { ring, store: store.clone(), issuer: issuer.to_owned() })
    }

    fn ring(&self) -> Arc<Ring> {
        self.ring.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn set_ring(&self, ring: Ring) {
        *self.ring.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(ring);
    }

    /// Makes a new signing key. Tokens signed before hold until they end; other processes learn it by `follow`.
    pub async fn rotate(&self, seal: &Seal, ids: &Ids, now: Time) -> Result<(), Fail> {
        let (before, made_at) = stored(&self.store).await?;
        let second = now.0.as_second();
        if second < made_at.0.as_second() + LEARNED && secrets(seal, &before)?.len() > 32 {
            let text = "the key was rotated a moment ago: other processes are still learning it, wait two minutes";
            return Err(Fail::conflict("just-rotated", text));
        }
        let kept = 32 * Ring::open(seal, before.clone(), made_at)?.verifying(second).len();
        let mut next = ids.bytes::<32>().to_vec();
        next.extend(secrets(seal, &before)?.into_iter().take(kept));
        let next = STANDARD.encode(seal.seal(FLAG, &next)?);
        let (written, expected) = (next.clone(), before);
        let swap = self.store.control_write(move |c| {
            let unchanged = store::flags::get(c, FLAG)?.as_ref() == Some(&expected);
            if unchanged { store::flags::set(c, FLAG, &written, now).map(|()| true) } else { Ok(false) }
        });
        if !swap.await? {
            return Err(Fail::conflict("just-rotated", "somebody else rotated the key at the same moment"));
        }
        self.set_ring(Ring::open(seal, next, now)?);
        Ok(())
    }

    /// Learns the keys that another process made.
    pub async fn follow(&self, seal: &Seal) -> Result<(), Fail> {
        let (now, made_at) = stored(&self.store).await?;
        if now != self.ring().stored {
            self.set_ring(Ring::open(seal, now, made_at)?);
        }
        Ok(())
    }

    /// A token for one session.
    pub fn sign(&self, ids: &Ids, tenant: Uuid, session: Uuid, staff: Uuid, now: Timestamp) -> Result<String, Fail> {
        let (ring, now) = (self.ring(), now.as_second());
        let key = ring.signing(now).ok_or_else(|| Fail::Broken("there is no key to sign tokens with".into()))?;
        let mut header = Header::new(Algorithm::EdDSA);
        header.typ = Some(TYPE.to_owned());
        header.kid = Some(key.kid.clone());
        let claims = Claims {
            iss: self.issuer.clone(),
            aud: AUDIENCE.to_owned(),
            sub: ids::STAFF.show(staff),
            tid: ids::TENANT.show(tenant),
            sid: ids::SESSION.show(session),
            jti: ids.next().simple().to_string(),
            iat: now,
            nbf: now,
            exp: now + LIFE,
        };
        encode(&header, &claims, &key.sign).map_err(|e| Fail::Broken(format!("signing a token: {e}")))
    }

    /// What the token claims, if it is ours and its time is now. Why not is nobody's business.
    pub fn verify(&self, token: &str, now: Timestamp) -> Option<Claims> {
        if token.len() > LONGEST {
            return None;
        }
        let header = decode_header(token).ok()?;
        // Only what we write ourselves: nothing that brings a key along or changes how the token is read.
        let ours =
            Header { alg: Algorithm::EdDSA, typ: Some(TYPE.into()), kid: header.kid.clone(), ..Header::default() };
        if header != ours {
            return None;
        }
        let (ring, now) = (self.ring(), now.as_second());
        let key = ring.verifying(now).iter().find(|k| Some(&k.kid) == header.kid.as_ref())?;
        let mut rules = Validation::new(Algorithm::EdDSA);
        // The library reads the machine's clock; the injected one is asked below.
        rules.validate_exp = false;
        rules.validate_nbf = false;
        rules.set_required_spec_claims(&["iss", "aud", "sub"]);
        rules.set_issuer(&[&self.issuer]);
        rules.set_audience(&[AUDIENCE]);
        let claims = decode::<Claims>(token, &key.verify, &rules).ok()?.claims;
        let in_time = claims.nbf <= now + LEEWAY && now < claims.exp + LEEWAY && claims.exp - claims.iat <= LIFE;
        in_time.then_some(claims)
    }

    /// The public halves, for others who verify.
    pub fn public(&self, now: Timestamp) -> JwkSet {
        let ring = self.ring();
        JwkSet { keys: ring.verifying(now.as_second()).iter().map(|k| k.public.clone()).collect() }
    }
}

/// The stored keys, sealed, and when they were made.
async fn stored(store: &Store) -> Result<(String, Time), Fail> {
    let there = store.control_read(|c| store::flags::read(c, FLAG)).await?;
    there.ok_or_else(|| Fail::Broken("there is no key to sign tokens with".into()))
}

fn secrets(seal: &Seal, stored: &str) -> Result<Vec<u8>, Fail> {
    let sealed = STANDARD.decode(stored).map_err(|_| Fail::Broken("the stored token keys are not base64".into()))?;
    seal.open(FLAG, &sealed).map(|opened| opened.to_vec())
}

/// The key of these 32 secret bytes.
pub fn key(secret: &[u8]) -> Result<Key, Fail> {
    let broken = |e: jsonwebtoken::errors::Error| Fail::Broken(format!("a token key: {e}"));
    let sign = EncodingKey::from_ed_der(&[PKCS8.as_slice(), secret].concat());
    let mut public = Jwk::from_encoding_key(&sign, Algorithm::EdDSA).map_err(broken)?;
    let kid = public.thumbprint(ThumbprintHash::SHA256).map_err(broken)?;
    public.common.key_id = Some(kid.clone());
    public.common.public_key_use = Some(PublicKeyUse::Signature);
    let verify = DecodingKey::from_jwk(&public).map_err(broken)?;
    Ok(Key { kid, sign, verify, public })
}

#[cfg(test)]
#[path = "tokens_tests.rs"]
mod tests;
