//! What the service says about itself: health, keys, its document, and what each problem means.

use actix_web::{
    HttpRequest, HttpResponse,
    dev::ResourceDef,
    get,
    http::header,
    web::{Data, Path},
};
use serde::Serialize;
use utoipa::ToSchema;

use super::{
    openapi,
    problem::{self, Problem},
    wire::{Answer, Reply},
};
use crate::{app::App, fail::Fail};

/// Whether the service works.
#[derive(Debug, Serialize, ToSchema)]
pub struct Health {
    #[schema(example = "ok")]
    status: &'static str,
    #[schema(example = "0.1.0")]
    version: &'static str,
}

const OK: Health = Health { status: "ok", version: env!("CARGO_PKG_VERSION") };

/// Says that the process is alive.
#[utoipa::path(tag = "meta", operation_id = "get_health", security(()),
    responses((status = 200, description = "It is alive.", body = Health)))]
#[get("/healthz")]
pub async fn healthz() -> Answer {
    Ok(Reply::ok(&OK)?)
}

/// Says whether requests can be served: the database answers, and its tables are at this program's step.
#[utoipa::path(tag = "meta", operation_id = "get_readiness", security(()),
    responses((status = 200, description = "Requests can be served.", body = Health)))]
#[get("/readyz")]
pub async fn readyz(app: Data<App>) -> Answer {
    // The store refuses to open over tables of another step, so an answer is enough.
    app.store.control_read(|c| crate::store::flags::get(c, "ready")).await.map_err(Fail::from)?;
    Ok(Reply::ok(&OK)?)
}

/// A set of public keys.
#[derive(Debug, Serialize, ToSchema)]
pub struct KeySet {
    keys: Vec<PublicKey>,
}

/// A public key as RFC 8037 writes it.
#[derive(Debug, Serialize, ToSchema)]
pub struct PublicKey {
    #[schema(example = "OKP")]
    kty: String,
    #[schema(example = "Ed25519")]
    crv: String,
    x: String,
    kid: String,
    #[schema(example = "EdDSA")]
    alg: String,
    #[serde(rename = "use")]
    #[schema(example = "sig")]
    purpose: String,
}

/// The public keys of our access tokens.
#[utoipa::path(tag = "meta", operation_id = "get_jwks", security(()),
    responses((status = 200, description = "A JSON Web Key Set.", body = KeySet)))]
#[get("/.well-known/jwks.json")]
pub async fn jwks(app: Data<App>) -> Answer {
    Ok(Reply::ok(&app.tokens.public(app.now()))?)
}

/// The document in OpenAPI 3.1.
#[get("/openapi.json")]
pub async fn openapi_31() -> HttpResponse {
    HttpResponse::Ok().content_type("application/json").body(openapi::print(openapi::document()))
}

/// The document in OpenAPI 3.0.3.
#[get("/openapi-3.0.json")]
pub async fn openapi_30() -> HttpResponse {
    HttpResponse::Ok().content_type("application/json").body(openapi::print(openapi::document_30()))
}

/// Figures for Prometheus. They name no tenant; a proxy in front keeps them from the public.
#[get("/metrics")]
pub async fn metrics() -> HttpResponse {
    HttpResponse::Ok().content_type("text/plain; version=0.0.4; charset=utf-8").body(crate::metrics::render())
}

/// Leads to the page of the documentation.
#[get("/docs")]
pub async fn docs() -> HttpResponse {
    HttpResponse::SeeOther().insert_header((header::LOCATION, "/docs/")).finish()
}

/// The page that a problem's `type` opens.
#[get("/problems/{code}")]
pub async fn problem_page(code: Path<String>) -> Result<HttpResponse, Problem> {
    let kind = problem::KINDS.iter().find(|k| k.code == code.as_str());
    let kind = kind.ok_or(Fail::NotFound("this type of problem"))?;
    let page = format!(
        "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>{title}</title><h1>{title}</h1>\
         <p>Status {status}, code <code>{code}</code></p><p>{about}</p></html>\n",
        title = kind.title,
        status = kind.status,
        code = kind.code,
        about = kind.about,
    );
    Ok(HttpResponse::Ok().content_type("text/html; charset=utf-8").body(page))
}

/// What can be read here beside the operations.
const PAGES: [&str; 6] =
    ["/openapi.json", "/openapi-3.0.json", "/metrics", "/docs", "/docs/{file:.*}", "/problems/{code}"];

/// Whatever no route took: 405 where the path has other methods, else 404.
pub async fn nowhere(req: HttpRequest) -> Result<HttpResponse, Problem> {
    let document = openapi::document();
    let here = |path: &str| ResourceDef::new(path).is_match(req.path());
    let methods: Vec<String> = openapi::operations(document)
        .into_iter()
        .filter(|(path, ..)| here(path))
        .flat_map(|(_, method, _)| {
            let head = (method == "get").then(|| "HEAD".to_owned());
            [method.to_uppercase()].into_iter().chain(head)
        })
        .collect();
    let methods =
        if methods.is_empty() && PAGES.into_iter().any(here) { vec!["GET".into(), "HEAD".into()] } else { methods };
    if methods.is_empty() {
        return Err(Problem::new(problem::NOT_FOUND, "there is no such path; /openapi.json lists all"));
    }
    let allow = methods.join(", ");
    let detail = format!("this path has {allow}");
    Err(Problem { allow: Some(allow.into()), ..Problem::new(problem::METHOD, detail) })
}
