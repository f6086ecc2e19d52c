//! The stylesheet: colours that everybody can tell apart, sizes for either direction, and a name that changes with it.

use crate::{
    http::testing::TestApp,
    pages::assets::{PLACES, STYLE},
};

/// The colour that a token of the stylesheet stands for.
fn token(name: &str) -> [f64; 3] {
    let start = STYLE.find(&format!("--{name}: #")).unwrap_or_else(|| panic!("no --{name}")) + name.len() + 5;
    let hex = |at: usize| f64::from(u8::from_str_radix(&STYLE[start + at..start + at + 2], 16).unwrap()) / 255.0;
    [hex(0), hex(2), hex(4)]
}

/// The contrast of two colours (WCAG 2.2, relative luminance).
fn contrast(one: &str, other: &str) -> f64 {
    let light = |colour: [f64; 3]| {
        let linear = colour.map(|c| if c <= 0.04045 { c / 12.92 } else { ((c + 0.055) / 1.055).powf(2.4) });
        0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
    };
    let (a, b) = (light(token(one)), light(token(other)));
    (a.max(b) + 0.05) / (a.min(b) + 0.05)
}

#[test]
fn every_text_and_every_border_can_be_told_from_what_is_behind_it() {
    for (text, behind) in [
        ("ink", "paper"),
        ("ink", "soft"),
        ("quiet", "paper"),
        ("quiet", "soft"),
        ("brand", "paper"),
        ("brand", "soft"),
        ("brand-dark", "paper"),
        ("brand-dark", "soft"),
        ("on-brand", "brand"),
        ("on-brand", "brand-dark"),
        ("error", "paper"),
        ("good", "paper"),
    ] {
        assert!(contrast(text, behind) >= 4.5, "{text} on {behind}: {:.2}", contrast(text, behind));
    }
    for (part, behind) in
        [("line", "paper"), ("focus", "on-focus"), ("on-focus", "paper"), ("on-focus", "soft"), ("focus", "brand")]
    {
        assert!(contrast(part, behind) >= 3.0, "{part} on {behind}: {:.2}", contrast(part, behind));
    }
}

#[test]
fn colours_stand_in_one_place_and_nothing_knows_left_from_right() {
    let (_, rules) = STYLE.split_once("}\n").unwrap();
    assert!(!rules.contains('#'), "a colour outside of :root");
    for word in [
        "left",
        "right",
        "margin-top",
        "margin-bottom",
        "padding-top",
        "padding-bottom",
        " width:",
        " height:",
        "url(",
        "@import",
    ] {
        assert!(!rules.contains(word), "`{word}` in the stylesheet");
    }
}

#[actix_web::test]
async fn a_browser_keeps_an_asset_for_good_because_another_one_has_another_name() {
    let desk = TestApp::start().await;
    for place in [&PLACES.style, &PLACES.icon] {
        let asset = desk.get(place, "").await;
        assert_eq!(asset.status, 200);
        assert_eq!(asset.header("cache-control"), "public, max-age=31536000, immutable");
    }
    assert_eq!(desk.get("/assets/style.0000000000000000.css", "").await.status, 404);
}
