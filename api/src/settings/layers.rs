//! Reads the settings layer by layer, so that a mistake is told with the place where it was made.

use std::{collections::BTreeMap, ops::Range, path::Path};

use serde::Deserialize;
use toml::{
    Spanned,
    de::{DeTable, DeValue, Deserializer},
};

use super::{DEFAULT, Settings, near::nearest};

const PREFIX: &str = "CIVICDESK_";

/// A setting that cannot be taken; the text says which, where, and what would be right.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Wrong(pub String);

/// One source of settings: a file, or one variable of the environment.
struct Layer {
    text: String,
    file: Option<String>,
    variable: Option<String>,
}

/// Every setting by section, with a sample of its value.
type Known<'a> = BTreeMap<&'a str, BTreeMap<&'a str, &'a str>>;

/// The defaults, then the file, then the environment.
pub fn read(file: Option<&Path>, environment: impl Iterator<Item = (String, String)>) -> Result<Settings, Wrong> {
    let known = known();
    let mut layers = Vec::new();
    if let Some(file) = file {
        let name = file.display().to_string();
        let text = std::fs::read_to_string(file).map_err(|e| Wrong(format!("{name}: {e}")))?;
        layers.push(Layer { text, file: Some(name), variable: None });
    }
    let mut variables: Vec<(String, String)> = environment.filter(|(name, _)| name.starts_with(PREFIX)).collect();
    variables.sort();
    for (name, value) in variables {
        layers.extend(variable(&known, name, &value)?);
    }
    let defaults = Layer { text: DEFAULT.to_owned(), file: Some("default.toml".to_owned()), variable: None };
    let mut merged = parse(&defaults)?;
    let mut settings = deserialize(&merged, &defaults)?;
    for layer in &layers {
        merge(&mut merged, parse(layer)?, layer, &known)?;
        settings = deserialize(&merged, layer)?;
    }
    Ok(settings)
}

/// The key of a line like `key = value`.
pub fn key_of(line: &str) -> Option<&str> {
    let (key, _) = line.split_once(" = ")?;
    (!key.is_empty() && key.bytes().all(|b| b.is_ascii_lowercase() || b == b'_')).then_some(key)
}

/// Every setting there is, read from the documented file: those that are unset stand in it behind a `# `.
fn known() -> Known<'static> {
    let mut known = Known::new();
    let mut section = "";
    for line in DEFAULT.lines() {
        if let Some(name) = line.strip_prefix('[').and_then(|l| l.strip_suffix(']')) {
            section = name;
        }
        let line = line.strip_prefix("# ").unwrap_or(line);
        if let Some(key) = key_of(line) {
            known.entry(section).or_default().insert(key, line[key.len()..].trim_start_matches(" = "));
        }
    }
    known
}

/// A variable of the environment as a layer. One without `__` that names no setting is not ours: container platforms set
/// `CIVICDESK_PORT` and the like for a service of our name.
fn variable(known: &Known, name: String, value: &str) -> Result<Option<Layer>, Wrong> {
    let bare = name[PREFIX.len()..].to_ascii_lowercase();
    let Some((section, key)) = bare.split_once("__") else {
        let meant = all(known).find(|(s, k)| bare == format!("{s}_{k}"));
        return match meant {
            Some((s, k)) => {
                Err(Wrong(format!("environment variable {name}: write {} (two underscores)", as_variable(s, k))))
            }
            None => Ok(None),
        };
    };
    let Some(sample) = known.get(section).and_then(|keys| keys.get(key)) else {
        let hint = suggestion(known, section, key).map(|(s, k)| format!("; did you mean {}?", as_variable(s, k)));
        return Err(Wrong(format!(
            "environment variable {name}: there is no such setting{}",
            hint.unwrap_or_default()
        )));
    };
    let quoted = |text: &str| toml::Value::String(text.trim().to_owned()).to_string();
    let value = match sample.as_bytes().first() {
        Some(b'"') => quoted(value),
        Some(b'[') if !value.trim_start().starts_with('[') => {
            format!(
                "[{}]",
                value.split(',').filter(|v| !v.trim().is_empty()).map(quoted).collect::<Vec<_>>().join(", ")
            )
        }
        _ => value.to_owned(),
    };
    Ok(Some(Layer { text: format!("[{section}]\n{key} = {value}\n"), file: None, variable: Some(name) }))
}

