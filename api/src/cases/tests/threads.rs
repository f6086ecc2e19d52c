//! Which case a mail lands in, and who does not get in.

use super::house::{House, json, kinds, mail, party};
use crate::{
    cases::{reply, tokens::ReplyKey},
    store::{
        Tx, Uid,
        cases::{self, Case},
        contacts,
        tests::support::{self, on_both},
    },
};

on_both!(an_answer_in_the_chain_joins_its_case, 1, 2, |place| {
    let house = House::new(place).await;
    let first = house.file(0, mail("ana@a.example", "Light out").id("1@a")).await.unwrap();
    let second = house.file(0, mail("ana@a.example", "Re: Light out").id("2@a").answers(&["1@a"])).await.unwrap();
    assert_eq!(first.case_id, second.case_id);
    assert_eq!(json(&second.filing)["method"], "references");
    assert_eq!(json(&second.filing)["value"], "1@a");
    assert_eq!(house.cases(0).await.len(), 1);
});

on_both!(a_mail_that_leads_nowhere_is_a_new_case_with_its_sender_as_requester, 1, 2, |place| {
    let house = House::new(place).await;
    house.file(0, mail("ana@a.example", "Light out")).await.unwrap();
    let other = house.file(0, mail("ANA@A.example", "Tree down")).await.unwrap();
    let cases = house.cases(0).await;
    assert_eq!((cases.len(), json(&other.filing)["method"].as_str()), (2, Some("new_case")));
    assert_eq!(cases[0].contact_id, cases[1].contact_id, "one person, however the address is spelled");
    assert_eq!((cases[0].reference.as_str(), cases[0].status.as_str()), ("TST-2026-000001", "new"));
});

on_both!(a_parent_that_comes_late_still_meets_its_child, 1, 2, |place| {
    let house = House::new(place).await;
    let child = house.file(0, mail("ana@a.example", "Re: Light").id("2@a").answers(&["1@a"])).await.unwrap();
    let parent = house.file(0, mail("ana@a.example", "Light").id("1@a")).await.unwrap();
    assert_eq!(child.case_id, parent.case_id);
    assert_eq!(json(&parent.filing)["method"], "later_message");
    let brother = house.file(0, mail("ana@a.example", "Re: Light").id("3@a").answers(&["0@a", "1@a"])).await.unwrap();
    assert_eq!(child.case_id, brother.case_id);
});

on_both!(a_mail_that_comes_after_its_answer_brings_the_answers_case_along_unless_somebody_works_on_it, 1, 2, |place| {
    let house = House::new(place).await;
    let first = house.file(0, mail("ana@a.example", "Light").id("1@a")).await.unwrap();
    let early = house.file(0, mail("ana@a.example", "Re: Light").id("3@a").answers(&["2@a"])).await.unwrap();
    let foreign = house.file(0, mail("eve@e.example", "Re: Light").id("3@e").answers(&["2@a"])).await.unwrap();
    assert_ne!(early.case_id, first.case_id, "nothing tells yet that they belong together");
    let middle = house.file(0, mail("ana@a.example", "Re: Light").id("2@a").answers(&["1@a"])).await.unwrap();
    assert_eq!(middle.case_id, first.case_id);
    let ids: Vec<_> = house.messages(0, first.case_id).await.into_iter().filter_map(|m| m.network_id).collect();
    assert!(ids.contains(&"3@a".to_owned()) && !ids.contains(&"3@e".to_owned()), "{ids:?}");
    let joined = house.cases(0).await.into_iter().find(|case| case.id == early.case_id).unwrap();
    assert_eq!((joined.merged_into, joined.status.as_str()), (Some(first.case_id), "closed"));
    assert!(house.cases(0).await.iter().any(|case| case.id == foreign.case_id && case.merged_into.is_none()));

    let taken = house.file(0, mail("ana@a.example", "Re: Light").id("5@a").answers(&["4@a"])).await.unwrap();
    let open = move |tx: &mut Tx| {
        let case = cases::get(tx, taken.case_id)?;
        cases::update(tx, &Case { status: "open".to_owned(), ..case })
    };
    house.write(0, open).await;
    house.file(0, mail("ana@a.example", "Re: Light").id("4@a").answers(&["1@a"])).await.unwrap();
    let kept = house.cases(0).await.into_iter().find(|case| case.id == taken.case_id).unwrap();
    assert_eq!(kept.merged_into, None);
});

on_both!(a_stranger_quoting_a_reference_does_not_get_in, 1, 2, |place| {
    let house = House::new(place).await;
    let first = house.file(0, mail("ana@a.example", "Light out").id("1@a")).await.unwrap();
    let reference = house.cases(0).await[0].reference.clone();
    for (n, stranger) in [
        mail("eve@e.example", &format!("Re: Light out [{reference}]")),
        mail("eva@e.example", "Re: Light out").answers(&["1@a"]),
        mail("ewa@e.example", "Re: Light out").id("1@a"),
    ]
    .into_iter()
    .enumerate()
    {
        let filed = house.file(0, stranger).await.unwrap();
        assert_ne!(filed.case_id, first.case_id);
        assert_eq!(json(&filed.filing)["refused"][0]["reference"], reference.as_str());
        let suggested = house.suggestions(0, filed.id).await;
        assert!(suggested.iter().any(|suggested| suggested.case_id == first.case_id), "mail {n}");
        assert!(suggested[0].reason.contains("no party"), "{}", suggested[0].reason);
    }
    assert_eq!(house.messages(0, first.case_id).await.iter().filter(|m| m.direction == "inbound").count(), 1);
});

