//! Letters by which people prove that an address is theirs; only hashes of what stands in them are kept.

use diesel::prelude::*;

use super::{Result, Time, Tx, Uid, schema::proofs};

/// One such letter.
#[derive(Clone, Debug, Queryable, Selectable, Insertable)]
#[diesel(table_name = proofs, treat_none_as_default_value = false)]
pub struct Proof {
    pub tenant_id: Uid,
    pub id: Uid,
    /// Whose address it shall be.
    pub contact_id: Uid,
    pub kind: String,
    pub value: String,
    pub normal: String,
    /// The letter.
    pub message_id: Uid,
    /// Of the link; none where the letter has no room for one.
    pub token_hash: Option<Vec<u8>>,
    pub code_hash: Vec<u8>,
    /// `open`, `confirmed` or `replaced` by a later one.
    pub state: String,
    /// Codes that were typed.
    pub tries: i32,
    pub created_at: Time,
    pub expires_at: Time,
    pub confirmed_at: Option<Time>,
}

pub fn insert(tx: &mut Tx, row: &Proof) -> Result<()> {
    tx.insert(proofs::table).values(row).execute(tx.conn())?;
    Ok(())
}

pub fn get(tx: &mut Tx, id: Uid) -> Result<Proof> {
    Ok(tx.of(proofs::table).filter(proofs::id.eq(id)).select(Proof::as_select()).first(tx.conn())?)
}

pub fn by_token(tx: &mut Tx, hash: &[u8]) -> Result<Option<Proof>> {
    let query = tx.of(proofs::table).filter(proofs::token_hash.eq(Some(hash.to_vec())));
    Ok(query.select(Proof::as_select()).first(tx.conn()).optional()?)
}

/// When letters went to an address since then, the first one first.
pub fn since(tx: &mut Tx, kind: &str, normal: &str, since: Time) -> Result<Vec<Time>> {
    let query = tx.of(proofs::table).filter(proofs::normal.eq(normal.to_owned()));
    let query = query.filter(proofs::kind.eq(kind.to_owned())).filter(proofs::created_at.gt(since));
    Ok(query.order(proofs::created_at).select(proofs::created_at).load(tx.conn())?)
}

/// Ends the open letters to an address: a new one takes their place.
pub fn replace(tx: &mut Tx, kind: &str, normal: &str) -> Result<()> {
    let open = tx.of(proofs::table).filter(proofs::normal.eq(normal.to_owned()));
    let open = open.filter(proofs::kind.eq(kind.to_owned())).filter(proofs::state.eq("open"));
    diesel::update(open).set(proofs::state.eq("replaced")).execute(tx.conn())?;
    Ok(())
}

/// Takes one of so many tries to type a code. `false`: none is left, or the letter no longer holds.
pub fn take_try(tx: &mut Tx, id: Uid, most: i32, now: Time) -> Result<bool> {
    let open = tx.of(proofs::table).filter(proofs::id.eq(id)).filter(proofs::state.eq("open"));
    let open = open.filter(proofs::tries.lt(most)).filter(proofs::expires_at.gt(now));
    Ok(diesel::update(open).set(proofs::tries.eq(proofs::tries + 1)).execute(tx.conn())? == 1)
}

/// Uses a letter up. `false`: it was used before, or no longer holds.
pub fn confirm(tx: &mut Tx, id: Uid, now: Time) -> Result<bool> {
    let open = tx.of(proofs::table).filter(proofs::id.eq(id)).filter(proofs::state.eq("open"));
    let open = open.filter(proofs::expires_at.gt(now));
    let set = (proofs::state.eq("confirmed"), proofs::confirmed_at.eq(Some(now)));
    Ok(diesel::update(open).set(set).execute(tx.conn())? == 1)
}

/// Forgets up to `most` letters older than this, and says how many those were.
pub fn forget(tx: &mut Tx, before: Time, most: i64) -> Result<usize> {
    let old = tx.of(proofs::table).filter(proofs::created_at.lt(before)).limit(most);
    let old: Vec<Uid> = old.select(proofs::id).load(tx.conn())?;
    Ok(diesel::delete(tx.of(proofs::table).filter(proofs::id.eq_any(old))).execute(tx.conn())?)
}
