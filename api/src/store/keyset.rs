//! `(a, b) < (x, y)`: the row-value comparison by which a page begins where the last one ended, with the index's help.

use diesel::{
    backend::Backend,
    expression::{AppearsOnTable, Expression, SelectableExpression, ValidGrouping, is_aggregate},
    query_builder::{AstPass, QueryFragment, QueryId},
    result::QueryResult,
    sql_types::Bool,
};

/// Rows on one side of a position in a two-column order.
#[derive(Clone, Copy, Debug)]
pub struct Side<A, B, X, Y> {
    columns: (A, B),
    position: (X, Y),
    operator: &'static str,
}

/// Rows that come before the position (`descending` reads on towards smaller values).
pub fn beyond<A, B, X, Y>(columns: (A, B), position: (X, Y), descending: bool) -> Side<A, B, X, Y> {
    Side { columns, position, operator: if descending { ") < (" } else { ") > (" } }
}

impl<A, B, X, Y> Expression for Side<A, B, X, Y>
where
    A: Expression,
    B: Expression,
    X: Expression,
    Y: Expression,
{
    type SqlType = Bool;
}

impl<A, B, X, Y> ValidGrouping<()> for Side<A, B, X, Y> {
    type IsAggregate = is_aggregate::No;
}

impl<A, B, X, Y, QS> AppearsOnTable<QS> for Side<A, B, X, Y>
where
    Self: Expression,
    A: AppearsOnTable<QS>,
    B: AppearsOnTable<QS>,
    X: AppearsOnTable<QS>,
    Y: AppearsOnTable<QS>,
{
}

impl<A, B, X, Y, QS> SelectableExpression<QS> for Side<A, B, X, Y> where Self: AppearsOnTable<QS> {}

impl<A, B, X, Y> QueryId for Side<A, B, X, Y> {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl<A, B, X, Y, DB> QueryFragment<DB> for Side<A, B, X, Y>
where
    DB: Backend,
    A: QueryFragment<DB>,
    B: QueryFragment<DB>,
    X: QueryFragment<DB>,
    Y: QueryFragment<DB>,
{
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, DB>) -> QueryResult<()> {
        out.push_sql("(");
        self.columns.0.walk_ast(out.reborrow())?;
        out.push_sql(", ");
        self.columns.1.walk_ast(out.reborrow())?;
        out.push_sql(self.operator);
        self.position.0.walk_ast(out.reborrow())?;
        out.push_sql(", ");
        self.position.1.walk_ast(out.reborrow())?;
        out.push_sql(")");
        Ok(())
    }
}
