//! The telephone from a caller's side: Twilio's requests over real sockets, and what staff find of the call.

use std::time::Duration;

use civicdesk_providers::{
    HookCall,
    calls::{client, deliver},
    twilio::{self, Twilio, voice::Line},
};
use civicdesk_tests::{
    campaigns::books::{all, sums, text},
    harness::{Engine, Program, Tenant, block_on, until_within},
    networks::{PUBLIC, desk},
};
use serde_json::{Value, json};

const CALLER: &str = "+15005550006";
const DESK: &str = "+15005550199";
const SOUND: &[u8] = b"the sound of somebody who speaks about a lamp";
const PATIENCE: Duration = Duration::from_secs(60);

/// An agency with a number.
struct Office {
    _program: Program,
    agency: Tenant,
    twilio: Twilio,
    hook: String,
}

impl Office {
    fn open(engine: Engine) -> Self {
        let program = desk(engine);
        let agency = program.tenant("riverton");
        let twilio = block_on(Twilio::start());
        let settings = json!({
            "account_sid": twilio::ACCOUNT, "auth_token": twilio::TOKEN, "number": twilio::NUMBER, "desk": DESK,
            "url": twilio.url(),
        });
        let made = json!({ "connector": "voice", "name": "Telephone", "settings": settings });
        let made = agency.post("/v1/channels", made).expecting(201).json();
        let hook = text(&made, "hook_url").to_owned();
        Self { _program: program, agency, twilio, hook }
    }

    fn delivers(&self, call: &HookCall) -> (u16, Vec<u8>) {
        let path = self.hook.strip_prefix(PUBLIC).expect("a hook at the public address");
        block_on(deliver(&client(), &self.agency.address(path), call))
    }

    /// Carries a request to the program, and its answer back to the caller.
    fn carry(&self, line: &mut Line<'_>, call: &HookCall) {
        let (status, body) = self.delivers(call);
        let mut next = line.takes(status, &body);
        while let Some(call) = next {
            let (status, body) = self.delivers(&call);
            next = line.takes(status, &body);
        }
    }

    fn press(&self, line: &mut Line<'_>, key: &str) {
        let pressed = line.presses(key);
        self.carry(line, &pressed);
    }

    /// A call of somebody whom nobody knows, in English.
    fn called(&self) -> Line<'_> {
        let mut line = self.twilio.line(&self.hook, CALLER, None);
        let rings = line.rings();
        self.carry(&mut line, &rings);
        assert_eq!(line.languages(), ["en-US", "es-US"], "{}", line.heard());
        self.press(&mut line, "1");
        line
    }

    fn items(&self) -> Vec<Value> {
        all(&self.agency, "/v1/inbound")
    }
}

fn a_call_to_the_desk_and_the_message_after_it_are_one_case_with_the_recording(engine: Engine) {
    let office = Office::open(engine);
    let mut line = office.called();
    office.press(&mut line, "3");
    assert_eq!(line.is_put_through(), Some((DESK, 30)));
    let unanswered = line.desk("no-answer", 0);
    office.carry(&mut line, &unanswered);
    office.press(&mut line, "2");
    let (next, ready) = line.speaks(SOUND, false);
    // The later one first, and each of them twice.
    for call in [&ready, &next, &ready] {
        assert!((200..300).contains(&office.delivers(call).0));
    }
    office.carry(&mut line, &next);
    assert!(line.is_over() && line.heard().contains("Goodbye"), "{}", line.heard());
    assert_eq!(office.delivers(&line.ended()).0, 204);
    until_within(PATIENCE, "everything is filed", || (sums(&office.agency)["total"]["received"] == 0).then_some(()));
    assert_eq!(office.items().len(), 2, "{:?}", office.items());
    let cases = all(&office.agency, "/v1/cases");
    assert_eq!(cases.len(), 1, "{cases:?}");
    let path = format!("/v1/cases/{}/messages", text(&cases[0], "id"));
    let said = until_within(PATIENCE, "the recording is fetched", || {
        let said = all(&office.agency, &path);
        said.iter().any(|message| message["attachments"][0].is_object()).then_some(said)
    });
    let texts: Vec<&str> = said.iter().map(|message| text(message, "text")).collect();
    assert_eq!(
        texts,
        [
            "Asked for the desk by telephone; nobody answered.",
            "A message was left by telephone, 7 seconds long. The recording is kept with it.",
        ]
    );
    assert_eq!(said[1]["from"]["address"], CALLER);
    let recording = &said[1]["attachments"][0];
    assert_eq!((&recording["name"], &recording["content_type"]), (&json!("message.mp3"), &json!("audio/mpeg")));
    let path = format!("/v1/attachments/{}/content", text(recording, "id"));
    assert_eq!(office.agency.get(&path).expecting(200).body, SOUND);
    assert_eq!(sums(&office.agency)["adds_up"], true);
}

fn a_forged_turn_of_a_call_leaves_nothing_and_says_nothing(engine: Engine) {
    let office = Office::open(engine);
    let mut line = office.called();
    office.press(&mut line, "2");
    let (next, ready) = line.speaks(SOUND, true);
    for call in [&next, &ready] {
        let changed = |query: String| HookCall { query, ..call.clone() };
        let other = String::from_utf8_lossy(&call.body).replace("Duration=7", "Duration=8").into_bytes();
        for forged in [
            changed(format!("{}&attested=yes", call.query)),
            changed(call.query.replace("step=", "stop=")),
            HookCall { body: other, ..call.clone() },
            HookCall { headers: Vec::new(), ..call.clone() },
        ] {
            let (status, body) = office.delivers(&forged);
            assert_eq!(status, 401, "{forged:?}");
            assert!(!String::from_utf8_lossy(&body).contains("<Response>"), "{forged:?}");
        }
    }
    assert_eq!(office.items(), Vec::<Value>::new());
    assert_eq!(all(&office.agency, "/v1/contacts"), Vec::<Value>::new());
}

fn a_case_of_nobody_known_is_not_spoken_of(engine: Engine) {
    let office = Office::open(engine);
    let mut line = office.called();
    office.press(&mut line, "1");
    office.press(&mut line, "2026000001#");
    assert!(line.heard().starts_with("We cannot find a case of this number"), "{}", line.heard());
    assert_eq!(office.items(), Vec::<Value>::new(), "a question is no message");
}

civicdesk_tests::on_both_engines!(
    a_call_to_the_desk_and_the_message_after_it_are_one_case_with_the_recording,
    a_forged_turn_of_a_call_leaves_nothing_and_says_nothing,
    a_case_of_nobody_known_is_not_spoken_of,
);
