//! The brake: whether messages may leave, for everybody or for one tenant. What waits behind it is kept.

use uuid::Uuid;

use crate::store::{Control, Result, Store, Time, flags};

const PAUSED: &str = "paused";

/// The flag's name: the installation's, or one tenant's.
fn flag(tenant: Option<Uuid>) -> String {
    tenant.map_or("outgoing".to_owned(), |id| format!("outgoing {id}"))
}

/// Whether this tenant's messages must wait. Deliverers ask before each message.
pub fn paused(c: &mut Control, tenant: Uuid) -> Result<bool> {
    Ok(is_set(c, None)? || is_set(c, Some(tenant))?)
}

/// Whether the brake itself is on: the installation's (`None`) or a tenant's own.
pub fn is_set(c: &mut Control, tenant: Option<Uuid>) -> Result<bool> {
    Ok(flags::get(c, &flag(tenant))?.as_deref() == Some(PAUSED))
}

/// Puts the brake on.
pub async fn pause(store: &Store, tenant: Option<Uuid>, now: Time) -> Result<()> {
    store.control_write(move |c| flags::set(c, &flag(tenant), PAUSED, now)).await
}

/// Takes the brake off.
pub async fn resume(store: &Store, tenant: Option<Uuid>) -> Result<()> {
    store.control_write(move |c| flags::clear(c, &flag(tenant))).await
}
