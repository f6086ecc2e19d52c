//! The pages of accounts: signing in with one factor and with two, and everything that an account's holder does there.

use std::collections::BTreeMap;

use civicdesk_contract::Secret;
use uuid::Uuid;

use super::browser::{Browser, Shown};
use crate::{
    accounts::{registering, totp},
    acting::{Acting, Actor},
    http::{
        accounts::tests::{Maria, token},
        recovery_tests::{FIRST, SECOND},
        testing::{TestApp, over_both},
    },
    recovery::asking,
    store::Tx,
};

const ACCOUNT: &str = "/t/riverton/account";
const SIGN_IN: &str = "/t/riverton/sign-in";
pub const MARIA: [(&str, &str); 2] = [("/identifier", "maria@example.org"), ("/password", FIRST)];

/// A browser in which Maria is signed in.
pub async fn signed_in(desk: &TestApp) -> Browser<'_> {
    let mut browser = Browser::new(desk);
    assert_eq!(browser.fill(SIGN_IN, &MARIA, &[]).await.to(), ACCOUNT);
    browser
}

/// Sends the form of a page that leads to this path.
async fn press(browser: &mut Browser<'_>, page: &Shown, action: &str) -> Shown {
    let token = page.html().values().into_iter().find(|(name, _)| name == "form_token").unwrap();
    browser.post(action, &[token], &[]).await
}

/// The path of the first link that begins so.
fn link(page: &Shown, start: &str) -> String {
    let all = page.html().all("a").into_iter().map(|a| a.of("href").to_owned()).collect::<Vec<_>>();
    all.iter().find(|href| href.starts_with(start)).unwrap_or_else(|| panic!("{start}: {all:?}")).clone()
}

over_both!(a_citizen_signs_in_sees_the_account_and_signs_out, |desk| {
    let maria = Maria::signed_in(&desk).await;
    let new =
        serde_json::json!({ "subject": "A lamp is out", "contact": { "email": "maria@example.org" }, "text": "Dark." });
    assert_eq!(desk.post("/v1/cases", &maria.town.agency.key, new).await.status, 201);
    let mut browser = Browser::new(&desk);
    assert_eq!(browser.get(ACCOUNT).await.to(), SIGN_IN, "nobody is signed in");
    let empty = browser.fill(SIGN_IN, &[MARIA[0]], &[]).await;
    assert!(empty.status == 422 && empty.text.contains("please fill this in"));
    let mut browser = signed_in(&desk).await;
    let own = browser.get(ACCOUNT).await;
    assert!(own.text.contains("maria@example.org") && own.text.contains("A lamp is out"), "{}", own.text);
    assert!(!own.text.contains("cs_"), "the token stays in its cookie");
    let ends = own.html().all("form").iter().filter(|form| form.of("action").contains("/sign-ins/")).count();
    assert_eq!(ends, 1, "the sign-in over the API can be ended here");
    let elsewhere = own.html().all("form")[0].of("action").to_owned();
    assert_eq!(press(&mut browser, &own, &elsewhere).await.to(), ACCOUNT);
    assert_eq!(maria.get("").await.status, 401);
    let file = browser.get(&format!("{ACCOUNT}/export")).await;
    assert!(file.answer.header("content-disposition").contains("account.json"));
    assert_eq!(
        (file.answer.header("cache-control"), &file.answer.body["cases"][0]["subject"]),
        ("no-store", &"A lamp is out".into())
    );
    let before = browser.cookies.clone();
    let own = browser.get(ACCOUNT).await;
    assert_eq!(press(&mut browser, &own, &format!("{ACCOUNT}/sign-out")).await.to(), SIGN_IN);
    browser.cookies = before;
    assert_eq!(browser.get(ACCOUNT).await.to(), SIGN_IN, "the token itself is worth nothing any more");
});

