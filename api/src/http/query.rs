//! Parameters after the question mark, read as strictly as a body: unknown ones are refused, lists may repeat or use commas.

use std::{collections::BTreeMap, future, ops::Deref};

use actix_web::{FromRequest, HttpRequest, dev::Payload, web::Query};
use serde::{
    Deserializer,
    de::{
        DeserializeOwned, IntoDeserializer, Visitor,
        value::{MapDeserializer, SeqDeserializer},
    },
    forward_to_deserialize_any,
};

use super::problem::{self, Problem};
use crate::fail::{Fail, Field};

type Wrong = serde::de::value::Error;

/// The query of a request as `T`. `T` denies unknown fields; a `Vec` takes `a=1&a=2` and `a=1,2` alike.
#[derive(Debug)]
pub struct Params<T>(pub T);

impl<T> Deref for Params<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}

impl<T> Params<T> {
    pub fn into_inner(self) -> T {
        self.0
    }
}

impl<T: DeserializeOwned + 'static> FromRequest for Params<T> {
    type Error = Problem;
    type Future = future::Ready<Result<Self, Problem>>;

    fn from_request(req: &HttpRequest, _: &mut Payload) -> Self::Future {
        future::ready(read(req.query_string()).map(Self))
    }
}

/// The pairs of a query, each name once, its values in order.
pub fn pairs(query: &str) -> Result<BTreeMap<String, Vec<String>>, Problem> {
    let pairs = Query::<Vec<(String, String)>>::from_query(query);
    let pairs = pairs.map_err(|_| Problem::new(problem::MALFORMED, "the query cannot be read"))?;
    let mut named: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (name, value) in pairs.into_inner() {
        named.entry(name).or_default().push(value);
    }
    Ok(named)
}

fn read<T: DeserializeOwned>(query: &str) -> Result<T, Problem> {
    let named = pairs(query)?;
    let nul = |(name, values): (&String, &Vec<String>)| {
        let holds = name.contains('\0') || values.iter().any(|v| v.contains('\0'));
        holds.then(|| Field { pointer: name.replace('\0', ""), detail: "must not hold U+0000".into() })
    };
    let wrong: Vec<Field> = named.iter().filter_map(nul).collect();
    if !wrong.is_empty() {
        return Err(Fail::Invalid(wrong).into());
    }
    let source = MapDeserializer::<_, Wrong>::new(named.into_iter().map(|(name, values)| (name, Values(values))));
    serde_path_to_error::deserialize(source).map_err(|e| {
        let place = e.path().to_string();
        let pointer = if place == "." { "query".to_owned() } else { place };
        Fail::field(pointer, e.into_inner().to_string()).into()
    })
}

/// The values of one name, read as what the field wants.
struct Values(Vec<String>);

impl IntoDeserializer<'_, Wrong> for Values {
    type Deserializer = Self;

    fn into_deserializer(self) -> Self {
        self
    }
}

impl Values {
    fn one(self) -> Result<String, Wrong> {
        let mut values = self.0.into_iter();
        match (values.next(), values.next()) {
            (Some(value), None) => Ok(value),
            _ => Err(serde::de::Error::custom("must stand once")),
        }
    }
}

macro_rules! parsed {
    ($( $method:ident $visit:ident $type:ty, $what:literal; )+) => {
        $(
            fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Wrong> {
                match self.one()?.parse::<$type>() {
                    Ok(value) => visitor.$visit(value),
                    Err(_) => Err(serde::de::Error::custom(concat!("must be ", $what))),
                }
            }
        )+
    };
}

impl<'de> Deserializer<'de> for Values {
    type Error = Wrong;

    parsed! {
        deserialize_bool visit_bool bool, "true or false";
        deserialize_i32 visit_i32 i32, "a whole number";
        deserialize_i64 visit_i64 i64, "a whole number";
        deserialize_u8 visit_u8 u8, "a small whole number";
        deserialize_u16 visit_u16 u16, "a whole number";
        deserialize_u32 visit_u32 u32, "a whole number";
        deserialize_u64 visit_u64 u64, "a whole number";
    }

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Wrong> {
        visitor.visit_string(self.one()?)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Wrong> {
        visitor.visit_some(self)
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Wrong> {
        let parts = self.0.iter().flat_map(|v| v.split(',')).filter(|v| !v.is_empty());
        let parts: Vec<_> = parts.map(|v| Self(vec![v.to_owned()])).collect();
        visitor.visit_seq(SeqDeserializer::new(parts.into_iter()))
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(self, _: &'static str, visitor: V) -> Result<V::Value, Wrong> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Wrong> {
        self.one()?.into_deserializer().deserialize_enum(name, variants, visitor)
    }

    forward_to_deserialize_any! {
        i8 i16 i128 u128 f32 f64 char str string bytes byte_buf unit unit_struct tuple tuple_struct map struct identifier
        ignored_any
    }
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;

    #[derive(Debug, PartialEq, Deserialize)]
    #[serde(rename_all = "snake_case")]
    enum Status {
        New,
        Open,
    }

    #[derive(Debug, PartialEq, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Search {
        limit: Option<u32>,
        #[serde(default)]
        status: Vec<Status>,
        q: Option<String>,
    }

    #[test]
    fn a_list_may_repeat_or_use_commas() {
        for query in ["status=new&status=open", "status=new,open"] {
            assert_eq!(read::<Search>(query).unwrap().status, [Status::New, Status::Open], "{query}");
        }
        let all = read::<Search>("q=O%27Brien+C%2B%2B&limit=7").unwrap();
        assert_eq!(all, Search { limit: Some(7), status: vec![], q: Some("O'Brien C++".into()) });
    }

    #[test]
    fn a_wrong_parameter_is_named() {
        for (query, pointer) in [
            ("limit=x", "limit"),
            ("limit=1&limit=2", "limit"),
            ("status=new,old", "status[1]"),
            ("sttus=new", "sttus"),
            ("q=a%00b", "q"),
        ] {
            let problem = read::<Search>(query).unwrap_err();
            assert_eq!(problem.errors[0].pointer, pointer, "{query}: {problem:?}");
        }
    }
}
