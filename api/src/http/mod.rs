//! Speaks HTTP: one file per resource, and around them the door, the frame and the wire.
//!
//! # Adding an operation
//!
//! 1. The query goes into `store/FAMILY.rs`, the rule into its room (`cases`, `people`, …). Neither knows HTTP.
//! 2. The handler goes into `http/RESOURCE.rs`. Its first argument is its door, and names the right it needs:
//!
//! ```text
//! /// Changes a case.                                          the first line is the summary in the document
//! #[utoipa::path(tag = "cases", operation_id = "update_case", params(("id" = String, Path, description = "The case")),
//!     request_body = ChangeCase, responses((status = 200, description = "The case as it is now.", body = CaseView)))]
//! #[patch("/cases/{id}")]
//! pub async fn update(door: Door<needs::CasesWrite>, path: Path<String>, body: Body<ChangeCase>) -> Answer {
//!     let only_if = door.if_match()?;                     // times, ids and hashes of your own: before the closure
//!     let change = body.into_inner();
//!     door.write(move |tx, who| {
//!         let id = id(ids::CASE, &path)?;                               // foreign, wrong and missing ids look alike
//!         let case = store::cases::get(tx, id)?;                        // NotFound becomes 404
//!         only_if.check(who, case.version)?;                            // 412, or 428 where the tenant wants it
//!         let case = cases::change(tx, &who.acting, &case, &change)?;      // a rule; `Fail` becomes a problem
//!         Ok(Reply::ok(&CaseView::of(&case))?.version(case.version))    // or created(path, &view), accepted, nothing()
//!     })
//!     .await
//! }
//! ```
//!
//!    Reading is `door.read(move |tx, who| …)`; it returns whatever the closure returns. Without `Idempotency-Key`,
//!    problems, 4xx responses, `If-Match` or security in the attributes: those are added to every operation alike.
//! 3. Bodies are `Body<T>` (`Body<T, LIMIT>` for more than 256 KiB), parameters `Params<T>`; both types derive
//!    `Deserialize` with `deny_unknown_fields`, and `ToSchema` or `IntoParams`. Every view and body type has at least
//!    one `#[schema(example = …)]`. Names of schemas are unique in the document.
//! 4. Lists: `Params` with `limit: Option<u32>` and `cursor: Option<String>`, then
//!
//! ```text
//! let page = door.page::<(i64, Uuid)>(query.limit, query.cursor.as_deref())?;       // the position in the order
//! door.read(move |tx, _| {
//!     let rows = store::cases::page(tx, page.after.as_ref(), page.fetch())?;
//!     Reply::ok(&page.list(rows, |c| (c.updated_at.0.as_microsecond(), c.id.0), CaseView::of))
//! }).await
//! ```
//!
//! 5. One line in [`v1`] below, its tag in `openapi.rs`, and `cargo test -p civicdesk openapi` with `PRINT_OPENAPI=1`
//!    set prints the documents anew. A secret in an answer is left out of what is stored: `reply.keep(&without)`.

pub mod accounts;
mod api_keys;
pub mod attachments;
mod audit;
mod auth;
pub mod body;
mod cases;
mod channels;
mod chat;
pub mod client;
mod connectors;
mod consents;
mod contacts;
mod desk;
mod directory;
pub mod door;
mod down;
mod events;
mod frame;
mod history;
mod hooks;
mod idempotency;
mod inbound;
mod joining;
mod json;
mod likely;
mod live;
mod measure;
mod merging;
mod messages;
mod meta;
pub mod openapi;
pub mod page;
pub mod problem;
pub mod proofs;
pub mod public;
mod query;
mod raw;
pub mod recovery;
mod search;
pub mod serve;
mod show;
mod simulate;
mod staff;
mod suggestions;
mod teams;
mod tenant;
mod tenants;
mod text_forms;
mod topics;
pub mod uploads;
mod webhooks;
pub mod wire;

#[cfg(test)]
pub use directory::tests as directory_tests;

#[cfg(test)]
mod calls_tests;
#[cfg(test)]
mod cases_tests;
#[cfg(test)]
mod channels_tests;
#[cfg(test)]
mod chat_tests;
#[cfg(test)]
pub mod consents_tests;
#[cfg(test)]
mod desk_tests;
#[cfg(test)]
mod fallback_consents_tests;
#[cfg(test)]
mod forms_tests;
#[cfg(test)]
mod hooks_tests;
#[cfg(test)]
mod joining_tests;
#[cfg(test)]
mod likely_tests;
#[cfg(test)]
mod matrix_tests;
#[cfg(test)]
pub mod proofs_tests;
#[cfg(test)]
pub mod recovery_tests;
#[cfg(test)]
mod scan_tests;
#[cfg(test)]
mod suggestions_tests;
#[cfg(test)]
pub mod testing;

use std::sync::Arc;

use actix_web::{
    Error,
    body::BoxBody,
    dev::{ServiceFactory, ServiceRequest, ServiceResponse},
    middleware::from_fn,
    web::{self, Data},
};
use utoipa_actix_web::{AppExt, UtoipaApp, scope, service_config::ServiceConfig};
use utoipa_swagger_ui::{Config, SwaggerUi};

