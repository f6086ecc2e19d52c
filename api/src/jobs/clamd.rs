//! Speaks with ClamAV's `clamd`: one file over one connection, in pieces (`INSTREAM`).

use std::{path::PathBuf, time::Duration};

use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    net::{TcpStream, UnixStream},
    time::timeout,
};

/// Bytes of one piece.
const PIECE: usize = 64 * 1024;
/// No answer of clamd is longer.
const LONGEST: u64 = 4096;
const CONNECT: Duration = Duration::from_secs(5);

/// Where clamd listens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    Tcp(String),
    Unix(PathBuf),
}

impl Place {
    /// `host:port`, or `unix:/path`.
    pub fn parse(text: &str) -> Option<Self> {
        if let Some(path) = text.strip_prefix("unix:") {
            return path.starts_with('/').then(|| Self::Unix(PathBuf::from(path)));
        }
        let (host, port) = text.rsplit_once(':')?;
        let right = !host.is_empty() && port.parse::<u16>().is_ok_and(|port| port > 0);
        right.then(|| Self::Tcp(text.to_owned()))
    }
}

/// One clamd.
#[derive(Clone, Debug)]
pub struct Clamd {
    pub place: Place,
    /// How long one step may take: a piece to be taken, or the answer to come.
    pub patience: Duration,
}

/// What clamd said of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    Clean,
    Infected(String),
    /// Longer than its `StreamMaxLength`.
    TooLarge,
}

/// Why there is no verdict.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Trouble {
    /// Nobody is there.
    Down(String),
    /// Somebody is there, and did not come to an end with this file.
    Broke(String),
}

impl Clamd {
    pub async fn scan(&self, bytes: &[u8]) -> Result<Verdict, Trouble> {
        let down = |why: String| Trouble::Down(format!("the scanner cannot be reached: {why}"));
        match &self.place {
            Place::Tcp(address) => match timeout(CONNECT, TcpStream::connect(address)).await {
                Ok(Ok(line)) => self.ask(line, bytes).await,
                Ok(Err(e)) => Err(down(e.to_string())),
                Err(_) => Err(down("no answer".to_owned())),
            },
            Place::Unix(path) => match timeout(CONNECT, UnixStream::connect(path)).await {
                Ok(Ok(line)) => self.ask(line, bytes).await,
                Ok(Err(e)) => Err(down(e.to_string())),
                Err(_) => Err(down("no answer".to_owned())),
            },
        }
    }

    async fn ask(&self, mut line: impl AsyncRead + AsyncWrite + Unpin, bytes: &[u8]) -> Result<Verdict, Trouble> {
        let broke = |why: &str| Trouble::Broke(format!("the scanner {why}"));
        // One that has heard enough answers and hangs up: then its answer counts, not the broken line.
        let given = self.give(&mut line, bytes).await;
        if given.is_err_and(|e| e.kind() == std::io::ErrorKind::TimedOut) {
            return Err(broke("takes too long to take the file"));
        }
        let mut answer = Vec::new();
        let read = timeout(self.patience, line.take(LONGEST).read_to_end(&mut answer)).await;
        if read.is_err() {
            return Err(broke("takes too long to answer"));
        }
        read_answer(&answer)
    }

    async fn give(&self, line: &mut (impl AsyncWrite + Unpin), bytes: &[u8]) -> std::io::Result<()> {
        timeout(self.patience, line.write_all(b"zINSTREAM\0")).await??;
        for piece in bytes.chunks(PIECE) {
            let length = u32::try_from(piece.len()).unwrap_or_default();
            timeout(self.patience, line.write_all(&length.to_be_bytes())).await??;
            timeout(self.patience, line.write_all(piece)).await??;
        }
        timeout(self.patience, line.write_all(&0_u32.to_be_bytes())).await?
    }
}

/// `stream: OK`, `stream: NAME FOUND` or `… ERROR`, ended by a zero byte.
fn read_answer(answer: &[u8]) -> Result<Verdict, Trouble> {
    let text = String::from_utf8_lossy(answer.split(|byte| *byte == 0).next().unwrap_or_default());
    let text = text.trim();
    if text.is_empty() {
        return Err(Trouble::Broke("the scanner hung up without an answer".to_owned()));
    }
    if text.starts_with("INSTREAM size limit exceeded") {
        return Ok(Verdict::TooLarge);
    }
    let Some(said) = text.strip_prefix("stream: ") else {
        return Err(Trouble::Broke("the scanner's answer cannot be understood".to_owned()));
    };
    match said.strip_suffix(" FOUND") {
        Some(name) => Ok(Verdict::Infected(name.chars().filter(|c| !c.is_control()).take(200).collect())),
        None if said == "OK" => Ok(Verdict::Clean),
        None => Err(Trouble::Broke("the scanner had trouble with the file".to_owned())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_a_host_with_a_port_or_a_socket() {
        assert_eq!(Place::parse("127.0.0.1:3310"), Some(Place::Tcp("127.0.0.1:3310".into())));
        assert_eq!(Place::parse("unix:/run/clamd.ctl"), Some(Place::Unix("/run/clamd.ctl".into())));
        for wrong in ["", "clamd", "clamd:", ":3310", "clamd:x", "clamd:0", "unix:clamd.ctl"] {
            assert_eq!(Place::parse(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn only_what_clamd_calls_clean_is_clean() {
        assert_eq!(read_answer(b"stream: OK\0"), Ok(Verdict::Clean));
        assert_eq!(read_answer(b"stream: Eicar-Test FOUND\0"), Ok(Verdict::Infected("Eicar-Test".into())));
        assert_eq!(read_answer(b"INSTREAM size limit exceeded. ERROR\0"), Ok(Verdict::TooLarge));
        for odd in
            [&b""[..], b"\0", b"OK\0", b"stream: OK maybe\0", b"stream: Can't allocate memory ERROR\0", b"\xff\xfe"]
        {
            assert!(matches!(read_answer(odd), Err(Trouble::Broke(_))), "{odd:?}");
        }
    }
}
