//! Citizens sign in, and who it is that shows a sign-in's token.

use std::net::IpAddr;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use civicdesk_contract::Secret;
use jiff::SignedDuration;
use serde_json::json;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;
use uuid::Uuid;

use super::{history::note, password::is_right};
use crate::{
    acting::{Acting, Actor},
    app::App,
    fail::Fail,
    people::{addresses, phones},
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
pub const ENDED: Fail = Fail::Unauthenticated("sign in: this token is none, or has ended");

/// Signs a citizen in. Who has no account, or one that is disabled, cannot be told from a wrong password.
pub async fn sign_in(
    app: &App,
    (tenant, slug): (Uuid, &str),
    (identifier, password): (&str, &Secret),
    from: Option<IpAddr>,
) -> Result<(SignIn, Secret), Fail> {
    let door = app.store.tenant(tenant);
    let typed = identifier.trim().to_owned();
    let find = move |tx: &mut Tx| {
        let to = phones::fitted(asking::party(&typed), &phones::country(&tenant::get(tx)?));
        let normal = addresses::normal(to.kind, &to.address).unwrap_or_default();
        Ok::<_, Fail>((accounts::by_address(tx, to.kind.as_str(), &normal)?, normal))
    };
    let (found, normal) = door.read(find).await?;
    let person = format!("citizen {normal}");
    app.limits.sign_in(slug, &person, from, app.now())?;
    let found = found.filter(|account| account.status == accounts::ACTIVE);
    let right = is_right(app, found.as_ref(), password).await?;
    let (Some(account), true) = (found, right) else { return Err(WRONG) };
    app.limits.forgive(slug, &person, from);

    let (id, secret) = (app.ids.next(), URL_SAFE_NO_PAD.encode(app.ids.bytes::<32>()));
    let token = Secret::new(format!("cs_{}_{}_{secret}", tenant.simple(), id.simple()));
    let now = app.time();
    let row = SignIn {
        tenant_id: Uid(tenant),
        id: Uid(id),
        account_id: account.id,
        hash: hash(token.expose()),
        created_at: now,
        expires_at: Time(now.0 + LASTS),
        ended_at: None,
        end_reason: None,
    };
    let (act, made) = (Acting::new(Actor::Contact(account.contact_id.0), &app.clock, &app.ids), row.clone());
    let write = door.write(move |tx| {
        let same = accounts::get(tx, account.id)?;
        // The password was checked outside this transaction: it must still be the one.
        if same.epoch != account.epoch || same.status != accounts::ACTIVE {
            return Err(WRONG);
        }
        sign_ins::insert(tx, &made)?;
        note(tx, &act, &account, "account.signed_in", json!({}))
    });
    write.await?;
    Ok((row, token))
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
