//! `/v1/events/stream`: the log as it grows, as server-sent events.

#[cfg(test)]
mod tests;

use std::time::Duration;

use actix_web::{HttpRequest, HttpResponse, get, web::Bytes};
use futures_util::stream;
use serde::Deserialize;
use tokio::{
    sync::broadcast::{Receiver, error::RecvError},
    time::{Interval, MissedTickBehavior, interval, sleep, timeout},
};
use utoipa::IntoParams;
use uuid::Uuid;

use super::{
    Params,
    door::Door,
    problem::Problem,
    show::{FileBytes, id_or_none},
};
use crate::{
    auth::{needs, seats::Seat},
    fail::Fail,
    ids,
    store::{
        Wake,
        events::{self, Event, Filter},
        tenant,
    },
    webhooks::event::EventView,
};

/// A sign of life, and a look whether the caller still may, come this often at least.
const BEAT: Duration = Duration::from_secs(15);
/// Another process may have written: what it wrote is looked for this often.
const LOOK: Duration = Duration::from_secs(1);
/// One look after this serves many commits.
const GATHER: Duration = Duration::from_millis(50);
/// Lines that are sent at once.
const TOGETHER: i64 = 200;
/// Whoever finds no place asks again after so many seconds.
const LATER: u32 = 15;

/// Which lines to follow.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct FollowEvents {
    /// Only what concerns this case.
    case_id: Option<String>,
    /// Only what concerns this contact.
    contact_id: Option<String>,
    /// Begin after this place (`seq`) in the log; at its end where this and `Last-Event-ID` are left out.
    #[param(minimum = 0)]
    after: Option<i64>,
}

/// Follows the log: every line as a server-sent event, with its `seq` as `id`, its type as `event`, and itself as `data`.
///
/// Whoever comes back with `Last-Event-ID` misses nothing and gets nothing twice. The stream ends with its credential.
#[utoipa::path(tag = "events", operation_id = "follow_events",
    params(FollowEvents, ("Last-Event-ID" = Option<i64>, Header, description = "The `seq` of the last line that was seen: only what came after it is sent.")),
    responses((status = 200, description = "The lines.", body = FileBytes, content_type = "text/event-stream")))]
#[get("/events/stream")]
pub async fn follow(
    door: Door<needs::EventsRead>,
    req: HttpRequest,
    query: Params<FollowEvents>,
) -> Result<HttpResponse, Problem> {
    let query = query.into_inner();
    let after = last_seen(&req)?.or(query.after);
    if after.is_some_and(|after| after < 0) {
        return Err(Fail::field("after", "must not be less than 0").into());
    }
    let wakes = door.app().store.wakes();
    let end = door.read(|tx, _| Ok(tenant::get(tx)?.event_last)).await?;
    let seat = door.app().seats.take(door.tenant()).ok_or(Fail::TooMany(LATER))?;
    let filter = Filter {
        case_id: id_or_none(ids::CASE, query.case_id.as_deref()),
        contact_id: id_or_none(ids::CONTACT, query.contact_id.as_deref()),
        after: after.unwrap_or(end),
    };
    let mut beat = interval(BEAT);
    beat.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let follower = Follower { door, filter, wakes, beat, _seat: seat };
    let lines = stream::unfold(follower, |mut follower| async move {
        let lines = follower.next().await?;
        Some((Ok::<_, actix_web::Error>(lines), follower))
    });
    let mut answer = HttpResponse::Ok();
    answer.insert_header(("cache-control", "no-store")).insert_header(("x-accel-buffering", "no"));
    Ok(answer.content_type("text/event-stream").streaming(lines))
}

fn last_seen(req: &HttpRequest) -> Result<Option<i64>, Fail> {
    let wrong = || Fail::field("Last-Event-ID", "must be the `seq` of a line");
    let Some(text) = req.headers().get("last-event-id") else { return Ok(None) };
    let seq: i64 = text.to_str().ok().and_then(|text| text.trim().parse().ok()).ok_or_else(wrong)?;
    if seq < 0 { Err(wrong()) } else { Ok(Some(seq)) }
}

/// Somebody who follows the log.
struct Follower {
    door: Door<needs::EventsRead>,
    filter: Filter,
    wakes: Receiver<(Uuid, Wake)>,
    beat: Interval,
    _seat: Seat,
}

impl Follower {
    /// The next lines, or a sign of life; none once the caller may not any more.
    async fn next(&mut self) -> Option<Bytes> {
        loop {
            let lines = self.look().await.ok()?;
            if let Some(last) = lines.last() {
                self.filter.after = last.seq;
                return Some(lines.into_iter().map(shown).collect::<String>().into());
            }
            let embedded = self.door.app().store.is_embedded();
            tokio::select! {
                _ = self.beat.tick() => return Some(Bytes::from_static(b":\n\n")),
                () = news(&mut self.wakes, self.door.tenant(), embedded) => {}
            }
        }
    }

    async fn look(&self) -> Result<Vec<Event>, Problem> {
        self.door.still()?;
        let filter = self.filter.clone();
        self.door.read(move |tx, _| Ok(events::list(tx, &filter, TOGETHER)?)).await
    }
}

/// Waits until the log may have grown.
async fn news(wakes: &mut Receiver<(Uuid, Wake)>, tenant: Uuid, embedded: bool) {
    let woken = async {
        loop {
            match wakes.recv().await {
                Ok((woken, Wake::Event)) if woken == tenant => return,
                Ok(_) => {}
                Err(RecvError::Lagged(_)) => return,
                Err(RecvError::Closed) => std::future::pending().await,
            }
        }
    };
    if embedded {
        woken.await;
    } else {
        let _ = timeout(LOOK, woken).await;
    }
    sleep(GATHER).await;
}

fn shown(event: Event) -> String {
    let view = EventView::of(event);
    let data = serde_json::to_string(&view).unwrap_or_default();
    format!("id: {}\nevent: {}\ndata: {data}\n\n", view.seq, view.kind)
}
