//! What a server may send: whole messages of LDAP, of a size and depth that nobody honest goes beyond.
//!
//! An agency names its server itself, and the library reads nested messages by recursion and keeps what comes: a hostile
//! server could end the whole program, for every agency. So each message is measured before the library sees it.

use std::io::{self, ErrorKind};

use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, copy, split},
    net::UnixStream,
};

/// A few entries with a few attributes each need a hundredth of it.
const LARGEST: usize = 256 * 1024;
/// All that one connection may bring.
const MOST: usize = 1024 * 1024;
/// A search's deepest message has seven levels.
const DEEPEST: usize = 16;

const SEQUENCE: u8 = 0x30;
const CONSTRUCTED: u8 = 0x20;

/// Carries bytes between the network and the library until either ends, or the network sends what may not pass.
pub async fn relay(network: impl AsyncRead + AsyncWrite + Unpin, mut library: UnixStream) {
    let (mut from_network, mut to_network) = split(network);
    let (mut from_library, mut to_library) = library.split();
    let inwards = async {
        let mut left = MOST;
        loop {
            let message = message(&mut from_network).await?;
            left = left.checked_sub(message.len()).ok_or_else(odd)?;
            to_library.write_all(&message).await?;
        }
    };
    let ended: io::Result<()> = tokio::select! {
        ended = copy(&mut from_library, &mut to_network) => ended.map(drop),
        ended = inwards => ended,
    };
    if let Err(e) = ended {
        tracing::debug!(error = %e, "a connection to a directory ended");
    }
}

/// The next whole message.
async fn message(from: &mut (impl AsyncRead + Unpin)) -> io::Result<Vec<u8>> {
    let mut message = vec![0; 2];
    from.read_exact(&mut message).await?;
    if message[0] != SEQUENCE {
        return Err(odd());
    }
    let more = usize::from(message[1].saturating_sub(0x80));
    if message[1] == 0x80 || more > 4 {
        return Err(odd());
    }
    message.resize(2 + more, 0);
    from.read_exact(&mut message[2..]).await?;
    let length = length(&message[1..]).filter(|length| length.0 <= LARGEST).ok_or_else(odd)?.0;
    let begin = message.len();
    message.resize(begin + length, 0);
    from.read_exact(&mut message[begin..]).await?;
    if is_shallow(&message[begin..], DEEPEST) { Ok(message) } else { Err(odd()) }
}

fn odd() -> io::Error {
    io::Error::new(ErrorKind::InvalidData, "the server sent what is no message of LDAP")
}

/// A length, and how many bytes it took to say it.
fn length(bytes: &[u8]) -> Option<(usize, usize)> {
    let (first, rest) = bytes.split_first()?;
    let more = usize::from(first.checked_sub(0x80).unwrap_or_default());
    match (*first, more) {
        (0..0x80, _) => Some((usize::from(*first), 1)),
        (_, 1..=4) => {
            let said = rest.get(..more)?;
            Some((said.iter().fold(0, |all, byte| (all << 8) | usize::from(*byte)), 1 + more))
        }
        _ => None,
    }
}

/// The first part of some bytes: its tag, what is in it, and what comes after.
fn part(bytes: &[u8]) -> Option<(u8, &[u8], &[u8])> {
    let (tag, rest) = bytes.split_first()?;
    let (length, said) = length(rest)?;
    let (inside, after) = rest.get(said..)?.split_at_checked(length)?;
    Some((*tag, inside, after))
}

fn is_shallow(mut bytes: &[u8], left: usize) -> bool {
    while !bytes.is_empty() {
        let Some((tag, inside, after)) = part(bytes) else { return false };
        if tag & CONSTRUCTED != 0 && (left == 0 || !is_shallow(inside, left - 1)) {
            return false;
        }
        bytes = after;
    }
    true
}

/// Asks for encryption (RFC 4511, 4.14), before anything else was said.
pub async fn start_tls(network: &mut (impl AsyncRead + AsyncWrite + Unpin)) -> io::Result<()> {
    const NAME: &[u8] = b"1.3.6.1.4.1.1466.20037";
    let mut request = vec![SEQUENCE, 29, 0x02, 1, 1, 0x77, 24, 0x80, 22];
    request.extend_from_slice(NAME);
    network.write_all(&request).await?;
    network.flush().await?;
    let answer = message(network).await?;
    if is_yes(&answer).unwrap_or(false) {
        return Ok(());
    }
    Err(io::Error::new(ErrorKind::ConnectionRefused, "the server does not want to be encrypted"))
}

/// Whether an answer to the first request says success.
fn is_yes(message: &[u8]) -> Option<bool> {
    let (_, inside, _) = part(message)?;
    let (_, id, rest) = part(inside)?;
    let (answer, said, _) = part(rest)?;
    let (_, code, _) = part(said)?;
    Some(id == [1] && answer == 0x78 && code == [0])
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Sequences in one another, so many, around nothing.
    fn nested(depth: usize) -> Vec<u8> {
        let mut bytes = Vec::new();
        for _ in 0..depth {
            let length = u32::try_from(bytes.len()).unwrap().to_be_bytes();
            bytes = [&[SEQUENCE, 0x84], &length[..], &bytes].concat();
        }
        bytes
    }

    #[tokio::test]
    async fn a_message_that_would_harm_is_cut_off_before_it_is_read() {
        assert!(message(&mut nested(10).as_slice()).await.is_ok());
        for odd in [
            nested(40_000),
            nested(18),
            vec![SEQUENCE, 0x84, 0x7f, 0xff, 0xff, 0xff, 0],
            vec![SEQUENCE, 0x80, 0, 0],
            vec![SEQUENCE, 0x85, 0, 0, 0, 0, 1, 0],
            vec![SEQUENCE, 3, 0x02, 5, 1],
            b"HTTP/1.1 400 Bad Request\r\n\r\n".to_vec(),
            vec![SEQUENCE, 5, 1],
        ] {
            assert!(message(&mut odd.as_slice()).await.is_err(), "{:?}", &odd[..odd.len().min(16)]);
        }
    }

    #[tokio::test]
    async fn encryption_is_asked_for_as_the_standard_writes_it_and_a_no_is_a_no() {
        for (code, good) in [(0, true), (2, false)] {
            let (mut ours, mut theirs) = tokio::io::duplex(256);
            theirs.write_all(&[0x30, 12, 0x02, 1, 1, 0x78, 7, 0x0a, 1, code, 4, 0, 4, 0]).await.unwrap();
            assert_eq!(start_tls(&mut ours).await.is_ok(), good);
            let mut asked = vec![0; 31];
            theirs.read_exact(&mut asked).await.unwrap();
            assert!(asked.starts_with(&[0x30, 0x1d, 2, 1, 1, 0x77, 0x18, 0x80, 0x16, b'1', b'.', b'3']));
        }
    }
}
