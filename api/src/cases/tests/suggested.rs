//! What becomes of a message whose sender was no party, once staff decide; and cases that are merged and unmerged.

use super::house::{House, json, mail};
use crate::{
    cases::{
        moving::{self, Both},
        reply, suggesting,
        written::Written,
    },
    fail::Fail,
    store::{
        Tx, Uid,
        cases::{self, Case},
        inbound, search,
        tests::support::{self, on_both},
    },
};

/// Does something in the record.
async fn act<T: Send + 'static>(
    house: &House,
    f: impl Fn(&mut Tx, &crate::acting::Acting) -> Result<T, Fail> + Send + 'static,
) -> Result<T, Fail> {
    let act = house.act();
    house.deps.store.tenant(house.tenant(0)).write(move |tx| f(tx, &act)).await
}

async fn case(house: &House, id: Uid) -> Case {
    house.read(0, move |tx| cases::get(tx, id)).await
}

async fn kinds(house: &House, case: Uid) -> Vec<String> {
    house.events(0, Some(case)).await.into_iter().map(|event| event.kind).collect()
}

async fn is_party(house: &House, case: Uid, contact: Uid) -> bool {
    house.read(0, move |tx| cases::is_party(tx, case, contact)).await
}

on_both!(a_message_that_is_let_in_brings_its_case_and_its_sender_along, 1, 2, |place| {
    let house = House::new(place).await;
    let first = house.file(0, mail("ana@a.example", "Light out").id("1@a")).await.unwrap();
    let asked = house.file(0, mail("eve@e.example", "Re: Light out").id("2@e").answers(&["1@a"])).await.unwrap();
    let more = house.file(0, mail("eve@e.example", "Re: Light out").id("3@e").answers(&["2@e"])).await.unwrap();
    let stub = case(&house, asked.case_id).await;
    assert_eq!(more.case_id, stub.id);
    assert!(!is_party(&house, first.case_id, stub.contact_id).await);
    let before = house.messages(0, stub.id).await.len() + house.messages(0, first.case_id).await.len();

    let suggestion = house.suggestions(0, asked.id).await.remove(0);
    let (again, twice) = (suggestion.clone(), suggestion.clone());
    act(&house, move |tx, act| suggesting::accept(tx, act, &suggestion)).await.unwrap();

    let (stub, whole) = (case(&house, stub.id).await, case(&house, first.case_id).await);
    assert_eq!((stub.status.as_str(), stub.merged_into), ("closed", Some(whole.id)));
    assert!(house.messages(0, stub.id).await.is_empty());
    assert_eq!(house.messages(0, whole.id).await.len(), before, "nothing is lost, our letters included");
    assert!(is_party(&house, whole.id, stub.contact_id).await);
    let found = house.read(0, |tx| search::find(tx, &["light".into()])).await;
    let of_stub: Vec<_> =
        found.iter().filter(|hit| hit.case_id == Some(stub.id)).map(|hit| hit.kind.as_str()).collect();
    assert_eq!(of_stub, ["case"], "its words are found where they lie now");
    let item = asked.item_id.unwrap();
    assert_eq!(house.read(0, move |tx| inbound::get(tx, item)).await.case_id, Some(whole.id));
    let moved = house.messages(0, whole.id).await.into_iter().find(|m| m.id == asked.id).unwrap();
    assert_eq!(json(&moved.filing)["moved"]["method"], "suggestion_accepted");
    assert!(kinds(&house, stub.id).await.ends_with(&["case.merged".into()]));
    assert!(kinds(&house, whole.id).await.ends_with(&["suggestion.accepted".into(), "case.merged".into()]));

    let next = house.file(0, mail("eve@e.example", "Re: Light out").answers(&["3@e"])).await.unwrap();
    assert_eq!(next.case_id, whole.id, "who was let in stays in");
    let named = house.file(0, mail("eve@e.example", &format!("and [{}]", stub.reference))).await.unwrap();
    assert_eq!(named.case_id, whole.id, "the number of the merged case leads on");
    let refused = act(&house, move |tx, act| suggesting::accept(tx, act, &again)).await;
    assert!(matches!(refused, Err(Fail::Conflict { code: "decided", .. })), "{refused:?}");
    let refused = act(&house, move |tx, act| suggesting::dismiss(tx, act, &twice)).await;
    assert!(matches!(refused, Err(Fail::Conflict { code: "decided", .. })), "{refused:?}");
});

