//! Makes strangers' strings safe to store and to show: no U+0000, no line breaks where one line is meant, no endless names.

/// The longest line that is kept of a subject or a name, in characters.
const LINE_CHARS: usize = 998;
const FILE_NAME_BYTES: usize = 255;
const ADDRESS_BYTES: usize = 998;

/// Text with one kind of line end, and without U+0000, on which databases choke; everything else stays as it is.
pub(super) fn text(text: &str) -> String {
    let mut clean = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find(['\r', '\0']) {
        clean.push_str(&rest[..at]);
        let nul = rest[at..].starts_with('\0');
        rest = &rest[at + 1..];
        if nul {
            clean.push('\u{FFFD}');
        } else if !rest.starts_with('\n') {
            clean.push('\n');
        }
    }
    clean.push_str(rest);
    clean
}

/// One line: control characters, which folding leaves and encoded words smuggle in, become one space with the spaces around
/// them. All other spaces stay as they were written.
pub(super) fn line(value: &str) -> String {
    let mut line = String::with_capacity(value.len().min(LINE_CHARS));
    let mut chars = 0;
    for word in value.split(|c: char| c.is_control() && c != '\0').map(str::trim).filter(|word| !word.is_empty()) {
        if chars > 0 {
            line.push(' ');
            chars += 1;
        }
        for c in word.chars() {
            if chars == LINE_CHARS {
                line.push('…');
                return line;
            }
            line.push(if c == '\0' { '\u{FFFD}' } else { c });
            chars += 1;
        }
    }
    line
}

/// An address without the spaces that folding leaves in it. One with other control characters is nobody's: without them it
/// would be somebody else's.
pub(super) fn address(value: &str) -> Option<String> {
    let address = unfolded(value)?;
    let (local, domain) = address.rsplit_once('@')?;
    let whole = !local.is_empty() && !domain.is_empty() && !address.contains(['<', '>', ',', ';', '"', '\\']);
    (whole && address.len() <= ADDRESS_BYTES).then_some(address)
}

/// A message id without brackets and folding.
pub(super) fn id(value: &str, longest: usize) -> Option<String> {
    let id = unfolded(value)?.replace(['<', '>'], "");
    (!id.is_empty() && id.len() <= longest).then_some(id)
}

fn unfolded(value: &str) -> Option<String> {
    let joined: String = value.split_whitespace().collect();
    (!joined.contains(char::is_control)).then_some(joined)
}

/// A file name that names no folder, hides no ending behind a change of writing direction, and is never empty.
pub(super) fn file_name(value: &str, fallback: &str) -> String {
    let plain: String = value
        .chars()
        .map(|c| match c {
            '/' | '\\' | ':' | '\u{2028}' | '\u{2029}' => '_',
            '\u{200E}' | '\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}' => '_',
            c if c.is_control() => '_',
            c => c,
        })
        .collect();
    let name = plain.trim_start_matches(['.', '_', ' ']).trim_end_matches(['.', ' ']);
    let name = if name.trim_matches(['.', '_', ' ']).is_empty() { fallback } else { name };
    if name.len() <= FILE_NAME_BYTES {
        return name.to_owned();
    }
    // The ending says what the file is, so the middle goes.
    let (stem, ending) = match name.rsplit_once('.') {
        Some((stem, ending)) if ending.len() <= 16 => (stem, format!(".{ending}")),
        _ => (name, String::new()),
    };
    let cut = stem.floor_char_boundary(FILE_NAME_BYTES - ending.len());
    format!("{}{ending}", &stem[..cut])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_has_one_kind_of_line_end_and_no_nul() {
        assert_eq!(text("a\r\nb\rc\nd\0\r"), "a\nb\nc\nd\u{FFFD}\n");
    }

    #[test]
    fn a_line_holds_no_break_however_it_was_smuggled_in() {
        assert_eq!(line(" a\r\nBcc: b\u{85}c\td \u{0}"), "a Bcc: b c d \u{FFFD}");
        assert_eq!(line(&"x".repeat(2_000)).chars().count(), LINE_CHARS + 1);
    }

    #[test]
    fn a_file_name_cannot_leave_its_folder_or_lie_about_its_ending() {
        assert_eq!(file_name("../../etc/passwd", "x"), "etc_passwd");
        assert_eq!(file_name("C:\\temp\\a.txt", "x"), "C__temp_a.txt");
        assert_eq!(file_name("photo\u{202E}gpj.exe", "x"), "photo_gpj.exe");
        assert_eq!(file_name("a\u{0}b\r\nc", "x"), "a_b__c");
        for empty in ["", " ", ".", "..", "/", "._."] {
            assert_eq!(file_name(empty, "attachment-1.bin"), "attachment-1.bin");
        }
    }

    #[test]
    fn a_long_file_name_keeps_its_ending() {
        let name = file_name(&format!("{}.pdf", "ü".repeat(300)), "x");
        assert!(name.len() <= FILE_NAME_BYTES && name.ends_with("ü.pdf"), "{name}");
    }

    #[test]
    fn an_address_needs_both_halves() {
        assert_eq!(address(" jane@ex\r\n ample.org"), Some("jane@example.org".to_owned()));
        for wrong in ["jane", "@example.org", "jane@", "", "ja\0ne@example.org", "a,b@example.org"] {
            assert_eq!(address(wrong), None);
        }
    }
}
