//! Access tokens: JWTs signed with Ed25519 that live 15 minutes. They say which row to look up, and decide nothing alone.

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

struct Key {
    kid: String,
    sign: EncodingKey,
    verify: DecodingKey,
    public: Jwk,
}

/// Signs and verifies. The first key signs; all verify.
pub struct Tokens {
    keys: Vec<Key>,
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
        let sealed = store.control_write(move |c| match store::flags::get(c, FLAG)? {
            Some(there) => Ok(there),
            None => store::flags::set(c, FLAG, &fresh, now).map(|()| fresh),
        });
        let sealed = match sealed.await {
            // Another node made it at the same moment: its key is the one.
            Err(store::Error::Taken(_)) => {
                store.control_read(|c| store::flags::get(c, FLAG)).await?.unwrap_or_default()
            }
            ended => ended?,
        };
        let sealed =
            STANDARD.decode(sealed).map_err(|_| Fail::Broken("the stored token keys are not base64".into()))?;
        let keys = seal.open(FLAG, &sealed)?.chunks_exact(32).map(key).collect::<Result<Vec<_>, _>>()?;
        if keys.is_empty() {
            return Err(Fail::Broken("there is no key to sign tokens with".into()));
        }
        Ok(Self { keys, issuer: issuer.to_owned() })
    }

    /// A token for one session.
    pub fn sign(&self, ids: &Ids, tenant: Uuid, session: Uuid, staff: Uuid, now: Timestamp) -> Result<String, Fail> {
        let key = self.keys.first().ok_or_else(|| Fail::Broken("there is no key to sign tokens with".into()))?;
        let mut header = Header::new(Algorithm::EdDSA);
        header.typ = Some(TYPE.to_owned());
        header.kid = Some(key.kid.clone());
        let now = now.as_second();
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
        let key = self.keys.iter().find(|k| Some(&k.kid) == header.kid.as_ref())?;
        let mut rules = Validation::new(Algorithm::EdDSA);
        // The library reads the machine's clock; the injected one is asked below.
        rules.validate_exp = false;
        rules.validate_nbf = false;
        rules.set_required_spec_claims(&["iss", "aud", "sub"]);
        rules.set_issuer(&[&self.issuer]);
        rules.set_audience(&[AUDIENCE]);
        let claims = decode::<Claims>(token, &key.verify, &rules).ok()?.claims;
        let now = now.as_second();
        let in_time = claims.nbf <= now + LEEWAY && now < claims.exp + LEEWAY && claims.exp - claims.iat <= LIFE;
        in_time.then_some(claims)
    }

    /// The public halves, for others who verify.
    pub fn public(&self) -> JwkSet {
        JwkSet { keys: self.keys.iter().map(|k| k.public.clone()).collect() }
    }
}

fn key(secret: &[u8]) -> Result<Key, Fail> {
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