pub use body::Body;
pub use query::Params;

use crate::app::App;
use idempotency::Running;

/// Every operation, in one list.
fn v1(to: &mut ServiceConfig) {
    to.service(auth::login).service(auth::refresh).service(auth::logout).service(auth::me);
    to.service(auth::password);
    to.service(staff::list)
        .service(staff::create)
        .service(staff::read)
        .service(staff::update)
        .service(staff::send_invitation);
    to.service(teams::list).service(teams::create).service(teams::read).service(teams::update);
    to.service(teams::members).service(teams::add_member).service(teams::remove_member);
    to.service(api_keys::list).service(api_keys::create).service(api_keys::read).service(api_keys::revoke);
    to.service(tenants::list).service(tenants::create).service(tenants::read);
    to.service(tenants::suspend).service(tenants::resume);
    to.service(tenant::read).service(tenant::update).service(tenant::usage);
    to.service(directory::read).service(directory::set).service(directory::remove).service(directory::check);
    to.service(cases::list).service(cases::create).service(cases::read).service(cases::update);
    to.service(suggestions::list).service(suggestions::accept).service(suggestions::dismiss);
    to.service(merging::merge).service(merging::unmerge);
    to.service(messages::list).service(messages::create).service(messages::note).service(messages::read);
    to.service(messages::filing).service(messages::raw).service(messages::retry);
    to.service(connectors::list);
    to.service(channels::list).service(channels::create).service(channels::read).service(channels::update);
    to.service(channels::check).service(channels::pause).service(channels::resume).service(measure::measure);
    to.service(simulate::simulate);
    to.service(desk::call).service(desk::list_visits).service(desk::note_visit).service(desk::tell).service(desk::done);
    to.service(chat::begin).service(chat::read).service(chat::say).service(chat::leave).service(chat::follow);
    to.service(proofs::show).service(proofs::confirm_linked);
    to.service(public::topics).service(public::request).service(public::status).service(public::add);
    to.service(uploads::upload);
    to.service(recovery::asking::recover)
        .service(recovery::asking::register)
        .service(recovery::asking::staff)
        .service(recovery::complete::complete);
    to.service(recovery::staff::choose);
    to.service(recovery::objections::object_to);
    to.service(recovery::contacts::list).service(recovery::contacts::start);
    accounts::configure(to);
    to.service(inbound::reconciliation).service(inbound::list).service(inbound::read);
    to.service(inbound::raw).service(inbound::replay);
    to.service(events::of_case).service(events::list).service(live::follow).service(audit::checkpoint);
    to.service(attachments::upload).service(attachments::read).service(attachments::download);
    to.service(contacts::list).service(contacts::create).service(contacts::read).service(contacts::update);
    to.service(contacts::add_identity).service(contacts::remove_identity).service(history::read);
    to.service(joining::merge).service(joining::unmerge).service(likely::list).service(likely::dismiss);
    to.service(proofs::ask).service(proofs::read).service(proofs::confirm);
    to.service(consents::list).service(consents::set);
    to.service(topics::list).service(topics::create).service(topics::read).service(topics::update);
    webhooks::configure(to);
    to.service(search::search);
}

/// What providers call, and what the service says about itself.
fn meta(to: &mut ServiceConfig) {
    to.service(hooks::challenge).service(hooks::receive);
    to.service(meta::healthz);
    to.service(meta::readyz);
    to.service(meta::jwks);
}

/// The service in front of the program: made once, built in every server thread.
#[derive(Clone)]
pub struct Front {
    app: Arc<App>,
    running: Running,
}

impl Front {
    pub fn new(app: Arc<App>) -> Self {
        Self { app, running: Running::default() }
    }

    /// The same service for the server and for tests.
    pub fn build(
        &self,
    ) -> actix_web::App<
        impl ServiceFactory<ServiceRequest, Config = (), Response = ServiceResponse<BoxBody>, Error = Error, InitError = ()>
        + use<>,
    > {
        let (routed, _) = routed().split_for_parts();
        routed
            .app_data(Data::from(self.app.clone()))
            .app_data(Data::new(self.running.clone()))
            .configure(crate::pages::configure)
            .service(meta::openapi_31)
            .service(meta::openapi_30)
            .service(meta::metrics)
            .service(meta::problem_page)
            .service(meta::docs)
            .service(SwaggerUi::new("/docs/{_:.*}").config(Config::from("/openapi.json")))
            .default_service(web::to(meta::nowhere))
            .wrap(from_fn(frame::frame))
    }
}

fn routed() -> UtoipaApp<
    impl ServiceFactory<ServiceRequest, Config = (), Response = ServiceResponse, Error = Error, InitError = ()>,
> {
    actix_web::App::new().into_utoipa_app().service(scope::scope("/v1").configure(v1)).configure(meta)
}

/// The document as the handlers give it.
fn collected() -> utoipa::openapi::OpenApi {
    routed().split_for_parts().1
}
