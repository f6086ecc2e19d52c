//! The hours in which nobody is texted, on the clock of the place where the person lives.

use jiff::{
    ToSpan, Zoned,
    civil::{Date, Time},
    tz::TimeZone,
};
use serde::{Deserialize, Serialize};

/// From when to when, such as `21:00` to `08:00`; the same hour twice is no hour at all.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hours {
    pub from: String,
    pub to: String,
    /// An IANA name; the agency's own where it is left out.
    pub time_zone: Option<String>,
}

impl Hours {
    /// What holds where an agency says nothing: from nine in the evening to eight in the morning.
    pub fn usual() -> Self {
        Self { from: "21:00".to_owned(), to: "08:00".to_owned(), time_zone: None }
    }

    /// Every wrong field, by its name.
    pub fn wrong(&self) -> Vec<(&'static str, &'static str)> {
        let mut wrong = Vec::new();
        for (field, text) in [("/from", &self.from), ("/to", &self.to)] {
            if hour(text).is_none() {
                wrong.push((field, "must be a time of day such as `21:00`"));
            }
        }
        if self.time_zone.as_deref().is_some_and(|name| TimeZone::get(name).is_err()) {
            wrong.push(("/time_zone", "must be an IANA name such as `Europe/Lisbon`"));
        }
        wrong
    }

    /// When the quiet ends that this moment falls into, on the clock of that place; none where it falls into none. Both
    /// ends are moments, so that a night in which the clocks change is as quiet as any other.
    pub fn end(&self, now: jiff::Timestamp, home: &str) -> Option<Zoned> {
        let (from, to) = (hour(&self.from)?, hour(&self.to)?);
        let zone = TimeZone::get(self.time_zone.as_deref().unwrap_or(home)).unwrap_or(TimeZone::UTC);
        let today = now.to_zoned(zone.clone()).date();
        let night = |evening: Date| {
            let morning = if to <= from { evening.checked_add(1.day()).ok()? } else { evening };
            let at = |date: Date, time: Time| date.to_datetime(time).to_zoned(zone.clone()).ok();
            Some((at(evening, from)?, at(morning, to)?))
        };
        if from == to {
            return None;
        }
        let mut nights = [Some(today), today.checked_sub(1.day()).ok()].into_iter().flatten().filter_map(night);
        nights.find(|(begin, end)| begin.timestamp() <= now && now < end.timestamp()).map(|(_, end)| end)
    }
}

/// `21:00`, and nothing that only looks like it.
fn hour(text: &str) -> Option<Time> {
    let (hours, minutes) = text.split_once(':')?;
    let digits = |part: &str| part.len() == 2 && part.bytes().all(|byte| byte.is_ascii_digit());
    let number = |part: &str| digits(part).then(|| part.parse::<i8>().ok()).flatten();
    Time::new(number(hours)?, number(minutes)?, 0, 0).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn end(from: &str, to: &str, now: &str) -> Option<String> {
        let hours = Hours { from: from.to_owned(), to: to.to_owned(), time_zone: None };
        hours.end(now.parse().unwrap(), "America/New_York").map(|end| end.timestamp().to_string())
    }

    #[test]
    fn a_night_is_quiet_from_its_first_minute_until_the_morning_on_the_local_clock() {
        let night = |now| end("21:00", "08:00", now);
        assert_eq!(night("2026-11-23T01:59:00Z"), None, "20:59 in New York");
        assert_eq!(night("2026-11-23T02:00:00Z").as_deref(), Some("2026-11-23T13:00:00Z"));
        assert_eq!(night("2026-11-23T05:30:00Z").as_deref(), Some("2026-11-23T13:00:00Z"), "after midnight");
        assert_eq!(night("2026-11-23T12:59:59Z").as_deref(), Some("2026-11-23T13:00:00Z"));
        assert_eq!(night("2026-11-23T13:00:00Z"), None, "08:00");
        let noon = |now| end("12:00", "13:00", now);
        assert_eq!(noon("2026-11-23T17:30:00Z").as_deref(), Some("2026-11-23T18:00:00Z"));
        assert_eq!(noon("2026-11-23T18:00:00Z"), None);
        assert_eq!(end("08:00", "08:00", "2026-11-23T13:00:00Z"), None, "the same hour twice is no hour");
    }

    #[test]
    fn a_night_in_which_the_clocks_change_ends_at_its_own_morning() {
        let night = |now| end("21:00", "08:00", now);
        assert_eq!(night("2026-03-08T03:00:00Z").as_deref(), Some("2026-03-08T12:00:00Z"), "an hour shorter");
        assert_eq!(night("2026-11-01T04:30:00Z").as_deref(), Some("2026-11-01T13:00:00Z"), "an hour longer");
        let short = |now| end("23:00", "02:30", now);
        assert_eq!(short("2026-03-08T05:00:00Z").as_deref(), Some("2026-03-08T07:30:00Z"), "02:30 does not exist");
        let twice = |now| end("23:00", "01:30", now);
        assert_eq!(twice("2026-11-01T05:00:00Z").as_deref(), Some("2026-11-01T05:30:00Z"), "the first 01:30 ends it");
        assert_eq!(twice("2026-11-01T06:10:00Z"), None, "01:10 for the second time");
    }

    #[test]
    fn what_is_no_time_of_day_is_refused_with_its_field() {
        for wrong in ["", "9", "9:00", "24:00", "21.00", "21:60", "+1:00"] {
            let hours = Hours { from: wrong.to_owned(), ..Hours::usual() };
            assert_eq!(hours.wrong().first().map(|(field, _)| *field), Some("/from"), "{wrong}");
        }
        let nowhere = Hours { time_zone: Some("Mars/Base".to_owned()), ..Hours::usual() };
        assert_eq!(nowhere.wrong().first().map(|(field, _)| *field), Some("/time_zone"));
        assert!(Hours::usual().wrong().is_empty());
    }
}
