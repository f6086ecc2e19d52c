//! Somebody is given a code and a link: the row that they open, and the letter that brings them to the proven address.

use civicdesk_contract::{IdentityKind, Party};
use jiff::SignedDuration;
use minijinja::{context, value::Serde};
use serde_json::json;
use uuid::Uuid;

use super::{
    Desk, asking,
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
    store::{
        Json, Time, Tx, Uid,
        accounts::Account,
        events,
        recoveries::{self, Recovery},
        tenant::Tenant,
        tenants::ContactDetails,
    },
};

/// Codes that one address, and one account, is sent in a quarter of an hour, in an hour and in a day.
const MOST: [(SignedDuration, i64); 3] =
    [(SignedDuration::from_mins(15), 3), (SignedDuration::from_hours(1), 4), (SignedDuration::from_hours(24), 10)];

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
}

/// Writes the row and its letter. What was given before ends: of all codes and links the newest alone is good.
pub fn give(tx: &mut Tx, act: &Acting, desk: &Desk, gift: &Gift, keys: &Keys) -> Result<(), Fail> {
    let (kind, account) = (gift.to.kind.as_str(), gift.account.map(|account| account.id));
    for (ago, most) in MOST {
        let since = Time(act.now.0 - ago);
        let of_account = account.map(|id| recoveries::of_account_since(tx, id, since)).transpose()?.unwrap_or(0);
        if of_account.max(recoveries::lately(tx, kind, &gift.normal, since)?) >= most {
            return note(tx, act, gift, "recovery.refused", "the address was sent enough codes for now");
        }
    }
    let Some((channel, _)) = reach::by_kind(tx, &desk.kinds, gift.to.kind)? else {
        return note(tx, act, gift, "recovery.failed", "the agency has no channel to such addresses");
    };
    let policy = Policy::of(gift.tenant);
    let minutes = policy.minutes(gift.to.kind);
    let expires_at = Time(act.now.0 + SignedDuration::from_mins(minutes));
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
    };
    recoveries::insert(tx, &row)?;
    let contact = gift.account.map(|account| account.contact_id);
    let language = language(tx, contact, &gift.tenant.locale)?;
    let registers = gift.purpose == asking::REGISTER;
    let way = if registers { "register" } else { "recover" };
    let mailed = gift.to.kind == IdentityKind::Email;
    let link = || format!("{}/t/{}/{way}/{}", desk.public_url, gift.tenant.slug, keys.token.expose());
    let about = context! {
        agency => &gift.tenant.name, contact => Serde(ContactDetails::of(&gift.tenant.settings)), registers, minutes,
        code => (!mailed || policy.email_code).then(|| keys.code.expose()),
        link => (mailed && policy.email_link).then(link),
    };
    let text = letters::write("code", gift.to.kind, &language, &about)?;
    let about = About { purpose: gift.purpose, contact, to: gift.to.clone(), useless_at: expires_at };
    secrets::queue(tx, act, desk, &channel, about, text)?;
    note(tx, act, gift, "recovery.issued", gift.purpose)
}

fn note(tx: &mut Tx, act: &Acting, gift: &Gift, kind: &str, why: &str) -> Result<(), Fail> {
    let mut event = act.event(tx, kind);
    event.contact_id = gift.account.map(|account| account.contact_id);
    event.data = Json(json!({ "what": why }));
    Ok(events::append(tx, vec![event])?)
}
