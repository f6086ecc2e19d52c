//! The OpenAPI document: collected from the handlers, completed with what is true of all of them, and printed twice.

use std::sync::OnceLock;

use serde_json::{Map, Value, json};
use utoipa::{PartialSchema, ToSchema};

use super::{down, problem, text_forms};

const METHODS: [&str; 5] = ["get", "post", "put", "patch", "delete"];

/// What each tag holds, in the order of the documentation.
const TAGS: [(&str, &str); 21] = [
    ("cases", "The shared record: what was asked, and where it stands."),
    ("messages", "What was said in a case, and answering."),
    ("attachments", "Files up and down."),
    ("contacts", "The people outside, and everything that was said with them."),
    ("topics", "What cases are about."),
    ("channels", "The agency's accounts on the networks, and the kinds of network there are."),
    ("desk", "The telephone and the counter: a case within one call, and the numbers that people take."),
    ("public", "What anyone may do without signing in."),
    ("account", "A citizen's own account: signing in, and looking after it."),
    ("hooks", "Where the networks' providers call us."),
    ("inbound", "The ledger: everything that came in, and what became of it."),
    ("events", "The log: who did what, when."),
    ("webhooks", "Where the log is sent, signed by Standard Webhooks 1.0, and what became of each call."),
    ("search", "Finding cases, messages and contacts by their words."),
    ("auth", "Signing in and out."),
    ("staff", "Those who work for the agency."),
    ("teams", "Groups of staff."),
    ("api-keys", "Credentials of machines."),
    ("tenant", "The agency itself."),
    ("tenants", "Agencies; for operators."),
    ("meta", "The service itself."),
];

/// The document in OpenAPI 3.1.
pub fn document() -> &'static Value {
    static DOCUMENT: OnceLock<Value> = OnceLock::new();
    DOCUMENT.get_or_init(|| complete(serde_json::to_value(super::collected()).unwrap_or_default()))
}

/// The same document in OpenAPI 3.0.3, for tools that know no newer one.
pub fn document_30() -> &'static Value {
    static DOCUMENT: OnceLock<Value> = OnceLock::new();
    DOCUMENT.get_or_init(|| down::convert(document()))
}

/// Every operation: path, method and what the document says of it.
pub fn operations(document: &Value) -> Vec<(&str, &str, &Value)> {
    let paths = document["paths"].as_object().into_iter().flatten();
    paths.flat_map(|(path, item)| METHODS.iter().filter_map(|m| Some((path.as_str(), *m, item.get(*m)?)))).collect()
}

fn complete(mut document: Value) -> Value {
    document["info"] = json!({
        "title": "CivicDesk",
        "version": env!("CARGO_PKG_VERSION"),
        "license": { "name": "Apache-2.0 OR MIT", "identifier": "Apache-2.0 OR MIT" },
        "contact": { "name": "Whoever operates this installation" },
        "description": "One case record for every channel, for walled-off agencies. Every error is an RFC 9457 problem; \
            lists are paged by cursor; times are RFC 3339 in UTC; ids are opaque texts with a prefix. An \
            `Idempotency-Key` makes a POST safe to repeat.",
    });
    document["servers"] = json!([{ "url": "/" }]);
    document["security"] = json!([{ "bearer": [] }]);
    document["tags"] = TAGS.iter().map(|(name, means)| json!({ "name": name, "description": means })).collect();
    document["components"]["securitySchemes"] = json!({ "bearer": {
        "type": "http", "scheme": "bearer",
        "description": "An access token from /v1/auth/login, or an API key of the agency.",
    }, "citizen": {
        "type": "http", "scheme": "bearer", "description": "A citizen's token from /v1/public/{tenant}/sign-ins.",
    }, "operator": {
        "type": "http", "scheme": "bearer", "description": "A key of the installation's operator.",
    } });
    let mut schemas = vec![(problem::Body::name().into_owned(), problem::Body::schema())];
    problem::Body::schemas(&mut schemas);
    for (name, schema) in schemas {
        document["components"]["schemas"][name] = serde_json::to_value(schema).unwrap_or_default();
    }
    name_items(&mut document);
    text_forms::write(&mut document);
    if let Some(paths) = document["paths"].as_object_mut() {
        for (path, item) in paths {
            for method in METHODS {
                if let Some(operation) = item.get_mut(method) {
                    complete_operation(path, method, operation);
                }
            }
        }
    }
    document
}

/// A page of a list holds its rows' schema written out; a generated client wants its name.
fn name_items(document: &mut Value) {
    let Some(schemas) = document["components"]["schemas"].as_object_mut() else { return };
    let named: Vec<String> = schemas.keys().cloned().collect();
    for (name, schema) in schemas {
        let Some(row) = name.strip_prefix("List_").filter(|row| named.iter().any(|n| n == row)) else { continue };
        schema["properties"]["data"]["items"] = json!({ "$ref": format!("#/components/schemas/{row}") });
    }
}

/// What `Idempotency-Key` and `If-Match` may hold.
const KEY_FORM: &str = r#"^("[!#-~]{1,255}"|[!#-~]{1,255})$"#;
const TAGS_FORM: &str = r#"^(\*|(W/)?"[!#-~]*"( *, *(W/)?"[!#-~]*")*)$"#;

