//! The HTTP client of the tests: no answer passes unjudged by the program's own OpenAPI document.

use std::sync::{Arc, LazyLock};

use serde::Serialize;
use serde_json::Value;
use tokio::runtime::Runtime;

use super::program::Site;

static RUNTIME: LazyLock<Runtime> = LazyLock::new(|| Runtime::new().expect("threads for the client"));

#[expect(
    clippy::disallowed_methods,
    reason = "the guarded client belongs to the program, which is judged from outside"
)]
static HTTP: LazyLock<reqwest::Client> = LazyLock::new(|| {
    let client = reqwest::Client::builder().no_proxy().redirect(reqwest::redirect::Policy::none());
    client.timeout(std::time::Duration::from_secs(30)).build().expect("a client")
});

/// Runs what speaks with the program, or stands in for a provider, on the threads of the tests' own network.
pub fn block_on<T>(work: impl Future<Output = T>) -> T {
    RUNTIME.block_on(work)
}

/// A caller with one credential, or none.
#[derive(Clone)]
pub struct Client {
    site: Arc<Site>,
    bearer: Option<String>,
}

impl Client {
    pub(super) fn new(site: Arc<Site>, bearer: Option<String>) -> Self {
        Self { site, bearer }
    }

    /// Where a path of the program is at this moment.
    pub fn address(&self, path: &str) -> String {
        format!("{}{path}", self.site.base_url())
    }

    pub fn get(&self, path: &str) -> Answer {
        self.request("GET", path).send()
    }

    pub fn delete(&self, path: &str) -> Answer {
        self.request("DELETE", path).send()
    }

    pub fn post(&self, path: &str, body: impl Serialize) -> Answer {
        self.request("POST", path).json(body).send()
    }

    pub fn put(&self, path: &str, body: impl Serialize) -> Answer {
        self.request("PUT", path).json(body).send()
    }

    pub fn patch(&self, path: &str, body: impl Serialize) -> Answer {
        self.request("PATCH", path).json(body).send()
    }

    pub fn request(&self, method: &str, path: &str) -> Request {
        let request =
            Request { client: self.clone(), method: method.into(), path: path.into(), headers: vec![], body: vec![] };
        match &self.bearer {
            Some(token) => request.header("authorization", &format!("Bearer {token}")),
            None => request,
        }
    }
}

/// A request being written.
#[derive(Clone)]
#[must_use = "a request is sent by `send`"]
pub struct Request {
    client: Client,
    method: String,
    path: String,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
}

impl Request {
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.into(), value.into()));
        self
    }

    pub fn json(self, body: impl Serialize) -> Self {
        self.body("application/json", serde_json::to_vec(&body).expect("a body that JSON can say"))
    }

    pub fn body(mut self, media_type: &str, bytes: impl Into<Vec<u8>>) -> Self {
        self.body = bytes.into();
        self.header("content-type", media_type)
    }

    /// Sends, and fails the test if the answer is not what the document promises.
    #[track_caller]
    pub fn send(self) -> Answer {
        let (site, method, path) = (Arc::clone(&self.client.site), self.method.clone(), self.path.clone());
        let answer = self.send_unjudged().unwrap_or_else(|e| panic!("{method} {path}: {e}"));
        if let Some(flaw) = site.document().flaw(&method, &path, &answer) {
            panic!("{answer}\nbreaks the OpenAPI document: {flaw}");
        }
        answer
    }

    /// Sends to what is no operation of the API (pages, metrics), or to a program that may die meanwhile.
    pub fn send_unjudged(self) -> Result<Answer, String> {
        let url = self.client.address(&self.path);
        let method = self.method.parse().map_err(|e| format!("{e}"))?;
        let mut request = HTTP.request(method, url).body(self.body);
        for (name, value) in &self.headers {
            request = request.header(name, value);
        }
        block_on(async {
            let response = request.send().await.map_err(|e| format!("{e:?}"))?;
            let status = response.status().as_u16();
            let text = |value: &reqwest::header::HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
            let headers = response.headers().iter().map(|(name, value)| (name.to_string(), text(value))).collect();
            let body = response.bytes().await.map_err(|e| format!("{e:?}"))?;
            Ok(Answer::new(format!("{} {}", self.method, self.path), status, headers, body.to_vec()))
        })
    }
}

/// What came back.
#[derive(Clone, Debug)]
pub struct Answer {
    request: String,
    pub status: u16,
    headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl Answer {
    pub(super) fn new(request: String, status: u16, headers: Vec<(String, String)>, body: Vec<u8>) -> Self {
        Self { request, status, headers, body }
    }

    /// Fails the test, with the whole answer, unless this is the status.
    #[track_caller]
    pub fn expecting(self, status: u16) -> Self {
        assert_eq!(self.status, status, "{self}");
        self
    }

    /// Fails the test unless the request was refused with this status, and gives the problem.
    #[track_caller]
    pub fn refused(self, status: u16) -> Value {
        assert!(status >= 400, "{status} is no refusal");
        self.expecting(status).json()
    }

    #[track_caller]
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|e| panic!("{self}\nis not JSON: {e}"))
    }

    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(n, _)| n.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }

    /// Every value of a header that may stand there more than once.
    pub fn headers(&self, name: &str) -> Vec<&str> {
        let named = self.headers.iter().filter(|(known, _)| known.eq_ignore_ascii_case(name));
        named.map(|(_, value)| value.as_str()).collect()
    }

    /// The content type without its parameters.
    pub fn media_type(&self) -> String {
        self.header("content-type").unwrap_or_default().split(';').next().unwrap_or_default().trim().to_lowercase()
    }
}

impl std::fmt::Display for Answer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let text = self.text();
        let shown: String = text.chars().take(2000).collect();
        write!(f, "{} answered {}\n{shown}", self.request, self.status)
    }
}
