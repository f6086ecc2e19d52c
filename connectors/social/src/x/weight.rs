//! How long X holds a post to be: most letters of the world count two, Latin ones one, and a link counts 23.

/// The longest post.
pub const MOST: usize = 280;
const LINK: usize = 23;

/// An emoji of several code points counts more here than at X, never less.
pub fn of(text: &str) -> usize {
    text.split_inclusive(char::is_whitespace).map(word).sum()
}

fn word(word: &str) -> usize {
    let link = ["https://", "http://"].iter().find_map(|scheme| word.find(scheme));
    let Some(at) = link else { return word.chars().map(letter).sum() };
    let space = word.chars().rev().take_while(|c| c.is_whitespace()).count();
    word[..at].chars().map(letter).sum::<usize>() + LINK + space
}

fn letter(c: char) -> usize {
    match u32::from(c) {
        0..=4351 | 8192..=8205 | 8208..=8223 | 8242..=8247 => 1,
        _ => 2,
    }
}

#[cfg(test)]
mod tests {
    use super::of;

    #[test]
    fn letters_links_and_emoji_weigh_what_x_says() {
        assert_eq!(of("Grüße, שלום"), 11);
        assert_eq!(of("漢字"), 4);
        assert_eq!(of("👍"), 2);
        assert_eq!(of(&format!("see https://riverton.example/{}\n", "x".repeat(500))), 4 + 23 + 1);
    }
}
