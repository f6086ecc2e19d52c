//! The pages of recovery where the accounts are held in the agency's directory.

use civicdesk_providers::directory::Person;
use serde_json::json;

use super::browser::Browser;
use crate::http::{
    directory_tests::{fake_of, signed},
    recovery_tests::{FIRST, SECOND, Town},
    testing::{TestApp, over_both},
};

over_both!(the_pages_say_what_the_directory_says_and_to_everybody_alike_that_it_is_down, |desk| {
    let town = Town::start(&desk, "riverton").await;
    let maria = Person {
        subject: "1001".to_owned(),
        email: "maria@example.org".to_owned(),
        phone: String::new(),
        password: FIRST.to_owned(),
        active: true,
    };
    let fake = fake_of(&desk, vec![maria]).await;
    let set = json!({ "settings": signed(&fake) });
    assert_eq!(desk.put("/v1/tenant/directory", &town.agency.key, set).await.status, 200);
    let mut browser = Browser::new(&desk);
    let closed = browser.get("/t/riverton/register").await;
    assert!(closed.text.contains("cannot make an account"), "{}", closed.text);
    let place = browser.fill("/t/riverton/recover", &[("/identifier", "maria@example.org")], &[]).await.to();
    let code = town.code(1).await;
    let refused = browser.fill(&place, &[("/code", &code), ("/password", "sixteen letters!")], &[]).await;
    assert_eq!(refused.status, 422);
    assert!(refused.text.contains("it must have 18 characters at least"), "{}", refused.text);

    fake.http.go_down().await.unwrap();
    let down = browser.fill(&place, &[("/code", &code), ("/password", SECOND)], &[]).await;
    assert!(down.status == 503 && down.text.contains("your code still works"), "{}", down.text);
    assert_eq!(down.answer.header("retry-after"), "30");
    for page in ["/t/riverton/recover", &place] {
        assert!(Browser::new(&desk).get(page).await.text.contains("does not answer at the moment"), "{page}");
    }
    fake.http.come_up().await.unwrap();
    let done = browser.fill(&place, &[("/code", &code), ("/password", SECOND)], &[]).await.to();
    assert_eq!(done, "/t/riverton/recover/done");
    assert!(!Browser::new(&desk).get("/t/riverton/recover").await.text.contains("does not answer"), "it is up again");
});
