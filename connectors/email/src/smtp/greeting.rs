//! The words before encryption: greeting, EHLO and STARTTLS, spoken here so that nothing said in the open is believed later.

use std::{
    io,
    net::SocketAddr,
    pin::Pin,
    task::{Context, Poll},
};

use civicdesk_contract::{Error, Kind, Result, Retry};
use lettre::transport::smtp::client::AsyncTokioStream;
use tokio::{
    io::{AsyncBufReadExt, AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, BufReader, ReadBuf},
    net::TcpStream,
};

use super::outcome::{Failure, Stage, error};
use crate::{text::brief, tls::Wire};

/// Longest answer that is read in the open.
const MOST_BYTES: u64 = 64 * 1024;
const OPERATION: &str = "smtp starttls";

/// Asks for encryption. What comes back is the connection, and the greeting that was heard on it.
pub async fn starttls(mut stream: TcpStream, host: &str, hello: &str) -> Result<(TcpStream, Vec<u8>)> {
    let mut reader = BufReader::new(&mut stream);
    let greeting = ask(&mut reader, None).await?;
    let offers = ask(&mut reader, Some(format!("EHLO {hello}\r\n"))).await?;
    if !offers.lines().any(|line| line.get(4..).is_some_and(|word| word.trim().eq_ignore_ascii_case("STARTTLS"))) {
        let detail = format!("{host} offers no STARTTLS on this port; try `security: tls`");
        return Err(Error::new(Kind::Settings, Retry::Later, OPERATION, detail));
    }
    ask(&mut reader, Some("STARTTLS\r\n".to_owned())).await?;
    if !reader.buffer().is_empty() {
        return Err(Error::unreachable(
            OPERATION,
            "the server said more in the open after it had agreed to encryption",
        ));
    }
    Ok((stream, greeting.into_bytes()))
}

/// Says a line and reads the answer, which must be a good one.
async fn ask(reader: &mut BufReader<&mut TcpStream>, line: Option<String>) -> Result<String> {
    let heard = async {
        if let Some(line) = line {
            reader.get_mut().write_all(line.as_bytes()).await?;
        }
        let mut answer = Vec::new();
        loop {
            let start = answer.len();
            let left = MOST_BYTES.saturating_sub(start as u64);
            if reader.take(left).read_until(b'\n', &mut answer).await? == 0 {
                return Err(io::Error::from(io::ErrorKind::UnexpectedEof));
            }
            if answer.get(start + 3) != Some(&b'-') {
                return Ok(String::from_utf8_lossy(&answer).into_owned());
            }
        }
    };
    let answer = heard.await.map_err(|_: io::Error| error(Stage::Connect, &Failure::Lost))?;
    let code: u16 = answer.get(..3).and_then(|code| code.parse().ok()).unwrap_or(0);
    match code {
        200..400 => Ok(answer),
        400.. => {
            let words = brief(answer.get(4..).unwrap_or_default());
            Err(error(Stage::Connect, &Failure::Said { code, words }))
        }
        _ => Err(Error::unreachable(OPERATION, "this is no SMTP server")),
    }
}

/// A connection on which words already heard are heard once more: the client begins with the greeting.
#[derive(Debug)]
pub struct Heard {
    first: Vec<u8>,
    wire: Wire,
}

impl Heard {
    pub fn new(first: Vec<u8>, wire: Wire) -> Self {
        Self { first, wire }
    }
}

impl AsyncTokioStream for Heard {
    fn peer_addr(&self) -> io::Result<SocketAddr> {
        self.wire.peer_addr()
    }
}

impl AsyncRead for Heard {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        if self.first.is_empty() {
            return Pin::new(&mut self.wire).poll_read(cx, buf);
        }
        let n = self.first.len().min(buf.remaining());
        buf.put_slice(&self.first[..n]);
        self.first.drain(..n);
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Heard {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.wire).poll_write(cx, buf)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.wire).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.wire).poll_shutdown(cx)
    }
}