/// Operations that change a row with a version by POST.
const CHANGES: [&str; 4] = ["/accept", "/dismiss", "/merge", "/unmerge"];

/// Whom an operation lets in.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Caller {
    Anybody,
    Citizen,
    Operator,
    /// Staff and machines of an agency.
    Agency,
}

/// Whom the operation lets in.
pub fn caller(path: &str, operation: &Value) -> Caller {
    match operation.pointer("/security/0").and_then(Value::as_object) {
        Some(schemes) if schemes.contains_key("citizen") => Caller::Citizen,
        Some(schemes) if schemes.is_empty() => Caller::Anybody,
        _ if path.starts_with("/v1/tenants") => Caller::Operator,
        _ => Caller::Agency,
    }
}

/// What has to be known of an operation beside what it does.
fn describe(caller: Caller, repeats: bool, pages: bool) -> String {
    let needs = match caller {
        Caller::Anybody => "Needs no credential.",
        Caller::Citizen => "Needs the token of a citizen who is signed in.",
        Caller::Operator => "Needs a key of the installation's operator.",
        Caller::Agency => "Needs an access token or an API key of the agency.",
    };
    let repeats = repeats.then_some("With an `Idempotency-Key` it can be sent again and is done once.");
    let pages = pages.then_some("The `next_cursor` of a page is the `cursor` of the next.");
    [Some(needs), repeats, pages].into_iter().flatten().collect::<Vec<_>>().join(" ")
}

/// What the frame and the door do for every operation alike.
fn complete_operation(path: &str, method: &str, operation: &mut Value) {
    let caller = caller(path, operation);
    let open = caller == Caller::Anybody;
    let takes_body = operation.get("requestBody").is_some();
    let changes = method != "get";
    let tenant = caller == Caller::Agency;
    let versioned = tenant && (method == "patch" || CHANGES.iter().any(|end| path.ends_with(end)));
    let mut headers = Vec::new();
    if tenant && method == "post" {
        headers.push(("Idempotency-Key", "Repeat the request with the same key, and it is done once.", KEY_FORM));
    }
    if versioned {
        headers.push(("If-Match", "The `ETag` of the version to change. The agency may require it.", TAGS_FORM));
    }
    let has_query = operation["parameters"].as_array().is_some_and(|p| p.iter().any(|p| p["in"] == "query"));
    let pages = operation["parameters"].as_array().is_some_and(|p| p.iter().any(|p| p["name"] == "cursor"));
    let general = describe(caller, tenant && method == "post", pages);
    if let Some(operation) = operation.as_object_mut() {
        let said = operation.get("description").and_then(Value::as_str).map(|own| format!("{own}\n\n{general}"));
        operation.insert("description".into(), said.unwrap_or(general).into());
        if caller == Caller::Operator {
            operation.insert("security".into(), json!([{ "operator": [] }]));
        }
        let parameters = operation.entry("parameters").or_insert_with(|| json!([]));
        for (name, means, pattern) in headers {
            if let Some(all) = parameters.as_array_mut() {
                all.push(json!({ "name": name, "in": "header", "required": false, "description": means,
                    "schema": { "type": "string", "pattern": pattern } }));
            }
        }
    }
    let refusals = [
        (problem::MALFORMED, true),
        // An unsigned call of a provider.
        (problem::UNAUTHENTICATED, !open || path.starts_with("/hooks/")),
        (problem::FORBIDDEN, !open),
        (problem::NOT_FOUND, path.contains('{') || pages),
        (problem::CONFLICT, !open && changes),
        (problem::STALE, versioned),
        (problem::TOO_LARGE, takes_body),
        (problem::MEDIA_TYPE, takes_body),
        (problem::INVALID, takes_body || has_query || (tenant && method == "post")),
        (problem::PRECONDITION, versioned),
    ];
    let Some(responses) = operation["responses"].as_object_mut() else { return };
    for (kind, _) in refusals.into_iter().filter(|(_, applies)| *applies) {
        responses.entry(kind.status.to_string()).or_insert_with(|| refusal(kind.title));
    }
    responses.entry("default").or_insert_with(|| refusal("Any other error"));
}

fn refusal(description: &str) -> Value {
    let schema = json!({ "$ref": "#/components/schemas/Problem" });
    json!({ "description": description, "content": { "application/problem+json": { "schema": schema } } })
}

/// The schema that a reference names.
pub fn resolve<'a>(document: &'a Value, schema: &'a Value) -> &'a Value {
    match schema["$ref"].as_str().and_then(|r| r.strip_prefix('#')).and_then(|r| document.pointer(r)) {
        Some(named) => named,
        None => schema,
    }
}

/// The document's text, as it is served and committed.
pub fn print(document: &Value) -> String {
    let mut text = serde_json::to_string_pretty(document).unwrap_or_default();
    text.push('\n');
    text
}

/// The named schemas.
pub fn schemas(document: &Value) -> Option<&Map<String, Value>> {
    document["components"]["schemas"].as_object()
}

#[cfg(test)]
#[path = "openapi_tests.rs"]
mod tests;
