//! Checks of sessions: an item is the network's until the host has accepted it.

use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use tokio::sync::Notify;

use super::{Planted, judge::Kit};
use crate::{Accepted, Error, Inbox, Kind, RawItem, Result};

pub(super) async fn an_item_the_host_could_not_keep_comes_again(kit: &Kit<'_>) {
    let message = kit.planted("Keep this for me.");
    let offered = over_a_session(kit, false, Some(&message)).await;
    let accepted = over_a_session(kit, true, None).await;
    assert_eq!(
        offered.id, accepted.id,
        "the host could not keep an item, and the next session brought another id for it; it must bring the same item \
         again, or the host cannot tell a repetition from news"
    );
}

/// Runs a session until it hands over one item that is new to the kit.
pub(super) async fn over_a_session(kit: &Kit<'_>, keep: bool, message: Option<&Planted>) -> RawItem {
    let channel = kit.open();
    let known = kit.handed_over.lock().unwrap_or_else(PoisonError::into_inner).clone();
    let inbox = Arc::new(KitInbox { keep, known, item: Mutex::default(), news: Notify::new() });
    let lent: Arc<dyn Inbox> = inbox.clone();
    let mut session = tokio::spawn(async move { channel.run(lent).await });
    if let Some(message) = message {
        kit.fixture.plant(message).await;
    }
    let patience = kit.fixture.patience();
    let item = loop {
        if let Some(item) = inbox.take() {
            break item;
        }
        tokio::select! {
            () = inbox.news.notified() => {}
            ended = &mut session => match (ended, inbox.take()) {
                (_, Some(item)) => break item,
                (ended, None) => panic!("the session ended with {ended:?} before it handed over what was planted"),
            },
            () = tokio::time::sleep(patience) => panic!(
                "a message was waiting, and the session did not offer it within {patience:?}. What the host could not \
                 accept must be left with the network and offered again"
            ),
        }
    };
    if !session.is_finished() {
        session.abort();
        drop(session.await);
    }
    if keep {
        kit.handed_over.lock().unwrap_or_else(PoisonError::into_inner).push(item.id.clone());
    }
    item
}

/// A session while the provider is down must end and say so.
pub(super) async fn ends_when_the_provider_is_down(kit: &Kit<'_>) -> Error {
    let inbox = KitInbox { keep: true, known: Vec::new(), item: Mutex::default(), news: Notify::new() };
    let ran = kit.soon("run", kit.open().run(Arc::new(inbox))).await;
    kit.fails("run while the provider is down", ran, Kind::Unreachable, "The host opens the session again later.")
}

struct KitInbox {
    keep: bool,
    known: Vec<crate::ExternalId>,
    item: Mutex<Option<RawItem>>,
    news: Notify,
}

impl KitInbox {
    fn take(&self) -> Option<RawItem> {
        self.item.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

#[async_trait]
impl Inbox for KitInbox {
    async fn accept(&self, item: RawItem) -> Result<Accepted> {
        if self.known.contains(&item.id) {
            return Ok(Accepted::Known);
        }
        *self.item.lock().unwrap_or_else(PoisonError::into_inner) = Some(item);
        self.news.notify_one();
        if self.keep { Ok(Accepted::New) } else { Err(Error::unreachable("accept", "the host has no room")) }
    }
}
