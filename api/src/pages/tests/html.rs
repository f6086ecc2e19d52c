//! A page read as a browser reads it: its elements in their order, with their attributes and their text.

use std::cell::RefCell;

use html5ever::{
    buffer_queue::BufferQueue,
    tendril::StrTendril,
    tokenizer::{Tag, TagKind, Token, TokenSink, TokenSinkResult, Tokenizer, states::RawKind},
};

/// One element; its text is everything up to its end, inner elements included.
#[derive(Clone, Debug)]
pub struct Element {
    pub name: String,
    pub attributes: Vec<(String, String)>,
    pub text: String,
}

impl Element {
    pub fn get(&self, name: &str) -> Option<&str> {
        self.attributes.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// An attribute that must be there.
    pub fn of(&self, name: &str) -> &str {
        self.get(name).unwrap_or_else(|| panic!("no {name} in {self:?}"))
    }
}

#[derive(Default)]
struct Sink {
    all: RefCell<Vec<Element>>,
    open: RefCell<Vec<usize>>,
}

/// Elements that hold nothing.
const VOID: [&str; 4] = ["meta", "link", "input", "br"];

impl TokenSink for Sink {
    type Handle = ();

    fn process_token(&self, token: Token, _line: u64) -> TokenSinkResult<()> {
        match token {
            Token::TagToken(tag) if tag.kind == TagKind::StartTag => return self.open(&tag),
            Token::TagToken(tag) => {
                let last = self.open.borrow_mut().pop().map(|at| self.all.borrow()[at].name.clone());
                assert_eq!(last.as_deref(), Some(&*tag.name), "an end tag without its beginning");
            }
            Token::CharacterTokens(text) => {
                for at in self.open.borrow().iter() {
                    self.all.borrow_mut()[*at].text.push_str(&text);
                }
            }
            Token::ParseError(e) => panic!("not HTML: {e}"),
            _ => {}
        }
        TokenSinkResult::Continue
    }
}

impl Sink {
    fn open(&self, tag: &Tag) -> TokenSinkResult<()> {
        let name = tag.name.to_string();
        let attributes = tag.attrs.iter().map(|a| (a.name.local.to_string(), a.value.to_string())).collect();
        self.all.borrow_mut().push(Element { name: name.clone(), attributes, text: String::new() });
        if VOID.contains(&name.as_str()) {
            return TokenSinkResult::Continue;
        }
        self.open.borrow_mut().push(self.all.borrow().len() - 1);
        match name.as_str() {
            "title" | "textarea" => TokenSinkResult::RawData(RawKind::Rcdata),
            _ => TokenSinkResult::Continue,
        }
    }
}

/// A page.
#[derive(Clone, Debug)]
pub struct Html(pub Vec<Element>);

impl Html {
    /// Reads a page; one that is not well formed fails the test.
    pub fn read(text: &str) -> Self {
        let input = BufferQueue::default();
        input.push_back(StrTendril::from(text));
        let options = html5ever::tokenizer::TokenizerOpts { exact_errors: true, ..Default::default() };
        let tokenizer = Tokenizer::new(Sink::default(), options);
        let _ = tokenizer.feed(&input);
        tokenizer.end();
        assert!(tokenizer.sink.open.borrow().is_empty(), "an element is not closed in {text}");
        Self(tokenizer.sink.all.into_inner())
    }

    /// Every element of this name.
    pub fn all(&self, name: &str) -> Vec<&Element> {
        self.0.iter().filter(|element| element.name == name).collect()
    }

    /// The first element of this name.
    pub fn one(&self, name: &str) -> &Element {
        self.all(name).first().copied().unwrap_or_else(|| panic!("no <{name}>"))
    }

    pub fn by_id(&self, id: &str) -> &Element {
        let mut named = self.0.iter().filter(|element| element.get("id") == Some(id));
        named.next().unwrap_or_else(|| panic!("nothing has the id {id}"))
    }

    /// Every element with this class.
    pub fn class(&self, class: &str) -> Vec<&Element> {
        let has = |element: &&Element| element.get("class").is_some_and(|all| all.split(' ').any(|one| one == class));
        self.0.iter().filter(has).collect()
    }

    /// What a form sends that nobody touches: hidden, typed and ticked values.
    pub fn values(&self) -> Vec<(String, String)> {
        let mut values = Vec::new();
        for element in &self.0 {
            let Some(name) = element.get("name") else { continue };
            let value = match (element.name.as_str(), element.get("type").unwrap_or_default()) {
                ("textarea", _) => Some(element.text.strip_prefix('\n').unwrap_or(&element.text).to_owned()),
                ("input", "file") => None,
                ("input", "radio" | "checkbox") if element.get("checked").is_none() => None,
                ("input", _) => Some(element.get("value").unwrap_or_default().to_owned()),
                _ => None,
            };
            values.extend(value.map(|value| (name.to_owned(), value)));
        }
        values
    }
}
