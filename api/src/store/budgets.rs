//! How many letters of ours one address may get in an hour, over all tenants.

use diesel::{prelude::*, upsert::excluded};

use super::{Control, Result, dialect::Both, schema::letter_budgets};

/// Takes one of `most` letters for an address (given as a hash), where an hour and the one before it count together.
/// `false`: none is left, and none was taken.
pub fn take(c: &mut Control, address: &[u8], hour: i64, most: i64) -> Result<bool> {
    let row =
        (letter_budgets::address_hash.eq(address.to_vec()), letter_budgets::hour.eq(hour), letter_budgets::used.eq(1));
    let into = diesel::insert_into(letter_budgets::table).values(row);
    let counted = into
        .on_conflict((letter_budgets::address_hash, letter_budgets::hour))
        .do_update()
        .set(letter_budgets::used.eq(letter_budgets::used + excluded(letter_budgets::used)));
    Both(counted).execute(c.0)?;
    let of_address = letter_budgets::table.filter(letter_budgets::address_hash.eq(address.to_vec()));
    let used: Vec<i32> =
        of_address.filter(letter_budgets::hour.between(hour - 1, hour)).select(letter_budgets::used).load(c.0)?;
    let within = used.into_iter().map(i64::from).sum::<i64>() <= most;
    if !within {
        let back = letter_budgets::table.filter(letter_budgets::address_hash.eq(address.to_vec()));
        diesel::update(back.filter(letter_budgets::hour.eq(hour)))
            .set(letter_budgets::used.eq(letter_budgets::used - 1))
            .execute(c.0)?;
    }
    Ok(within)
}

/// Forgets the hours before this one.
pub fn forget(c: &mut Control, before: i64) -> Result<usize> {
    Ok(diesel::delete(letter_budgets::table.filter(letter_budgets::hour.lt(before))).execute(c.0)?)
}
