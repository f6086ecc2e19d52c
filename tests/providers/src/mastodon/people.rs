//! What people write to the account, and how the instance tells of it.

use civicdesk_contract::{Clock, SystemClock, testkit::Answered};
use serde_json::{Value, json};

use super::{Instance, Mastodon, statuses::File};

impl Mastodon {
    /// A post of `acct` that mentions the account. `more` adds or replaces fields of the status. Gives the post's number.
    pub fn mention(&self, acct: &str, text: &str, visibility: &str, more: Value) -> u64 {
        let mut instance = self.state.instance();
        let number = instance.next();
        instance.mention(number, acct, text, visibility, more)
    }

    /// The same, with a number of its notification that is lower than others that were given already.
    pub fn late_mention(&self, number: u64, acct: &str, text: &str) -> u64 {
        self.state.instance().mention(number, acct, text, "public", json!({}))
    }

    /// Leaves a number out, for a notification that is committed late.
    pub fn skip_number(&self) -> u64 {
        self.state.instance().next()
    }

    /// A file that somebody else put on the instance; gives what a status says of it.
    pub fn keep(&self, name: &str, content_type: &str, bytes: &[u8]) -> Value {
        let mut instance = self.state.instance();
        let number = instance.next();
        let file = File { name: name.to_owned(), content_type: content_type.to_owned(), bytes: bytes.to_vec() };
        instance.media.insert(number, file);
        let url = format!("{}/files/{number}/{number}.png", instance.own);
        json!({ "id": number.to_string(), "type": "image", "url": url, "description": name })
    }
}

impl Instance {
    fn mention(&mut self, number: u64, acct: &str, text: &str, visibility: &str, more: Value) -> u64 {
        let (id, now) = (self.next(), SystemClock.now().to_string());
        let name = acct.split('@').next().unwrap_or(acct);
        let mut status = json!({
            "id": id.to_string(), "created_at": now, "in_reply_to_id": null, "visibility": visibility,
            "sensitive": false, "spoiler_text": "", "content": html(text), "media_attachments": [],
            "uri": format!("https://far.example/statuses/{id}"), "url": format!("https://far.example/@{name}/{id}"),
            "account": { "id": "77", "username": name, "acct": acct, "display_name": "María Gómez", "bot": false },
            "mentions": [{ "id": "1", "username": super::NAME, "acct": super::NAME }],
        });
        if let (Some(status), Value::Object(more)) = (status.as_object_mut(), more) {
            status.extend(more);
        }
        let account = status["account"].clone();
        let notification = json!({
            "id": number.to_string(), "type": "mention", "created_at": now, "account": account, "status": status,
        });
        self.statuses.insert(id, status);
        self.notifications.insert(number, notification);
        id
    }

    /// A page right above `min_id`, newest first, as Mastodon gives it.
    pub(super) fn notifications(&self, query: &[(String, String)]) -> Answered {
        let all = |name: &str| -> Vec<&str> {
            query.iter().filter(|(n, _)| n == name).map(|(_, value)| value.as_str()).collect()
        };
        let number = |name: &str| all(name).first().and_then(|text| text.parse::<u64>().ok());
        let types = all("types[]");
        let limit = usize::try_from(number("limit").unwrap_or(40).min(80)).expect("at most eighty");
        let above = number("min_id").unwrap_or(0);
        let of_type = |one: &&Value| types.is_empty() || types.iter().any(|kind| one["type"] == *kind);
        let after = self.notifications.range(above + 1..).map(|(_, one)| one).filter(of_type);
        let mut page: Vec<Value> = after.take(limit).cloned().collect();
        page.reverse();
        Answered::json(200, &Value::from(page))
    }
}

/// As Mastodon writes a text.
pub(super) fn html(text: &str) -> String {
    let safe = text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;");
    let paragraphs = safe.split("\n\n").map(|paragraph| format!("<p>{}</p>", paragraph.replace('\n', "<br />")));
    paragraphs.collect()
}
