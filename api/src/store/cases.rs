//! The shared record: cases, their tags, and who is party to them.

use std::collections::HashSet;

use diesel::prelude::*;

use super::{
    Error, Json, Result, Time, Tx, Uid,
    connection::{MultiBackend, each},
    dialect::Both,
    keyset::beyond,
    schema::{case_tags, cases, parties},
    types::{Id, Ts},
};

/// One case.
#[derive(Clone, Debug, PartialEq, Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = cases, treat_none_as_default_value = false, treat_none_as_null = true)]
pub struct Case {
    pub tenant_id: Uid,
    pub id: Uid,
    pub reference: String,
    pub subject: String,
    pub status: String,
    pub outcome: Option<String>,
    pub priority: String,
    pub topic_id: Option<Uid>,
    pub team_id: Option<Uid>,
    pub assignee_id: Option<Uid>,
    pub contact_id: Uid,
    pub channel_id: Option<Uid>,
    pub version: i64,
    pub created_at: Time,
    pub updated_at: Time,
    pub closed_at: Option<Time>,
    /// The case that its messages moved to.
    pub merged_into: Option<Uid>,
    /// What was filled into the topic's form.
    pub fields: Json,
}

/// A person with a part in a case.
#[derive(Clone, Debug, Queryable, Selectable, Insertable)]
#[diesel(table_name = parties, treat_none_as_default_value = false)]
pub struct PartyRow {
    pub tenant_id: Uid,
    pub case_id: Uid,
    pub contact_id: Uid,
    /// The contact that they took part as, which is another one where that was merged into theirs since.
    pub through: Uid,
    pub role: String,
    pub added_at: Time,
}

/// What a list of cases is narrowed to. An empty list narrows nothing.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    pub status: Vec<String>,
    pub priority: Vec<String>,
    pub assignee: Vec<Uid>,
    pub unassigned: bool,
    pub team: Vec<Uid>,
    pub topic: Vec<Uid>,
    pub contact: Vec<Uid>,
    pub channel: Vec<Uid>,
    pub tag: Vec<String>,
    pub reference: Option<String>,
    pub updated_since: Option<Time>,
    pub created_since: Option<Time>,
}

/// The order of a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sort {
    pub by_created: bool,
    pub descending: bool,
}

pub fn insert(tx: &mut Tx, row: &Case) -> Result<()> {
    tx.insert(cases::table).values(row).execute(tx.conn())?;
    Ok(())
}

pub fn get(tx: &mut Tx, id: Uid) -> Result<Case> {
    Ok(tx.of(cases::table).filter(cases::id.eq(id)).select(Case::as_select()).first(tx.conn())?)
}

/// The case that goes on: this one, or the one that it was merged into, however often.
pub fn whole(tx: &mut Tx, case: Case) -> Result<Case> {
    let mut whole = case;
    while let Some(into) = whole.merged_into {
        whole = get(tx, into)?;
    }
    Ok(whole)
}

pub fn get_all(tx: &mut Tx, ids: &[Uid]) -> Result<Vec<Case>> {
    let query = tx.of(cases::table).filter(cases::id.eq_any(ids.to_vec()));
    Ok(query.select(Case::as_select()).load(tx.conn())?)
}

pub fn by_reference(tx: &mut Tx, reference: &str) -> Result<Option<Case>> {
    let query = tx.of(cases::table).filter(cases::reference.eq(reference));
    Ok(query.select(Case::as_select()).first(tx.conn()).optional()?)
}

/// A person's case that is not closed, the newest first.
pub fn open_of_contact(tx: &mut Tx, contact: Uid) -> Result<Option<Case>> {
    let query = tx.of(cases::table).filter(cases::contact_id.eq(contact)).filter(cases::status.ne("closed"));
    let query = query.order((cases::updated_at.desc(), cases::id.desc()));
    Ok(query.select(Case::as_select()).first(tx.conn()).optional()?)
}

/// A page of cases, from a position on.
pub fn list(tx: &mut Tx, filter: &Filter, sort: Sort, from: Option<(Time, Uid)>, limit: i64) -> Result<Vec<Case>> {
    let mut q = tx.of(cases::table).into_boxed::<MultiBackend>();
    if !filter.status.is_empty() {
        q = q.filter(cases::status.eq_any(filter.status.clone()));
    }
    if !filter.priority.is_empty() {
        q = q.filter(cases::priority.eq_any(filter.priority.clone()));
    }
    if !filter.assignee.is_empty() {
        q = q.filter(cases::assignee_id.eq_any(filter.assignee.clone()));
    }
    if filter.unassigned {
        q = q.filter(cases::assignee_id.is_null());
    }
    if !filter.team.is_empty() {
        q = q.filter(cases::team_id.eq_any(filter.team.clone()));
    }
    if !filter.topic.is_empty() {
        q = q.filter(cases::topic_id.eq_any(filter.topic.clone()));
    }
    if !filter.contact.is_empty() {
        q = q.filter(cases::contact_id.eq_any(filter.contact.clone()));
    }
    if !filter.channel.is_empty() {
        q = q.filter(cases::channel_id.eq_any(filter.channel.clone()));
    }
    if !filter.tag.is_empty() {
        let tagged = tx.of(case_tags::table).filter(case_tags::tag.eq_any(filter.tag.clone()));
        q = q.filter(cases::id.eq_any(tagged.select(case_tags::case_id)));
    }
    if let Some(reference) = &filter.reference {
        q = q.filter(cases::reference.eq(reference.clone()));
    }
    if let Some(since) = filter.updated_since {
        q = q.filter(cases::updated_at.ge(since));
    }
    if let Some(since) = filter.created_since {
        q = q.filter(cases::created_at.ge(since));
    }
    if let Some((at, id)) = from {
        let at = diesel::expression::AsExpression::<Ts>::as_expression(at);
        let id = diesel::expression::AsExpression::<Id>::as_expression(id);
        q = if sort.by_created {
            q.filter(beyond((cases::created_at, cases::id), (at, id), sort.descending))
        } else {
            q.filter(beyond((cases::updated_at, cases::id), (at, id), sort.descending))
        };
    }
    q = match (sort.by_created, sort.descending) {
        (true, true) => q.order((cases::created_at.desc(), cases::id.desc())),
        (true, false) => q.order((cases::created_at.asc(), cases::id.asc())),
        (false, true) => q.order((cases::updated_at.desc(), cases::id.desc())),
        (false, false) => q.order((cases::updated_at.asc(), cases::id.asc())),
    };
    Ok(q.limit(limit).select(Case::as_select()).load(tx.conn())?)
}

