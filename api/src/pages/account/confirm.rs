//! The page that asks for the password once more before something that matters, and then leads on to it.

use actix_web::{
    HttpRequest, HttpResponse,
    web::{Data, Path, Payload},
};
use civicdesk_contract::Secret;

use super::{
    door,
    form::{self, Form},
    led, through,
};
use crate::{
    app::App,
    http::{
        accounts::confirmation,
        problem::{self, Problem},
    },
    pages::{reader::Reader, sent},
};

type Place = Path<(String, String)>;

pub async fn show(app: Data<App>, req: HttpRequest, path: Place) -> Result<HttpResponse, Problem> {
    let reader = Reader::enter(&app, &req, &path.0).await?;
    let home = reader.agency.home.clone();
    led(&home, &req, door(&reader).and_then(|_| page(reader, None)))
}

pub async fn send(app: Data<App>, req: HttpRequest, path: Place, payload: Payload) -> Result<HttpResponse, Problem> {
    let (slug, next) = path.into_inner();
    let reader = Reader::enter(&app, &req, &slug).await?;
    let sent = sent::read(&reader, payload.into_inner()).await?;
    if let Some(empty) = form::empty(&sent, &["current_password"]) {
        return page(reader, Some(empty));
    }
    let home = reader.agency.home.clone();
    let typed = Secret::new(sent.value("/current_password"));
    let confirmed = through(&reader, async |door| confirmation::confirmed(door, &typed).await).await;
    match confirmed {
        Ok(()) => Ok(reader.go_to(&format!("/account{}", onward(&next)))),
        Err(problem) if problem.kind == problem::INVALID => page(reader, Some(("current_password", "password_wrong"))),
        Err(problem) => led(&home, &req, Err(problem)),
    }
}

/// Where the page leads on to: a path of these pages, whatever the address says.
fn onward(next: &str) -> &str {
    let plain = next.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'/' | b'_' | b'-'));
    if plain && next.starts_with('/') && !next.starts_with("//") { next } else { "" }
}

fn page(reader: Reader, wrong: Option<(&str, &str)>) -> Result<HttpResponse, Problem> {
    let blanks = vec![form::password(&reader, "current_password", "current-password")];
    Form { section: "account_confirm", blanks, wrong, ..Form::default() }.page(reader)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_way_on_leads_to_these_pages_alone() {
        assert_eq!(onward("/addresses/adr_0a1b/remove"), "/addresses/adr_0a1b/remove");
        for elsewhere in ["", "addresses", "//evil.example", "/..", "/a.b", "/a?b", "/a\r\nb", "@evil.example"] {
            assert_eq!(onward(elsewhere), "", "{elsewhere}");
        }
    }
}
