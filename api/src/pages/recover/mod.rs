//! `/t/{tenant}/recover` and `/register`: a citizen asks for a code and a link, shows one of them with a new password, and is
//! done. `/object` is for whoever reads of a change that was not theirs.

mod ask;
mod code;
mod help;
mod link;
mod object;
pub mod password;
mod staff;

use actix_web::web::{self, ServiceConfig};

/// The pages of both ways, which differ in their words alone.
pub fn configure(to: &mut ServiceConfig) {
    let help = web::resource("/t/{tenant}/recover/help");
    to.service(help.route(web::get().to(help::show)).route(web::post().to(help::send)));
    let object = web::resource("/t/{tenant}/object");
    to.service(object.route(web::get().to(object::show)).route(web::post().to(object::send)));
    to.service(web::resource("/t/{tenant}/object/done").route(web::get().to(object::done)));
    to.service(web::resource("/t/{tenant}/object/{token}").route(web::get().to(object::take)));
    for way in ["recover", "register"] {
        let path = |rest: &str| format!("/t/{{tenant}}/{{way:{way}}}{rest}");
        to.service(web::resource(path("")).route(web::get().to(ask::show)).route(web::post().to(ask::send)));
        to.service(web::resource(path("/done")).route(web::get().to(code::done)));
        to.service(web::resource(path("/new")).route(web::get().to(link::show)).route(web::post().to(link::send)));
        let typed = web::resource(path("/{id:rec_[^/]{32}}"));
        to.service(typed.route(web::get().to(code::show)).route(web::post().to(code::send)));
        to.service(web::resource(path("/{token}")).route(web::get().to(link::take)));
    }
    staff::configure(to);
}
