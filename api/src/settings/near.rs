//! The nearest known word, for "did you mean".

/// The candidate that takes the fewest typing errors to reach, if it takes few.
pub fn nearest<'a>(word: &str, candidates: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let few = 1 + word.len() / 3;
    candidates.map(|c| (distance(word, c), c)).filter(|(d, _)| *d <= few).min().map(|(_, c)| c)
}

/// Letters to insert, delete or change (Levenshtein).
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.chars().enumerate() {
        let mut next = vec![i + 1];
        for (j, y) in b.iter().enumerate() {
            let change = row[j] + usize::from(x != *y);
            next.push(change.min(row[j + 1] + 1).min(next[j] + 1));
        }
        row = next;
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_typing_error_finds_its_word_and_nonsense_finds_none() {
        let known = ["listen", "public_url", "run_file"];
        assert_eq!(nearest("lisen", known.into_iter()), Some("listen"));
        assert_eq!(nearest("public_ulr", known.into_iter()), Some("public_url"));
        assert_eq!(nearest("colour", known.into_iter()), None);
    }
}
