//! A browser without scripts: it keeps cookies, fills in forms and follows redirects when it is told to.

use std::collections::BTreeMap;

use actix_web::{
    http::{Method, StatusCode, header},
    test::TestRequest,
};
use serde_json::{Value, json};

use super::html::Html;
use crate::http::testing::{Agency, Answered, TestApp};

/// One person's browser.
pub struct Browser<'a> {
    desk: &'a TestApp,
    pub cookies: BTreeMap<String, String>,
    pub languages: &'static str,
}

/// A page that came.
#[derive(Debug)]
pub struct Shown {
    pub status: StatusCode,
    pub answer: Answered,
    pub text: String,
}

impl Shown {
    pub fn html(&self) -> Html {
        assert_eq!(self.answer.header("content-type"), "text/html; charset=utf-8", "{}", self.text);
        Html::read(&self.text)
    }

    /// Where a redirect leads.
    #[track_caller]
    pub fn to(&self) -> String {
        assert_eq!(self.status, 303, "{}", self.text);
        self.answer.header("location").to_owned()
    }
}

/// A file to send.
pub type File<'a> = (&'a str, &'a str);

impl<'a> Browser<'a> {
    pub fn new(desk: &'a TestApp) -> Self {
        Self { desk, cookies: BTreeMap::new(), languages: "en" }
    }

    pub fn now(&self) -> jiff::Timestamp {
        self.desk.app.now()
    }

    async fn send(&mut self, request: TestRequest) -> Shown {
        let cookies: Vec<String> = self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let mut request = request.insert_header((header::ACCEPT_LANGUAGE, self.languages));
        if !cookies.is_empty() {
            request = request.insert_header((header::COOKIE, cookies.join("; ")));
        }
        let answer = self.desk.send(request).await;
        for set in answer.headers.get_all(header::SET_COOKIE) {
            let (name, rest) = set.to_str().unwrap().split_once('=').unwrap();
            let value = rest.split(';').next().unwrap();
            self.cookies.insert(name.to_owned(), value.to_owned());
        }
        let text = answer.body.as_str().map_or_else(|| answer.body.to_string(), str::to_owned);
        Shown { status: answer.status, answer, text }
    }

    pub async fn get(&mut self, path: &str) -> Shown {
        self.send(TestRequest::with_uri(path)).await
    }

    /// Sends a form with these values and files.
    pub async fn post(&mut self, path: &str, values: &[(String, String)], files: &[File<'_>]) -> Shown {
        let mut body = String::new();
        for (name, value) in values {
            body += &format!("--x\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n");
        }
        for (name, content) in files {
            body += &format!(
                "--x\r\nContent-Disposition: form-data; name=\"/attachments\"; filename=\"{name}\"\r\n\
                 Content-Type: image/jpeg\r\n\r\n{content}\r\n"
            );
        }
        body += "--x--\r\n";
        let request = TestRequest::with_uri(path).method(Method::POST);
        self.send(request.insert_header(("Content-Type", "multipart/form-data; boundary=x")).set_payload(body)).await
    }

    /// Opens a page with a form, fills these blanks in and sends it.
    pub async fn fill(&mut self, path: &str, blanks: &[(&str, &str)], files: &[File<'_>]) -> Shown {
        let page = self.get(path).await;
        self.refill(&page, path, blanks, files).await
    }

    /// The same with a page that has come already.
    pub async fn refill(&mut self, page: &Shown, path: &str, blanks: &[(&str, &str)], files: &[File<'_>]) -> Shown {
        let mut values = page.html().values();
        for (name, value) in blanks {
            values.retain(|(key, _)| key != name);
            values.push(((*name).to_owned(), (*value).to_owned()));
        }
        self.post(path, &values, files).await
    }
}

/// An agency that takes requests on its pages, and its topic with a blank of every kind.
pub async fn town(desk: &TestApp) -> (Agency, String) {
    let agency = desk.agency("riverton").await;
    let made = desk.post("/v1/channels", &agency.key, json!({ "connector": "web" })).await;
    assert_eq!(made.status, 201, "{:?}", made.body);
    let many: Vec<Value> =
        (0..9).map(|n| json!({ "key": format!("d{n}"), "label": format!("District {n}") })).collect();
    let new = json!({ "name": "Street lighting", "description": "Lamps in streets and parks.", "fields": [
        { "key": "pole", "label": "Number on the pole", "kind": "text", "required": true, "hint": "Four digits" },
        { "key": "state", "label": "What is wrong?", "kind": "choice", "required": true,
          "choices": [{ "key": "out", "label": "It is out" }, { "key": "flickers", "label": "It flickers" }] },
        { "key": "district", "label": "District", "kind": "choice", "choices": many },
        { "key": "danger", "label": "Is it dangerous?", "kind": "yes_no" },
        { "key": "since", "label": "Since when?", "kind": "date" },
        { "key": "lamps", "label": "How many lamps?", "kind": "number" },
        { "key": "place", "label": "Where is it?", "kind": "address" },
        { "key": "more", "label": "Anything else?", "kind": "long_text" },
        { "key": "owner_email", "label": "Email of the owner", "kind": "email" },
        { "key": "owner_phone", "label": "Phone of the owner", "kind": "phone" },
    ]});
    let topic = desk.post("/v1/topics", &agency.key, new).await;
    assert_eq!(topic.status, 201, "{:?}", topic.body);
    let contact = json!({ "phone": "+1 555 010 0100", "email": "help@riverton.example", "hours": "Monday to Friday, 9 to 5",
        "address": "1 Main Street\nRiverton", "emergency": "Call 911" });
    let changed = desk.patch("/v1/tenant", &agency.key, json!({ "contact": contact })).await;
    assert_eq!(changed.status, 200, "{:?}", changed.body);
    (agency, topic.body["id"].as_str().unwrap().to_owned())
}
