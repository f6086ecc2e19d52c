//! `/v1/webhooks`: where the agency's log is sent.

mod deliveries;
mod endpoints;
#[cfg(test)]
mod tests;
mod trying;
mod views;

use utoipa_actix_web::service_config::ServiceConfig;

use super::wire::id;
use crate::{
    fail::Fail,
    ids,
    store::{
        Tx, Uid,
        webhooks::{self, Webhook},
    },
};

pub fn configure(to: &mut ServiceConfig) {
    to.service(endpoints::list).service(endpoints::create).service(endpoints::read).service(endpoints::update);
    to.service(endpoints::remove).service(endpoints::rotate).service(trying::test);
    to.service(deliveries::list).service(deliveries::replay_one).service(deliveries::replay);
}

/// The endpoint that a path names.
fn named(tx: &mut Tx, path: &str) -> Result<Webhook, Fail> {
    webhooks::find(tx, Uid(id(ids::WEBHOOK, path)?))?.ok_or(Fail::NotFound("webhook"))
}
