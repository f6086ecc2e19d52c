//! The form of a topic: what is asked of whoever turns to the agency about it, in fields that people and programs fill in.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::fields::{Check, one_line};

/// Fields of a form.
const MOST_FIELDS: usize = 40;
/// Choices of a field.
const MOST_CHOICES: usize = 100;
/// Characters of a key.
const LONGEST_KEY: usize = 40;
/// Characters of a label.
const LONGEST_LABEL: usize = 200;
/// Characters of a hint.
const LONGEST_HINT: usize = 500;

/// What a field holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(example = "text")]
pub enum FieldKind {
    /// One line.
    #[default]
    Text,
    LongText,
    Number,
    /// A day, such as `2026-11-22`.
    Date,
    /// One of the field's choices.
    Choice,
    /// Where something is, in any number of lines.
    Address,
    Email,
    Phone,
    YesNo,
}

/// One answer that can be chosen.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct FieldChoice {
    /// Its name for programs.
    #[schema(example = "flickers", min_length = 1, max_length = 40, pattern = "^[a-z][a-z0-9_]*$")]
    pub key: String,
    #[schema(example = "It flickers", min_length = 1, max_length = 200)]
    pub label: String,
}

/// One field of a topic's form.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct FormField {
    /// Its name for programs.
    #[schema(example = "pole_number", min_length = 1, max_length = 40, pattern = "^[a-z][a-z0-9_]*$")]
    pub key: String,
    #[schema(example = "Number on the pole", min_length = 1, max_length = 200)]
    pub label: String,
    pub kind: FieldKind,
    /// Whether nobody gets by without filling it in.
    #[serde(default)]
    pub required: bool,
    /// What can be chosen; of a `choice` only.
    #[serde(default)]
    #[schema(max_items = 100)]
    pub choices: Vec<FieldChoice>,
    /// What helps to fill it in.
    #[serde(default)]
    #[schema(example = "Four digits on a yellow plate", max_length = 500)]
    pub hint: Option<String>,
}

impl FormField {
    /// The choice of this key.
    pub fn choice(&self, key: &str) -> Option<&FieldChoice> {
        self.choices.iter().find(|choice| choice.key == key)
    }
}

/// A form as it is kept: every text tidy. What is wrong is named under `/fields`.
pub fn checked(check: &mut Check, fields: &[FormField]) -> Vec<FormField> {
    if fields.len() > MOST_FIELDS {
        check.wrong("/fields", format!("must be at most {MOST_FIELDS}"));
        return Vec::new();
    }
    let tidy = |(n, field): (usize, &FormField)| {
        let at = format!("/fields/{n}");
        key(check, &at, &field.key, fields[..n].iter().any(|before| before.key == field.key));
        let label = label(check, &at, &field.label);
        let hint = field.hint.as_deref().map(one_line).filter(|hint| !hint.is_empty());
        if hint.as_ref().is_some_and(|hint| hint.chars().count() > LONGEST_HINT) {
            check.wrong(&format!("{at}/hint"), format!("must have at most {LONGEST_HINT} characters"));
        }
        let choices = choices(check, &at, field);
        FormField { label, hint, choices, ..field.clone() }
    };
    fields.iter().enumerate().map(tidy).collect()
}

fn choices(check: &mut Check, at: &str, field: &FormField) -> Vec<FieldChoice> {
    let given = &field.choices;
    let wrong = match field.kind {
        FieldKind::Choice if given.is_empty() || given.len() > MOST_CHOICES => {
            Some(format!("a choice has 1 to {MOST_CHOICES}"))
        }
        FieldKind::Choice => None,
        _ => (!given.is_empty()).then(|| "only a field of the kind `choice` has them".to_owned()),
    };
    if let Some(wrong) = wrong {
        check.wrong(&format!("{at}/choices"), wrong);
        return Vec::new();
    }
    let tidy = |(n, choice): (usize, &FieldChoice)| {
        let at = format!("{at}/choices/{n}");
        key(check, &at, &choice.key, given[..n].iter().any(|before| before.key == choice.key));
        FieldChoice { label: label(check, &at, &choice.label), key: choice.key.clone() }
    };
    given.iter().enumerate().map(tidy).collect()
}

fn key(check: &mut Check, at: &str, key: &str, twice: bool) {
    let fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
    let begins = key.starts_with(|c: char| c.is_ascii_lowercase());
    if !begins || key.len() > LONGEST_KEY || !key.chars().all(fits) {
        let what = format!("must be 1 to {LONGEST_KEY} small letters, digits and _, and begin with a letter");
        check.wrong(&format!("{at}/key"), what);
    } else if twice {
        check.wrong(&format!("{at}/key"), "stands twice");
    }
}

fn label(check: &mut Check, at: &str, label: &str) -> String {
    let tidy = one_line(label);
    if tidy.is_empty() || tidy.chars().count() > LONGEST_LABEL {
        check.wrong(&format!("{at}/label"), format!("must have 1 to {LONGEST_LABEL} characters"));
    }
    tidy
}
