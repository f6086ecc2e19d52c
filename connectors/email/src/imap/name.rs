//! Folder names as IMAP writes them: modified UTF-7 (RFC 3501, 5.1.3), quoted.

use base64::{Engine, engine::general_purpose::STANDARD_NO_PAD};

/// A folder name ready to stand in a command.
pub fn quoted(folder: &str) -> String {
    format!("\"{}\"", modified_utf7(folder).replace('\\', "\\\\").replace('"', "\\\""))
}

fn modified_utf7(name: &str) -> String {
    let mut out = String::new();
    let mut foreign: Vec<u8> = Vec::new();
    for c in name.chars() {
        if !matches!(c, ' '..='~') {
            out_of_ascii(c, &mut foreign);
            continue;
        }
        shift(&mut foreign, &mut out);
        out.push(c);
        if c == '&' {
            out.push('-');
        }
    }
    shift(&mut foreign, &mut out);
    out
}

fn out_of_ascii(c: char, foreign: &mut Vec<u8>) {
    for unit in c.encode_utf16(&mut [0; 2]) {
        foreign.extend(unit.to_be_bytes());
    }
}

fn shift(foreign: &mut Vec<u8>, out: &mut String) {
    if !foreign.is_empty() {
        out.push('&');
        out.push_str(&STANDARD_NO_PAD.encode(&foreign).replace('/', ","));
        out.push('-');
        foreign.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::quoted;

    #[test]
    fn folders_may_have_names_in_any_script() {
        assert_eq!(quoted("INBOX"), "\"INBOX\"");
        assert_eq!(quoted("Bürgerpost"), "\"B&APw-rgerpost\"");
        assert_eq!(quoted("~peter/mail/台北/日本語"), "\"~peter/mail/&U,BTFw-/&ZeVnLIqe-\"");
        assert_eq!(quoted("A&B \"quoted\\\""), "\"A&-B \\\"quoted\\\\\\\"\"");
    }
}
