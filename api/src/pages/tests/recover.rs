//! The whole way of somebody who forgot the password, over the pages.

use super::browser::Browser;
use crate::{
    auth::Role,
    http::{
        recovery_tests::{FIRST, SECOND, Town},
        testing::{TestApp, over_both},
    },
};

over_both!(a_citizen_who_forgot_the_password_sets_a_new_one_on_the_pages, |desk| {
    let town = Town::start(&desk, "riverton").await;
    town.registered("maria@example.org", 0).await;
    let mut maria = Browser::new(&desk);
    let home = maria.get("/t/riverton").await.html();
    assert!(home.all("a").iter().any(|a| a.get("href") == Some("/t/riverton/recover")));
    let list = maria.fill("/t/riverton/recover", &[("/identifier", "maria@example.org, eve@example.org")], &[]).await;
    assert_eq!(list.status, 422);
    assert!(list.html().one("title").text.starts_with("Error: "));
    let place = maria.fill("/t/riverton/recover", &[("/identifier", "maria@example.org")], &[]).await.to();
    let code = town.code(2).await;

    let wrong = maria.fill(&place, &[("/code", "1"), ("/password", SECOND)], &[]).await;
    assert_eq!(wrong.status, 422);
    assert!(wrong.text.contains("this code does not work") && !wrong.text.contains(SECOND), "{}", wrong.text);
    let weak = maria.fill(&place, &[("/code", &code), ("/password", "passwordpassword")], &[]).await;
    assert!(weak.status == 422 && weak.text.contains("many people") && !weak.text.contains("passwordpassword"));
    let empty = maria.fill(&place, &[("/code", &code), ("/password", "")], &[]).await;
    assert!(empty.status == 422 && empty.text.contains("please fill this in"));

    let done = maria.fill(&place, &[("/code", &code), ("/password", SECOND)], &[]).await.to();
    assert_eq!(done, "/t/riverton/recover/done");
    assert!(maria.get(&done).await.html().one("h1").text.contains("new password is set"));
    assert_eq!(town.sign_in("maria@example.org", FIRST).await.status, 401);
    assert_eq!(town.sign_in("maria@example.org", SECOND).await.status, 201);
    let used = maria.fill(&place, &[("/code", &code), ("/password", FIRST)], &[]).await;
    assert!(used.status == 422 && used.text.contains("this code does not work"));
});

over_both!(a_page_shows_a_stranger_and_a_citizen_the_same, |desk| {
    let town = Town::start(&desk, "riverton").await;
    town.registered("maria@example.org", 0).await;
    let mut pages = Vec::new();
    for identifier in ["maria@example.org", "nobody@example.org"] {
        let mut browser = Browser::new(&desk);
        let place = browser.fill("/t/riverton/recover", &[("/identifier", identifier)], &[]).await.to();
        let id = place.rsplit('/').next().unwrap().to_owned();
        let mut text = browser.get(&place).await.text.replace(&id, "…");
        for (name, token) in browser.cookies.clone() {
            text = text.replace(&token, &name);
        }
        let token = text.split("name=\"form_token\" value=\"").nth(1).unwrap().split('"').next().unwrap().to_owned();
        pages.push(text.replace(&token, "…"));
    }
    assert_eq!(pages[0], pages[1]);
});

over_both!(somebody_who_works_for_the_agency_follows_a_link_and_chooses_a_password_on_the_pages, |desk| {
    let town = Town::start(&desk, "riverton").await;
    let old = desk.staff(town.agency.id, "ana@riverton.example", Role::Agent).await;
    let mut ana = Browser::new(&desk);
    let wrong = ana.fill("/t/riverton/staff/recover", &[("/identifier", "ana")], &[]).await;
    assert!(wrong.status == 422 && wrong.html().one("title").text.starts_with("Error: "));
    let asked = ana.fill("/t/riverton/staff/recover", &[("/identifier", "ana@riverton.example")], &[]).await.to();
    assert!(ana.get(&asked).await.html().one("h1").text.contains("Check your email"));
    let letter = town.letters(1).await.pop().unwrap();
    let link = letter.text.split_whitespace().find(|word| word.contains("/staff/recover/")).unwrap().to_owned();
    let link = link.trim_start_matches("https://desk.example").to_owned();
    for _ in 0..10 {
        let place = Browser::new(&desk).get(&link).await.to();
        assert_eq!(place, "/t/riverton/staff/recover/new", "the secret leaves the address at once");
    }
    let place = ana.get(&link).await.to();
    let weak = ana.fill(&place, &[("/password", "passwordpassword")], &[]).await;
    assert!(weak.status == 422 && weak.text.contains("many people"));
    let done = ana.fill(&place, &[("/password", SECOND)], &[]).await.to();
    assert!(ana.get(&done).await.html().one("h1").text.contains("Your password is set"));
    let again = ana.get(&place).await;
    assert!(again.status == 410 && again.text.contains("This link does not work"), "{}", again.text);
    let who = serde_json::json!({ "tenant": "riverton", "email": "ana@riverton.example", "password": old.expose() });
    assert_eq!(desk.post("/v1/auth/login", "", who).await.status, 401);
});
