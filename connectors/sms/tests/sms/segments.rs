//! A text is counted as the carrier bills it, and no letter is cut in two.

use civicdesk_contract::{
    Measure,
    segments::{measure, split},
};
use civicdesk_sms::notify;
use proptest::prelude::*;

use crate::house::{notify_settings, open};

fn price(text: &str) -> (&'static str, usize, usize, usize) {
    let Measure { encoding, units, parts, left } = measure(text);
    (encoding, units, parts, left)
}

#[test]
fn the_limits_of_both_alphabets_are_kept_to_the_letter() {
    for (text, right) in [
        (String::new(), ("GSM-7", 0, 0, 160)),
        ("a".repeat(160), ("GSM-7", 160, 1, 0)),
        ("a".repeat(161), ("GSM-7", 161, 2, 145)),
        ("a".repeat(306), ("GSM-7", 306, 2, 0)),
        ("a".repeat(307), ("GSM-7", 307, 3, 152)),
        ("я".repeat(70), ("UCS-2", 70, 1, 0)),
        ("я".repeat(71), ("UCS-2", 71, 2, 63)),
        ("я".repeat(134), ("UCS-2", 134, 2, 0)),
        ("я".repeat(135), ("UCS-2", 135, 3, 66)),
        ("€".repeat(80), ("GSM-7", 160, 1, 0)),
        (format!("{}ç", "a".repeat(70)), ("UCS-2", 71, 2, 63)),
        ("Ça coûte 5€ [net]".replace('û', "ù"), ("GSM-7", 20, 1, 140)),
    ] {
        assert_eq!(price(&text), right, "{text}");
    }
}

/// 140 bytes: 160 times seven bits alone; with the header of six bytes and a bit of padding, 153 times.
#[test]
fn the_counts_fill_the_bytes_of_a_segment() {
    assert_eq!(160 * 7, 140 * 8);
    assert_eq!(6 * 8 + 1 + 153 * 7, 140 * 8);
    assert_eq!((70 * 2, 6 + 67 * 2), (140, 140));
}

#[test]
fn an_emoji_at_a_segments_border_goes_whole_into_the_next() {
    let text = format!("{}😀{}", "я".repeat(66), "я".repeat(10));
    assert_eq!(price(&text), ("UCS-2", 78, 2, 67 - 12), "the first segment has a place that stays empty");
    assert_eq!(split(&text), [&"я".repeat(66), &format!("😀{}", "я".repeat(10))]);
    let fits = format!("{}😀{}", "я".repeat(65), "я".repeat(10));
    assert_eq!(split(&fits)[0], format!("{}😀", "я".repeat(65)));
}

#[test]
fn an_escaped_letter_at_a_segments_border_goes_whole_into_the_next() {
    let text = format!("{}€{}", "a".repeat(152), "b".repeat(10));
    assert_eq!(split(&text), [&"a".repeat(152), &format!("€{}", "b".repeat(10))]);
    assert_eq!(price(&text), ("GSM-7", 164, 2, 153 - 12));
}

#[test]
fn writing_from_right_to_left_is_counted_like_any_other() {
    assert_eq!(price("שלום עולם, مرحبا"), ("UCS-2", 16, 1, 54));
}

#[tokio::test]
async fn notify_counts_what_the_template_adds_and_what_it_writes_more_plainly() {
    let fake = civicdesk_providers::notify::Notify::start().await;
    let mut settings = notify_settings(&fake);
    settings["before"] = "Riverton: ".into();
    let channel = open(&notify::connector(), settings);
    let price = |text: &str| channel.measure(text).unwrap();
    assert_eq!((price("“Tuesday – 9am”").encoding, price("“Tuesday – 9am”").units), ("GSM-7", 25));
    assert_eq!(price(&"a".repeat(150)).parts, 1);
    assert_eq!(price(&"a".repeat(151)).parts, 2);
    assert_eq!((price("").parts, price("Ŵyl").encoding), (0, "UCS-2"));
}

fn letters() -> impl Strategy<Value = String> {
    let gsm = "[a-zA-Z0-9 @£$¥èéùìòÇØøÅåΔΦΓΛΩΠΨΣΘΞÆæßÉ^{}\\[~\\]|€\n]{0,400}";
    prop_oneof![gsm, "[а-яא-ת😀👩🏽 a-z]{0,300}", ".{0,200}"]
}

proptest! {
    #[test]
    fn segments_are_the_text_and_none_is_too_long(text in letters()) {
        let (price, parts) = (measure(&text), split(&text));
        prop_assert_eq!(parts.concat(), text.as_str());
        prop_assert_eq!(parts.len(), price.parts);
        let most = match (price.encoding, price.parts) {
            ("GSM-7", 0 | 1) => 160,
            ("GSM-7", _) => 153,
            (_, 0 | 1) => 70,
            _ => 67,
        };
        let places = |part: &str| if price.encoding == "GSM-7" { measure(part).units } else { part.encode_utf16().count() };
        let sizes: Vec<usize> = parts.iter().map(|part| places(part)).collect();
        prop_assert!(sizes.iter().all(|size| (1..=most).contains(size)), "{:?}", sizes);
        prop_assert_eq!(sizes.iter().sum::<usize>(), price.units);
        prop_assert_eq!(price.left, most - sizes.last().copied().unwrap_or(0));
        // At most the half of one letter is wasted at each border.
        prop_assert!(sizes.iter().rev().skip(1).all(|size| size + 1 >= most), "{:?}", sizes);
    }

    #[test]
    fn a_letter_more_never_costs_less(text in letters(), letter: char) {
        let longer = format!("{text}{letter}");
        prop_assert!(measure(&longer).parts >= measure(&text).parts);
        prop_assert!(measure(&longer).parts <= measure(&text).parts.max(1) * 3);
    }
}
