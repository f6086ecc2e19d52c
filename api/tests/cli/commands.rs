//! The command line as an operator meets it: the built program, its files, its exit codes and its words.

use std::{
    fs,
    io::Write,
    path::{Path, PathBuf},
    process::Stdio,
};

use diesel::{Connection, SqliteConnection, connection::SimpleConnection};
use serde_json::Value;

use crate::site::{Site, create, said, until};

#[test]
fn an_unknown_setting_is_named_with_its_file_and_line() {
    let site = Site::new();
    site.settings("[server]\nlisten = \"127.0.0.1:0\"\n\n[databse]\nurl = \"sqlite:x\"\n");
    let told = site.refused(2, &["tenant", "list"]);
    assert!(told.contains("civicdesk.toml:4:") && told.contains("`databse`") && told.contains("`database`"), "{told}");
    let done = site.command(&["tenant", "list"]).env("CIVICDESK_SERVER__LISTENS", "x").output().unwrap();
    assert_eq!(done.status.code(), Some(2));
}

#[test]
fn a_database_of_an_unknown_kind_makes_no_files() {
    let site = Site::new();
    site.settings("[database]\nurl = \"mysql://me:hunter2@db/x\"\n");
    let told = site.refused(2, &["migrate"]);
    assert!(told.contains("database.url") && !told.contains("hunter2"), "{told}");
    assert_eq!(fs::read_dir(site.dir.path()).unwrap().count(), 1, "only the settings file lies there");
}

#[test]
fn the_default_settings_are_printed_and_can_be_used_as_they_are() {
    let site = Site::new();
    let printed = site.run(&["settings"]);
    assert!(printed.status.success());
    site.settings(&String::from_utf8(printed.stdout).unwrap());
    assert_eq!(site.json(&["migrate"])["steps"].as_u64().map(|n| n > 0), Some(true));
    assert_eq!(site.json(&["migrate"])["steps"], 0);
}

#[test]
fn a_wrong_command_ends_with_two_and_a_failed_one_with_one() {
    let site = Site::new();
    site.refused(2, &["tenants"]);
    let told = site.refused(1, &["tenant", "suspend", "nowhere"]);
    assert!(told.contains("nowhere") && told.contains("tenant list"), "{told}");
    let told = site.refused(1, &["tenant", "create", "--slug", "No Slug", "--name", "x"]);
    assert!(told.contains("--slug must have"), "{told}");
}

#[test]
fn a_second_server_on_the_same_directory_is_refused_with_words() {
    let site = Site::new();
    let first = site.serve();
    let told = site.refused(1, &["serve"]);
    assert!(told.contains("in use by another civicdesk"), "{told}");
    assert!(first.stop().success());
}

#[test]
fn what_is_made_while_serving_goes_through_the_running_server() {
    let site = Site::new();
    let serving = site.serve();
    let ready = serving.ready();
    assert!(ready["base_url"].as_str().unwrap().starts_with("http://127.0.0.1:"), "{ready}");
    assert_eq!(ready["pid"], serving.process.id());
    let tenant = create(&site, "riverton");
    assert!(tenant["id"].as_str().unwrap().starts_with("ten_"), "{tenant}");
    let key = site.json(&["key", "create", "--tenant", "riverton", "--role", "admin"]);
    assert!(key["api_key"].as_str().unwrap().starts_with("cd_live_"), "{key}");
    assert_eq!(site.json(&["tenant", "suspend", "riverton"])["status"], "suspended");
    assert_eq!(site.json(&["tenant", "resume", "riverton"])["status"], "active");
    assert!(serving.stop().success());
    assert!(!site.path("civicdesk-data/serve.json").exists(), "a stopped server leaves no run file");
    assert_eq!(site.json(&["tenant", "list"])["data"][0]["slug"], "riverton");
}

