//! Checks of the declaration: it is well formed, and true of what is not declared too.

use std::sync::Arc;

use async_trait::async_trait;

use super::judge::Kit;
use crate::{Accepted, Capabilities, Error, ExternalId, HookCall, Inbox, Kind, RawItem, Result, Told};

pub(super) fn about_is_well_formed(kit: &Kit<'_>) {
    let about = kit.connector.about();
    let mut letters = about.id.chars();
    assert!(
        letters.next().is_some_and(|c| c.is_ascii_lowercase())
            && letters.all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_'),
        "About::id is {:?}; it is kept in the database and written in URLs: lower-case letters, digits and _",
        about.id
    );
    assert!(!about.name.trim().is_empty(), "About::name is empty; staff choose a connector by it");
    assert_eq!(
        format!("{about:?}"),
        format!("{:?}", kit.connector.about()),
        "about() gave two different answers; the host asks once at start and relies on it"
    );
    capabilities_agree(&about.capabilities);
}

fn capabilities_agree(can: &Capabilities) {
    assert!(
        can.poll || can.hooks || can.session || can.send,
        "the connector declares no way in and no way out: declare poll, hooks, session or send"
    );
    assert!(!can.idempotent_send || can.send, "idempotent_send is declared without send");
    assert!(!can.receipts || can.send, "receipts is declared without send: there is nothing to report on");
    assert!(!can.spoken || can.hooks, "spoken is declared without hooks: nobody could call");
    assert!(!can.templates_only || can.send, "templates_only is declared without send");
    assert!(can.max_text != Some(0), "max_text is 0: nothing could ever be sent; None means no limit");
    assert!(!can.identities.is_empty(), "identities is empty: the host could not tell whose message it is");
}

pub(super) async fn check_says_who_we_are(kit: &Kit<'_>) {
    let before = if kit.can.send { kit.fixture.sent().await.len() } else { 0 };
    let identity = kit.works("check", kit.open().check()).await;
    assert!(!identity.address.trim().is_empty(), "check gave no address; staff must see which account it is");
    kit.shows_no_secret("the identity that check gave", &format!("{identity:?}"));
    if kit.can.send {
        let after = kit.fixture.sent().await.len();
        assert_eq!(before, after, "check sent something; it runs again and again, and must only look");
    }
}

const WHY: &str = "What is not declared must fail with Error::unsupported; a silent default would lose messages. \
                   If it works after all, declare it.";

pub(super) async fn the_undeclared_is_refused(kit: &Kit<'_>) {
    let channel = kit.open();
    if !kit.can.poll {
        let poll = kit.soon("poll", channel.poll(None, 10)).await;
        kit.fails("poll, which is not declared", poll, Kind::Unsupported, WHY);
        let wait = kit.soon("wait", channel.wait(None)).await;
        kit.fails("wait without declared poll", wait, Kind::Unsupported, WHY);
        let committed = kit.soon("committed", channel.committed(&[ExternalId("1".to_owned())])).await;
        kit.fails("committed without declared poll", committed, Kind::Unsupported, WHY);
    }
    if !kit.can.hooks {
        let received = kit.soon("receive", channel.receive(&HookCall::default())).await;
        kit.fails("receive without declared hooks", received, Kind::Unsupported, WHY);
    }
    if !kit.can.spoken {
        let replied = channel.reply(&HookCall::default(), &Told::default());
        kit.fails("reply, which is not declared", replied, Kind::Unsupported, WHY);
    }
    if !kit.can.session {
        let ran = kit.soon("run", channel.run(Arc::new(NoInbox))).await;
        kit.fails("run without declared session", ran, Kind::Unsupported, WHY);
    }
    if !kit.can.send {
        let sent = kit.soon("send", channel.send(&kit.outbound("Nobody reads this."))).await;
        kit.fails("send, which is not declared", sent, Kind::Unsupported, WHY);
    }
}

struct NoInbox;

#[async_trait]
impl Inbox for NoInbox {
    async fn accept(&self, _item: RawItem) -> Result<Accepted> {
        Err(Error::unsupported("accept"))
    }
}
