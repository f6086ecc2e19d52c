//! Cuts HTML into tags the way browsers do, so that nothing inside a comment, a style or an attribute passes for a tag.

/// What the depth count needs to know about a piece of HTML.
#[derive(Debug, PartialEq)]
pub(super) enum Piece {
    Open {
        name: String,
        attributes: usize,
    },
    Close(String),
    /// Something that browsers read differently depending on where it stands.
    Unsure,
    /// A tag inside a tag where it cannot be told which of them is real.
    Hopeless,
}

/// The next tag and what follows it. When the caller is no longer `sure` how a browser reads what comes, nothing hides a tag.
pub(super) fn next_piece(html: &[u8], sure: bool) -> Option<(Piece, &[u8])> {
    let mut rest = html;
    loop {
        let at = rest.iter().position(|&byte| byte == b'<')?;
        rest = &rest[at + 1..];
        match rest {
            [first, ..] if !sure && first.is_ascii_alphabetic() => {
                let (name, attributes, after) = tag(rest);
                let nested = rest[..rest.len() - after.len()].contains(&b'<');
                return Some((if nested { Piece::Hopeless } else { Piece::Open { name, attributes } }, after));
            }
            _ if !sure => {}
            [b'!', b'-', b'-', after @ ..] => rest = after_comment(after),
            [b'!', b'[', ..] if !is_condition(rest) => return Some((Piece::Unsure, rest)),
            [b'!' | b'?', after @ ..] => rest = after_byte(after, b'>'),
            [b'/', first, ..] if first.is_ascii_alphabetic() => {
                let (name, _, after) = tag(&rest[1..]);
                return Some((Piece::Close(name), after));
            }
            [b'/', after @ ..] => rest = after_byte(after, b'>'),
            [first, ..] if first.is_ascii_alphabetic() => {
                let (name, attributes, after) = tag(rest);
                let after = if name == "style" || name == "title" { skip_raw(after, name.as_bytes()) } else { after };
                return Some((Piece::Open { name, attributes }, after));
            }
            _ => {}
        }
    }
}

/// `<![if …]>` and `<![endif]>`, which office programs write everywhere.
fn is_condition(rest: &[u8]) -> bool {
    rest.get(2..4).is_some_and(|word| word.eq_ignore_ascii_case(b"if") || word.eq_ignore_ascii_case(b"en"))
}

fn after_byte(rest: &[u8], wanted: u8) -> &[u8] {
    rest.iter().position(|&byte| byte == wanted).map_or(&[], |at| &rest[at + 1..])
}

fn after_comment(rest: &[u8]) -> &[u8] {
    if let Some(after) = rest.strip_prefix(b">").or_else(|| rest.strip_prefix(b"->")) {
        return after;
    }
    for (at, &byte) in rest.iter().enumerate() {
        if byte == b'>' && (rest[..at].ends_with(b"--") || rest[..at].ends_with(b"--!")) {
            return &rest[at + 1..];
        }
    }
    &[]
}

/// Stands before the closing tag of an element whose content is not HTML.
fn skip_raw<'a>(rest: &'a [u8], name: &[u8]) -> &'a [u8] {
    for (at, _) in rest.iter().enumerate().filter(|(_, byte)| **byte == b'<') {
        let after = &rest[at + 1..];
        if after.first() == Some(&b'/')
            && after.get(1..=name.len()).is_some_and(|found| found.eq_ignore_ascii_case(name))
            && after.get(name.len() + 1).is_none_or(|end| b" \t\r\n\x0c/>".contains(end))
        {
            return &rest[at..];
        }
    }
    &[]
}

#[derive(Clone, Copy, PartialEq)]
enum At {
    TagName,
    BeforeName,
    Name,
    AfterName,
    BeforeValue,
    Value,
    Quoted(u8),
}

