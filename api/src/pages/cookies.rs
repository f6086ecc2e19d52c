//! Cookies of the pages: each names the agency it belongs to, stays on this site and away from scripts.

use actix_web::{HttpRequest, http::header};

/// The value of a cookie that came with the request.
pub fn read<'a>(req: &'a HttpRequest, name: &str) -> Option<&'a str> {
    let sent = req.headers().get_all(header::COOKIE).filter_map(|value| value.to_str().ok());
    let mut pairs = sent.flat_map(|value| value.split(';')).filter_map(|pair| pair.trim().split_once('='));
    pairs.find(|(key, _)| *key == name).map(|(_, value)| value)
}

/// Where a cookie lasts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lasts {
    /// Until the browser is closed.
    Visit,
    Year,
    /// No longer.
    Over,
}

/// A cookie as it is set. Over plain HTTP, on a machine of one's own, it cannot be kept to HTTPS.
pub fn written(name: &str, value: &str, lasts: Lasts, https: bool) -> String {
    let age = match lasts {
        Lasts::Visit => "",
        Lasts::Year => "; Max-Age=31536000",
        Lasts::Over => "; Max-Age=0",
    };
    let secure = if https { "; Secure" } else { "" };
    format!("{name}={value}; Path=/; HttpOnly; SameSite=Lax{age}{secure}")
}

/// The name of an agency's cookie. Behind HTTPS no neighbouring host can set it in our place.
pub fn name(slug: &str, what: &str, https: bool) -> String {
    format!("{}civicdesk-{slug}-{what}", if https { "__Host-" } else { "" })
}
