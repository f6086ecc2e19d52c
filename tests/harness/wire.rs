//! One plain connection to the program: what is asked and what comes back are bytes, and the time between is measured.

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::TcpStream,
    time::{Duration, Instant},
};

use serde_json::Value;

/// An open connection.
pub struct Wire {
    stream: BufReader<TcpStream>,
    host: String,
}

/// An answer, to the byte.
#[derive(Clone, Debug)]
pub struct Heard {
    pub status: u16,
    /// Status line and headers.
    pub head: String,
    pub body: String,
    /// From the first byte that was sent to the last that came.
    pub took: Duration,
}

impl Wire {
    pub fn open(base_url: &str) -> Self {
        let host = base_url.rsplit('/').next().expect("an address").to_owned();
        let stream = TcpStream::connect(&host).unwrap_or_else(|e| panic!("nothing answers at {host}: {e}"));
        stream.set_nodelay(true).expect("a connection of our own");
        stream.set_read_timeout(Some(Duration::from_secs(30))).expect("a connection of our own");
        Self { stream: BufReader::new(stream), host }
    }

    /// Posts JSON, as one who comes from this address.
    pub fn post(&mut self, path: &str, from: &str, body: &Value) -> Heard {
        let body = body.to_string();
        let length = body.len();
        self.say(&format!(
            "POST {path} HTTP/1.1\r\nhost: {}\r\nx-forwarded-for: {from}\r\ncontent-type: application/json\r\n\
             content-length: {length}\r\n\r\n{body}",
            self.host
        ))
    }

    fn say(&mut self, request: &str) -> Heard {
        let begin = Instant::now();
        self.stream.get_mut().write_all(request.as_bytes()).expect("a connection to write to");
        let (mut head, mut length) = (String::new(), 0);
        loop {
            let start = head.len();
            self.stream.read_line(&mut head).expect("an answer");
            let line = head[start..].trim_end();
            if line.is_empty() {
                break;
            }
            if let Some((name, value)) =
                line.split_once(':').filter(|(name, _)| name.eq_ignore_ascii_case("content-length"))
            {
                length = value.trim().parse().unwrap_or_else(|_| panic!("{name}: {value}"));
            }
        }
        let mut body = vec![0; length];
        self.stream.read_exact(&mut body).expect("a whole answer");
        let took = begin.elapsed();
        let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or_else(|| panic!("{head}"));
        Heard { status, head, body: String::from_utf8_lossy(&body).into_owned(), took }
    }
}

impl Heard {
    /// The answer without what belongs to this one request: its moment, its number, and these words.
    pub fn comparable(&self, own: &[&str]) -> String {
        let is_own = |line: &&str| {
            let name = line.split(':').next().unwrap_or_default().to_ascii_lowercase();
            matches!(name.as_str(), "date" | "x-request-id")
        };
        let number = self.head.lines().find_map(|line| line.strip_prefix("x-request-id: ")).unwrap_or_default();
        let mut head: Vec<&str> = self.head.lines().filter(|line| !is_own(line)).collect();
        // The server writes them in an order of chance.
        head[1..].sort_unstable();
        let mut text = format!("{}\n{}", head.join("\n"), self.body);
        for own in own.iter().chain([&number]).filter(|own| !own.is_empty()) {
            text = text.replace(own, "…");
        }
        text
    }

    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|e| panic!("{self:?} is not JSON: {e}"))
    }
}
