//! Sending through bad days: what each refusal means to the host, whether it may be sent again or by another provider.

use std::{sync::Arc, time::Duration};

use civicdesk_contract::{Channel, Connector, IdentityKind, Kind, Outbound, Party, Retry, Settings, Tools, testkit};
use civicdesk_providers::{Trouble, Troubles, notify, twilio, vonage};
use serde_json::{Value, json};

use crate::house::{
    CITIZEN, notify_settings, open, phone, text, twilio_settings, vonage_settings, vonage_sms_settings,
};

async fn fails(channel: &dyn Channel, message: &Outbound) -> (Kind, Retry, String) {
    let error = channel.send(message).await.unwrap_err();
    (error.kind, error.retry, error.detail)
}

/// What every provider's troubles mean, once the channel and the fake stand.
async fn bad_day(channel: &dyn Channel, troubles: &Troubles, nothing_done: &[u16], doubtful: &[u16]) {
    troubles.then(Trouble::Limited { seconds: 17 });
    let (kind, retry, _) = fails(channel, &text("Hello")).await;
    assert_eq!((kind, retry), (Kind::Limited, Retry::After(Duration::from_secs(17))));
    troubles.then(Trouble::TokenExpired);
    let (kind, retry, _) = fails(channel, &text("Hello")).await;
    assert_eq!((kind, retry), (Kind::Credentials, Retry::Never));
    for (statuses, right) in [(nothing_done, Retry::Later), (doubtful, Retry::Unsure)] {
        for status in statuses {
            troubles.then(Trouble::Down(*status));
            let (kind, retry, _) = fails(channel, &text("Hello")).await;
            assert_eq!((kind, retry), (Kind::Unreachable, right), "{status}");
        }
    }
    troubles.then(Trouble::LostReply);
    let (kind, retry, _) = fails(channel, &text("Hello")).await;
    assert_eq!((kind, retry), (Kind::Unreachable, Retry::Unsure));
    channel.send(&text("The day is over.")).await.unwrap();
}

#[tokio::test]
async fn a_bad_day_at_twilio_doubles_nothing_and_loses_nothing() {
    let fake = twilio::Twilio::start().await;
    let channel = open(&civicdesk_sms::twilio::connector(), twilio_settings(&fake));
    bad_day(&*channel, fake.troubles(), &[503], &[500, 502, 504]).await;
    assert_eq!(fake.taken().len(), 2, "the lost reply and the last");
}

#[tokio::test]
async fn a_bad_day_at_vonage_doubles_nothing_and_loses_nothing() {
    let fake = vonage::Vonage::start().await;
    let channel = open(&civicdesk_sms::vonage::connector(), vonage_settings(&fake));
    bad_day(&*channel, fake.troubles(), &[503], &[500, 502, 504]).await;
    fake.troubles().then(Trouble::Down(402));
    assert_eq!(fails(&*channel, &text("Hello")).await.0, Kind::Limited, "no credit");
    let sms = open(&civicdesk_sms::vonage::connector(), vonage_sms_settings(&fake));
    bad_day(&*sms, fake.troubles(), &[503], &[500, 502, 504]).await;
    assert_eq!(fake.taken().len(), 4);
}

#[tokio::test]
async fn a_bad_day_at_notify_doubles_nothing_and_loses_nothing() {
    let fake = notify::Notify::start().await;
    let channel = open(&civicdesk_sms::notify::connector(), notify_settings(&fake));
    bad_day(&*channel, fake.troubles(), &[500, 503], &[502, 504]).await;
    assert_eq!(fake.taken().len(), 2);
}

/// A client with the host's patience, in little.
#[expect(clippy::disallowed_methods, reason = "a test's own client, which must reach loopback")]
fn impatient(patience: Duration) -> Tools {
    let http = reqwest::Client::builder().no_proxy().timeout(patience).build().unwrap();
    Tools { http, ..testkit::tools() }
}

#[tokio::test]
async fn a_provider_that_is_too_slow_may_have_sent_it() {
    let fake = twilio::Twilio::start().await;
    let settings = Settings(twilio_settings(&fake));
    let channel = civicdesk_sms::twilio::connector().open(settings, impatient(Duration::from_millis(200))).unwrap();
    fake.troubles().then(Trouble::Slow(Duration::from_secs(30)));
    let (kind, retry, _) = fails(&*channel, &text("Hello")).await;
    assert_eq!((kind, retry), (Kind::Unreachable, Retry::Unsure));
    assert_eq!(fake.taken().len(), 1);
}

#[tokio::test]
async fn whoever_wrote_stop_at_twilio_gets_nothing_and_staff_read_why() {
    let fake = twilio::Twilio::start().await;
    let channel = open(&civicdesk_sms::twilio::connector(), twilio_settings(&fake));
    fake.stop(CITIZEN);
    let (kind, retry, detail) = fails(&*channel, &text("Hello")).await;
    assert_eq!((kind, retry), (Kind::OptedOut, Retry::Never));
    assert_eq!(detail, "Twilio 21610: this person wrote STOP and gets nothing more until they write START");
}