/// Writes a changed case where its version still is the one that was read, and counts the version up.
pub fn update(tx: &mut Tx, row: &Case) -> Result<Case> {
    let target = tx.of(cases::table).filter(cases::id.eq(row.id)).filter(cases::version.eq(row.version));
    let changed = Case { version: row.version + 1, ..row.clone() };
    let n = diesel::update(target).set(&changed).execute(tx.conn())?;
    if n == 1 { Ok(changed) } else { Err(Error::Stale) }
}

pub fn tags_of(tx: &mut Tx, ids: &[Uid]) -> Result<Vec<(Uid, String)>> {
    let query = tx.of(case_tags::table).filter(case_tags::case_id.eq_any(ids.to_vec()));
    Ok(query
        .order((case_tags::case_id, case_tags::tag))
        .select((case_tags::case_id, case_tags::tag))
        .load(tx.conn())?)
}

/// Replaces a case's tags.
pub fn set_tags(tx: &mut Tx, case: Uid, tags: &[String]) -> Result<()> {
    diesel::delete(tx.of(case_tags::table).filter(case_tags::case_id.eq(case))).execute(tx.conn())?;
    if tags.is_empty() {
        return Ok(());
    }
    let tenant = tx.tenant();
    let rows: Vec<_> = tags
        .iter()
        .map(|tag| (case_tags::tenant_id.eq(tenant), case_tags::case_id.eq(case), case_tags::tag.eq(tag.clone())))
        .collect();
    let into = tx.insert(case_tags::table);
    each!(tx.conn(), c => into.values(rows).execute(c))?;
    Ok(())
}

/// Makes a person a party; one who is one already keeps the role.
pub fn add_party(tx: &mut Tx, row: PartyRow) -> Result<()> {
    let into = tx.insert(parties::table).values(row);
    Both(into.on_conflict_do_nothing()).execute(tx.conn())?;
    Ok(())
}

/// Takes people out of a case, as far as they took part as these contacts.
pub fn remove_parties(tx: &mut Tx, case: Uid, through: &[Uid]) -> Result<()> {
    let them = tx.of(parties::table).filter(parties::case_id.eq(case));
    diesel::delete(them.filter(parties::through.eq_any(through.to_vec()))).execute(tx.conn())?;
    Ok(())
}

/// What a contact came to take part in since then, as itself.
pub fn parts_since(tx: &mut Tx, contact: Uid, since: Time) -> Result<Vec<PartyRow>> {
    let query = tx.of(parties::table).filter(parties::contact_id.eq(contact)).filter(parties::through.eq(contact));
    let query = query.filter(parties::added_at.ge(since)).order(parties::case_id);
    Ok(query.select(PartyRow::as_select()).load(tx.conn())?)
}

/// Ends a contact's part in a case.
pub fn remove_part(tx: &mut Tx, row: &PartyRow) -> Result<()> {
    let own = tx.of(parties::table).filter(parties::case_id.eq(row.case_id));
    let own = own.filter(parties::contact_id.eq(row.contact_id)).filter(parties::through.eq(row.through));
    diesel::delete(own).execute(tx.conn())?;
    Ok(())
}

/// Who takes part in a case; a person of several joined contacts may stand there more than once.
pub fn parties_of(tx: &mut Tx, case: Uid) -> Result<Vec<PartyRow>> {
    let query = tx.of(parties::table).filter(parties::case_id.eq(case));
    let query = query.order((parties::added_at, parties::contact_id, parties::through));
    Ok(query.select(PartyRow::as_select()).load(tx.conn())?)
}

/// The cases that a person is party to, the last one first; of very many, the newest thousand.
pub fn of_party(tx: &mut Tx, contact: Uid) -> Result<Vec<Uid>> {
    let query = tx.of(parties::table).filter(parties::contact_id.eq(contact));
    let query = query.order((parties::added_at.desc(), parties::case_id.desc())).limit(1000);
    let mut cases: Vec<Uid> = query.select(parties::case_id).load(tx.conn())?;
    let mut seen = HashSet::new();
    cases.retain(|case| seen.insert(*case));
    Ok(cases)
}

pub fn is_party(tx: &mut Tx, case: Uid, contact: Uid) -> Result<bool> {
    let query = tx.of(parties::table).filter(parties::case_id.eq(case)).filter(parties::contact_id.eq(contact));
    Ok(query.count().get_result::<i64>(tx.conn())? > 0)
}

/// Cases in the order of their ids, after this one.
pub fn after(tx: &mut Tx, id: Uid, limit: i64) -> Result<Vec<Case>> {
    let query = tx.of(cases::table).filter(cases::id.gt(id)).order(cases::id).limit(limit);
    Ok(query.select(Case::as_select()).load(tx.conn())?)
}
