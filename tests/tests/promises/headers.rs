//! What the pages tell browsers about themselves: scored as Mozilla's Observatory does, kept by nobody, and loading nothing
//! from elsewhere.

use std::sync::Arc;

use civicdesk_tests::{
    citizens::{Portal, options},
    harness::{Answer, Engine, PostOffice, Program},
};

use crate::observatory::score;

/// What every page reaches at least.
const AIM: i32 = 115;
/// Every page that a stranger can open, a form that was sent wrongly, and what is not there.
const PAGES: [&str; 25] = [
    "",
    "/requests/new",
    "/requests/new?topic=other",
    "/requests/find",
    "/requests/find?reference=RIV-2026-000001",
    "/recover",
    "/recover/rec_0197f2a1c3d47b3e8a1f5c2d9e6b7a91",
    "/recover/0123456789abcdefghijklmnopqrstuvwxyzABCDEFG",
    "/recover/new",
    "/recover/done",
    "/register",
    "/register/rec_0197f2a1c3d47b3e8a1f5c2d9e6b7a91",
    "/register/done",
    "/register/new",
    "/recover/help",
    "/object",
    "/object/done",
    "/proofs/none",
    "/staff/recover",
    "/staff/recover/sent",
    "/staff/recover/new",
    "/sign-in",
    "/sign-in/code",
    "/account",
    "/nothing",
];

/// The agency's pages behind HTTPS.
fn pages() -> Vec<(&'static str, Answer)> {
    let program =
        Program::start_with(Engine::Sqlite, options().set("server", "public_url", "https://riverton.example"));
    Portal::open(&program, "riverton", &Arc::new(PostOffice::start()));
    let open = |path: &'static str| {
        let page = program.client(None).request("GET", &format!("/t/riverton{path}")).send_unjudged().expect("a page");
        assert!(page.status == 303 || page.media_type() == "text/html", "{path}: {page}");
        (path, page)
    };
    PAGES.map(open).into()
}

#[test]
fn every_page_scores_115_on_mozillas_observatory() {
    for (path, page) in pages() {
        let (reached, verdicts) = score(&page);
        assert!(reached >= AIM, "{path} reaches {reached}: {verdicts:?}");
    }
}

#[test]
fn a_page_of_the_way_back_is_kept_by_no_cache_and_names_itself_to_nobody() {
    for (path, page) in pages().iter().filter(|(path, _)| path.starts_with("/recover") || path.starts_with("/register"))
    {
        assert_eq!(page.header("cache-control"), Some("no-store"), "{path}");
        assert_eq!(page.header("referrer-policy"), Some("no-referrer"), "{path}");
        for cookie in page.headers("set-cookie") {
            assert!(cookie.starts_with("__Host-civicdesk-riverton-"), "{path}: {cookie}");
        }
    }
}

#[test]
fn no_page_loads_or_sends_anything_elsewhere() {
    for (path, page) in pages() {
        let html = page.text().replace("&#x2f;", "/");
        let places = ["src=\"", "href=\"", "action=\"", "srcset=\"", "data=\"", "poster=\""];
        let named = places.iter().flat_map(|start| html.split(start).skip(1)).filter_map(|rest| rest.split('"').next());
        let kinds = ["/", "#", "?", "tel:", "mailto:"];
        for place in named {
            let own = kinds.iter().any(|kind| place.starts_with(kind)) && !place.starts_with("//");
            assert!(own, "{path} names {place}");
        }
        assert!(!html.contains("<script") && !html.contains("<iframe") && !html.contains("@import"), "{path}");
    }
}
