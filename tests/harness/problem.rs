//! What every refusal owes its reader: a problem document (RFC 9457) that agrees with the status line.

use serde_json::Value;

/// Why a refusal is not a proper one, if it is not.
pub fn flaw(status: u16, content_type: &str, body: &[u8]) -> Option<String> {
    if content_type != "application/problem+json" {
        return Some(format!("a refusal must be application/problem+json, not `{content_type}`"));
    }
    let Ok(problem) = serde_json::from_slice::<Value>(body) else { return Some("the problem is not JSON".into()) };
    for member in ["type", "title", "request_id"] {
        if problem[member].as_str().is_none_or(str::is_empty) {
            return Some(format!("the problem has no `{member}`"));
        }
    }
    (problem["status"] != status)
        .then(|| format!("the problem says status {}, the status line {status}", problem["status"]))
}

#[cfg(test)]
mod tests {
    use super::flaw;

    #[test]
    fn a_refusal_that_hides_what_happened_is_named() {
        let good = br#"{"type":"t","title":"T","status":404,"request_id":"r"}"#;
        assert_eq!(flaw(404, "application/problem+json", good), None);
        assert!(flaw(404, "application/json", good).is_some());
        assert!(flaw(409, "application/problem+json", good).is_some());
        assert!(flaw(404, "application/problem+json", br#"{"type":"t","title":"T","status":404}"#).is_some());
        assert!(flaw(404, "application/problem+json", b"no").is_some());
    }
}
