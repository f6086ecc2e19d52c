//! Tells, in one pass over the bytes, whether HTML is tame enough for a real parser.
//!
//! HTML parsers take quadratic time and memory over tags that are never closed. This pass counts the tags that may be open
//! at once. Where it cannot be sure that a closing tag closes anything, it does not believe it: it may count too many, never
//! too few.

use super::html_tag::{Piece, next_piece};

/// Formatting tags that are carried over the end of their paragraph are opened again in each following one.
const CARRIED_FORMATS: usize = 250_000;
const ATTRIBUTES: usize = 200;

const VOID: &[&str] = &[
    "area", "base", "basefont", "bgsound", "br", "col", "embed", "frame", "hr", "img", "input", "keygen", "link",
    "meta", "param", "source", "track", "wbr",
];
/// Tags that close themselves when their like begins.
const IMPLIED: &[&str] =
    &["p", "li", "dd", "dt", "option", "optgroup", "rt", "rp", "tr", "td", "th", "tbody", "thead", "tfoot", "caption"];
const FORMATS: &[&str] =
    &["a", "b", "big", "code", "em", "font", "i", "nobr", "s", "small", "strike", "strong", "tt", "u"];
/// A closing tag does not reach out of these.
const WALLS: &[&str] = &["table", "td", "th", "caption", "object", "applet", "marquee", "button"];
const TABLE: &[&str] = &["table", "tbody", "thead", "tfoot", "tr", "td", "th", "caption", "colgroup"];
const BLOCKS: &[&str] = &[
    "address",
    "article",
    "aside",
    "blockquote",
    "center",
    "details",
    "dir",
    "div",
    "dl",
    "fieldset",
    "figcaption",
    "figure",
    "footer",
    "form",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "header",
    "hgroup",
    "main",
    "menu",
    "nav",
    "ol",
    "p",
    "pre",
    "section",
    "summary",
    "ul",
    "li",
    "dd",
    "dt",
    "button",
    "object",
    "applet",
    "marquee",
];
/// Their content follows other rules, and so may everything behind them.
const STRANGE: &[&str] = &[
    "svg",
    "math",
    "template",
    "select",
    "frameset",
    "plaintext",
    "noscript",
    "xmp",
    "noembed",
    "noframes",
    "iframe",
    "script",
    "textarea",
];
const DOCUMENT: &[&str] = &["html", "head", "body"];

/// Whether no more than `most` tags are open at once, in a document of no more than `bytes`.
pub(super) fn is_tame(html: &str, bytes: usize, most: usize) -> bool {
    if html.len() > bytes {
        return false;
    }
    let mut open: Vec<String> = Vec::new();
    let mut formats = 0;
    let mut carried = 0;
    let mut believe_closing = true;
    let mut rest = html.as_bytes();
    while let Some((piece, after)) = next_piece(rest, believe_closing) {
        rest = after;
        match piece {
            Piece::Open { name, attributes } => {
                if attributes > ATTRIBUTES {
                    return false;
                }
                if DOCUMENT.contains(&name.as_str()) || VOID.contains(&name.as_str()) {
                    continue;
                }
                believe_closing &= !STRANGE.contains(&name.as_str());
                close_implied(&mut open, &name);
                formats += usize::from(FORMATS.contains(&name.as_str()));
                carried += formats;
                open.push(name);
                if open.len() > most || carried > CARRIED_FORMATS {
                    return false;
                }
            }
            Piece::Close(name) if believe_closing => {
                if close(&mut open, &name) && FORMATS.contains(&name.as_str()) {
                    formats -= 1;
                }
            }
            Piece::Close(_) => {}
            Piece::Unsure => believe_closing = false,
            Piece::Hopeless => return false,
        }
    }
    true
}

