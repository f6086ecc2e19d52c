//! A mail as text: what of its header the campaigns compare.

/// The unfolded header fields of a mail.
pub struct Letter {
    fields: Vec<(String, String)>,
}

impl Letter {
    pub fn read(raw: &[u8]) -> Self {
        let mut fields: Vec<(String, String)> = Vec::new();
        for line in String::from_utf8_lossy(raw).lines() {
            if line.is_empty() {
                break;
            }
            match line.strip_prefix([' ', '\t']) {
                Some(more) => {
                    if let Some((_, value)) = fields.last_mut() {
                        *value = format!("{value} {}", more.trim());
                    }
                }
                None => {
                    if let Some((name, value)) = line.split_once(':') {
                        fields.push((name.to_ascii_lowercase(), value.trim().to_owned()));
                    }
                }
            }
        }
        Self { fields }
    }

    pub fn field(&self, name: &str) -> &str {
        self.fields.iter().find(|(n, _)| n == name).map(|(_, value)| value.as_str()).unwrap_or_default()
    }

    /// The ids in a field, without their brackets.
    pub fn ids(&self, name: &str) -> Vec<&str> {
        let ids = self.field(name).split_whitespace().filter_map(|id| id.strip_prefix('<')?.strip_suffix('>'));
        ids.collect()
    }

    pub fn id(&self) -> &str {
        self.ids("message-id").first().copied().unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::Letter;

    #[test]
    fn a_folded_field_is_one() {
        let letter = Letter::read(b"Message-ID: <a@x>\r\nReferences: <r@x>\r\n\t<s@x>\r\n\r\nSubject: no\r\n");
        assert_eq!((letter.id(), letter.ids("references"), letter.field("subject")), ("a@x", vec!["r@x", "s@x"], ""));
    }
}
