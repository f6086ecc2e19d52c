//! What a change of the record checks, writes and tells.

use civicdesk_contract::Party;

use super::house::{House, kinds, mail, party};
use crate::{
    cases::{
        change::{Change, change},
        record::{self, Opening},
        reply, words,
        written::Written,
    },
    fail::Fail,
    people::contacts as people,
    store::{
        Tx, Uid, attachments, cases,
        cases::Case,
        messages, search,
        tenant::{self, Tenant},
        tests::support::{self, on_both},
    },
};

async fn opened(house: &House, subject: &'static str) -> Case {
    let act = house.act();
    let door = house.deps.store.tenant(house.tenant(0));
    let open = door.write(move |tx| {
        let contact =
            people::find_or_make(tx, &act, &Party { name: Some("Ana López".into()), ..party("ana@a.example") })?;
        let tags = vec!["b".to_owned(), "a".to_owned(), "b".to_owned()];
        record::open(tx, &act, Opening { tags, ..Opening::new(subject, contact.id) })
    });
    open.await.unwrap()
}

async fn changed(house: &House, case: &Case, change_it: Change) -> Result<Case, Fail> {
    let (act, case) = (house.act(), case.clone());
    let door = house.deps.store.tenant(house.tenant(0));
    door.write(move |tx| change(tx, &act, &case, change_it.clone())).await
}

on_both!(the_year_of_a_reference_is_the_agencys_own, 1, 2, |place| {
    let house = House::new(place).await;
    let open = async |at: &'static str| {
        house.clock.set(at);
        let act = house.act();
        let door = house.deps.store.tenant(house.tenant(0));
        let case = door.write(move |tx: &mut Tx| {
            let tenant = Tenant { time_zone: "Pacific/Auckland".into(), ..tenant::get(tx)? };
            let contact = people::find_or_make(tx, &act, &party("ana@a.example"))?;
            let mut written = Written::default();
            let case = record::open_in(tx, &act, &mut written, &tenant, Opening::new("Light", contact.id))?;
            written.flush(tx)?;
            Ok::<_, Fail>(case.reference)
        });
        case.await.unwrap()
    };
    assert_eq!(open("2026-12-31T10:59:00Z").await, "TST-2026-000001");
    assert_eq!(open("2026-12-31T11:01:00Z").await, "TST-2027-000001");
});

on_both!(a_change_is_told_once_with_old_and_new_values, 1, 2, |place| {
    let house = House::new(place).await;
    let case = opened(&house, "Light out").await;
    let wanted = Change {
        status: Some("resolved".into()),
        outcome: Some(Some("done".into())),
        priority: Some("high".into()),
        tags: Some(vec!["a".into(), "c".into()]),
        ..Change::default()
    };
    let new = changed(&house, &case, wanted.clone()).await.unwrap();
    assert_eq!((new.version, new.status.as_str(), new.closed_at), (2, "resolved", None));
    let events = house.events(0, Some(case.id)).await;
    let told = &events.last().unwrap().data.0["changes"];
    assert_eq!(told["status"], serde_json::json!({ "from": "new", "to": "resolved" }));
    assert_eq!(told["tags"], serde_json::json!({ "from": ["a", "b"], "to": ["a", "c"] }));
    assert!(told.get("subject").is_none());

    assert_eq!(changed(&house, &new, wanted.clone()).await.unwrap().version, 2, "nothing changed");
    assert_eq!(house.events(0, Some(case.id)).await.len(), events.len());
    assert!(matches!(changed(&house, &case, wanted).await, Err(Fail::Stale)), "it was read before the change");
});

on_both!(every_wrong_field_is_named_at_once, 1, 2, |place| {
    let house = House::new(place).await;
    let case = opened(&house, "Light out").await;
    let nobody = Some(Some(Uid(uuid::Uuid::from_u128(404))));
    let wrong = Change {
        subject: Some(" \n ".into()),
        status: Some("done".into()),
        outcome: Some(Some("done".into())),
        priority: Some("huge".into()),
        topic_id: nobody,
        team_id: nobody,
        assignee_id: nobody,
        tags: Some(vec![String::new()]),
    };
    let Err(Fail::Invalid(fields)) = changed(&house, &case, wrong).await else { panic!("it was taken") };
    let pointers: Vec<&str> = fields.iter().map(|f| f.pointer.as_str()).collect();
    let all = ["/subject", "/status", "/outcome", "/priority", "/topic_id", "/team_id", "/assignee_id", "/tags"];
    assert_eq!(pointers, all);
});

