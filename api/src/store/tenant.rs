//! The tenant's own row: its name, its settings, and the two counters that have no gaps.

use diesel::prelude::*;

use super::{Error, Json, Result, Time, Tx, Uid, schema::tenant};

/// What a tenant is, as its own transactions see it.
#[derive(Clone, Debug, Queryable, Selectable, Insertable)]
#[diesel(table_name = tenant, treat_none_as_default_value = false)]
pub struct Tenant {
    pub tenant_id: Uid,
    pub slug: String,
    pub name: String,
    /// Stands before every case number: `RIV`.
    pub reference_prefix: String,
    /// BCP 47 language tag, such as `en-US`.
    pub locale: String,
    /// IANA name, such as `America/New_York`.
    pub time_zone: String,
    pub case_year: i32,
    pub case_last: i64,
    pub event_last: i64,
    pub search_version: i32,
    pub settings: Json,
    pub version: i64,
    pub created_at: Time,
    pub updated_at: Time,
}

pub fn insert(tx: &mut Tx, row: &Tenant) -> Result<()> {
    tx.insert(tenant::table).values(row).execute(tx.conn())?;
    Ok(())
}

pub fn get(tx: &mut Tx) -> Result<Tenant> {
    Ok(tx.of(tenant::table).select(Tenant::as_select()).first(tx.conn())?)
}

/// As much work as a small change, and no change. A row that is written as it was is not written at all, so it is changed,
/// and changed back.
pub fn touch(tx: &mut Tx) -> Result<()> {
    for step in [1, -1] {
        diesel::update(tx.of(tenant::table)).set(tenant::version.eq(tenant::version + step)).execute(tx.conn())?;
    }
    Ok(())
}

/// Where a tenant's case numbers stand.
#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = tenant)]
pub struct Numbers {
    reference_prefix: String,
    case_year: i32,
    case_last: i64,
}

impl Numbers {
    /// The next case reference of a year, such as `RIV-2026-004217`. A year that is over gets no more numbers.
    pub fn next(&mut self, year: i16) -> String {
        let year = i32::from(year).max(self.case_year);
        self.case_last = if self.case_year == year { self.case_last + 1 } else { 1 };
        self.case_year = year;
        format!("{}-{year}-{:06}", self.reference_prefix, self.case_last)
    }
}

/// The numbers as they stand. Whoever takes some writes them back in the same transaction: a change that is taken back
/// gives its numbers back.
pub fn numbers(tx: &mut Tx) -> Result<Numbers> {
    Ok(tx.of(tenant::table).select(Numbers::as_select()).first(tx.conn())?)
}

pub fn set_numbers(tx: &mut Tx, numbers: &Numbers) -> Result<()> {
    diesel::update(tx.of(tenant::table))
        .set((tenant::case_year.eq(numbers.case_year), tenant::case_last.eq(numbers.case_last)))
        .execute(tx.conn())?;
    Ok(())
}

/// Takes `n` places in the event log and answers the first.
pub fn next_events(tx: &mut Tx, n: i64) -> Result<i64> {
    let last: Option<i64> = diesel::update(tx.of(tenant::table))
        .set(tenant::event_last.eq(tenant::event_last + n))
        .returning(tenant::event_last)
        .get_result(tx.conn())
        .optional()?;
    last.map(|last| last - n + 1).ok_or(Error::NotFound)
}

/// Notes that the search index holds everything as this version of the words cuts it, unless the tenant's row was changed
/// since it was read. Says whether it noted that.
pub fn set_search_version(tx: &mut Tx, read: &Tenant, words: i32) -> Result<bool> {
    let same = tx.of(tenant::table).filter(tenant::version.eq(read.version));
    Ok(diesel::update(same).set(tenant::search_version.eq(words)).execute(tx.conn())? == 1)
}

/// Sets one of the tenant's settings, or takes it away. The row's version is bumped by the change that it comes with.
pub fn set_setting(tx: &mut Tx, name: &str, value: Option<serde_json::Value>) -> Result<()> {
    let mut settings: Json = tx.of(tenant::table).select(tenant::settings).first(tx.conn())?;
    if let Some(all) = settings.0.as_object_mut() {
        match value {
            Some(value) => all.insert(name.to_owned(), value),
            None => all.remove(name),
        };
    }
    diesel::update(tx.of(tenant::table)).set(tenant::settings.eq(settings)).execute(tx.conn())?;
    Ok(())
}

/// Has the search index written anew by the next sweep.
pub fn outdate_search(tx: &mut Tx) -> Result<()> {
    diesel::update(tx.of(tenant::table)).set(tenant::search_version.eq(0)).execute(tx.conn())?;
    Ok(())
}
