//! Somebody on the telephone wants a code. It is texted to the number that they call from, where that is an account's; what
//! they hear is the same for everybody.

use civicdesk_contract::{Ask, IdentityKind, Told};

use super::{
    asking::{self, Asked, By, RECOVER},
    policy::Offer,
};
use crate::{
    acting::Acting,
    auth::seal::Seal,
    cases::{reach::Kinds, standing},
    fail::Fail,
    store::{Tx, jobs},
};

/// Writes down that they asked. Not heard is who shows no number, and everybody where the agency texts no codes.
pub fn asked(tx: &mut Tx, act: &Acting, (kinds, seal): (&Kinds, &Seal), ask: &Ask) -> Result<Told, Fail> {
    let told = standing::known(tx, ask)?;
    let number = ask.who.as_ref().filter(|who| who.kind == IdentityKind::Phone).map(|who| who.address.as_str());
    let number = number.and_then(|number| asking::identifier(number).ok());
    let offered = Offer::now(tx, kinds)?.phone;
    let Some(identifier) = number.filter(|_| offered) else { return Ok(told) };
    let asked = Asked { recovery: act.id().0, purpose: RECOVER.to_owned(), identifier, by: By::Telephone };
    jobs::enqueue(tx, &asking::job(act, seal, tx.tenant().0, &asked)?)?;
    Ok(Told { code_heard: true, ..told })
}
