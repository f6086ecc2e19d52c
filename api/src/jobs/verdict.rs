//! What follows from a send that failed: never again, again later, or a question for staff.

use civicdesk_contract::{Capabilities, Error, IdentityKind, Kind, Retry};
use jiff::SignedDuration;

use super::later;
use crate::store::Time;

/// What becomes of a message that was not sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    Failed,
    Again {
        due: Time,
        /// The channel was at fault: until then its other messages need not try.
        rest: Option<Time>,
    },
    /// It may have gone out, and nobody but a person can tell.
    Unknown,
}

/// After so many attempts, so many minutes.
const MINUTES: [i64; 5] = [1, 5, 15, 60, 240];
const PATIENCE: SignedDuration = SignedDuration::from_hours(5 * 24);

/// Whether a message that may have gone out can be sent again. Mail carries our own Message-ID, the same each time, so
/// that a repeat is known as one at the other end; networks that name messages themselves must do that for us.
pub fn may_repeat(can: &Capabilities) -> bool {
    can.idempotent_send || can.identities.contains(&IdentityKind::Email)
}

/// `attempts` counts the one that failed; `since` is when it was last queued by a person.
pub fn verdict(error: &Error, can: &Capabilities, attempts: i32, since: Time, now: Time) -> Verdict {
    let channel = matches!(error.kind, Kind::Settings | Kind::Credentials | Kind::Unreachable | Kind::Limited);
    match error.retry {
        Retry::Unsure if !may_repeat(can) => return Verdict::Unknown,
        // What a person mends on the channel, such as its password, must not cost the messages that wait for it.
        Retry::Never if !matches!(error.kind, Kind::Settings | Kind::Credentials) => return Verdict::Failed,
        _ => {}
    }
    let step = usize::try_from(attempts - 1).unwrap_or(0).min(MINUTES.len() - 1);
    let planned = SignedDuration::from_mins(MINUTES[step]);
    let pause = match error.retry {
        Retry::After(named) => SignedDuration::try_from(named).unwrap_or(planned),
        _ => planned,
    };
    let due = later(now, pause);
    if due > later(since, PATIENCE) {
        return if error.retry == Retry::Unsure { Verdict::Unknown } else { Verdict::Failed };
    }
    let named = matches!(error.retry, Retry::After(_));
    let rest = if named { due } else { due.min(later(now, SignedDuration::from_mins(1))) };
    Verdict::Again { due, rest: channel.then_some(rest) }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use civicdesk_contract::memory;
    use jiff::Timestamp;

    use super::*;

    fn minutes(n: i64) -> Time {
        Time(Timestamp::from_second(n * 60).unwrap())
    }

    fn judge(kind: Kind, retry: Retry, can: &Capabilities, attempts: i32, at: i64) -> Verdict {
        verdict(&Error::new(kind, retry, "send", "no"), can, attempts, minutes(0), minutes(at))
    }

    #[test]
    fn a_message_is_tried_again_at_growing_intervals_for_five_days() {
        let can = memory::capabilities();
        let again = |attempts, at| judge(Kind::Unreachable, Retry::Later, &can, attempts, at);
        for (attempts, pause) in [(1, 1), (2, 5), (3, 15), (4, 60), (5, 240), (40, 240)] {
            assert_eq!(again(attempts, 10), Verdict::Again { due: minutes(10 + pause), rest: Some(minutes(11)) });
        }
        let last = 5 * 24 * 60 - 240;
        assert_eq!(again(40, last), Verdict::Again { due: minutes(last + 240), rest: Some(minutes(last + 1)) });
        assert_eq!(again(40, last + 1), Verdict::Failed);
    }

    #[test]
    fn the_time_that_the_network_names_is_kept() {
        let retry = Retry::After(Duration::from_secs(420));
        let verdict = judge(Kind::Refused, retry, &memory::capabilities(), 1, 0);
        assert_eq!(verdict, Verdict::Again { due: minutes(7), rest: None });
        let limited = judge(Kind::Limited, retry, &memory::capabilities(), 1, 0);
        assert_eq!(limited, Verdict::Again { due: minutes(7), rest: Some(minutes(7)) });
    }

    #[test]
    fn a_refusal_is_final_but_a_wrong_password_waits_for_a_person() {
        let can = memory::capabilities();
        assert_eq!(judge(Kind::Refused, Retry::Never, &can, 1, 0), Verdict::Failed);
        let waits = judge(Kind::Credentials, Retry::Never, &can, 1, 0);
        assert_eq!(waits, Verdict::Again { due: minutes(1), rest: Some(minutes(1)) });
    }

    #[test]
    fn only_what_is_known_as_a_repeat_is_sent_twice() {
        let handle = Capabilities { identities: vec![IdentityKind::Handle], ..memory::capabilities() };
        let social = Capabilities { idempotent_send: false, ..handle.clone() };
        let mail = Capabilities { idempotent_send: false, ..memory::capabilities() };
        let unsure = |can| judge(Kind::Unreachable, Retry::Unsure, can, 1, 0);
        assert_eq!(unsure(&social), Verdict::Unknown);
        assert_eq!(unsure(&handle), Verdict::Again { due: minutes(1), rest: Some(minutes(1)) });
        assert_eq!(unsure(&mail), Verdict::Again { due: minutes(1), rest: Some(minutes(1)) });
    }
}
