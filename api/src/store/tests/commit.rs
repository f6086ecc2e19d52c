//! Writes: all or nothing each, together in one commit, and exact counters.

use diesel::{RunQueryDsl, connection::SimpleConnection, sql_query};

use super::support::{self, on_both};
use crate::store::{Error, Result, Time, Tx, Uid, connection::Db, contacts, contacts::Contact, tenant};

fn contact(tx: &Tx, n: u128, name: &str) -> Contact {
    let at = Time::new(jiff::Timestamp::UNIX_EPOCH);
    Contact {
        tenant_id: tx.tenant(),
        id: Uid(uuid::Uuid::from_u128(n)),
        name: Some(name.to_owned()),
        language: None,
        preferred_channel: None,
        quiet_hours: None,
        version: 1,
        created_at: at,
        updated_at: at,
        folded_name: None,
        merged_into: None,
    }
}

fn reference(tx: &mut Tx, year: i16) -> Result<String> {
    let mut numbers = tenant::numbers(tx)?;
    let reference = numbers.next(year);
    tenant::set_numbers(tx, &numbers)?;
    Ok(reference)
}

on_both!(sixty_four_writers_take_case_numbers_without_gaps, 1, 4, |place| {
    let door = place.store.tenant(place.tenants[0]);
    let writers: Vec<_> = (0..64)
        .map(|_| {
            let door = door.clone();
            tokio::spawn(async move { door.write(|tx| reference(tx, 2026)).await })
        })
        .collect();
    let mut references = Vec::new();
    for writer in writers {
        references.push(writer.await.unwrap().unwrap());
    }
    references.sort();
    let expected: Vec<_> = (1..=64).map(|n| format!("TST-2026-{n:06}")).collect();
    assert_eq!(references, expected);
});

on_both!(a_refused_write_takes_back_all_of_itself_and_nothing_of_its_neighbours, 1, 4, |place| {
    let door = place.store.tenant(place.tenants[0]);
    let writers: Vec<_> = (0..40_u128)
        .map(|n| {
            let door = door.clone();
            tokio::spawn(async move {
                door.write(move |tx| {
                    let row = contact(tx, 1000 + n, "written");
                    contacts::insert(tx, &row)?;
                    reference(tx, 2026)?;
                    match n % 4 {
                        1 => Err(Error::Refused("own")),
                        2 => contacts::insert(tx, &row),
                        3 => panic!("a bug in a rule"),
                        _ => Ok(()),
                    }
                })
                .await
            })
        })
        .collect();
    let mut kept = 0;
    for (n, writer) in writers.into_iter().enumerate() {
        let end: Result<()> = writer.await.unwrap();
        assert_eq!(end.is_ok(), n % 4 == 0, "write {n}: {end:?}");
        kept += usize::from(end.is_ok());
    }
    let (rows, last) =
        door.read(|tx| Ok::<_, Error>((contacts::list(tx, None, 1000)?, tenant::get(tx)?.case_last))).await.unwrap();
    assert_eq!(rows.len(), kept);
    assert_eq!(last, i64::try_from(kept).unwrap(), "a refused write gave its case number back");
});

/// Pages that the disk has left: for some of the sixty rows of five pages each, and not for all.
const ROOM: i64 = 100;

#[derive(diesel::QueryableByName)]
struct Pages {
    #[diesel(sql_type = diesel::sql_types::BigInt)]
    n: i64,
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_disk_in_the_middle_of_a_group_loses_and_doubles_nothing() {
    let place = support::sqlite(1, 4).await;
    let door = place.store.tenant(place.tenants[0]);
    let pages = |tx: &mut Tx| match tx.conn() {
        Db::Lite(c) => {
            Ok::<_, Error>(sql_query("SELECT page_count AS n FROM pragma_page_count").get_result::<Pages>(c)?.n)
        }
        #[cfg(feature = "postgres")]
        Db::Pg(_) => unreachable!("the file is one of SQLite"),
    };
    let limit = door.read(pages).await.unwrap() + ROOM;
    let writers: Vec<_> = (0..60_u128)
        .map(|n| {
            let door = door.clone();
            tokio::spawn(async move {
                door.write(move |tx| {
                    // Every try meets the same full disk, whatever connection it runs on.
                    if let Db::Lite(c) = tx.conn() {
                        c.batch_execute(&format!("PRAGMA max_page_count = {limit}"))?;
                    }
                    let row = contact(tx, 5000 + n, &"x".repeat(20_000));
                    contacts::insert(tx, &row)
                })
                .await
            })
        })
        .collect();
    let (mut told, mut refused) = (Vec::new(), 0);
    for (n, writer) in writers.into_iter().enumerate() {
        let end: Result<()> = writer.await.unwrap();
        match end {
            Ok(()) => told.push(Uid(uuid::Uuid::from_u128(5000 + n as u128))),
            Err(Error::Unavailable(_)) => refused += 1,
            Err(e) => panic!("a full disk is nobody's own fault: {e}"),
        }
    }
    assert!(refused > 0 && !told.is_empty(), "the disk was to fill in the middle: {refused} refused");
    let mut there: Vec<Uid> =
        door.read(|tx| contacts::list(tx, None, 1000)).await.unwrap().into_iter().map(|c| c.id).collect();
    there.sort();
    told.sort();
    assert_eq!(there, told, "what was acknowledged is there, once, and nothing else");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_commit_on_sqlite_is_synced() {
    let place = support::sqlite(1, 2).await;
    #[derive(diesel::QueryableByName)]
    struct Pragma {
        #[diesel(sql_type = diesel::sql_types::BigInt)]
        synchronous: i64,
    }
    let is = place
        .store
        .tenant(place.tenants[0])
        .write(|tx| Ok::<_, Error>(sql_query("PRAGMA synchronous").get_result::<Pragma>(tx.conn())?.synchronous))
        .await
        .unwrap();
    assert_eq!(is, 2, "FULL: a power cut loses nothing that was acknowledged");
}
