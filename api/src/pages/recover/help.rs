//! Whoever is stuck opens a case: the address that they used, what they tried, and one button. It is a request like any other
//! and knows of no account.

use actix_web::{
    HttpRequest, HttpResponse,
    http::StatusCode,
    web::{Data, Path, Payload},
};
use serde_json::{Map, json};

use crate::{
    app::App,
    cases::{desk, flaws::Refusal, requests::Ask},
    channels::builtin::desk::WEB,
    http::{problem::Problem, public},
    pages::{
        blanks::Blank,
        reader::Reader,
        sent::{self, Sent},
    },
};

pub async fn show(app: Data<App>, req: HttpRequest, slug: Path<String>) -> Result<HttpResponse, Problem> {
    let reader = Reader::enter(&app, &req, &slug).await?;
    page(reader, None, &[]).await
}

pub async fn send(
    app: Data<App>,
    req: HttpRequest,
    slug: Path<String>,
    payload: Payload,
) -> Result<HttpResponse, Problem> {
    let reader = Reader::enter(&app, &req, &slug).await?;
    let sent = sent::read(&reader, payload.into_inner()).await?;
    let address = sent.given("/identifier");
    let mailed = address.as_ref().is_some_and(|address| address.contains('@'));
    let ask = Ask {
        text: sent.value("/text").to_owned(),
        subject: Some(reader.word("help", "subject")),
        topic_id: None,
        fields: Map::new(),
        attachments: Vec::new(),
        name: None,
        email: address.clone().filter(|_| mailed),
        phone: address.filter(|_| !mailed),
    };
    match public::taken(&app, reader.tenant, ask).await {
        Ok((_, token)) => Ok(reader.go_to(&format!("/requests/{token}/received"))),
        Err(Refusal::Wrong(wrong)) => {
            let flaw = |text: bool| if text { ("text", "missing") } else { ("identifier", "not_address") };
            let wrong: Vec<_> = wrong.iter().map(|wrong| flaw(wrong.pointer == "/text")).collect();
            page(reader, Some(&sent), &wrong).await
        }
        Err(Refusal::Fail(fail)) => Err(fail.into()),
    }
}

async fn page(mut reader: Reader, sent: Option<&Sent>, wrong: &[(&str, &str)]) -> Result<HttpResponse, Problem> {
    if reader.app.store.tenant(reader.tenant).read(|tx| desk::channel(tx, WEB)).await?.is_none() {
        return reader.page(StatusCode::OK, "recover_none.html", json!({ "way": "recover", "why": "no_help" }));
    }
    let nothing = Sent::default();
    let mut address = Blank::usual(&reader, "code", "identifier", "line", sent.unwrap_or(&nothing));
    address = address.hint(reader.word("help", "identifier_hint")).typed("text", "username");
    let mut text = Blank::usual(&reader, "help", "text", "lines", sent.unwrap_or(&nothing));
    text = text.hint(reader.word("help", "text_hint"));
    if sent.is_none() {
        text.value = reader.word("help", "tried");
    }
    let mut blanks = [address, text];
    let mut errors = Vec::new();
    for blank in &mut blanks {
        if let Some((_, flaw)) = wrong.iter().find(|(name, _)| *name == blank.id) {
            errors.push(blank.refuse(&reader, flaw));
        }
    }
    let content = json!({ "blanks": blanks, "errors": errors, "form_token": reader.form_token() });
    let status = if wrong.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    reader.page(status, "recover_help.html", content)
}
