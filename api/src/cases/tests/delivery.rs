//! A report marks the message that it is about, and is never a case.

use civicdesk_contract::{Report, ReportedRecipient};

use super::house::{House, Mail, mail};
use crate::store::{
    Uid, messages,
    messages::Message,
    tests::support::{self, on_both},
};

fn report(original: Option<&str>, action: &str, status: &str) -> Mail {
    let mut mail = mail("MAILER-DAEMON@mx.example", "Undelivered Mail Returned to Sender");
    mail.inbound.report = Some(Report {
        original_message_id: original.map(str::to_owned),
        recipients: vec![ReportedRecipient {
            address: "ana@a.example".to_owned(),
            action: action.to_owned(),
            status: Some(status.to_owned()),
            diagnostic: Some("said the server".to_owned()),
        }],
    });
    mail.envelope.from = Some(String::new());
    mail
}

/// A case whose acknowledgement has been sent.
async fn sent(house: &House, subject: &str) -> Message {
    let first = house.file(0, mail("ana@a.example", subject)).await.unwrap();
    let letter = house.letters(0, first.case_id).await.remove(0);
    let (id, at) = (letter.id, house.act().now);
    house
        .write(0, move |tx| {
            let step = messages::Moved { state: "sent", detail: None, at, sent_id: None, attempt: false };
            messages::advance(tx, id, &["queued"], &step)
        })
        .await;
    letter
}

async fn state(house: &House, id: Uid) -> (String, Option<String>) {
    let message = house.read(0, move |tx| messages::get(tx, id)).await;
    (message.state, message.state_detail)
}

on_both!(a_failure_report_marks_the_message_that_failed, 1, 2, |place| {
    // IN-11
    let house = House::new(place).await;
    let letter = sent(&house, "Light out").await;
    house.file(0, report(letter.network_id.as_deref(), "failed", "5.1.1")).await;
    let (now, detail) = state(&house, letter.id).await;
    assert_eq!((now.as_str(), detail.as_deref()), ("failed", Some("ana@a.example: 5.1.1 said the server")));
    let item = house.items(0).await.remove(0);
    assert_eq!(
        (item.filed_as.as_deref(), item.message_id, item.case_id),
        (Some("report"), Some(letter.id), Some(letter.case_id))
    );
    assert_eq!(house.cases(0).await.len(), 1);
    assert_eq!(house.messages(0, letter.case_id).await.len(), 2, "no message and no letter came of it");
    let seen = house.events(0, Some(letter.case_id)).await;
    assert!(seen.iter().any(|e| e.kind == "message.failed" && e.data.0["recipients"][0]["status"] == "5.1.1"));
});

on_both!(a_report_is_matched_by_the_signed_return_path_it_came_to, 1, 2, |place| {
    let house = House::new(place).await;
    let letter = sent(&house, "Light out").await;
    let path = |key: &crate::cases::tokens::ReplyKey| {
        key.return_path(&house.address(0), Uid(house.tenant(0)), letter.id).unwrap()
    };
    let forged = crate::cases::tokens::ReplyKey::new([1; 32]);
    house.file(0, report(None, "failed", "5.1.1").delivered_to(&path(&forged))).await;
    assert_eq!(state(&house, letter.id).await.0, "sent");
    house.file(0, report(None, "failed", "5.1.1").delivered_to(&path(&house.deps.reply_key))).await;
    assert_eq!(state(&house, letter.id).await.0, "failed");
});

on_both!(a_delay_changes_no_state_and_a_late_success_undoes_no_failure, 1, 2, |place| {
    let house = House::new(place).await;
    let letter = sent(&house, "Light out").await;
    let id = letter.network_id.as_deref();
    house.file(0, report(id, "delayed", "4.4.1")).await;
    assert_eq!(state(&house, letter.id).await.0, "sent");
    house.file(0, report(id, "delivered", "2.0.0")).await;
    assert_eq!(state(&house, letter.id).await.0, "delivered");

    let other = sent(&house, "Tree down").await;
    let id = other.network_id.as_deref();
    house.file(0, report(id, "failed", "5.1.1")).await;
    house.file(0, report(id, "delivered", "2.0.0")).await;
    assert_eq!(state(&house, other.id).await.0, "failed");
});

on_both!(a_report_about_nothing_of_ours_is_kept_as_a_report, 1, 2, |place| {
    let house = House::new(place).await;
    house.file(0, report(Some("unknown@x"), "failed", "5.1.1")).await;
    let item = house.items(0).await.remove(0);
    assert_eq!((item.state.as_str(), item.filed_as.as_deref()), ("filed", Some("report")));
    assert!(item.reason.unwrap().contains("no message of ours"));
    assert!(house.cases(0).await.is_empty());
});

on_both!(a_citizen_cannot_report_on_what_other_citizens_wrote, 1, 2, |place| {
    let house = House::new(place).await;
    let first = house.file(0, mail("ana@a.example", "Light out").id("1@a")).await.unwrap();
    house.file(0, report(Some("1@a"), "failed", "5.1.1")).await;
    assert_eq!(state(&house, first.id).await.0, "received");
});
