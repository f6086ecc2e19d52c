//! Texts that come in as they should not: odd senders, files, unknown kinds, wreckage and forgeries.

use std::{collections::BTreeMap, sync::Arc};

use civicdesk_contract::{
    Automatic, Channel, Connector, Envelope, ExternalId, HookCall, IdentityKind, Inbound, Keyword, Kind, RawItem,
};
use civicdesk_providers::{Trouble, notify, twilio, vonage};
use proptest::prelude::*;
use serde_json::json;

use crate::house::{
    ADDRESS, CITIZEN, notify_settings, open, phone, twilio_settings, vonage_settings, vonage_sms_settings,
};

/// The one message that a call brings.
async fn read(connector: &Arc<dyn Connector>, channel: &dyn Channel, call: &HookCall) -> Inbound {
    let received = channel.receive(call).await.unwrap();
    let [item] = received.items.as_slice() else { panic!("{} items", received.items.len()) };
    let message = connector.read(item).unwrap();
    assert_eq!(message.message_id.as_deref(), Some(item.id.0.as_str()), "the item and the message have one name");
    message
}

/// Verified, answered, and nothing else.
async fn is_nothing(channel: &dyn Channel, call: &HookCall) {
    let received = channel.receive(call).await.unwrap();
    assert!(received.items.is_empty() && received.receipts.is_empty());
    assert!(received.answer.status < 300);
}

#[tokio::test]
async fn services_that_write_from_short_codes_and_names_get_no_automatic_answer() {
    let (fake, connector) = (twilio::Twilio::start().await, civicdesk_sms::twilio::connector());
    let channel = open(&connector, twilio_settings(&fake));
    for (from, kind, oddity) in [
        ("32665", Some(IdentityKind::Phone), "The sender is a short code"),
        ("RIVERTON", Some(IdentityKind::Handle), "The sender is a name, which cannot be answered"),
        ("", None, "The network named no sender"),
    ] {
        let message = read(&connector, &*channel, &fake.text(ADDRESS, from, "Sale!", &[])).await;
        assert_eq!(message.from.map(|from| from.kind), kind, "{from}");
        assert_eq!(message.oddities, [oddity]);
        assert_eq!(message.automatic, Automatic::DoNotAnswer, "{from}");
    }
    let person = read(&connector, &*channel, &fake.text(ADDRESS, CITIZEN, "The lamp is out.", &[])).await;
    assert_eq!((person.automatic, person.from), (Automatic::No, Some(phone(CITIZEN))));
}

#[tokio::test]
async fn numbers_without_a_plus_are_the_same_people() {
    let (fake, connector) = (vonage::Vonage::start().await, civicdesk_sms::vonage::connector());
    let (messages, sms) = (open(&connector, vonage_settings(&fake)), open(&connector, vonage_sms_settings(&fake)));
    let message = read(&connector, &*messages, &fake.text(ADDRESS, CITIZEN, "شكرا 👍🏽")).await;
    assert_eq!((message.from, message.text.as_str()), (Some(phone(CITIZEN)), "شكرا 👍🏽"));
    let message = read(&connector, &*sms, &fake.sms(ADDRESS, CITIZEN, "שלום & toda = 1", &[])).await;
    assert_eq!((message.from, message.text.as_str()), (Some(phone(CITIZEN)), "שלום & toda = 1"));
    let (fake, connector) = (notify::Notify::start().await, civicdesk_sms::notify::connector());
    let channel = open(&connector, notify_settings(&fake));
    let message = read(&connector, &*channel, &fake.text(ADDRESS, CITIZEN, "Thank you")).await;
    assert_eq!(message.from, Some(phone(CITIZEN)));
}

#[tokio::test]
async fn twilio_is_answered_without_a_word_that_would_be_texted_to_the_citizen() {
    let fake = twilio::Twilio::start().await;
    let channel = open(&civicdesk_sms::twilio::connector(), twilio_settings(&fake));
    let received = channel.receive(&fake.text(ADDRESS, CITIZEN, "Hello", &[])).await.unwrap();
    let answer = received.answer;
    assert_eq!((answer.status, answer.content_type, answer.body.as_slice()), (200, "text/xml", &b"<Response/>"[..]));
}

