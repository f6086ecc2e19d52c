//! Strangers' words made fit to be shown: to staff in an error, or in a header.

/// A server's words, on one line and not too long.
pub fn brief(text: &str) -> String {
    plain_line(text, 300)
}

/// One line without anything that could end it, break out of it or be decoded to something else.
pub fn plain_line(text: &str, most: usize) -> String {
    let spaced: String = text.replace("\r\n", "\n").chars().map(|c| if ends_a_line(c) { ' ' } else { c }).collect();
    // Readers decode `=?…?=` wherever they find it, and what it hides may hold anything.
    let mut line = spaced.trim().replace("=?", "= ?");
    if let Some((end, _)) = line.char_indices().nth(most) {
        line.truncate(end);
        line.push('…');
    }
    line
}

fn ends_a_line(c: char) -> bool {
    c.is_control() || matches!(c, '\u{2028}' | '\u{2029}')
}

#[cfg(test)]
mod tests {
    use super::{brief, plain_line};

    #[test]
    fn no_text_gets_out_of_its_line() {
        assert_eq!(brief("a\r\nBcc: b\0c\u{2028}d\u{85}e"), "a Bcc: b c d e");
    }

    #[test]
    fn what_looks_encoded_stays_as_it_was_written() {
        assert_eq!(plain_line("=?utf-8?q?a=0D=0ABcc:_x?=", 80), "= ?utf-8?q?a=0D=0ABcc:_x?=");
    }

    #[test]
    fn a_long_text_is_visibly_cut() {
        assert_eq!(plain_line("äöüß", 2), "äö…");
    }
}
