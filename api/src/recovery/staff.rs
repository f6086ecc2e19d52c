//! Staff set a first or a new password by the same rules as citizens: a mailed link that holds for a time and works once.
//! Whoever invites a colleague, or helps one, never sees or chooses the password.

use civicdesk_contract::{IdentityKind, Party, Secret};
use jiff::SignedDuration;
use minijinja::context;
use uuid::Uuid;

use super::{
    Desk,
    asking::Asked,
    completing::Refusal,
    keys, letters,
    secrets::{self, About},
};
use crate::{
    acting::{Acting, Actor},
    app::App,
    auth::{passwords, staff as members},
    cases::reach,
    fail::Fail,
    store::{
        self, Time, Tx,
        staff::{self, Change, Staff},
        staff_keys::{self, StaffKey},
        tenant::{self, Tenant},
    },
};

/// The words by which a link's purpose is kept.
const INVITE: &str = "invite";
const RECOVER: &str = "recover";
/// An invitation holds for a day, what a member asked for themselves for half an hour.
const INVITED: SignedDuration = SignedDuration::from_hours(24);
const ASKED: SignedDuration = SignedDuration::from_mins(30);
/// Links that a member is sent within an hour, whoever asks for them.
const AN_HOUR: i64 = 4;
/// A notice is sent for so long.
const NOTICE: SignedDuration = SignedDuration::from_hours(5 * 24);

/// Mails a link to the member whose address was typed: done by a job, after whoever asked has long been answered.
pub fn issue(tx: &mut Tx, act: &Acting, desk: &Desk, asked: &Asked, token: &Secret) -> Result<(), Fail> {
    let found = staff::by_email(tx, &members::normal_email(&asked.identifier))?;
    let Some(member) = found.filter(|member| member.status == staff::ACTIVE) else { return Ok(()) };
    if staff_keys::lately(tx, member.id, Time(act.now.0 - SignedDuration::from_hours(1)))? >= AN_HOUR {
        return members::note(tx, act, "staff.link_refused", &member, serde_json::json!({ "what": "enough for now" }));
    }
    match give(tx, act, desk, (&member, RECOVER), token) {
        // Nobody waits for the answer: the log says it.
        Err(Fail::Conflict { detail, .. }) => {
            members::note(tx, act, "staff.link_failed", &member, serde_json::json!({ "what": detail }))
        }
        ended => ended,
    }
}

/// Mails a link to a colleague, for a first password or a new one.
pub fn invite(tx: &mut Tx, act: &Acting, desk: &Desk, member: &Staff, token: &Secret) -> Result<(), Fail> {
    if member.status != staff::ACTIVE {
        return Err(Fail::conflict("disabled", "this member is disabled: make them active first"));
    }
    if staff_keys::lately(tx, member.id, Time(act.now.0 - SignedDuration::from_hours(1)))? >= AN_HOUR {
        return Err(Fail::conflict("enough-links", "this member was sent enough links for this hour: wait a while"));
    }
    give(tx, act, desk, (member, INVITE), token)
}

fn give(tx: &mut Tx, act: &Acting, desk: &Desk, (member, purpose): (&Staff, &str), token: &Secret) -> Result<(), Fail> {
    let lasts = if purpose == INVITE { INVITED } else { ASKED };
    let expires_at = Time(act.now.0 + lasts);
    staff_keys::end_live(tx, member.id, act.now)?;
    let row = StaffKey {
        tenant_id: tx.tenant(),
        id: act.id(),
        staff_id: member.id,
        purpose: purpose.to_owned(),
        version: member.version,
        token_hash: keys::hash(token),
        created_at: act.now,
        expires_at,
        used_at: None,
        ended_at: None,
    };
    staff_keys::insert(tx, &row)?;
    let tenant = tenant::get(tx)?;
    let about = context! {
        agency => &tenant.name, name => &member.name, invited => purpose == INVITE,
        link => format!("{}/t/{}/staff/recover/{}", desk.public_url, tenant.slug, token.expose()),
    };
    mail(tx, act, desk, (&tenant, member, "staff"), &about, expires_at)?;
    members::note(tx, act, "staff.link_sent", member, serde_json::json!({ "purpose": purpose }))
}

