//! A mail server that hands mail over: LMTP with its answer for each recipient, or SMTP with one for all.

use std::{
    io::{BufRead, BufReader, Write},
    net::TcpStream,
    time::Duration,
};

/// What the program answered to one line, its continuation lines joined.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reply {
    pub code: u16,
    pub text: String,
}

impl Reply {
    pub fn accepted(&self) -> bool {
        (200..300).contains(&self.code)
    }
}

/// One open session.
pub struct Mail {
    stream: BufReader<TcpStream>,
    answers_each_recipient: bool,
}

impl Mail {
    pub fn lmtp(address: &str) -> Self {
        Self::connect(address, true)
    }

    pub fn smtp(address: &str) -> Self {
        Self::connect(address, false)
    }

    /// As `lmtp`, for a program that may be dead.
    pub fn try_lmtp(address: &str) -> std::io::Result<Self> {
        Self::try_connect(address, true)
    }

    fn connect(address: &str, lmtp: bool) -> Self {
        Self::try_connect(address, lmtp).unwrap_or_else(|e| panic!("no mail listener at {address}: {e}"))
    }

    fn try_connect(address: &str, lmtp: bool) -> std::io::Result<Self> {
        let stream = TcpStream::connect(address)?;
        stream.set_read_timeout(Some(Duration::from_secs(30)))?;
        let mut mail = Self { stream: BufReader::new(stream), answers_each_recipient: lmtp };
        let greeting = mail.try_reply()?;
        let hello = mail.try_command(if lmtp { "LHLO tests.example" } else { "EHLO tests.example" })?;
        match greeting.code == 220 && hello.accepted() {
            true => Ok(mail),
            false => Err(std::io::Error::other(format!("{greeting:?} {hello:?}"))),
        }
    }

    /// Sends one line and reads its reply.
    pub fn command(&mut self, line: &str) -> Reply {
        self.try_command(line).unwrap_or_else(|e| panic!("{line}: {e}"))
    }

    /// Hands over one mail and gives the verdict for each recipient in the order of `to`, whether at RCPT or after the data.
    pub fn deliver(&mut self, from: &str, to: &[&str], raw: &[u8]) -> Vec<Reply> {
        self.try_deliver(from, to, raw).unwrap_or_else(|e| panic!("the session broke off: {e}"))
    }

    /// As `deliver`, for a program that may die meanwhile: an error means that nothing was acknowledged.
    pub fn try_deliver(&mut self, from: &str, to: &[&str], raw: &[u8]) -> std::io::Result<Vec<Reply>> {
        let sender = self.try_command(&format!("MAIL FROM:<{from}>"))?;
        if !sender.accepted() {
            return Ok(vec![sender; to.len()]);
        }
        let mut verdicts = Vec::new();
        for recipient in to {
            verdicts.push(self.try_command(&format!("RCPT TO:<{recipient}>"))?);
        }
        if !verdicts.iter().any(Reply::accepted) {
            self.try_command("RSET")?;
            return Ok(verdicts);
        }
        let go = self.try_command("DATA")?;
        if go.code != 354 {
            return Ok(vec![go; to.len()]);
        }
        self.stream.get_mut().write_all(&dotted(raw))?;
        let mut last = None;
        for verdict in verdicts.iter_mut().filter(|v| v.accepted()) {
            if self.answers_each_recipient || last.is_none() {
                last = Some(self.try_reply()?);
            }
            *verdict = last.clone().expect("just read");
        }
        Ok(verdicts)
    }

    fn try_command(&mut self, line: &str) -> std::io::Result<Reply> {
        self.stream.get_mut().write_all(format!("{line}\r\n").as_bytes())?;
        self.try_reply()
    }

    fn try_reply(&mut self) -> std::io::Result<Reply> {
        let broken =
            |line: &str| std::io::Error::new(std::io::ErrorKind::UnexpectedEof, format!("not a reply: {line:?}"));
        let mut text = Vec::new();
        loop {
            let mut line = String::new();
            self.stream.read_line(&mut line)?;
            let (code, rest) = line.split_at_checked(3).ok_or_else(|| broken(&line))?;
            let code: u16 = code.parse().map_err(|_| broken(&line))?;
            text.push(rest.trim_end().chars().skip(1).collect::<String>());
            if !rest.starts_with('-') {
                return Ok(Reply { code, text: text.join("\n") });
            }
        }
    }
}

/// The data as it goes over the wire: leading dots doubled, ended by a line with a dot.
fn dotted(raw: &[u8]) -> Vec<u8> {
    let mut wire = Vec::with_capacity(raw.len() + 8);
    for line in raw.split_inclusive(|&b| b == b'\n') {
        if line.starts_with(b".") {
            wire.push(b'.');
        }
        wire.extend_from_slice(line);
    }
    if !wire.is_empty() && !wire.ends_with(b"\r\n") {
        wire.extend_from_slice(b"\r\n");
    }
    wire.extend_from_slice(b".\r\n");
    wire
}

/// What a mail says, its quoted-printable undone as far as a reader of plain letters needs it.
pub fn plain(raw: &[u8]) -> String {
    let text = String::from_utf8_lossy(raw).replace("=\r\n", "");
    let mut pieces = text.split('=');
    let mut bytes = pieces.next().unwrap_or_default().as_bytes().to_vec();
    for piece in pieces {
        match piece.get(..2).and_then(|hex| u8::from_str_radix(hex, 16).ok()) {
            Some(byte) => bytes.extend([&[byte], &piece.as_bytes()[2..]].concat()),
            None => bytes.extend([b"=", piece.as_bytes()].concat()),
        }
    }
    String::from_utf8_lossy(&bytes).replace("\r\n", "\n")
}

#[cfg(test)]
mod tests {
    use super::{dotted, plain};

    #[test]
    fn a_long_line_is_one_again() {
        assert_eq!(
            plain(b"https://a.example/=\r\nb?c=3Dd =C2=A1hola!\r\n=x"),
            "https://a.example/b?c=d \u{a1}hola!\n=x"
        );
    }

    #[test]
    fn a_line_that_begins_with_a_dot_does_not_end_the_mail() {
        assert_eq!(dotted(b"a\r\n.\r\n..b"), b"a\r\n..\r\n...b\r\n.\r\n");
        assert_eq!(dotted(b"a\r\n"), b"a\r\n.\r\n");
    }
}
