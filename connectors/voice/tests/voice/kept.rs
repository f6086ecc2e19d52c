//! What stays of a call: recordings, whatever order Twilio tells of them in, and calls to the desk.

use civicdesk_contract::{Inbound, Kind, RawItem, Retry, Standing};
use civicdesk_providers::{Trouble, twilio::voice::ATTESTED};
use std::time::Duration;

use crate::house::{ADDRESS, CITIZEN, City};

const SOUND: &[u8] = b"The lamp at Mill Lane is out.";

fn read(item: &RawItem) -> Inbound {
    civicdesk_voice::connector().read(item).unwrap()
}

#[tokio::test]
async fn a_message_is_one_item_whichever_of_the_two_requests_comes_first_or_alone() {
    let city = City::new().await.speaking("en");
    for hangs_up in [false, true] {
        let mut line = city.called(Some(ATTESTED)).await;
        city.press(&mut line, "2").await;
        let (next, ready) = line.speaks(SOUND, hangs_up);
        let told = city.channel.receive(&ready).await.unwrap();
        assert_eq!((told.ask, told.answer.status), (None, 204), "nobody hears this one");
        let left = city.carry(&mut line, next).await;
        let (first, second) = (&told.items[0], &left.items[0]);
        assert_eq!(first.id, second.id);
        let (from_first, from_second) = (read(first), read(second));
        assert_eq!(from_first.from, from_second.from);
        assert_eq!(from_first.media, from_second.media);
        assert_eq!(from_first.thread, from_second.thread);
        assert_eq!(from_first.from.unwrap().address, CITIZEN);
        assert_eq!(from_first.text, "A message was left by telephone, 7 seconds long. The recording is kept with it.");
        assert_eq!(from_first.oddities, Vec::<String>::new());
        let file = city.channel.fetch(&from_first.media[0], 1000).await.unwrap();
        assert_eq!(
            (file.name.as_str(), file.content_type.as_str(), file.bytes.as_slice()),
            ("message.mp3", "audio/mpeg", SOUND)
        );
        assert_eq!(line.heard(), "Thank you, we have your message. City of Riverton thanks you for calling. Goodbye.");
    }
}

#[tokio::test]
async fn a_recording_that_does_not_lie_ready_yet_is_fetched_later() {
    let city = City::new().await.speaking("en");
    let mut line = city.called(None).await;
    city.press(&mut line, "2").await;
    let item = city.channel.receive(&line.speaks(SOUND, true).0).await.unwrap().items.remove(0);
    let media = read(&item).media.remove(0);
    city.twilio.keep_back(true);
    let early = city.channel.fetch(&media, 1000).await.unwrap_err();
    assert_eq!((early.kind, early.retry), (Kind::Unreachable, Retry::Later));
    city.twilio.keep_back(false);
    for trouble in
        [Trouble::Down(503), Trouble::Down(500), Trouble::LostReply, Trouble::Slow(Duration::from_millis(20))]
    {
        let slow = matches!(trouble, Trouble::Slow(_));
        city.twilio.troubles().then(trouble);
        match city.channel.fetch(&media, 1000).await {
            Ok(file) => assert!(slow && file.bytes == SOUND),
            Err(error) => assert_eq!((error.kind, error.retry), (Kind::Unreachable, Retry::Later)),
        }
    }
    city.twilio.troubles().then(Trouble::TokenExpired);
    assert_eq!(city.channel.fetch(&media, 1000).await.unwrap_err().kind, Kind::Credentials);
    let large = city.channel.fetch(&media, SOUND.len() - 1).await.unwrap_err();
    assert_eq!((large.kind, large.retry), (Kind::Refused, Retry::Never));
    assert_eq!(city.channel.fetch(&media, 1000).await.unwrap().bytes, SOUND);
}

#[tokio::test]
async fn our_token_goes_nowhere_but_to_our_recordings() {
    let city = City::new().await;
    for handle in
        ["https://evil.example/2010-04-01/Accounts/AC1/Recordings/RE1", "not an address", "file:///etc/passwd"]
    {
        let media = civicdesk_contract::Media { handle: handle.to_owned(), ..Default::default() };
        assert_eq!(city.channel.fetch(&media, 1000).await.unwrap_err().kind, Kind::Malformed, "{handle}");
    }
}

#[tokio::test]
async fn the_record_of_a_call_says_whether_somebody_answered_and_for_how_long() {
    let city = City::new().await.speaking("en");
    for (status, text) in [
        ("completed", "Spoke with the desk by telephone, 95 seconds long."),
        ("no-answer", "Asked for the desk by telephone; nobody answered."),
        ("busy", "Asked for the desk by telephone; the line was busy."),
        ("canceled", "Asked for the desk by telephone; nobody answered."),
        ("failed", "Asked for the desk by telephone; the call could not be put through."),
    ] {
        let mut line = city.called(Some(ATTESTED)).await;
        city.press(&mut line, "3").await;
        let call = line.desk(status, 95);
        let first = city.channel.receive(&call).await.unwrap();
        let again = city.carry(&mut line, call).await;
        assert_eq!((first.items.len(), &first.items), (1, &again.items), "told twice, it is one call");
        let message = read(&first.items[0]);
        assert_eq!((message.text.as_str(), message.subject.as_deref()), (text, Some("Call by telephone")));
    }
}

#[tokio::test]
async fn everything_of_one_call_belongs_together_and_to_the_case_that_was_spoken_of() {
    let said = Standing::Said { reference: "RIV-2026-004217".to_owned(), words: "We are working on it.".to_owned() };
    let city = City::new().await.speaking("en").standing(said);
    let mut line = city.called(Some(ATTESTED)).await;
    city.press(&mut line, "1").await;
    city.press(&mut line, "2026004217#").await;
    city.press(&mut line, "3").await;
    let call = line.desk("no-answer", 0);
    let tried = read(&city.carry(&mut line, call).await.items[0]);
    city.press(&mut line, "2").await;
    let left = read(&city.channel.receive(&line.speaks(SOUND, true).1).await.unwrap().items[0]);
    assert_eq!(tried.thread.key, left.thread.key);
    assert!(tried.thread.key.is_some() && tried.message_id != left.message_id);
    assert_eq!(left.subject.as_deref(), Some("Message by telephone [RIV-2026-004217]"));
}

#[tokio::test]
async fn staff_see_that_a_number_is_not_vouched_for_or_withheld() {
    let city = City::new().await.speaking("en");
    let mut line = city.called(Some("TN-Validation-Passed-C")).await;
    city.press(&mut line, "2").await;
    let message = read(&city.channel.receive(&line.speaks(SOUND, true).1).await.unwrap().items[0]);
    assert!(message.oddities[0].contains("does not vouch"), "{:?}", message.oddities);
    let mut line = city.twilio.line(ADDRESS, "anonymous", None);
    let rings = line.rings();
    city.carry(&mut line, rings).await;
    city.press(&mut line, "2").await;
    let message = read(&city.channel.receive(&line.speaks(SOUND, true).1).await.unwrap().items[0]);
    assert_eq!((message.from, message.oddities[0].as_str()), (None, "The caller's number is withheld"));
}
