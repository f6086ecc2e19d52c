//! The demo's story as data: what arrives at two agencies, and what their people do about it.

mod harbor;
mod riverton;

/// The two agencies, which cannot see each other.
pub const AGENCIES: [&Agency; 2] = [&riverton::RIVERTON, &harbor::HARBOR];

/// An agency: its addresses, its people and what happens there.
#[derive(Clone, Copy, Debug)]
pub struct Agency {
    pub slug: &'static str,
    pub name: &'static str,
    /// What its case references begin with.
    pub prefix: &'static str,
    /// Names and addresses.
    pub channels: &'static [(&'static str, &'static str)],
    pub staff: &'static [Person],
    /// The addresses of those who have an account.
    pub citizens: &'static [&'static str],
    pub story: &'static [Moment],
}

/// Somebody who works there. The key is the word by which the story names them.
#[derive(Clone, Copy, Debug)]
pub struct Person {
    pub key: &'static str,
    pub name: &'static str,
    pub email: &'static str,
    pub role: &'static str,
}

/// A day of the story, hour and minute on the agencies' clocks. The story ends yesterday: day 0 lies thirteen days back.
pub type When = (i8, i8, i8);

#[derive(Clone, Copy, Debug)]
pub struct Moment {
    pub when: When,
    pub step: Step,
}

/// What happens. Mails and answers have names, by which later steps speak of them.
#[derive(Clone, Copy, Debug)]
pub enum Step {
    /// A mail arrives; an empty `from` is the null return path.
    Mail { name: &'static str, from: &'static str, to: &'static [&'static str], raw: &'static [u8] },
    /// A mail arrives once more, byte for byte.
    Again { of: &'static str },
    /// An answer in the case of the mail `on`, to whoever wrote last unless `to` names somebody.
    Reply { name: &'static str, on: &'static str, by: &'static str, to: Option<ToAndCopy>, text: &'static str },
    /// A note in the case of the mail `on`.
    Note { on: &'static str, by: &'static str, text: &'static str },
    /// The case of the mail `on` is changed.
    Change { on: &'static str, by: &'static str, to: To },
}

pub type ToAndCopy = (&'static str, &'static str);

/// What a case is changed to; what is left out stays.
#[derive(Clone, Copy, Debug)]
pub struct To {
    pub status: Option<&'static str>,
    pub outcome: Option<&'static str>,
    pub priority: Option<&'static str>,
    pub assignee: Option<&'static str>,
    pub tags: &'static [&'static str],
}

/// Nothing is changed: the base of every change.
const SAME: To = To { status: None, outcome: None, priority: None, assignee: None, tags: &[] };

/// What was asked for is done.
const DONE: To = To { status: Some("resolved"), outcome: Some("done"), ..SAME };

/// What was asked for is not given.
const DECLINED: To = To { status: Some("closed"), outcome: Some("declined"), ..SAME };

const fn mail(
    when: When,
    name: &'static str,
    from: &'static str,
    to: &'static [&'static str],
    raw: &'static [u8],
) -> Moment {
    Moment { when, step: Step::Mail { name, from, to, raw } }
}

const fn again(when: When, of: &'static str) -> Moment {
    Moment { when, step: Step::Again { of } }
}

const fn reply(when: When, name: &'static str, on: &'static str, by: &'static str, text: &'static str) -> Moment {
    Moment { when, step: Step::Reply { name, on, by, to: None, text } }
}

const fn reply_to(
    when: When,
    name: &'static str,
    on: &'static str,
    by: &'static str,
    to: ToAndCopy,
    text: &'static str,
) -> Moment {
    Moment { when, step: Step::Reply { name, on, by, to: Some(to), text } }
}

const fn note(when: When, on: &'static str, by: &'static str, text: &'static str) -> Moment {
    Moment { when, step: Step::Note { on, by, text } }
}

const fn change(when: When, on: &'static str, by: &'static str, to: To) -> Moment {
    Moment { when, step: Step::Change { on, by, to } }
}

/// Both stories in the order in which things happened, each moment with its agency's place in [`AGENCIES`].
pub fn moments() -> Vec<(usize, Moment)> {
    let all = AGENCIES.iter().enumerate().flat_map(|(i, agency)| agency.story.iter().map(move |m| (i, *m)));
    let mut moments: Vec<(usize, Moment)> = all.collect();
    moments.sort_by_key(|(_, m)| m.when);
    moments
}
