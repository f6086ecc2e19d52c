//! Whether the rows that a case may point to are there: topics, teams and active staff.

use diesel::prelude::*;

use super::{
    Result, Tx, Uid,
    schema::{staff, teams, topics},
};

/// The team that looks after a topic; `None` where there is no such topic.
pub fn team_of_topic(tx: &mut Tx, topic: Uid) -> Result<Option<Option<Uid>>> {
    let query = tx.of(topics::table).filter(topics::id.eq(topic));
    Ok(query.select(topics::team_id).first(tx.conn()).optional()?)
}

pub fn has_team(tx: &mut Tx, team: Uid) -> Result<bool> {
    let query = tx.of(teams::table).filter(teams::id.eq(team));
    Ok(query.count().get_result::<i64>(tx.conn())? > 0)
}

/// Whether this is a member of the staff who may be given work.
pub fn has_active_staff(tx: &mut Tx, member: Uid) -> Result<bool> {
    let query = tx.of(staff::table).filter(staff::id.eq(member)).filter(staff::status.eq("active"));
    Ok(query.count().get_result::<i64>(tx.conn())? > 0)
}
