//! Requests that are no turn of a call, and such as Twilio did not make.

use civicdesk_contract::{Answer, HookCall, Kind};
use civicdesk_providers::twilio::{calls::signed, voice::ATTESTED};

use crate::house::{ADDRESS, City};

#[tokio::test]
async fn a_turn_that_was_not_given_by_us_is_refused() {
    let city = City::new().await.speaking("en");
    let mut line = city.called(Some("TN-Validation-Passed-C")).await;
    city.press(&mut line, "1").await;
    let asked = line.presses("2026004217#");
    assert!(!asked.query.contains("attested"), "{}", asked.query);
    for query in [format!("{}&attested=yes", asked.query), asked.query.replace("reference", "menu"), String::new()] {
        let forged = HookCall { query, ..asked.clone() };
        assert_eq!(city.channel.receive(&forged).await.unwrap_err().kind, Kind::Forged);
    }
}

#[tokio::test]
async fn what_tells_nothing_new_is_answered_and_keeps_nothing() {
    let city = City::new().await.speaking("en");
    let mut line = city.called(Some(ATTESTED)).await;
    let silent = [
        line.ended(),
        signed(ADDRESS, "", &[("MessageSid", "SM1"), ("Body", "Hello")].into()),
        signed(
            ADDRESS,
            "step=recorded",
            &[("CallSid", "CA1"), ("RecordingSid", "RE1"), ("RecordingStatus", "absent")].into(),
        ),
        signed(ADDRESS, "", &[].into()),
    ];
    for call in silent {
        let received = city.channel.receive(&call).await.unwrap();
        assert!(received.items.is_empty() && received.ask.is_none(), "{call:?}");
        assert_eq!(received.answer, Answer::default());
    }
    city.press(&mut line, "2").await;
    assert!(line.heard().contains("after the tone"), "the call goes on: {}", line.heard());
}

#[tokio::test]
async fn a_number_that_is_set_up_to_ask_by_get_is_answered_too() {
    let city = City::new().await.speaking("en");
    let form = "CallSid=CA1&From=%2B15005550006&To=%2B15005550100&CallStatus=ringing";
    let call = HookCall { method: "GET".to_owned(), body: Vec::new(), ..signed(ADDRESS, form, &[].into()) };
    let ask = city.channel.receive(&call).await.unwrap().ask.unwrap();
    assert_eq!(ask.who.unwrap().address, "+15005550006");
}
