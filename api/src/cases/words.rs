//! Words to find things by: the same cutting for what is indexed and for what is asked.

use std::collections::HashSet;

use rust_stemmers::{Algorithm, Stemmer};
use unicode_normalization::{UnicodeNormalization, char::is_combining_mark};

/// Counts up whenever `index` cuts the same text differently: the next sweep writes every tenant's index anew.
pub const VERSION: i32 = 1;
/// Different words kept of one text; a longer text is found by its beginning.
const MOST: usize = 4000;
/// Bytes of a text that are looked at.
const FAR: usize = 256 * 1024;
/// Characters of one word.
const LONGEST: usize = 64;
/// Words of one question.
const ASKED: usize = 24;

/// What a question asks for. Rows that hold every `exact` word come before rows that only hold every `wide` one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Question {
    /// Whole words as written, `user@x.org` or `RIV-2026-004217` being one word.
    pub exact: Vec<String>,
    /// Their parts, stemmed.
    pub wide: Vec<String>,
}

/// The words of these texts as the index holds them: as written, in parts and stemmed for each language.
pub fn index(texts: &[&str], languages: &[&str]) -> String {
    let stemmers = stemmers(languages);
    let mut seen = HashSet::new();
    let mut tokens = String::new();
    let mut add = |word: &str| {
        if !word.is_empty() && seen.len() < MOST && seen.insert(word.to_owned()) {
            tokens.push_str(if tokens.is_empty() { "" } else { " " });
            tokens.push_str(word);
        }
    };
    for text in texts {
        for chunk in cut(text).split_whitespace() {
            let word = Word::of(chunk);
            add(&word.whole);
            for part in &word.parts {
                add(part);
                for stemmer in &stemmers {
                    add(&stemmer.stem(part));
                }
            }
        }
    }
    tokens
}

/// What a person asks for. A `*` at the end of a word stands for any ending.
pub fn question(text: &str, languages: &[&str]) -> Question {
    let stemmers = stemmers(languages);
    let mut question = Question::default();
    for chunk in cut(text).split_whitespace().take(ASKED) {
        let word = Word::of(chunk);
        let star = if chunk.ends_with('*') { "*" } else { "" };
        push(&mut question.exact, &word.whole, star);
        for part in &word.parts {
            match (star, stemmers.first()) {
                ("", Some(stemmer)) => push(&mut question.wide, &stemmer.stem(part), ""),
                _ => push(&mut question.wide, part, star),
            }
        }
        if word.parts.is_empty() {
            push(&mut question.wide, &word.whole, star);
        }
    }
    question
}

fn push(words: &mut Vec<String>, word: &str, star: &str) {
    if !word.is_empty() {
        words.push(format!("{word}{star}"));
    }
}

/// One word of a text between two spaces.
struct Word {
    /// All of it without what stands between its parts: `userxorg`, `cplusplus`, `obrien`.
    whole: String,
    /// `user`, `x`, `org`. An apostrophe parts nothing. Empty where a sign is what tells the word from its letters.
    parts: Vec<String>,
}

impl Word {
    fn of(chunk: &str) -> Self {
        let chunk = chunk.trim_matches(|c: char| !(c.is_alphanumeric() || "+#".contains(c)));
        let chunk = chunk.trim_start_matches(['+', '#']);
        let letters = chunk.trim_end_matches(['+', '#']);
        let plain = letters.chars().all(char::is_alphanumeric);
        if letters.len() < chunk.len() && plain && letters.len() <= 8 {
            let signs = chunk[letters.len()..].replace('+', "plus").replace('#', "sharp");
            return Self { whole: fold(&format!("{letters}{signs}")), parts: Vec::new() };
        }
        let joined = letters.replace(['\'', '\u{2019}', '\u{2bc}'], "");
        let parts = joined.split(|c: char| !(c.is_alphanumeric() || is_combining_mark(c)));
        let parts: Vec<String> = parts.map(fold).filter(|p| !p.is_empty()).collect();
        Self { whole: parts.concat().chars().take(LONGEST).collect(), parts }
    }
}

