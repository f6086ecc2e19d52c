//! What providers call in: taken once and whole when it is theirs, and nothing at all when it is not.

use std::{collections::BTreeSet, time::Duration};

use civicdesk_tests::{
    campaigns::books::{all, sums, text},
    harness::{Client, Engine, Tenant, until_within},
    networks::{Line, NAMES, desk, forgeries},
};
use serde_json::Value;

const WORDS: &str = "مرحبا، المصباح مطفأ 👍🏽 שלום";
/// What the ends of hooks take at most.
const LARGEST: usize = 8 << 20;
const PATIENCE: Duration = Duration::from_secs(60);

pub fn lines(agency: &Tenant) -> Vec<Line> {
    NAMES.iter().map(|name| Line::open(agency, name)).collect()
}

/// Waits until everything that came in has its place, and gives the messages of a channel.
pub fn messages(agency: &Client, line: &Line) -> Vec<Value> {
    until_within(PATIENCE, "everything that came in is filed", || {
        (sums(agency)["total"]["received"] == 0).then_some(())
    });
    let items = line.items();
    let filed = items.iter().filter(|item| item["filed_as"] == "message");
    filed.map(|item| agency.get(&format!("/v1/messages/{}", text(item, "message_id"))).expecting(200).json()).collect()
}

fn a_call_that_is_rightly_signed_becomes_one_message_however_often_it_comes(engine: Engine) {
    let program = desk(engine);
    let agency = program.tenant("riverton");
    let lines = lines(&agency);
    for line in &lines {
        let call = line.network.text(&line.hook, 1, WORDS);
        line.takes(&call);
        line.takes(&call);
    }
    for line in &lines {
        let found = messages(&agency, line);
        let said: Vec<&str> = found.iter().map(|message| text(message, "text")).collect();
        assert_eq!(said, [WORDS], "{}", line.network.name);
        assert_eq!(line.items().len(), 1, "{}", line.network.name);
        assert_eq!(line.health()["state"], "ok", "{}", line.network.name);
    }
    assert_eq!(sums(&agency)["adds_up"], true);
    let written: BTreeSet<String> =
        lines.iter().flat_map(|line| messages(&agency, line)).map(|m| m["from"]["address"].to_string()).collect();
    let contacts = all(&agency, "/v1/contacts");
    let known = contacts.iter().flat_map(|contact| contact["identities"].as_array().into_iter().flatten());
    let known: BTreeSet<String> = known.map(|identity| identity["value"].to_string()).collect();
    assert_eq!(known, written, "whoever wrote is known, and the agency is no citizen of its own");
}

fn what_is_forged_truncated_oversized_or_too_old_leaves_no_row(engine: Engine) {
    let program = desk(engine);
    let agency = program.tenant("riverton");
    let lines = lines(&agency);
    let events = all(&agency, "/v1/events").len();
    for (line, other) in lines.iter().zip(lines.iter().rev()) {
        let name = line.network.name;
        let right = line.network.text(&line.hook, 1, WORDS);
        let stale = line.network.stale(&line.hook);
        for (number, call) in forgeries(&line.network, &right).iter().chain(&stale).enumerate() {
            assert_eq!(line.deliver(call).0, 401, "{name}: forgery {number} {call:?}");
        }
        let foreign = other.deliver(&right).0;
        let known = line.network.is_metas() && other.network.is_metas();
        assert_eq!(foreign, if known { 204 } else { 401 }, "{name}: a call for {}", other.network.name);
        let mut large = right.clone();
        large.body.resize(LARGEST + 1, b' ');
        assert!(line.try_deliver(&large).is_none_or(|(status, _)| status == 413), "{name}");
        assert_eq!(line.items(), Vec::<Value>::new(), "{name}");
    }
    assert_eq!(sums(&agency)["total"]["total"], 0);
    for list in ["/v1/cases", "/v1/contacts"] {
        assert_eq!(all(&agency, list), Vec::<Value>::new(), "{list}");
    }
    assert_eq!(all(&agency, "/v1/events").len(), events);
    for line in &lines {
        assert_ne!(line.health()["state"], "failing", "{}: a forger makes no channel red", line.network.name);
        line.takes(&line.network.text(&line.hook, 1, WORDS));
    }
    for line in &lines {
        assert_eq!(messages(&agency, line).len(), 1, "{}", line.network.name);
    }
}