on_both!(what_a_person_writes_reopens_and_what_a_machine_writes_does_not, 1, 2, |place| {
    let house = House::new(place).await;
    let case = opened(&house, "Light out").await;
    let closed = Change { status: Some("closed".into()), ..Change::default() };
    let case = changed(&house, &case, closed).await.unwrap();
    assert!(case.closed_at.is_some());
    let act = house.act();
    let door = house.deps.store.tenant(house.tenant(0));
    let states = door.write(move |tx: &mut Tx| {
        let mut machine = record::draft(&act, &case, "inbound");
        machine.automatic = true;
        let after_machine = record::add_message(tx, &act, &case, machine, Vec::new())?;
        let person = record::draft(&act, &case, "inbound");
        let after_person = record::add_message(tx, &act, &after_machine, person, Vec::new())?;
        Ok::<_, Fail>((after_machine.status, after_person.status, after_person.closed_at, after_person.version))
    });
    assert_eq!(states.await.unwrap(), ("closed".to_owned(), "open".to_owned(), None, 4));
});

on_both!(an_answer_uses_only_files_of_its_own_writer_and_each_once, 1, 2, |place| {
    let house = House::new(place).await;
    let first = house.file(0, mail("ana@a.example", "Light out")).await.unwrap();
    let act = house.act();
    let file = attachments::Attachment {
        tenant_id: first.tenant_id,
        id: act.id(),
        message_id: None,
        uploaded_by: Some("key:1".into()),
        name: "plan.pdf".into(),
        content_type: "application/pdf".into(),
        size: 1,
        sha256: vec![0; 32],
        content_id: None,
        inline: false,
        scan: "off".to_owned(),
        scan_detail: None,
        created_at: act.now,
    };
    let id = file.id;
    house.write(0, move |tx| attachments::insert(tx, std::slice::from_ref(&file))).await;
    let send = async |uploader: &'static str| {
        let (act, case) = (house.act(), first.case_id);
        let door = house.deps.store.tenant(house.tenant(0));
        let posted = door.write(move |tx: &mut Tx| {
            let case = cases::get(tx, case)?;
            let answer = reply::Reply {
                text: "See the plan.".into(),
                attachments: vec![id],
                uploader: uploader.into(),
                ..Default::default()
            };
            reply::reply(tx, &act, &kinds(), &case, answer)
        });
        posted.await
    };
    assert!(matches!(send("key:2").await, Err(Fail::Invalid(_))));
    let posted = send("key:1").await.unwrap();
    assert_eq!((posted.case.status.as_str(), posted.message.state.as_str()), ("open", "queued"));
    assert!(matches!(send("key:1").await, Err(Fail::Invalid(_))));
    let sent = house.read(0, move |tx| attachments::of_messages(tx, &[posted.message.id])).await;
    assert_eq!(sent.len(), 1);
    assert_eq!(house.messages(0, first.case_id).await.iter().filter(|m| m.direction == "outbound").count(), 2);
});

on_both!(a_test_keys_answer_is_recorded_and_never_queued, 1, 2, |place| {
    let house = House::new(place).await;
    let first = house.file(0, mail("ana@a.example", "Light out")).await.unwrap();
    let act = house.act();
    let door = house.deps.store.tenant(house.tenant(0));
    let posted = door.write(move |tx: &mut Tx| {
        let case = cases::get(tx, first.case_id)?;
        let answer = reply::Reply { text: "Hello".into(), test: true, ..Default::default() };
        reply::reply(tx, &act, &kinds(), &case, answer)
    });
    let posted = posted.await.unwrap().message;
    assert_eq!(posted.state, "sent");
    let queued = house.read(0, |tx| messages::in_state(tx, &["queued"], 10)).await;
    assert!(queued.iter().all(|message| message.id != posted.id));
});

on_both!(cases_messages_and_people_are_found_by_their_words, 1, 2, |place| {
    let house = House::new(place).await;
    let case = opened(&house, "Potholes on Church Street").await;
    house.file(0, mail("o'brien@user.example", "C++ course, a-b")).await.unwrap();
    let found = async |asked: &'static str| {
        let question = words::question(asked, &["en-US"]);
        let kinds = house.read(0, move |tx| {
            let mut hits = search::find(tx, &question.exact)?;
            hits.extend(search::find(tx, &question.wide)?);
            Ok(hits.into_iter().map(|hit| hit.kind).collect::<std::collections::BTreeSet<_>>())
        });
        kinds.await.into_iter().collect::<Vec<_>>().join(" ")
    };
    assert_eq!(found("pothole").await, "case");
    assert_eq!(found("tst-2026-000001").await, "case");
    assert_eq!(found("lopez").await, "contact");
    assert_eq!(found("O'Brien@user.example").await, "contact message");
    assert_eq!(found("C++ a-b").await, "case message");
    assert_eq!(found("' OR \" NEAR( * )").await, "");
    let renamed = Change { subject: Some("Sinkhole".into()), ..Change::default() };
    changed(&house, &case, renamed).await.unwrap();
    assert_eq!((found("pothole").await, found("sinkhole").await), (String::new(), "case".to_owned()));
});
