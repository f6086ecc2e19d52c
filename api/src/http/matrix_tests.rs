//! Every operation of the document against every kind of credential: who gets in, and with which right.

use actix_web::{
    http::{Method, StatusCode},
    test::TestRequest,
};
use serde_json::{Map, Value, json};

use super::{
    openapi::{self, Caller, resolve},
    testing::{Answered, TestApp, over_both, request},
};

/// A value that has the form a schema asks for: its example, or the least that it takes.
fn sample(document: &Value, schema: &Value) -> Value {
    let schema = resolve(document, schema);
    let example = schema.get("example").or_else(|| schema["examples"].get(0));
    if let Some(example) = example.or_else(|| schema["enum"].get(0)) {
        return example.clone();
    }
    if let Some(first) =
        ["oneOf", "anyOf", "allOf"].iter().find_map(|of| schema[of].as_array()?.iter().find(|s| s["type"] != "null"))
    {
        return sample(document, first);
    }
    let kind = schema["type"].as_str().or_else(|| schema["type"].get(0)?.as_str()).unwrap_or("object");
    match kind {
        "array" => json!([sample(document, &schema["items"])]),
        "string" => json!("a sentence that is long enough"),
        "integer" | "number" => json!(1),
        "boolean" => json!(true),
        _ => {
            let required: Vec<&str> =
                schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
            let properties = schema["properties"].as_object().into_iter().flatten();
            let kept = properties.filter(|(name, _)| required.contains(&name.as_str()));
            Value::Object(kept.map(|(name, s)| (name.clone(), sample(document, s))).collect::<Map<_, _>>())
        }
    }
}

/// A request of the form that an operation asks for, on things that do not exist.
fn ask(document: &Value, path: &str, method: &str, operation: &Value, credential: &str) -> TestRequest {
    let mut uri = path.to_owned();
    while let (Some(from), Some(to)) = (uri.find('{'), uri.find('}')) {
        uri.replace_range(from..=to, "nothing");
    }
    let required = operation["parameters"].as_array().into_iter().flatten();
    let query = required.filter(|p| p["in"] == "query" && p["required"] == true);
    let query: Vec<String> = query.map(|p| format!("{}=x", p["name"].as_str().unwrap())).collect();
    if !query.is_empty() {
        uri = format!("{uri}?{}", query.join("&"));
    }
    let request = request(Method::from_bytes(method.to_uppercase().as_bytes()).unwrap(), &uri, credential);
    let content = operation["requestBody"]["content"].as_object();
    match content.and_then(|c| c.iter().next()) {
        Some((kind, body)) if kind == "application/json" => request.set_json(sample(document, &body["schema"])),
        Some((kind, _)) => request.insert_header(("Content-Type", kind.as_str())).set_payload("x"),
        None => request,
    }
}

fn is_secured(path: &str, operation: &Value) -> bool {
    matches!(openapi::caller(path, operation), Caller::Agency | Caller::Operator)
}

over_both!(nobody_gets_in_without_a_valid_credential_of_the_right_kind, |desk| {
    let agency = desk.agency("riverton").await;
    let signed = desk.sign_in(&agency).await;
    let revoked = desk.key(agency.id, &["owner"]).await;
    let hash = match crate::auth::keys::read(&revoked) {
        Some(crate::auth::keys::Shown::Tenant { hash, .. }) => hash,
        other => panic!("{other:?}"),
    };
    let now = desk.app.time();
    let door = desk.app.store.tenant(agency.id);
    let revoke = door.write(move |tx| {
        let key = crate::store::keys::by_hash(tx, &hash)?.unwrap();
        crate::store::keys::revoke(tx, key.id.0, now)
    });
    revoke.await.unwrap();
    let (token, operator) = (signed["access_token"].as_str().unwrap(), desk.operator().await);
    let unsigned = format!("eyJhbGciOiJub25lIn0.{}.", token.split('.').nth(1).unwrap());
    let cut = &token[..token.len() - 3];

    let document = openapi::document();
    let mut asked = 0;
    for (path, method, operation) in openapi::operations(document) {
        if !is_secured(path, operation) {
            continue;
        }
        let wrong_kind = if path.starts_with("/v1/tenants") { agency.key.as_str() } else { operator.as_str() };
        for credential in ["", "garbage", &unsigned, cut, &revoked, wrong_kind] {
            let answer = desk.send(ask(document, path, method, operation, credential)).await;
            assert_eq!(answer.status, 401, "{method} {path} with `{credential:.12}`: {:?}", answer.body);
            asked += 1;
        }
    }
    assert!(asked > 100, "only {asked}");
});

/// The right that an answer says is missing.
fn missing(answer: &Answered) -> Option<String> {
    let detail = answer.body["detail"].as_str().filter(|_| answer.status == StatusCode::FORBIDDEN)?;
    Some(detail.split('`').nth(1).unwrap().to_owned())
}

over_both!(every_operation_demands_the_right_that_this_table_says, |desk| {
    let agency = desk.agency("riverton").await;
    let least = [desk.key(agency.id, &["events:read"]).await, desk.key(agency.id, &["keys:read"]).await];
    let document = openapi::document();
    let mut table = String::new();
    for (path, method, operation) in openapi::operations(document) {
        if !path.starts_with("/v1/") {
            continue;
        }
        let line = if !is_secured(path, operation) {
            "nobody".to_owned()
        } else if path.starts_with("/v1/tenants") {
            "operator".to_owned()
        } else {
            let mut right = None;
            for key in &least {
                right = right.or(missing(&desk.send(ask(document, path, method, operation, key)).await));
            }
            // What is asked for may need more than the operation itself: a key cannot give what it has not.
            let mut rights: Vec<String> = right.into_iter().collect();
            while !rights.is_empty() {
                let held: Vec<&str> = rights.iter().map(String::as_str).collect();
                let enough = desk.key(agency.id, &held).await;
                let answer = desk.send(ask(document, path, method, operation, &enough)).await;
                assert!(answer.status != 500, "{method} {path}: {:?}", answer.body);
                let Some(more) = missing(&answer) else { break };
                if rights.contains(&more) {
                    rights.push("a person".to_owned());
                    break;
                }
                rights.push(more);
            }
            if rights.is_empty() { "anyone".to_owned() } else { rights.join(" + ") }
        };
        table += &format!("{:<7}{path:<58}{line}\n", method.to_uppercase());
    }
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/src/http/rights.golden.txt");
    if std::env::var_os("PRINT_OPENAPI").is_some() {
        std::fs::write(file, &table).unwrap();
    }
    let golden = std::fs::read_to_string(file).unwrap_or_default();
    assert!(
        golden == table,
        "who may do what changed; look at it, then run PRINT_OPENAPI=1 cargo test -p civicdesk http:\n{table}"
    );
});
