//! The OpenAPI document as a judge: what the program answers must be what the program promises.

use serde_json::Value;

use super::{client::Answer, problem, schema::Schemas};

/// One OpenAPI 3.1 document, ready to judge answers.
pub struct Document {
    value: Value,
    schemas: Schemas,
}

impl Document {
    pub fn new(value: Value) -> Self {
        let schemas = Schemas::new(&value);
        Self { value, schemas }
    }

    pub fn value(&self) -> &Value {
        &self.value
    }

    /// Why an answer to `method path` breaks the document, if it does.
    pub fn flaw(&self, method: &str, path: &str, answer: &Answer) -> Option<String> {
        let media = answer.media_type();
        if answer.status >= 400
            && let Some(flaw) = problem::flaw(answer.status, &media, &answer.body)
        {
            return Some(flaw);
        }
        let Some(template) = self.template(path) else {
            return (answer.status < 400).then(|| "no path of the document matches".into());
        };
        let method = if method == "HEAD" { "get".into() } else { method.to_lowercase() };
        let operation = format!("/paths/{}/{method}", escape(template));
        if self.value.pointer(&operation).is_none() {
            return self.undocumented_method(template, &method, answer);
        }
        let Some(response) = self.response(&operation, answer.status) else {
            return Some(format!("`{method} {template}` documents no status {}", answer.status));
        };
        self.body_flaw(&response, &media, answer)
    }

    fn undocumented_method(&self, template: &str, method: &str, answer: &Answer) -> Option<String> {
        match answer.status {
            405 if answer.header("allow").is_none() => Some("405 must say what is allowed (Allow)".into()),
            401 | 404 | 405 => None,
            status => Some(format!("`{template}` documents no `{method}`, yet it answers {status}")),
        }
    }

    fn body_flaw(&self, response: &str, media: &str, answer: &Answer) -> Option<String> {
        let Some(content) = self.value.pointer(&format!("{response}/content")).and_then(Value::as_object) else {
            return (!answer.body.is_empty()).then(|| "a body where the document has none".into());
        };
        let Some(kind) = content.keys().find(|kind| covers(kind, media)) else {
            return Some(format!("content type `{media}`, documented are {:?}", content.keys().collect::<Vec<_>>()));
        };
        if !(media == "application/json" || media.ends_with("+json")) || content[kind].get("schema").is_none() {
            return None;
        }
        let Ok(body) = serde_json::from_slice::<Value>(&answer.body) else {
            return Some("the body is not JSON".into());
        };
        let faults = self.schemas.faults(&format!("{response}/content/{}/schema", escape(kind)), &body);
        (!faults.is_empty()).then(|| faults.join("; "))
    }

    /// The pointer to the response that covers a status, references followed.
    fn response(&self, operation: &str, status: u16) -> Option<String> {
        let range = format!("{}XX", status / 100);
        let keys = [status.to_string(), range, "default".into()];
        let pointer =
            keys.iter().map(|key| format!("{operation}/responses/{key}")).find(|p| self.value.pointer(p).is_some())?;
        let reference = self.value.pointer(&pointer)?.get("$ref").and_then(Value::as_str);
        Some(reference.and_then(|r| r.strip_prefix('#')).map_or(pointer, str::to_owned))
    }

    /// The path of the document that matches best: a literal segment beats a parameter.
    fn template(&self, path: &str) -> Option<&str> {
        let path = path.split(['?', '#']).next().unwrap_or(path);
        let templates = self.value["paths"].as_object()?.keys().map(String::as_str);
        templates.filter(|t| matches(t, path)).min_by_key(|t| t.matches('{').count())
    }
}

fn matches(template: &str, path: &str) -> bool {
    let (parts, given) = (template.split('/'), path.split('/'));
    let same = parts.clone().zip(given.clone()).all(|(part, given)| match part.split_once('{') {
        Some((before, _)) => given.starts_with(before) && !given.is_empty(),
        None => part == given,
    });
    same && parts.count() == given.count()
}

/// Whether a documented media type such as `application/json; charset=utf-8` or `*/*` covers the one that came.
fn covers(documented: &str, came: &str) -> bool {
    let documented = documented.split(';').next().unwrap_or(documented).trim();
    documented == came || documented == "*/*" || documented.strip_suffix('*').is_some_and(|head| came.starts_with(head))
}

fn escape(segment: &str) -> String {
    segment.replace('~', "~0").replace('/', "~1")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn document() -> Document {
        let case = json!({ "type": "object", "required": ["id"], "properties": { "id": { "type": "string" } } });
        let problem = json!({ "description": "refused", "content": { "application/problem+json": {} } });
        let found = json!({ "description": "it", "content": { "application/json": { "schema": { "$ref": "#/components/schemas/Case" } } } });
        Document::new(json!({
            "components": { "schemas": { "Case": case }, "responses": { "NotFound": problem } },
            "paths": {
                "/v1/cases/{id}": { "get": { "responses": { "200": found, "404": { "$ref": "#/components/responses/NotFound" } } },
                                    "delete": { "responses": { "204": { "description": "gone" } } } },
                "/v1/cases/newest": { "get": { "responses": { "204": { "description": "none" } } } },
            },
        }))
    }

    fn flaw(method: &str, path: &str, status: u16, media: &str, body: &str) -> Option<String> {
        let answer =
            Answer::new(format!("{method} {path}"), status, vec![("content-type".into(), media.into())], body.into());
        document().flaw(method, path, &answer)
    }

    const PROBLEM: &str = r#"{"type":"t","title":"T","status":404,"request_id":"r"}"#;

    #[test]
    fn an_answer_that_keeps_the_promise_passes() {
        assert_eq!(flaw("GET", "/v1/cases/1?x=y", 200, "application/json; charset=utf-8", r#"{"id":"1"}"#), None);
        assert_eq!(flaw("GET", "/v1/cases/1", 404, "application/problem+json", PROBLEM), None);
        assert_eq!(flaw("DELETE", "/v1/cases/1", 204, "", ""), None);
        assert_eq!(flaw("GET", "/v1/cases/newest", 204, "", ""), None);
        assert_eq!(flaw("GET", "/v1/nothing", 404, "application/problem+json", PROBLEM), None);
    }

    #[test]
    fn an_answer_that_breaks_the_promise_is_named() {
        let json = "application/json";
        for (what, broken) in [
            ("type", flaw("GET", "/v1/cases/1", 200, json, r#"{"id":1}"#)),
            ("missing member", flaw("GET", "/v1/cases/1", 200, json, "{}")),
            ("unnamed member", flaw("GET", "/v1/cases/1", 200, json, r#"{"id":"1","more":1}"#)),
            ("not JSON", flaw("GET", "/v1/cases/1", 200, json, "no")),
            ("content type", flaw("GET", "/v1/cases/1", 200, "text/html", "no")),
            ("status", flaw("GET", "/v1/cases/1", 201, json, r#"{"id":"1"}"#)),
            ("literal before parameter", flaw("GET", "/v1/cases/newest", 200, json, r#"{"id":"1"}"#)),
            ("body where none is", flaw("DELETE", "/v1/cases/1", 204, "text/plain", "x")),
            ("path", flaw("GET", "/v1/cases/1/more", 200, json, "{}")),
            ("method", flaw("PUT", "/v1/cases/1", 200, json, "{}")),
            ("bare refusal", flaw("GET", "/v1/nothing", 404, "text/plain", "no")),
        ] {
            assert!(broken.is_some(), "{what} was not noticed");
        }
    }
}
