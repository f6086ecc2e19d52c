//! Which processes of the installation are alive, where several share one PostgreSQL.

use diesel::{ExpressionMethods, Insertable, QueryDsl, RunQueryDsl};

use super::{
    Control, Result,
    schema::nodes,
    types::{Time, Uid},
};

#[derive(Insertable)]
#[diesel(table_name = nodes)]
struct Node {
    id: Uid,
    seen_at: Time,
}

/// A sign of life.
pub fn beat(c: &mut Control, id: Uid, now: Time) -> Result<()> {
    let known = diesel::update(nodes::table.find(id)).set(nodes::seen_at.eq(now)).execute(c.0)?;
    if known == 0 {
        diesel::insert_into(nodes::table).values(Node { id, seen_at: now }).execute(c.0)?;
    }
    Ok(())
}

/// The processes that were seen since then. Those that were not are forgotten.
pub fn alive(c: &mut Control, since: Time) -> Result<Vec<Uid>> {
    diesel::delete(nodes::table.filter(nodes::seen_at.lt(since))).execute(c.0)?;
    Ok(nodes::table.order(nodes::id).select(nodes::id).load(c.0)?)
}

/// A process that ends in good order.
pub fn leave(c: &mut Control, id: Uid) -> Result<()> {
    diesel::delete(nodes::table.find(id)).execute(c.0)?;
    Ok(())
}
