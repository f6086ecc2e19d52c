//! The blanks of a form as a page shows them: label, hint, what was typed, and what is wrong with it.

use serde::Serialize;
use serde_json::{Value, json};

use super::{reader::Reader, sent::Sent};
use crate::{
    auth::passwords::LEAST,
    cases::{
        flaws::Wrong,
        form::{FieldKind, FormField},
    },
};

/// Choices that are shown at once; more are a list that opens.
const AT_ONCE: usize = 7;

/// One blank.
#[derive(Debug, Default, Serialize)]
pub struct Blank {
    /// What labels, hints and the list of errors point at.
    pub id: String,
    /// Its name in what the browser sends: the JSON pointer of the same field over the API.
    pub name: String,
    pub label: String,
    pub hint: Option<String>,
    pub optional: bool,
    /// How it is drawn: `line`, `lines`, `radios` or `list`.
    pub drawn: &'static str,
    /// The `type` of a line.
    pub kind: &'static str,
    pub autocomplete: Option<&'static str>,
    pub choices: Vec<Value>,
    pub value: String,
    /// What is wrong with it, as a whole sentence.
    pub error: Option<String>,
}

impl Blank {
    /// A blank of every form, by the words of its section.
    pub fn usual(reader: &Reader, section: &str, name: &str, drawn: &'static str, sent: &Sent) -> Self {
        Self {
            id: name.to_owned(),
            name: format!("/{name}"),
            label: reader.word(section, name),
            drawn,
            kind: "text",
            value: sent.value(&format!("/{name}")).to_owned(),
            ..Self::default()
        }
    }

    /// A blank of a topic's form.
    pub fn of(reader: &Reader, field: &FormField, sent: &Sent) -> Self {
        let (drawn, kind, autocomplete) = match field.kind {
            FieldKind::Text => ("line", "text", None),
            FieldKind::Number => ("line", "number", None),
            FieldKind::Date => ("line", "date", None),
            FieldKind::Email => ("line", "email", Some("email")),
            FieldKind::Phone => ("line", "tel", Some("tel")),
            FieldKind::LongText => ("lines", "text", None),
            FieldKind::Address => ("lines", "text", Some("street-address")),
            FieldKind::Choice if field.choices.len() > AT_ONCE => ("list", "text", None),
            FieldKind::Choice | FieldKind::YesNo => ("radios", "text", None),
        };
        let name = format!("/fields/{}", field.key);
        let choices = match field.kind {
            FieldKind::YesNo => ["yes", "no"].map(|key| json!({ "key": key, "label": reader.word("ask", key) })).into(),
            _ => field.choices.iter().map(|choice| json!(choice)).collect(),
        };
        let date_hint = (field.kind == FieldKind::Date).then(|| reader.word("ask", "date_hint"));
        Self {
            id: format!("fields-{}", field.key),
            label: field.label.clone(),
            hint: field.hint.clone().or(date_hint),
            optional: !field.required,
            drawn,
            kind,
            autocomplete,
            choices,
            value: sent.value(&name).to_owned(),
            error: None,
            name,
        }
    }

    pub fn hint(self, hint: String) -> Self {
        Self { hint: Some(hint), ..self }
    }

    pub fn optional(self, optional: bool) -> Self {
        Self { optional, ..self }
    }

    pub fn typed(self, kind: &'static str, autocomplete: &'static str) -> Self {
        Self { kind, autocomplete: Some(autocomplete), ..self }
    }
}

impl Blank {
    /// Puts beside it what is wrong with it, and answers its line in the list of errors.
    pub fn refuse(&mut self, reader: &Reader, flaw: &str) -> Value {
        self.refuse_below(reader, flaw, LEAST)
    }

    /// The same, where a password has so many characters at least.
    pub fn refuse_below(&mut self, reader: &Reader, flaw: &str, least: usize) -> Value {
        let sentence = reader.word("flaws", flaw).replace("{label}", &self.label);
        self.refused(sentence.replace("{least}", &least.to_string()))
    }

    /// The same, for a reason that somebody else gives.
    pub fn refuse_because(&mut self, reader: &Reader, flaw: &str, why: &str) -> Value {
        let sentence = reader.word("flaws", flaw).replace("{label}", &self.label);
        self.refused(sentence.replace("{why}", why))
    }

    fn refused(&mut self, sentence: String) -> Value {
        self.error = Some(sentence.clone());
        json!({ "id": self.id, "sentence": sentence })
    }
}

/// Puts beside every blank what is wrong with it, and lists everything that is wrong, in the order of the blanks.
pub fn mark(reader: &Reader, blanks: &mut [Blank], wrong: &[Wrong]) -> Vec<Value> {
    let mut listed = Vec::new();
    for blank in blanks {
        let here = |w: &&Wrong| w.pointer == blank.name || w.pointer.starts_with(&format!("{}/", blank.name));
        let Some(wrong) = wrong.iter().find(here) else { continue };
        let most = wrong.flaw.most().map(|most| most.to_string()).unwrap_or_default();
        let sentence = reader.language.word("flaws", wrong.flaw.word());
        let sentence = sentence.replace("{most}", &most).replace("{label}", &blank.label);
        let first = if blank.drawn == "radios" { format!("{}-0", blank.id) } else { blank.id.clone() };
        listed.push(json!({ "id": first, "sentence": sentence }));
        blank.error = Some(sentence);
    }
    listed
}
