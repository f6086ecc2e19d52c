//! Waits for news: the instance's streaming is a hint, and silence is no news for `every_seconds` at most.

use std::time::Duration;

use civicdesk_contract::{Cursor, Result};
use reqwest::{Method, Response};
use tokio::time::Instant;

use super::api::Instance;

impl Instance {
    pub async fn wait(&self, cursor: Option<&Cursor>) -> Result<()> {
        let end = Instant::now() + Duration::from_secs(self.settings.every_seconds.into());
        let path = "/api/v1/streaming/user/notification";
        let line = self.request(Method::GET, path).header("accept", "text/event-stream");
        let opened = line.timeout(Duration::from_secs(u64::from(self.settings.every_seconds) + 10)).send();
        // Opened first and asked then: what comes in between is seen by one of the two.
        let line = tokio::time::timeout_at(end, opened).await;
        if self.has_news(cursor).await? {
            return Ok(());
        }
        // The stream tells of favourites and followers too.
        if let Ok(Ok(mut line)) = line
            && line.status().is_success()
        {
            while tokio::time::timeout_at(end, announced(&mut line)).await.is_ok_and(|news| news) {
                if self.has_news(cursor).await? {
                    return Ok(());
                }
            }
        }
        tokio::time::sleep_until(end).await;
        Ok(())
    }
}

/// Reads until an event comes (true) or the line ends (false).
async fn announced(line: &mut Response) -> bool {
    let mut heard = Vec::new();
    while let Ok(Some(chunk)) = line.chunk().await {
        heard.extend_from_slice(&chunk);
        if heard.windows(6).any(|six| six == b"event:") {
            return true;
        }
        // Only the beginning of a word can still become one.
        heard.drain(..heard.len().saturating_sub(5));
    }
    false
}