#[tokio::test]
async fn a_wrong_sender_is_a_matter_of_settings() {
    let (t, v) = (twilio::Twilio::start().await, vonage::Vonage::start().await);
    let wrong: [(Arc<dyn Connector>, Value); 3] = [
        (civicdesk_sms::twilio::connector(), twilio_settings(&t)),
        (civicdesk_sms::vonage::connector(), vonage_settings(&v)),
        (civicdesk_sms::vonage::connector(), vonage_sms_settings(&v)),
    ];
    for (connector, mut settings) in wrong {
        settings["from"] = json!(if connector.about().id == "twilio" { "+15005550001" } else { "15005550001" });
        assert_eq!(fails(&*open(&connector, settings), &text("Hello")).await.0, Kind::Settings);
    }
    let mut named = twilio_settings(&t);
    named["from"] = json!("RIVERTON");
    open(&civicdesk_sms::twilio::connector(), named).send(&text("Hello")).await.unwrap();
    assert_eq!(t.taken().last().unwrap().from.as_deref(), Some("RIVERTON"));
}

#[tokio::test]
async fn a_messaging_service_writes_instead_of_a_number() {
    let fake = twilio::Twilio::start().await;
    let mut settings = twilio_settings(&fake);
    let service = format!("MG{:032x}", 7);
    settings.as_object_mut().unwrap().remove("from");
    settings["messaging_service_sid"] = json!(service);
    let channel = open(&civicdesk_sms::twilio::connector(), settings);
    channel.send(&text("Hello")).await.unwrap();
    let taken = fake.taken().remove(0);
    assert_eq!((taken.from, taken.service.as_deref()), (None, Some(service.as_str())));
    assert_eq!(taken.status_callback.as_deref(), Some(crate::house::ADDRESS), "reports are asked for");
}

#[tokio::test]
async fn what_cannot_be_texted_is_refused_before_anybody_is_asked() {
    let (t, v, n) = (twilio::Twilio::start().await, vonage::Vonage::start().await, notify::Notify::start().await);
    let channels = [
        open(&civicdesk_sms::twilio::connector(), twilio_settings(&t)),
        open(&civicdesk_sms::vonage::connector(), vonage_settings(&v)),
        open(&civicdesk_sms::notify::connector(), notify_settings(&n)),
    ];
    let to = |to: Vec<Party>| Outbound { to, ..text("Hello") };
    let handle = Party { kind: IdentityKind::Handle, address: "RIVERTON".to_owned(), name: None };
    let refused = [
        to(vec![]),
        to(vec![phone(CITIZEN), phone("+15005550007")]),
        to(vec![phone("5550006")]),
        to(vec![phone("+32665")]),
        to(vec![phone("+0015005550006")]),
        to(vec![handle]),
        Outbound { cc: vec![phone("+15005550007")], ..text("Hello") },
        text(" \n"),
    ];
    // Whoever asks now is told that nobody is there.
    for http in [&t.http, &v.http, &n.http] {
        http.go_down().await.unwrap();
    }
    for channel in channels {
        for message in &refused {
            assert_eq!(fails(&*channel, message).await.0, Kind::Refused, "{message:?}");
        }
    }
    assert_eq!((t.taken().len(), v.taken().len(), n.taken().len()), (0, 0, 0));
}

#[tokio::test]
async fn notifys_template_and_clock_are_checked_before_they_are_needed() {
    let fake = notify::Notify::start().await;
    let mut settings = notify_settings(&fake);
    settings["field"] = json!("answer");
    let error = open(&civicdesk_sms::notify::connector(), settings).check().await.unwrap_err();
    assert_eq!(error.kind, Kind::Settings);
    assert!(error.detail.contains("((answer))"), "{error}");

    let mut settings = notify_settings(&fake);
    settings["template_id"] = json!(notify::SECRET);
    let channel = open(&civicdesk_sms::notify::connector(), settings);
    assert_eq!(channel.check().await.unwrap_err().kind, Kind::Settings);
    assert_eq!(fails(&*channel, &text("Hello")).await.0, Kind::Settings);

    fake.clock().ahead(60);
    let error = open(&civicdesk_sms::notify::connector(), notify_settings(&fake)).check().await.unwrap_err();
    assert_eq!((error.kind, error.detail.as_str()), (Kind::Credentials, "Notify: this machine's clock is wrong"));
}

#[tokio::test]
async fn the_length_of_a_notify_text_counts_the_template() {
    let fake = notify::Notify::start_with("Riverton: ").await;
    let mut settings = notify_settings(&fake);
    settings["before"] = json!("Riverton: ");
    let channel = open(&civicdesk_sms::notify::connector(), settings);
    channel.send(&text(&"a".repeat(908))).await.unwrap();
    assert_eq!(fails(&*channel, &text(&"a".repeat(909))).await.0, Kind::Refused);
    assert_eq!(fake.taken().len(), 1);
}

#[tokio::test]
async fn the_sms_api_is_told_which_letters_a_text_has() {
    let fake = vonage::Vonage::start().await;
    let channel = open(&civicdesk_sms::vonage::connector(), vonage_sms_settings(&fake));
    for words in ["plain", "Grüße & Ñandú = 5€ [net]", "ça va", "שלום 👍🏽", &"A long answer. ".repeat(60)]
    {
        let sent = channel.send(&text(words)).await.unwrap();
        let taken = fake.taken().pop().unwrap();
        assert_eq!((taken.text.as_str(), taken.client_ref), (words, Some(sent.id.0)));
    }
}

#[tokio::test]
async fn a_suspended_account_is_not_called_healthy() {
    let fake = twilio::Twilio::start().await;
    let channel = open(&civicdesk_sms::twilio::connector(), twilio_settings(&fake));
    assert_eq!(channel.check().await.unwrap().address, twilio::NUMBER);
    fake.suspend();
    assert_eq!(channel.check().await.unwrap_err().kind, Kind::Credentials);
}
