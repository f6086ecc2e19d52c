//! The body after DATA: where it ends, and the dots that the sender put in for the wire.

/// Takes the body in as it comes and finds its end. Only CRLF `.` CRLF ends a mail: a reader that also stops at other
/// line ends lets a sender smuggle a second mail inside the first.
#[derive(Debug)]
pub struct Body {
    at: At,
    bytes: Vec<u8>,
    bare_line_feed: bool,
}

/// Where in a line the next byte stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum At {
    LineStart,
    /// After a dot at the start of a line.
    Dot,
    /// After a dot at the start of a line and CR.
    DotCr,
    Text,
    Cr,
}

impl Body {
    pub fn new() -> Self {
        Self { at: At::LineStart, bytes: Vec::new(), bare_line_feed: false }
    }

    /// Takes bytes in. Says how many of them belonged to the body, its end included, and whether it ended.
    pub fn feed(&mut self, chunk: &[u8]) -> (usize, bool) {
        let mut next = 0;
        while next < chunk.len() {
            if self.at == At::Text {
                let plain = chunk[next..].iter().position(|b| matches!(b, b'\r' | b'\n'));
                let plain = plain.unwrap_or(chunk.len() - next);
                self.bytes.extend_from_slice(&chunk[next..next + plain]);
                next += plain;
                if next == chunk.len() {
                    break;
                }
            }
            let byte = chunk[next];
            next += 1;
            if self.step(byte) {
                return (next, true);
            }
        }
        (next, false)
    }

    fn step(&mut self, byte: u8) -> bool {
        match (self.at, byte) {
            (At::DotCr, b'\n') => return true,
            (At::LineStart, b'.') => {
                self.at = At::Dot;
                return false;
            }
            (At::Dot, b'\r') => {
                self.at = At::DotCr;
                return false;
            }
            // The dot was put in for the wire; the CR after it was not.
            (At::DotCr, _) => {
                self.bytes.push(b'\r');
                self.at = At::Cr;
                return self.step(byte);
            }
            (At::Cr, b'\n') => self.at = At::LineStart,
            (_, b'\r') => self.at = At::Cr,
            (_, b'\n') => {
                self.bare_line_feed = true;
                self.at = At::Text;
            }
            _ => self.at = At::Text,
        }
        self.bytes.push(byte);
        false
    }

    pub fn len(&self) -> usize {
        self.bytes.len()
    }

    /// Gives up what was taken in and keeps looking for the end.
    pub fn forget(&mut self) {
        self.bytes = Vec::new();
    }

    /// Whether a line ended with LF alone, which no sender of RFC 5321 writes.
    pub fn has_bare_line_feed(&self) -> bool {
        self.bare_line_feed
    }

    pub fn into_bytes(self) -> Vec<u8> {
        self.bytes
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::Body;

    /// As a sender writes a mail that ends with CRLF.
    fn stuffed(mail: &[u8]) -> Vec<u8> {
        let (mut wire, mut line_start) = (Vec::new(), true);
        for (i, byte) in mail.iter().enumerate() {
            if line_start && *byte == b'.' {
                wire.push(b'.');
            }
            wire.push(*byte);
            line_start = i > 0 && mail[i - 1] == b'\r' && *byte == b'\n';
        }
        wire.extend_from_slice(b".\r\n");
        wire
    }

    fn read(wire: &[u8], piece: usize) -> (Vec<u8>, usize, bool) {
        let (mut body, mut taken) = (Body::new(), 0);
        for chunk in wire.chunks(piece) {
            let (n, ended) = body.feed(chunk);
            taken += n;
            if ended {
                return (body.into_bytes(), taken, true);
            }
        }
        (body.into_bytes(), taken, false)
    }

    proptest! {
        #[test]
        fn a_mail_arrives_byte_for_byte_however_the_wire_cuts_it(
            lines in prop::collection::vec("[.\r a-c\u{e9}]{0,6}", 0..12),
            piece in 1_usize..9,
        ) {
            let mail: Vec<u8> = lines.iter().flat_map(|l| format!("{l}\r\n").into_bytes()).collect();
            let wire = stuffed(&mail);
            let after = [wire.as_slice(), b"QUIT\r\n"].concat();
            let (got, taken, ended) = read(&after, piece);
            prop_assert!(ended);
            prop_assert_eq!(got, mail);
            prop_assert_eq!(taken, wire.len());
        }
    }

    #[test]
    fn only_a_dot_between_two_whole_line_ends_ends_a_mail() {
        for smuggled in ["\n.\n", "\n.\r\n", "\r\n.\n", "\r.\r", "\r.\r\n", "\n.\r", "\r\n.\r", "\r\n\0.\r\n"] {
            let wire = format!("hello{smuggled}MAIL FROM:<evil@x>\r\n");
            let (_, _, ended) = read(wire.as_bytes(), 3);
            assert!(!ended, "{smuggled:?}");
        }
    }

    #[test]
    fn a_bare_line_feed_is_noticed() {
        for (wire, bare) in
            [("a\nb\r\n", true), (".\n\r\n", true), ("\n", true), ("a\r\nb\r\n", false), ("a\rb\r\n", false)]
        {
            let mut body = Body::new();
            body.feed(wire.as_bytes());
            assert_eq!(body.has_bare_line_feed(), bare, "{wire:?}");
        }
    }
}
