//! A connector of one's own: somebody else's crate, written against the contract alone, in somebody else's program.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
    sync::{Arc, LazyLock, Mutex},
};

use civicdesk_providers::{Answered, Asked, FakeHttp};
use civicdesk_tests::{
    campaigns::books::{all, text},
    harness::{Engine, Program, block_on, until},
    networks::options,
    structure::root,
};
use serde_json::{Value, json};

const TOKEN: &str = "heron-token-4711";

/// Where their cargo builds, as ours does: what the two have in common is compiled once.
fn target() -> PathBuf {
    let own = std::env::current_exe().expect("a test knows its own file");
    own.ancestors().nth(3).expect("a test stands in target/PROFILE/deps").to_path_buf()
}

/// Runs their cargo, with our versions and our profiles.
fn cargo(arguments: &[&str]) {
    let (ours, theirs) = (root(), root().join("tests/foreign"));
    fs::copy(ours.join("Cargo.lock"), theirs.join("Cargo.lock")).expect("the versions are copied");
    let manifest = fs::read_to_string(ours.join("Cargo.toml")).expect("our manifest");
    let (_, profiles) = manifest.split_once("\n[profile.").expect("our profiles");
    let config = Path::new(env!("CARGO_TARGET_TMPDIR")).join("profiles.toml");
    fs::write(&config, format!("[profile.{profiles}")).expect("the profiles are written");
    let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo.args(arguments).arg("--offline").arg("--config").arg(&config);
    let run = cargo.current_dir(&theirs).env("CARGO_TARGET_DIR", target()).output().expect("cargo runs");
    let said = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    assert!(run.status.success(), "cargo {arguments:?}:\n{}\n{}", said(&run.stdout), said(&run.stderr));
}

/// Their program; built once, and the kit run over their connector before it.
static BUILT: LazyLock<PathBuf> = LazyLock::new(|| {
    cargo(&["test", "--package", "heron"]);
    cargo(&["build", "--package", "heron-desk", "--features", "test-hooks"]);
    target().join("debug/heron-desk")
});

/// Their network: a board with notes, which takes one note for each nonce.
#[derive(Default)]
struct Board {
    notes: Mutex<Vec<Value>>,
    taken: Mutex<Vec<Value>>,
}

impl Board {
    fn answer(&self, asked: &Asked) -> Answered {
        if asked.header("x-heron-token") != Some(TOKEN) {
            return Answered::json(401, &json!({}));
        }
        let notes = self.notes.lock().expect("notes");
        match asked.path.strip_prefix("/notes?above=").and_then(|rest| rest.split('&').next()) {
            Some(above) => Answered::json(200, &notes.iter().skip(above.parse().expect("a number")).cloned().collect()),
            None if asked.method == "POST" => {
                let mut taken = self.taken.lock().expect("notes");
                taken.push(serde_json::from_slice(&asked.body).expect("a note"));
                Answered::json(200, &json!({ "id": format!("ours-{}", taken.len()) }))
            }
            None => Answered::json(200, &json!({ "name": "riverton" })),
        }
    }
}

fn a_connector_of_ones_own_is_listed_and_carries_messages_in_and_out(engine: Engine) {
    let board = Arc::new(Board::default());
    let answers = Arc::clone(&board);
    let heron = block_on(FakeHttp::start(move |asked| Some(answers.answer(&asked)))).expect("a port");
    let program = Program::start_with(engine, options().binary(BUILT.clone()));
    let agency = program.tenant("riverton");

    let listed = all(&agency, "/v1/connectors");
    let own = listed.iter().find(|connector| connector["id"] == "heron").expect("heron is listed");
    assert_eq!(own["capabilities"]["max_text"], 1000, "{own}");
    assert!(listed.iter().all(|connector| connector["id"] != "twilio"), "the binary lists its connectors: {listed:?}");

    let settings = json!({ "url": heron.url(), "token": TOKEN, "every_seconds": 1 });
    let channel = agency.post("/v1/channels", json!({ "connector": "heron", "settings": settings })).expecting(201);
    assert!(!channel.text().contains(TOKEN), "{channel}");
    let note = json!({ "id": "note-1", "number": 1, "by": "ann", "words": "The lamp is out.", "answers": null });
    board.notes.lock().expect("notes").push(note);
    let case = until("the note is a case", || all(&agency, "/v1/cases").pop());
    let path = format!("/v1/cases/{}/messages", text(&case, "id"));
    assert_eq!(text(&all(&agency, &path)[0], "text"), "The lamp is out.");

    let answer = agency.post(&path, json!({ "text": "It is mended." })).expecting(202).json();
    until("the answer is sent", || {
        let now = agency.get(&format!("/v1/messages/{}", text(&answer, "id"))).expecting(200).json();
        (now["state"] == "sent").then_some(())
    });
    let taken = board.taken.lock().expect("notes");
    let arrived = taken.iter().find(|note| note["words"] == "It is mended.").expect("the answer");
    assert_eq!((&arrived["to"][0], &arrived["answers"]), (&json!("ann"), &json!("note-1")));
}

mod sqlite {
    #[test]
    #[ignore = "builds another program: run by tests/run"]
    fn a_connector_of_ones_own_is_listed_and_carries_messages_in_and_out() {
        super::a_connector_of_ones_own_is_listed_and_carries_messages_in_and_out(super::Engine::Sqlite);
    }
}

mod postgres {
    #[test]
    #[ignore = "builds another program and needs PostgreSQL: run by tests/run"]
    fn a_connector_of_ones_own_is_listed_and_carries_messages_in_and_out() {
        super::a_connector_of_ones_own_is_listed_and_carries_messages_in_and_out(super::Engine::Postgres);
    }
}
