//! How the text of an HTML mail is written: as a person would type it, quotes with `> `, links with their address behind.

use html2text::render::TextDecorator;

/// Writes HTML as a plain letter.
#[derive(Clone, Debug, Default)]
pub(super) struct Letter {
    links: Vec<String>,
}

impl TextDecorator for Letter {
    type Annotation = ();

    fn decorate_link_start(&mut self, url: &str) -> (String, ()) {
        self.links.push(url.to_owned());
        (String::new(), ())
    }

    fn decorate_link_end(&mut self) -> String {
        self.links.pop().filter(|url| !url.is_empty()).map_or_else(String::new, |url| format!(" <{url}>"))
    }

    fn decorate_em_start(&self) -> (String, ()) {
        (String::new(), ())
    }

    fn decorate_em_end(&self) -> String {
        String::new()
    }

    fn decorate_strong_start(&self) -> (String, ()) {
        (String::new(), ())
    }

    fn decorate_strong_end(&self) -> String {
        String::new()
    }

    fn decorate_strikeout_start(&self) -> (String, ()) {
        (String::new(), ())
    }

    fn decorate_strikeout_end(&self) -> String {
        String::new()
    }

    fn decorate_code_start(&self) -> (String, ()) {
        (String::new(), ())
    }

    fn decorate_code_end(&self) -> String {
        String::new()
    }

    fn decorate_preformat_first(&self) {}

    fn decorate_preformat_cont(&self) {}

    fn decorate_image(&mut self, _src: &str, title: &str) -> (String, ()) {
        (format!("[{title}]"), ())
    }

    fn header_prefix(&self, _level: usize) -> String {
        String::new()
    }

    fn quote_prefix(&self) -> String {
        "> ".to_owned()
    }

    fn unordered_item_prefix(&self) -> String {
        "* ".to_owned()
    }

    fn ordered_item_prefix(&self, number: i64) -> String {
        format!("{number}. ")
    }

    fn make_subblock_decorator(&self) -> Self {
        self.clone()
    }

    fn decorate_superscript_start(&self) -> (String, ()) {
        (String::new(), ())
    }

    fn decorate_superscript_end(&self) -> String {
        String::new()
    }
}

/// Drops the address behind a link whose text is that address, and blank lines beyond one.
pub(super) fn tidy(text: &str) -> String {
    let mut tidy = String::with_capacity(text.len());
    let mut blank = true;
    for line in text.lines().map(str::trim_end) {
        if !(blank && line.is_empty()) {
            without_echoes(line, &mut tidy);
            tidy.push('\n');
        }
        blank = line.is_empty();
    }
    tidy
}

fn without_echoes(line: &str, out: &mut String) {
    let mut rest = line;
    while let Some(end) = rest.find('>') {
        let (link, after) = rest.split_at(end + 1);
        let echo = link[..end].rfind(" <").filter(|&start| {
            let url = &link[start + 2..end];
            let shown = url.strip_prefix("mailto:").unwrap_or(url).trim_end_matches('/');
            !shown.is_empty() && link[..start].trim_end_matches('/').ends_with(shown)
        });
        out.push_str(echo.map_or(link, |start| &link[..start]));
        rest = after;
    }
    out.push_str(rest);
}
