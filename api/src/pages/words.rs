//! The sentences of the pages, a file for each language, and which language a reader gets.

use std::sync::LazyLock;

use serde_json::Value;

use crate::fail::Fail;

macro_rules! files {
    ($($code:literal),+ $(,)?) => { &[$(($code, include_str!(concat!("words/", $code, ".toml")))),+] };
}

/// The first is the one for readers whose languages we do not have.
pub const FILES: &[(&str, &str)] = files!["en", "es"];

/// One language of the pages.
#[derive(Debug)]
pub struct Language {
    pub code: &'static str,
    /// Every sentence, by its section and its key.
    pub words: Value,
}

impl Language {
    /// One sentence.
    pub fn word(&self, section: &str, key: &str) -> &str {
        self.words[section][key].as_str().unwrap_or_default()
    }
}

static LANGUAGES: LazyLock<Result<Vec<Language>, toml::de::Error>> = LazyLock::new(|| {
    let read = |(code, text): &(&'static str, &str)| Ok(Language { code, words: toml::from_str(text)? });
    FILES.iter().map(read).collect()
});

/// Every language there is.
pub fn all() -> Result<&'static [Language], Fail> {
    LANGUAGES.as_ref().map(Vec::as_slice).map_err(|e| Fail::Broken(format!("words of the pages: {e}")))
}

/// The first of these wishes that we have: language tags, or whole `Accept-Language` headers.
pub fn choose<'a>(wishes: impl IntoIterator<Item = &'a str>) -> Result<&'static Language, Fail> {
    let all = all()?;
    let wished = wishes.into_iter().flat_map(ranked).find_map(|tag| {
        let primary = tag.split(['-', '_']).next().unwrap_or_default().to_ascii_lowercase();
        all.iter().find(|language| language.code == primary)
    });
    wished.or(all.first()).ok_or_else(|| Fail::Broken("the pages have no language".into()))
}

/// The tags of an `Accept-Language` header, the most wanted first (RFC 9110, 12.5.4).
fn ranked(header: &str) -> Vec<&str> {
    let weighed = |part| {
        let (tag, weight) = str::split_once(part, ';').unwrap_or((part, ""));
        let weight = weight.trim().strip_prefix("q=").and_then(|q| q.parse::<f32>().ok()).unwrap_or(1.0);
        (tag.trim(), weight)
    };
    let mut tags: Vec<(&str, f32)> = header.split(',').map(weighed).filter(|(_, weight)| *weight > 0.0).collect();
    tags.sort_by(|a, b| b.1.total_cmp(&a.1));
    tags.into_iter().map(|(tag, _)| tag).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys(words: &Value) -> Vec<String> {
        let sections = words.as_object().unwrap().iter();
        sections.flat_map(|(s, keys)| keys.as_object().unwrap().keys().map(move |k| format!("{s}.{k}"))).collect()
    }

    /// The names in braces.
    fn holes(text: &str) -> Vec<&str> {
        let mut holes: Vec<&str> = text.split('{').skip(1).filter_map(|rest| Some(rest.split_once('}')?.0)).collect();
        holes.sort_unstable();
        holes
    }

    #[test]
    fn every_language_has_every_sentence_with_the_same_holes() {
        let all = all().unwrap();
        for language in &all[1..] {
            assert_eq!(keys(&language.words), keys(&all[0].words), "{}", language.code);
            for key in keys(&language.words) {
                let (section, key) = key.split_once('.').unwrap();
                let (ours, first) = (&language.words[section][key], &all[0].words[section][key]);
                assert_eq!(ours.as_array().map(Vec::len), first.as_array().map(Vec::len), "{section}.{key}");
                let (ours, first) = (ours.as_str().unwrap_or("-"), first.as_str().unwrap_or("-"));
                assert!(!ours.trim().is_empty(), "{} {section}.{key} is empty", language.code);
                assert_eq!(holes(ours), holes(first), "{} {section}.{key}", language.code);
            }
        }
    }

    #[test]
    fn a_reader_gets_the_first_wish_that_we_have() {
        let given = |wishes: &[&str]| choose(wishes.iter().copied()).unwrap().code;
        assert_eq!(given(&["xx", "fr, es-MX;q=0.8, en;q=0.9", "es"]), "en");
        assert_eq!(given(&["", "es-419,en;q=0.5"]), "es");
        assert_eq!(given(&["en;q=0, es"]), "es");
        assert_eq!(given(&["fr", "de;q=oops"]), "en");
    }
}
