//! What people write and what they are answered: whole, on the network it belongs to, or refused before anybody is asked.

use civicdesk_providers::Trouble;
use civicdesk_tests::{
    campaigns::books::text,
    harness::{Answer, Client, Engine, until},
    networks::{Line, desk},
};
use serde_json::{Value, json};

use crate::hooks::{lines, messages};

/// Sixty-nine letters and an emoji of two units: half of it would lie in one segment and half in the next.
const AT_THE_BORDER: &str = "The lamp will be mended on Monday, at eight o'clock in the morning ab👍";

fn case_of(agency: &Client, line: &Line) -> String {
    line.takes(&line.network.text(&line.hook, 1, "The lamp at Mill Road is out."));
    let found = messages(agency, line);
    text(&found[0], "case_id").to_owned()
}

fn answer(agency: &Client, case: &str, words: &str) -> Answer {
    agency.post(&format!("/v1/cases/{case}/messages"), json!({ "text": words }))
}

fn until_state(agency: &Client, message: &str, states: &[&str]) -> Value {
    until(&format!("{message} is {states:?}"), || {
        let now = agency.get(&format!("/v1/messages/{message}")).expecting(200).json();
        states.contains(&text(&now, "state")).then_some(now)
    })
}

fn a_token_revoked_in_the_middle_shows_in_the_channels_health_and_nothing_is_lost(engine: Engine) {
    let program = desk(engine);
    let agency = program.tenant("riverton");
    for line in lines(&agency) {
        let (name, case) = (line.network.name, case_of(&agency, &line));
        let before = line.network.taken().len();
        line.network.troubles().times(1000, &Trouble::TokenExpired);
        let words = "It will be mended on Monday.";
        let message = answer(&agency, &case, words).expecting(202).json();
        let health = until(&format!("{name} is known as failing"), || {
            Some(line.health()).filter(|health| health["state"] == "failing")
        });
        assert_eq!(health["kind"], "credentials", "{name}: {health}");
        assert_eq!(line.network.taken().len(), before, "{name}");
        line.takes(&line.network.text(&line.hook, 2, "And the one beside it."));
        line.network.troubles().over();
        let mended = json!({ "settings": line.network.token() });
        agency.patch(&format!("/v1/channels/{}", line.channel), mended).expecting(200);
        until_state(&agency, text(&message, "id"), &["sent", "delivered"]);
        let taken = line.network.taken();
        assert_eq!(taken.iter().filter(|taken| taken.contains(words)).count(), 1, "{name}: {taken:?}");
        assert_eq!(messages(&agency, &line).len(), 2, "{name}");
        until(&format!("{name} is well again"), || (line.health()["state"] == "ok").then_some(()));
    }
}

fn a_text_that_is_too_long_is_refused_before_the_provider_is_asked(engine: Engine) {
    let program = desk(engine);
    let agency = program.tenant("riverton");
    for line in lines(&agency) {
        let (name, case) = (line.network.name, case_of(&agency, &line));
        let long = line.network.too_long();
        let answered = answer(&agency, &case, &long);
        match name {
            // How much a bridge carries is in its settings, and known to its connector alone.
            "bridge" => {
                let failed = until_state(&agency, text(&answered.expecting(202).json(), "id"), &["failed"]);
                assert!(text(&failed, "state_detail").contains("501 characters"), "{failed}");
            }
            _ => assert_eq!(answered.refused(422)["errors"][0]["pointer"], "/text", "{name}"),
        }
        assert!(!line.network.taken().contains(&long), "{name}");
    }
}

fn an_answer_arrives_to_the_letter(engine: Engine) {
    let program = desk(engine);
    let agency = program.tenant("riverton");
    for line in lines(&agency) {
        let (name, case) = (line.network.name, case_of(&agency, &line));
        for words in [AT_THE_BORDER, "سنصلح المصباح يوم الاثنين (‏3 أيام‏) – תודה רבה"]
        {
            let message = answer(&agency, &case, words).expecting(202).json();
            let sent = until_state(&agency, text(&message, "id"), &["sent", "failed", "unknown"]);
            assert_eq!(text(&sent, "state"), "sent", "{name}: {sent}");
            let billed = words != AT_THE_BORDER || text(&sent, "state_detail").ends_with("2 segments");
            assert!(billed || !line.network.is_billed_by_segments(), "{name}: {sent}");
            let taken = line.network.taken();
            assert!(taken.iter().any(|taken| taken == words), "{name}: {taken:?}");
        }
    }
}

fn a_text_of_somebody_without_a_name_is_in_a_case(engine: Engine) {
    let program = desk(engine);
    let agency = program.tenant("riverton");
    for line in lines(&agency) {
        line.takes(&line.network.nameless(&line.hook, "Nobody in particular."));
        let found = messages(&agency, &line);
        let said: Vec<&str> = found.iter().map(|message| text(message, "text")).collect();
        assert_eq!(said, ["Nobody in particular."], "{}", line.network.name);
    }
}

fn where_one_provider_is_down_the_other_takes_over_and_each_answer_comes_once(engine: Engine) {
    let program = desk(engine);
    let agency = program.tenant("riverton");
    let (first, second) = (Line::open(&agency, "twilio"), Line::open(&agency, "vonage"));
    let linked = json!({ "fallback_channel_id": second.channel });
    agency.patch(&format!("/v1/channels/{}", first.channel), linked).expecting(200);
    // Whoever has just written is awake, whatever the hour.
    let owner = program.cli(&["key", "create", "--tenant", "riverton", "--role", "owner"]);
    let night = json!({ "quiet_hours": { "from": "00:00", "to": "23:59" } });
    program.client(owner["api_key"].as_str()).patch("/v1/tenant", night).expecting(200);
    let case = case_of(&agency, &first);
    let before = until("the receipt has come", || Some(first.network.taken()).filter(|taken| !taken.is_empty()));
    first.network.troubles().times(1000, &Trouble::Down(503));
    let all = ["It will be mended on Monday.", "And the one beside it on Tuesday."];
    for words in all {
        let message = answer(&agency, &case, words).expecting(202).json();
        let sent = until_state(&agency, text(&message, "id"), &["sent", "delivered", "failed", "unknown"]);
        assert_eq!(text(&sent, "state"), "sent", "{sent}");
    }
    assert_eq!(second.network.taken(), all);
    assert_eq!(first.network.taken(), before);
    assert_eq!(first.health()["state"], "failing");
}

civicdesk_tests::on_both_engines!(
    where_one_provider_is_down_the_other_takes_over_and_each_answer_comes_once,
    a_token_revoked_in_the_middle_shows_in_the_channels_health_and_nothing_is_lost,
    a_text_that_is_too_long_is_refused_before_the_provider_is_asked,
    an_answer_arrives_to_the_letter,
    a_text_of_somebody_without_a_name_is_in_a_case,
);
