//! Checks of fetching: the cursor is the whole memory, and nothing is skipped or given twice.

use std::time::Duration;

use super::judge::{Kit, ids};
use crate::{Channel, Cursor, ExternalId, Kind, RawItem};

/// Long enough for a call that should have waited to come back by mistake.
const A_MOMENT: Duration = Duration::from_millis(50);
/// A provider never holds this many pages in a test.
const ROUNDS: usize = 200;

pub(super) async fn nothing_is_skipped_or_given_twice(kit: &Kit<'_>) {
    let channel = kit.open();
    let (_, start) = all_after(kit, &*channel, None, 100).await;
    let mut planted = Vec::new();
    for number in 1..=5 {
        let message = kit.planted(&format!("The lamp at number {number} is out."));
        kit.fixture.plant(&message).await;
        planted.push(message.text);
    }
    let (items, end) = arrived(kit, &*channel, &start, planted.len()).await;
    let read: Vec<String> = items
        .iter()
        .filter_map(|item| kit.connector.read(item).ok())
        .map(|message| super::judge::words(&message.text))
        .collect();
    assert_eq!(
        read, planted,
        "five planted messages were fetched two at a time; each must come once, oldest first. A cursor that moves past \
         an item nobody was given loses a citizen's message for good"
    );

    let host_has: Vec<ExternalId> = items.iter().map(|item| item.id.clone()).collect();
    kit.works("committed", channel.committed(&host_has)).await;
    kit.works("committed, a second time", channel.committed(&host_has)).await;
    let (again, _) = all_after(kit, &*channel, Some(&end), 100).await;
    assert!(again.is_empty(), "polling from the returned cursor gave {:?} again, after committed", ids(&again));
    let reopened = kit.open();
    let (again, _) = all_after(kit, &*reopened, Some(&end), 100).await;
    assert!(
        again.is_empty(),
        "a channel that was opened anew gave {:?} again: the cursor must say everything, the channel remembers nothing",
        ids(&again)
    );
    a_foreign_cursor_is_survived(kit, &*channel).await;
}

async fn a_foreign_cursor_is_survived(kit: &Kit<'_>, channel: &dyn Channel) {
    for text in ["", "no cursor of yours", "-1", "99999999999999999999999999", "\u{0}\u{fffd}"] {
        let result = kit.soon("poll", channel.poll(Some(&Cursor(text.to_owned())), 10)).await;
        if result.is_err() {
            let why = "After an update the host may hold a cursor of another form: begin anew or say Malformed.";
            kit.fails("poll with a cursor of another form", result, Kind::Malformed, why);
        }
    }
}

pub(super) async fn waits_for_news(kit: &Kit<'_>) {
    let channel = kit.open();
    let (_, end) = all_after(kit, &*channel, None, 100).await;
    let idle = tokio::time::timeout(A_MOMENT, channel.wait(Some(&end))).await;
    if let Ok(result) = idle {
        panic!("wait came back at once with {result:?} though nothing was new: the host would poll without pause");
    }
    let text = "News while you wait.";
    let (waited, ()) = tokio::join!(tokio::time::timeout(kit.fixture.patience(), channel.wait(Some(&end))), async {
        kit.fixture.plant(&kit.planted(text)).await
    });
    match waited {
        Ok(Ok(())) => {}
        Ok(Err(error)) => panic!("wait failed though the provider is well: {error:?}"),
        Err(_) => panic!("a message arrived, and wait did not come back within {:?}", kit.fixture.patience()),
    }
    arrived(kit, &*channel, &end, 1).await;
}

/// Everything after the cursor, in pages; each page is asked for twice and must be the same.
pub(super) async fn all_after(
    kit: &Kit<'_>,
    channel: &dyn Channel,
    cursor: Option<&Cursor>,
    limit: usize,
) -> (Vec<RawItem>, Cursor) {
    let mut items: Vec<RawItem> = Vec::new();
    let mut cursor = cursor.cloned();
    for _ in 0..ROUNDS {
        let batch = kit.works("poll", channel.poll(cursor.as_ref(), limit)).await;
        let same = kit.works("poll", channel.poll(cursor.as_ref(), limit)).await;
        assert_eq!(
            (ids(&batch.items), &batch.cursor),
            (ids(&same.items), &same.cursor),
            "the same cursor gave two answers; after a crash the host asks again and must get the same"
        );
        assert!(batch.items == same.items, "the same cursor gave the same ids with other bytes or envelopes");
        assert!(batch.items.len() <= limit, "poll gave {} items, more than the limit of {limit}", batch.items.len());
        for item in &batch.items {
            let twice = items.iter().any(|known| known.id == item.id && known.place == item.place);
            assert!(!twice, "item {:?} was given twice; the cursor did not move past it", item.id.0);
        }
        let (done, more) = (batch.items.is_empty(), batch.more);
        items.extend(batch.items);
        cursor = Some(batch.cursor);
        if !more {
            return (items, cursor.unwrap_or(Cursor(String::new())));
        }
        assert!(!done, "poll said that more is waiting but gave nothing: the host would ask for ever");
    }
    panic!("poll said `more` {ROUNDS} times: it never comes to an end");
}

/// Polls two at a time until so many items have come; a provider may take a moment to show them.
pub(super) async fn arrived(
    kit: &Kit<'_>,
    channel: &dyn Channel,
    start: &Cursor,
    count: usize,
) -> (Vec<RawItem>, Cursor) {
    let (mut items, mut cursor) = all_after(kit, channel, Some(start), 2).await;
    let patience = kit.fixture.patience();
    let fetching = async {
        while items.len() < count {
            if let Err(error) = channel.wait(Some(&cursor)).await {
                panic!("wait failed though the provider is well: {error:?}");
            }
            let (more, next) = all_after(kit, channel, Some(&cursor), 2).await;
            items.extend(more);
            cursor = next;
        }
    };
    if tokio::time::timeout(patience, fetching).await.is_err() {
        panic!(
            "{count} messages were planted and poll gave {} of them within {patience:?}: a cursor that moves past an item \
             nobody was given loses a citizen's message for good",
            items.len()
        );
    }
    (items, cursor)
}
