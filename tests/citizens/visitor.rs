//! A citizen's browser at its simplest: it keeps cookies, sends forms, follows where it is led, and counts how long it waited.

use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};

use super::elsewhere;
use crate::harness::{Answer, Client, Program, Request};

pub struct Visitor {
    client: Client,
    from: String,
    cookies: BTreeMap<String, String>,
    /// How long each answer took, by what was asked.
    pub waited: Vec<(String, Duration)>,
}

impl Visitor {
    pub fn new(program: &Program) -> Self {
        Self { client: program.client(None), from: elsewhere(), cookies: BTreeMap::new(), waited: Vec::new() }
    }

    pub fn open(&mut self, path: &str) -> Answer {
        self.ask(path, self.client.request("GET", path))
    }

    /// Fills in the form of a page that was opened under this path, and sends it.
    pub fn send(&mut self, page: &Answer, path: &str, blanks: &[(&str, &str)]) -> Answer {
        let html = page.text();
        let hidden = html.split("<input").skip(1).filter_map(|input| {
            let input = input.split('>').next()?;
            let of = |name: &str| input.split(&format!(" {name}=\"")).nth(1)?.split('"').next();
            (of("type") == Some("hidden")).then(|| Some((of("name")?, of("value")?)))?
        });
        let mut body = String::new();
        for (name, value) in hidden.chain(blanks.iter().copied()) {
            body += &format!("--x\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n");
        }
        body += "--x--\r\n";
        let request = self.client.request("POST", path).body("multipart/form-data; boundary=x", body);
        self.ask(path, request)
    }

    fn ask(&mut self, path: &str, request: Request) -> Answer {
        let cookies: Vec<String> = self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let request = request.header("x-forwarded-for", &self.from).header("cookie", &cookies.join("; "));
        let begin = Instant::now();
        let answer = request.send_unjudged().unwrap_or_else(|e| panic!("{path}: {e}"));
        self.waited.push((path.to_owned(), begin.elapsed()));
        for cookie in answer.headers("set-cookie") {
            let (name, rest) = cookie.split_once('=').expect("a cookie");
            self.cookies.insert(name.to_owned(), rest.split(';').next().unwrap_or_default().to_owned());
        }
        answer
    }
}