fn mail(
    tx: &mut Tx,
    act: &Acting,
    desk: &Desk,
    (tenant, member, letter): (&Tenant, &Staff, &str),
    about: &minijinja::Value,
    useless_at: Time,
) -> Result<(), Fail> {
    let Some((channel, _)) = reach::by_kind(tx, &desk.kinds, IdentityKind::Email)? else {
        return Err(Fail::conflict("unreachable", "the agency has no channel that sends mail: make one first"));
    };
    let text = letters::write(letter, IdentityKind::Email, &tenant.locale, about)?;
    let to = Party { kind: IdentityKind::Email, address: member.email.clone(), name: Some(member.name.clone()) };
    secrets::queue(tx, act, desk, &channel, About { purpose: letter, contact: None, to, useless_at }, text)
}

/// Whether a link still leads somewhere. Looking changes nothing, however often.
pub async fn holds(app: &App, tenant: Uuid, token: &Secret) -> Result<bool, Fail> {
    Ok(opened(app, tenant, token).await?.is_some())
}

async fn opened(app: &App, tenant: Uuid, token: &Secret) -> Result<Option<(StaffKey, Staff)>, Fail> {
    let (hash, now) = (keys::hash(token), app.time());
    let read = move |tx: &mut Tx| {
        let Some(key) = staff_keys::by_token(tx, &hash, now)? else { return Ok::<_, store::Error>(None) };
        let member = staff::get(tx, key.staff_id.0)?;
        // Whatever changed about the member since ends the link: another address, a password, the end of their work.
        Ok((member.status == staff::ACTIVE && member.version == key.version).then_some((key, member)))
    };
    Ok(app.store.tenant(tenant).read(read).await?)
}

/// Sets the password that the member chose. Every session ends, and they are told.
pub async fn complete(app: &App, desk: &Desk, tenant: Uuid, token: &Secret, password: &Secret) -> Result<(), Refusal> {
    let (key, member) = opened(app, tenant, token).await?.ok_or(Refusal::Code)?;
    let agency: Tenant = app.store.tenant(tenant).read(tenant::get).await?;
    let names = [agency.name.as_str(), &agency.slug, &member.email, &member.name];
    passwords::acceptable(password, &names).map_err(Refusal::Password)?;
    let hash = app.passwords.hash(password).await?;
    let (act, desk) = (Acting::new(Actor::Staff(member.id.0), &app.clock, &app.ids), desk.clone());
    let door = app.store.tenant(tenant);
    door.write(move |tx| finish(tx, &act, &desk, (&key, &member), &hash)).await
}

fn finish(
    tx: &mut Tx,
    act: &Acting,
    desk: &Desk,
    (key, known): (&StaffKey, &Staff),
    hash: &str,
) -> Result<(), Refusal> {
    if !staff_keys::use_up(tx, key.id, act.now)? {
        return Err(Refusal::Code);
    }
    let member = staff::get(tx, key.staff_id.0)?;
    if member.status != staff::ACTIVE || member.version != key.version {
        return Err(Refusal::Code);
    }
    let change = Change { password_hash: Some(hash.to_owned()), ..Change::default() };
    members::change(tx, act, &member, &change)?;
    if key.purpose == INVITE && known.password_hash.is_none() {
        return Ok(());
    }
    let tenant = tenant::get(tx)?;
    let about = context! { agency => &tenant.name, name => &member.name };
    match mail(tx, act, desk, (&tenant, &member, "staff_changed"), &about, Time(act.now.0 + NOTICE)) {
        // The channel went away since the link came: the log says that the password was set.
        Err(Fail::Conflict { .. }) => Ok(()),
        ended => Ok(ended?),
    }
}
