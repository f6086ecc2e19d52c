//! What the listener answers: a code, its enhanced code (RFC 3463) and words for whoever reads the sender's log.

use std::borrow::Cow;

/// One reply line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reply {
    pub code: u16,
    /// Such as `2.1.5`; empty where RFC 2034 wants none.
    pub enhanced: &'static str,
    pub text: Cow<'static, str>,
}

impl Reply {
    pub fn new(code: u16, enhanced: &'static str, text: impl Into<Cow<'static, str>>) -> Self {
        Self { code, enhanced, text: text.into() }
    }

    /// Whether the sender may forget the mail.
    pub fn is_success(&self) -> bool {
        (200..300).contains(&self.code)
    }

    /// As it goes over the wire. Nothing in the text can begin a line of its own.
    pub fn line(&self) -> String {
        let text: String = self.text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
        let space = if self.enhanced.is_empty() { "" } else { " " };
        format!("{} {}{space}{text}\r\n", self.code, self.enhanced)
    }
}

#[cfg(test)]
mod tests {
    use super::Reply;

    #[test]
    fn a_reply_is_one_line_whatever_its_text_holds() {
        let reply = Reply::new(550, "5.1.1", "no <a\r\n250 b> here");
        assert_eq!(reply.line(), "550 5.1.1 no <a  250 b> here\r\n");
        assert_eq!(Reply::new(220, "", "hello").line(), "220 hello\r\n");
    }
}
