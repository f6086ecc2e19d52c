//! Staff: how a member is made and changed, and what must stay true of them.

use civicdesk_contract::Secret;
use serde_json::{Value, json};
use unicode_normalization::UnicodeNormalization;
use uuid::Uuid;

use super::{
    passwords,
    policy::{Right, Rights, Role},
};
use crate::{
    acting::{Acting, Actor},
    app::App,
    fail::Fail,
    ids,
    store::{
        self, Json, Tx, Uid,
        events::Event,
        staff::{Change, Staff},
    },
};

/// What a new member of staff is to be.
#[derive(Clone, Debug)]
pub struct NewStaff {
    pub email: String,
    pub name: String,
    pub role: Role,
    /// `None` makes a password, unless they are invited.
    pub password: Option<Secret>,
    /// They are sent a link and choose the password themselves.
    pub invited: bool,
}

/// An address as it is compared and stored.
pub fn normal_email(email: &str) -> String {
    email.trim().nfkc().collect::<String>().to_lowercase()
}

fn wrong_email(email: &str) -> bool {
    let sides = email.split_once('@');
    email.chars().count() > 254
        || email.chars().any(|c| c.is_whitespace() || c.is_control())
        || sides.is_none_or(|(local, domain)| local.is_empty() || domain.is_empty() || domain.contains('@'))
}

/// Makes a member's row and says the password where it was made here. Nothing is stored yet.
pub async fn prepare(app: &App, tenant: Uuid, new: NewStaff) -> Result<(Staff, Option<Secret>), Fail> {
    let (email, name) = (normal_email(&new.email), new.name.trim().to_owned());
    let mut wrong = Vec::new();
    if wrong_email(&email) {
        wrong.push(("/email", "must be one email address".to_owned()));
    }
    if name.is_empty() || name.chars().count() > 200 {
        wrong.push(("/name", "must have 1 to 200 characters".to_owned()));
    }
    if new.invited && new.password.is_some() {
        wrong.push(("/password", "leave it out: whoever is invited chooses it".to_owned()));
    }
    if let Some(Err(why)) = new.password.as_ref().map(|new| passwords::acceptable(new, &[&email, &name])) {
        wrong.push(("/password", why.to_string()));
    }
    Fail::fields(wrong)?;
    let made = (new.password.is_none() && !new.invited).then(|| app.passwords.generate());
    let password_hash = match new.password.as_ref().or(made.as_ref()) {
        Some(password) => Some(app.passwords.hash(password).await?),
        None => None,
    };
    let now = app.time();
    let row = Staff {
        tenant_id: Uid(tenant),
        id: Uid(app.ids.next()),
        email,
        name,
        role: new.role.name().to_owned(),
        password_hash,
        status: store::staff::ACTIVE.to_owned(),
        version: 1,
        created_at: now,
        updated_at: now,
    };
    Ok((row, made))
}

/// Stores a prepared member.
pub fn add(tx: &mut Tx, acting: &Acting, row: &Staff) -> Result<(), Fail> {
    if store::staff::by_email(tx, &row.email)?.is_some() {
        return Err(Fail::conflict("email-taken", "a member of staff has this address; change that one instead"));
    }
    store::staff::insert(tx, row)?;
    note(tx, acting, "staff.created", row, json!({ "role": row.role }))
}

/// A line of the log about a member of staff.
pub fn note(tx: &mut Tx, acting: &Acting, kind: &str, row: &Staff, mut data: Value) -> Result<(), Fail> {
    data["staff_id"] = json!(ids::STAFF.show(row.id.0));
    let event = Event { data: Json(data), ..acting.event(tx, kind) };
    Ok(store::events::append(tx, vec![event])?)
}

/// Makes and stores a member of a tenant's staff. The password comes back where it was made here.
pub async fn create(app: &App, tenant: Uuid, new: NewStaff) -> Result<(Staff, Option<Secret>), Fail> {
    let (row, made) = prepare(app, tenant, new).await?;
    let (stored, acting) = (row.clone(), Acting::new(Actor::System, &app.clock, &app.ids));
    app.store.tenant(tenant).write(move |tx| add(tx, &acting, &stored)).await?;
    Ok((row, made))
}

/// Nobody makes, changes or disables a member who may more than they may themselves.
pub fn may_change(rights: Rights, role: Role) -> Result<(), Fail> {
    if rights.cover(role.rights()) { Ok(()) } else { Err(Fail::Forbidden(Right::TenantManage.name())) }
}

/// Changes a member. Whoever is disabled, or given another password, is signed out everywhere in the same transaction.
pub fn change(tx: &mut Tx, acting: &Acting, row: &Staff, change: &Change) -> Result<(), Fail> {
    let owner = |role: &str| role == Role::Owner.name();
    let stays_owner = change.role.as_deref().is_none_or(owner);
    let disabled = change.status.as_deref() == Some(store::staff::DISABLED);
    let goes = owner(&row.role) && row.status == store::staff::ACTIVE && (!stays_owner || disabled);
    if goes && store::staff::active_owners(tx)? == 1 {
        return Err(Fail::conflict("last-owner", "this is the only owner who can sign in: make another owner first"));
    }
    store::staff::update(tx, row.id.0, row.version, change, acting.now)?;
    if disabled {
        store::sessions::end_all(tx, row.id.0, "disabled", acting.now)?;
    } else if change.password_hash.is_some() {
        store::sessions::end_all(tx, row.id.0, "new password", acting.now)?;
    }
    let data = json!({ "name": change.name, "role": change.role, "status": change.status,
        "password": change.password_hash.is_some() });
    note(tx, acting, "staff.changed", row, data)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_compared_without_regard_to_case_and_width() {
        assert_eq!(normal_email(" Ana@Ｅxample.ORG "), "ana@example.org");
        for wrong in ["", "a", "@", "a@", "@b", "a@b@c", "a b@c", "a\u{0}@b"] {
            assert!(wrong_email(wrong), "{wrong:?}");
        }
        assert!(!wrong_email("o'brien@example.org"));
    }
}