on_both!(a_party_is_let_in_by_the_number_in_the_subject, 1, 2, |place| {
    let house = House::new(place).await;
    let first = house.file(0, mail("ana@a.example", "Light out")).await.unwrap();
    let second = house.file(0, mail("ana@a.example", "my case tst-2026-000001 please")).await.unwrap();
    assert_eq!(first.case_id, second.case_id);
    assert_eq!(json(&second.filing)["method"], "reference_in_subject");
});

on_both!(people_whom_a_party_copies_take_part_and_our_own_addresses_do_not, 1, 2, |place| {
    let house = House::new(place).await;
    let mut first = mail("ana@a.example", "Light out").id("1@a");
    first.inbound.to = vec![party("Help@City0.example"), party("help+roads@city0.example")];
    first.inbound.cc = vec![party("bob@b.example")];
    let first = house.file(0, first).await.unwrap();
    let parties = house.read(0, move |tx| cases::parties_of(tx, first.case_id)).await;
    let mut roles: Vec<&str> = parties.iter().map(|party| party.role.as_str()).collect();
    roles.sort_unstable();
    assert_eq!(roles, ["participant", "requester"]);
    let answer = house.file(0, mail("bob@b.example", "Re: Light out").answers(&["1@a"])).await.unwrap();
    assert_eq!(answer.case_id, first.case_id);
});

async fn token(house: &House, key: &ReplyKey, case: &Case, contact: Uid) -> String {
    let tenant = Uid(house.tenant(0));
    key.reply_address(&house.address(0), tenant, (case.id, &case.reference), contact).unwrap()
}

on_both!(a_forged_reply_address_opens_no_case, 1, 2, |place| {
    let house = House::new(place).await;
    house.file(0, mail("ana@a.example", "Light out")).await.unwrap();
    let case = house.cases(0).await.remove(0);
    let ours = token(&house, &house.deps.reply_key, &case, case.contact_id).await;
    let forged = token(&house, &ReplyKey::new([1; 32]), &case, case.contact_id).await;

    let in_by_ours = house.file(0, mail("ana@a.example", "Hello").delivered_to(&ours)).await.unwrap();
    assert_eq!((in_by_ours.case_id, json(&in_by_ours.filing)["method"].as_str()), (case.id, Some("reply_token")));
    let by_forged = house.file(0, mail("ana@a.example", "Hello").delivered_to(&forged)).await.unwrap();
    assert_eq!(json(&by_forged.filing)["method"], "new_case");
    let stranger = house.file(0, mail("eve@e.example", "Hello").delivered_to(&ours)).await.unwrap();
    assert_ne!(stranger.case_id, case.id, "a true token in strange hands is still only a suggestion");
    assert_eq!(house.suggestions(0, stranger.id).await.len(), 1);
    let by_stranger_forged = house.file(0, mail("eve@e.example", "Hello").delivered_to(&forged)).await.unwrap();
    assert_eq!(house.suggestions(0, by_stranger_forged.id).await.len(), 0);
});

on_both!(the_answer_to_our_answer_comes_home_and_reopens_the_case, 1, 2, |place| {
    let house = House::new(place).await;
    house.file(0, mail("ana@a.example", "Light out").id("1@a")).await.unwrap();
    let case = house.cases(0).await.remove(0);
    let act = house.act();
    let door = house.deps.store.tenant(house.tenant(0));
    let posted = door
        .write(move |tx| {
            let text = "We are on our way.".to_owned();
            let to = vec![party("carl@c.example")];
            let ours =
                reply::reply(tx, &act, &kinds(), &case, reply::Reply { text: text.clone(), ..Default::default() })?;
            reply::reply(tx, &act, &kinds(), &ours.case, reply::Reply { text, to, ..Default::default() })?;
            let case = cases::get(tx, case.id)?;
            let resolved = crate::cases::change::Change { status: Some("resolved".into()), ..Default::default() };
            crate::cases::change::change(tx, &act, &case, resolved)?;
            Ok::<_, crate::fail::Fail>(ours.message)
        })
        .await
        .unwrap();
    assert_eq!(json(&posted.recipients)[0]["address"], "ana@a.example");
    assert_eq!((posted.in_reply_to.as_deref(), posted.state.as_str()), (Some("1@a"), "queued"));
    let id = posted.network_id.unwrap();
    assert!(id.ends_with("@city0.example"), "{id}");
    let answer = house.file(0, mail("ana@a.example", "Thanks").answers(&[&id])).await.unwrap();
    assert_eq!((answer.case_id, house.cases(0).await[0].status.as_str()), (posted.case_id, "open"));
    let whom_we_wrote_to = house.file(0, mail("carl@c.example", "Thanks").answers(&[&id])).await.unwrap();
    assert_eq!(whom_we_wrote_to.case_id, posted.case_id);
});

on_both!(a_mail_without_a_sender_is_a_case_of_nobody_known, 1, 2, |place| {
    let house = House::new(place).await;
    for from in [None, Some(party("no address at all"))] {
        let mut nobody = mail("x@x.example", "");
        nobody.inbound.from = from;
        house.file(0, nobody).await.unwrap();
    }
    let cases = house.cases(0).await;
    assert_eq!((cases.len(), cases[0].subject.as_str()), (2, "(no subject)"));
    let contact = cases[0].contact_id;
    assert!(house.read(0, move |tx| contacts::identities_of(tx, &[contact])).await.is_empty());
});
