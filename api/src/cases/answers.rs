//! What was filled into a topic's form: every value checked against its field, all at once, and kept with the words that
//! the person saw.

use civicdesk_contract::{IdentityKind, Party};
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Number, Value};
use utoipa::ToSchema;

use super::{
    fields::one_line,
    flaws::{Flaw, Wrong},
    form::{FieldKind, FormField},
};
use crate::people::{addresses, phones};

/// Characters of one line.
pub const LONGEST_LINE: usize = 500;
/// Characters of a long text. Forty of them and the request's own text fit into one message.
pub const LONGEST: usize = 4_000;

/// One field as it was filled in, with its label as it was then.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(default)]
pub struct Filled {
    #[schema(example = "pole_number")]
    pub key: String,
    #[schema(example = "Number on the pole")]
    pub label: String,
    pub kind: FieldKind,
    /// A text; a number of a `number`, true or false of a `yes_no`, the choice's key of a `choice`.
    #[schema(example = "4711")]
    pub value: Value,
    /// The value as people read it: of a choice, its label.
    #[schema(example = "4711")]
    pub text: String,
}

/// Checks what was filled in against the form. `country`: how numbers are dialled there.
pub fn checked(wrong: &mut Vec<Wrong>, form: &[FormField], given: &Map<String, Value>, country: &str) -> Vec<Filled> {
    let mut flawed = |key: &str, flaw| wrong.push(Wrong { pointer: format!("/fields/{key}"), flaw });
    for key in given.keys().filter(|key| !form.iter().any(|field| field.key == **key)) {
        flawed(&key.replace('~', "~0").replace('/', "~1"), Flaw::NoField);
    }
    let mut answers = Vec::new();
    for field in form {
        match answer(field, given.get(&field.key).unwrap_or(&Value::Null), country) {
            Ok(Some((value, text))) => {
                let (key, label) = (field.key.clone(), field.label.clone());
                answers.push(Filled { key, label, kind: field.kind, value, text });
            }
            Ok(None) if field.required => flawed(&field.key, Flaw::Missing),
            Ok(None) => {}
            Err(flaw) => flawed(&field.key, flaw),
        }
    }
    answers
}

/// The value and how people read it; nothing where the field was left empty.
fn answer(field: &FormField, given: &Value, country: &str) -> Result<Option<(Value, String)>, Flaw> {
    let given = match given {
        Value::Null => return Ok(None),
        Value::String(text) if text.trim().is_empty() => return Ok(None),
        Value::String(text) if text.contains('\0') => return Err(Flaw::Nul),
        given => given,
    };
    let text = given.as_str();
    let value = match field.kind {
        FieldKind::Text => bounded(one_line(text.ok_or(Flaw::NotText)?), LONGEST_LINE)?,
        FieldKind::Address => bounded(text.ok_or(Flaw::NotText)?.trim().to_owned(), LONGEST_LINE)?,
        FieldKind::LongText => bounded(text.ok_or(Flaw::NotText)?.trim().to_owned(), LONGEST)?,
        FieldKind::Number => return number(given).map(Some),
        FieldKind::Date => text.and_then(|t| t.trim().parse::<Date>().ok()).ok_or(Flaw::NotDate)?.to_string(),
        FieldKind::Choice => {
            let choice = field.choice(text.ok_or(Flaw::NotChoice)?).ok_or(Flaw::NotChoice)?;
            return Ok(Some((choice.key.clone().into(), choice.label.clone())));
        }
        FieldKind::Email => reached(IdentityKind::Email, text, country).ok_or(Flaw::NotEmail)?,
        FieldKind::Phone => reached(IdentityKind::Phone, text, country).ok_or(Flaw::NotPhone)?,
        FieldKind::YesNo => return yes_or_no(given).map(Some),
    };
    Ok(Some((value.clone().into(), value)))
}

fn bounded(text: String, most: usize) -> Result<String, Flaw> {
    if text.chars().count() > most { Err(Flaw::TooLong(most)) } else { Ok(text) }
}

