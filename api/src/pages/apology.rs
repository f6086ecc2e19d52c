//! What a reader sees where a page cannot be given: what happened, in plain words, and what to do.

use actix_web::{HttpMessage, HttpRequest, HttpResponse, http::header};
use serde_json::json;

use super::{
    reader::{Agency, language},
    templates,
    words::Language,
};
use crate::{
    accounts::elsewhere::UNSURE,
    app::App,
    http::problem::{self, Problem},
};

/// A reader to whom an error is a page and no document for programs.
#[derive(Clone, Copy, Debug)]
pub struct Apology(&'static Language);

impl Apology {
    /// For requests of pages only.
    pub fn to(app: &App, req: &HttpRequest) -> Option<Self> {
        let slug = req.path().strip_prefix("/t/")?.split('/').next().unwrap_or_default();
        language(req, slug, "", app.public_url.starts_with("https:")).ok().map(Self)
    }

    /// The page, where the agency is known in its frame. None where not even that can be made.
    pub fn page(self, req: Option<&HttpRequest>, id: &str, problem: &Problem) -> Option<HttpResponse> {
        let agency = req.and_then(|req| req.extensions().get::<Agency>().cloned());
        let word = word(problem);
        let seconds = problem.retry_after.unwrap_or(60).to_string();
        let fill = |key: &str| self.0.word("problem", key).replace("{seconds}", &seconds).replace("{id}", id);
        let content = json!({ "title": fill(word), "about": fill(&format!("{word}_about")) });
        let frame = templates::frame(self.0, agency.as_ref(), None).ok()?;
        let mut answer = templates::answer(problem.status(), "problem.html", frame, content).ok()?;
        if let Some(seconds) = problem.retry_after {
            answer.headers_mut().insert(header::RETRY_AFTER, seconds.into());
        }
        Some(answer)
    }
}

fn word(problem: &Problem) -> &'static str {
    match problem.kind.status {
        404 | 405 => "not_found",
        403 if problem.kind == problem::FORBIDDEN => "wrong_form",
        413 => "too_large",
        429 => "too_many",
        503 if problem.kind == problem::DIRECTORY_DOWN => "directory_down",
        409 if problem.code == UNSURE => "unsure",
        503 => "busy",
        400..500 => "unreadable",
        _ => "broken",
    }
}