on_both!(a_message_that_is_not_let_in_stays_where_it_is, 1, 2, |place| {
    let house = House::new(place).await;
    let first = house.file(0, mail("ana@a.example", "Light out").id("1@a")).await.unwrap();
    let asked = house.file(0, mail("eve@e.example", "Re: Light out").answers(&["1@a"])).await.unwrap();
    let suggestion = house.suggestions(0, asked.id).await.remove(0);
    act(&house, move |tx, act| suggesting::dismiss(tx, act, &suggestion)).await.unwrap();
    assert_eq!(house.suggestions(0, asked.id).await[0].state, "dismissed");
    let stub = case(&house, asked.case_id).await;
    assert_eq!((stub.status.as_str(), stub.merged_into), ("new", None));
    assert!(!is_party(&house, first.case_id, stub.contact_id).await);
    assert_eq!(kinds(&house, first.case_id).await.last().unwrap(), "suggestion.dismissed");
});

on_both!(what_is_merged_can_be_unmerged_and_nothing_is_lost, 1, 2, |place| {
    let house = House::new(place).await;
    let first = house.file(0, mail("ana@a.example", "Light out").id("1@a")).await.unwrap();
    let other = house.file(0, mail("bob@b.example", "Tree down").id("2@b")).await.unwrap();
    let third = house.file(0, mail("cleo@c.example", "Noise").id("3@c")).await.unwrap();
    let (whole, from) = (case(&house, first.case_id).await, case(&house, other.case_id).await);
    let (had, own) = (house.messages(0, whole.id).await.len(), house.messages(0, from.id).await.len());
    let both = Both { from: from.clone(), into: whole.clone() };
    let merge = move |tx: &mut Tx, act: &crate::acting::Acting| {
        let mut written = Written::default();
        let both = moving::merge(tx, act, &mut written, &both, false)?;
        written.flush(tx)?;
        Ok(both)
    };
    let merged = act(&house, merge).await.unwrap();
    assert_eq!(house.messages(0, whole.id).await.len(), had + own);

    let (closed, note) = (merged.from.clone(), merged.from.clone());
    let refused = act(&house, move |tx, act| reply::note(tx, act, &note, "Rang.").map(|_| ())).await;
    assert!(matches!(refused, Err(Fail::Conflict { code: "merged", .. })), "{refused:?}");
    let onward = Both { from: case(&house, third.case_id).await, into: closed.clone() };
    let refused =
        act(&house, move |tx, act| moving::merge(tx, act, &mut Written::default(), &onward, false).map(|_| ())).await;
    assert!(matches!(refused, Err(Fail::Conflict { code: "merged", .. })), "{refused:?}");

    // Said in the merged case: it stays there.
    let since = house.file(0, mail("bob@b.example", "Re: Tree down").id("4@b").answers(&["2@b"])).await.unwrap();
    assert_eq!(since.case_id, whole.id);
    let unmerge = move |tx: &mut Tx, act: &crate::acting::Acting| {
        let mut written = Written::default();
        let both = moving::unmerge(tx, act, &mut written, &closed)?;
        written.flush(tx)?;
        Ok(both)
    };
    let apart = act(&house, unmerge).await.unwrap();
    let again = Case { version: from.version, updated_at: from.updated_at, ..apart.from.clone() };
    assert_eq!(again, from, "it is again what it was");
    assert_eq!(house.messages(0, from.id).await.len(), own);
    assert_eq!(house.messages(0, whole.id).await.len(), had + 1);
    assert!(is_party(&house, whole.id, from.contact_id).await, "he spoke there meanwhile");
    assert_eq!(kinds(&house, from.id).await.last().unwrap(), "case.unmerged");
    let back = house.file(0, mail("bob@b.example", "Re: Tree down").answers(&["2@b"])).await.unwrap();
    assert_eq!(back.case_id, from.id);
});