fn what_comes_under_the_right_token_and_is_cut_off_waits_in_quarantine_with_its_bytes(engine: Engine) {
    let program = desk(engine);
    let agency = program.tenant("riverton");
    for name in ["notify", "telegram"] {
        let line = Line::open(&agency, name);
        let mut call = line.network.text(&line.hook, 1, WORDS);
        call.body.truncate(call.body.len() / 2);
        line.takes(&call);
        line.takes(&call);
        assert_eq!(messages(&agency, &line), Vec::<Value>::new(), "{name}");
        let items = line.items();
        assert_eq!((items.len(), text(&items[0], "state")), (1, "quarantined"), "{name}");
        let raw = agency.get(&format!("/v1/inbound/{}/raw", text(&items[0], "id"))).expecting(200).body;
        assert_eq!(raw, call.body, "{name}");
    }
}

fn a_call_of_a_kind_that_nobody_knows_is_answered_and_is_nothing(engine: Engine) {
    let program = desk(engine);
    let agency = program.tenant("riverton");
    for line in lines(&agency) {
        line.takes(&line.network.unknown(&line.hook));
        assert_eq!(line.items(), Vec::<Value>::new(), "{}", line.network.name);
    }
    assert_eq!(sums(&agency)["total"]["total"], 0);
}

fn the_same_event_a_hundred_times_in_any_order_on_64_connections_is_one_message(engine: Engine) {
    let program = desk(engine);
    let agency = program.tenant("riverton");
    let lines = lines(&agency);
    for line in &lines {
        let calls = [1, 2].map(|citizen| line.network.text(&line.hook, citizen, "The lamp at Mill Road is out."));
        let statuses = line.storm(&calls, 100, 64);
        assert!(statuses.iter().all(|status| (200..300).contains(status)), "{}: {statuses:?}", line.network.name);
    }
    for line in &lines {
        assert_eq!(messages(&agency, line).len(), 2, "{}", line.network.name);
        assert_eq!(line.items().len(), 2, "{}", line.network.name);
    }
    assert_eq!(sums(&agency)["adds_up"], true);
}

fn a_provider_that_asks_whether_the_address_is_ours_is_answered(engine: Engine) {
    let program = desk(engine);
    let agency = program.tenant("riverton");
    let mut asked = 0;
    for line in lines(&agency) {
        let Some((question, expected)) = line.network.challenge(&line.hook) else { continue };
        let (status, body) = line.deliver(&question);
        let said = String::from_utf8_lossy(&body).into_owned();
        assert!(status == 200 && said.contains(&expected), "{}: {status} {said}", line.network.name);
        let mut wrong = question;
        wrong.query = wrong.query.replace("verify_token=", "verify_token=not-").replace("crc_token=", "other=");
        assert!((400..500).contains(&line.deliver(&wrong).0), "{}", line.network.name);
        asked += 1;
    }
    assert_eq!(asked, 4);
}

fn an_address_that_leads_to_no_channel_is_not_found(engine: Engine) {
    let program = desk(engine);
    let agency = program.tenant("riverton");
    let mut line = Line::open(&agency, "twilio");
    let call = line.network.text(&line.hook, 1, WORDS);
    line.hook.pop();
    assert_eq!(line.deliver(&call).0, 404);
}

civicdesk_tests::on_both_engines!(
    a_call_that_is_rightly_signed_becomes_one_message_however_often_it_comes,
    what_is_forged_truncated_oversized_or_too_old_leaves_no_row,
    what_comes_under_the_right_token_and_is_cut_off_waits_in_quarantine_with_its_bytes,
    a_call_of_a_kind_that_nobody_knows_is_answered_and_is_nothing,
    the_same_event_a_hundred_times_in_any_order_on_64_connections_is_one_message,
    a_provider_that_asks_whether_the_address_is_ours_is_answered,
    an_address_that_leads_to_no_channel_is_not_found,
);
