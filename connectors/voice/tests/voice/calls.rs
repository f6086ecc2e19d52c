//! A call by keypad alone: languages, the menu, where a case stands, and a person.

use civicdesk_contract::Standing;
use civicdesk_providers::twilio::voice::ATTESTED;
use serde_json::json;

use crate::house::{CITIZEN, City, DESK};

fn said() -> Standing {
    Standing::Said { reference: "RIV-2026-004217".to_owned(), words: "We are working on <it> & more.".to_owned() }
}

#[tokio::test]
async fn a_caller_whom_nobody_knows_chooses_the_language_first() {
    let city = City::new().await;
    let mut line = city.called(None).await;
    assert_eq!(line.heard(), "For English, press 1. Para español, marque 2.");
    assert_eq!(line.languages(), ["en-US", "es-US"]);
    city.press(&mut line, "2").await;
    assert!(line.heard().starts_with("Le damos la bienvenida a City of Riverton."), "{}", line.heard());
    assert_eq!(line.languages(), ["es-US"]);
    city.press(&mut line, "1").await;
    assert_eq!(line.languages(), ["es-US"], "and it stays");
}

#[tokio::test]
async fn a_caller_who_is_known_hears_their_own_language_at_once() {
    let city = City::with(json!({ "languages": ["en-GB", "es-MX"] })).await.speaking("es-AR");
    assert_eq!(city.called(None).await.languages(), ["es-MX"]);
    let city = City::with(json!({ "languages": ["en-GB"] })).await.speaking("es");
    let line = city.called(None).await;
    assert_eq!(line.languages(), ["en-GB"], "a language that is not spoken there is not offered");
    assert!(line.heard().starts_with("Welcome to City of Riverton."), "{}", line.heard());
}

#[tokio::test]
async fn only_what_the_agency_offers_stands_in_the_menu() {
    let whole = City::new().await.speaking("en");
    let heard = whole.called(None).await.heard();
    assert_eq!(heard.matches("press").count(), 4, "{heard}");
    let own = json!({ "standing": false, "desk": null });
    let less = City::with(own).await.speaking("en");
    let mut line = less.called(None).await;
    assert!(line.heard().contains("To leave a message, press 2. To hear this again"), "{}", line.heard());
    for key in ["1", "3"] {
        let mut line = less.called(None).await;
        less.press(&mut line, key).await;
        assert!(line.heard().starts_with("This key has no meaning here."), "{}", line.heard());
    }
    for key in ["0", "*"] {
        less.press(&mut line, key).await;
        assert!(line.heard().starts_with("To leave a message"), "{}", line.heard());
    }
}

#[tokio::test]
async fn wrong_keys_and_silence_are_borne_twice_and_the_call_ends_politely() {
    let city = City::new().await.speaking("en");
    for silent in [true, false] {
        let mut line = city.called(None).await;
        for _ in 0..2 {
            if silent {
                city.wait(&mut line).await
            } else {
                city.press(&mut line, "#").await
            };
            assert!(line.heard().contains("To leave a message") && !line.is_over(), "{}", line.heard());
        }
        if silent {
            city.wait(&mut line).await
        } else {
            city.press(&mut line, "9").await
        };
        assert!(line.heard().ends_with("City of Riverton thanks you for calling. Goodbye."), "{}", line.heard());
        assert!(line.is_over());
    }
    let stranger = City::new().await;
    let mut line = stranger.called(None).await;
    for _ in 0..2 {
        stranger.press(&mut line, "7").await;
        assert_eq!(line.languages(), ["en-US", "es-US"]);
    }
    stranger.wait(&mut line).await;
    assert!(line.is_over() && line.heard().contains("Goodbye"), "{}", line.heard());
}

#[tokio::test]
async fn a_case_is_asked_about_with_its_digits_and_the_answer_is_said_whole() {
    let city = City::new().await.speaking("en").standing(said());
    let mut line = city.called(Some(ATTESTED)).await;
    city.press(&mut line, "1").await;
    assert!(line.heard().contains("Key in the digits"), "{}", line.heard());
    let asked = city.press(&mut line, "2026004217#").await.ask.unwrap();
    assert_eq!(asked.reference.as_deref(), Some("2026004217"));
    assert_eq!(asked.who.map(|who| who.address).as_deref(), Some(CITIZEN));
    assert_eq!((asked.attested, asked.language.as_deref()), (true, Some("en-US")));
    assert!(line.heard().starts_with("We are working on <it> & more. To hear how your case"), "{}", line.heard());
}

