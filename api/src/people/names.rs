//! Names in the one form in which the program compares them.

use unicode_normalization::{UnicodeNormalization, char::is_combining_mark};

/// A full name without case, accents and signs, whatever the order of its words: "López, María" is "maría lopez". One
/// word alone is no full name, and tells too little to compare.
pub fn folded(name: &str) -> Option<String> {
    let plain = plain(name);
    let mut words: Vec<&str> = plain.split_whitespace().collect();
    words.sort_unstable();
    (words.len() > 1).then(|| words.join(" "))
}

/// Letters and digits in lower case without accents; a blank in the place of everything else.
pub fn plain(text: &str) -> String {
    let letters = text.nfkd().filter(|letter| !is_combining_mark(*letter)).flat_map(char::to_lowercase);
    letters.map(|letter| if letter.is_alphanumeric() { letter } else { ' ' }).collect()
}

#[cfg(test)]
mod tests {
    use super::folded;

    #[test]
    fn a_full_name_is_the_same_however_it_is_written() {
        for name in ["María López", "maria lopez", "LÓPEZ, Maria", "Mari\u{301}a  Lo\u{301}pez"] {
            assert_eq!(folded(name).as_deref(), Some("lopez maria"), "{name}");
        }
        assert_ne!(folded("María López"), folded("Mario López"));
    }

    #[test]
    fn one_word_is_no_full_name() {
        for name in ["", "María", "…", " - "] {
            assert_eq!(folded(name), None, "{name}");
        }
    }
}