/// A new item, cell or paragraph ends the one before it.
fn close_implied(open: &mut Vec<String>, opening: &str) {
    let ended: &[&str] = match opening {
        "tr" => &["td", "th", "tr"],
        "td" | "th" => &["td", "th"],
        "tbody" | "thead" | "tfoot" => &["td", "th", "tr", "tbody", "thead", "tfoot"],
        "dd" | "dt" => &["dd", "dt"],
        "p" => &["p"],
        "li" => &["p", "li"],
        "option" | "optgroup" => &["option"],
        "rt" | "rp" => &["rt", "rp"],
        _ => &[],
    };
    while open.last().is_some_and(|last| ended.contains(&last.as_str())) {
        open.pop();
    }
}

/// Takes one tag off, when a real parser is sure to take off at least that one.
fn close(open: &mut Vec<String>, name: &str) -> bool {
    let table = TABLE.contains(&name);
    if !table && !BLOCKS.contains(&name) {
        return open.pop_if(|last| *last == name).is_some();
    }
    let walls: &[&str] = if table { &["table"] } else { WALLS };
    for at in (0..open.len()).rev() {
        if open[at] == name {
            let mut above = open.split_off(at);
            above.remove(0);
            above.retain(|inner| !IMPLIED.contains(&inner.as_str()));
            open.append(&mut above);
            return true;
        }
        if walls.contains(&open[at].as_str()) {
            return false;
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tame(html: &str) -> bool {
        is_tame(html, 1 << 20, 256)
    }

    #[test]
    fn ordinary_letters_are_tame_however_carelessly_they_are_written() {
        for html in [
            "<p>a<p>b".repeat(1_000),
            format!("<ul>{}</ul>", "<li>a<li><p>b".repeat(1_000)),
            format!("<table>{}</table>", "<tr><td>a<td><b>b</b>".repeat(1_000)),
            "<div><p>a<br><img src='>'><hr></div>".repeat(1_000),
            "<!-- <div> --><style>div > p { color: red }</style><o:p></o:p>".repeat(1_000),
            "<div title=\"</p> <b>\">x</div>".repeat(1_000),
            "1 < 2 <3 <- </ > <>".repeat(1_000),
        ] {
            assert!(tame(&html), "{}", &html[..60]);
        }
    }

    #[test]
    fn tags_that_stay_open_are_not_tame_however_their_closing_is_feigned() {
        for trick in [
            "<div>",
            "<b>",
            "<span><div></span>",
            "<b><div></b>",
            "<div><table><tr><td></div>",
            "<div><style></div></style>",
            "<div><!-- </div> -->",
            "<div title=\"></div>\">",
            "<div title='></div>'>",
            "<div =\"><a title=\"></div>\">",
            "<div><svg><style><!-- </style></div> -->",
            "<div><svg><![CDATA[></div>]]>",
            "<div><script><!--<script></script></div></script>",
            "<div><textarea></div></textarea>",
            "<div><title></div></title>",
            "<div><select></div></select>",
            "<x-y>",
            "<x></y>",
            "<svg><style><div>",
            "<p><b id=1></p>",
            "<div/>",
        ] {
            assert!(!tame(&trick.repeat(300)), "{trick}");
        }
    }

    #[test]
    fn the_limits_are_met_exactly() {
        assert!(tame(&"<div>".repeat(256)));
        assert!(!tame(&"<div>".repeat(257)));
        assert!(is_tame("<p>12345", 8, 1));
        assert!(!is_tame("<p>123456", 8, 1));
    }

    #[test]
    fn a_tag_with_a_thousand_attributes_is_not_tame() {
        let attributes: String = (0..1_000).map(|n| format!(" a{n}")).collect();
        assert!(!tame(&format!("<p{attributes}>")));
    }

    #[test]
    fn formats_carried_through_many_paragraphs_are_not_tame() {
        let formats: String = (0..200).map(|n| format!("<p><b id={n}></p>")).collect();
        assert!(!tame(&format!("{formats}{}", "<p>x</p>".repeat(10_000))));
    }
}
