//! Teams and who is in them.

use diesel::{
    ExpressionMethods, Insertable, OptionalExtension, QueryDsl, Queryable, RunQueryDsl, Selectable, SelectableHelper,
};
use uuid::Uuid;

use super::{
    Error, Result, Tx,
    schema::{team_members, teams},
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

/// The team's members.
pub fn members(tx: &mut Tx, team: Uuid) -> Result<Vec<Uuid>> {
    let rows = tx.of(team_members::table).filter(team_members::team_id.eq(Uid(team)));
    let ids: Vec<Uid> = rows.select(team_members::staff_id).order(team_members::staff_id).load(tx.conn())?;
    Ok(ids.into_iter().map(|u| u.0).collect())
}

/// The teams of one member of staff.
pub fn of_staff(tx: &mut Tx, staff: Uuid) -> Result<Vec<Uuid>> {
    let rows = tx.of(team_members::table).filter(team_members::staff_id.eq(Uid(staff)));
    let ids: Vec<Uid> = rows.select(team_members::team_id).order(team_members::team_id).load(tx.conn())?;
    Ok(ids.into_iter().map(|u| u.0).collect())
}

/// Adds a member; nothing happens where the team has them already.
pub fn add_member(tx: &mut Tx, team: Uuid, staff: Uuid) -> Result<()> {
    if members(tx, team)?.contains(&staff) {
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
