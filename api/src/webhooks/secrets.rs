//! An endpoint's secrets: made here, shown once, kept sealed, and two at a time while one takes over from the other.

use base64::{Engine, prelude::BASE64_STANDARD};
use civicdesk_contract::{Secret, webhooks::Key};
use uuid::Uuid;

use crate::{
    auth::seal::Seal,
    fail::Fail,
    ids::Ids,
    store::{Time, Uid, webhooks::Webhook},
};

/// A new secret, and how the endpoint's row keeps it.
pub fn make(ids: &Ids, seal: &Seal, tenant: Uuid, webhook: Uid) -> Result<(Secret, Vec<u8>), Fail> {
    let text = format!("whsec_{}", BASE64_STANDARD.encode(ids.bytes::<32>()));
    let sealed = seal.seal(&place(tenant, webhook), text.as_bytes())?;
    Ok((Secret::new(text), sealed))
}

/// Everything that signs at this moment, the newest first.
pub fn keys(seal: &Seal, row: &Webhook, now: Time) -> Result<Vec<Key>, Fail> {
    let old = row.old_sealed.as_ref().filter(|_| row.old_until.is_some_and(|until| until > now));
    let place = place(row.tenant_id.0, row.id);
    let keys = [Some(&row.sealed), old].into_iter().flatten().map(|sealed| {
        let text = String::from_utf8_lossy(&seal.open(&place, sealed)?).into_owned();
        Key::read(&Secret::new(text)).ok_or_else(|| Fail::Broken(format!("the secret at {place} is no key")))
    });
    keys.collect()
}

/// Both secrets have the same place, so that the new one becomes the old one unopened.
fn place(tenant: Uuid, webhook: Uid) -> String {
    format!("{tenant}|webhooks.sealed|{webhook}")
}
