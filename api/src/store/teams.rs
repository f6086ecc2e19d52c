//! Teams and who is in them.

use diesel::{
    ExpressionMethods, Insertable, OptionalExtension, QueryDsl, Queryable, RunQueryDsl, Selectable, SelectableHelper,
};
use uuid::Uuid;

use super::{
    Error, Result, Tx,
    schema::{staff, team_members, teams},
    staff::Staff,
    types::{Time, Uid},
};

#[derive(Clone, Debug, PartialEq, Queryable, Selectable, Insertable)]
#[diesel(table_name = teams)]
pub struct Team {
    pub tenant_id: Uid,
    pub id: Uid,
    pub name: String,
    pub version: i64,
    pub created_at: Time,
    pub updated_at: Time,
}

#[derive(Insertable)]
#[diesel(table_name = team_members)]
struct Member {
    tenant_id: Uid,
    team_id: Uid,
    staff_id: Uid,
}

pub fn insert(tx: &mut Tx, row: &Team) -> Result<()> {
    tx.insert(teams::table).values(row.clone()).execute(tx.conn())?;
    Ok(())
}

pub fn get(tx: &mut Tx, id: Uuid) -> Result<Team> {
    Ok(tx.of(teams::table).filter(teams::id.eq(Uid(id))).select(Team::as_select()).first(tx.conn())?)
}

pub fn by_name(tx: &mut Tx, name: &str) -> Result<Option<Team>> {
    let row = tx.of(teams::table).filter(teams::name.eq(name));
    Ok(row.select(Team::as_select()).first(tx.conn()).optional()?)
}

/// Teams in the order in which they were formed, after the given one.
pub fn page(tx: &mut Tx, after: Option<Uuid>, limit: i64) -> Result<Vec<Team>> {
    let rows = tx.of(teams::table).filter(teams::id.gt(Uid(after.unwrap_or(Uuid::nil()))));
    Ok(rows.order(teams::id).limit(limit).select(Team::as_select()).load(tx.conn())?)
}

/// Renames a team that is still at this version. `Stale` where it is not.
pub fn rename(tx: &mut Tx, id: Uuid, version: i64, name: &str, now: Time) -> Result<()> {
    let row = tx.of(teams::table).filter(teams::id.eq(Uid(id))).filter(teams::version.eq(version));
    let set = (teams::name.eq(name), teams::version.eq(teams::version + 1), teams::updated_at.eq(now));
    match diesel::update(row).set(set).execute(tx.conn())? {
        1 => Ok(()),
        _ => Err(Error::Stale),
    }
}

/// The team's members in the order in which they came to the agency, after the given one.
pub fn members(tx: &mut Tx, team: Uuid, after: Option<Uuid>, limit: i64) -> Result<Vec<Staff>> {
    let ids = tx.of(team_members::table).filter(team_members::team_id.eq(Uid(team))).select(team_members::staff_id);
    let rows =
        tx.of(staff::table).filter(staff::id.eq_any(ids)).filter(staff::id.gt(Uid(after.unwrap_or(Uuid::nil()))));
    Ok(rows.order(staff::id).limit(limit).select(Staff::as_select()).load(tx.conn())?)
}

/// Adds a member; nothing happens where the team has them already.
pub fn add_member(tx: &mut Tx, team: Uuid, staff: Uuid) -> Result<()> {
    let there = tx
        .of(team_members::table)
        .filter(team_members::team_id.eq(Uid(team)))
        .filter(team_members::staff_id.eq(Uid(staff)))
        .count();
    if there.get_result::<i64>(tx.conn())? > 0 {
        return Ok(());
    }
    let row = Member { tenant_id: tx.tenant(), team_id: Uid(team), staff_id: Uid(staff) };
    tx.insert(team_members::table).values(row).execute(tx.conn())?;
    Ok(())
}

/// Takes a member out; nothing happens where the team does not have them.
pub fn remove_member(tx: &mut Tx, team: Uuid, staff: Uuid) -> Result<()> {
    let row = tx
        .of(team_members::table)
        .filter(team_members::team_id.eq(Uid(team)))
        .filter(team_members::staff_id.eq(Uid(staff)));
    diesel::delete(row).execute(tx.conn())?;
    Ok(())
}
