//! Forms byte for byte: signatures are made over the decoded bytes, so nothing may be guessed or mended here.

/// The fields of `a=1&b=two+words` in their order; `None` where an escape is broken.
pub fn fields(form: &[u8]) -> Option<Vec<(Vec<u8>, Vec<u8>)>> {
    let pairs = form.split(|byte| *byte == b'&').filter(|pair| !pair.is_empty());
    pairs
        .map(|pair| {
            let middle = pair.iter().position(|byte| *byte == b'=');
            let (name, value) = middle.map_or((pair, [].as_slice()), |at| (&pair[..at], &pair[at + 1..]));
            Some((decoded(name)?, decoded(value)?))
        })
        .collect()
}

fn decoded(text: &[u8]) -> Option<Vec<u8>> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.iter();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'+' => b' ',
            b'%' => digit(*rest.next()?)? << 4 | digit(*rest.next()?)?,
            plain => *plain,
        });
    }
    Some(bytes)
}

fn digit(letter: u8) -> Option<u8> {
    char::from(letter).to_digit(16).and_then(|digit| u8::try_from(digit).ok())
}

/// A form whose names and values are text, for reading rather than verifying.
pub struct Form(Vec<(String, String)>);

impl Form {
    /// `None` where it is not a form or not UTF-8.
    pub fn read(form: &[u8]) -> Option<Self> {
        let text = |bytes| String::from_utf8(bytes).ok();
        let all = fields(form)?.into_iter().map(|(name, value)| Some((text(name)?, text(value)?)));
        Some(Self(all.collect::<Option<_>>()?))
    }

    /// The first field of this name that says something.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(n, v)| n == name && !v.is_empty()).map(|(_, v)| v.as_str())
    }

    pub fn has(&self, name: &str) -> bool {
        self.0.iter().any(|(n, _)| n == name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_is_read_byte_for_byte() {
        let read = fields(b"a=1&b=two+words%21&c&%C3%BC=%00").unwrap();
        let pair = |name: &[u8], value: &[u8]| (name.to_vec(), value.to_vec());
        let right = [pair(b"a", b"1"), pair(b"b", b"two words!"), pair(b"c", b""), pair("ü".as_bytes(), b"\0")];
        assert_eq!(read, right);
    }

    #[test]
    fn a_broken_escape_is_not_mended() {
        for broken in [&b"a=%"[..], b"a=%4", b"a=%zz", b"%+1=a"] {
            assert_eq!(fields(broken), None, "{broken:?}");
        }
        assert!(Form::read(b"a=%ff").is_none(), "not UTF-8");
    }
}