#[tokio::test]
async fn words_that_twilio_has_answered_itself_are_marked() {
    let (fake, connector) = (twilio::Twilio::start().await, civicdesk_sms::twilio::connector());
    let channel = open(&connector, twilio_settings(&fake));
    for (word, keyword) in
        [("STOP", Some(Keyword::Stop)), ("START", Some(Keyword::Start)), ("HELP", Some(Keyword::Help)), ("DANCE", None)]
    {
        let call = fake.text(ADDRESS, CITIZEN, "arrêt", &[("OptOutType", word)]);
        assert_eq!(read(&connector, &*channel, &call).await.keyword, keyword, "{word}");
    }
    let unmarked = fake.text(ADDRESS, CITIZEN, "STOP", &[]);
    assert_eq!(read(&connector, &*channel, &unmarked).await.keyword, None, "the word alone is the host's to judge");
}

#[tokio::test]
async fn a_photo_is_fetched_with_our_token_from_twilio_and_without_it_from_where_it_lies() {
    let (fake, connector) = (twilio::Twilio::start().await, civicdesk_sms::twilio::connector());
    let channel = open(&connector, twilio_settings(&fake));
    let place = fake.media_url();
    let more = [("NumMedia", "2"), ("MediaUrl0", &place), ("MediaContentType0", "image/jpeg")];
    let message = read(&connector, &*channel, &fake.text(ADDRESS, CITIZEN, "", &more)).await;
    assert_eq!(message.oddities, ["File 2 was announced, and Twilio did not say where it lies"]);
    let [media] = message.media.as_slice() else { panic!("{:?}", message.media) };
    let file = channel.fetch(media, 1000).await.unwrap();
    assert_eq!((file.name.as_str(), file.content_type.as_str()), ("image.jpg", "image/jpeg"));
    assert_eq!(file.bytes, twilio::PHOTO);

    let size = twilio::PHOTO.len();
    assert!(channel.fetch(media, size).await.is_ok());
    assert_eq!(channel.fetch(media, size - 1).await.unwrap_err().kind, Kind::Refused, "one byte too large");
    fake.troubles().then(Trouble::TokenExpired);
    assert_eq!(channel.fetch(media, size).await.unwrap_err().kind, Kind::Credentials);

    let mut elsewhere = media.clone();
    for handle in ["http://169.254.169.254/latest", "https://api.twilio.com/2010-04-01/Accounts/AC1/Messages/x", "no"] {
        elsewhere.handle = handle.to_owned();
        assert_eq!(channel.fetch(&elsewhere, size).await.unwrap_err().kind, Kind::Malformed, "{handle}");
    }
}

#[tokio::test]
async fn calls_of_an_unknown_kind_are_answered_and_bring_nothing() {
    let fake = twilio::Twilio::start().await;
    let channel = open(&civicdesk_sms::twilio::connector(), twilio_settings(&fake));
    let fields = BTreeMap::from([("EventType", "onSomethingNew"), ("AccountSid", twilio::ACCOUNT)]);
    is_nothing(&*channel, &twilio::calls::signed(ADDRESS, "", &fields)).await;
    let fields = BTreeMap::from([("MessageSid", "SM1"), ("Anything", "else")]);
    is_nothing(&*channel, &twilio::calls::signed(ADDRESS, "", &fields)).await;

    let fake = vonage::Vonage::start().await;
    let channel = open(&civicdesk_sms::vonage::connector(), vonage_settings(&fake));
    is_nothing(&*channel, &fake.signed(ADDRESS, &json!({ "something": "new" }))).await;
    is_nothing(&*channel, &fake.signed(ADDRESS, &json!([1, 2, 3]))).await;

    let fake = notify::Notify::start().await;
    let channel = open(&civicdesk_sms::notify::connector(), notify_settings(&fake));
    is_nothing(&*channel, &notify::calls::call(ADDRESS, &json!({ "id": "1", "something": "new" }))).await;
    let of_a_letter = json!({ "id": "1", "status": "delivered", "notification_type": "letter" });
    is_nothing(&*channel, &notify::calls::call(ADDRESS, &of_a_letter)).await;
    let not_json = HookCall { body: b"<xml/>".to_vec(), ..notify::calls::call(ADDRESS, &json!({})) };
    assert_eq!(channel.receive(&not_json).await.unwrap_err().kind, Kind::Malformed);
}

