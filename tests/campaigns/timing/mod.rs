//! Whether bytes or time tell who has an account: the states that an address can be in, asked about in any order on one
//! connection, while the mail server is well, slow or gone; then sign-ins, and codes that do not work.

mod measure;
mod town;

use std::time::Duration;

use super::{Campaign, ENGINE, Figure, Finding, Given, Known, chance::Chance, load::load};
use crate::harness::{Engine, Mood};
use measure::{Measured, auc, bound, middle, play};
use town::{Question, Town};

pub const CAMPAIGN: Campaign = Campaign {
    name: "timing",
    about: "whether bytes or time of any answer tell who has an account, for every state an address can be in",
    options: &[
        ENGINE,
        Known { name: "each", usual: "2000", about: "questions of each class" },
        Known { name: "only", usual: "", about: "the parts whose names hold this, such as `signing in`" },
        Known { name: "seed", usual: "1", about: "what chance begins with" },
    ],
    run: |given: &Given| {
        let (each, seed) = (given.number("each") as usize, given.number("seed"));
        given.engines().into_iter().map(|e| run(e, Size { each, times: true }, given.text("only"), seed)).collect()
    },
};

/// How much is asked.
#[derive(Clone, Copy)]
pub struct Size {
    /// Questions of each class.
    pub each: usize,
    /// Whether the time counts, which only a quiet machine can say, or the bytes alone.
    pub times: bool,
}

const MOODS: [(&str, Mood); 3] =
    [("well", Mood::Well), ("slow", Mood::Slow(Duration::from_millis(500))), ("gone", Mood::Gone)];
/// What two classes may lie apart in the middle, in milliseconds, where no password is hashed.
const GAP: f64 = 1.0;

pub fn run(engine: Engine, size: Size, only: &str, seed: u64) -> Finding {
    let mut finding = Finding::new(engine);
    finding.figure(load());
    let town = Town::open(engine);
    let mut judge = Judge { town: &town, size, only, chance: Chance::new(seed), finding: &mut finding };
    for (name, mood) in MOODS {
        judge.hear(&format!("asking, mail server {name}"), mood, |town| town.asks(size.each));
    }
    judge.hear("signing in", Mood::Well, |town| town.sign_ins(size.each));
    judge.hear("codes that do not work", Mood::Well, |town| town.codes(size.each));
    finding.count("questions of each class", size.each);
    finding.done()
}

struct Judge<'a> {
    town: &'a Town,
    size: Size,
    only: &'a str,
    chance: Chance,
    finding: &'a mut Finding,
}

impl Judge<'_> {
    /// Asks, and asks once more with everything new where chance or the machine may have been in the way.
    fn hear(&mut self, what: &str, mood: Mood, questions: impl Fn(&Town) -> Vec<Vec<Question>>) {
        let mut again = false;
        while what.contains(self.only) {
            let questions = questions(self.town);
            self.town.post.is(mood);
            let measured = measure::ask(&self.town.program, &questions, &mut self.chance);
            self.town.post.is(Mood::Well);
            let far = |class: usize| !near(&measured, class) || gap(&measured, &questions, class).is_some();
            if self.size.times && !again && (1..questions.len()).any(far) {
                again = true;
                continue;
            }
            self.note(what, &questions, &measured);
            self.finding.count(&format!("{what}: asked anew"), u64::from(again));
            return;
        }
    }

    fn note(&mut self, what: &str, questions: &[Vec<Question>], measured: &Measured) {
        for (form, class) in measured.forms.iter().skip(1) {
            let (expected, known) = &measured.forms[0];
            let (one, other) = (questions[*known][0].class, questions[*class][0].class);
            self.finding.fault(format!("{what}: not alike, {one}:\n{expected}\n{other}:\n{form}"));
        }
        self.finding.count(&format!("{what}: answers that differ"), measured.forms.len() - 1);
        if !self.size.times {
            return;
        }
        let control = questions[0][0].class;
        for (class, asked) in questions.iter().enumerate().skip(1) {
            let name = asked[0].class;
            let apart = auc(&measured.took[0], &measured.took[class]);
            self.finding.figure(Figure::new(&format!("{what}: {name} against {control}"), apart, "AUC"));
            self.finding.holds(near(measured, class), || {
                format!("{what}: {name} can be told from {control} by time, AUC {apart:.3}")
            });
            if let Some(gap) = gap(measured, questions, class) {
                self.finding.fault(format!("{what}: {name} takes {gap:.2} ms more than {control} in the middle"));
            }
            let after = auc(&measured.after[0], &measured.after[class]);
            let asked_after = format!("{what}: what is asked after {name} against after {control}");
            self.finding.figure(Figure::new(&asked_after, after, "AUC"));
        }
        self.finding.figure(Figure::new(&format!("{what}: {control}, p50"), middle(&measured.took[0]), "ms"));
    }
}

/// Whether a class cannot be told from the first by its time.
fn near(measured: &Measured, class: usize) -> bool {
    let (one, other) = (&measured.took[0], &measured.took[class]);
    (auc(one, other) - 0.5).abs() <= bound(one.len(), other.len())
}

/// How much longer than the first a class takes in the middle, where that is more than it may and more than chance makes it.
fn gap(measured: &Measured, questions: &[Vec<Question>], class: usize) -> Option<f64> {
    let (one, other) = (&measured.took[0], &measured.took[class]);
    let gap = middle(other) - middle(one);
    (gap.abs() > GAP.max(play(one, other)) && !questions[class][0].hashes).then_some(gap)
}
