//! Everything that came in is somewhere: a case, a report, a duplicate or the quarantine.

use civicdesk_contract::{ExternalId, RawItem};
use jiff::SignedDuration;

use super::house::{House, Mail, mail};
use crate::{
    cases::ledger,
    store::{
        inbound,
        tests::support::{self, on_both},
    },
};

on_both!(the_same_id_with_other_content_is_kept, 1, 2, |place| {
    // IN-03: or a stranger could suppress a mail by sending its id first.
    let house = House::new(place).await;
    house.file(0, mail("eve@e.example", "Nothing").id("1@a")).await.unwrap();
    let own = house.file(0, mail("ana@a.example", "Light out").id("1@a")).await;
    assert_eq!(own.unwrap().subject.as_deref(), Some("Light out"));
    assert_eq!(house.states(0).await, ["filed", "filed"]);
});

on_both!(a_second_delivery_of_the_same_bytes_is_noted_on_the_case_and_is_no_second_message, 1, 2, |place| {
    let house = House::new(place).await;
    let same = Mail { raw: b"the same".to_vec(), ..mail("ana@a.example", "Light out").id("1@a") };
    let first = house.file(0, same.clone()).await.unwrap();
    assert!(house.file(0, same.clone()).await.is_none());
    let item = house.items(0).await.remove(0);
    assert_eq!((item.state.as_str(), item.message_id), ("duplicate", Some(first.id)));
    let noted = house.events(0, Some(first.case_id)).await;
    assert!(noted.iter().any(|e| e.kind == "message.duplicate" && e.message_id == Some(first.id)));
    house.clock.forward(SignedDuration::from_hours(24 * 8));
    assert!(house.file(0, same).await.is_some(), "after a week it is a message again");
});

on_both!(a_renumbered_mailbox_shows_nothing_new_and_hides_nothing_new, 1, 2, |place| {
    // IN-02: two identical mails stay two, over any number of changes.
    let house = House::new(place).await;
    let same = Mail { raw: b"the same".to_vec(), ..mail("ana@a.example", "Light out") };
    assert!(house.file(0, same.clone().lying("1")).await.is_some());
    house.clock.forward(SignedDuration::from_hours(24 * 8));
    assert!(house.file(0, same.clone().lying("1")).await.is_some());
    for epoch in ["2", "3", "4"] {
        house.clock.forward(SignedDuration::from_hours(24 * 8));
        for _ in 0..2 {
            assert!(house.file(0, same.clone().lying(epoch)).await.is_none(), "epoch {epoch}");
        }
        let originals: Vec<_> = house.items(0).await.into_iter().take(2).map(|item| item.duplicate_of).collect();
        assert_ne!(originals[0], originals[1], "each stands for its own");
    }
    assert!(house.file(0, same.lying("4")).await.is_some(), "a third one is new");
    assert_eq!(house.cases(0).await.len(), 3);
});

on_both!(a_mailbox_renumbered_before_its_mail_was_filed_loses_none_of_it, 1, 2, |place| {
    let house = House::new(place).await;
    let same = Mail { raw: b"the same".to_vec(), ..mail("ana@a.example", "Light out") };
    for epoch in ["1", "2"] {
        house.arrive(0, same.clone().lying(epoch)).await;
    }
    let worked = house.work(0).await;
    assert_eq!((worked.messages, worked.duplicates), (1, 1), "the first is the mail, the second shows it again");
});

on_both!(what_cannot_be_read_is_quarantined_with_its_words_and_bytes_and_can_be_replayed, 1, 2, |place| {
    let house = House::new(place).await;
    for raw in [b"gibberish".to_vec(), b"panic".to_vec(), vec![0; 100_000]] {
        house.arrive(0, Mail { raw, ..Mail::default() }).await;
    }
    house.arrive(0, mail("ana@a.example", "Light out")).await;
    let worked = house.work(0).await;
    assert_eq!((worked.taken, worked.messages, worked.quarantined), (4, 1, 3), "a wreck stops nobody");
    let wrecks: Vec<_> = house.items(0).await.into_iter().filter(|item| item.state == "quarantined").collect();
    let reason = |size: i64| wrecks.iter().find(|item| item.size == size).unwrap().reason.clone().unwrap();
    assert!(reason(9).contains("no message"), "{}", reason(9));
    assert!(reason(5).contains("panic"), "{}", reason(5));
    assert_eq!(house.events(0, None).await.iter().filter(|e| e.kind == "inbound.quarantined").count(), 3);

    let wreck = wrecks.into_iter().find(|item| item.raw.as_deref() == Some(b"gibberish")).unwrap();
    let mended = Mail { raw: b"gibberish".to_vec(), ..mail("bob@b.example", "Now readable") };
    house.prepare(mended);
    let act = house.act();
    let door = house.deps.store.tenant(house.tenant(0));
    door.write(move |tx| ledger::replay(tx, &act, wreck.id)).await.unwrap();
    assert_eq!(house.work(0).await.messages, 1);
    assert_eq!(house.states(0).await.iter().filter(|state| *state == "quarantined").count(), 2);
});

on_both!(an_item_in_hand_at_two_crashes_is_not_read_again, 1, 2, |place| {
    let house = House::new(place).await;
    house.arrive(0, mail("ana@a.example", "The killer")).await;
    for _ in 0..2 {
        house.write(0, |tx| inbound::take(tx, 10)).await;
    }
    house.arrive(0, mail("bob@b.example", "Behind it")).await;
    assert_eq!(house.work(0).await.quarantined, 1);
    assert_eq!(house.work(0).await.messages, 1);
    let items = house.items(0).await;
    assert_eq!(items.iter().map(|item| item.state.as_str()).collect::<Vec<_>>(), ["filed", "quarantined"]);
    assert!(items[1].reason.as_deref().unwrap().contains("in hand twice"));
});