/// Compatibility forms made one, lower case, without diacritics: only letters and digits are left.
pub fn fold(text: &str) -> String {
    let mut folded = String::with_capacity(text.len());
    if text.is_ascii() {
        folded.extend(text.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_lowercase()).take(LONGEST));
        return folded;
    }
    let lower = text.nfkc().flat_map(char::to_lowercase).collect::<String>();
    for c in lower.nfkd().filter(|c| !is_combining_mark(*c)) {
        match c {
            'ß' => folded.push_str("ss"),
            'æ' => folded.push_str("ae"),
            'œ' => folded.push_str("oe"),
            'ø' => folded.push('o'),
            'đ' | 'ð' => folded.push('d'),
            'ł' => folded.push('l'),
            'ı' => folded.push('i'),
            'þ' => folded.push_str("th"),
            c if c.is_alphanumeric() => folded.push(c),
            _ => {}
        }
    }
    folded.chars().take(LONGEST).collect()
}

fn cut(text: &str) -> &str {
    &text[..text.floor_char_boundary(FAR)]
}

/// The stemmers of these language tags; a language without one is indexed as written.
fn stemmers(languages: &[&str]) -> Vec<Stemmer> {
    let mut known: Vec<Algorithm> = Vec::new();
    for language in languages {
        let primary = language.split(['-', '_']).next().unwrap_or_default();
        let algorithm = match primary {
            "ar" => Algorithm::Arabic,
            "da" => Algorithm::Danish,
            "de" => Algorithm::German,
            "el" => Algorithm::Greek,
            "en" => Algorithm::English,
            "es" => Algorithm::Spanish,
            "fi" => Algorithm::Finnish,
            "fr" => Algorithm::French,
            "hu" => Algorithm::Hungarian,
            "it" => Algorithm::Italian,
            "nb" | "nn" | "no" => Algorithm::Norwegian,
            "nl" => Algorithm::Dutch,
            "pt" => Algorithm::Portuguese,
            "ro" => Algorithm::Romanian,
            "ru" => Algorithm::Russian,
            "sv" => Algorithm::Swedish,
            "ta" => Algorithm::Tamil,
            "tr" => Algorithm::Turkish,
            _ => continue,
        };
        if !known.contains(&algorithm) {
            known.push(algorithm);
        }
    }
    known.into_iter().map(Stemmer::create).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Whether a row with this text is found by this question: `(exactly, widely)`.
    fn finds(text: &str, asked: &str) -> (bool, bool) {
        let tokens = index(&[text], &["en-US"]);
        let has = |words: &[String]| {
            !words.is_empty()
                && words.iter().all(|w| match w.strip_suffix('*') {
                    Some(start) => tokens.split(' ').any(|t| t.starts_with(start)),
                    None => tokens.split(' ').any(|t| t == w),
                })
        };
        let question = question(asked, &["en"]);
        (has(&question.exact), has(&question.wide))
    }

    #[test]
    fn names_and_references_are_found_as_written() {
        for word in ["RIV-2026-004217", "user@x.org", "C++", "C#", "O'Brien", "a-b", "Müller", "12.5"] {
            assert!(finds(&format!("I am <{word}>, you know."), word).0, "{word}");
        }
        assert!(finds("O\u{2019}Brien wrote", "O'Brien").0);
        assert!(!finds("the letter c", "C++").0);
        assert!(!finds("a big b", "a-b").0);
        assert!(finds("a big b", "a-b").1);
    }

    #[test]
    fn another_form_of_a_word_is_found() {
        assert!(finds("Potholes are growing", "pothole grow").1);
        assert!(finds("Straße in Łódź, café", "strasse lodz CAFE").0);
        assert!(finds("ﬁre", "fire").0);
        assert!(finds("garbage", "garb*").0);
    }

    #[test]
    fn a_question_without_words_finds_nothing() {
        for text in ["", "   ", "\"*' --", "+++"] {
            assert_eq!(question(text, &["en"]), Question::default(), "{text:?}");
        }
    }

    #[test]
    fn the_index_of_a_long_text_is_bounded() {
        let long: String = (0..100_000).map(|n| format!("w{n} ")).collect();
        assert_eq!(index(&[&long], &["en"]).split(' ').count(), MOST);
        assert!(index(&[&"x".repeat(1_000_000)], &["en"]).len() <= 2 * LONGEST + 1);
    }
}
