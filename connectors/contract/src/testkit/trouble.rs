//! Checks of bad days: a wrong password and a provider that is down, each named so that the right person can mend it.

use super::{judge::Kit, session};
use crate::{Channel, Error, Kind, Retry};

pub(super) async fn a_wrong_password_is_said(kit: &Kit<'_>) {
    let Some(settings) = kit.fixture.wrong_credentials() else {
        assert!(
            kit.fixture.secrets().is_empty(),
            "Fixture::wrong_credentials() is None though the settings hold a secret: give settings with a wrong one"
        );
        return;
    };
    let why = "The channel's health must say that the password is wrong, or nobody looks there.";
    let channel = kit.try_open(settings).unwrap_or_else(|e| {
        panic!("open refused Fixture::wrong_credentials(): their form is right, and open does no I/O: {e}")
    });
    if !speaks_to_the_provider(kit) {
        return;
    }
    let mut errors = Vec::new();
    let checked = kit.soon("check", channel.check()).await;
    errors.push(kit.fails("check with a wrong password", checked, Kind::Credentials, why));
    if kit.can.poll {
        let polled = kit.soon("poll", channel.poll(None, 10)).await;
        errors.push(kit.fails("poll with a wrong password", polled, Kind::Credentials, why));
    }
    if kit.can.send {
        let before = kit.fixture.sent().await.len();
        let sent = kit.soon("send", channel.send(&kit.outbound("Nobody should get this."))).await;
        errors.push(kit.fails("send with a wrong password", sent, Kind::Credentials, why));
        assert_eq!(kit.fixture.sent().await.len(), before, "a message went out with a wrong password");
    }
    for error in errors {
        assert!(error.retry != Retry::Unsure, "nothing went out with a wrong password, so it is not Unsure: {error:?}");
    }
}

pub(super) async fn a_provider_that_is_down_is_tried_again(kit: &Kit<'_>) {
    if !speaks_to_the_provider(kit) {
        return;
    }
    let channel = kit.open();
    kit.works("check", channel.check()).await;
    kit.fixture.go_down().await;
    let errors = all_that_is_declared(kit, &*channel).await;
    kit.fixture.come_up().await;
    for error in errors {
        assert!(
            matches!(error.retry, Retry::Later | Retry::After(_)),
            "no connection was made, so nothing went out and it may be tried again: Retry::Later, got {error:?}"
        );
    }
    kit.works("check on the same channel, after the provider came back", channel.check()).await;
    if kit.can.poll {
        kit.works("poll on the same channel, after the provider came back", channel.poll(None, 10)).await;
    }
    if kit.can.send {
        let message = kit.outbound("We are back.");
        kit.works("send on the same channel, after the provider came back", channel.send(&message)).await;
    }
}

async fn all_that_is_declared(kit: &Kit<'_>, channel: &dyn Channel) -> Vec<Error> {
    let why = "The provider refused the connection.";
    let checked = kit.soon("check", channel.check()).await;
    let mut errors = vec![kit.fails("check while the provider is down", checked, Kind::Unreachable, why)];
    if kit.can.poll {
        let polled = kit.soon("poll", channel.poll(None, 10)).await;
        errors.push(kit.fails("poll while the provider is down", polled, Kind::Unreachable, why));
    }
    if kit.can.send {
        let sent = kit.soon("send", channel.send(&kit.outbound("Is anybody there?"))).await;
        errors.push(kit.fails("send while the provider is down", sent, Kind::Unreachable, why));
    }
    if kit.can.session {
        errors.push(session::ends_when_the_provider_is_down(kit).await);
    }
    errors
}

/// A connector that is only called has nobody to ask.
fn speaks_to_the_provider(kit: &Kit<'_>) -> bool {
    kit.can.poll || kit.can.send || kit.can.session
}
