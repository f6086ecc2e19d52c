//! Checks of the settings: refused before anything is done with them, and never shown.

use serde_json::{Map, Value, json};

use super::judge::{Kit, brief};
use crate::Kind;

const WHY: &str = "Settings are checked in `open`, so that whoever writes them is told at once.";

pub(super) fn are_checked_before_anything_else(kit: &Kit<'_>) {
    let schema = kit.connector.about().settings_schema;
    let sample = kit.fixture.settings();
    if let Err(problem) = jsonschema::validate(&schema, &sample) {
        panic!("settings_schema refuses Fixture::settings(), so a form made from it could not be filled in: {problem}");
    }
    kit.open();

    let bad = kit.fixture.bad_settings();
    assert!(!bad.is_empty(), "Fixture::bad_settings() is empty: give at least one that cannot be right");
    for settings in bad {
        kit.fails("open with bad settings", kit.try_open(settings), Kind::Settings, WHY);
    }
    for nonsense in [Value::Null, json!(7), json!("settings"), json!([])] {
        let call = format!("open with {nonsense} as settings");
        kit.fails(&call, kit.try_open(nonsense), Kind::Settings, WHY);
    }

    let mut unknown = sample;
    let Some(fields) = unknown.as_object_mut() else { panic!("Fixture::settings() must be a JSON object") };
    fields.insert("no_such_setting".to_owned(), json!(true));
    let call = "open with a setting it does not know";
    let why = "A mistyped setting must not pass unnoticed: put #[serde(deny_unknown_fields)] on the settings type.";
    kit.fails(call, kit.try_open(unknown.clone()), Kind::Settings, why);
    assert!(
        !jsonschema::is_valid(&schema, &unknown),
        "settings_schema accepts a setting that open refuses; derive both from one type with deny_unknown_fields"
    );
}

pub(super) fn show_no_secret(kit: &Kit<'_>) {
    let schema = kit.connector.about().settings_schema;
    let settings = kit.fixture.settings();
    kit.shows_no_secret("Debug of the settings", &kit.fixture.settings_debug());
    kit.shows_no_secret("about()", &format!("{:?}", kit.connector.about()));

    let secrets = kit.fixture.secrets();
    for secret in &secrets {
        assert!(
            secret.len() >= 8,
            "a secret in Fixture::secrets() is too short to be looked for: make it 8 characters"
        );
    }
    let mut found = Vec::new();
    texts(&schema, Some(&schema), &settings, &mut Vec::new(), &mut found);
    for secret in &secrets {
        let Some(place) = found.iter().find(|text| text.text == secret) else {
            panic!("Fixture::secrets() names a text that is not in Fixture::settings()");
        };
        assert!(
            place.write_only,
            "{} holds a secret but is not `writeOnly` in settings_schema, so the API would show it; use Secret",
            place.path.join(".")
        );
        a_mistyped_one_is_not_repeated(kit, &settings, &place.path);
    }
    for text in found.iter().filter(|text| text.write_only) {
        let named = secrets.iter().any(|secret| secret == text.text);
        assert!(
            named,
            "{} is writeOnly; name its text in Fixture::secrets(), or it is not tested",
            text.path.join(".")
        );
    }
}

/// A token of digits, given as a JSON number, is where serde's own error text repeats the value.
fn a_mistyped_one_is_not_repeated(kit: &Kit<'_>, settings: &Value, path: &[String]) {
    let mut mistyped = settings.clone();
    let Some(place) = mistyped.pointer_mut(&format!("/{}", path.join("/"))) else { return };
    *place = json!(4_040_404_040_404_u64);
    let error = kit.fails("open with a number as a secret", kit.try_open(mistyped), Kind::Settings, WHY);
    assert!(
        !error.detail.contains("4040404040404"),
        "the error repeats a secret that was given as a number; use the contract's Secret: {}",
        brief(&error.detail)
    );
}

/// One text in the settings, and whether the schema hides it.
struct Text<'a> {
    path: Vec<String>,
    text: &'a str,
    write_only: bool,
}

fn texts<'a>(
    root: &Value,
    schema: Option<&Value>,
    value: &'a Value,
    path: &mut Vec<String>,
    found: &mut Vec<Text<'a>>,
) {
    match value {
        Value::String(text) => {
            let write_only = schema.is_some_and(|schema| says_write_only(root, schema));
            found.push(Text { path: path.clone(), text, write_only });
        }
        Value::Object(fields) => descend(root, schema, fields, path, found),
        _ => {}
    }
}

fn descend<'a>(
    root: &Value,
    schema: Option<&Value>,
    fields: &'a Map<String, Value>,
    path: &mut Vec<String>,
    found: &mut Vec<Text<'a>>,
) {
    for (name, value) in fields {
        let inner: Vec<Value> = schema.map(|schema| property(root, schema, name)).unwrap_or_default();
        let inner = json!({ "anyOf": inner });
        path.push(name.clone());
        texts(root, Some(&inner), value, path, found);
        path.pop();
    }
}

/// Every form that the schema gives a property, through references and alternatives.
fn property(root: &Value, schema: &Value, name: &str) -> Vec<Value> {
    forms(root, schema, 0).iter().filter_map(|form| form["properties"].get(name).cloned()).collect()
}

fn says_write_only(root: &Value, schema: &Value) -> bool {
    forms(root, schema, 0).iter().any(|form| form["writeOnly"] == json!(true))
}

fn forms<'s>(root: &'s Value, schema: &'s Value, depth: usize) -> Vec<&'s Value> {
    let mut all = vec![schema];
    if depth > 8 {
        return all;
    }
    let reference = schema["$ref"].as_str().and_then(|text| root.pointer(text.strip_prefix('#')?));
    let branches = ["anyOf", "oneOf", "allOf"].iter().filter_map(|word| schema[*word].as_array()).flatten();
    for inner in reference.into_iter().chain(branches) {
        all.extend(forms(root, inner, depth + 1));
    }
    all
}
