//! Writes HTML that was made safe as a person would type it: quotes with `> `, lists with marks, links with their address
//! behind. One pass over the bytes; the general libraries take quadratic time for a long row of empty paragraphs.

/// Quotes and lists are marked no deeper than this, so that the text cannot grow far beyond its HTML.
const DEEPEST: usize = 10;

/// Set apart from their neighbours by a blank line.
const PARAGRAPHS: &[&str] = &[
    "p",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "blockquote",
    "ul",
    "ol",
    "dl",
    "table",
    "pre",
    "hr",
    "figure",
    "details",
];
/// On lines of their own.
const LINES: &[&str] = &[
    "div",
    "li",
    "tr",
    "td",
    "th",
    "dt",
    "dd",
    "caption",
    "center",
    "section",
    "article",
    "aside",
    "header",
    "footer",
    "nav",
    "hgroup",
    "figcaption",
    "summary",
    "tbody",
    "thead",
    "tfoot",
];

/// The text of HTML as the cleaner writes it: every tag closed, every attribute in double quotes, no comments.
pub(super) fn of(safe: &str) -> String {
    let mut letter = Letter::default();
    let mut rest = safe;
    while let Some(start) = rest.find('<') {
        letter.text(&rest[..start]);
        let tag = &rest[start + 1..];
        let end = tag_end(tag);
        match tag[..end].strip_prefix('/') {
            Some(name) => letter.close(name),
            None => letter.open(&tag[..end]),
        }
        rest = tag.get(end + 1..).unwrap_or_default();
    }
    letter.text(rest);
    letter.end_line();
    letter.out
}

fn tag_end(tag: &str) -> usize {
    let mut quoted = false;
    let end = tag.bytes().position(|byte| {
        quoted ^= byte == b'"';
        byte == b'>' && !quoted
    });
    end.unwrap_or(tag.len())
}

#[derive(Default)]
struct Letter {
    out: String,
    line: String,
    /// White space was read that counts once something follows it.
    space: bool,
    /// A blank line is due, in a quote as deep as this.
    gap: Option<usize>,
    quotes: usize,
    /// The lists around, with the number of their next item where they have numbers.
    lists: Vec<Option<usize>>,
    mark: String,
    verbatim: usize,
    link: Option<Link>,
}

struct Link {
    url: String,
    shown: String,
}

impl Letter {
    fn text(&mut self, escaped: &str) {
        for c in unescaped(escaped).chars() {
            if c == '\n' && self.verbatim > 0 {
                self.break_line();
            } else if c.is_whitespace() && self.verbatim == 0 {
                self.space = true;
            } else {
                self.push(c);
            }
        }
    }

    fn push(&mut self, c: char) {
        let space = std::mem::take(&mut self.space) && !self.line.is_empty();
        if space {
            self.line.push(' ');
        }
        self.line.push(c);
        if let Some(link) = &mut self.link {
            if space && !link.shown.is_empty() {
                link.shown.push(' ');
            }
            link.shown.push(c);
        }
    }

    fn open(&mut self, tag: &str) {
        let name = tag.split(' ').next().unwrap_or_default();
        self.separate(name);
        match name {
            "br" => self.break_line(),
            "hr" => {
                self.line.push_str("----------");
                self.separate(name);
            }
            "blockquote" => self.quotes += 1,
            "pre" => self.verbatim += 1,
            "ul" => self.lists.push(None),
            "ol" => self.lists.push(Some(attribute(tag, "start").and_then(|start| start.parse().ok()).unwrap_or(1))),
            "li" => self.mark_item(),
            "img" => {
                let words = attribute(tag, "alt").filter(|words| !words.trim().is_empty());
                words.into_iter().for_each(|words| format!("[{}]", words.trim()).chars().for_each(|c| self.push(c)));
            }
            "a" => self.link = attribute(tag, "href").map(|url| Link { url, shown: String::new() }),
            _ => {}
        }
    }

    fn close(&mut self, name: &str) {
        if let ("a", Some(link)) = (name, self.link.take()) {
            let plain = |text: &str| text.trim_start_matches("mailto:").trim_end_matches('/').to_owned();
            if plain(&link.url) != plain(&link.shown) && !link.shown.is_empty() {
                let space = if self.line.is_empty() { "" } else { " " };
                self.line.push_str(&format!("{space}<{}>", link.url));
            }
        }
        if matches!(name, "ul" | "ol") {
            self.lists.pop();
        }
        self.separate(name);
        match name {
            "blockquote" => self.quotes = self.quotes.saturating_sub(1),
            "pre" => self.verbatim = self.verbatim.saturating_sub(1),
            _ => {}
        }
    }

    /// Begins or ends what stands apart.
    fn separate(&mut self, name: &str) {
        let inner_list = matches!(name, "ul" | "ol") && !self.lists.is_empty();
        if PARAGRAPHS.contains(&name) && !inner_list {
            self.end_line();
            self.want_gap();
        } else if LINES.contains(&name) || inner_list {
            self.end_line();
        }
    }

    fn mark_item(&mut self) {
        let indent = "  ".repeat(self.lists.len().saturating_sub(1).min(DEEPEST));
        self.mark = match self.lists.last_mut() {
            Some(Some(number)) => {
                *number = number.saturating_add(1);
                format!("{indent}{}. ", number.saturating_sub(1))
            }
            _ => format!("{indent}* "),
        };
    }

    fn break_line(&mut self) {
        if self.line.is_empty() {
            self.want_gap();
        } else {
            self.end_line();
        }
    }

    fn want_gap(&mut self) {
        if !self.out.is_empty() {
            self.gap = Some(self.gap.map_or(self.quotes, |quotes| quotes.min(self.quotes)));
        }
    }

    fn end_line(&mut self) {
        let space = std::mem::take(&mut self.space);
        if self.line.is_empty() {
            return;
        }
        if let Some(quotes) = self.gap.take() {
            self.out.push_str("> ".repeat(quotes.min(self.quotes).min(DEEPEST)).trim_end());
            self.out.push('\n');
        }
        self.out.push_str(&"> ".repeat(self.quotes.min(DEEPEST)));
        self.out.push_str(&std::mem::take(&mut self.mark));
        // The space behind the dashes is what makes them begin a signature.
        self.out.push_str(if space && self.line == "--" { "-- " } else { self.line.trim_end() });
        self.out.push('\n');
        self.line.clear();
    }
}

fn attribute(tag: &str, name: &str) -> Option<String> {
    let (_, value) = tag.split_once(&format!(" {name}=\""))?;
    value.split('"').next().map(unescaped)
}

/// The cleaner writes no other entities.
fn unescaped(escaped: &str) -> String {
    if !escaped.contains('&') {
        return escaped.to_owned();
    }
    let named = [("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&nbsp;", "\u{A0}"), ("&amp;", "&")];
    named.iter().fold(escaped.to_owned(), |text, (name, plain)| text.replace(name, plain))
}
