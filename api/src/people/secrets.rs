//! What stands in a letter of proof: made anew from the installation's key when it goes out, so that it lies nowhere
//! before. The record shows marks in its place.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use crate::{
    cases::tokens::ReplyKey,
    ids,
    store::{Uid, messages::Message, proofs::Proof},
};

/// The letter's name.
pub const LETTER: &str = "identity_proof";
/// What staff see in place of the code and of the link's secret.
pub const HIDDEN_CODE: &str = "(code)";
pub const HIDDEN_TOKEN: &str = "(token)";

/// The secret of the link.
pub fn token(key: &ReplyKey, tenant: Uid, proof: Uid) -> String {
    let mac = key.mac(b"proof link", &[tenant.0.as_bytes(), proof.0.as_bytes()]);
    URL_SAFE_NO_PAD.encode(&mac[..24])
}

/// The six digits to be read out.
pub fn code(key: &ReplyKey, tenant: Uid, proof: Uid) -> String {
    let mac = key.mac(b"proof code", &[tenant.0.as_bytes(), proof.0.as_bytes()]);
    let wide = mac.iter().take(8).fold(0_u64, |all, byte| (all << 8) | u64::from(*byte));
    format!("{:06}", wide % 1_000_000)
}

/// A link's secret as it is kept.
pub fn token_hash(token: &str) -> Vec<u8> {
    Sha256::digest(format!("proof {token}")).to_vec()
}

/// A code as it is kept: so few digits are hidden by a key alone.
pub fn code_hash(key: &ReplyKey, tenant: Uid, proof: Uid, code: &str) -> Vec<u8> {
    key.mac(b"proof code as kept", &[tenant.0.as_bytes(), proof.0.as_bytes(), code.as_bytes()]).to_vec()
}

/// Whether this is the code of the letter. Blanks between its digits do not count.
pub fn is_code(key: &ReplyKey, proof: &Proof, typed: &str) -> bool {
    let digits: String = typed.chars().filter(|c| !c.is_whitespace() && *c != '-').collect();
    code_hash(key, proof.tenant_id, proof.id, &digits).ct_eq(&proof.code_hash).into()
}

/// The text of a message as it goes out.
pub fn unveiled(key: &ReplyKey, message: &Message) -> String {
    let proof = message.filing.0["proof_id"].as_str().and_then(|id| ids::PROOF.read(id)).map(Uid);
    match proof.filter(|_| message.letter.as_deref() == Some(LETTER)) {
        None => message.text.clone(),
        Some(proof) => {
            let (code, token) = (code(key, message.tenant_id, proof), token(key, message.tenant_id, proof));
            message.text.replace(HIDDEN_CODE, &code).replace(HIDDEN_TOKEN, &token)
        }
    }
}