on_both!(what_was_in_hand_beside_it_at_two_crashes_is_filed, 1, 2, |place| {
    let house = House::new(place).await;
    for subject in ["The killer", "Beside it", "Beside it as well"] {
        house.arrive(0, mail("ana@a.example", subject)).await;
    }
    let first = house.write(0, |tx| inbound::take(tx, 10)).await;
    let second = house.write(0, |tx| inbound::take(tx, 10)).await;
    assert_eq!((first.0.len(), second.0.len()), (3, 1), "after a crash, one at a time");
    let mut ends = Vec::new();
    loop {
        let worked = house.work(0).await;
        ends.push((worked.messages, worked.quarantined));
        if !worked.more {
            break;
        }
    }
    assert_eq!(ends, [(0, 1), (1, 0), (1, 0)]);
});

on_both!(the_counts_add_up, 1, 2, |place| {
    let house = House::new(place).await;
    let same = Mail { raw: b"the same".to_vec(), ..mail("ana@a.example", "Light out").id("1@a") };
    for mail in [same.clone(), same, mail("bob@b.example", "Tree down"), Mail { raw: vec![1], ..Mail::default() }] {
        house.arrive(0, mail).await;
    }
    house.work(0).await;
    house.arrive(0, mail("eve@e.example", "Waiting")).await;
    let counted = house.deps.store.tenant(house.tenant(0)).read(ledger::reconciliation).await.unwrap();
    let counts = &counted.channels[0];
    assert_eq!((counts.received, counts.messages, counts.duplicates, counts.quarantined), (1, 2, 1, 1));
    assert!(counts.add_up() && counts.total == 5);
    assert_eq!(counted.oldest_waiting, Some(house.act().now));
});

on_both!(an_item_shown_twice_by_its_network_is_taken_in_once, 1, 2, |place| {
    let house = House::new(place).await;
    for _ in 0..2 {
        let item = RawItem { id: ExternalId("7".into()), place: None, envelope: Default::default(), raw: vec![7] };
        house.deliver(0, item).await;
    }
    assert_eq!(house.items(0).await.len(), 1);
});

on_both!(nothing_in_a_mail_can_break_its_filing, 1, 2, |place| {
    let house = House::new(place).await;
    let mut odd =
        mail("ana@a.example", "a\0b\r\nBcc: x").id(&"long".repeat(1000)).answers(&["x\0y", &"z".repeat(9000)]);
    odd.inbound.text = format!("nul \0 and {}", "long ".repeat(400_000));
    odd.inbound.html = Some("<p>\0</p>".to_owned());
    odd.inbound.from.as_mut().unwrap().name = Some("A\0na\u{202e}\n".to_owned());
    odd.envelope.from = Some("\0".to_owned());
    let filed = house.file(0, odd).await.unwrap();
    assert_eq!(filed.subject.as_deref(), Some("a b Bcc: x"));
    assert!(filed.text.len() <= 1024 * 1024 && !filed.text.contains('\0'));
});

on_both!(what_cannot_be_taken_whole_is_seen_as_a_case_and_comes_home_when_replayed, 1, 2, |place| {
    let house = House::new(place).await;
    let raw = b"too large, from ana@a.example".to_vec();
    assert!(house.file(0, Mail { raw: raw.clone(), ..Mail::default() }).await.is_none());
    let item = house.items(0).await.remove(0);
    let case = house.cases(0).await.remove(0);
    assert_eq!((item.state.as_str(), item.case_id), ("quarantined", Some(case.id)));
    assert_eq!((case.subject.as_str(), case.status.as_str()), ("The map", "new"));
    let notes = house.messages(0, case.id).await;
    assert_eq!((notes.len(), notes[0].direction.as_str(), notes[0].item_id), (1, "note", Some(item.id)), "{notes:?}");
    assert!(notes[0].text.contains("ana@a.example") && notes[0].text.contains("no message"), "{}", notes[0].text);

    let follow = house.file(0, mail("ana@a.example", "Did you get my map?").answers(&["large@a"])).await.unwrap();
    assert_eq!(follow.case_id, case.id);
    let replay = |house: &House| {
        let (act, id) = (house.act(), item.id);
        let door = house.deps.store.tenant(house.tenant(0));
        async move { door.write(move |tx| ledger::replay(tx, &act, id)).await.unwrap() }
    };
    replay(&house).await;
    house.work(0).await;
    assert_eq!(house.cases(0).await.len(), 1, "one case for one item, however often it is tried");
    assert_eq!(house.items(0).await.iter().filter(|i| i.case_id == Some(case.id)).count(), 2);
    house.can_read(&raw, mail("ana@a.example", "The map").id("large@a"));
    replay(&house).await;
    house.work(0).await;
    let read = house
        .messages(0, case.id)
        .await
        .into_iter()
        .find(|m| m.subject.as_deref() == Some("The map") && m.direction == "inbound");
    assert_eq!(read.unwrap().item_id, Some(item.id));
    assert_eq!(house.cases(0).await.len(), 1);
});

on_both!(what_names_no_sender_lies_in_quarantine_only, 1, 2, |place| {
    let house = House::new(place).await;
    assert!(house.file(0, Mail { raw: b"noise".to_vec(), ..Mail::default() }).await.is_none());
    assert_eq!(house.states(0).await, ["quarantined"]);
    assert!(house.cases(0).await.is_empty());
});
