//! Citizens sign in, and look after their own account.

pub mod addresses;
pub mod confirmation;
pub mod door;
pub mod factors;
pub mod leaving;
mod own;
pub mod password;
pub mod sign_ins;
#[cfg(test)]
pub mod tests;

use utoipa_actix_web::service_config::ServiceConfig;

/// Every operation of accounts.
pub fn configure(to: &mut ServiceConfig) {
    to.service(sign_ins::sign_in).service(sign_ins::list).service(sign_ins::end);
    to.service(own::read).service(password::password).service(confirmation::confirm);
    to.service(addresses::add).service(addresses::verify).service(addresses::remove);
    to.service(factors::begin).service(factors::confirm).service(factors::remove).service(factors::save);
    to.service(leaving::export).service(leaving::erase);
}
