//! The letters that Notify writes more plainly, so that a text is counted as it will go out.

/// Dashes, quotation marks and blanks become their plain forms, and what has no width goes.
pub fn plain(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '\u{2011}' | '–' | '—' | '−' => plain.push('-'),
            '…' => plain.push_str("..."),
            '‘' | '’' | '‚' => plain.push('\''),
            '“' | '”' | '„' => plain.push('"'),
            '\u{180e}' | '\u{200b}' | '\u{200c}' | '\u{2060}' | '\u{feff}' | '\u{2028}' | '\u{2029}' => {}
            '\u{a0}' | '\u{202f}' | '\t' => plain.push(' '),
            other => plain.push(other),
        }
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::plain;

    #[test]
    fn marks_are_written_plainly_and_letters_stay() {
        assert_eq!(plain("“Tuesday – 9\u{a0}am…”\u{200b}"), "\"Tuesday - 9 am...\"");
        assert_eq!(plain("Ŵyl שלום 👩‍👩‍👧"), "Ŵyl שלום 👩‍👩‍👧");
    }
}
