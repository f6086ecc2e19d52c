//! Asking in any order on one connection, and what the times say: how well the best threshold tells two classes apart.

use super::{
    super::{chance::Chance, load::quantile},
    town::Question,
};
use crate::{
    citizens::elsewhere,
    harness::{Program, Wire},
};

/// What came back.
pub struct Measured {
    /// By class, in milliseconds.
    pub took: Vec<Vec<f64>>,
    /// The same of the question that came next, by the class of the one before it.
    pub after: Vec<Vec<f64>>,
    /// The different answers, each with the class that was first to get it.
    pub forms: Vec<(String, usize)>,
}

/// Asks everything, in an order that chance makes.
pub fn ask(program: &Program, questions: &[Vec<Question>], chance: &mut Chance) -> Measured {
    let mut order: Vec<(usize, &Question)> =
        questions.iter().enumerate().flat_map(|(class, all)| all.iter().map(move |one| (class, one))).collect();
    for last in (1..order.len()).rev() {
        order.swap(last, chance.below(last + 1));
    }
    let empty = || vec![Vec::new(); questions.len()];
    let mut measured = Measured { took: empty(), after: empty(), forms: Vec::new() };
    let (mut wire, mut from, mut before) = (Wire::open(&program.base_url()), String::new(), None);
    for (number, (class, question)) in order.into_iter().enumerate() {
        // A network may ask ten times an hour.
        if number.is_multiple_of(8) {
            from = elsewhere();
        }
        let heard = wire.post(&question.path, &from, &question.body);
        let took = heard.took.as_secs_f64() * 1000.0;
        measured.took[class].push(took);
        if let Some(before) = before.replace(class) {
            measured.after[before].push(took);
        }
        let told = heard.json()["recovery_id"].as_str().unwrap_or_default().to_owned();
        let form = heard.comparable(&[&told, &question.path]);
        if !measured.forms.iter().any(|(known, _)| *known == form) {
            measured.forms.push((form, class));
        }
    }
    measured.forms.sort_by_key(|(_, class)| *class);
    measured
}

/// How likely a value of `other` is above one of `one`: the area under the curve of all thresholds (Mann and Whitney).
/// One half says that they cannot be told apart.
pub fn auc(one: &[f64], other: &[f64]) -> f64 {
    let mut all: Vec<(f64, bool)> = one.iter().map(|v| (*v, false)).chain(other.iter().map(|v| (*v, true))).collect();
    all.sort_by(|a, b| a.0.total_cmp(&b.0));
    let (mut below, mut wins) = (0.0, 0.0);
    for equal in all.chunk_by(|a, b| a.0 == b.0) {
        let theirs = equal.iter().filter(|(_, other)| *other).count() as f64;
        let ours = equal.len() as f64 - theirs;
        wins += theirs * (below + ours / 2.0);
        below += ours;
    }
    wins / (one.len() as f64 * other.len() as f64)
}

/// How far from one half chance alone may lead: 3.29 standard deviations, which are 0.03 at 2,000 of each.
pub fn bound(one: usize, other: usize) -> f64 {
    let (one, other) = (one as f64, other as f64);
    3.29 * ((one + other + 1.0) / (12.0 * one * other)).sqrt()
}

/// How far two middles lie apart by chance alone, 3.29 standard deviations, told from the middle half of the values.
pub fn play(one: &[f64], other: &[f64]) -> f64 {
    let error = |values: &[f64]| {
        let mut values = values.to_vec();
        let half = quantile(&mut values, 0.75) - quantile(&mut values, 0.25);
        1.2533 * half / 1.349 / (values.len() as f64).sqrt()
    };
    3.29 * error(one).hypot(error(other))
}

pub fn middle(values: &[f64]) -> f64 {
    let mut values = values.to_vec();
    quantile(&mut values, 0.5)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_always_slower_is_told_and_what_is_the_same_is_not() {
        assert_eq!(auc(&[1.0, 2.0], &[3.0, 4.0]), 1.0);
        assert_eq!(auc(&[3.0, 4.0], &[1.0, 2.0]), 0.0);
        assert_eq!(auc(&[1.0, 1.0, 1.0], &[1.0, 1.0]), 0.5);
        assert_eq!(auc(&[1.0, 3.0], &[2.0, 4.0]), 0.75);
    }

    #[test]
    fn at_two_thousand_the_bound_is_three_hundredths() {
        assert!((bound(2000, 2000) - 0.03).abs() < 0.0001);
    }
}
