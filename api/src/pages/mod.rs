//! HTML for citizens: `/t/{tenant}/…`, without scripts. A page calls the rules that the API calls, and can do nothing more.
//!
//! # Adding a page
//!
//! 1. The handler goes into a file of its own. It begins with [`Reader::enter`], which says whose page it is and in which
//!    language it is read, and ends with [`Reader::page`], which fills a template.
//! 2. The template goes into `templates/` and extends `frame.html`; its sentences go into every file of `words/`.
//! 3. A form carries `form_token.html` and is read by [`sent::read`], which refuses a form that did not come from us. After
//!    a POST that did something, the answer is a redirect; after one that did not, the same page with what is wrong on top.

mod account;
pub mod apology;
mod ask;
mod assets;
mod blanks;
mod cookies;
mod find;
mod home;
mod proof;
mod reader;
mod recover;
mod request;
mod sent;
mod templates;
#[cfg(test)]
pub mod tests;
mod words;

use actix_web::web::{self, ServiceConfig};

/// Every page.
pub fn configure(to: &mut ServiceConfig) {
    assets::configure(to);
    recover::configure(to);
    account::configure(to);
    to.service(web::resource("/t/{tenant}").route(web::get().to(home::show)));
    let new = web::resource("/t/{tenant}/requests/new");
    to.service(new.route(web::get().to(ask::show)).route(web::post().to(ask::send)));
    to.service(web::resource("/t/{tenant}/requests/find").route(web::get().to(find::show)));
    let request = web::resource("/t/{tenant}/requests/{token}");
    to.service(request.route(web::get().to(request::show)).route(web::post().to(request::add)));
    let proof = web::resource("/t/{tenant}/proofs/{token}");
    to.service(proof.route(web::get().to(proof::show)).route(web::post().to(proof::confirm)));
    to.service(web::resource("/t/{tenant}/requests/{token}/received").route(web::get().to(request::received)));
}
