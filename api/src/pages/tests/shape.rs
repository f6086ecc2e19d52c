//! What is true of every page in every state and language: how it is built, and what comes with it.

use super::{
    super::words,
    account,
    browser::{Browser, Shown, town},
    html::Html,
};
use crate::http::testing::TestApp;

/// Every page, once well and once with errors where it can have any.
async fn every_page(browser: &mut Browser<'_>, topic: &str) -> Vec<(String, Shown)> {
    let form = format!("/t/riverton/requests/new?topic={topic}");
    let blanks = [("/fields/pole", "1"), ("/fields/state", "out")];
    let received = browser.fill(&form, &blanks, &[]).await.to();
    let status = received.replace("/received", "");
    let mut pages = Vec::new();
    for path in [
        "/t/riverton",
        "/t/riverton/requests/new",
        form.as_str(),
        "/t/riverton/requests/new?topic=other",
        "/t/riverton/requests/find",
        "/t/riverton/requests/find?reference=",
        "/t/riverton/requests/find?reference=X-1",
        received.as_str(),
        status.as_str(),
        &format!("{status}?added=yes"),
        "/t/riverton/recover",
        "/t/riverton/register",
        "/t/riverton/recover/rec_0197f2a1c3d47b3e8a1f5c2d9e6b7a91",
        "/t/riverton/recover/new",
        "/t/riverton/recover/help",
        "/t/riverton/object",
        "/t/riverton/object/done",
        "/t/riverton/recover/done",
        "/t/riverton/register/done",
        "/t/riverton/staff/recover",
        "/t/riverton/staff/recover/sent",
        "/t/riverton/staff/recover/new",
        "/t/riverton/staff/recover/done",
        "/t/riverton/nothing",
        "/t/nowhere",
    ] {
        pages.push((path.to_owned(), browser.get(path).await));
    }
    let code = "/t/riverton/recover/rec_0197f2a1c3d47b3e8a1f5c2d9e6b7a91";
    for (path, files) in [
        (form.as_str(), [("lamp.jpg", "light")].as_slice()),
        (status.as_str(), &[]),
        ("/t/riverton/recover", &[]),
        ("/t/riverton/register", &[]),
        (code, &[]),
    ] {
        pages.push((format!("{path} refused"), browser.fill(path, &[("/email", "x")], files).await));
    }
    account::every_page(browser, &mut pages).await;
    pages
}

#[actix_web::test]
async fn every_page_is_built_so_that_everybody_can_use_it() {
    let desk = TestApp::start().await;
    let (agency, topic) = town(&desk).await;
    account::citizen(&desk, agency.id).await;
    let mut browser = Browser::new(&desk);
    for language in words::all().unwrap() {
        browser.languages = language.code;
        for (path, page) in every_page(&mut browser, &topic).await {
            let html = page.html();
            let root = html.one("html");
            assert_eq!((root.of("lang"), root.of("dir")), (language.code, language.word("language", "dir")), "{path}");
            assert_eq!(html.all("h1").len(), 1, "{path}: one h1");
            assert!(html.one("title").text.len() > 3 && html.all("main").len() == 1, "{path}");
            headings(&path, &html);
            labels(&path, &html);
            let links = html.all("a").into_iter().filter(|a| a.get("hreflang").is_some()).count();
            assert_eq!(links, words::FILES.len() - 1, "{path}: every other language is one link away");
        }
    }
}

/// No level is left out on the way down.
fn headings(path: &str, html: &Html) {
    let level = |name: &str| name.strip_prefix('h').and_then(|n| n.parse::<u8>().ok());
    let levels: Vec<u8> = html.0.iter().filter_map(|element| level(&element.name)).collect();
    assert!(levels.windows(2).all(|pair| pair[1] <= pair[0] + 1) && levels.contains(&1), "{path}: {levels:?}");
}

