//! The index of words, written anew in chunks where an older program cut the words, or for another language.

use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::{
    cases::{intake::Deps, record, words},
    fail::Fail,
    people,
    store::{self, Tx, Uid, cases, contacts, messages, search, tenant},
};

/// Rows that one transaction writes anew.
const TOGETHER: i64 = 100;

pub async fn renew(deps: &Deps, tenant: Uuid, stop: &CancellationToken) -> Result<(), Fail> {
    let door = deps.store.tenant(tenant);
    let read = door.read(tenant::get).await?;
    if read.search_version >= words::VERSION {
        return Ok(());
    }
    for chunk in [people_after, cases_after] {
        let mut after = Some(Uid(Uuid::nil()));
        while let Some(last) = after {
            if stop.is_cancelled() {
                return Ok(());
            }
            let language = read.locale.clone();
            after = door.write(move |tx| chunk(tx, last, &language)).await?;
        }
    }
    let mut after = Some(Uid(Uuid::nil()));
    while let Some(last) = after {
        if stop.is_cancelled() {
            return Ok(());
        }
        after = messages_after(deps, tenant, last, &read.locale).await?;
    }
    door.write(move |tx| tenant::set_search_version(tx, &read, words::VERSION)).await.map_err(Fail::from)?;
    Ok(())
}

/// Names and addresses are short: they are cut where they cannot change meanwhile.
fn people_after(tx: &mut Tx, after: Uid, _: &str) -> store::Result<Option<Uid>> {
    let rows = contacts::after(tx, after, TOGETHER)?;
    let ids: Vec<Uid> = rows.iter().map(|contact| contact.id).collect();
    let identities = contacts::identities_of(tx, &ids)?;
    let doc = |contact: &contacts::Contact| {
        let own: Vec<_> = identities.iter().filter(|i| i.contact_id == contact.id).cloned().collect();
        people::contacts::doc(contact, &own)
    };
    search::put(tx, &rows.iter().map(doc).collect::<Vec<_>>())?;
    Ok(ids.last().copied())
}

fn cases_after(tx: &mut Tx, after: Uid, language: &str) -> store::Result<Option<Uid>> {
    let rows = cases::after(tx, after, TOGETHER)?;
    search::put(tx, &rows.iter().map(|case| record::doc(case, language)).collect::<Vec<_>>())?;
    Ok(rows.last().map(|case| case.id))
}

/// Messages are long and never change, but for the case they are in.
async fn messages_after(deps: &Deps, tenant: Uuid, after: Uid, language: &str) -> Result<Option<Uid>, Fail> {
    let door = deps.store.tenant(tenant);
    let rows = door.read(move |tx| messages::after(tx, after, TOGETHER)).await.map_err(Fail::from)?;
    let Some(last) = rows.last().map(|message| message.id) else { return Ok(None) };
    let language = language.to_owned();
    let cut = move || rows.iter().filter_map(|m| record::doc_of_message(m, &language)).collect::<Vec<_>>();
    let docs = deps.parsing.run(cut).await.map_err(|e| Fail::Broken(e.to_string()))?;
    let put = move |tx: &mut Tx| -> store::Result<()> {
        let ids: Vec<Uid> = docs.iter().map(|doc| doc.ref_id).collect();
        let cases = messages::cases_of(tx, &ids)?;
        let mut docs = docs.clone();
        for doc in &mut docs {
            doc.case_id = cases.iter().find(|(id, _)| *id == doc.ref_id).map(|(_, case)| *case);
        }
        search::put(tx, &docs)
    };
    door.write(put).await.map_err(Fail::from)?;
    Ok(Some(last))
}
