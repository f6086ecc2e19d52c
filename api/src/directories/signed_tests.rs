//! The promises of a directory over the fake of an agency's own system, and over one that fails in every way.

use std::{sync::Arc, time::Duration};

use civicdesk_contract::{IdentityKind, Secret, SystemClock};
use civicdesk_providers::{
    Trouble,
    directory::{Directory as Fake, Person, SECRET, Wrong},
};
use serde_json::json;

use super::{
    Directory, SetFailed,
    kit::{self, Stage, Then},
    settings::{self, DirectorySettings},
    signed::Signed,
};
use crate::{channels::net, ids::Ids};

const PASSWORD: &str = "the river ran past my school";

pub fn person(subject: &str, email: &str, phone: &str, active: bool) -> Person {
    Person { subject: subject.into(), email: email.into(), phone: phone.into(), password: PASSWORD.into(), active }
}

fn open(url: &str, reach: &net::Reach) -> Signed {
    let given = json!({ "kind": "signed_http", "url": url, "secret": SECRET, "timeout_seconds": 1 });
    let DirectorySettings::SignedHttp(settings) = settings::read(&given).unwrap() else { panic!("signed") };
    let clock = Arc::new(SystemClock);
    Signed::new(settings, &net::tools(clock.clone(), reach).unwrap(), &Ids::new(clock)).unwrap()
}

fn here() -> net::Reach {
    net::Reach::new(|address| address.is_loopback())
}

#[tokio::test]
async fn an_agencys_own_system_keeps_what_a_directory_has_to_keep() {
    let fake = Fake::start(vec![
        person("1001", "Maria.Iglesias@Example.org", "+15550109999", true),
        person("1002", "desk@example.org", "", true),
        person("1003", "desk@example.org", "", true),
        person("1004", "carl@example.org", "", false),
    ])
    .await;
    let directory = open(&fake.url(), &here());
    let stage = Stage {
        directory: &directory,
        email: "Maria.Iglesias@Example.org",
        phone: "+15550109999",
        password: PASSWORD,
        closed: ("carl@example.org", PASSWORD),
        shared: Some("desk@example.org"),
        against_the_rules: Some("sixteen letters!"),
    };
    kit::keeps_its_promises(&stage).await;
}

#[tokio::test]
async fn an_answer_that_is_not_rightly_signed_for_this_question_is_none() {
    let fake = Fake::start(vec![person("1001", "maria@example.org", "", true)]).await;
    let directory = open(&fake.url(), &here());
    for wrong in [Wrong::Signature, Wrong::Question, Wrong::Time, Wrong::Unsigned, Wrong::Length, Wrong::Redirect] {
        fake.goes(wrong);
        let found = directory.find(IdentityKind::Email, "maria@example.org").await;
        assert!(found.is_err(), "{wrong:?}: {found:?}");
        assert!(directory.check("1001", &Secret::new(PASSWORD)).await.is_err(), "{wrong:?}");
        assert!(directory.health().await.is_err(), "{wrong:?}");
        let set = directory.set("1001", &Secret::new("nine herons stood in the rain")).await;
        assert!(matches!(set, Err(SetFailed::Unsure(_))), "{wrong:?}: {set:?}");
    }
    fake.goes(Wrong::Nothing);
    assert!(directory.check("1001", &Secret::new("nine herons stood in the rain")).await.unwrap());
}

#[tokio::test]
async fn what_a_lost_answer_means_for_a_password_is_said_as_it_is() {
    let fake = Fake::start(vec![person("1001", "maria@example.org", "", true)]).await;
    let directory = open(&fake.url(), &here());
    let new = Secret::new("nine herons stood in the rain");
    let trouble = async |trouble: Trouble| {
        fake.troubles().then(trouble);
        directory.set("1001", &new).await.unwrap_err()
    };
    assert!(matches!(trouble(Trouble::Down(503)).await, SetFailed::Down(_)));
    assert!(matches!(trouble(Trouble::TokenExpired).await, SetFailed::Down(_)));
    assert_eq!(fake.people()[0].password, PASSWORD);
    for unsure in [Trouble::Down(500), Trouble::Down(502), Trouble::LostReply, Trouble::Slow(Duration::from_secs(2))] {
        let said = trouble(unsure.clone()).await;
        assert!(matches!(said, SetFailed::Unsure(_)), "{unsure:?}: {said:?}");
    }
}

#[tokio::test]
async fn a_system_that_is_down_or_silent_is_told_at_once() {
    let fake = Fake::start(Vec::new()).await;
    let directory = open(&fake.url(), &here());
    fake.troubles().times(4, &Trouble::Down(503));
    kit::says_that_it_is_down(&directory, Duration::from_millis(900), Then::SurelyNot).await;
    fake.troubles().times(4, &Trouble::Slow(Duration::from_secs(5)));
    kit::says_that_it_is_down(&directory, Duration::from_millis(1900), Then::Unsure).await;
    fake.http.go_down().await.unwrap();
    kit::says_that_it_is_down(&directory, Duration::from_millis(900), Then::SurelyNot).await;
}

#[tokio::test]
async fn no_private_address_is_called_unless_the_operator_allows_it() {
    let fake = Fake::start(vec![person("1001", "maria@example.org", "", true)]).await;
    let directory = open(&fake.url(), &net::Reach::new(|_| false));
    assert!(directory.find(IdentityKind::Email, "maria@example.org").await.is_err());
}
