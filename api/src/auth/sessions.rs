//! Signing in, staying signed in, and signing out.

use std::net::IpAddr;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use civicdesk_contract::Secret;
use serde_json::json;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;
use uuid::Uuid;

use super::{Who, staff::normal_email};
use crate::{
    acting::{Acting, Actor},
    app::App,
    fail::Fail,
    ids,
    store::{self, Json, Time, Tx, Uid, events::Event, sessions::Session, staff::Staff},
};

/// How long a sign-in lasts at most, in seconds, however often it is refreshed: a working day.
const LIFE: i64 = 12 * 60 * 60;
const WRONG: Fail = Fail::Unauthenticated("the agency, the address or the password is wrong");
const SPENT: Fail = Fail::Unauthenticated("the refresh token is not valid any more: sign in again at /v1/auth/login");

/// What a sign-in or a refresh gives.
#[derive(Debug)]
pub struct SignedIn {
    pub access_token: Secret,
    pub refresh_token: Secret,
    pub staff: Staff,
    pub tenant: Uuid,
}

/// Signs a member of staff in. Who does not exist, has no password or is disabled cannot be told apart.
pub async fn sign_in(
    app: &App,
    slug: &str,
    email: &str,
    password: &Secret,
    from: Option<IpAddr>,
) -> Result<SignedIn, Fail> {
    let email = normal_email(email);
    app.limits.sign_in(slug, &email, from, app.now())?;
    let wanted = slug.to_owned();
    let entry = app.store.control_read(move |c| store::tenants::by_slug(c, &wanted)).await?;
    let found = match &entry {
        Some(entry) => {
            let email = email.clone();
            app.store.tenant(entry.id.0).read(move |tx| store::staff::by_email(tx, &email)).await?
        }
        None => None,
    };
    let found = found.filter(|s| s.status == store::staff::ACTIVE);
    let right = app.passwords.check(password, found.as_ref().and_then(|s| s.password_hash.clone())).await?;
    let (Some(entry), Some(person), true) = (entry, found, right) else { return Err(WRONG) };
    app.limits.forgive(slug, &email, from);

    let tenant = entry.id.0;
    let (row, refresh_token) = session(app, tenant, person.id.0);
    let access_token = app.tokens.sign(&app.ids, tenant, row.id.0, person.id.0, app.now())?;
    let (hash, ids) = (person.password_hash.clone(), app.ids.clone());
    let door = app.store.tenant(tenant);
    let write = door.write(move |tx| {
        refuse_suspended(tx)?;
        // The password was checked outside this transaction: it must still be the one.
        let now = store::staff::get(tx, row.staff_id.0)?;
        if now.status != store::staff::ACTIVE || now.password_hash != hash {
            return Err(WRONG);
        }
        store::sessions::insert(tx, &row)?;
        let acting = Acting { actor: Actor::Staff(row.staff_id.0), now: row.created_at, ids: ids.clone() };
        note(tx, &acting, "staff.signed_in", row.id.0)?;
        Ok(now)
    });
    let staff: Staff = write.await?;
    Ok(SignedIn { access_token: Secret::new(access_token), refresh_token, staff, tenant })
}

/// Ends the caller's session.
pub fn sign_out(tx: &mut Tx, who: &Who) -> Result<(), Fail> {
    let Some(session) = who.session else {
        return Err(Fail::conflict("not-a-session", "an API key has no session: revoke it at /v1/api-keys"));
    };
    store::sessions::end(tx, session, "signed out", who.acting.now)?;
    note(tx, &who.acting, "staff.signed_out", session)
}

fn note(tx: &mut Tx, acting: &Acting, kind: &str, session: Uuid) -> Result<(), Fail> {
    let data = Json(json!({ "session_id": ids::SESSION.show(session) }));
    let event = Event { data, ..acting.event(tx, kind) };
    Ok(store::events::append(tx, vec![event])?)
}

fn session(app: &App, tenant: Uuid, staff: Uuid) -> (Session, Secret) {
    let (id, now) = (app.ids.next(), app.time());
    let token = refresh_token(app, tenant, id);
    let row = Session {
        tenant_id: Uid(tenant),
        id: Uid(id),
        staff_id: Uid(staff),
        refresh_hash: hash(&token),
        previous_hash: None,
        created_at: now,
        refreshed_at: now,
        expires_at: Time(now.0 + jiff::SignedDuration::from_secs(LIFE)),
        ended_at: None,
        end_reason: None,
    };
    (row, token)
}

fn refresh_token(app: &App, tenant: Uuid, session: Uuid) -> Secret {
    let secret = URL_SAFE_NO_PAD.encode(app.ids.bytes::<32>());
    Secret::new(format!("cr_{}_{}_{secret}", tenant.simple(), session.simple()))
}

fn hash(token: &Secret) -> Vec<u8> {
    Sha256::digest(token.expose()).to_vec()
}

fn refuse_suspended(tx: &mut Tx) -> Result<(), Fail> {
    let gate = store::tenants::gate(tx)?.ok_or(WRONG)?;
    if gate.suspended { Err(Fail::Suspended) } else { Ok(()) }
}

/// What a shown refresh token turned out to be.
enum Shown {
    Current(Staff),
    Dead,
}

/// Trades a refresh token for the next one. A token that was traded already is in two hands: the session ends.
pub async fn refresh(app: &App, shown: &Secret) -> Result<SignedIn, Fail> {
    let mut parts = shown.expose().splitn(4, '_');
    let named = match (parts.next(), parts.next(), parts.next(), parts.next()) {
        (Some("cr"), Some(t), Some(s), Some(_)) => Uuid::try_parse(t).ok().zip(Uuid::try_parse(s).ok()),
        _ => None,
    };
    let (tenant, session) = named.ok_or(SPENT)?;
    let next = refresh_token(app, tenant, session);
    let (shown, next_hash, now, ids) = (hash(shown), hash(&next), app.time(), app.ids.clone());
    let door = app.store.tenant(tenant);
    let write = door.write(move |tx| {
        let Some(row) = store::sessions::get(tx, session)? else { return Ok(Shown::Dead) };
        if row.ended_at.is_some() || row.expires_at <= now {
            return Ok(Shown::Dead);
        }
        if bool::from(row.refresh_hash.ct_eq(&shown)) {
            let staff = store::staff::get(tx, row.staff_id.0)?;
            refuse_suspended(tx)?;
            let rotated = store::sessions::rotate(tx, session, &shown, &next_hash, now)?;
            return Ok(if rotated && staff.status == store::staff::ACTIVE {
                Shown::Current(staff)
            } else {
                Shown::Dead
            });
        }
        if row.previous_hash.is_some_and(|p| bool::from(p.ct_eq(&shown))) {
            store::sessions::end(tx, session, "a spent refresh token came back", now)?;
            let acting = Acting { actor: Actor::System, now, ids: ids.clone() };
            note(tx, &acting, "staff.refresh_token_reused", session)?;
        }
        Ok(Shown::Dead)
    });
    let ended: Result<Shown, Fail> = write.await;
    match ended {
        Ok(Shown::Current(staff)) => {
            let access_token = app.tokens.sign(&app.ids, tenant, session, staff.id.0, app.now())?;
            Ok(SignedIn { access_token: Secret::new(access_token), refresh_token: next, staff, tenant })
        }
        // An unknown tenant has no file: no other answer than an unknown token gets.
        Ok(Shown::Dead) | Err(Fail::NotFound(_)) => Err(SPENT),
        Err(e) => Err(e),
    }
}
