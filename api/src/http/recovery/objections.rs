//! `/v1/public/{tenant}/objections`: the reader of a notice says that somebody else changed the password.

use actix_web::{
    HttpRequest, post,
    web::{Data, Path},
};
use civicdesk_contract::Secret;
use serde::Deserialize;
use utoipa::ToSchema;

use super::complete;
use crate::{
    app::App,
    http::{
        Body,
        public::agency,
        wire::{Answer, Reply},
    },
    recovery::objecting,
};

/// What stands in a notice.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewObjection {
    /// The last part of the notice's link.
    #[schema(value_type = String, example = "bGV0dGVyIG9mIHJlY292ZXJ5LCBhbmQgbm90aGluZyE", max_length = 100)]
    token: Secret,
}

/// Says that somebody else changed the password.
///
/// The notice of a change holds for 5 days. From this moment no password opens the account, every sign-in has ended, and the
/// agency has a case. Another password is set by another proven address than the one by which the change came, or with the
/// help of staff. Whatever is wrong with the link, the answer is `code-refused`.
#[utoipa::path(tag = "public", operation_id = "object_to_change", security(()), request_body = NewObjection,
    params(("tenant" = String, Path, description = "The agency's slug.")),
    responses((status = 204, description = "The account is locked.")))]
#[post("/public/{tenant}/objections")]
pub async fn object_to(app: Data<App>, req: HttpRequest, slug: Path<String>, body: Body<NewObjection>) -> Answer {
    let tenant = agency(&app, &req, &slug).await?;
    objecting::object(&app, tenant, &body.token).await.map_err(complete::refused)?;
    Ok(Reply::nothing())
}
