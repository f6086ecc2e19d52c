//! What a text costs: the segments that a carrier cuts it into and bills, one by one.
//!
//! A text in the GSM 7-bit alphabet (3GPP TS 23.038) fits 160 places into the 140 bytes of one segment, seven bits each; a
//! text with any other letter goes as UCS-2, 70 places of two bytes. A longer text gives six bytes of every segment to the
//! header that joins them: 153 or 67 places are left. Letters of the extension table take two places, and so do letters
//! beyond the basic plane in UCS-2; neither is ever cut in two.

use crate::Measure;

/// The basic table without the escape itself.
const BASIC: &str = "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?\
                     ¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà";
/// Written as escape and letter.
const EXTENSION: &str = "\u{c}^{}\\[~]|€";

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Alphabet {
    Gsm7,
    Ucs2,
}

impl Alphabet {
    fn of(text: &str) -> Self {
        if text.chars().all(|letter| septets(letter).is_some()) { Self::Gsm7 } else { Self::Ucs2 }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Gsm7 => "GSM-7",
            Self::Ucs2 => "UCS-2",
        }
    }

    /// Places in a text that goes alone.
    fn alone(self) -> usize {
        match self {
            Self::Gsm7 => 160,
            Self::Ucs2 => 70,
        }
    }

    /// Places in each segment of a longer text.
    fn joined(self) -> usize {
        match self {
            Self::Gsm7 => 153,
            Self::Ucs2 => 67,
        }
    }

    fn places(self, letter: char) -> usize {
        match self {
            Self::Gsm7 => septets(letter).unwrap_or(1),
            Self::Ucs2 => letter.len_utf16(),
        }
    }
}

fn septets(letter: char) -> Option<usize> {
    if letter.is_ascii_alphanumeric() || BASIC.contains(letter) {
        Some(1)
    } else {
        EXTENSION.contains(letter).then_some(2)
    }
}

/// How the text will be billed.
pub fn measure(text: &str) -> Measure {
    let alphabet = Alphabet::of(text);
    let units = text.chars().map(|letter| alphabet.places(letter)).sum();
    let (parts, left) = if units == 0 {
        (0, alphabet.alone())
    } else if units <= alphabet.alone() {
        (1, alphabet.alone() - units)
    } else {
        let (cuts, used) = cuts(alphabet, text);
        (cuts.len() + 1, alphabet.joined() - used)
    };
    Measure { encoding: alphabet.name(), units, parts, left }
}

/// The segments themselves, in their order.
pub fn split(text: &str) -> Vec<&str> {
    let price = measure(text);
    if price.parts < 2 {
        return if text.is_empty() { Vec::new() } else { vec![text] };
    }
    let (cuts, _) = cuts(Alphabet::of(text), text);
    let starts = [0].into_iter().chain(cuts.iter().copied());
    let ends = cuts.iter().copied().chain([text.len()]);
    starts.zip(ends).map(|(start, end)| &text[start..end]).collect()
}

/// Where a long text is cut, and how many places its last segment uses.
fn cuts(alphabet: Alphabet, text: &str) -> (Vec<usize>, usize) {
    let (mut cuts, mut used) = (Vec::new(), 0);
    for (at, letter) in text.char_indices() {
        let places = alphabet.places(letter);
        if used + places > alphabet.joined() {
            cuts.push(at);
            used = 0;
        }
        used += places;
    }
    (cuts, used)
}
