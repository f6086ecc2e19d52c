//! Reads one command line of RFC 5321 or RFC 2033.

use super::Reply;

/// One command of a sender.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Command {
    Hello(Greeting),
    Mail {
        /// Empty for the null return path.
        from: String,
        size: Option<u64>,
    },
    Rcpt {
        to: String,
    },
    Data,
    Rset,
    Noop,
    Quit,
    Vrfy,
}

/// How the sender greets: which protocol it believes to speak.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Greeting {
    Helo,
    Ehlo,
    Lhlo,
}

/// No address that a person uses is longer; RFC 5321 allows 64 and 255.
const LONGEST_ADDRESS: usize = 320;

/// Reads a line without its end. What cannot be read comes back as the reply to give.
pub fn parse(line: &[u8]) -> Result<Command, Reply> {
    let line = std::str::from_utf8(line).map_err(|_| syntax("commands are UTF-8"))?.trim_end();
    let (verb, rest) = line.split_once(' ').unwrap_or((line, ""));
    match verb.to_ascii_uppercase().as_str() {
        "HELO" => Ok(Command::Hello(Greeting::Helo)),
        "EHLO" => Ok(Command::Hello(Greeting::Ehlo)),
        "LHLO" => Ok(Command::Hello(Greeting::Lhlo)),
        "MAIL" => mail(after_keyword(rest, "FROM:")?),
        "RCPT" => rcpt(after_keyword(rest, "TO:")?),
        "DATA" if rest.is_empty() => Ok(Command::Data),
        "RSET" if rest.is_empty() => Ok(Command::Rset),
        "QUIT" if rest.is_empty() => Ok(Command::Quit),
        "DATA" | "RSET" | "QUIT" => Err(syntax("this command takes no parameter")),
        "NOOP" => Ok(Command::Noop),
        "VRFY" => Ok(Command::Vrfy),
        _ => Err(Reply::new(500, "5.5.1", "unknown command")),
    }
}

fn after_keyword<'a>(rest: &'a str, keyword: &str) -> Result<&'a str, Reply> {
    let rest = rest.trim_start();
    match rest.get(..keyword.len()) {
        Some(start) if start.eq_ignore_ascii_case(keyword) => Ok(rest[keyword.len()..].trim_start()),
        _ => Err(syntax("MAIL FROM:<address> and RCPT TO:<address> are understood")),
    }
}

fn mail(rest: &str) -> Result<Command, Reply> {
    let (from, parameters) = path(rest)?;
    let (mut size, mut utf8) = (None, false);
    for parameter in parameters.split_ascii_whitespace() {
        let (name, value) = parameter.split_once('=').unwrap_or((parameter, ""));
        match name.to_ascii_uppercase().as_str() {
            "SIZE" => size = Some(value.parse().map_err(|_| syntax("SIZE is a number of octets"))?),
            "BODY" if value.eq_ignore_ascii_case("7BIT") || value.eq_ignore_ascii_case("8BITMIME") => {}
            "SMTPUTF8" => utf8 = true,
            _ => return Err(Reply::new(555, "5.5.4", "this parameter of MAIL is not offered here")),
        }
    }
    if !from.is_empty() {
        is_address(&from)?;
    }
    if !from.is_ascii() && !utf8 {
        return Err(Reply::new(553, "5.6.7", "an address outside ASCII needs SMTPUTF8"));
    }
    Ok(Command::Mail { from, size })
}

fn rcpt(rest: &str) -> Result<Command, Reply> {
    let (to, parameters) = path(rest)?;
    if !parameters.trim().is_empty() {
        return Err(Reply::new(555, "5.5.4", "RCPT takes no parameter here"));
    }
    is_address(&to)?;
    Ok(Command::Rcpt { to })
}

/// The address inside `<…>` without a source route, and what follows it. A quoted local part may hold `>`.
fn path(rest: &str) -> Result<(String, &str), Reply> {
    let inside = rest.strip_prefix('<').ok_or_else(|| syntax("an address stands in <angle brackets>"))?;
    let (mut quoted, mut escaped) = (false, false);
    let end = inside.char_indices().find(|(_, c)| {
        let ends = *c == '>' && !quoted;
        if escaped {
            escaped = false;
        } else if quoted && *c == '\\' {
            escaped = true;
        } else if *c == '"' {
            quoted = !quoted;
        }
        ends
    });
    let (end, _) = end.ok_or_else(|| syntax("an address ends with >"))?;
    let address = match inside[..end].strip_prefix('@') {
        Some(route) => route.split_once(':').map(|(_, address)| address).unwrap_or_default(),
        None => &inside[..end],
    };
    let parameters = &inside[end + 1..];
    if !parameters.is_empty() && !parameters.starts_with(' ') {
        return Err(syntax("a space stands between the address and its parameters"));
    }
    Ok((address.to_owned(), parameters))
}

fn is_address(text: &str) -> Result<(), Reply> {
    let sound = text.rsplit_once('@').is_some_and(|(local, domain)| !local.is_empty() && !domain.is_empty());
    if sound && text.len() <= LONGEST_ADDRESS && !text.chars().any(char::is_control) {
        return Ok(());
    }
    Err(Reply::new(553, "5.1.3", "this is no mail address"))
}

fn syntax(text: &'static str) -> Reply {
    Reply::new(501, "5.5.4", text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn from(line: &str) -> String {
        match parse(line.as_bytes()) {
            Ok(Command::Mail { from, .. }) => from,
            other => panic!("{line}: {other:?}"),
        }
    }

    #[test]
    fn addresses_are_read_as_the_sender_wrote_them() {
        assert_eq!(from("MAIL FROM:<>"), "");
        assert_eq!(from("mail from: <a+b@X.example> SIZE=10 BODY=8BITMIME"), "a+b@X.example");
        assert_eq!(from("MAIL FROM:<@relay,@other:a@x.example>"), "a@x.example");
        assert_eq!(from(r#"MAIL FROM:<"a>\"b"@x.example>"#), r#""a>\"b"@x.example"#);
        assert_eq!(from("MAIL FROM:<é@x.example> SMTPUTF8"), "é@x.example");
        let size = parse(b"MAIL FROM:<a@x.example> SIZE=123").unwrap();
        assert_eq!(size, Command::Mail { from: "a@x.example".into(), size: Some(123) });
    }

    #[test]
    fn what_is_no_command_is_refused_with_the_code_that_says_why() {
        for (line, code) in [
            ("FOO", 500),
            ("MAIL <a@x>", 501),
            ("MAIL FROM:a@x", 501),
            ("MAIL FROM:<a@x", 501),
            ("MAIL FROM:<a@x>SIZE=1", 501),
            ("MAIL FROM:<a@x> SIZE=much", 501),
            ("MAIL FROM:<a@x> AUTH=<>", 555),
            ("MAIL FROM:<é@x>", 553),
            ("RCPT TO:<nobody>", 553),
            ("RCPT TO:<>", 553),
            ("RCPT TO:<a@x> NOTIFY=NEVER", 555),
            ("DATA now", 501),
        ] {
            assert_eq!(parse(line.as_bytes()).unwrap_err().code, code, "{line}");
        }
        assert_eq!(parse(b"NOOP \xff").unwrap_err().code, 501);
    }
}
