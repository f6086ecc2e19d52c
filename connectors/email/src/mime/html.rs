//! Makes a stranger's HTML safe to show.

use std::{
    collections::{HashMap, HashSet},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use ammonia::{Builder, UrlRelative};

use super::{clean, html_depth, limits::Limits};

/// Dropped with everything inside.
const DROPPED: &[&str] = &[
    "script", "style", "svg", "math", "iframe", "object", "embed", "template", "title", "noscript", "noembed",
    "noframes", "select", "textarea", "xmp", "audio", "video",
];
/// Cleaning can move tags about, so it is repeated until nothing changes; real mail needs two rounds.
const ROUNDS: usize = 4;

pub(super) struct Safe {
    pub html: String,
    /// Pictures that lie elsewhere were left out: fetching them would tell the sender who reads the mail, and when.
    pub remote_images: bool,
}

/// The HTML made safe; nothing when a parser had better not touch it.
pub(super) fn read(html: &str, limits: &Limits) -> Option<Safe> {
    if !html_depth::is_tame(html, limits) {
        return None;
    }
    let remote_images = Arc::new(AtomicBool::new(false));
    let cleaner = cleaner(Arc::clone(&remote_images));
    let clean_once = |html: &str| cleaner.clean(html).to_string().trim().to_owned();
    let mut safe = clean_once(&clean::text(html));
    for _ in 0..ROUNDS {
        let again = clean_once(&safe);
        if again == safe {
            return Some(Safe { html: safe, remote_images: remote_images.load(Ordering::Relaxed) });
        }
        safe = again;
    }
    None
}

/// The words of HTML that is not to be parsed: tags are cut out and nothing more.
pub(super) fn bare_text(html: &str) -> String {
    clean::text(&mail_parser::decoders::html::html_to_text(html))
}

fn cleaner(remote_images: Arc<AtomicBool>) -> Builder<'static> {
    let mut cleaner = Builder::default();
    cleaner
        .add_tags(["font", "big", "tfoot"])
        .rm_tags(["map", "area"])
        .clean_content_tags(DROPPED.iter().copied().collect())
        .add_tag_attributes("font", ["color", "face", "size"])
        .add_tag_attributes("table", ["border", "cellpadding", "cellspacing", "width"])
        .add_tag_attributes("td", ["valign", "width", "bgcolor"])
        .add_tag_attributes("th", ["valign", "width", "bgcolor"])
        .rm_tag_attributes("blockquote", ["cite"])
        .rm_tag_attributes("q", ["cite"])
        .rm_tag_attributes("ins", ["cite"])
        .rm_tag_attributes("del", ["cite"])
        .add_generic_attributes(["dir", "align"])
        .allowed_classes(HashMap::new())
        .url_schemes(HashSet::from(["http", "https", "mailto", "cid"]))
        .url_relative(UrlRelative::Deny)
        .link_rel(Some("noopener noreferrer nofollow"))
        .attribute_filter(move |element, attribute, value| {
            let inner = value.trim_start().get(..4).is_some_and(|start| start.eq_ignore_ascii_case("cid:"));
            match (element, attribute) {
                ("img", "src") if inner => Some(value.into()),
                ("img", "src") => {
                    remote_images.store(true, Ordering::Relaxed);
                    None
                }
                ("a", "href") if inner => None,
                (_, "colspan" | "rowspan" | "span" | "start") if value.len() > 3 => None,
                _ => Some(value.into()),
            }
        });
    cleaner
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{super::html_text, *};

    fn safe(html: &str) -> String {
        read(html, &Limits::default()).unwrap().html
    }

    fn text(html: &str) -> String {
        html_text::of(&safe(html))
    }

    // IN-23
    #[test]
    fn nothing_that_acts_or_fetches_is_left() {
        for (html, expected) in [
            ("<p onclick=alert(1)>a</p>", "<p>a</p>"),
            ("a<script>b</script><style>c</style>d", "ad"),
            ("<svg><a href=x>b</a></svg>c<math><mi>d</mi></math>", "c"),
            ("<iframe src=//x></iframe><form action=//x><input><button>go</button></form>", "go"),
            ("<base href=//x><meta http-equiv=refresh content=0><link rel=stylesheet href=//x>a", "a"),
            ("<img src=https://x/pixel.gif alt=logo>", "<img alt=\"logo\">"),
            ("<img src=//x/pixel.gif>", "<img>"),
            ("<img src=data:image/png;base64,AA>", "<img>"),
            ("<img srcset='https://x 2x' background=https://x>", "<img>"),
            ("<img src=cid:logo@x>", "<img src=\"cid:logo@x\">"),
            ("<a href=javascript:alert(1)>a</a>", "<a rel=\"noopener noreferrer nofollow\">a</a>"),
            ("<a href='java\tscript:alert(1)'>a</a>", "<a rel=\"noopener noreferrer nofollow\">a</a>"),
            ("<a href=/login>a</a>", "<a rel=\"noopener noreferrer nofollow\">a</a>"),
            ("<a href=cid:x>a</a>", "<a rel=\"noopener noreferrer nofollow\">a</a>"),
            (
                "<a href=https://example.org target=x>a</a>",
                "<a href=\"https://example.org\" rel=\"noopener noreferrer nofollow\">a</a>",
            ),
            ("<p style='background:url(//x)' class=b id=c>a</p>", "<p>a</p>"),
            ("a\0b", "a\u{FFFD}b"),
        ] {
            assert_eq!(safe(html), expected, "{html}");
        }
    }

    #[test]
    fn staff_hear_that_pictures_were_left_out() {
        assert!(read("<img src=https://x>", &Limits::default()).unwrap().remote_images);
        assert!(!read("<img src=cid:x>", &Limits::default()).unwrap().remote_images);
    }

    #[test]
    fn the_text_keeps_links_lists_and_quotes_readable() {
        for (html, expected) in [
            ("<p>One</p><p>Two <b>three</b><br>four</p>", "One\n\nTwo three\nfour\n"),
            ("<div>a  \n b</div><div>c</div>", "a b\nc\n"),
            ("a<br><br><br>&nbsp;<br>b", "a\n\nb\n"),
            (
                "See <a href='https://example.org/a?b=1&amp;c'>the page</a>.",
                "See the page <https://example.org/a?b=1&c>.\n",
            ),
            ("<a href='https://example.org/'>https://example.org/</a>", "https://example.org/\n"),
            (
                "Jane &lt;<a href='mailto:jane@example.org'>jane@example.org</a>&gt; wrote:",
                "Jane <jane@example.org> wrote:\n",
            ),
            ("<ul><li>a<li>b<ol start=3><li>c<li>d</ol></ul>e", "* a\n* b\n  3. c\n  4. d\n\ne\n"),
            ("<p>Yes</p><blockquote>a<blockquote>b</blockquote></blockquote>c", "Yes\n\n> a\n>\n> > b\n\nc\n"),
            ("<blockquote><p>a</p><p>b</p></blockquote>", "> a\n>\n> b\n"),
            ("<table><tr><td>a</td><td>b</td></tr></table>", "a\nb\n"),
            ("a<hr>b", "a\n\n----------\n\nb\n"),
            ("<pre>a  b\n\n  c</pre>", "a  b\n\n  c\n"),
            ("a<div>-- <br>Jane</div>", "a\n-- \nJane\n"),
            ("<div>--<br>Jane</div>", "--\nJane\n"),
            ("<img src=cid:x alt='a &quot;lamp&quot;'>", "[a \"lamp\"]\n"),
            ("&amp;lt; &lt;b&gt; <b title='>'>c</b>", "&lt; <b> c\n"),
        ] {
            assert_eq!(text(html), expected, "{html}");
        }
    }

    #[test]
    fn wild_html_is_not_parsed_and_its_words_are_kept() {
        let wild = format!("{}words", "<div>".repeat(100_000));
        assert!(read(&wild, &Limits::default()).is_none());
        assert_eq!(bare_text(&wild).trim(), "words");
    }

    fn scraps() -> impl Strategy<Value = String> {
        let scrap = prop_oneof![
            "</?(p|b|i|a|div|table|tr|td|li|ul|svg|math|style|title|font|blockquote|select|form|br|caption|h1)[ />]{0,2}>?",
            "<a href=['\"]?(https:|cid:|javascript:|//)[a-z@.]{0,5}['\"]?>",
            "<img src=['\"]?(https:|cid:|data:)[a-z@.]{0,5}['\"]?>",
            "<!--|-->|<!\\[CDATA\\[|\\]\\]>|&lt;|&amp;|&#0;|\0|\"|'|=",
            "\\PC{0,4}",
        ];
        proptest::collection::vec(scrap, 0..40).prop_map(|scraps| scraps.concat())
    }

    proptest! {
        #[test]
        fn the_text_of_safe_html_never_panics(html in scraps()) {
            if let Some(safe) = read(&html, &Limits::default()) {
                html_text::of(&safe.html);
            }
        }

        // IN-23
        #[test]
        fn cleaning_twice_changes_nothing(html in scraps()) {
            if let Some(once) = read(&html, &Limits::default()) {
                let twice = read(&once.html, &Limits::default());
                prop_assert_eq!(twice.map(|twice| twice.html), Some(once.html));
            }
        }

        #[test]
        fn bare_text_never_panics(html in scraps()) {
            bare_text(&html);
        }
    }
}