/// Whatever is filled in has a label, and whatever is pointed at is there, once.
fn labels(path: &str, html: &Html) {
    let ids: Vec<&str> = html.0.iter().filter_map(|element| element.get("id")).collect();
    for (n, id) in ids.iter().enumerate() {
        assert!(!ids[..n].contains(id), "{path}: the id {id} stands twice");
    }
    let labelled: Vec<&str> = html.all("label").iter().map(|label| label.of("for")).collect();
    for blank in html.0.iter().filter(|e| ["input", "textarea", "select"].contains(&e.name.as_str())) {
        if blank.get("type") != Some("hidden") {
            assert!(labelled.contains(&blank.of("id")), "{path}: {blank:?} has no label");
            assert!(blank.get("required").is_none(), "{path}: the browser's own messages are in no language of ours");
        }
    }
    let pointing = html.0.iter().flat_map(|e| ["for", "aria-describedby", "aria-labelledby"].map(|name| e.get(name)));
    let pointing = pointing.flatten().flat_map(|ids| ids.split(' '));
    let anchors = html.all("a").into_iter().filter_map(|a| a.of("href").strip_prefix('#'));
    for id in pointing.chain(anchors) {
        assert!(ids.contains(&id), "{path}: nothing has the id {id}");
    }
}

#[actix_web::test]
async fn no_page_runs_or_loads_anything_of_others_and_none_is_kept_or_framed() {
    let desk = TestApp::start().await;
    let (agency, topic) = town(&desk).await;
    account::citizen(&desk, agency.id).await;
    let mut browser = Browser::new(&desk);
    for (path, page) in every_page(&mut browser, &topic).await {
        let html = page.html();
        assert!(html.all("script").is_empty(), "{path}");
        for element in &html.0 {
            let inline = |(name, _): &(String, String)| name == "style" || name.starts_with("on");
            assert!(!element.attributes.iter().any(inline), "{path}: {element:?}");
            let loaded =
                element.get("src").or(element.get("action")).or(element.get("href").filter(|_| element.name == "link"));
            assert!(loaded.is_none_or(|url| url.starts_with('/')), "{path}: {element:?}");
        }
        for (name, value) in [
            (
                "content-security-policy",
                "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; \
             frame-ancestors 'none'; base-uri 'none'",
            ),
            ("x-content-type-options", "nosniff"),
            ("x-frame-options", "DENY"),
            ("referrer-policy", "no-referrer"),
            ("cache-control", "no-store"),
            ("cross-origin-opener-policy", "same-origin"),
            ("cross-origin-resource-policy", "same-origin"),
        ] {
            assert_eq!(page.answer.header(name), value, "{path}: {name}");
        }
        for name in ["strict-transport-security", "permissions-policy"] {
            assert!(!page.answer.header(name).is_empty(), "{path}: {name}");
        }
        for cookie in page.answer.headers.get_all("set-cookie") {
            let cookie = cookie.to_str().unwrap();
            for part in ["__Host-civicdesk-riverton-", "HttpOnly", "SameSite=Lax", "Secure", "Path=/"] {
                assert!(cookie.contains(part), "{cookie}");
            }
        }
    }
}

#[actix_web::test]
async fn the_reader_chooses_the_language_and_it_stays() {
    let desk = TestApp::start().await;
    let (agency, topic) = town(&desk).await;
    let lang = |page: Shown| page.html().one("html").of("lang").to_owned();
    let mut maria = Browser::new(&desk);
    assert_eq!(lang(maria.get("/t/riverton").await), "en");
    maria.languages = "es";
    assert_eq!(lang(maria.get("/t/riverton").await), "es", "the browser's");
    let form = maria.get(&format!("/t/riverton/requests/new?topic={topic}")).await.html();
    let other = form.all("a").into_iter().find(|a| a.get("hreflang") == Some("en")).unwrap().of("href").to_owned();
    assert_eq!(other, format!("?lang=en&topic={topic}"), "and the form stays open");
    assert_eq!(lang(maria.get(&format!("/t/riverton/requests/new{other}")).await), "en", "asked for");
    assert_eq!(lang(maria.get("/t/riverton").await), "en", "and remembered");
    assert_eq!(lang(maria.get("/t/riverton?lang=xx").await), "en", "what we do not have changes nothing");
    let mut nobody = Browser::new(&desk);
    nobody.languages = "fr";
    desk.patch("/v1/tenant", &agency.key, serde_json::json!({ "locale": "es-US" })).await;
    assert_eq!(lang(nobody.get("/t/riverton").await), "es", "the agency's");
}
