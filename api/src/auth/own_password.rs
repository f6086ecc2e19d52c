//! A member of staff who changes the own password: the current one is asked for, and every other session ends.

use std::net::IpAddr;

use civicdesk_contract::Secret;
use serde_json::json;
use uuid::Uuid;

use super::{Who, passwords};
use crate::{
    acting::Actor,
    app::App,
    fail::Fail,
    ids,
    store::{
        self, Json, Tx,
        events::Event,
        staff::{Change, Staff},
    },
};

/// Who asks, as the rows say.
#[derive(Clone, Debug)]
pub struct Member {
    slug: String,
    session: Uuid,
    row: Staff,
}

/// The caller, if it is a person who is signed in.
pub fn member(tx: &mut Tx, who: &Who) -> Result<Member, Fail> {
    let (Some(session), Actor::Staff(staff)) = (who.session, who.acting.actor) else {
        return Err(Fail::conflict("not-a-session", "an API key has no password: make another key at /v1/api-keys"));
    };
    Ok(Member { slug: store::tenant::get(tx)?.slug, session, row: store::staff::get(tx, staff)? })
}

/// The new password's hash, if the current one is right. Wrong ones count like wrong sign-ins.
pub async fn check(
    app: &App,
    member: &Member,
    (current, new): (&Secret, &Secret),
    from: Option<IpAddr>,
) -> Result<String, Fail> {
    passwords::acceptable(new, &[&member.slug, &member.row.email, &member.row.name])
        .map_err(|why| Fail::field("/new_password", why))?;
    app.limits.sign_in(&member.slug, &member.row.email, from, app.now())?;
    if !app.passwords.check(current, member.row.password_hash.clone()).await? {
        return Err(Fail::field("/current_password", "is not the password"));
    }
    app.limits.forgive(&member.slug, &member.row.email, from);
    app.passwords.hash(new).await
}

/// Sets the new password where the one that was checked still is the password.
pub fn change(tx: &mut Tx, who: &Who, member: &Member, hash: &str) -> Result<(), Fail> {
    let now = store::staff::get(tx, member.row.id.0)?;
    if now.password_hash != member.row.password_hash {
        return Err(Fail::conflict("password-changed", "the password was changed meanwhile: sign in with the new one"));
    }
    let change = Change { password_hash: Some(hash.to_owned()), ..Change::default() };
    store::staff::update(tx, now.id.0, now.version, &change, who.acting.now)?;
    store::sessions::end_others(tx, now.id.0, member.session, "new password", who.acting.now)?;
    let data = Json(json!({ "staff_id": ids::STAFF.show(now.id.0) }));
    let event = Event { data, ..who.acting.event(tx, "staff.password_changed") };
    Ok(store::events::append(tx, vec![event])?)
}
