//! The link beside the code: what it promises to citizens, and to nobody else.

use actix_web::{
    http::{Method, header},
    test::TestRequest,
};
use serde_json::json;

use crate::http::{
    recovery_tests::{FIRST, SECOND, Town},
    testing::{Answered, TestApp, over_both},
};

/// The link in a letter.
fn link(text: &str) -> String {
    let at = text.find("https://").unwrap_or_else(|| panic!("no link: {text}"));
    text[at..].split_whitespace().next().unwrap().to_owned()
}

fn token(link: &str) -> &str {
    link.rsplit('/').next().unwrap()
}

/// An answer without what differs in every answer.
fn said(answer: &Answered) -> (u16, String) {
    let mut body = answer.body.clone();
    if let Some(body) = body.as_object_mut() {
        body.remove("request_id");
        body.remove("instance");
    }
    (answer.status.as_u16(), body.to_string())
}

// PR-08.
over_both!(a_link_leads_where_the_agency_was_set_up_whatever_a_request_says_of_hosts, |desk| {
    let town = Town::start(&desk, "riverton").await;
    let mut asked = 0;
    for (name, value) in [
        ("host", "evil.example"),
        ("x-forwarded-host", "evil.example"),
        ("x-forwarded-proto", "http"),
        ("x-forwarded-port", "8443"),
        ("x-forwarded-server", "evil.example"),
        ("x-forwarded-prefix", "/evil"),
        ("x-host", "evil.example"),
        ("x-original-host", "evil.example"),
        ("x-original-url", "https://evil.example/"),
        ("x-rewrite-url", "https://evil.example/"),
        ("forwarded", "host=evil.example;proto=http"),
        ("origin", "https://evil.example"),
        ("referer", "https://evil.example/t/riverton"),
        ("x-http-host-override", "evil.example"),
    ] {
        let identifier = format!("{}@example.org", name.replace('-', "."));
        let request = TestRequest::with_uri("/v1/public/riverton/accounts").method(Method::POST);
        let request = request.insert_header((name, value)).set_json(json!({ "identifier": identifier }));
        let answer = desk.send(request).await;
        assert_eq!(answer.status, 202, "{name}: {:?}", answer.body);
        asked += 1;
        let letter = town.letters(asked).await.pop().unwrap();
        assert!(link(&letter.text).starts_with("https://desk.example/t/riverton/register/"), "{name}: {}", letter.text);
        assert!(!letter.text.contains("evil"), "{name}: {}", letter.text);
    }
});

// PR-13, PR-14: code and link are two keys of one thing.
over_both!(code_and_link_open_the_same_door_and_using_one_uses_up_the_other, |desk| {
    let town = Town::start(&desk, "riverton").await;
    town.registered("maria@example.org", 0).await;
    for (letters, by_link) in [(1, true), (3, false)] {
        let id = town.ask("recoveries", "maria@example.org").await;
        let letter = town.letters(letters + 1).await.pop().unwrap();
        let (code, link) = (town.code(letters + 1).await, link(&letter.text));
        let (password, other) = if by_link { (SECOND, FIRST) } else { (FIRST, SECOND) };
        let shown = |by_link: bool, password: &str| match by_link {
            true => json!({ "token": token(&link), "password": password }),
            false => json!({ "code": code, "password": password }),
        };
        let path = format!("recoveries/{id}/complete");
        assert_eq!(town.post(&path, shown(by_link, password)).await.status, 204);
        assert_eq!(town.post(&path, shown(!by_link, other)).await.status, 409);
        assert_eq!(town.sign_in("maria@example.org", password).await.status, 201);
        town.letters(letters + 2).await;
    }
});

// PR-11, PR-12, PR-37.
over_both!(every_link_that_does_not_work_is_answered_alike, |desk| {
    let (town, other) = (Town::start(&desk, "riverton").await, Town::start(&desk, "hillview").await);
    town.registered("maria@example.org", 0).await;
    let first = town.ask("recoveries", "maria@example.org").await;
    let replaced = link(&town.letters(2).await[1].text);
    let second = town.ask("recoveries", "maria@example.org").await;
    let letter = town.letters(3).await.pop().unwrap();
    let works = link(&letter.text);
    let unknown = format!("{}A", &token(&works)[..42]);
    let body = |token: &str| json!({ "token": token, "password": SECOND });
    let mut told = Vec::new();
    for (id, token) in [
        (&first, token(&replaced)),
        (&second, token(&replaced)),
        (&first, token(&works)),
        (&second, &unknown),
        (&second, "nonsense"),
        (&second, ""),
    ] {
        told.push(town.post(&format!("recoveries/{id}/complete"), body(token)).await);
    }
    told.push(other.post(&format!("recoveries/{second}/complete"), body(token(&works))).await);
    let path = format!("recoveries/{second}/complete");
    assert_eq!(town.post(&path, body(token(&works))).await.status, 204);
    told.push(town.post(&path, body(token(&works))).await);
    desk.pass(16 * 60);
    let third = town.ask("recoveries", "maria@example.org").await;
    let late = town.letters(5).await.into_iter().rfind(|l| l.text.contains("code is")).unwrap();
    desk.pass(30 * 60 + 1);
    told.push(town.post(&format!("recoveries/{third}/complete"), body(token(&link(&late.text)))).await);
    assert_eq!(told[0].status, 409, "{:?}", told[0].body);
    assert!(told.iter().all(|answer| said(answer) == said(&told[0])), "{told:#?}");
});

