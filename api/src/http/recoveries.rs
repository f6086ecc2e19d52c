//! `/v1/public/{tenant}/recoveries/{id}/complete`: a code comes back, with a new password.

use actix_web::{
    HttpRequest, post,
    web::{Data, Path},
};
use civicdesk_contract::Secret;
use serde::Deserialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::{
    Body,
    public::agency,
    wire::{Answer, Reply},
};
use crate::{
    app::App,
    fail::Fail,
    ids,
    recovery::completing::{self, Refusal},
};

const CODE_REFUSED: &str = "this code does not work: it is wrong, was used or is too old. Ask for a new one";

/// A code, and what it shall do.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CompleteRecovery {
    /// The eight digits; blanks do not matter.
    #[schema(value_type = String, example = "4917 0352", max_length = 40)]
    code: Secret,
    /// 15 to 256 characters of any kind, and none that is guessed first.
    #[schema(value_type = String, format = Password, min_length = 15, max_length = 256,
        example = "a sentence that is long enough")]
    password: Secret,
}

/// Sets the password for a code, or makes the account that it was asked for.
///
/// A code works once and has five tries; a password that is refused costs none. Every sign-in of the account ends, each of
/// its addresses is told, and nobody is signed in by this. Whatever is wrong with a code, the answer is `code-refused`.
#[utoipa::path(tag = "public", operation_id = "complete_recovery", security(()), request_body = CompleteRecovery,
    params(("tenant" = String, Path, description = "The agency's slug."),
        ("id" = String, Path, description = "What asking answered as `recovery_id`.")),
    responses((status = 204, description = "The password holds: sign in with it."),
        (status = 503, description = "Too many at once: come back after `Retry-After` seconds.",
            body = super::problem::Body, content_type = "application/problem+json")))]
#[post("/public/{tenant}/recoveries/{id}/complete")]
pub async fn complete(
    app: Data<App>,
    req: HttpRequest,
    path: Path<(String, String)>,
    body: Body<CompleteRecovery>,
) -> Answer {
    let (slug, id) = path.into_inner();
    let tenant = agency(&app, &req, &slug).await?;
    let id = ids::RECOVERY.read(&id).unwrap_or(Uuid::nil());
    let done = completing::complete(&app, &app.recovery, (tenant, id), &body.code, &body.password).await;
    done.map_err(|refusal| match refusal {
        Refusal::Code => Fail::conflict("code-refused", CODE_REFUSED),
        Refusal::Password(why) => Fail::field("/password", why),
        Refusal::Fail(fail) => fail,
    })?;
    Ok(Reply::nothing())
}
