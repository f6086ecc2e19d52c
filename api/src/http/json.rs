//! JSON as we take it: no key twice, not too deep, no U+0000; everything wrong with a text is found at once.

use std::{cell::RefCell, fmt};

use serde::{
    Deserializer,
    de::{self, DeserializeSeed, MapAccess, SeqAccess, Visitor},
};
use serde_json::{Map, Number, Value};

use crate::fail::Field;

/// Deeper documents are refused.
const DEEPEST: usize = 64;

/// Up to here every whole number has a floating-point form of its own.
const LARGEST_EXACT: f64 = 9_007_199_254_740_991.0;

/// Why a document is not taken.
#[derive(Debug)]
pub enum Refused {
    /// It is not JSON as we take it.
    Malformed(String),
    /// It is, but some texts hold what no text may hold.
    Fields(Vec<Field>),
}

/// Reads a document strictly.
pub fn read(bytes: &[u8]) -> Result<Value, Refused> {
    let nul = RefCell::new(Vec::new());
    let mut source = serde_json::Deserializer::from_slice(bytes);
    let value = Strict { depth: 0, place: &Place::Root, nul: &nul }.deserialize(&mut source);
    let value = value.and_then(|v| source.end().map(|()| v)).map_err(|e| Refused::Malformed(e.to_string()))?;
    let nul = nul.into_inner();
    if nul.is_empty() { Ok(value) } else { Err(Refused::Fields(nul)) }
}

/// The way from the document's root, for a JSON Pointer.
enum Place<'a> {
    Root,
    Key(&'a Place<'a>, &'a str),
    Index(&'a Place<'a>, usize),
}

impl fmt::Display for Place<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Root => Ok(()),
            Self::Key(parent, key) => write!(f, "{parent}/{}", escape(key)),
            Self::Index(parent, n) => write!(f, "{parent}/{n}"),
        }
    }
}

/// One step of a JSON Pointer.
pub fn escape(key: &str) -> String {
    key.replace('~', "~0").replace('/', "~1")
}

struct Strict<'a> {
    depth: usize,
    place: &'a Place<'a>,
    nul: &'a RefCell<Vec<Field>>,
}

impl Strict<'_> {
    fn check(&self, text: &str) {
        if text.contains('\0') {
            let detail = "must not hold U+0000".to_owned();
            self.nul.borrow_mut().push(Field { pointer: self.place.to_string(), detail });
        }
    }

    fn deeper<E: de::Error>(&self) -> Result<usize, E> {
        if self.depth == DEEPEST { Err(E::custom(format!("deeper than {DEEPEST} levels"))) } else { Ok(self.depth + 1) }
    }
}

impl<'de> DeserializeSeed<'de> for Strict<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, source: D) -> Result<Value, D::Error> {
        source.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Strict<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, is: bool) -> Result<Value, E> {
        Ok(Value::Bool(is))
    }

    fn visit_i64<E>(self, n: i64) -> Result<Value, E> {
        Ok(n.into())
    }

    fn visit_u64<E: de::Error>(self, n: u64) -> Result<Value, E> {
        if i64::try_from(n).is_err() {
            return Err(E::custom("a number beyond 64 bits"));
        }
        Ok(n.into())
    }

    fn visit_f64<E: de::Error>(self, n: f64) -> Result<Value, E> {
        // JSON knows one kind of number: `56.0` is as whole as `56`.
        if n.fract() == 0.0 && n.abs() <= LARGEST_EXACT {
            return Ok((n as i64).into());
        }
        Number::from_f64(n).map(Value::Number).ok_or_else(|| E::custom("a number beyond what can be counted"))
    }

    fn visit_str<E>(self, text: &str) -> Result<Value, E> {
        self.check(text);
        Ok(Value::String(text.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Value, A::Error> {
        let depth = self.deeper()?;
        let mut values = Vec::new();
        loop {
            let place = Place::Index(self.place, values.len());
            match seq.next_element_seed(Strict { depth, place: &place, nul: self.nul })? {
                Some(value) => values.push(value),
                None => return Ok(Value::Array(values)),
            }
        }
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Value, A::Error> {
        let depth = self.deeper()?;
        let mut values = Map::new();
        while let Some(key) = map.next_key::<String>()? {
            let place = Place::Key(self.place, &key);
            let inner = Strict { depth, place: &place, nul: self.nul };
            inner.check(&key);
            if values.contains_key(&key) {
                return Err(de::Error::custom(format!("the key `{key}` stands twice")));
            }
            let value = map.next_value_seed(inner)?;
            values.insert(key, value);
        }
        Ok(Value::Object(values))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn malformed(text: &str) -> String {
        match read(text.as_bytes()) {
            Err(Refused::Malformed(why)) => why,
            other => panic!("{text:.40}: {other:?}"),
        }
    }

    #[test]
    fn a_key_that_stands_twice_is_refused_at_any_depth() {
        assert!(malformed(r#"{"a":1,"a":2}"#).contains("`a` stands twice"));
        assert!(malformed(r#"[{"b":{"a":1,"\u0061":2}}]"#).contains("`a` stands twice"));
    }

    #[test]
    fn sixty_four_levels_are_taken_and_one_more_is_not() {
        let nest = |n: usize| format!("{}{}", "[".repeat(n), "]".repeat(n));
        assert!(read(nest(64).as_bytes()).is_ok());
        assert!(malformed(&nest(65)).contains("deeper than 64"));
        assert!(malformed(&nest(100_000)).contains("deeper than 64"));
    }

    #[test]
    fn a_whole_number_is_whole_however_it_is_written() {
        assert_eq!(read(b"[56.0, 5.6e1, -0.0]").unwrap(), serde_json::json!([56, 56, 0]));
        assert_eq!(read(b"[5.5, 1e300]").unwrap(), serde_json::json!([5.5, 1e300]));
    }

    #[test]
    fn every_text_with_u0000_is_named() {
        let Err(Refused::Fields(fields)) = read(br#"{"a":"x\u0000","b":["y",{"c/d":"\u0000"}]}"#) else { panic!() };
        let pointers: Vec<_> = fields.into_iter().map(|f| f.pointer).collect();
        assert_eq!(pointers, ["/a", "/b/1/c~1d"]);
    }

    #[test]
    fn what_is_not_json_is_malformed() {
        for text in
            ["", "{", "{}x", "{'a':1}", "[1,]", "nul", "18446744073709551615", "1e999", "\"\u{1}\"", "{\"a\":1}{}"]
        {
            malformed(text);
        }
        assert!(read(b"\"\xff\"").is_err());
    }
}
