//! What pages bring beside themselves: a stylesheet and an icon, named by their content so that a browser keeps them.

use std::sync::LazyLock;

use actix_web::{
    HttpResponse,
    http::header,
    web::{self, ServiceConfig},
};

use crate::{blobs, fail::Fail, http::problem::Problem};

pub const STYLE: &str = include_str!("assets/style.css");
const ICON: &str = include_str!("assets/icon.svg");

/// Where the assets lie, for the pages.
pub struct Places {
    pub style: String,
    pub icon: String,
}

pub static PLACES: LazyLock<Places> =
    LazyLock::new(|| Places { style: place("style", STYLE, "css"), icon: place("icon", ICON, "svg") });

fn place(name: &str, content: &str, kind: &str) -> String {
    let hash = blobs::to_hex(&blobs::of(content.as_bytes()));
    format!("/assets/{name}.{}.{kind}", &hash[..16])
}

pub fn configure(to: &mut ServiceConfig) {
    to.service(web::resource("/assets/{name}").route(web::get().to(asset)));
}

async fn asset(path: web::Path<String>) -> Result<HttpResponse, Problem> {
    let asked = format!("/assets/{path}");
    let (kind, content) = if asked == PLACES.style {
        ("text/css; charset=utf-8", STYLE)
    } else if asked == PLACES.icon {
        ("image/svg+xml", ICON)
    } else {
        return Err(Fail::NotFound("asset").into());
    };
    let mut answer = HttpResponse::Ok();
    answer.insert_header((header::CACHE_CONTROL, "public, max-age=31536000, immutable"));
    Ok(answer.content_type(kind).body(content))
}
