//! The mail server of the story: it hands mail over by LMTP, as a real one does.

use std::net::SocketAddr;

use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader},
    net::TcpStream,
};

/// Hands one mail over for these recipients; every one of them must be answered with success.
pub async fn deliver(address: SocketAddr, from: &str, to: &[String], raw: &[u8]) -> std::io::Result<()> {
    let mut session = Session(BufReader::new(TcpStream::connect(address).await?));
    session.answer().await?;
    session.say("LHLO mx.post.example").await?;
    session.say(&format!("MAIL FROM:<{from}> SIZE={}", raw.len())).await?;
    for recipient in to {
        session.say(&format!("RCPT TO:<{recipient}>")).await?;
    }
    session.say("DATA").await?;
    session.0.write_all(&dotted(raw)).await?;
    for _ in to {
        session.answer().await?;
    }
    session.say("QUIT").await
}

struct Session(BufReader<TcpStream>);

impl Session {
    async fn say(&mut self, line: &str) -> std::io::Result<()> {
        self.0.write_all(format!("{line}\r\n").as_bytes()).await?;
        self.answer().await
    }

    /// Reads one answer to its last line. What is neither success nor `354` ends the delivery.
    async fn answer(&mut self) -> std::io::Result<()> {
        loop {
            let mut line = String::new();
            self.0.read_line(&mut line).await?;
            match line.as_bytes() {
                [b'2' | b'3', _, _, b'-', ..] => {}
                [b'2' | b'3', _, _, ..] => return Ok(()),
                _ => return Err(std::io::Error::other(format!("the listener answered {:?}", line.trim_end()))),
            }
        }
    }
}

/// As it goes over the wire: leading dots doubled, and a line with a dot at the end.
fn dotted(raw: &[u8]) -> Vec<u8> {
    let mut wire = Vec::with_capacity(raw.len() + 8);
    for line in raw.split_inclusive(|b| *b == b'\n') {
        if line.starts_with(b".") {
            wire.push(b'.');
        }
        wire.extend_from_slice(line);
    }
    if !wire.ends_with(b"\r\n") {
        wire.extend_from_slice(b"\r\n");
    }
    wire.extend_from_slice(b".\r\n");
    wire
}
