//! What an agency may spend on texts in a month: counted when they are sent, told before it is gone, refused when it is.

use civicdesk_contract::Measure;
use jiff::{ToSpan, Zoned, tz::TimeZone};
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::{
    acting::Acting,
    fail::Fail,
    metrics,
    store::{
        Json, Time, Tx, events,
        messages::{self, Message},
        tenant::{self, Tenant},
        usage::{self, Usage},
    },
};

/// The name of the setting in the tenant's row.
pub const SETTING: &str = "text_budget";

/// How much, and when the agency is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct TextBudget {
    /// Parts in a calendar month; no limit where there is none.
    pub limit_parts: Option<i64>,
    /// At so many of a hundred the agency is told.
    pub alarm_percent: i64,
}

impl Default for TextBudget {
    fn default() -> Self {
        Self { limit_parts: None, alarm_percent: 80 }
    }
}

impl TextBudget {
    pub fn of(tenant: &Tenant) -> Self {
        let set = tenant.settings.0.get(SETTING).cloned();
        set.and_then(|set| serde_json::from_value(set).ok()).unwrap_or_default()
    }

    /// Says every wrong field.
    pub fn check(&self) -> Result<(), Fail> {
        let mut wrong = Vec::new();
        if self.limit_parts.is_some_and(|limit| limit < 0) {
            wrong.push(("/text_budget/limit_parts", "must be 0 or more, or null for no limit"));
        }
        if !(1..=100).contains(&self.alarm_percent) {
            wrong.push(("/text_budget/alarm_percent", "must be 1 to 100"));
        }
        Fail::fields(wrong)
    }

    fn alarms_at(&self, limit: i64) -> i64 {
        (limit.saturating_mul(self.alarm_percent) + 99) / 100
    }
}

/// How an agency's month stands.
#[derive(Clone, Debug)]
pub struct Standing {
    pub usage: Usage,
    pub budget: TextBudget,
    /// When the next month begins where the agency is.
    pub begins_anew: Time,
    time_zone: String,
}

impl Standing {
    pub fn is_spent(&self) -> bool {
        self.budget.limit_parts.is_some_and(|limit| self.usage.parts >= limit)
    }

    /// Why a text is not sent, and who can change that.
    pub fn refusal(&self) -> String {
        let zone = TimeZone::get(&self.time_zone).unwrap_or(TimeZone::UTC);
        let day = self.begins_anew.0.to_zoned(zone).date();
        format!(
            "the {} text parts that the agency has for {} are used up: it begins anew on {day} ({}), and whoever has \
             the right tenant:manage can raise `text_budget` before",
            self.budget.limit_parts.unwrap_or_default(),
            self.usage.month,
            self.time_zone
        )
    }
}

/// The month as it stands now.
pub fn standing(tx: &mut Tx, now: Time) -> Result<Standing, Fail> {
    let tenant = tenant::get(tx)?;
    let local = local(&tenant, now);
    let next = local.date().first_of_month().checked_add(1.month()).ok();
    let begins_anew = next.and_then(|day| day.to_zoned(local.time_zone().clone()).ok()).unwrap_or(local);
    let usage = usage::of_month(tx, &month(&tenant, now))?;
    let (budget, begins_anew) = (TextBudget::of(&tenant), Time::new(begins_anew.timestamp()));
    Ok(Standing { usage, budget, begins_anew, time_zone: tenant.time_zone })
}

/// Refuses a message that a person writes where its network bills it and nothing is left to pay for it. The message that
/// reaches the limit still goes.
pub fn admit(tx: &mut Tx, act: &Acting, price: Option<&Measure>) -> Result<(), Fail> {
    if price.is_none_or(|price| price.parts == 0) {
        return Ok(());
    }
    let standing = standing(tx, act.now)?;
    if standing.is_spent() { Err(Fail::conflict("budget-spent", standing.refusal())) } else { Ok(()) }
}

/// Counts a message that goes out now, once however often it is tried, and tells the agency where that is much.
pub fn count(tx: &mut Tx, act: &Acting, message: &Message, price: &Measure) -> Result<(), Fail> {
    if message.parts.is_some() || price.parts == 0 {
        return Ok(());
    }
    let billed = spend(tx, act, price)?;
    Ok(messages::set_billed(tx, message.id, Some(billed))?)
}

/// Counts what goes out now, and answers how many parts in which month, so that it can be given back.
pub fn spend(tx: &mut Tx, act: &Acting, price: &Measure) -> Result<(i32, String), Fail> {
    let tenant = tenant::get(tx)?;
    let (parts, month) = (i32::try_from(price.parts).unwrap_or(i32::MAX), month(&tenant, act.now));
    let row = usage::count(tx, &month, i64::from(parts))?;
    tell(tx, act, TextBudget::of(&tenant), row)?;
    Ok((parts, month))
}

/// Gives back what was counted in a month.
pub fn refund(tx: &mut Tx, month: &str, parts: i32) -> Result<(), Fail> {
    usage::count(tx, month, -i64::from(parts))?;
    Ok(())
}

/// Gives back what was counted for a message that certainly did not go out.
pub fn give_back(tx: &mut Tx, message: &Message) -> Result<(), Fail> {
    let counted = messages::get(tx, message.id)?;
    if let (Some(parts), Some(month)) = (counted.parts, counted.billed_in) {
        refund(tx, &month, parts)?;
        messages::set_billed(tx, message.id, None)?;
    }
    Ok(())
}

/// One event each in a month.
fn tell(tx: &mut Tx, act: &Acting, budget: TextBudget, row: Usage) -> Result<(), Fail> {
    let Some(limit) = budget.limit_parts else { return Ok(()) };
    let alarm = row.alarmed_at.is_none() && row.parts >= budget.alarms_at(limit);
    let spent = row.spent_at.is_none() && row.parts >= limit;
    for (due, kind, word) in [(alarm, "budget.alarm", "alarm"), (spent, "budget.spent", "spent")] {
        if due {
            let mut event = act.event(tx, kind);
            event.data = Json(json!({ "month": row.month, "parts": row.parts, "limit_parts": limit }));
            events::append(tx, vec![event])?;
            metrics::budget(word);
        }
    }
    if alarm || spent {
        let alarmed_at = if alarm { Some(act.now) } else { row.alarmed_at };
        let spent_at = if spent { Some(act.now) } else { row.spent_at };
        usage::told(tx, &Usage { alarmed_at, spent_at, ..row })?;
    }
    Ok(())
}

fn month(tenant: &Tenant, at: Time) -> String {
    local(tenant, at).strftime("%Y-%m").to_string()
}

fn local(tenant: &Tenant, at: Time) -> Zoned {
    at.0.to_zoned(TimeZone::get(&tenant.time_zone).unwrap_or(TimeZone::UTC))
}
