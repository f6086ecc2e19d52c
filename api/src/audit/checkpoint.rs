//! A checkpoint: the newest seal, signed, to be kept elsewhere. Who rewrites the log and all its seals cannot rewrite that.

use civicdesk_contract::equal::hex;
use jsonwebtoken::{Algorithm, Header, Validation, decode, decode_header, encode};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{
    auth::{
        seal::MasterKey,
        tokens::{self, Key},
    },
    fail::Fail,
    ids,
    store::audit_seals::Seal,
};

const TYPE: &str = "audit-checkpoint+jwt";

/// What a checkpoint says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Checkpoint {
    pub tenant: String,
    pub seal: i64,
    pub last_seq: i64,
    /// SHA-256 in hexadecimal.
    pub hash: String,
    pub sealed_at: String,
}

impl Checkpoint {
    pub fn of(seal: &Seal) -> Self {
        Self {
            tenant: ids::TENANT.show(seal.tenant_id.0),
            seal: seal.n,
            last_seq: seal.last_seq,
            hash: hex(&seal.hash),
            sealed_at: seal.sealed_at.0.to_string(),
        }
    }

    /// The checkpoint as a JWT, signed with the installation's key for this purpose, which changes with the master key alone.
    pub fn sign(&self, master: &MasterKey) -> Result<String, Fail> {
        let key = signer(master)?;
        let header = Header { typ: Some(TYPE.to_owned()), kid: Some(key.kid.clone()), ..Header::new(Algorithm::EdDSA) };
        encode(&header, self, &key.sign).map_err(|e| Fail::Broken(format!("a checkpoint: {e}")))
    }

    /// Reads one that was kept. Why it cannot be believed, where it cannot.
    pub fn read(text: &str, master: &MasterKey, tenant: Uuid) -> Result<Result<Self, &'static str>, Fail> {
        let key = signer(master)?;
        let mut rules = Validation::new(Algorithm::EdDSA);
        rules.required_spec_claims.clear();
        (rules.validate_exp, rules.validate_aud) = (false, false);
        let ours = decode_header(text).is_ok_and(|header| header.typ.as_deref() == Some(TYPE));
        let Some(read) = decode::<Self>(text, &key.verify, &rules).ok().filter(|_| ours) else {
            return Ok(Err("is not signed by this installation"));
        };
        if read.claims.tenant != ids::TENANT.show(tenant) {
            return Ok(Err("is of another tenant"));
        }
        Ok(Ok(read.claims))
    }
}

fn signer(master: &MasterKey) -> Result<Key, Fail> {
    tokens::key(master.derive("audit-checkpoints").as_slice())
}
