//! The XML that TwiML is: elements, attributes and text, read as strictly as a parser of a provider does.

use std::collections::BTreeMap;

/// One element with what is in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Element {
    pub name: String,
    pub attributes: BTreeMap<String, String>,
    pub children: Vec<Element>,
    /// The text directly inside.
    pub text: String,
}

/// The root of a document; or what is wrong with it.
pub fn read(text: &str) -> Result<Element, String> {
    let mut rest = text.trim_start();
    if let Some(declared) = rest.strip_prefix("<?xml") {
        let (declaration, after) = declared.split_once("?>").ok_or("the declaration has no end")?;
        if !declaration.contains("version=\"1.0\"") {
            return Err(format!("an odd declaration: {declaration}"));
        }
        rest = after.trim_start();
    }
    let (root, rest) = element(rest)?;
    if rest.trim().is_empty() { Ok(root) } else { Err(format!("something after the root: {rest}")) }
}

/// One element at the beginning of the text, and what comes after it.
fn element(text: &str) -> Result<(Element, &str), String> {
    let rest = text.strip_prefix('<').ok_or_else(|| format!("no element begins here: {text}"))?;
    let (own, mut rest) = name(rest)?;
    let mut found = Element { name: own, attributes: BTreeMap::new(), children: Vec::new(), text: String::new() };
    loop {
        let spaced = rest.trim_start();
        if let Some(after) = spaced.strip_prefix("/>") {
            return Ok((found, after));
        }
        if let Some(after) = spaced.strip_prefix('>') {
            rest = after;
            break;
        }
        if spaced.len() == rest.len() {
            return Err(format!("an attribute without a blank before it: {rest}"));
        }
        let (attribute, after) = name(spaced)?;
        let value = after.strip_prefix("=\"").ok_or_else(|| format!("{attribute} has no value in quotes"))?;
        let (value, after) = value.split_once('"').ok_or_else(|| format!("{attribute} has no end"))?;
        if found.attributes.insert(attribute.clone(), plain(value)?).is_some() {
            return Err(format!("{attribute} stands twice in <{}>", found.name));
        }
        rest = after;
    }
    loop {
        let (words, after) = rest.split_at(rest.find('<').ok_or_else(|| format!("<{}> has no end", found.name))?);
        found.text.push_str(&plain(words)?);
        if let Some(closing) = after.strip_prefix("</") {
            let (closed, after) = name(closing)?;
            let after = after.trim_start().strip_prefix('>').ok_or("a closing tag without its end")?;
            if closed != found.name {
                return Err(format!("<{}> is closed by </{closed}>", found.name));
            }
            return Ok((found, after));
        }
        let (child, after) = element(after)?;
        found.children.push(child);
        rest = after;
    }
}

fn name(text: &str) -> Result<(String, &str), String> {
    let end = text.find(|c: char| !c.is_ascii_alphanumeric()).unwrap_or(text.len());
    if end == 0 { Err(format!("a name is missing: {text}")) } else { Ok((text[..end].to_owned(), &text[end..])) }
}

/// Text with its entities resolved. What XML 1.0 cannot hold is refused.
fn plain(text: &str) -> Result<String, String> {
    let mut words = String::new();
    let mut rest = text;
    while let Some((before, entity)) = rest.split_once('&') {
        words.push_str(before);
        let (entity, after) = entity.split_once(';').ok_or_else(|| format!("a bare & before {entity}"))?;
        words.push(match entity {
            "amp" => '&',
            "lt" => '<',
            "gt" => '>',
            "quot" => '"',
            "apos" => '\'',
            other => return Err(format!("an unknown entity: &{other};")),
        });
        rest = after;
    }
    words.push_str(rest);
    match words.chars().find(|c| c.is_control() && !matches!(c, '\n' | '\r' | '\t')) {
        Some(odd) => Err(format!("a character that XML does not have: {odd:?}")),
        None => Ok(words),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_well_formed_is_read_and_what_is_not_is_refused() {
        let root =
            read("<?xml version=\"1.0\" encoding=\"UTF-8\"?><a b=\"1 &amp; 2\"><c/>x &lt; y<d>z</d></a>").unwrap();
        assert_eq!((root.attributes["b"].as_str(), root.text.as_str()), ("1 & 2", "x < y"));
        assert_eq!(root.children.iter().map(|child| child.name.as_str()).collect::<Vec<_>>(), ["c", "d"]);
        for wrong in [
            "",
            "<a>",
            "<a></b>",
            "<a/><b/>",
            "<a b='1'/>",
            "<a b=\"1\" b=\"2\"/>",
            "<a>&</a>",
            "<a>&nbsp;</a>",
            "<a>\u{b}</a>",
            "<a b=\"1\"c=\"2\"/>",
            "<!-- --><a/>",
        ] {
            assert!(read(wrong).is_err(), "{wrong}");
        }
    }
}
