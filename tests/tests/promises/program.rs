//! The program as an operator meets it: it starts, tells where it is, refuses in full sentences and ends when asked.

use civicdesk_tests::harness::{Engine, Options, Program};

fn it_serves_again_after_it_was_stopped_and_after_it_was_killed(engine: Engine) {
    let mut program = Program::start(engine);
    let agency = program.tenant("riverton");
    assert!(program.stop().success(), "{}", program.log());
    program.restart();
    program.kill9();
    program.restart();
    let tenants = program.cli(&["tenant", "list"]);
    assert!(tenants.to_string().contains(&agency.id), "{tenants}");
}

fn the_command_line_does_the_same_with_and_without_a_running_server(engine: Engine) {
    let mut program = Program::start(engine);
    program.tenant("riverton");
    program.stop();
    program.tenant("lakeside");
    let alone = program.cli(&["tenant", "list"]);
    program.restart();
    assert_eq!(program.cli(&["tenant", "list"]), alone);
}

fn a_path_that_leads_nowhere_says_so_and_a_wrong_method_says_what_is_allowed(engine: Engine) {
    let program = Program::start(engine);
    let stranger = program.client(None);
    stranger.get("/healthz").expecting(200);
    stranger.get("/v1/no-such-thing").refused(404);
    stranger.request("PUT", "/healthz").send().refused(405);
}

fn two_tenants_cannot_share_a_name(engine: Engine) {
    let program = Program::start(engine);
    program.tenant("riverton");
    let complaint = program.cli_refused(&["tenant", "create", "--slug", "riverton", "--name", "Another Riverton"]);
    assert!(complaint.contains("riverton"), "{complaint}");
}

fn a_new_key_is_not_in_the_log(engine: Engine) {
    let program = Program::start(engine);
    let agency = program.tenant("riverton");
    assert!(!program.log().contains(&agency.key), "{}", program.log());
}

fn the_command_line_and_the_api_name_the_same_connectors(engine: Engine) {
    const IDS: [&str; 17] = [
        "email",
        "lmtp",
        "twilio",
        "vonage",
        "notify",
        "mastodon",
        "messenger",
        "instagram",
        "whatsapp",
        "x",
        "telegram",
        "voice",
        "bridge",
        "web",
        "phone",
        "counter",
        "chat",
    ];
    let program = Program::start(engine);
    let agency = program.tenant("riverton");
    let mut printed = program.cli(&["connectors"])["data"].as_array().expect("a list").clone();
    assert_eq!(printed.iter().map(|about| about["id"].as_str().unwrap_or_default()).collect::<Vec<_>>(), IDS);
    let listed = agency.get("/v1/connectors?limit=100").expecting(200).json();
    printed.sort_by_key(|about| about["id"].to_string());
    assert_eq!(listed["data"], serde_json::Value::Array(printed), "capabilities and settings are the same too");
}

civicdesk_tests::on_both_engines!(
    the_command_line_and_the_api_name_the_same_connectors,
    it_serves_again_after_it_was_stopped_and_after_it_was_killed,
    the_command_line_does_the_same_with_and_without_a_running_server,
    a_path_that_leads_nowhere_says_so_and_a_wrong_method_says_what_is_allowed,
    two_tenants_cannot_share_a_name,
    a_new_key_is_not_in_the_log,
);

#[test]
fn an_unknown_setting_stops_the_start_and_is_named() {
    let complaint = complaint(Engine::Sqlite, Options::default().set("server", "lisen", "127.0.0.1:0"));
    assert!(complaint.contains("lisen"), "{complaint}");
}

#[test]
#[ignore = "needs PostgreSQL: run by tests/run"]
fn a_superuser_is_refused_as_the_role_that_serves() {
    let url = std::env::var("CIVICDESK_TEST_PG_ADMIN_URL").expect("tests/run sets it");
    let complaint = complaint(Engine::Postgres, Options::default().set("database", "url", url));
    assert!(complaint.contains("superuser"), "{complaint}");
}

/// What the program says when it does not start with these settings.
fn complaint(engine: Engine, options: Options) -> String {
    let start = std::panic::AssertUnwindSafe(|| Program::start_with(engine, options));
    let failed = std::panic::catch_unwind(start).err().expect("it must not start");
    *failed.downcast::<String>().expect("the harness says why")
}
