//! What every directory has to keep, whatever stands behind it.

use std::time::{Duration, Instant};

use civicdesk_contract::{IdentityKind, Secret};

use super::{Directory, NOBODY, SetFailed};

/// One directory with people in it.
pub struct Stage<'a> {
    pub directory: &'a dyn Directory,
    /// Two addresses of one account as they are kept, and its password.
    pub email: &'a str,
    pub phone: &'a str,
    pub password: &'a str,
    /// An address and the password of an account that may not be used.
    pub closed: (&'a str, &'a str),
    /// An address that two accounts have, where the directory lets that be.
    pub shared: Option<&'a str>,
    /// A password that the directory's own rules refuse.
    pub against_the_rules: Option<&'a str>,
}

const NEW: &str = "nine herons stood in the rain";
const NEWER: &str = "a kettle hums on the long pier";

/// Goes through every promise, in an order in which a later one may build on those before.
pub async fn keeps_its_promises(stage: &Stage<'_>) {
    finds_by_every_address_in_every_spelling(stage).await;
    finds_nobody_else(stage).await;
    knows_the_password_and_no_other(stage).await;
    sets_a_password_once_and_for_all(stage).await;
    says_why_it_refuses(stage).await;
    keeps_closed_accounts_closed(stage).await;
    assert!(stage.directory.health().await.is_ok(), "it says that it is well");
}

async fn finds(stage: &Stage<'_>, kind: IdentityKind, address: &str) -> Option<super::Entry> {
    stage.directory.find(kind, address).await.unwrap_or_else(|e| panic!("finding {address:?}: {e}"))
}

async fn right(stage: &Stage<'_>, subject: &str, password: &str) -> bool {
    let checked = stage.directory.check(subject, &Secret::new(password)).await;
    checked.unwrap_or_else(|e| panic!("checking a password of {subject:?}: {e}"))
}

async fn subject(stage: &Stage<'_>) -> String {
    finds(stage, IdentityKind::Email, stage.email).await.expect("the account is found").subject
}

async fn finds_by_every_address_in_every_spelling(stage: &Stage<'_>) {
    let found = finds(stage, IdentityKind::Email, stage.email).await.expect("the account is found by its address");
    assert!(found.active && !found.subject.is_empty(), "{found:?}");
    let spaced: String = stage.phone.chars().flat_map(|digit| [digit, ' ']).collect();
    for (kind, spelling) in [
        (IdentityKind::Email, stage.email.to_ascii_uppercase()),
        (IdentityKind::Email, stage.email.to_ascii_lowercase()),
        (IdentityKind::Email, format!(" {} ", stage.email)),
        (IdentityKind::Phone, stage.phone.to_owned()),
        (IdentityKind::Phone, spaced),
    ] {
        let same = finds(stage, kind, &spelling).await;
        assert_eq!(same.as_ref(), Some(&found), "{spelling:?} is an address of the same account");
    }
    let kept = |kind, value: &str| found.addresses.iter().any(|a| a.kind == kind && a.value == value);
    assert!(kept(IdentityKind::Email, stage.email), "an address comes as it is kept, not as it was typed: {found:?}");
    assert_eq!(found.addresses.len(), 2, "{found:?}");
}

async fn finds_nobody_else(stage: &Stage<'_>) {
    let (local, domain) = stage.email.split_once('@').expect("an email address");
    let wildcards = ["*", "*@*", "", "\0", "(", "*)(uid=*", "*)(|(mail=*", "\\2a", "maria)(&"].map(str::to_owned);
    let injected = [
        "nobody.at.all@example.org".to_owned(),
        format!("*@{domain}"),
        format!("{local}*@{domain}"),
        format!("{}@{domain})(uid=*", local),
        format!("\"{local})(uid=*\"@{domain}"),
        format!("{local}@{domain}\0"),
        format!("{local}\0@{domain}"),
        format!("{local},{local}@{domain}"),
        format!("{}@{domain}", local.replace('a', "\u{430}")),
        format!("{}@{domain}", local.replace('i', "\u{131}")),
    ];
    for address in wildcards.iter().chain(&injected) {
        assert_eq!(finds(stage, IdentityKind::Email, address).await, None, "{address:?} is nobody's");
        assert_eq!(finds(stage, IdentityKind::Phone, address).await, None, "{address:?} is nobody's number");
    }
    assert_eq!(finds(stage, IdentityKind::Phone, stage.email).await, None, "an email address is no number");
    if let Some(shared) = stage.shared {
        assert_eq!(finds(stage, IdentityKind::Email, shared).await, None, "of two accounts none is meant");
    }
}

