//! What the instance takes, and how long it holds a text to be.

use civicdesk_contract::{Kind, Result};
use serde_json::Value;

use super::api::Instance;

/// An instance's own limits; where it says none, those of Mastodon's documentation.
pub struct Limits {
    pub characters: usize,
    /// An address in the text counts so many, however long it is.
    per_link: usize,
    pub files: usize,
    /// Empty where the instance does not say.
    pub types: Vec<String>,
    pub image_bytes: usize,
    pub video_bytes: usize,
}

impl Limits {
    pub async fn ask(instance: &Instance, operation: &'static str) -> Result<Self> {
        match instance.ask(operation, "/api/v2/instance").await {
            Ok(told) => Ok(Self::read(&told["configuration"])),
            // An instance before 4.0 has only the first version of this page.
            Err(error) if error.kind == Kind::Refused => Ok(Self::read(&Value::Null)),
            Err(error) => Err(error),
        }
    }

    fn read(told: &Value) -> Self {
        let number = |value: &Value, usual: usize| value.as_u64().and_then(|n| n.try_into().ok()).unwrap_or(usual);
        let (posts, files) = (&told["statuses"], &told["media_attachments"]);
        let types = files["supported_mime_types"].as_array().into_iter().flatten();
        Self {
            characters: number(&posts["max_characters"], 500),
            per_link: number(&posts["characters_reserved_per_url"], 23),
            files: number(&posts["max_media_attachments"], 4),
            types: types.filter_map(|kind| kind.as_str().map(str::to_owned)).collect(),
            image_bytes: number(&files["image_size_limit"], 16 << 20),
            video_bytes: number(&files["video_size_limit"], 99 << 20),
        }
    }

    /// Addresses count the same whatever their length, and of `@maria@far.example` only `@maria` counts.
    pub fn count(&self, text: &str) -> usize {
        text.split_inclusive(char::is_whitespace).map(|word| self.word(word)).sum()
    }

    fn word(&self, word: &str) -> usize {
        let all = word.chars().count();
        if let Some(at) = ["https://", "http://"].iter().find_map(|scheme| word.find(scheme)) {
            let space = word.chars().rev().take_while(|c| c.is_whitespace()).count();
            return word[..at].chars().count() + self.per_link + space;
        }
        let far = word.strip_prefix('@').and_then(|name| Some(name.find('@')? + 1));
        far.map_or(all, |at| all - word[at..].trim_end().chars().count())
    }
}

#[cfg(test)]
mod tests {
    use super::Limits;

    #[test]
    fn links_and_far_names_count_as_the_instance_counts_them() {
        let limits = Limits::read(&serde_json::Value::Null);
        let long = format!("https://riverton.example/{}", "x".repeat(300));
        assert_eq!(limits.count(&long), 23);
        assert_eq!(limits.count("See http://a.b now"), 4 + 23 + 1 + 3);
        assert_eq!(limits.count("@maria@far.example hello\n"), 6 + 1 + 6);
        assert_eq!(limits.count("@maria hello 👍🏽"), 6 + 1 + 6 + 2);
    }
}