#[test]
fn the_data_the_socket_and_the_master_key_are_for_their_owner_alone() {
    use std::os::unix::fs::PermissionsExt;
    let site = Site::new();
    let serving = site.serve();
    site.json(&["backup", "kept"]);
    for name in ["civicdesk-data", "civicdesk-data/admin.sock", "civicdesk-data/master.key", "kept"] {
        let mode = fs::metadata(site.path(name)).unwrap().permissions().mode();
        assert_eq!(mode & 0o077, 0, "{name}");
    }
    drop(serving);
    assert_eq!(
        site.json(&["tenant", "list"])["data"],
        serde_json::json!([]),
        "a killed server's socket is in nobody's way"
    );
}

#[test]
fn a_lost_master_key_is_not_replaced_by_a_new_one() {
    let site = Site::new();
    create(&site, "riverton");
    fs::remove_file(site.path("civicdesk-data/master.key")).unwrap();
    let told = site.refused(1, &["serve"]);
    assert!(told.contains("master.key") && told.contains("put the file back"), "{told}");
    assert!(!site.path("civicdesk-data/master.key").exists());
}

#[test]
fn a_password_from_standard_input_signs_in_and_is_not_shown() {
    let site = Site::new();
    create(&site, "riverton");
    let arguments = ["staff", "create", "--tenant", "riverton", "--email", "Ana@Riverton.example", "--name", "Ana"];
    let made = site.json(&[arguments.as_slice(), &["--role", "owner"]].concat());
    assert!(made["password"].as_str().unwrap().len() >= 12, "{made}");
    let arguments = ["staff", "create", "--tenant", "riverton", "--email", "b@riverton.example", "--name", "Ben"];
    let mut command = site.command(&arguments);
    command.args(["--role", "agent", "--password-stdin", "--json"]).stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut running = command.spawn().unwrap();
    running.stdin.take().unwrap().write_all(b"correct horse battery staple\n").unwrap();
    let done = running.wait_with_output().unwrap();
    let told: Value = serde_json::from_slice(&done.stdout).unwrap();
    assert_eq!((&told["password"], &told["email"]), (&Value::Null, &Value::from("b@riverton.example")));
}

#[test]
fn a_database_of_a_newer_program_is_refused() {
    let site = Site::new();
    create(&site, "riverton");
    for file in [site.path("civicdesk-data/control.db"), tenant_file(&site)] {
        let kept = fs::read(&file).unwrap();
        from_the_future(&file);
        let told = site.refused(1, &["migrate"]);
        assert!(told.contains("newer program"), "{told}");
        fs::write(&file, kept).unwrap();
    }
    let told = site.run(&["tenant", "list"]);
    assert!(told.status.success(), "{}", said(&told));
}

fn tenant_file(site: &Site) -> PathBuf {
    let mut files = fs::read_dir(site.path("civicdesk-data/tenants")).unwrap().map(|e| e.unwrap().path());
    files.find(|f| f.extension().is_some_and(|e| e == "db")).unwrap()
}

/// Notes a step in the file that this program does not know.
fn from_the_future(file: &Path) {
    let mut c = SqliteConnection::establish(file.to_str().unwrap()).unwrap();
    c.batch_execute(
        "INSERT INTO __diesel_schema_migrations (version) VALUES ('99990101000000'); PRAGMA wal_checkpoint(TRUNCATE)",
    )
    .unwrap();
}

#[test]
fn the_doctor_says_what_is_wrong_and_what_to_do() {
    use std::os::unix::fs::PermissionsExt;
    let site = Site::new();
    create(&site, "riverton");
    let well = site.json(&["doctor"]);
    assert_eq!(well["healthy"], true, "{well}");
    let key = site.path("civicdesk-data/master.key");
    fs::set_permissions(&key, fs::Permissions::from_mode(0o644)).unwrap();
    let ill = site.run(&["doctor"]);
    assert_eq!(ill.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&ill.stdout).contains("chmod 600"), "{}", said(&ill));
    from_the_future(&site.path("civicdesk-data/control.db"));
    let ill = site.run(&["doctor", "--json"]);
    assert_eq!(ill.status.code(), Some(1));
    let ill: Value = serde_json::from_slice(&ill.stdout).unwrap();
    assert!(ill["checks"][0]["detail"].as_str().unwrap().contains("newer program"), "{ill}");
}

