//! The letter by which a person proves an address. Nothing that any citizen wrote stands in it: it may reach a stranger.

use minijinja::{Environment, UndefinedBehavior, context};

use super::secrets::{HIDDEN_CODE, HIDDEN_TOKEN};
use crate::fail::Fail;

const SUBJECT: [&str; 2] = [include_str!("proof_letter/en/subject.txt"), include_str!("proof_letter/es/subject.txt")];
const MAIL: [&str; 2] = [include_str!("proof_letter/en/mail.txt"), include_str!("proof_letter/es/mail.txt")];
const TEXT: [&str; 2] = [include_str!("proof_letter/en/text.txt"), include_str!("proof_letter/es/text.txt")];

/// Subject and text of the mail, which has a link under `pages` and a code.
pub fn mail(language: &str, agency: &str, pages: &str) -> Result<(String, String), Fail> {
    let link = format!("{pages}/{HIDDEN_TOKEN}");
    Ok((rendered(SUBJECT, language, agency, &link)?, rendered(MAIL, language, agency, &link)?))
}

/// The text message, which has the code alone.
pub fn text(language: &str, agency: &str) -> Result<String, Fail> {
    rendered(TEXT, language, agency, "")
}

fn rendered([english, spanish]: [&str; 2], language: &str, agency: &str, link: &str) -> Result<String, Fail> {
    let primary = language.split(['-', '_']).next().unwrap_or_default();
    let template = if primary == "es" { spanish } else { english };
    let mut templates = Environment::new();
    templates.set_undefined_behavior(UndefinedBehavior::Strict);
    let rendered = templates.render_str(template, context! { agency, link, code => HIDDEN_CODE });
    rendered.map(|text| text.trim().to_owned()).map_err(|e| Fail::Broken(format!("letters: {e}")))
}
