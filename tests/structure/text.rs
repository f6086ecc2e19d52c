//! Rust text without its comments and the contents of its strings, each byte in its old place.

/// Blanks comments and string contents, so that a rule does not mistake words for code. Line breaks stay.
pub fn code(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut out = bytes.to_vec();
    let mut at = 0;
    while at < bytes.len() {
        let end = match bytes[at] {
            b'/' if bytes[at..].starts_with(b"//") => line_end(bytes, at),
            b'/' if bytes[at..].starts_with(b"/*") => comment_end(bytes, at),
            b'r' if !follows_a_word(bytes, at) => match raw_string(bytes, at) {
                Some((open, close)) => {
                    blank(&mut out[open..close]);
                    at = close + 1;
                    continue;
                }
                None => at,
            },
            b'"' => {
                let close = quoted_end(bytes, at);
                blank(&mut out[at + 1..close]);
                at = close + 1;
                continue;
            }
            b'\'' => char_end(bytes, at),
            _ => at,
        };
        blank(&mut out[at..end]);
        at = end.max(at + 1);
    }
    String::from_utf8(out).expect("only whole comments and strings were blanked")
}

fn blank(bytes: &mut [u8]) {
    bytes.iter_mut().filter(|b| **b != b'\n').for_each(|b| *b = b' ');
}

fn follows_a_word(bytes: &[u8], at: usize) -> bool {
    // `br"…"` and `cr"…"` are raw strings too.
    let before = if at > 0 && matches!(bytes[at - 1], b'b' | b'c') { at - 1 } else { at };
    before > 0 && (bytes[before - 1].is_ascii_alphanumeric() || bytes[before - 1] == b'_')
}

fn line_end(bytes: &[u8], at: usize) -> usize {
    bytes[at..].iter().position(|&b| b == b'\n').map_or(bytes.len(), |n| at + n)
}

fn comment_end(bytes: &[u8], mut at: usize) -> usize {
    let mut depth = 0;
    while at < bytes.len() {
        if bytes[at..].starts_with(b"/*") {
            depth += 1;
            at += 2;
        } else if bytes[at..].starts_with(b"*/") {
            depth -= 1;
            at += 2;
            if depth == 0 {
                return at;
            }
        } else {
            at += 1;
        }
    }
    bytes.len()
}

/// The content's bounds of `r"…"` or `r##"…"##` at `at`, the closing quote excluded.
fn raw_string(bytes: &[u8], at: usize) -> Option<(usize, usize)> {
    let hashes = bytes[at + 1..].iter().take_while(|&&b| b == b'#').count();
    let open = at + 1 + hashes;
    if bytes.get(open) != Some(&b'"') {
        return None;
    }
    let mut closing = vec![b'"'];
    closing.resize(hashes + 1, b'#');
    let length = bytes[open + 1..].windows(closing.len()).position(|w| w == closing)?;
    Some((open + 1, open + 1 + length))
}

fn quoted_end(bytes: &[u8], at: usize) -> usize {
    let mut at = at + 1;
    while at < bytes.len() && bytes[at] != b'"' {
        at += if bytes[at] == b'\\' { 2 } else { 1 };
    }
    at.min(bytes.len() - 1)
}

/// The end of a character such as `'"'` or `'\''`, or `at` where the quote opens a lifetime.
fn char_end(bytes: &[u8], at: usize) -> usize {
    let rest = &bytes[at + 1..];
    let length = match rest.first() {
        Some(b'\\') => rest.iter().skip(2).position(|&b| b == b'\'').map(|n| n + 2),
        _ => rest.iter().take(5).position(|&b| b == b'\'').filter(|&n| n == 1 || (n > 1 && !rest[0].is_ascii())),
    };
    length.map_or(at, |n| at + n + 2)
}

#[cfg(test)]
mod tests {
    use super::code;

    #[test]
    fn comments_and_strings_are_blanked_and_code_stays() {
        let text = "use a; // use b\n/* c /* d */ e */ let f = \"g\\\"h\";\nlet i = r#\"j\"k\"# + 'l';";
        assert_eq!(
            code(text),
            "use a;         \n                  let f = \"    \";\nlet i = r#\"   \"# +    ;".to_owned()
        );
    }

    #[test]
    fn lifetimes_and_quotes_as_characters_do_not_open_strings() {
        let text = "fn a<'b>(c: &'b str) -> char { if c == '\"' { '\\'' } else { 'é' } } // d";
        assert!(code(text).contains("fn a<'b>(c: &'b str) -> char { if c ==     {      } else {"));
        assert!(!code(text).contains("// d"));
        assert_eq!(code(text).len(), text.len());
    }
}