over_both!(the_sign_in_page_says_the_same_whatever_is_wrong, |desk| {
    let maria = Maria::signed_in(&desk).await;
    maria.town.registered("erased@example.org", 1).await;
    let gone = token(&maria.town.sign_in("erased@example.org", FIRST).await);
    assert_eq!(desk.delete("/v1/account", &gone).await.status, 204);
    let mut pages = Vec::new();
    for (identifier, password) in [
        ("maria@example.org", SECOND),
        ("nobody@example.org", FIRST),
        ("erased@example.org", FIRST),
        ("+1 555 010 9999", FIRST),
        ("nonsense", FIRST),
    ] {
        let mut browser = Browser::new(&desk);
        let refused = browser.fill(SIGN_IN, &[("/identifier", identifier), ("/password", password)], &[]).await;
        assert_eq!(refused.status, 422);
        let token =
            refused.text.split("name=\"form_token\" value=\"").nth(1).unwrap().split('"').next().unwrap().to_owned();
        pages.push(refused.text.replace(&token, "…").replace(identifier, "…"));
        assert!(refused.text.contains("The address or the password is wrong") && !refused.text.contains(password));
    }
    assert!(pages.iter().all(|page| *page == pages[0]), "{pages:#?}");
});

over_both!(a_form_from_elsewhere_changes_nothing_in_an_account, |desk| {
    let maria = Maria::signed_in(&desk).await;
    let mut browser = signed_in(&desk).await;
    for path in ["sign-out", "codes", "app", "app/remove", "erase", "addresses/new", "password", "confirm"] {
        let values = [("/value".to_owned(), "eve@example.org".to_owned()), ("form_token".to_owned(), "x".to_owned())];
        assert_eq!(browser.post(&format!("{ACCOUNT}/{path}"), &values, &[]).await.status, 403, "{path}");
    }
    assert_eq!(browser.post(SIGN_IN, &[], &[]).await.status, 403);
    assert_eq!(browser.get(ACCOUNT).await.status, 200);
    assert_eq!(maria.get("").await.body["saved_codes_left"], 0);
});

over_both!(an_address_is_added_proved_and_removed_on_the_pages, |desk| {
    let maria = Maria::signed_in(&desk).await;
    let mut browser = signed_in(&desk).await;
    let add = format!("{ACCOUNT}/addresses/new");
    let bad = browser.fill(&add, &[("/value", "a@x.example, b@x.example")], &[]).await;
    assert!(bad.status == 422 && bad.text.contains("one email address or one phone number"));
    let own = browser.fill(&add, &[("/value", "maria@example.org")], &[]).await;
    assert!(own.status == 422 && own.text.contains("has this address already"));
    let place = browser.fill(&add, &[("/value", "m.silva@work.example")], &[]).await.to();
    let code = maria.code_to("m.silva@work.example", 1).await;
    let home = browser.get(ACCOUNT).await;
    assert_eq!(link(&home, &format!("{ACCOUNT}/addresses/adr_")), place, "{}", home.text);
    let wrong = browser.fill(&place, &[("/code", "1")], &[]).await;
    assert!(wrong.status == 422 && wrong.text.contains("this code does not work"));
    let done = browser.fill(&place, &[("/code", &code)], &[]).await.to();
    let home = browser.get(&done).await;
    assert!(home.text.contains("The address was added"), "{}", home.text);
    // Long after the sign-in the password is asked for once more, and the page leads on to what was wanted.
    desk.pass(11 * 60);
    let remove = format!("{place}/remove");
    let confirm = browser.get(&remove).await.to();
    let wrong = browser.fill(&confirm, &[("/current_password", SECOND)], &[]).await;
    assert!(wrong.status == 422 && wrong.text.contains("this is not your password"));
    assert_eq!(browser.fill(&confirm, &[("/current_password", FIRST)], &[]).await.to(), remove);
    assert!(browser.get(&remove).await.text.contains("m.silva@work.example"));
    let done = browser.fill(&remove, &[], &[]).await.to();
    let home = browser.get(&done).await;
    assert!(home.text.contains("The address was removed") && !home.text.contains("m.silva"), "{}", home.text);
});

