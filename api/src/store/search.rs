//! The index of words: which rows hold all of them, newest first; the program ranks and highlights.

use diesel::{prelude::*, sql_query, sql_types::Text};

use super::{
    Result, Time, Tx, Uid,
    connection::{Db, each},
    schema::search_docs,
    types::{Id, Ts},
};

/// What the database returns at most.
pub const MOST: usize = 500;

/// What is indexed of one row.
#[derive(Clone, Debug, Queryable, Selectable, Insertable)]
#[diesel(table_name = search_docs, treat_none_as_default_value = false)]
pub struct Doc {
    pub tenant_id: Uid,
    pub docid: i64,
    /// `case`, `message` or `contact`.
    pub kind: String,
    pub ref_id: Uid,
    pub case_id: Option<Uid>,
    pub at: Time,
    /// Words of `[a-z0-9]` and letters beyond ASCII, one space apart.
    pub tokens: String,
}

/// A row that holds all the words.
#[derive(Clone, Debug, PartialEq, QueryableByName)]
pub struct Hit {
    #[diesel(sql_type = Text)]
    pub kind: String,
    #[diesel(sql_type = Id)]
    pub ref_id: Uid,
    #[diesel(sql_type = diesel::sql_types::Nullable<Id>)]
    pub case_id: Option<Uid>,
    #[diesel(sql_type = Ts)]
    pub at: Time,
}

/// A document's number: the random part of its row's id.
pub fn docid(id: Uid) -> i64 {
    let (_, low) = id.0.as_u64_pair();
    i64::try_from(low & 0x3fff_ffff_ffff_ffff).unwrap_or(0)
}

/// Puts rows into the index, in place of what stood there of them.
pub fn put(tx: &mut Tx, docs: &[Doc]) -> Result<()> {
    if docs.is_empty() {
        return Ok(());
    }
    let ids: Vec<i64> = docs.iter().map(|d| d.docid).collect();
    diesel::delete(tx.of(search_docs::table).filter(search_docs::docid.eq_any(ids))).execute(tx.conn())?;
    let into = tx.insert(search_docs::table);
    each!(tx.conn(), c => into.values(docs).execute(c))?;
    Ok(())
}

/// Notes the case in which messages now lie.
pub fn set_case(tx: &mut Tx, messages: &[Uid], case: Uid) -> Result<()> {
    let ids: Vec<i64> = messages.iter().map(|id| docid(*id)).collect();
    let docs = tx.of(search_docs::table).filter(search_docs::docid.eq_any(ids));
    diesel::update(docs).set(search_docs::case_id.eq(case)).execute(tx.conn())?;
    Ok(())
}

/// The newest rows that hold all the words. A word may end in `*` to stand for every word that begins so.
pub fn find(tx: &mut Tx, words: &[String]) -> Result<Vec<Hit>> {
    if words.is_empty() {
        return Ok(Vec::new());
    }
    let tenant = tx.tenant();
    match tx.conn() {
        #[cfg(feature = "postgres")]
        Db::Pg(c) => {
            let quoted: Vec<String> = words
                .iter()
                .map(|w| match w.strip_suffix('*') {
                    Some(start) => format!("'{}':*", start.replace('\'', "''")),
                    None => format!("'{}'", w.replace('\'', "''")),
                })
                .collect();
            let query = sql_query("SELECT kind, ref_id, case_id, at FROM search_find($1)");
            Ok(query.bind::<Text, _>(quoted.join(" & ")).load(c)?)
        }
        Db::Lite(c) => {
            let quoted: Vec<String> = words
                .iter()
                .map(|w| match w.strip_suffix('*') {
                    Some(start) => format!("\"{}\"*", start.replace('"', "")),
                    None => format!("\"{}\"", w.replace('"', "")),
                })
                .collect();
            let query = sql_query(
                "SELECT d.kind AS kind, d.ref_id AS ref_id, d.case_id AS case_id, d.at AS at \
                 FROM search_index i JOIN search_docs d ON d.docid = i.rowid \
                 WHERE search_index MATCH $1 AND d.tenant_id = $2 ORDER BY d.at DESC, d.ref_id LIMIT 500",
            );
            Ok(query.bind::<Text, _>(quoted.join(" ")).bind::<Id, _>(tenant).load(c)?)
        }
    }
}
