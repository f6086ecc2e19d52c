//! What became of a text is told in any order and in words that may be new; staff read why it failed.

use civicdesk_contract::{Channel, HookCall, ReceiptState};
use civicdesk_providers::{calls::mix, notify, twilio, vonage};

use crate::house::{ADDRESS, notify_settings, open, text, twilio_settings, vonage_settings, vonage_sms_settings};

async fn told(channel: &dyn Channel, call: &HookCall) -> Option<(String, ReceiptState, Option<String>)> {
    let received = channel.receive(call).await.unwrap();
    assert!(received.items.is_empty(), "a report is no message");
    assert!(received.answer.status < 300, "the provider is told that it arrived");
    assert!(received.receipts.len() < 2);
    received.receipts.into_iter().next().map(|receipt| (receipt.id.0, receipt.state, receipt.detail))
}

#[tokio::test]
async fn twilios_reports_mean_the_same_in_any_order() {
    let fake = twilio::Twilio::start().await;
    let channel = open(&civicdesk_sms::twilio::connector(), twilio_settings(&fake));
    let id = channel.send(&text("It is mended.")).await.unwrap().id.0;
    let right = [
        ("queued", None),
        ("accepted", None),
        ("sending", None),
        ("sent", Some(ReceiptState::Sent)),
        ("delivered", Some(ReceiptState::Delivered)),
        ("read", Some(ReceiptState::Read)),
        ("undelivered", Some(ReceiptState::Failed)),
        ("failed", Some(ReceiptState::Failed)),
        ("canceled", Some(ReceiptState::Failed)),
        ("a word of next year", None),
    ];
    for seed in 1..20 {
        let mut order: Vec<_> = right.iter().collect();
        mix(&mut order, seed);
        for (status, state) in order {
            let receipt = told(&*channel, &fake.status(ADDRESS, &id, status, None)).await;
            assert_eq!(receipt.map(|(of, state, _)| (of, state)), state.map(|state| (id.clone(), state)), "{status}");
        }
    }
}

#[tokio::test]
async fn staff_read_why_a_text_failed_in_words() {
    let fake = twilio::Twilio::start().await;
    let channel = open(&civicdesk_sms::twilio::connector(), twilio_settings(&fake));
    for (code, words) in [
        ("30003", "Twilio 30003: the phone is switched off or cannot be reached"),
        ("30007", "Twilio 30007: the carrier took it for spam"),
        ("39999", "Twilio error 39999"),
        ("<b>written by a stranger</b>", "Twilio gave a reason in another form"),
    ] {
        let receipt = told(&*channel, &fake.status(ADDRESS, "SM1", "undelivered", Some(code))).await;
        assert_eq!(receipt, Some(("SM1".to_owned(), ReceiptState::Failed, Some(words.to_owned()))));
    }
}

#[tokio::test]
async fn a_text_that_its_reader_had_stopped_is_reported_as_that() {
    let fake = twilio::Twilio::start().await;
    let channel = open(&civicdesk_sms::twilio::connector(), twilio_settings(&fake));
    let (_, state, detail) = told(&*channel, &fake.status(ADDRESS, "SM1", "failed", Some("21610"))).await.unwrap();
    assert_eq!(state, ReceiptState::OptedOut);
    assert!(detail.unwrap().contains("wrote STOP"));
}

#[tokio::test]
async fn vonages_reports_name_the_text_by_both_apis() {
    let fake = vonage::Vonage::start().await;
    let messages = open(&civicdesk_sms::vonage::connector(), vonage_settings(&fake));
    let id = messages.send(&text("It is mended.")).await.unwrap().id.0;
    for (status, state) in [
        ("read", Some(ReceiptState::Read)),
        ("submitted", Some(ReceiptState::Sent)),
        ("delivered", Some(ReceiptState::Delivered)),
        ("rejected", Some(ReceiptState::Failed)),
        ("undeliverable", Some(ReceiptState::Failed)),
        ("a word of next year", None),
    ] {
        let receipt = told(&*messages, &fake.status(ADDRESS, &id, status, Some(1260))).await;
        assert_eq!(receipt.map(|(of, state, _)| (of, state)), state.map(|state| (id.clone(), state)), "{status}");
    }

    let sms = open(&civicdesk_sms::vonage::connector(), vonage_sms_settings(&fake));
    let sent = sms.send(&text(&"A long answer. ".repeat(20))).await.unwrap().id.0;
    for part in 0..2 {
        let call = fake.sms_status(ADDRESS, &format!("part-{part}"), &sent, "delivered", "0");
        assert_eq!(told(&*sms, &call).await, Some((sent.clone(), ReceiptState::Delivered, None)), "part {part}");
    }
    let (_, state, why) = told(&*sms, &fake.sms_status(ADDRESS, "part-0", &sent, "failed", "6")).await.unwrap();
    assert_eq!((state, why.as_deref()), (ReceiptState::Failed, Some("Vonage 6: the carrier took it for spam")));
    assert_eq!(told(&*sms, &fake.sms_status(ADDRESS, "part-0", &sent, "unknown", "0")).await, None);
}

#[tokio::test]
async fn notifys_reports_name_the_text() {
    let fake = notify::Notify::start().await;
    let channel = open(&civicdesk_sms::notify::connector(), notify_settings(&fake));
    let id = channel.send(&text("It is mended.")).await.unwrap().id.0;
    for (status, state) in [
        ("technical-failure", Some(ReceiptState::Failed)),
        ("permanent-failure", Some(ReceiptState::Failed)),
        ("temporary-failure", Some(ReceiptState::Failed)),
        ("delivered", Some(ReceiptState::Delivered)),
        ("sending", None),
        ("a word of next year", None),
    ] {
        let receipt = told(&*channel, &fake.status(ADDRESS, &id, status)).await;
        assert_eq!(receipt.map(|(of, state, _)| (of, state)), state.map(|state| (id.clone(), state)), "{status}");
    }
}