over_both!(a_second_factor_is_set_up_and_asked_for_on_the_pages, |desk| {
    let maria = Maria::signed_in(&desk).await;
    let mut browser = signed_in(&desk).await;
    let place = browser.fill(&format!("{ACCOUNT}/app"), &[], &[]).await.to();
    let page = browser.get(&place).await;
    let shown = secret(&page);
    assert!(shown.split(' ').count() == 8 && shown.split(' ').all(|four| four.len() == 4), "{shown}");
    assert!(page.html().one("svg").get("aria-label").is_some() && page.html().one("path").of("d").len() > 1000);
    let wrong = browser.fill(&place, &[("/app_code", "000000")], &[]).await;
    assert!(wrong.status == 422 && wrong.text.contains("not what the app shows") && wrong.text.contains(&shown));
    let secret = shown.replace(' ', "");
    let code = totp::tests::app(&secret, desk.app.now());
    let done = browser.fill(&place, &[("/app_code", &code)], &[]).await.to();
    assert!(browser.get(&done).await.text.contains("The app was added"));
    let made = browser.fill(&format!("{ACCOUNT}/codes"), &[], &[]).await;
    let codes: Vec<String> = made
        .html()
        .all("li")
        .into_iter()
        .filter(|li| li.get("class") == Some("code"))
        .map(|li| li.text.trim().to_owned())
        .collect();
    assert_eq!((made.status.as_u16(), codes.len()), (200, 10), "{}", made.text);

    let mut other = Browser::new(&desk);
    let asked = other.fill(SIGN_IN, &MARIA, &[]).await;
    assert!(asked.status == 200 && asked.text.contains("Your password was right") && !asked.text.contains(FIRST));
    assert!(!other.cookies.keys().any(|name| name.ends_with("-account")), "{:?}", other.cookies);
    let second = format!("{SIGN_IN}/code");
    let wrong = other.refill(&asked, &second, &[("/factor", "000000")], &[]).await;
    assert!(wrong.status == 422 && wrong.text.contains("this code does not work"));
    assert_eq!(other.refill(&wrong, &second, &[("/factor", &codes[3])], &[]).await.to(), ACCOUNT);
    assert!(other.get(ACCOUNT).await.text.contains("9 codes left"));
    let mut late = Browser::new(&desk);
    let asked = late.fill(SIGN_IN, &MARIA, &[]).await;
    desk.pass(5 * 60);
    let code = totp::tests::app(&secret, desk.app.now());
    assert_eq!(
        late.refill(&asked, &second, &[("/factor", &code)], &[]).await.to(),
        SIGN_IN,
        "the password is asked for again"
    );
    let removed = other.fill(&format!("{ACCOUNT}/app/remove"), &[], &[]).await.to();
    assert!(other.get(&removed).await.text.contains("The app was removed"));
    assert_eq!(maria.town.sign_in("maria@example.org", FIRST).await.status, 201);
});

over_both!(the_password_is_changed_and_the_account_erased_on_the_pages, |desk| {
    let maria = Maria::signed_in(&desk).await;
    let mut browser = signed_in(&desk).await;
    let place = format!("{ACCOUNT}/password");
    for (current, new, sentence) in [
        (SECOND, SECOND, "this is not your password"),
        (FIRST, "short", "15 to 256 characters"),
        (FIRST, "maria@example.org", "names that others know"),
    ] {
        let refused = browser.fill(&place, &[("/current_password", current), ("/new_password", new)], &[]).await;
        assert!(refused.status == 422 && refused.text.contains(sentence), "{sentence}: {}", refused.text);
    }
    let done = browser.fill(&place, &[("/current_password", FIRST), ("/new_password", SECOND)], &[]).await.to();
    assert!(browser.get(&done).await.text.contains("Your password was changed"));
    assert_eq!(maria.get("").await.status, 401, "signed out elsewhere");
    assert_eq!(browser.fill(&format!("{ACCOUNT}/erase"), &[], &[]).await.to(), SIGN_IN);
    assert_eq!(browser.get(ACCOUNT).await.to(), SIGN_IN);
    assert_eq!(maria.town.sign_in("maria@example.org", SECOND).await.status, 401);
});

