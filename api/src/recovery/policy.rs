//! What an agency offers to citizens who make an account or forgot their password, and how strictly: settings of its own.

use civicdesk_contract::IdentityKind;
use serde::{Deserialize, Serialize};

use crate::{
    auth::passwords::LEAST,
    cases::reach::{self, Kinds},
    fail::Fail,
    store::{
        Tx, directories,
        tenant::{self, Tenant},
    },
};

/// The name of the setting in the tenant's row.
pub const SETTING: &str = "recovery";

/// Under the strict profile nothing holds longer (ASVS 5.0, 6.5.5).
const STRICT: i64 = 10;
/// Characters of a password at least where a second factor stands beside it (NIST SP 800-63B-4, 3.1.1.2).
const LEAST_WITH_FACTOR: i64 = 8;
/// No agency may ask for more characters: whoever likes short sentences gets in too.
const MOST_ASKED: i64 = 64;
/// Steps of a checklist, and characters of each.
const MOST_STEPS: usize = 20;
const LONGEST_STEP: usize = 200;

/// How citizens get in again, as an agency wants it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[schema(as = RecoveryPolicy)]
#[serde(default, deny_unknown_fields)]
pub struct Policy {
    /// A link by mail.
    #[schema(example = true)]
    pub email_link: bool,
    /// A code by mail.
    #[schema(example = true)]
    pub email_code: bool,
    /// A code by text message.
    #[schema(example = true)]
    pub sms_code: bool,
    /// Codes that citizens print before and keep.
    #[schema(example = true)]
    pub saved_code: bool,
    /// Staff may start it for a citizen, after the checklist.
    #[schema(example = true)]
    pub assisted: bool,
    /// For so many minutes holds what came by mail: 10 minutes to 24 hours.
    #[schema(example = 30, minimum = 10, maximum = 1440)]
    pub email_minutes: i64,
    /// For so many minutes holds what came by text message: at most 10.
    #[schema(example = 10, minimum = 1, maximum = 10)]
    pub sms_minutes: i64,
    /// Nothing holds longer than 10 minutes, whatever stands above.
    #[schema(example = false)]
    pub strict: bool,
    /// Characters of a password at least; never under 15.
    #[schema(example = 15, minimum = 15, maximum = 64)]
    pub password_length: i64,
    /// The same where a second factor stands beside it; never under 8.
    #[schema(example = 8, minimum = 8, maximum = 64)]
    pub password_length_with_second_factor: i64,
    /// Citizens may make an account by themselves.
    #[schema(example = true)]
    pub registration: bool,
    /// What staff do to see who somebody is, before they start a recovery for them.
    #[schema(example = json!(["Asked for the date of birth on file", "Called back the number on file"]), max_items = 20)]
    pub checklist: Vec<String>,
}

impl Default for Policy {
    fn default() -> Self {
        let least = i64::try_from(LEAST).unwrap_or(i64::MAX);
        Self {
            email_link: true,
            email_code: true,
            sms_code: true,
            saved_code: true,
            assisted: true,
            email_minutes: 30,
            sms_minutes: 10,
            strict: false,
            password_length: least,
            password_length_with_second_factor: least,
            registration: true,
            checklist: Vec::new(),
        }
    }
}

impl Policy {
    pub fn of(tenant: &Tenant) -> Self {
        let set = tenant.settings.0.get(SETTING).cloned();
        set.and_then(|set| serde_json::from_value(set).ok()).unwrap_or_default()
    }

