//! The listener's side of one connection: lines in within limits, replies out.

use std::{io, time::Duration};

use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader},
    net::{
        TcpStream,
        tcp::{OwnedReadHalf, OwnedWriteHalf},
    },
    time::timeout,
};

use super::{Reply, data::Body};

/// RFC 5321 allows 512 and lets extensions add to it.
const LONGEST_LINE: usize = 2048;

/// One connection.
pub struct Wire {
    reader: BufReader<OwnedReadHalf>,
    writer: OwnedWriteHalf,
    /// Replies that have not gone out yet, so that pipelined commands are answered together.
    unsaid: Vec<u8>,
    silence: Duration,
}

/// What came instead of a command.
#[derive(Debug, PartialEq, Eq)]
pub enum Line {
    Read(Vec<u8>),
    TooLong,
    /// The sender is gone.
    End,
}

impl Wire {
    pub fn new(stream: TcpStream, silence: Duration) -> Self {
        // Replies are small and waited for; a socket that cannot be told so still works.
        let _ = stream.set_nodelay(true);
        let (reader, writer) = stream.into_split();
        Self { reader: BufReader::with_capacity(16 << 10, reader), writer, unsaid: Vec::new(), silence }
    }

    /// Puts a reply in line. It goes out at the latest before the connection waits for the sender.
    pub fn say(&mut self, reply: &Reply) {
        self.unsaid.extend_from_slice(reply.line().as_bytes());
    }

    /// Puts a reply of several lines in line.
    pub fn say_lines(&mut self, code: u16, lines: &[String]) {
        for (i, line) in lines.iter().enumerate() {
            let mark = if i + 1 == lines.len() { ' ' } else { '-' };
            self.unsaid.extend_from_slice(format!("{code}{mark}{line}\r\n").as_bytes());
        }
    }

    pub async fn flush(&mut self) -> io::Result<()> {
        if !self.unsaid.is_empty() {
            timeout(self.silence, self.writer.write_all(&self.unsaid)).await??;
            self.unsaid.clear();
        }
        Ok(())
    }

    /// The next line without its end.
    pub async fn line(&mut self) -> io::Result<Line> {
        let (mut line, mut too_long) = (Vec::new(), false);
        loop {
            let chunk = self.chunk().await?;
            if chunk.is_empty() {
                return Ok(Line::End);
            }
            let end = chunk.iter().position(|b| *b == b'\n');
            let taken = end.map_or(chunk.len(), |end| end + 1);
            too_long = too_long || line.len() + taken > LONGEST_LINE;
            if !too_long {
                line.extend_from_slice(&chunk[..taken]);
            }
            self.reader.consume(taken);
            if end.is_some() {
                if too_long {
                    return Ok(Line::TooLong);
                }
                line.pop();
                if line.last() == Some(&b'\r') {
                    line.pop();
                }
                return Ok(Line::Read(line));
            }
        }
    }

    /// Reads a piece of a mail. `None`: the sender is gone in the middle.
    pub async fn body(&mut self, body: &mut Body) -> io::Result<Option<bool>> {
        let chunk = self.chunk().await?;
        if chunk.is_empty() {
            return Ok(None);
        }
        let (taken, ended) = body.feed(chunk);
        self.reader.consume(taken);
        Ok(Some(ended))
    }

    /// What is there to read.
    async fn chunk(&mut self) -> io::Result<&[u8]> {
        if self.reader.buffer().is_empty() {
            self.flush().await?;
        }
        timeout(self.silence, self.reader.fill_buf()).await?
    }
}
