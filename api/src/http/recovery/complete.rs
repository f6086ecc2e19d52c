//! `/v1/public/{tenant}/recoveries/{id}/complete`: a code or a link comes back, with a new password.

use actix_web::{
    HttpRequest, post,
    web::{Data, Path},
};
use civicdesk_contract::Secret;
use serde::Deserialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::{
    accounts::elsewhere,
    app::App,
    fail::Fail,
    http::{
        Body, problem,
        public::agency,
        wire::{Answer, Reply},
    },
    ids,
    recovery::completing::{self, Refusal, Shown},
};

pub const REFUSED: &str = "this code or link does not work: it is wrong, was used or is too old. Ask for a new one";

/// A code or the secret of a link, and what it shall do.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CompleteRecovery {
    /// The eight digits; blanks do not matter.
    #[schema(value_type = Option<String>, example = "4917 0352", max_length = 40)]
    code: Option<Secret>,
    /// Beside the code, where the device of the second factor is lost: a saved code. The app is taken from the account.
    #[schema(value_type = Option<String>, example = "K7DM-2QVX-RTAH-HW3E", max_length = 100)]
    saved_code: Option<Secret>,
    /// In place of the code: the last part of the letter's link.
    #[schema(value_type = Option<String>, max_length = 100)]
    token: Option<Secret>,
    /// 15 to 256 characters of any kind, and none that is guessed first.
    #[schema(value_type = String, format = Password, min_length = 15, max_length = 256,
        example = "a sentence that is long enough")]
    password: Secret,
}

/// Sets the password for a code or a link, or makes the account that it was asked for.
///
/// Give either `code` or `token`; a second factor stays as it is, but with a `saved_code`. Both work once, and using one uses up the other; a code has five tries, and a password that
/// is refused costs none. Every sign-in of the account ends, each of its addresses is told, and nobody is signed in by this.
/// Whatever is wrong with a code or a link, the answer is `code-refused`.
#[utoipa::path(tag = "public", operation_id = "complete_recovery", security(()), request_body = CompleteRecovery,
    params(("tenant" = String, Path, description = "The agency's slug."),
        ("id" = String, Path, description = "What asking answered as `recovery_id`.")),
    responses((status = 204, description = "The password holds: sign in with it."),
        (status = 503, description = "Too many at once: come back after `Retry-After` seconds.",
            body = problem::Body, content_type = "application/problem+json")))]
#[post("/public/{tenant}/recoveries/{id}/complete")]
pub async fn complete(
    app: Data<App>,
    req: HttpRequest,
    path: Path<(String, String)>,
    body: Body<CompleteRecovery>,
) -> Answer {
    let (slug, id) = path.into_inner();
    let tenant = agency(&app, &req, &slug).await?;
    let (id, body) = (ids::RECOVERY.read(&id).unwrap_or(Uuid::nil()), body.0);
    let CompleteRecovery { code, saved_code, token, password } = body;
    let shown = match (code, token, saved_code) {
        (Some(code), None, None) => Shown::Code(id, code),
        (Some(code), None, Some(saved)) => Shown::CodeAndSaved(id, code, saved),
        (None, Some(token), None) => Shown::LinkOf(id, token),
        _ => return Err(Fail::field("/code", "give either `code` or `token`").into()),
    };
    let done = completing::complete(&app, &app.recovery, tenant, shown, &password).await;
    done.map_err(refused)?;
    Ok(Reply::nothing())
}

/// What is said of codes, links and passwords that do not work.
pub fn refused(refusal: Refusal) -> Fail {
    match refusal {
        Refusal::Code => Fail::conflict("code-refused", REFUSED),
        Refusal::Rules(why) => Fail::field("/password", elsewhere::refused(&why)),
        Refusal::Password(why) => Fail::field("/password", why),
        Refusal::Fail(fail) => fail,
    }
}
