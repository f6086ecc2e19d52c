//! Asks the Graph API, and what its error codes mean.

use std::time::Duration;

use civicdesk_contract::{Error, Kind, Result, Retry, Secret, Tools};
use reqwest::{Method, RequestBuilder};
use serde_json::Value;

use crate::{
    call::{self, Reply},
    sign,
};

pub struct Graph {
    pub url: String,
    pub token: Secret,
    pub app_secret: Secret,
    pub tools: Tools,
}

impl Graph {
    /// With the proof that whoever uses the token knows the application's secret. `query` is empty or begins with `&`.
    pub fn request(&self, method: Method, path: &str, query: &str) -> RequestBuilder {
        let proof = sign::hmac_sha256(self.app_secret.expose().as_bytes(), self.token.expose().as_bytes());
        let address = format!("{}/{path}?appsecret_proof={}{query}", self.url, sign::hex(&proof));
        self.tools.http.request(method, address).bearer_auth(self.token.expose())
    }

    pub async fn ask(&self, operation: &'static str, path: &str, fields: &str) -> Result<Value> {
        let request = self.request(Method::GET, path, &format!("&fields={fields}"));
        self.told(operation, call::look(operation, request).await?)
    }

    /// What Meta told, or what its refusal means.
    pub fn told(&self, operation: &'static str, reply: Reply) -> Result<Value> {
        let told = reply.json();
        if (200..300).contains(&reply.status) && told.is_object() && told.get("error").is_none() {
            return Ok(told);
        }
        let error = &told["error"];
        let (code, subcode) = (error["code"].as_i64(), error["error_subcode"].as_i64());
        let (kind, retry) = meaning(reply.status, code, subcode, operation == "send");
        let retry = if kind == Kind::Limited { regained(&reply).map_or(Retry::Later, Retry::After) } else { retry };
        let said = error["error_data"]["details"].as_str().or(error["message"].as_str()).unwrap_or("no reason given");
        // A malformed token is repeated in Meta's own words.
        let said = said.replace(self.token.expose(), "***");
        let code = code.map_or_else(|| reply.status.to_string(), |code| format!("error {code}"));
        Err(Error::new(kind, retry, operation, format!("Meta answered {code}: {said}")))
    }
}

/// What an error code means, by Meta's lists of them.
pub fn meaning(status: u16, code: Option<i64>, subcode: Option<i64>, sending: bool) -> (Kind, Retry) {
    let in_doubt = if sending { Retry::Unsure } else { Retry::Later };
    match code {
        // Outside the 24 hours, without or with a tag.
        Some(10) if subcode == Some(2_018_278) => (Kind::Refused, Retry::Never),
        // The token is dead or may not; the account is locked or has not paid.
        Some(0 | 3 | 10 | 102 | 190 | 200..=299 | 368 | 131_005 | 131_031 | 131_042) => {
            (Kind::Credentials, Retry::Never)
        }
        Some(4 | 17 | 32 | 341 | 613 | 80_000..=80_014 | 130_429 | 131_048 | 131_056 | 133_016) => {
            (Kind::Limited, Retry::Later)
        }
        Some(1 | 2 | 131_000) => (Kind::Unreachable, in_doubt),
        Some(131_016 | 131_057 | 133_004) => (Kind::Unreachable, Retry::Later),
        _ => match status {
            401 => (Kind::Credentials, Retry::Never),
            429 => (Kind::Limited, Retry::Later),
            200..=299 | 500.. => (Kind::Unreachable, in_doubt),
            _ => (Kind::Refused, Retry::Never),
        },
    }
}

/// How long Meta says it takes until calls are taken again: in minutes, in a header of JSON.
fn regained(reply: &Reply) -> Option<Duration> {
    let usage = reply.headers.get("x-business-use-case-usage").and_then(|value| value.to_str().ok());
    let usage: Option<Value> = usage.and_then(|text| serde_json::from_str(text).ok());
    let uses = usage.as_ref().and_then(Value::as_object).into_iter().flat_map(|accounts| accounts.values());
    let minutes = uses.filter_map(Value::as_array).flatten();
    let longest = minutes.filter_map(|one| one["estimated_time_to_regain_access"].as_u64()).max();
    longest
        .filter(|minutes| *minutes > 0)
        .map(|minutes| Duration::from_secs(minutes * 60))
        .or_else(|| reply.retry_after())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn metas_codes_are_read_for_what_the_host_should_do() {
        for (code, subcode, kind, retry) in [
            (190, None, Kind::Credentials, Retry::Never),
            (10, None, Kind::Credentials, Retry::Never),
            (10, Some(2_018_278), Kind::Refused, Retry::Never),
            (613, None, Kind::Limited, Retry::Later),
            (80_007, None, Kind::Limited, Retry::Later),
            (130_429, None, Kind::Limited, Retry::Later),
            (131_047, None, Kind::Refused, Retry::Never),
            (131_026, None, Kind::Refused, Retry::Never),
            (100, None, Kind::Refused, Retry::Never),
            (2, None, Kind::Unreachable, Retry::Unsure),
            (131_016, None, Kind::Unreachable, Retry::Later),
        ] {
            assert_eq!(meaning(400, Some(code), subcode, true), (kind, retry), "{code}");
        }
        assert_eq!(meaning(503, None, None, true), (Kind::Unreachable, Retry::Unsure));
        assert_eq!(meaning(503, None, None, false), (Kind::Unreachable, Retry::Later));
    }
}