// PR-16, PR-18: whoever opens a link, or sends its page empty, however often, uses nothing up.
over_both!(a_thousand_scanners_leave_a_link_as_good_as_it_was, |desk| {
    let town = Town::start(&desk, "riverton").await;
    town.registered("maria@example.org", 0).await;
    town.ask("recoveries", "maria@example.org").await;
    let link = link(&town.letters(2).await[1].text);
    let path = link.strip_prefix("https://desk.example").unwrap();
    for n in 0..1000 {
        let method = if n % 2 == 0 { Method::GET } else { Method::HEAD };
        let opened = desk.send(TestRequest::with_uri(path).method(method)).await;
        assert_eq!(opened.status, 303);
    }
    let opened = desk.send(TestRequest::with_uri(path)).await;
    assert_eq!(opened.header("location"), "/t/riverton/recover/new");
    assert_eq!((opened.header("cache-control"), opened.header("referrer-policy")), ("no-store", "no-referrer"));
    let cookie = opened.header("set-cookie").to_owned();
    for part in ["__Host-civicdesk-riverton-recover=", "HttpOnly", "SameSite=Lax", "Secure", "Path=/"] {
        assert!(cookie.contains(part), "{cookie}");
    }
    let cookie = cookie.split(';').next().unwrap();
    let page =
        desk.send(TestRequest::with_uri("/t/riverton/recover/new").insert_header((header::COOKIE, cookie))).await;
    let page_text = page.body.as_str().unwrap().to_owned();
    assert!(page.status == 200 && !page_text.contains(token(path)), "{page_text}");
    let form = page.headers.get_all("set-cookie").next().unwrap().to_str().unwrap().split(';').next().unwrap();
    let word = page_text.split("name=\"form_token\" value=\"").nth(1).unwrap().split('"').next().unwrap();
    for n in 0..1000 {
        // What a scanner's browser sends by itself: the form as it stands.
        let password = if n % 2 == 0 { "" } else { "short" };
        let body = format!(
            "--x\r\nContent-Disposition: form-data; name=\"form_token\"\r\n\r\n{word}\r\n--x\r\n\
             Content-Disposition: form-data; name=\"/password\"\r\n\r\n{password}\r\n--x--\r\n"
        );
        let request = TestRequest::with_uri("/t/riverton/recover/new").method(Method::POST);
        let request = request.insert_header((header::COOKIE, format!("{cookie}; {form}")));
        let request = request.insert_header(("Content-Type", "multipart/form-data; boundary=x")).set_payload(body);
        assert_eq!(desk.send(request).await.status, 422);
    }
    assert_eq!(town.sign_in("maria@example.org", FIRST).await.status, 201, "nothing has changed");
    let id = "rec_0197f2a1c3d47b3e8a1f5c2d9e6b7a91";
    let elsewhere =
        town.post(&format!("recoveries/{id}/complete"), json!({ "token": token(path), "password": SECOND })).await;
    assert_eq!(elsewhere.status, 409);
    let mut maria = crate::pages::tests::browser::Browser::new(&desk);
    let new = maria.get(path).await.to();
    let done = maria.fill(&new, &[("/password", SECOND)], &[]).await.to();
    assert_eq!(done, "/t/riverton/recover/done");
    assert_eq!(town.sign_in("maria@example.org", SECOND).await.status, 201);
    let again = maria.get(path).await.to();
    assert!(maria.get(&again).await.text.contains("This link does not work"), "it was used");
});

// PR-14: the newest alone, to whichever address of the account.
over_both!(five_links_were_asked_for_and_only_the_newest_works, |desk| {
    let town = Town::start(&desk, "riverton").await;
    town.registered("maria@example.org", 0).await;
    let mut links = Vec::new();
    for n in 0..5 {
        // The quarter of an hour, and the hour, let no more through.
        desk.pass(30 * 60 - 60);
        let id = town.ask("recoveries", "maria@example.org").await;
        links.push((id, link(&town.letters(n + 2).await[n + 1].text)));
    }
    for (n, (id, link)) in links.iter().enumerate() {
        let body = json!({ "token": token(link), "password": SECOND });
        let status = town.post(&format!("recoveries/{id}/complete"), body).await.status.as_u16();
        assert_eq!(status, if n == 4 { 204 } else { 409 }, "{n}");
    }
});
