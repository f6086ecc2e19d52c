//! Somebody is given a code and a link: the row that they open, and the letter that brings them to the proven address.

use civicdesk_contract::{IdentityKind, Party};
use jiff::SignedDuration;
use minijinja::{context, value::Serde};
use serde_json::json;
use uuid::Uuid;

use super::{
    Desk,
    asking::{self, By},
    issuing::language,
    keys::{self, Keys},
    letters,
    policy::Policy,
    secrets::{self, About},
};
use crate::{
    acting::Acting,
    cases::reach,
    fail::Fail,
    ids,
    people::consents,
    store::{
        Json, Time, Tx, Uid,
        accounts::Account,
        channels::Channel,
        events,
        jobs::{self, Job},
        recoveries::{self, Recovery},
        tenant::Tenant,
        tenants::ContactDetails,
    },
};

/// The kind of job that looks whether what was given was used in its time.
pub const OVER: &str = "recovery_over";

/// Codes that one address, and one account, is sent in a quarter of an hour, in an hour and in a day.
const MOST: [(SignedDuration, i64); 3] =
    [(SignedDuration::from_mins(15), 3), (SignedDuration::from_hours(1), 4), (SignedDuration::from_hours(24), 10)];
/// Whoever may see it is told to wait so many seconds.
pub const PAUSE: u32 = 15 * 60;

/// Who gets what, and where.
#[derive(Clone, Debug)]
pub struct Gift<'a> {
    pub tenant: &'a Tenant,
    /// The id of the row.
    pub recovery: Uuid,
    /// `register` or `recover`.
    pub purpose: &'a str,
    /// Whose; none where the account is still to be made.
    pub account: Option<&'a Account>,
    pub to: Party,
    pub normal: String,
    pub by: By,
}

/// What came of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Given {
    Issued,
    /// The address was sent enough for now.
    Limited,
    /// No letter can go there, and why.
    Unreachable(String),
}

/// Writes the row and its letter. What was given before ends: of all codes and links the newest alone is good.
pub fn give(tx: &mut Tx, act: &Acting, desk: &Desk, gift: &Gift, keys: &Keys) -> Result<Given, Fail> {
    let (kind, account) = (gift.to.kind.as_str(), gift.account.map(|account| account.id));
    for (ago, most) in MOST {
        let since = Time(act.now.0 - ago);
        let of_account = account.map(|id| recoveries::of_account_since(tx, id, since)).transpose()?.unwrap_or(0);
        if of_account.max(recoveries::lately(tx, kind, &gift.normal, since)?) >= most {
            note(tx, act, gift, "recovery.refused", "the address was sent enough codes for now")?;
            return Ok(Given::Limited);
        }
    }
    let channel = match way(tx, desk, &gift.to)? {
        Ok(channel) => channel,
        Err(why) => {
            note(tx, act, gift, "recovery.failed", &why)?;
            return Ok(Given::Unreachable(why));
        }
    };
    let policy = Policy::of(gift.tenant);
    let expires_at = Time(act.now.0 + SignedDuration::from_mins(policy.minutes(gift.to.kind)));
    recoveries::end_live(tx, kind, &gift.normal, act.now)?;
    if let Some(account) = account {
        recoveries::end_of_account(tx, account, act.now)?;
    }
    let row = Recovery {
        tenant_id: tx.tenant(),
        id: Uid(gift.recovery),
        purpose: gift.purpose.to_owned(),
        account_id: account,
        epoch: gift.account.map_or(0, |account| account.epoch),
        kind: kind.to_owned(),
        value: gift.to.address.clone(),
        normal: gift.normal.clone(),
        code_hash: desk.codes.hash(tx.tenant().0, gift.recovery, &keys.code),
        tries: 0,
        created_at: act.now,
        expires_at,
        used_at: None,
        ended_at: None,
        token_hash: Some(keys::hash(&keys.token)),
        started_by: gift.by.word().to_owned(),
        failed_at: None,
    };
    recoveries::insert(tx, &row)?;
    jobs::enqueue(tx, &over(act, &row))?;
    letter(tx, act, desk, (gift, &policy, &channel), (keys, expires_at))?;
    note(tx, act, gift, "recovery.issued", gift.purpose)?;
    Ok(Given::Issued)
}

/// The channel that carries it, or why none does.
fn way(tx: &mut Tx, desk: &Desk, to: &Party) -> Result<Result<Channel, String>, Fail> {
    let Some((channel, _)) = reach::by_kind(tx, &desk.kinds, to.kind)? else {
        return Ok(Err("the agency has no channel to such addresses".to_owned()));
    };
    Ok(match consents::refusal(tx, channel.id, [to])? {
        Some(why) => Err(why),
        None => Ok(channel),
    })
}

fn letter(
    tx: &mut Tx,
    act: &Acting,
    desk: &Desk,
    (gift, policy, channel): (&Gift, &Policy, &Channel),
    (keys, expires_at): (&Keys, Time),
) -> Result<(), Fail> {
    let contact = gift.account.map(|account| account.contact_id);
    let language = language(tx, contact, &gift.tenant.locale)?;
    let registers = gift.purpose == asking::REGISTER;
    let way = if registers { "register" } else { "recover" };
    let (mailed, pages) =
        (gift.to.kind == IdentityKind::Email, format!("{}/t/{}/{way}", desk.public_url, gift.tenant.slug));
    // Whoever did not ask on a page has none open into which the code is typed.
    let page = (gift.by != By::Citizen).then(|| format!("{pages}/{}", ids::RECOVERY.show(gift.recovery)));
    let about = context! {
        agency => &gift.tenant.name, contact => Serde(ContactDetails::of(&gift.tenant.settings)), registers,
        minutes => policy.minutes(gift.to.kind), by_staff => gift.by == By::Staff, page,
        code => (!mailed || policy.email_code).then(|| keys.code.expose()),
        link => (mailed && policy.email_link).then(|| format!("{pages}/{}", keys.token.expose())),
    };
    let text = letters::write("code", gift.to.kind, &language, &about)?;
    let about = About { purpose: gift.purpose, contact, to: gift.to.clone(), useless_at: expires_at };
    secrets::queue_keys(tx, act, desk, channel, about, (text, Some(gift.recovery)))
}

/// The work that looks, when its time is over, whether it was used.
fn over(act: &Acting, row: &Recovery) -> Job {
    Job {
        tenant_id: row.tenant_id,
        id: act.id(),
        kind: OVER.to_owned(),
        subject_id: Some(row.id),
        payload: Json(json!({})),
        due_at: row.expires_at,
        attempts: 0,
        leased_until: None,
        last_error: None,
        created_at: act.now,
    }
}

fn note(tx: &mut Tx, act: &Acting, gift: &Gift, kind: &str, why: &str) -> Result<(), Fail> {
    let mut event = act.event(tx, kind);
    event.contact_id = gift.account.map(|account| account.contact_id);
    let (by, recovery) = (gift.to.kind.as_str(), ids::RECOVERY.show(gift.recovery));
    event.data = Json(json!({ "what": why, "by": by, "started_by": gift.by.word(), "recovery_id": recovery }));
    Ok(events::append(tx, vec![event])?)
}