#[tokio::test]
async fn only_the_highest_word_of_the_network_counts_for_a_number() {
    let city = City::new().await.speaking("en").standing(Standing::Texted);
    for stir in [None, Some("TN-Validation-Passed-B"), Some("TN-Validation-Failed-A"), Some("No-TN-Validation")] {
        let mut line = city.called(stir).await;
        city.press(&mut line, "1").await;
        let asked = city.press(&mut line, "2026004217#").await.ask.unwrap();
        assert!(!asked.attested, "{stir:?}");
        assert!(line.heard().starts_with("If the number that you are calling from has this case"), "{}", line.heard());
    }
}

#[tokio::test]
async fn nobody_tries_references_without_end() {
    let city = City::new().await.speaking("en").standing(Standing::Unknown);
    let mut line = city.called(Some(ATTESTED)).await;
    for round in 0..3 {
        city.press(&mut line, "1").await;
        city.press(&mut line, "20261#").await;
        assert!(line.heard().starts_with("We cannot find a case of this number"), "{}", line.heard());
        assert_eq!(line.is_over(), round == 2, "{}", line.heard());
    }
}

#[tokio::test]
async fn who_keys_no_reference_is_asked_again() {
    let city = City::new().await.speaking("en").standing(said());
    let mut line = city.called(None).await;
    city.press(&mut line, "1").await;
    for _ in 0..2 {
        assert_eq!(city.press(&mut line, "#").await.ask.unwrap().reference, None);
        assert!(line.heard().contains("Key in the digits"), "{}", line.heard());
    }
    city.wait(&mut line).await;
    assert!(line.is_over());
}

#[tokio::test]
async fn a_withheld_number_is_nobody() {
    let city = City::new().await.speaking("en");
    for number in ["anonymous", "+266696687", "Restricted", "+7378742833", "client:tommy", ""] {
        let line = city.twilio.line(crate::house::ADDRESS, number, Some(ATTESTED));
        let received = city.channel.receive(&line.rings()).await.unwrap();
        assert_eq!(received.ask.unwrap().who, None, "{number}");
    }
}

#[tokio::test]
async fn a_person_is_reached_and_whoever_is_not_answered_can_leave_a_message() {
    let city = City::new().await.speaking("en");
    let mut line = city.called(None).await;
    city.press(&mut line, "3").await;
    assert_eq!(line.is_put_through(), Some((DESK, 25)));
    let mut other = city.called(None).await;
    city.press(&mut other, "3").await;
    let call = line.desk("completed", 95);
    assert_eq!(city.carry(&mut line, call).await.items.len(), 1);
    assert!(line.is_over());
    let call = other.desk("no-answer", 0);
    assert_eq!(city.carry(&mut other, call).await.items.len(), 1);
    assert_eq!(other.heard(), "Nobody can answer you right now. To leave a message, press 2.");
    city.press(&mut other, "2").await;
    assert!(other.heard().starts_with("Please speak after the tone"), "{}", other.heard());
    let mute = City::with(json!({ "message": false })).await.speaking("en");
    let mut line = mute.called(None).await;
    mute.press(&mut line, "3").await;
    let call = line.desk("busy", 0);
    mute.carry(&mut line, call).await;
    assert!(line.is_over() && !line.heard().contains("message"), "{}", line.heard());
}

#[tokio::test]
async fn who_says_nothing_after_the_tone_hears_the_menu_again() {
    let city = City::new().await.speaking("en");
    let mut line = city.called(None).await;
    city.press(&mut line, "2").await;
    let redirected = line.keeps_silent().expect("the call goes on");
    assert!(line.heard().ends_with("We heard nothing."), "{}", line.heard());
    city.carry(&mut line, redirected).await;
    assert!(line.heard().contains("To leave a message") && !line.is_over(), "{}", line.heard());
}

#[tokio::test]
async fn a_caller_who_forgot_the_password_hears_the_same_words_whoever_they_are() {
    let mut city = City::with(json!({ "code": true })).await.speaking("en");
    city.told.code_heard = true;
    let mut line = city.called(Some(ATTESTED)).await;
    assert!(line.heard().contains("To set a new password for your account, press 4."), "{}", line.heard());
    let pressed = line.presses("4");
    let ask = city.channel.receive(&pressed).await.unwrap().ask.unwrap();
    assert!(!ask.wants_code, "the key alone asks nothing: the step that follows does, once");
    city.carry(&mut line, pressed).await;
    assert!(line.heard().contains("If the number that you are calling from belongs to an account"), "{}", line.heard());
    assert!(!line.is_over());
    city.told.code_heard = false;
    let mut line = city.called(Some(ATTESTED)).await;
    city.press(&mut line, "4").await;
    assert!(line.heard().contains("We cannot text a code"), "{}", line.heard());
    let without = City::new().await.speaking("en");
    let mut line = without.called(None).await;
    without.press(&mut line, "4").await;
    assert!(line.heard().starts_with("This key has no meaning here."), "{}", line.heard());
}
