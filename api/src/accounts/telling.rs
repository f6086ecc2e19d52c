//! The holder of an account is told what changed: at every proven address, and at one that was proven until now.

use civicdesk_contract::Party;
use jiff::{SignedDuration, tz::TimeZone};
use minijinja::context;

use super::letters;
use crate::{
    acting::Acting,
    cases::reach,
    fail::Fail,
    recovery::{
        Desk, asking, issuing,
        secrets::{self, About},
    },
    store::{
        Time, Tx,
        accounts::{self, Account},
        tenant,
    },
};

/// A notice is sent for so long.
const NOTICE: SignedDuration = SignedDuration::from_hours(5 * 24);

/// What changed.
#[derive(Clone, Debug)]
pub enum What {
    AddressAdded(String),
    AddressRemoved(String),
    AuthenticatorAdded,
    AuthenticatorRemoved,
    AuthenticatorDisabled,
    CodesSaved,
    Erased,
}

/// Every word by which the letters find their sentence.
#[cfg(test)]
pub const ALL: [&str; 7] = [
    "address_added",
    "address_removed",
    "authenticator_added",
    "authenticator_removed",
    "authenticator_disabled",
    "codes_saved",
    "erased",
];

impl What {
    /// The word by which the letters find their sentence, and the address that it names.
    fn word(&self) -> (&'static str, &str) {
        match self {
            Self::AddressAdded(address) => ("address_added", address),
            Self::AddressRemoved(address) => ("address_removed", address),
            Self::AuthenticatorAdded => ("authenticator_added", ""),
            Self::AuthenticatorRemoved => ("authenticator_removed", ""),
            Self::AuthenticatorDisabled => ("authenticator_disabled", ""),
            Self::CodesSaved => ("codes_saved", ""),
            Self::Erased => ("erased", ""),
        }
    }
}

/// Tells every proven address, and those that are none any more, what changed and what to do if that was somebody else.
pub fn tell(
    tx: &mut Tx,
    act: &Acting,
    desk: &Desk,
    account: &Account,
    what: &What,
    former: &[Party],
) -> Result<(), Fail> {
    let tenant = tenant::get(tx)?;
    let zone = TimeZone::get(&tenant.time_zone).unwrap_or(TimeZone::UTC);
    let at = act.now.0.to_zoned(zone).strftime("%Y-%m-%d, %H:%M (%Z)").to_string();
    let language = issuing::language(tx, Some(account.contact_id), &tenant.locale)?;
    let (what, address) = what.word();
    let changed = context! { agency => tenant.name, at, what, address };
    let proven = accounts::addresses_of(tx, account.id)?.into_iter().map(|address| asking::party(&address.value));
    for to in proven.chain(former.iter().cloned()).collect::<Vec<_>>() {
        let Some((channel, _)) = reach::by_kind(tx, &desk.kinds, to.kind)? else { continue };
        let text = letters::write("changed", to.kind, &language, &changed)?;
        let useless_at = Time(act.now.0 + NOTICE);
        let about = About { purpose: "notice", contact: Some(account.contact_id), to, useless_at };
        secrets::queue(tx, act, desk, &channel, about, text)?;
    }
    Ok(())
}
