//! HTML that staff write, made safe before it is kept: no script, no style, no picture from elsewhere.

use ammonia::Builder;

/// Bytes of an answer's HTML.
pub const LONGEST: usize = 256 * 1024;
/// Deeply nested tags make HTML parsers slow, and a tag can nest only once.
const MOST_TAGS: usize = 4000;

/// The HTML as it may be sent and shown; nothing where it is too large to be cleaned.
pub fn clean(html: &str) -> Option<String> {
    if html.len() > LONGEST || html.bytes().filter(|b| *b == b'<').count() > MOST_TAGS {
        return None;
    }
    let mut cleaner = Builder::default();
    cleaner.rm_tags(["img"]).link_rel(Some("noopener noreferrer")).url_schemes(["http", "https", "mailto"].into());
    Some(cleaner.clean(html).to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_could_act_is_gone_and_what_was_said_stays() {
        let html = r#"<p onclick="x()">Hi <b>you</b><script>x()</script><img src="https://a.example/p"></p>"#;
        assert_eq!(clean(html).as_deref(), Some("<p>Hi <b>you</b></p>"));
        assert_eq!(
            clean(r#"<a href="javascript:x()">a</a>"#).as_deref(),
            Some(r#"<a rel="noopener noreferrer">a</a>"#)
        );
    }

    #[test]
    fn what_is_too_large_or_too_deep_is_refused() {
        assert_eq!(clean(&"x".repeat(LONGEST + 1)), None);
        assert_eq!(clean(&"<div>".repeat(100_000)), None);
    }
}