    /// Says every wrong field.
    pub fn check(&self) -> Result<(), Fail> {
        let least = i64::try_from(LEAST).unwrap_or(i64::MAX);
        let within = [
            ("/recovery/email_minutes", self.email_minutes, 10, 24 * 60),
            ("/recovery/sms_minutes", self.sms_minutes, 1, 10),
            ("/recovery/password_length", self.password_length, least, MOST_ASKED),
            (
                "/recovery/password_length_with_second_factor",
                self.password_length_with_second_factor,
                LEAST_WITH_FACTOR,
                MOST_ASKED,
            ),
        ];
        let outside = within.into_iter().filter(|(_, set, least, most)| !(least..=most).contains(&set));
        let mut wrong: Vec<(&str, String)> =
            outside.map(|(pointer, _, least, most)| (pointer, format!("must be {least} to {most}"))).collect();
        let step = |step: &String| (1..=LONGEST_STEP).contains(&step.trim().chars().count());
        let twice = self.checklist.iter().enumerate().any(|(n, step)| self.checklist[..n].contains(step));
        if self.checklist.len() > MOST_STEPS || twice || !self.checklist.iter().all(step) {
            let why = format!("must be at most {MOST_STEPS} different sentences of 1 to {LONGEST_STEP} characters");
            wrong.push(("/recovery/checklist", why));
        }
        Fail::fields(wrong)
    }

    /// Whether codes or links may go to addresses of this kind.
    pub fn sends_to(&self, kind: IdentityKind) -> bool {
        match kind {
            IdentityKind::Email => self.email_link || self.email_code,
            IdentityKind::Phone => self.sms_code,
            _ => false,
        }
    }

    /// For how many minutes holds what goes to addresses of this kind.
    pub fn minutes(&self, kind: IdentityKind) -> i64 {
        let set = if kind == IdentityKind::Email { self.email_minutes } else { self.sms_minutes };
        if self.strict { set.min(STRICT) } else { set }
    }

    /// Characters of a password at least.
    pub fn least(&self, second_factor: bool) -> usize {
        let set = if second_factor { self.password_length_with_second_factor } else { self.password_length };
        usize::try_from(set).unwrap_or(LEAST)
    }
}

/// What an agency can do for whoever asks: what it wants to, as far as it has channels for it.
#[derive(Clone, Debug)]
pub struct Offer {
    pub policy: Policy,
    pub email: bool,
    pub phone: bool,
    /// The agency's accounts are held in a directory that does not answer at the moment.
    pub directory_down: bool,
}

impl Offer {
    /// As it stands now. It is the same for everybody who asks.
    pub fn now(tx: &mut Tx, kinds: &Kinds) -> Result<Self, Fail> {
        let mut policy = Policy::of(&tenant::get(tx)?);
        let directory = directories::get(tx)?;
        // Accounts of a directory are made there.
        policy.registration &= directory.is_none();
        let mut can = |kind| Ok::<_, Fail>(policy.sends_to(kind) && reach::by_kind(tx, kinds, kind)?.is_some());
        let (email, phone) = (can(IdentityKind::Email)?, can(IdentityKind::Phone)?);
        let directory_down = directory.is_some_and(|directory| directory.health == directories::FAILING);
        Ok(Self { policy, email, phone, directory_down })
    }

    pub fn sends_to(&self, kind: IdentityKind) -> bool {
        if kind == IdentityKind::Email { self.email } else { self.phone }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_agency_can_be_weaker_than_the_rules_of_the_trade() {
        assert!(Policy::default().check().is_ok());
        let wrong: [fn(&mut Policy); 9] = [
            |p| p.email_minutes = 9,
            |p| p.email_minutes = 24 * 60 + 1,
            |p| p.sms_minutes = 11,
            |p| p.sms_minutes = 0,
            |p| p.password_length = 14,
            |p| p.password_length_with_second_factor = 7,
            |p| p.password_length = 65,
            |p| p.checklist = vec![" ".to_owned()],
            |p| p.checklist = vec!["Asked".to_owned(), "Asked".to_owned()],
        ];
        for change in wrong {
            let mut policy = Policy::default();
            change(&mut policy);
            assert!(policy.check().is_err(), "{policy:?}");
        }
    }

    #[test]
    fn under_the_strict_profile_nothing_holds_longer_than_ten_minutes() {
        let strict = Policy { strict: true, email_minutes: 600, sms_minutes: 5, ..Policy::default() };
        assert_eq!((strict.minutes(IdentityKind::Email), strict.minutes(IdentityKind::Phone)), (10, 5));
        let usual = Policy::default();
        assert_eq!((usual.minutes(IdentityKind::Email), usual.minutes(IdentityKind::Phone)), (30, 10));
    }
}