fn parse(layer: &Layer) -> Result<Spanned<DeTable<'_>>, Wrong> {
    DeTable::parse(&layer.text).map_err(|e| layer.wrong(e.span(), "", e.message()))
}

/// Puts a layer's settings over those below. What is unknown is refused by name.
fn merge<'i>(
    merged: &mut Spanned<DeTable<'i>>,
    layer_table: Spanned<DeTable<'i>>,
    layer: &Layer,
    known: &Known,
) -> Result<(), Wrong> {
    for (section, value) in layer_table.into_inner() {
        let (name, at) = (section.get_ref().clone(), section.span());
        let Some(keys) = known.get(name.as_ref()) else {
            let hint = nearest(&name, known.keys().copied()).map(|s| format!("; did you mean `{s}`?"));
            return Err(layer.wrong(
                Some(at),
                "",
                &format!("there is no setting `{name}`{}", hint.unwrap_or_default()),
            ));
        };
        let DeValue::Table(given) = value.into_inner() else {
            return Err(layer.wrong(
                Some(at),
                "",
                &format!("`{name}` is a section: write [{name}] above its settings"),
            ));
        };
        let Some(DeValue::Table(below)) = merged.get_mut().get_mut(name.as_ref()).map(Spanned::get_mut) else {
            continue;
        };
        for (key, value) in given {
            if !keys.contains_key(key.get_ref().as_ref()) {
                let hint = suggestion(known, &name, key.get_ref()).map(|(s, k)| format!("; did you mean `{s}.{k}`?"));
                let text = format!("there is no setting `{name}.{}`{}", key.get_ref(), hint.unwrap_or_default());
                return Err(layer.wrong(Some(key.span()), "", &text));
            }
            below.insert(key, value);
        }
    }
    Ok(())
}

fn deserialize(merged: &Spanned<DeTable>, layer: &Layer) -> Result<Settings, Wrong> {
    Settings::deserialize(Deserializer::from(merged.clone())).map_err(|e| {
        let name = e.span().and_then(|at| layer.setting_at(&at)).map(|name| format!("{name}: ")).unwrap_or_default();
        layer.wrong(e.span(), &name, e.message())
    })
}

/// A known setting that was probably meant: the same key elsewhere, or one with few typing errors.
fn suggestion<'a>(known: &Known<'a>, section: &str, key: &str) -> Option<(&'a str, &'a str)> {
    let here = known.get(section).and_then(|keys| nearest(key, keys.keys().copied()));
    if let (Some(found), Some((section, _))) = (here, known.get_key_value(section)) {
        return Some((section, found));
    }
    let elsewhere = nearest(key, all(known).map(|(_, k)| k))?;
    all(known).find(|(_, k)| *k == elsewhere)
}

fn all<'a>(known: &Known<'a>) -> impl Iterator<Item = (&'a str, &'a str)> {
    known.iter().flat_map(|(s, keys)| keys.keys().map(|k| (*s, *k)))
}

fn as_variable(section: &str, key: &str) -> String {
    format!("{PREFIX}{}__{}", section.to_ascii_uppercase(), key.to_ascii_uppercase())
}

impl Layer {
    /// The name of the setting whose value lies at this place of the text.
    fn setting_at(&self, at: &Range<usize>) -> Option<String> {
        let table = DeTable::parse(&self.text).ok()?;
        table.get_ref().iter().find_map(|(section, value)| {
            let keys = value.get_ref().as_table()?;
            let (key, _) = keys.iter().find(|(_, v)| v.span().start <= at.start && at.end <= v.span().end)?;
            Some(format!("{}.{}", section.get_ref(), key.get_ref()))
        })
    }

    fn wrong(&self, at: Option<Range<usize>>, name: &str, text: &str) -> Wrong {
        let line = at.map_or(1, |at| 1 + self.text.bytes().take(at.start).filter(|b| *b == b'\n').count());
        let text = text.trim_end().replace('\n', ", ");
        match (&self.variable, &self.file) {
            (Some(variable), _) => Wrong(format!("environment variable {variable}: {name}{text}")),
            (None, file) => Wrong(format!("{}:{line}: {name}{text}", file.as_deref().unwrap_or_default())),
        }
    }
}
