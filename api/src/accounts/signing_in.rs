//! Citizens sign in, and who it is that shows a sign-in's token.

use std::net::IpAddr;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use civicdesk_contract::Secret;
use jiff::SignedDuration;
use serde_json::json;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;
use uuid::Uuid;

use super::{elsewhere, factors, history::note, password::is_right};
use crate::{
    acting::{Acting, Actor},
    app::App,
    fail::Fail,
    people::{
        addresses, phones,
        proven::{self, Proven},
    },
    recovery::asking,
    store::{
        Time, Tx, Uid,
        accounts::{self, Account},
        sign_ins::{self, SignIn},
        tenant, tenants,
    },
};

/// A sign-in ends after a day (NIST SP 800-63B-4, 2.2.3: at most 24 hours at AAL2).
const LASTS: SignedDuration = SignedDuration::from_hours(24);
const WRONG: Fail = Fail::Unauthenticated("the address or the password is wrong");
const NEEDED: &str = "send the code of the authenticator app, or a saved code, as `factor`";
const REFUSED: &str = "this code does not work: it is wrong, was used or is too old";
pub const ENDED: Fail = Fail::Unauthenticated("sign in: this token is none, or has ended");

/// Somebody whose password was right.
#[derive(Clone, Debug)]
pub struct Known {
    pub account: Uid,
    /// The account's epoch when the password was checked.
    pub epoch: i64,
    /// The kind and the form of the address by which they came.
    pub address: (String, String),
}

/// Signs a citizen in. Who has no account, or one that is disabled, cannot be told from a wrong password.
pub async fn sign_in(
    app: &App,
    (tenant, slug): (Uuid, &str),
    (identifier, password): (&str, &Secret),
    factor: Option<&Secret>,
    from: Option<IpAddr>,
) -> Result<(SignIn, Secret), Fail> {
    let known = recognise(app, (tenant, slug), (identifier, password), from).await?;
    enter(app, tenant, &known, factor).await
}

/// The first half: whose address and password these are.
pub async fn recognise(
    app: &App,
    (tenant, slug): (Uuid, &str),
    (identifier, password): (&str, &Secret),
    from: Option<IpAddr>,
) -> Result<Known, Fail> {
    let typed = identifier.trim().to_owned();
    let find = move |tx: &mut Tx| {
        let to = phones::fitted(asking::party(&typed), &phones::country(&tenant::get(tx)?));
        let normal = addresses::normal(to.kind, &to.address).unwrap_or_default();
        let kind = to.kind.as_str().to_owned();
        Ok::<_, Fail>((accounts::by_address(tx, &kind, &normal)?, to, (kind, normal)))
    };
    let (found, to, address) = app.store.tenant(tenant).read(find).await?;
    let person = format!("citizen {}", address.1);
    app.limits.sign_in(slug, &person, from, app.now())?;
    let held = app.recovery.directories.of(tenant).await?;
    let found = match held.elsewhere {
        true => elsewhere::let_in(app, &held, &to, password).await?,
        false => here(app, found, password).await?,
    };
    let account =
        found.filter(|account| account.status == accounts::ACTIVE && account.locked_at.is_none()).ok_or(WRONG)?;
    app.limits.forgive(slug, &person, from);
    Ok(Known { account: account.id, epoch: account.epoch, address })
}

/// The second half: lets in whose password was right, with the second factor where the account asks for one.
pub async fn enter(app: &App, tenant: Uuid, known: &Known, factor: Option<&Secret>) -> Result<(SignIn, Secret), Fail> {
    let (id, secret) = (app.ids.next(), URL_SAFE_NO_PAD.encode(app.ids.bytes::<32>()));
    let token = Secret::new(format!("cs_{}_{}_{secret}", tenant.simple(), id.simple()));
    let act = Acting::new(Actor::System, &app.clock, &app.ids);
    let row = SignIn {
        tenant_id: Uid(tenant),
        id: Uid(id),
        account_id: known.account,
        hash: hash(token.expose()),
        created_at: act.now,
        expires_at: Time(act.now.0 + LASTS),
        ended_at: None,
        end_reason: None,
        confirmed_at: None,
    };
    let (made, known, factor, desk) = (row.clone(), known.clone(), factor.cloned(), app.recovery.clone());
    let door = app.store.tenant(tenant);
    let write = door.write(move |tx| {
        let account = accounts::get(tx, known.account)?;
        // The password was checked outside this transaction: it must still be the one.
        if account.epoch != known.epoch || account.status != accounts::ACTIVE {
            return Err(WRONG);
        }
        let act = Acting { actor: Actor::Contact(account.contact_id.0), ..act.clone() };
        if factors::asks(tx, account.id)? {
            let factor = factor.as_ref().ok_or(Fail::SecondFactor(NEEDED))?;
            if !factors::is_right(tx, &act, &desk, &account, factor)? {
                return Ok(false);
            }
        }
        sign_ins::insert(tx, &made)?;
        prove(tx, &act, &account, &known.address)?;
        note(tx, &act, &account, "account.signed_in", json!({}))?;
        Ok(true)
    });
    match write.await? {
        true => Ok((row, token)),
        false => Err(Fail::SecondFactor(REFUSED)),
    }
}

/// Whoever signs in by an address has proven it once, and is the person whom it names.
fn prove(tx: &mut Tx, act: &Acting, account: &Account, (kind, normal): &(String, String)) -> Result<(), Fail> {
    let own = accounts::addresses_of(tx, account.id)?;
    let Some(by) = own.iter().find(|own| own.kind == *kind && own.normal == *normal) else { return Ok(()) };
    let proven = Proven { kind, value: &by.value, normal };
    proven::noted(tx, act, account.contact_id, proven, "sign-in")
}

/// The account that was found here, if the password is its.
async fn here(app: &App, found: Option<Account>, password: &Secret) -> Result<Option<Account>, Fail> {
    let found = found.filter(|account| account.status == accounts::ACTIVE);
    let right = is_right(app, found.as_ref(), password).await?;
    Ok(found.filter(|_| right))
}

/// A citizen who is signed in.
#[derive(Clone, Debug)]
pub struct Citizen {
    pub account: Account,
    pub sign_in: SignIn,
}

/// The tenant that a token names; whether it holds is seen in that tenant's rows.
pub fn tenant_of(token: &str) -> Result<(Uuid, Uuid), Fail> {
    let mut parts = token.splitn(4, '_');
    let named = match (parts.next(), parts.next(), parts.next(), parts.next()) {
        (Some("cs"), Some(tenant), Some(id), Some(_)) => Uuid::try_parse(tenant).ok().zip(Uuid::try_parse(id).ok()),
        _ => None,
    };
    named.ok_or(ENDED)
}

/// Who shows this token, read in the transaction of what they want to do.
pub fn admit(tx: &mut Tx, token: &Secret, now: Time) -> Result<Citizen, Fail> {
    let (_, id) = tenant_of(token.expose())?;
    let suspended = tenants::gate(tx)?.is_none_or(|gate| gate.suspended);
    let sign_in = sign_ins::live(tx, Uid(id), now)?.filter(|row| bool::from(row.hash.ct_eq(&hash(token.expose()))));
    let sign_in = sign_in.ok_or(ENDED)?;
    let account = accounts::get(tx, sign_in.account_id)?;
    match account.status == accounts::ACTIVE {
        true if suspended => Err(Fail::Suspended),
        true => Ok(Citizen { account, sign_in }),
        false => Err(ENDED),
    }
}

fn hash(token: &str) -> Vec<u8> {
    Sha256::digest(token).to_vec()
}
