//! Small named values of the installation.

use diesel::{ExpressionMethods, Insertable, OptionalExtension, QueryDsl, RunQueryDsl};

use super::{Control, Result, schema::flags, types::Time};

/// The value under this name.
pub fn get(c: &mut Control, name: &str) -> Result<Option<String>> {
    Ok(flags::table.find(name).select(flags::value).first(c.0).optional()?)
}

#[derive(Insertable)]
#[diesel(table_name = flags)]
struct Flag<'a> {
    name: &'a str,
    value: &'a str,
    changed_at: Time,
}

/// Sets the value under this name.
pub fn set(c: &mut Control, name: &str, value: &str, now: Time) -> Result<()> {
    let changed = diesel::update(flags::table.find(name))
        .set((flags::value.eq(value), flags::changed_at.eq(now)))
        .execute(c.0)?;
    if changed == 0 {
        diesel::insert_into(flags::table).values(Flag { name, value, changed_at: now }).execute(c.0)?;
    }
    Ok(())
}

/// Removes the value under this name; nothing happens where there is none.
pub fn clear(c: &mut Control, name: &str) -> Result<()> {
    diesel::delete(flags::table.find(name)).execute(c.0)?;
    Ok(())
}

/// The value under this name, and when it was set.
pub fn read(c: &mut Control, name: &str) -> Result<Option<(String, Time)>> {
    Ok(flags::table.find(name).select((flags::value, flags::changed_at)).first(c.0).optional()?)
}
