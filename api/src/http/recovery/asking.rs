//! `/v1/public/{tenant}/recoveries` and `/accounts`: somebody asks for a code. Everybody is answered alike, at once, by a
//! handler that knows no account.

use actix_web::{
    HttpRequest, post,
    web::{Data, Path},
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::{
    acting::{Acting, Actor},
    app::App,
    fail::Fail,
    http::{
        Body, client,
        public::agency,
        wire::{Answer, Reply},
    },
    ids,
    recovery::{
        asking::{self, Asked, By},
        policy::Offer,
    },
    store::{self, Tx, jobs},
};

/// Who asks for a code.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AskForCode {
    /// The email address or phone number to which the code shall go.
    #[schema(example = "maria@example.org", min_length = 3, max_length = 254)]
    identifier: String,
}

/// What everybody is told who asks for a code.
#[derive(Debug, Serialize, ToSchema)]
pub struct CodeAskedFor {
    /// By this the code is typed in.
    #[schema(example = "rec_0197f2a1c3d47b3e8a1f5c2d9e6b7a91")]
    recovery_id: String,
}

/// Asks for a code to set a new password.
///
/// The answer is always the same: where the address belongs to an account, a code is on its way to it, good for 30 minutes
/// by mail and 10 by text; a mail holds a link as well. Nothing changes before one of them comes back. One address is sent
/// at most 3 codes in a quarter of an hour, 4 in an hour and 10 in a day, and only the newest works; one network may ask 10
/// times an hour. Beyond that the answer is the same. Where the agency sends nothing to such addresses, whoever's they are,
/// it says so with `way-not-offered`.
#[utoipa::path(tag = "public", operation_id = "ask_for_recovery", security(()), request_body = AskForCode,
    params(("tenant" = String, Path, description = "The agency's slug.")),
    responses((status = 202, description = "It was heard.", body = CodeAskedFor)))]
#[post("/public/{tenant}/recoveries")]
pub async fn recover(app: Data<App>, req: HttpRequest, slug: Path<String>, body: Body<AskForCode>) -> Answer {
    ask(&app, &req, &slug, &body, asking::RECOVER).await
}

/// Asks for a code to make an account.
///
/// The answer is always the same, and the code is typed in at `/recoveries/{id}/complete`. Whoever has an account already
/// gets a code to set a new password. An agency that makes accounts itself answers `registration-closed`.
#[utoipa::path(tag = "public", operation_id = "ask_for_account", security(()), request_body = AskForCode,
    params(("tenant" = String, Path, description = "The agency's slug.")),
    responses((status = 202, description = "It was heard.", body = CodeAskedFor)))]
#[post("/public/{tenant}/accounts")]
pub async fn register(app: Data<App>, req: HttpRequest, slug: Path<String>, body: Body<AskForCode>) -> Answer {
    ask(&app, &req, &slug, &body, asking::REGISTER).await
}

/// Asks for a link by which a member of staff chooses a new password.
///
/// The answer is always the same: where the address is that of somebody who works for the agency, a link is on its way to it,
/// good for 30 minutes and once. One member is sent at most 4 links in an hour.
#[utoipa::path(tag = "public", operation_id = "ask_for_staff_recovery", security(()), request_body = AskForCode,
    params(("tenant" = String, Path, description = "The agency's slug.")),
    responses((status = 202, description = "It was heard.", body = CodeAskedFor)))]
#[post("/public/{tenant}/staff-recoveries")]
pub async fn staff(app: Data<App>, req: HttpRequest, slug: Path<String>, body: Body<AskForCode>) -> Answer {
    ask(&app, &req, &slug, &body, asking::STAFF).await
}

async fn ask(app: &App, req: &HttpRequest, slug: &str, body: &AskForCode, purpose: &str) -> Answer {
    let tenant = agency(app, req, slug).await?;
    let recovery_id = ids::RECOVERY.show(heard(app, req, tenant, &body.identifier, purpose).await?);
    let path = format!("/v1/public/{slug}/recoveries/{recovery_id}/complete");
    Ok(Reply::accepted(path, &CodeAskedFor { recovery_id })?)
}

/// Writes down that somebody asked, and answers by which id the code would be typed in.
pub async fn heard(app: &App, req: &HttpRequest, tenant: Uuid, typed: &str, purpose: &str) -> Result<Uuid, Fail> {
    let identifier = asking::identifier(typed)?;
    asking::admit(&offer(app, tenant).await?, &identifier, purpose)?;
    let recovery = app.ids.next();
    if app.limits.ask(client::address(req, &app.trusted_proxies), app.now()) {
        let act = Acting::new(Actor::System, &app.clock, &app.ids);
        let asked = Asked { recovery, purpose: purpose.to_owned(), identifier, by: By::Citizen };
        let job = asking::job(&act, &app.seal, tenant, &asked)?;
        let door = app.store.tenant(tenant);
        let written: store::Result<()> = door.write(move |tx: &mut Tx| jobs::enqueue(tx, &job)).await;
        written?;
    }
    Ok(recovery)
}

/// What the agency offers, to whomever it is.
pub async fn offer(app: &App, tenant: Uuid) -> Result<Offer, Fail> {
    let kinds = app.recovery.kinds.clone();
    app.store.tenant(tenant).read(move |tx: &mut Tx| Offer::now(tx, &kinds)).await
}
