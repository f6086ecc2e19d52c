//! Citizens sign in, and look after their own account.

pub mod door;
mod own;
mod password;
mod sign_ins;

use utoipa_actix_web::service_config::ServiceConfig;

/// Every operation of accounts.
pub fn configure(to: &mut ServiceConfig) {
    to.service(sign_ins::sign_in).service(sign_ins::list).service(sign_ins::end);
    to.service(own::read).service(password::password);
}
