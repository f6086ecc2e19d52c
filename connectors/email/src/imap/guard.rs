//! Watches what an IMAP server sends, so that none can make us set aside memory without end.

use std::{
    io,
    pin::Pin,
    task::{Context, Poll, ready},
};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use crate::tls::Wire;

/// The largest piece of data that a server may announce: a mail of the greatest size that is fetched whole, and some.
const MOST_LITERAL: u64 = 80 << 20;
/// The longest line that is no such piece.
const MOST_LINE: u64 = 4 << 20;
/// How much of a line's end is kept: room for `{18446744073709551615}`.
const TAIL: usize = 24;

/// A connection whose incoming lines and literals are measured.
#[derive(Debug)]
pub struct Guarded {
    wire: Wire,
    measure: Measure,
}

#[derive(Debug, Default)]
struct Measure {
    /// Bytes of the present literal still to come.
    literal: u64,
    line: u64,
    tail: Vec<u8>,
}

impl Guarded {
    pub fn new(wire: Wire) -> Self {
        Self { wire, measure: Measure::default() }
    }

    pub fn into_wire(self) -> Wire {
        self.wire
    }
}

impl Measure {
    fn take(&mut self, mut bytes: &[u8]) -> io::Result<()> {
        while let [byte, rest @ ..] = bytes {
            if self.literal > 0 {
                let n = bytes.len().min(usize::try_from(self.literal).unwrap_or(usize::MAX));
                self.literal -= n as u64;
                bytes = &bytes[n..];
                continue;
            }
            bytes = rest;
            self.line += 1;
            if self.line > MOST_LINE {
                return Err(too_much());
            }
            match byte {
                b'\n' => self.end_line()?,
                byte => {
                    if self.tail.len() == TAIL {
                        self.tail.remove(0);
                    }
                    self.tail.push(*byte);
                }
            }
        }
        Ok(())
    }

    /// A line that ends in `{n}` announces n bytes of data.
    fn end_line(&mut self) -> io::Result<()> {
        let tail = std::mem::take(&mut self.tail);
        self.line = 0;
        let Some(announced) = tail.strip_suffix(b"\r").unwrap_or(&tail).strip_suffix(b"}") else { return Ok(()) };
        let Some(open) = announced.iter().rposition(|byte| *byte == b'{') else { return Ok(()) };
        let digits = std::str::from_utf8(&announced[open + 1..]).ok().filter(|d| d.bytes().all(|b| b.is_ascii_digit()));
        let Some(digits) = digits.filter(|digits| !digits.is_empty()) else { return Ok(()) };
        self.literal = digits.parse().map_err(|_| too_much())?;
        if self.literal > MOST_LITERAL { Err(too_much()) } else { Ok(()) }
    }
}

fn too_much() -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, "the server sends more at once than any mail may have")
}

impl AsyncRead for Guarded {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let before = buf.filled().len();
        ready!(Pin::new(&mut self.wire).poll_read(cx, buf))?;
        Poll::Ready(self.measure.take(&buf.filled()[before..]))
    }
}

impl AsyncWrite for Guarded {
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

#[cfg(test)]
mod tests {
    use super::Measure;

    fn passes(text: &[u8]) -> bool {
        let whole = Measure::default().take(text).is_ok();
        let mut measure = Measure::default();
        let bytewise = text.chunks(1).all(|byte| measure.take(byte).is_ok());
        assert_eq!(whole, bytewise, "the pieces in which words arrive make no difference");
        whole
    }

    #[test]
    fn no_announcement_goes_beyond_the_largest_mail() {
        assert!(passes(b"* 1 FETCH (UID 1 BODY[] {67108864}\r\nabc"));
        assert!(!passes(b"* 1 FETCH (UID 1 BODY[] {500000000}\r\n"));
        assert!(!passes(b"* 1 FETCH (UID 1 BODY[] {99999999999999999999}\r\n"));
    }

    #[test]
    fn what_stands_in_a_mail_announces_nothing() {
        assert!(passes(b"* 1 FETCH (BODY[] {13}\r\n{500000000}\r\n)\r\n* OK {x} {}\r\n"));
        assert!(!passes(b"* 1 FETCH (BODY[] {3}\r\nabc BODY[HEADER] {500000000}\r\n"));
    }

    #[test]
    fn no_line_goes_on_without_end() {
        assert!(passes(&[b'a'; 1 << 20]));
        assert!(Measure::default().take(&vec![b'a'; 5 << 20]).is_err());
    }
}
