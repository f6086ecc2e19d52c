//! A small HTTP server for fixtures: a provider that can be taken down, brought up and made to break off.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpSocket, TcpStream},
    sync::Mutex,
    task::JoinHandle,
};

/// One request, whole.
#[derive(Clone, Debug, Default)]
pub struct Asked {
    pub method: String,
    /// With the query.
    pub path: String,
    /// Names in lower case.
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl Asked {
    /// The first header of this name (given in lower case).
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(n, _)| n == name).map(|(_, v)| v.as_str())
    }
}

/// What the provider says.
#[derive(Clone, Debug)]
pub struct Answered {
    pub status: u16,
    pub content_type: &'static str,
    /// Beside those that every answer has, such as `retry-after`.
    pub headers: Vec<(&'static str, String)>,
    pub body: Vec<u8>,
    /// How long the provider thinks before it answers.
    pub after: Duration,
}

impl Answered {
    pub fn new(status: u16, content_type: &'static str, body: impl Into<Vec<u8>>) -> Self {
        Self { status, content_type, headers: Vec::new(), body: body.into(), after: Duration::ZERO }
    }

    pub fn json(status: u16, body: &serde_json::Value) -> Self {
        Self::new(status, "application/json", body.to_string())
    }

    pub fn with_header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }
}

/// `None` breaks the connection off without an answer.
type Answer = Arc<dyn Fn(Asked) -> Option<Answered> + Send + Sync>;

/// A fake provider on this machine's loopback; each connection carries one request.
pub struct FakeHttp {
    address: SocketAddr,
    answer: Answer,
    line: Mutex<Line>,
}

enum Line {
    Up(JoinHandle<()>),
    /// The port stays ours, and refuses.
    Down(Option<TcpSocket>),
}

impl FakeHttp {
    pub async fn start(answer: impl Fn(Asked) -> Option<Answered> + Send + Sync + 'static) -> std::io::Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        let address = listener.local_addr()?;
        let answer: Answer = Arc::new(answer);
        let line = Mutex::new(Line::Up(tokio::spawn(serve(listener, Arc::clone(&answer)))));
        Ok(Self { address, answer, line })
    }

    /// Such as `http://127.0.0.1:40123`, without a slash at the end.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Refuses every connection from now on.
    pub async fn go_down(&self) -> std::io::Result<()> {
        let mut line = self.line.lock().await;
        if let Line::Up(server) = &mut *line {
            server.abort();
            drop(server.await);
            let socket = TcpSocket::new_v4()?;
            socket.set_reuseaddr(true)?;
            socket.bind(self.address)?;
            *line = Line::Down(Some(socket));
        }
        Ok(())
    }

    /// Answers again, at the same address.
    pub async fn come_up(&self) -> std::io::Result<()> {
        let mut line = self.line.lock().await;
        if let Line::Down(socket) = &mut *line
            && let Some(socket) = socket.take()
        {
            let listener = socket.listen(64)?;
            *line = Line::Up(tokio::spawn(serve(listener, Arc::clone(&self.answer))));
        }
        Ok(())
    }
}

impl Drop for FakeHttp {
    fn drop(&mut self) {
        if let Line::Up(server) = self.line.get_mut() {
            server.abort();
        }
    }
}

async fn serve(listener: TcpListener, answer: Answer) {
    while let Ok((stream, _)) = listener.accept().await {
        let answer = Arc::clone(&answer);
        // A connection that breaks is the client's to notice.
        tokio::spawn(async move { drop(converse(stream, answer).await) });
    }
}

async fn converse(mut stream: TcpStream, answer: Answer) -> std::io::Result<()> {
    let Some(asked) = hear(&mut stream).await? else { return Ok(()) };
    let Some(told) = answer(asked) else { return Ok(()) };
    tokio::time::sleep(told.after).await;
    let more: String = told.headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
    let head = format!(
        "HTTP/1.1 {} .\r\ncontent-type: {}\r\ncontent-length: {}\r\nconnection: close\r\n{more}\r\n",
        told.status,
        told.content_type,
        told.body.len()
    );
    stream.write_all(head.as_bytes()).await?;
    stream.write_all(&told.body).await?;
    stream.shutdown().await
}

/// Reads one request with a `content-length`; `None` when the client went away.
async fn hear(stream: &mut TcpStream) -> std::io::Result<Option<Asked>> {
    let mut bytes = Vec::new();
    let end = loop {
        if let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") {
            break end;
        }
        if stream.read_buf(&mut bytes).await? == 0 {
            return Ok(None);
        }
    };
    let head = String::from_utf8_lossy(&bytes[..end]).into_owned();
    let mut lines = head.split("\r\n");
    let mut first = lines.next().unwrap_or_default().split(' ').map(str::to_owned);
    let (method, path) = (first.next().unwrap_or_default(), first.next().unwrap_or_default());
    let headers: Vec<(String, String)> = lines
        .filter_map(|line| line.split_once(':'))
        .map(|(name, value)| (name.to_lowercase(), value.trim().to_owned()))
        .collect();
    let mut asked = Asked { method, path, headers, body: bytes.split_off(end + 4) };
    let length: usize = asked.header("content-length").and_then(|text| text.parse().ok()).unwrap_or(0);
    while asked.body.len() < length {
        if stream.read_buf(&mut asked.body).await? == 0 {
            return Ok(None);
        }
    }
    Ok(Some(asked))
}
