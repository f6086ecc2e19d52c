//! Tells, in one pass over the bytes, whether HTML is tame enough for a real parser.
//!
//! HTML parsers take quadratic time and memory over tags that are never closed. This pass counts the tags that may be open
//! at once. Where it cannot be sure that a closing tag closes anything, it does not believe it: it may count too many, never
//! too few.

use super::{
    html_tag::{Piece, next_piece},
    limits::Limits,
};

/// What all tags together may cost: a tag costs as much as there are tags around it, and four times as much for those that
/// are opened again in each following paragraph. A long newsletter costs half of this.
const EFFORT: usize = 1_000_000;
const REOPENED: usize = 4;
const ATTRIBUTES: usize = 200;
/// What stands in a table outside its cells is moved before the table, past all that was moved before.
const MISPLACED: usize = 500;

const VOID: &[&str] = &[
    "area", "base", "basefont", "bgsound", "br", "col", "embed", "frame", "hr", "img", "input", "link", "meta",
    "param", "source", "track", "wbr",
];
/// Tags that close themselves when their like begins.
const IMPLIED: &[&str] = &["p", "li", "dd", "dt", "option", "tr", "td", "th", "tbody", "thead", "tfoot", "caption"];
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

/// Whether the document stays within the limits.
pub(super) fn is_tame(html: &str, limits: &Limits) -> bool {
    if html.len() > limits.html_bytes {
        return false;
    }
    let mut open: Vec<String> = Vec::new();
    let (mut tags, mut formats, mut effort, mut misplaced) = (0, 0, 0, 0);
    let mut believe_closing = true;
    let mut rest = html.as_bytes();
    while let Some((piece, after)) = next_piece(rest, believe_closing) {
        rest = after;
        tags += 1;
        effort += open.len() + REOPENED * formats;
        if tags > limits.html_tags || effort > EFFORT || misplaced > MISPLACED {
            return false;
        }
        match piece {
            Piece::Open { name, attributes } => {
                if attributes > ATTRIBUTES {
                    return false;
                }
                misplaced += usize::from(!TABLE.contains(&name.as_str()) && is_between_cells(&open));
                if DOCUMENT.contains(&name.as_str()) || VOID.contains(&name.as_str()) {
                    continue;
                }
                believe_closing &= !STRANGE.contains(&name.as_str());
                close_implied(&mut open, &name);
                formats += usize::from(FORMATS.contains(&name.as_str()));
                open.push(name);
                if open.len() > limits.html_open_tags {
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

fn is_between_cells(open: &[String]) -> bool {
    let innermost = open.iter().rev().find(|name| TABLE.contains(&name.as_str()));
    innermost.is_some_and(|name| !["td", "th", "caption"].contains(&name.as_str()))
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
        is_tame(html, &Limits::default())
    }

    #[test]
    fn ordinary_letters_are_tame_however_carelessly_they_are_written() {
        for html in [
            "<p>a<p>b".repeat(1_000),
            format!("<ul>{}</ul>", "<li>a<li><p>b".repeat(1_000)),
            format!("<table>{}</table>", "<tr><td>a<td><b>b</b>".repeat(1_000)),
            "<table><tr><td><table><tbody><tr><td><font><b>a</b></font></td></tr></tbody></table></td></tr></table>"
                .repeat(1_000),
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
            "<rt>",
            "<th><optgroup></th>",
            "<keygen>",
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
        let limits = Limits { html_bytes: 8, html_tags: 2, ..Limits::default() };
        assert!(is_tame("<p>12345", &limits) && !is_tame("<p>123456", &limits));
        assert!(is_tame("<p><br>", &limits) && !is_tame("<p></p><p>", &limits));
    }

    #[test]
    fn a_tag_with_a_thousand_attributes_is_not_tame() {
        let attributes: String = (0..1_000).map(|n| format!(" a{n}")).collect();
        assert!(!tame(&format!("<p{attributes}>")));
    }

    #[test]
    fn a_few_deep_lines_are_tame_and_many_are_not() {
        let quotes = "<blockquote>".repeat(200);
        assert!(tame(&format!("{quotes}{}", "a<br>".repeat(1_000))));
        assert!(!tame(&format!("{quotes}{}", "a<br>".repeat(10_000))));
    }

    #[test]
    fn a_table_with_its_words_outside_the_cells_is_not_tame() {
        assert!(!tame(&format!("<table>{}", "x<p>y".repeat(1_000))));
    }

    #[test]
    fn formats_carried_through_many_paragraphs_are_not_tame() {
        let formats: String = (0..200).map(|n| format!("<p><b id={n}></p>")).collect();
        assert!(!tame(&format!("{formats}{}", "<p>x</p>".repeat(10_000))));
    }
}
