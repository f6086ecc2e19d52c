//! The letter by which a person proves an address. Nothing that any citizen wrote stands in it: it may reach a stranger.

use minijinja::context;

use super::secrets::{HIDDEN_CODE, HIDDEN_TOKEN};
use crate::{
    fail::Fail,
    texts::{Texts, texts},
};

static TEXTS: Texts = texts![
    "letters",
    "proof/en/subject.txt",
    "proof/en/mail.txt",
    "proof/en/text.txt",
    "proof/es/subject.txt",
    "proof/es/mail.txt",
    "proof/es/text.txt",
];

/// Subject and text of the mail, which has a link under `pages` and a code.
pub fn mail(language: &str, agency: &str, pages: &str) -> Result<(String, String), Fail> {
    let link = format!("{pages}/{HIDDEN_TOKEN}");
    let about = context! { agency, link, code => HIDDEN_CODE };
    Ok((TEXTS.fill("proof", language, "subject", &about)?, TEXTS.fill("proof", language, "mail", &about)?))
}

/// The text message, which has the code alone.
pub fn text(language: &str, agency: &str) -> Result<String, Fail> {
    TEXTS.fill("proof", language, "text", &context! { agency, code => HIDDEN_CODE })
}
