//! How an agency says which directory it has, and what of the settings may be shown.

use schemars::{Schema, schema_for};
use serde_json::{Map, Value};
use uuid::Uuid;

use super::{
    Down,
    open::Directories,
    settings::{LdapSettings, SignedSettings},
};
use crate::{
    fail::Fail,
    store::{
        Time, Uid,
        directories::{Directory, OK},
    },
};

/// The form of one kind's settings, and the field that says where its directory is.
fn form(kind: &str) -> Option<(Schema, &'static str)> {
    match kind {
        "ldap" => Some((schema_for!(LdapSettings), "host")),
        "signed_http" => Some((schema_for!(SignedSettings), "url")),
        _ => None,
    }
}

fn kind_of(settings: &Value) -> &str {
    settings["kind"].as_str().unwrap_or_default()
}

fn is_secret(schema: &Schema, name: &str) -> bool {
    schema.pointer(&format!("/properties/{name}/writeOnly")) == Some(&Value::Bool(true))
}

/// Settings without what is secret, and without what their form does not know.
pub fn shown(settings: &Value) -> Value {
    let Some((schema, _)) = form(kind_of(settings)) else { return Value::Object(Map::new()) };
    let known = |name: &str| name == "kind" || schema.pointer(&format!("/properties/{name}")).is_some();
    let all = settings.as_object().into_iter().flatten();
    let open = all.filter(|(name, _)| known(name) && !is_secret(&schema, name));
    Value::Object(open.map(|(name, value)| (name.clone(), value.clone())).collect())
}

/// New settings, with the secrets that were left out and stay. They go to the place to which they were given, and nowhere
/// else: whoever names another one has to know them.
pub fn with_kept_secrets(mut given: Value, was: Option<&Value>) -> Value {
    let (Some((schema, place)), Some(was)) = (form(kind_of(&given)), was) else { return given };
    if kind_of(&given) != kind_of(was) || given.get(place) != was.get(place) || given.get("port") != was.get("port") {
        return given;
    }
    let kept: Vec<(String, Value)> =
        was.as_object().into_iter().flatten().map(|(n, v)| (n.clone(), v.clone())).collect();
    if let Some(all) = given.as_object_mut() {
        for (name, value) in kept.into_iter().filter(|(name, _)| is_secret(&schema, name)) {
            all.entry(name).or_insert(value);
        }
    }
    given
}

/// A directory that may be kept, because it answers: its row, and what it said.
pub async fn prepare(
    directories: &Directories,
    tenant: Uuid,
    given: &Value,
    now: Time,
) -> Result<(Directory, String), Fail> {
    let said = directories.from(given)?.health().await;
    let said = said.map_err(|Down(why)| {
        let place = form(kind_of(given)).map_or("", |(_, place)| place);
        Fail::field(format!("/{place}"), format!("the directory does not answer as it must: {why}"))
    })?;
    let row = Directory {
        tenant_id: Uid(tenant),
        kind: kind_of(given).to_owned(),
        sealed: directories.seal(tenant, given)?,
        health: OK.to_owned(),
        health_detail: None,
        health_since: now,
        version: 1,
        created_at: now,
        updated_at: now,
    };
    Ok((row, said))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn no_secret_is_shown_and_nothing_that_is_not_known() {
        let ldap = json!({ "kind": "ldap", "host": "h", "bind_password": "hunter2", "left_from_older": "hunter2",
            "disabled": { "attribute": "x" } });
        assert_eq!(shown(&ldap), json!({ "kind": "ldap", "host": "h", "disabled": { "attribute": "x" } }));
        let signed = json!({ "kind": "signed_http", "url": "u", "secret": "hunter2" });
        assert_eq!(shown(&signed), json!({ "kind": "signed_http", "url": "u" }));
    }

    #[test]
    fn a_secret_that_is_left_out_stays_and_never_goes_to_another_place() {
        let was = json!({ "kind": "ldap", "host": "h", "bind_dn": "cn=a", "bind_password": "hunter2" });
        let same = with_kept_secrets(json!({ "kind": "ldap", "host": "h", "bind_dn": "cn=b" }), Some(&was));
        assert_eq!(same, json!({ "kind": "ldap", "host": "h", "bind_dn": "cn=b", "bind_password": "hunter2" }));
        let given = json!({ "kind": "ldap", "host": "h", "bind_password": "new" });
        assert_eq!(with_kept_secrets(given.clone(), Some(&was)), given);
        for elsewhere in [
            json!({ "kind": "ldap", "host": "evil.example" }),
            json!({ "kind": "ldap", "host": "h", "port": 4444 }),
            json!({ "kind": "signed_http", "url": "h" }),
        ] {
            assert_eq!(with_kept_secrets(elsewhere.clone(), Some(&was)), elsewhere);
        }
    }
}
