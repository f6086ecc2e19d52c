//! Who reads a page: which agency it is of, in which language, and the secret by which its forms are known again.

use actix_web::{
    HttpMessage, HttpRequest, HttpResponse,
    http::{StatusCode, header},
    web::{Data, Query},
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use jiff::tz::TimeZone;
use serde::Serialize;
use serde_json::{Value, json};
use uuid::Uuid;

use super::{
    cookies::{self, Lasts},
    templates,
    words::{self, Language},
};
use crate::{
    app::App,
    fail::Fail,
    http::{problem::Problem, public},
    store::{Time, tenant, tenants::ContactDetails},
};

/// What every page says of the agency.
#[derive(Clone, Debug, Serialize)]
pub struct Agency {
    pub name: String,
    /// The path that its pages begin with.
    pub home: String,
    pub contact: ContactDetails,
}

/// The reader of one page.
pub struct Reader {
    pub app: Data<App>,
    pub req: HttpRequest,
    pub tenant: Uuid,
    pub slug: String,
    pub agency: Agency,
    pub language: &'static Language,
    zone: TimeZone,
    /// What the form cookie holds.
    seed: Option<String>,
    set: Vec<String>,
}

impl Reader {
    /// Lets a stranger in who reads a page of this agency.
    pub async fn enter(app: &Data<App>, req: &HttpRequest, slug: &str) -> Result<Self, Problem> {
        let tenant = public::agency(app, req, slug).await?;
        let row = app.store.tenant(tenant).read(tenant::get).await.map_err(Fail::from)?;
        let contact = ContactDetails::of(&row.settings);
        let agency = Agency { name: row.name, home: format!("/t/{slug}"), contact };
        req.extensions_mut().insert(agency.clone());
        let https = https(app);
        let language = language(req, slug, &row.locale, https)?;
        let mut set = Vec::new();
        if parameter(req, "lang").is_some_and(|wish| wish == language.code) {
            set.push(cookies::written(&cookies::name(slug, "lang", https), language.code, Lasts::Year, https));
        }
        let seed = cookies::read(req, &cookies::name(slug, "form", https)).map(str::to_owned);
        Ok(Self {
            app: app.clone(),
            req: req.clone(),
            tenant,
            slug: slug.to_owned(),
            agency,
            language,
            zone: TimeZone::get(&row.time_zone).unwrap_or(TimeZone::UTC),
            seed,
            set,
        })
    }

    /// A sentence in the reader's language.
    pub fn word(&self, section: &str, key: &str) -> String {
        self.language.word(section, key).to_owned()
    }

    /// A moment in the parts that a sentence puts together.
    pub fn moment(&self, at: Time) -> Value {
        let local = at.0.to_zoned(self.zone.clone());
        json!({
            "iso": at.0.to_string(),
            "day": local.day(), "month": local.month(), "year": local.year(),
            "time": format!("{:02}:{:02}", local.hour(), local.minute()),
        })
    }

    /// The word that a form of ours carries. The reader's browser is given its secret with the page.
    pub fn form_token(&mut self) -> String {
        let (app, https) = (self.app.clone(), https(&self.app));
        let seed = self.seed.get_or_insert_with(|| {
            let seed = URL_SAFE_NO_PAD.encode(app.ids.bytes::<16>());
            self.set.push(cookies::written(&cookies::name(&self.slug, "form", https), &seed, Lasts::Visit, https));
            seed
        });
        mark(&app, &self.slug, seed)
    }

    /// Whether a form carries the word that belongs to the browser's secret.
    pub fn knows(&self, token: &str) -> bool {
        use subtle::ConstantTimeEq;
        let expected = self.seed.as_deref().map(|seed| mark(&self.app, &self.slug, seed));
        expected.is_some_and(|expected| bool::from(expected.as_bytes().ct_eq(token.as_bytes())))
    }

    /// A page of this agency.
    pub fn page(self, status: StatusCode, template: &str, content: Value) -> Result<HttpResponse, Problem> {
        let topic = parameter(&self.req, "topic");
        let frame = templates::frame(self.language, Some(&self.agency), topic.as_deref())?;
        let mut answer = templates::answer(status, template, frame, content)?;
        give(&mut answer, &self.set)?;
        Ok(answer)
    }

    /// What the reader's browser keeps under a name of ours.
    pub fn kept(&self, what: &str) -> Option<String> {
        cookies::read(&self.req, &cookies::name(&self.slug, what, https(&self.app))).map(str::to_owned)
    }

    /// Has the reader's browser keep something for us, or forget it. The value is made of what a cookie may hold.
    pub fn keep(&mut self, what: &str, value: &str, lasts: Lasts) {
        let https = https(&self.app);
        self.set.push(cookies::written(&cookies::name(&self.slug, what, https), value, lasts, https));
    }

    /// After a POST that did something: the page to go on to.
    pub fn go_to(&self, rest: &str) -> HttpResponse {
        let to = format!("{}{rest}", self.agency.home);
        HttpResponse::SeeOther().insert_header((header::LOCATION, to)).finish()
    }

    /// The same, with what the browser shall keep or forget.
    pub fn go_with_cookies(self, rest: &str) -> Result<HttpResponse, Problem> {
        let mut answer = self.go_to(rest);
        give(&mut answer, &self.set)?;
        Ok(answer)
    }
}

fn give(answer: &mut HttpResponse, cookies: &[String]) -> Result<(), Fail> {
    for cookie in cookies {
        let value = header::HeaderValue::from_str(cookie).map_err(|e| Fail::Broken(e.to_string()))?;
        answer.headers_mut().append(header::SET_COOKIE, value);
    }
    Ok(())
}

fn mark(app: &App, slug: &str, seed: &str) -> String {
    app.seal.mark(&format!("form|{slug}|{seed}"))
}

fn https(app: &App) -> bool {
    app.public_url.starts_with("https:")
}

/// One parameter after the question mark.
pub fn parameter(req: &HttpRequest, name: &str) -> Option<String> {
    let pairs = Query::<Vec<(String, String)>>::from_query(req.query_string()).ok()?.into_inner();
    pairs.into_iter().find(|(key, _)| key == name).map(|(_, value)| value)
}

/// The reader's language: asked for just now, asked for before, the browser's, the agency's.
pub fn language(req: &HttpRequest, slug: &str, locale: &str, https: bool) -> Result<&'static Language, Fail> {
    let asked = parameter(req, "lang");
    let before = cookies::read(req, &cookies::name(slug, "lang", https));
    let browser = req.headers().get(header::ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok());
    words::choose([asked.as_deref(), before, browser, Some(locale)].into_iter().flatten())
}
