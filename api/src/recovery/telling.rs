//! Every proven address is told that the password was changed, with a link for whoever did not do that.

use jiff::{SignedDuration, tz::TimeZone};
use minijinja::{Value, context, value::Serde};

use super::{
    Desk, asking, issuing, keys, letters,
    secrets::{self, About},
};
use crate::{
    acting::Acting,
    cases::reach,
    fail::Fail,
    store::{
        Time, Tx, Uid,
        accounts::{self, Account},
        objections::{self, Objection},
        tenant,
        tenants::ContactDetails,
    },
};

/// A notice is sent, and its link holds, for so long.
const NOTICE: SignedDuration = SignedDuration::from_hours(5 * 24);

/// Writes the notices. `way`: the address by which the change came; none where the old password was known.
pub fn tell(tx: &mut Tx, act: &Acting, desk: &Desk, account: &Account, way: Option<Uid>) -> Result<(), Fail> {
    let tenant = tenant::get(tx)?;
    let zone = TimeZone::get(&tenant.time_zone).unwrap_or(TimeZone::UTC);
    let at = act.now.0.to_zoned(zone).strftime("%Y-%m-%d, %H:%M (%Z)").to_string();
    let language = issuing::language(tx, Some(account.contact_id), &tenant.locale)?;
    let until = Time(act.now.0 + NOTICE);
    let contact = Value::from(Serde(ContactDetails::of(&tenant.settings)));
    for address in accounts::addresses_of(tx, account.id)? {
        let to = asking::party(&address.value);
        let Some((channel, _)) = reach::by_kind(tx, &desk.kinds, to.kind)? else { continue };
        let token = keys::token(&act.ids);
        let row = Objection {
            tenant_id: tx.tenant(),
            id: act.id(),
            account_id: account.id,
            token_hash: keys::hash(&token),
            changed_by: way,
            created_at: act.now,
            expires_at: until,
            used_at: None,
        };
        objections::insert(tx, &row)?;
        let object = format!("{}/t/{}/object/{}", desk.public_url, tenant.slug, token.expose());
        let changed = context! { agency => &tenant.name, contact => contact.clone(), at => &at, object };
        let text = letters::write("changed", to.kind, &language, &changed)?;
        let about = About { purpose: "notice", contact: Some(account.contact_id), to, useless_at: until };
        secrets::queue(tx, act, desk, &channel, about, text)?;
    }
    Ok(())
}
