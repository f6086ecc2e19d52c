//! Templates of the pages, filled strictly: what a page does not give is an error, and every text is escaped.

use std::sync::LazyLock;

use actix_web::{
    HttpResponse,
    http::{StatusCode, header},
};
use minijinja::{
    Environment, Error, UndefinedBehavior, Value as Filled,
    value::{Kwargs, Serde},
};
use serde_json::{Value, json};

use super::{
    assets::PLACES,
    reader::Agency,
    words::{self, Language},
};
use crate::fail::Fail;

/// Nothing comes from elsewhere, nothing is run, nothing frames us, and forms go to ourselves.
const POLICY: &str = "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; frame-ancestors 'none'; \
     base-uri 'none'";

macro_rules! files {
    ($($name:literal),+ $(,)?) => { &[$(($name, include_str!(concat!("templates/", $name)))),+] };
}

const FILES: &[(&str, &str)] = files![
    "frame.html",
    "contact.html",
    "form_token.html",
    "errors.html",
    "blank.html",
    "files.html",
    "home.html",
    "choose.html",
    "ask.html",
    "received.html",
    "status.html",
    "find.html",
    "proof.html",
    "recover_ask.html",
    "recover_code.html",
    "recover_help.html",
    "recover_none.html",
    "recover_new.html",
    "recover_refused.html",
    "recover_done.html",
    "staff_ask.html",
    "staff_said.html",
    "object.html",
    "object_done.html",
    "object_refused.html",
    "account.html",
    "account_form.html",
    "account_app.html",
    "account_codes.html",
    "problem.html",
];

static TEMPLATES: LazyLock<Result<Environment<'static>, Error>> = LazyLock::new(|| {
    let mut templates = Environment::new();
    templates.set_undefined_behavior(UndefinedBehavior::Strict);
    templates.add_filter("with", with);
    for (name, text) in FILES {
        templates.add_template(name, text)?;
    }
    Ok(templates)
});

/// `{{ sentence|with(label="…") }}`: fills the holes of a sentence. The result is escaped like any other text.
fn with(sentence: String, values: Kwargs) -> Result<String, Error> {
    let mut filled = sentence;
    for name in values.args() {
        let value: Filled = values.get(name)?;
        filled = filled.replace(&format!("{{{name}}}"), &value.to_string());
    }
    values.assert_all_used()?;
    Ok(filled)
}

/// What every page knows.
pub fn frame(language: &Language, agency: Option<&Agency>, topic: Option<&str>) -> Result<Value, Fail> {
    // A reader who changes the language stays with what is being asked.
    let topic = topic.filter(|topic| topic.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_'));
    let kept = topic.map(|topic| format!("&topic={topic}")).unwrap_or_default();
    let other = |l: &Language| {
        let (name, to) = (l.word("language", "name"), format!("?lang={}{kept}", l.code));
        json!({ "code": l.code, "name": name, "to": to, "here": l.code == language.code })
    };
    let languages: Vec<Value> = words::all()?.iter().map(other).collect();
    Ok(json!({
        "w": language.words,
        "code": language.code,
        "languages": languages,
        "agency": agency,
        "style": PLACES.style,
        "icon": PLACES.icon,
    }))
}

/// A page, whole.
pub fn answer(status: StatusCode, template: &str, frame: Value, content: Value) -> Result<HttpResponse, Fail> {
    let mut all = frame;
    if let (Some(all), Value::Object(content)) = (all.as_object_mut(), content) {
        all.extend(content);
    }
    let broken = |e: &Error| Fail::Broken(format!("the page {template}: {e:#}"));
    let templates = TEMPLATES.as_ref().map_err(broken)?;
    let page = templates.get_template(template).and_then(|t| t.render(Serde(all))).map_err(|e| broken(&e))?;
    let mut answer = HttpResponse::build(status);
    answer.insert_header((header::CONTENT_SECURITY_POLICY, POLICY));
    Ok(answer.content_type("text/html; charset=utf-8").body(page))
}
