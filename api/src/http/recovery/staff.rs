//! `/v1/public/{tenant}/staff-passwords`: a member of staff comes back with the link of a mail, and chooses a password.

use actix_web::{
    HttpRequest, post,
    web::{Data, Path},
};
use civicdesk_contract::Secret;
use serde::Deserialize;
use utoipa::ToSchema;

use super::complete::REFUSED;
use crate::{
    app::App,
    fail::Fail,
    http::{
        Body, problem,
        public::agency,
        wire::{Answer, Reply},
    },
    recovery::{completing::Refusal, staff},
};

/// The secret of a mailed link, and the password that its reader chose.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ChooseStaffPassword {
    /// The last part of the mail's link.
    #[schema(value_type = String, max_length = 100)]
    token: Secret,
    /// 15 to 256 characters of any kind, and none that is guessed first.
    #[schema(value_type = String, format = Password, min_length = 15, max_length = 256,
        example = "a sentence that is long enough")]
    password: Secret,
}

/// Sets the password that a member of staff chose.
///
/// The link works once, and a password that is refused does not use it up. Every session of the member ends, and nobody is
/// signed in by this. Whatever is wrong with a link, the answer is `code-refused`.
#[utoipa::path(tag = "public", operation_id = "choose_staff_password", security(()), request_body = ChooseStaffPassword,
    params(("tenant" = String, Path, description = "The agency's slug.")),
    responses((status = 204, description = "The password holds: sign in with it."),
        (status = 503, description = "Too many at once: come back after `Retry-After` seconds.",
            body = problem::Body, content_type = "application/problem+json")))]
#[post("/public/{tenant}/staff-passwords")]
pub async fn choose(app: Data<App>, req: HttpRequest, slug: Path<String>, body: Body<ChooseStaffPassword>) -> Answer {
    let tenant = agency(&app, &req, &slug).await?;
    let done = staff::complete(&app, &app.recovery, tenant, &body.token, &body.password).await;
    done.map_err(|refusal| match refusal {
        Refusal::Code => Fail::conflict("code-refused", REFUSED),
        Refusal::Password(why) => Fail::field("/password", why),
        Refusal::Rules(why) => Fail::field("/password", why),
        Refusal::Fail(fail) => fail,
    })?;
    Ok(Reply::nothing())
}
