//! `/t/{tenant}/requests/new`: what it is about, then the form of that topic.

use actix_web::{
    HttpRequest, HttpResponse,
    http::StatusCode,
    web::{Data, Path, Payload},
};
use serde_json::{Map, Value, json};

use super::{
    blanks::{self, Blank},
    reader::{Reader, parameter},
    sent::{self, Sent},
};
use crate::{
    app::App,
    cases::{
        desk,
        flaws::{Refusal, Wrong},
        form::FormField,
        requests::Ask,
        uploads::MOST,
    },
    channels::builtin::desk::WEB,
    fail::Fail,
    http::{
        problem::Problem,
        public::{self, MOST_TOPICS},
    },
    ids,
    store::{
        Tx,
        topics::{self, Topic},
    },
};

/// What stands for a topic where none fits.
const OTHER: &str = "other";

pub async fn show(app: Data<App>, req: HttpRequest, slug: Path<String>) -> Result<HttpResponse, Problem> {
    let reader = Reader::enter(&app, &req, &slug).await?;
    let topics = open(&reader).await?;
    match parameter(&req, "topic") {
        None if !topics.is_empty() => choose(reader, &topics),
        asked => {
            let topic = chosen(&topics, asked.as_deref().unwrap_or(OTHER))?;
            form(reader, topic, &Sent::default(), &[]).await
        }
    }
}

pub async fn send(
    app: Data<App>,
    req: HttpRequest,
    slug: Path<String>,
    payload: Payload,
) -> Result<HttpResponse, Problem> {
    let reader = Reader::enter(&app, &req, &slug).await?;
    let topics = open(&reader).await?;
    let sent = sent::read(&reader, payload.into_inner()).await?;
    let topic = chosen(&topics, sent.value("/topic_id"))?;
    match public::taken(&app, reader.tenant, ask(topic, &sent)).await {
        Ok((_, token)) => Ok(reader.go_to(&format!("/requests/{token}/received"))),
        Err(Refusal::Wrong(wrong)) => form(reader, topic, &sent, &wrong).await,
        Err(Refusal::Fail(fail)) => Err(fail.into()),
    }
}

/// The topics, where the agency takes requests on its pages.
async fn open(reader: &Reader) -> Result<Vec<Topic>, Fail> {
    let read = |tx: &mut Tx| {
        desk::channel(tx, WEB)?.ok_or(Fail::NotFound("form"))?;
        Ok::<_, Fail>(topics::list(tx, None, MOST_TOPICS)?)
    };
    reader.app.store.tenant(reader.tenant).read(read).await
}

fn chosen<'a>(topics: &'a [Topic], asked: &str) -> Result<Option<&'a Topic>, Fail> {
    if asked == OTHER {
        return Ok(None);
    }
    let id = ids::TOPIC.read(asked).ok_or(Fail::NotFound("topic"))?;
    topics.iter().find(|topic| topic.id.0 == id).map(Some).ok_or(Fail::NotFound("topic"))
}

fn choose(reader: Reader, topics: &[Topic]) -> Result<HttpResponse, Problem> {
    let shown = |t: &Topic| json!({ "id": ids::TOPIC.show(t.id.0), "name": t.name, "description": t.description });
    let topics: Vec<Value> = topics.iter().map(shown).collect();
    reader.page(StatusCode::OK, "choose.html", json!({ "topics": topics, "other": OTHER }))
}

/// What was typed, as the API takes it.
fn ask(topic: Option<&Topic>, sent: &Sent) -> Ask {
    let form: Vec<FormField> = topic.map(|topic| topic.fields.read()).unwrap_or_default();
    let known = sent.fields().filter(|(key, _)| form.iter().any(|field| field.key == *key));
    let fields: Map<String, Value> = known.map(|(key, value)| (key.to_owned(), value.into())).collect();
    Ask {
        text: sent.value("/text").to_owned(),
        subject: None,
        topic_id: topic.map(|topic| topic.id),
        fields,
        attachments: sent.all(sent::FILES),
        name: sent.given("/name"),
        email: sent.given("/email"),
        phone: sent.given("/phone"),
    }
}

async fn form(
    mut reader: Reader,
    topic: Option<&Topic>,
    sent: &Sent,
    wrong: &[Wrong],
) -> Result<HttpResponse, Problem> {
    let fields: Vec<FormField> = topic.map(|topic| topic.fields.read()).unwrap_or_default();
    let hint = |key| reader.word("ask", key);
    let usual = |name, drawn| Blank::usual(&reader, "ask", name, drawn, sent);
    let mut all: Vec<Blank> = fields.iter().map(|field| Blank::of(&reader, field, sent)).collect();
    let says_enough = fields.iter().any(|field| field.required);
    all.push(usual("text", "lines").hint(hint("text_hint")).optional(says_enough));
    let files = all.len();
    all.push(files_blank(&reader));
    all.push(usual("name", "line").typed("text", "name").optional(true));
    all.push(usual("email", "line").typed("email", "email").hint(hint("email_hint")).optional(true));
    all.push(usual("phone", "line").typed("tel", "tel").hint(hint("phone_hint")).optional(true));
    let errors = blanks::mark(&reader, &mut all, wrong);
    let you = all.split_off(files + 1);
    let attached = all.pop();
    let kept = sent::kept(&reader, sent).await?;
    let status = if wrong.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    let content = json!({
        "topic": topic.map_or(OTHER.to_owned(), |topic| ids::TOPIC.show(topic.id.0)),
        "topic_name": topic.map(|topic| &topic.name),
        "topic_description": topic.and_then(|topic| topic.description.as_deref()),
        "blanks": all, "files": attached, "kept": kept, "you": you, "errors": errors,
        "form_token": reader.form_token(),
    });
    reader.page(status, "ask.html", content)
}

/// Where files are chosen.
pub fn files_blank(reader: &Reader) -> Blank {
    let megabytes = (reader.app.bounds.attachment_bytes / (1024 * 1024)).max(1);
    let hint = reader.word("ask", "files_hint");
    let hint = hint.replace("{most}", &MOST.to_string()).replace("{size}", &megabytes.to_string());
    let blank = Blank::usual(reader, "ask", "files", "files", &Sent::default()).hint(hint).optional(true);
    Blank { name: sent::FILES.to_owned(), ..blank }
}
