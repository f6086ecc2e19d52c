//! The words of a post's HTML, in one pass: paragraphs and breaks become lines, everything else is text.

/// Elements that begin on a line of their own.
const BLOCKS: [&str; 8] = ["p", "div", "ul", "ol", "li", "blockquote", "pre", "h1"];

pub fn text(html: &str) -> String {
    let mut out = String::new();
    let mut rest = html;
    while let Some(at) = rest.find(['<', '&']) {
        out.push_str(&rest[..at]);
        rest = &rest[at..];
        let end = match rest.strip_prefix('<') {
            Some(inside) => inside.find('>').map(|end| {
                tag(&inside[..end], &mut out);
                end + 2
            }),
            None => entity(rest).map(|(character, length)| {
                out.push(character);
                length
            }),
        };
        // A sign that opens nothing is a sign.
        let end = end.unwrap_or_else(|| {
            out.push_str(&rest[..1]);
            1
        });
        rest = &rest[end..];
    }
    out.push_str(rest);
    out.trim_end().to_owned()
}

fn tag(inside: &str, out: &mut String) {
    let closes = inside.starts_with('/');
    let name = inside.trim_start_matches('/');
    let name = name.split(|c: char| !c.is_ascii_alphanumeric()).next().unwrap_or_default();
    if name.eq_ignore_ascii_case("br") {
        out.push('\n');
    } else if name.eq_ignore_ascii_case("p") && !closes && !out.is_empty() {
        let lines = out.bytes().rev().take_while(|byte| *byte == b'\n').count();
        out.push_str(&"\n\n"[lines.min(2)..]);
    } else if BLOCKS.iter().any(|block| name.eq_ignore_ascii_case(block))
        && !closes
        && !out.is_empty()
        && !out.ends_with('\n')
    {
        out.push('\n');
    }
}

/// The character of an entity at the beginning, and the entity's length.
fn entity(text: &str) -> Option<(char, usize)> {
    let end = text.bytes().take(12).position(|byte| byte == b';')?;
    let name = text.get(1..end)?;
    let character = match name {
        "amp" => '&',
        "lt" => '<',
        "gt" => '>',
        "quot" => '"',
        "apos" => '\'',
        "nbsp" => '\u{a0}',
        _ => {
            let number = name.strip_prefix('#')?;
            let code = match number.strip_prefix(['x', 'X']) {
                Some(hex) => u32::from_str_radix(hex, 16).ok()?,
                None => number.parse().ok()?,
            };
            char::from_u32(code)?
        }
    };
    Some((character, end + 1))
}

#[cfg(test)]
mod tests {
    use super::text;

    #[test]
    fn a_post_is_read_as_its_writer_sees_it() {
        for (html, read) in [
            ("<p>One<br>two<br />three</p><p>Four</p>", "One\ntwo\nthree\n\nFour"),
            (
                "<p><span class=\"h-card\"><a href=\"https://a.example/@desk\">@<span>desk</span></a></span> hi</p>",
                "@desk hi",
            ),
            ("<p>5 &lt; 6 &amp; 7 &gt; 3; &amp;amp; &#39;x&#x27; &nope; &", "5 < 6 & 7 > 3; &amp; 'x' &nope; &"),
            (
                "<a><span class=\"invisible\">https://</span><span class=\"ellipsis\">a.example/lo</span><span class=\"invisible\">ng</span></a>",
                "https://a.example/long",
            ),
            ("<ul><li>a</li><li>b</li></ul>", "a\nb"),
            ("1 < 2", "1 < 2"),
            ("שלום<br>👍", "שלום\n👍"),
        ] {
            assert_eq!(text(html), read, "{html}");
        }
    }
}
