//! Passwords that are guessed first: known from leaks, made by a pattern, or made of words that everybody knows here.

use sha2::{Digest, Sha256};
use unicode_normalization::UnicodeNormalization;

/// Marks of passwords from leaks, sorted; `common/README.md` says whence.
static COMMON: &[u8] = include_bytes!("common/common.bin");
/// Bytes of a mark.
const MARK: usize = 5;
/// Characters that must be left when what everybody knows is taken out.
const LEFT: usize = 8;
/// A shorter word says nothing by itself.
const WORD: usize = 4;
/// Fewer different characters than these are a pattern.
const DIFFERENT: usize = 5;
/// What lies side by side under the fingers.
const ROWS: [&str; 6] = ["1234567890", "qwertyuiop", "asdfghjkl", "zxcvbnm", "qwertzuiop", "azertyuiop"];

/// Why a password is guessed first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Guessed {
    /// Many people had the same idea.
    Common,
    Pattern,
    /// It is made of names that others know.
    Names,
}

/// Whether this password is guessed first; `words` are what others know: the agency's name, the person's own.
pub fn guessed(password: &str, words: &[&str]) -> Option<Guessed> {
    let plain = plain(password);
    let letters: Vec<char> = plain.chars().collect();
    let is_part_common = || period(&letters).is_some_and(|part| is_common(&part.iter().collect::<String>()));
    match () {
        () if is_common(&plain) || is_part_common() => Some(Guessed::Common),
        () if is_pattern(&letters) => Some(Guessed::Pattern),
        () if made_of(&plain, words) => Some(Guessed::Names),
        () => None,
    }
}

fn plain(text: &str) -> String {
    text.nfc().flat_map(char::to_lowercase).collect()
}

fn is_common(plain: &str) -> bool {
    let hash = Sha256::digest(plain);
    let (marks, _) = COMMON.as_chunks::<MARK>();
    marks.binary_search_by(|mark| mark.as_slice().cmp(&hash[..MARK])).is_ok()
}

/// The part whose repetition the whole is.
fn period(letters: &[char]) -> Option<&[char]> {
    let part = (1..=letters.len() / 2).find(|n| letters.iter().zip(&letters[*n..]).all(|(a, b)| a == b))?;
    Some(&letters[..part])
}

fn is_pattern(letters: &[char]) -> bool {
    let mut different = letters.to_vec();
    different.sort_unstable();
    different.dedup();
    let steps = letters.windows(2).filter(|pair| pair.iter().zip(&pair[1..]).all(|(a, b)| is_step(*a, *b))).count();
    different.len() < DIFFERENT || steps + 3 >= letters.len() || period(letters).is_some_and(|part| part.len() < LEFT)
}

/// Whether one character follows the other in the alphabet or on the keyboard, forwards or backwards, or is the same.
fn is_step(a: char, b: char) -> bool {
    let near = |a: u32, b: u32| a.abs_diff(b) <= 1;
    let on = |row: &&str| row.chars().position(|c| c == a).zip(row.chars().position(|c| c == b));
    near(a.into(), b.into()) || ROWS.iter().filter_map(on).any(|(a, b)| a.abs_diff(b) == 1)
}

fn made_of(plain: &str, words: &[&str]) -> bool {
    let known = words.iter().flat_map(|word| word.split(|c: char| !c.is_alphanumeric())).map(self::plain);
    let mut known: Vec<String> = known.filter(|word| word.chars().count() >= WORD).collect();
    known.sort_by_key(|word| std::cmp::Reverse(word.len()));
    let left = known.iter().fold(plain.to_owned(), |left, word| left.replace(word.as_str(), ""));
    left.len() < plain.len() && left.chars().filter(|c| c.is_alphanumeric()).count() < LEFT
}

#[cfg(test)]
mod tests {
    use civicdesk_contract::SystemClock;
    use std::sync::Arc;

    use super::*;
    use crate::ids::Ids;

    #[test]
    fn the_marks_are_whole_and_in_order() {
        let (marks, rest) = COMMON.as_chunks::<MARK>();
        assert!(rest.is_empty() && marks.is_sorted() && marks.len() > 20_000);
    }

    #[test]
    fn what_is_tried_first_is_refused_whatever_its_case() {
        for password in ["password1", "PASSWORD1", "1q2w3e4r5t6y7u8i", "1qaz2wsx3edc4rfv", "Password1Password1"] {
            assert_eq!(guessed(password, &[]), Some(Guessed::Common), "{password}");
        }
    }

    #[test]
    fn a_pattern_is_refused_however_long_it_is() {
        for password in [
            "aaaaaaaaaaaaaaaaaaaa",
            "abcdefghijklmnopqrst",
            "jihgfedcba987654321",
            "qwertyuiopoiuytrewq",
            "xyzxyzxyzxyzxyzxyz",
            "mnbvcxz0987654321",
            "aabbaabbbbaaabab",
        ] {
            assert_eq!(guessed(password, &[]), Some(Guessed::Pattern), "{password}");
        }
    }

    #[test]
    fn names_that_everybody_knows_make_no_password() {
        let words = ["City of Riverton", "riverton", "maria.lopez@example.org"];
        for password in ["RivertonRiverton2026", "maria.lopez.riverton", "Riverton City 1"] {
            assert_eq!(guessed(password, &words), Some(Guessed::Names), "{password}");
        }
        assert_eq!(guessed("the river ran past my old school", &words), None);
        assert_eq!(guessed("Riverton has nine broken lamps", &words), None);
    }

    #[test]
    fn a_sentence_of_any_language_is_welcome() {
        for password in [
            "correct horse battery staple",
            "el gato duerme en la ventana",
            "кошка спит на подоконнике",
            "猫は窓辺で静かに眠っている午後三時",
            "🐈🪟☕️🌧️🚲📚🎻🌻🍋🧦🗝️🪁🛶🕯️🧵🪴",
        ] {
            assert_eq!(guessed(password, &["Riverton"]), None, "{password}");
        }
    }

    #[test]
    fn of_a_hundred_thousand_random_passwords_none_is_refused() {
        let ids = Ids::new(Arc::new(SystemClock));
        for _ in 0..100_000 {
            let password = ids.bytes::<15>().map(|b| char::from(b'!' + b % 94)).iter().collect::<String>();
            assert_eq!(guessed(&password, &["Riverton"]), None, "{password}");
        }
    }
}