#[tokio::test]
async fn a_message_of_an_unknown_type_is_kept_and_said_to_be_odd() {
    let (fake, connector) = (vonage::Vonage::start().await, civicdesk_sms::vonage::connector());
    let channel = open(&connector, vonage_settings(&fake));
    let new = json!({ "message_uuid": "u-1", "message_type": "hologram", "from": "15005550006", "to": "1", "channel": "mms" });
    let message = read(&connector, &*channel, &fake.signed(ADDRESS, &new)).await;
    assert_eq!(message.oddities, ["The message is of a kind that is not known here"]);
    let image = json!({
        "message_uuid": "u-2", "message_type": "image", "from": "15005550006", "to": "1", "channel": "mms",
        "image": { "url": "https://api-us.nexmo.com/v3/media/1", "name": "lamp.jpg", "caption": "Here" },
    });
    let message = read(&connector, &*channel, &fake.signed(ADDRESS, &image)).await;
    assert_eq!((message.text.as_str(), message.media[0].name.as_deref()), ("Here", Some("lamp.jpg")));
    let parts = [("concat", "true"), ("concat-ref", "1"), ("concat-total", "3"), ("concat-part", "2")];
    let sms = open(&connector, vonage_sms_settings(&fake));
    let part = read(&connector, &*sms, &fake.sms(ADDRESS, CITIZEN, "and so on", &parts)).await;
    assert_eq!(part.oddities, ["This is part 2 of 3 of a long text; the other parts come by themselves"]);
}

/// IN-06: a replay within the tolerance is the same item; after it, it is a forgery.
#[tokio::test]
async fn an_old_call_of_the_sms_api_is_a_forgery() {
    let fake = vonage::Vonage::start().await;
    let channel = open(&civicdesk_sms::vonage::connector(), vonage_sms_settings(&fake));
    for (ahead, right) in [(0, true), (-290, true), (-400, false), (400, false)] {
        fake.clock().ahead(ahead);
        let received = channel.receive(&fake.sms(ADDRESS, CITIZEN, "Hello", &[])).await;
        assert_eq!(received.is_ok(), right, "{ahead} seconds");
    }
    fake.clock().ahead(0);
    let good = fake.sms(ADDRESS, CITIZEN, "Hello", &[]);
    let text = String::from_utf8(good.body.clone()).unwrap();
    let undated: Vec<&str> = text.split('&').filter(|pair| !pair.starts_with("timestamp=")).collect();
    let unsigned: Vec<&str> = text.split('&').filter(|pair| !pair.starts_with("sig=")).collect();
    for body in
        [undated.join("&"), unsigned.join("&"), format!("{text}&sig=00"), String::new(), "{\"a\":{}}".to_owned()]
    {
        let forged = HookCall { body: body.clone().into_bytes(), ..good.clone() };
        assert_eq!(channel.receive(&forged).await.unwrap_err().kind, Kind::Forged, "{body}");
    }
    let by_get = HookCall { method: "GET".to_owned(), query: text, body: Vec::new(), ..good.clone() };
    assert_eq!(channel.receive(&by_get).await.unwrap().items.len(), 1, "accounts may be set to GET");
}

/// Truncated or oversized, a call is judged in a straight line and refused.
#[tokio::test]
async fn a_mebibyte_of_anything_is_a_forgery_and_takes_no_time() {
    let (t, v) = (twilio::Twilio::start().await, vonage::Vonage::start().await);
    let channels = [
        (open(&civicdesk_sms::twilio::connector(), twilio_settings(&t)), t.text(ADDRESS, CITIZEN, "x", &[])),
        (open(&civicdesk_sms::vonage::connector(), vonage_settings(&v)), v.text(ADDRESS, CITIZEN, "x")),
        (open(&civicdesk_sms::vonage::connector(), vonage_sms_settings(&v)), v.sms(ADDRESS, CITIZEN, "x", &[])),
    ];
    for (channel, good) in channels {
        for opening in ["a=1&", "&", "%41", "[", "{\"a\":", "\0"] {
            let body = opening.bytes().cycle().take(1 << 20).collect();
            let error = channel.receive(&HookCall { body, ..good.clone() }).await.unwrap_err();
            assert_eq!(error.kind, Kind::Forged, "{opening}");
        }
        let half = HookCall { body: good.body[..good.body.len() / 2].to_vec(), ..good.clone() };
        assert_eq!(channel.receive(&half).await.unwrap_err().kind, Kind::Forged);
    }
}

proptest! {
    /// A stranger chooses the bytes.
    #[test]
    fn any_bytes_are_a_message_or_malformed(bytes: Vec<u8>, form in "(MessageSid|Body|messageId|type|concat|text)[=&%0-9a-f+]{0,40}") {
        let connectors = [
            civicdesk_sms::twilio::connector(),
            civicdesk_sms::vonage::connector(),
            civicdesk_sms::notify::connector(),
        ];
        for raw in [bytes, form.into_bytes()] {
            let id = ExternalId("1".to_owned());
            let item = RawItem { id, place: None, envelope: Envelope::default(), raw };
            for connector in &connectors {
                if let Err(error) = connector.read(&item) {
                    prop_assert_eq!(error.kind, Kind::Malformed);
                }
            }
        }
    }
}
