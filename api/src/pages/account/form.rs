//! The forms of these pages: each a title, a sentence, a few blanks and a button, by the words of its section.

use actix_web::{HttpResponse, http::StatusCode};
use serde_json::json;

use crate::{
    auth::passwords::LEAST,
    http::problem::Problem,
    pages::{blanks::Blank, reader::Reader, sent::Sent},
};

/// One form.
#[derive(Default)]
pub struct Form<'a> {
    /// The section of the words.
    pub section: &'a str,
    pub blanks: Vec<Blank>,
    /// Which blank is wrong, and the flaw.
    pub wrong: Option<(&'a str, &'a str)>,
    /// What the sentence names.
    pub address: &'a str,
    /// Where it is sent, if not to where it stands.
    pub action: &'a str,
    /// A word that it carries.
    pub ticket: &'a str,
    /// Characters of a password at least, where it is not the usual number.
    pub least: Option<usize>,
}

impl Form<'_> {
    /// The page with the form.
    pub fn page(mut self, mut reader: Reader) -> Result<HttpResponse, Problem> {
        let mut errors = Vec::new();
        for blank in &mut self.blanks {
            if let Some((_, flaw)) = self.wrong.filter(|(name, _)| *name == blank.id) {
                errors.push(blank.refuse_below(&reader, flaw, self.least.unwrap_or(LEAST)));
            }
        }
        let content = json!({
            "section": self.section, "blanks": self.blanks, "errors": errors, "address": self.address,
            "action": self.action, "ticket": self.ticket, "form_token": reader.form_token(),
        });
        reader.page(status(self.wrong.is_some()), "account_form.html", content)
    }
}

/// The status of a page on which something may be wrong.
pub fn status(wrong: bool) -> StatusCode {
    if wrong { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK }
}

/// A blank that keeps what was typed.
pub fn line(reader: &Reader, name: &str, kind: &'static str, autocomplete: &'static str, sent: &Sent) -> Blank {
    let blank = Blank::usual(reader, "own", name, "line", sent).typed(kind, autocomplete);
    match reader.word("own", &format!("{name}_hint")) {
        hint if hint.is_empty() => blank,
        hint => blank.hint(hint),
    }
}

/// A blank for a password, which no page ever repeats.
pub fn password(reader: &Reader, name: &str, autocomplete: &'static str) -> Blank {
    line(reader, name, "password", autocomplete, &Sent::default())
}

/// The first of these blanks that was left empty.
pub fn empty<'a>(sent: &Sent, names: &[&'a str]) -> Option<(&'a str, &'static str)> {
    let empty = names.iter().find(|name| sent.value(&format!("/{name}")).trim().is_empty());
    empty.map(|name| (*name, "missing"))
}