/// The lower-case name and number of attributes of the tag that begins here, and what follows its end.
fn tag(rest: &[u8]) -> (String, usize, &[u8]) {
    let mut name = String::new();
    let mut attributes = 0;
    let mut at = At::TagName;
    for (position, &byte) in rest.iter().enumerate() {
        let space = b" \t\r\n\x0c".contains(&byte);
        if byte == b'>' && !matches!(at, At::Quoted(_)) {
            return (name, attributes, &rest[position + 1..]);
        }
        let before = at;
        at = match (at, byte) {
            (At::Quoted(quote), byte) if byte == quote => At::BeforeName,
            (At::Quoted(_), _) => at,
            (At::TagName, _) if space || byte == b'/' => At::BeforeName,
            (At::TagName, _) => {
                name.push(char::from(byte.to_ascii_lowercase()));
                at
            }
            (At::BeforeName | At::AfterName, b'/') => At::BeforeName,
            (At::BeforeName | At::AfterName | At::BeforeValue, _) if space => at,
            (At::AfterName | At::Name, b'=') => At::BeforeValue,
            (At::Name, b'/') => At::BeforeName,
            (At::Name, _) if space => At::AfterName,
            (At::BeforeName | At::AfterName | At::Name, _) => At::Name,
            (At::BeforeValue, b'"' | b'\'') => At::Quoted(byte),
            (At::Value, _) if space => At::BeforeName,
            (At::BeforeValue | At::Value, _) => At::Value,
        };
        attributes += usize::from(at == At::Name && before != At::Name);
    }
    (name, attributes, &[])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pieces(html: &str) -> Vec<String> {
        let mut rest = html.as_bytes();
        let mut found = Vec::new();
        while let Some((piece, after)) = next_piece(rest, true) {
            rest = after;
            found.push(match piece {
                Piece::Open { name, attributes: 0 } => name,
                Piece::Open { name, attributes } => format!("{name}+{attributes}"),
                Piece::Close(name) => format!("/{name}"),
                Piece::Unsure | Piece::Hopeless => "?".to_owned(),
            });
        }
        found
    }

    #[test]
    fn nothing_hides_a_tag_from_a_caller_who_is_not_sure() {
        let (piece, rest) = next_piece(b"<!-- <a b> --><style><c></style>", false).unwrap();
        assert_eq!(piece, Piece::Open { name: "a".to_owned(), attributes: 1 });
        let (piece, rest) = next_piece(rest, false).unwrap();
        assert_eq!(piece, Piece::Open { name: "style".to_owned(), attributes: 0 });
        assert_eq!(next_piece(rest, false).unwrap().0, Piece::Open { name: "c".to_owned(), attributes: 0 });
        assert_eq!(next_piece(b"<a title='<b>'>", false).unwrap().0, Piece::Hopeless);
    }

    #[test]
    fn tags_are_seen_where_a_browser_sees_them() {
        for (html, expected) in [
            ("<P>a</P >", vec!["p", "/p"]),
            ("<a href=x title='<b>'><br/>", vec!["a+2", "br"]),
            ("<a b=\"c>d\" e = 'f>' g=h\"i>", vec!["a+3"]),
            ("<a =\"><b>", vec!["a+1", "b"]),
            ("<a b\"><c>", vec!["a+1", "c"]),
            ("<a b=/><c>", vec!["a+1", "c"]),
            ("<!--<a>--><!--><b><!---><c><!-- --!><d>", vec!["b", "c", "d"]),
            ("<!doctype html><?xml <a?><b>", vec!["b"]),
            ("<style>a > b <i></stylex></STYLE ><u>", vec!["style", "/style", "u"]),
            ("<![if mso]><a><![endif]></a>", vec!["a", "/a"]),
            ("<![CDATA[x", vec!["?"]),
            ("1 < 2 </ a> <3 <", vec![]),
            ("<a", vec!["a"]),
        ] {
            assert_eq!(pieces(html), expected, "{html}");
        }
    }
}