async fn knows_the_password_and_no_other(stage: &Stage<'_>) {
    let own = subject(stage).await;
    assert!(right(stage, &own, stage.password).await, "the right password is right");
    let cut = &stage.password[..stage.password.len() - 1];
    for wrong in ["", "\0", "*", "wrong", cut, &format!("{}\0", stage.password), &stage.password.to_uppercase()] {
        assert!(!right(stage, &own, wrong).await, "{wrong:?} is not the password");
    }
    for other in ["", "*", "\0", NOBODY, "*)(uid=*", &format!("{own}*"), &format!("{own}\0")] {
        assert!(!right(stage, other, stage.password).await, "{other:?} is no account");
    }
}

async fn sets_a_password_once_and_for_all(stage: &Stage<'_>) {
    let own = subject(stage).await;
    stage.directory.set(&own, &Secret::new(NEW)).await.expect("a good password is set");
    assert!(right(stage, &own, NEW).await, "the new password works at once");
    assert!(!right(stage, &own, stage.password).await, "the old one does not");
    // Beyond ASCII, and with signs that mean something elsewhere.
    let odd = "päss \"wörd\" 🐦 = *)(\\ & long enough";
    stage.directory.set(&own, &Secret::new(odd)).await.expect("a password may have any sign");
    assert!(right(stage, &own, odd).await && !right(stage, &own, NEW).await);
    assert_eq!(subject(stage).await, own, "the account keeps its name");
    for nobody in [NOBODY, "", "*"] {
        assert!(stage.directory.set(nobody, &Secret::new(NEW)).await.is_err(), "{nobody:?} has no password to set");
    }
    stage.directory.set(&own, &Secret::new(NEWER)).await.expect("a good password is set");
}

async fn says_why_it_refuses(stage: &Stage<'_>) {
    let Some(bad) = stage.against_the_rules else { return };
    let own = subject(stage).await;
    match stage.directory.set(&own, &Secret::new(bad)).await {
        Err(SetFailed::Refused(why)) => assert!(!why.is_empty() && !why.contains(bad), "{why:?}"),
        other => panic!("a password against the rules is refused with a reason, not {other:?}"),
    }
    assert!(right(stage, &own, NEWER).await && !right(stage, &own, bad).await, "the old password goes on");
}

async fn keeps_closed_accounts_closed(stage: &Stage<'_>) {
    let (address, password) = stage.closed;
    let found = finds(stage, IdentityKind::Email, address).await;
    assert!(found.as_ref().is_none_or(|entry| !entry.active), "{found:?} may not be used");
    let Some(found) = found else { return };
    assert!(!right(stage, &found.subject, password).await, "the password of a closed account opens nothing");
    let set = stage.directory.set(&found.subject, &Secret::new(NEW)).await;
    assert!(matches!(set, Err(SetFailed::Refused(_))), "{set:?}: a closed account gets no new password");
}

/// What may be said of a password that a directory in trouble was to set.
#[derive(Clone, Copy, Debug)]
pub enum Then {
    SurelyNot,
    Unsure,
}

/// A directory in trouble says so, within this time, and never that somebody is not there.
pub async fn says_that_it_is_down(directory: &dyn Directory, within: Duration, then: Then) {
    let password = Secret::new(NEW);
    let timed = async |what: &str, down: bool, begin: Instant| {
        assert!(down, "{what} says that the directory is down");
        assert!(begin.elapsed() < within, "{what} took {:?}", begin.elapsed());
    };
    let begin = Instant::now();
    timed("finding", directory.find(IdentityKind::Email, "maria@example.org").await.is_err(), begin).await;
    let begin = Instant::now();
    timed("checking", directory.check(NOBODY, &password).await.is_err(), begin).await;
    let begin = Instant::now();
    timed("health", directory.health().await.is_err(), begin).await;
    let begin = Instant::now();
    let set = directory.set(NOBODY, &password).await;
    let said = match then {
        Then::SurelyNot => matches!(set, Err(SetFailed::Down(_))),
        Then::Unsure => matches!(set, Err(SetFailed::Unsure(_))),
    };
    timed("setting", said, begin).await;
    assert!(!format!("{set:?}").contains(NEW), "no word of the password");
}