over_both!(a_sign_in_of_one_agency_is_none_at_another, |desk| {
    let maria = Maria::signed_in(&desk).await;
    desk.agency("hillview").await;
    let mut browser = signed_in(&desk).await;
    let moved: BTreeMap<String, String> =
        browser.cookies.iter().map(|(name, value)| (name.replace("riverton", "hillview"), value.clone())).collect();
    browser.cookies = moved;
    assert_eq!(browser.get("/t/hillview/account").await.to(), "/t/hillview/sign-in");
    assert_eq!(maria.get("").await.status, 200);
});

/// Maria gets an account without a letter.
pub async fn citizen(desk: &TestApp, tenant: Uuid) {
    let act = Acting::new(Actor::System, &desk.app.clock, &desk.app.ids);
    let hash = desk.app.passwords.hash(&Secret::new(FIRST)).await.unwrap();
    let to = asking::party(MARIA[0].1);
    let register = move |tx: &mut Tx| registering::register(tx, &act, (&to, &to.address), &hash);
    desk.app.store.tenant(tenant).write(register).await.unwrap().unwrap();
}

/// Every page of accounts, once well and once with errors where it can have any.
pub async fn every_page(browser: &mut Browser<'_>, pages: &mut Vec<(String, Shown)>) {
    for path in [SIGN_IN.to_owned(), format!("{SIGN_IN} refused")] {
        let page = match path.ends_with("refused") {
            true => browser.fill(SIGN_IN, &[MARIA[0]], &[]).await,
            false => browser.get(SIGN_IN).await,
        };
        pages.push((path, page));
    }
    assert_eq!(browser.fill(SIGN_IN, &MARIA, &[]).await.to(), ACCOUNT);
    assert_eq!(browser.fill(SIGN_IN, &MARIA, &[]).await.to(), ACCOUNT, "two sign-ins, so that one can be ended");
    assert_eq!(browser.fill(&format!("{ACCOUNT}/app"), &[], &[]).await.status, 303);
    pages.push((ACCOUNT.to_owned(), browser.get(&format!("{ACCOUNT}?done=password")).await));
    for rest in ["confirm/app", "password", "addresses/new", "addresses/adr_1", "app", "app/code", "codes", "erase"] {
        let path = format!("{ACCOUNT}/{rest}");
        pages.push((path.clone(), browser.get(&path).await));
        if !["app", "erase"].contains(&rest) {
            pages.push((format!("{path} sent"), browser.fill(&path, &[], &[]).await));
        }
    }
    let place = format!("{ACCOUNT}/app/code");
    let secret = secret(&browser.get(&place).await);
    let code = totp::tests::app(&secret.replace(' ', ""), browser.now());
    pages.push(("account with an app".to_owned(), {
        let done = browser.fill(&place, &[("/app_code", &code)], &[]).await.to();
        browser.get(&done).await
    }));
    let asked = browser.fill(SIGN_IN, &MARIA, &[]).await;
    let wrong = browser.refill(&asked, &format!("{SIGN_IN}/code"), &[("/factor", "000000")], &[]).await;
    pages.extend([("second factor".to_owned(), asked), ("second factor refused".to_owned(), wrong)]);
    let remove = format!("{ACCOUNT}/app/remove");
    pages.push((remove.clone(), browser.get(&remove).await));
    assert_eq!(browser.fill(&remove, &[], &[]).await.status, 303);
}

/// The secret that a page shows, in its groups.
fn secret(page: &Shown) -> String {
    page.html().class("code")[0].text.clone()
}