#[test]
fn the_table_of_connectors_shows_what_each_can_do() {
    let told = Site::new().json(&["connectors"]);
    let email = &told["data"][0];
    assert_eq!((&email["id"], &email["capabilities"]["poll"]), (&Value::from("email"), &Value::from(true)), "{told}");
}

#[test]
fn a_stale_document_fails_the_check() {
    let site = Site::new();
    site.json(&["openapi"]);
    site.json(&["openapi", "--check"]);
    fs::write(site.path("openapi/openapi.json"), "{}\n").unwrap();
    let done = site.run(&["openapi", "--check"]);
    assert_eq!(done.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&done.stdout).contains("run `civicdesk openapi`"), "{}", said(&done));
}

#[test]
fn the_log_is_one_json_a_line_where_it_is_asked_for() {
    let site = Site::new();
    site.settings("[server]\nlisten = \"127.0.0.1:0\"\n[log]\nformat = \"json\"\n");
    let serving = site.serve();
    until("the first line", || serving.log().contains('\n'));
    let log = serving.log();
    let lines: Vec<Value> = log.lines().map(|l| serde_json::from_str(l).unwrap()).collect();
    let ready = lines.iter().find(|l| l["message"] == "Ready.").unwrap_or_else(|| panic!("{log}"));
    assert_eq!((&ready["level"], &ready["target"]), (&Value::from("INFO"), &Value::from("civicdesk::server")));
    assert!(serving.stop().success());
}

#[test]
fn a_mailbox_is_connected_with_settings_from_a_file_and_its_failure_is_told() {
    let site = Site::new();
    create(&site, "riverton");
    let settings =
        r#"{"imap": {"host": "127.0.0.1", "port": 1, "security": "none", "username": "u", "password": "hunter2"}}"#;
    fs::write(site.path("mailbox.json"), settings).unwrap();
    let arguments = ["channel", "add", "--tenant", "riverton", "--connector", "email", "--settings", "mailbox.json"];
    let told = site.refused(1, &arguments);
    assert!(told.contains("address"), "{told}");
    let made = site.json(&[arguments.as_slice(), &["--address", "Help@Riverton.example"]].concat());
    assert_eq!((&made["address"], &made["state"]), (&"help@riverton.example".into(), &"active".into()), "{made}");
    let checked = site.run(&["channel", "check", "--json"]);
    assert_eq!(checked.status.code(), Some(1));
    let checked: Value = serde_json::from_slice(&checked.stdout).unwrap();
    assert_eq!((&checked["data"][0]["works"], &checked["data"][0]["id"]), (&false.into(), &made["id"]), "{checked}");
    assert!(checked["data"][0]["detail"].as_str().unwrap().contains("allow_private"), "{checked}");
    let named = site.run(&["channel", "check", "--tenant", "riverton", "HELP@riverton.example"]);
    let told = String::from_utf8(named.stdout).unwrap();
    assert!(named.status.code() == Some(1) && told.contains("help@riverton.example"), "{told}");
    assert!(site.refused(1, &["channel", "check", "other@riverton.example"]).contains("other@riverton.example"));
    let listed = site.json(&["channel", "list", "--tenant", "riverton"]);
    assert_eq!(listed["data"][0]["health"], "failing", "{listed}");
    let ill = site.run(&["doctor"]);
    assert_eq!(ill.status.code(), Some(1));
    assert!(!said(&ill).contains("hunter2") && said(&ill).contains("FAIL  channel riverton"), "{}", said(&ill));
    let file = fs::read(tenant_file(&site)).unwrap();
    assert!(!file.windows(7).any(|w| w == b"hunter2"), "the password lies sealed");
}