fn number(given: &Value) -> Result<(Value, String), Flaw> {
    let number: Number = match given {
        Value::Number(number) => number.clone(),
        Value::String(text) => serde_json::from_str(text.trim()).map_err(|_| Flaw::NotNumber)?,
        _ => return Err(Flaw::NotNumber),
    };
    Ok((number.clone().into(), number.to_string()))
}

fn yes_or_no(given: &Value) -> Result<(Value, String), Flaw> {
    let yes = match given {
        Value::Bool(yes) => *yes,
        Value::String(text) if text == "yes" => true,
        Value::String(text) if text == "no" => false,
        _ => return Err(Flaw::NotYesNo),
    };
    Ok((yes.into(), if yes { "yes" } else { "no" }.to_owned()))
}

/// An address that names somebody; a number in the form that every network knows.
fn reached(kind: IdentityKind, text: Option<&str>, country: &str) -> Option<String> {
    let party = party(kind, text?, None, country)?;
    Some(party.address)
}

/// The person at this address; none where it is none.
pub fn party(kind: IdentityKind, address: &str, name: Option<&str>, country: &str) -> Option<Party> {
    let party = Party { kind, address: address.trim().to_owned(), name: name.map(str::to_owned) };
    let party = phones::fitted(party, country);
    addresses::normal(kind, &party.address).map(|_| party)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{super::form::FieldChoice, *};

    fn field(key: &str, kind: FieldKind) -> FormField {
        let choices = match kind {
            FieldKind::Choice => vec![FieldChoice { key: "out".into(), label: "It is out".into() }],
            _ => Vec::new(),
        };
        FormField { key: key.into(), label: key.into(), kind, required: false, choices, hint: None }
    }

    fn fill(form: &[FormField], given: Value) -> (Vec<Filled>, Vec<Wrong>) {
        let mut wrong = Vec::new();
        let answers = checked(&mut wrong, form, given.as_object().unwrap(), "US");
        (answers, wrong)
    }

    #[test]
    fn what_people_write_is_kept_in_the_form_that_programs_read() {
        use FieldKind::{Choice, Date, Number, Phone, YesNo};
        let form =
            [("n", Number), ("d", Date), ("c", Choice), ("p", Phone), ("y", YesNo)].map(|(k, kind)| field(k, kind));
        let given = json!({ "n": " 3.5", "d": "2026-11-22", "c": "out", "p": "(555) 010-9999", "y": "yes" });
        let (answers, wrong) = fill(&form, given);
        assert_eq!(wrong, []);
        let values: Vec<&Value> = answers.iter().map(|a| &a.value).collect();
        assert_eq!(values, [&json!(3.5), &json!("2026-11-22"), &json!("out"), &json!("+15550109999"), &json!(true)]);
        assert_eq!(answers[2].text, "It is out");
    }

    #[test]
    fn every_wrong_field_is_named_at_once() {
        use FieldKind::{Choice, Date, Email, Number, Phone, Text, YesNo};
        let kinds = [("n", Number), ("d", Date), ("c", Choice), ("p", Phone), ("y", YesNo), ("e", Email), ("t", Text)];
        let mut form: Vec<FormField> = kinds.iter().map(|(key, kind)| field(key, *kind)).collect();
        form.push(FormField { required: true, ..field("r", Text) });
        let given = json!({
            "n": "many", "d": "2026-02-30", "c": "gone", "p": "call me", "y": "maybe", "e": "maria",
            "t": "x".repeat(501), "r": "  ", "a/b": "?",
        });
        let (_, wrong) = fill(&form, given);
        let found: Vec<(&str, Flaw)> = wrong.iter().map(|w| (w.pointer.as_str(), w.flaw)).collect();
        assert_eq!(
            found,
            [
                ("/fields/a~1b", Flaw::NoField),
                ("/fields/n", Flaw::NotNumber),
                ("/fields/d", Flaw::NotDate),
                ("/fields/c", Flaw::NotChoice),
                ("/fields/p", Flaw::NotPhone),
                ("/fields/y", Flaw::NotYesNo),
                ("/fields/e", Flaw::NotEmail),
                ("/fields/t", Flaw::TooLong(500)),
                ("/fields/r", Flaw::Missing),
            ]
        );
    }
}
