//! External JSON, read strictly (RFC 8725 §3.7, RFC 8259 §4).
//!
//! A duplicate member is refused at every depth, because parsers disagree about which one counts. A member of the wrong
//! type is an error, not an absent member.

use std::collections::BTreeSet;
use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};

/// The maximum nesting depth of arrays and objects.
const MAX_DEPTH: u8 = 32;

/// Decodes canonical base64url: no padding, no white space, no non-zero trailing bits (RFC 7515 §2).
pub(crate) fn base64url(text: &str) -> Option<Vec<u8>> {
    URL_SAFE_NO_PAD.decode(text).ok()
}

/// A JSON object without duplicates.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Object(Map<String, Value>);

/// A member with the wrong type.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct WrongType;

impl Object {
    /// Parses an object, with nothing before or after it.
    pub(crate) fn parse(text: &[u8]) -> Option<Self> {
        let mut deserializer = serde_json::Deserializer::from_slice(text);
        Unique { left: MAX_DEPTH }.deserialize(&mut deserializer).ok()?;
        serde_json::from_slice(text).ok().map(Self)
    }

    /// Converts `value`, if it is an object.
    pub(crate) fn of(value: Value) -> Option<Self> {
        if let Value::Object(members) = value { Some(Self(members)) } else { None }
    }

    /// Any member.
    pub(crate) fn get(&self, name: &str) -> Option<&Value> {
        self.0.get(name)
    }

    /// A string.
    pub(crate) fn text(&self, name: &str) -> Result<Option<&str>, WrongType> {
        self.get(name).map(|value| value.as_str().ok_or(WrongType)).transpose()
    }

    /// Seconds since the epoch, a whole number (RFC 7519 §2).
    pub(crate) fn seconds(&self, name: &str) -> Result<Option<u64>, WrongType> {
        self.get(name).map(|value| value.as_u64().ok_or(WrongType)).transpose()
    }

    /// An array of strings.
    pub(crate) fn texts(&self, name: &str) -> Result<Option<Vec<String>>, WrongType> {
        self.get(name).map(texts).transpose()
    }

    /// A string, or an array of strings (RFC 7519 §4.1.3).
    pub(crate) fn text_or_texts(&self, name: &str) -> Result<Option<Vec<String>>, WrongType> {
        match self.get(name) {
            Some(Value::String(one)) => Ok(Some(vec![one.clone()])),
            _ => self.texts(name),
        }
    }
}

fn texts(value: &Value) -> Result<Vec<String>, WrongType> {
    let texts = value.as_array().ok_or(WrongType)?.iter().map(|value| value.as_str().map(str::to_owned));
    texts.collect::<Option<_>>().ok_or(WrongType)
}

/// Walks through a value without building it, and stops at a duplicate member or excessive depth.
#[derive(Clone, Copy)]
struct Unique {
    left: u8,
}

impl Unique {
    fn deeper<E: Error>(self) -> Result<Self, E> {
        self.left.checked_sub(1).map(|left| Self { left }).ok_or_else(|| E::custom("too deep"))
    }
}

impl<'de> DeserializeSeed<'de> for Unique {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Unique {
    type Value = ();

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("JSON without duplicate members")
    }

    fn visit_bool<E>(self, _: bool) -> Result<(), E> {
        Ok(())
    }

    fn visit_i64<E>(self, _: i64) -> Result<(), E> {
        Ok(())
    }

    fn visit_u64<E>(self, _: u64) -> Result<(), E> {
        Ok(())
    }

    fn visit_f64<E>(self, _: f64) -> Result<(), E> {
        Ok(())
    }

    fn visit_str<E>(self, _: &str) -> Result<(), E> {
        Ok(())
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> Result<(), A::Error> {
        let deeper = self.deeper()?;
        while elements.next_element_seed(deeper)?.is_some() {}
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<(), A::Error> {
        let deeper = self.deeper()?;
        let mut names = BTreeSet::new();
        while let Some(name) = members.next_key::<String>()? {
            if !names.insert(name) {
                return Err(A::Error::custom("a duplicate member"));
            }
            members.next_value_seed(deeper)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn sec_param_13_json_has_a_single_interpretation() {
        let deep = |depth: usize| format!("{{\"a\":{}{}}}", "[".repeat(depth), "]".repeat(depth));
        for good in [r"{}", r#"{"a":{"b":1},"b":[1,-1,1.5,true,null,"x"]}"#, " {} ", &deep(31)] {
            assert!(Object::parse(good.as_bytes()).is_some(), "{good}");
        }
        let bad = [
            r#"{"a":1,"a":1}"#,
            r#"{"a":1,"\u0061":2}"#,
            r#"{"b":{"a":1,"a":2}}"#,
            r#"{"b":[{"a":1,"a":2}]}"#,
            r#"{"a":1e400}"#,
            r#"{"a":NaN}"#,
            r#"{"a":"\ud800"}"#,
            r"{} {}",
            r"{}x",
            "\u{feff}{}",
            r"[]",
            r"null",
            r#""a""#,
            "",
            &deep(32),
            &deep(10_000),
        ];
        for bad in bad {
            assert!(Object::parse(bad.as_bytes()).is_none(), "{bad}");
        }
        assert!(Object::parse(b"{\"a\":\"\xff\"}").is_none(), "not UTF-8");
    }

    #[test]
    fn sec_param_12_base64url_has_a_single_spelling() {
        assert!(base64url("AA").is_some());
        for bad in ["AB", "AA=", "AA==", "A", "A A", "A+", "A/", "AA\n"] {
            assert!(base64url(bad).is_none(), "{bad:?}");
        }
    }

    proptest! {
        #[test]
        fn arbitrary_input_never_panics(text in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = Object::parse(&text);
        }

        #[test]
        fn near_json_input_never_panics(text in r#"\{("a":)?[\[\]{}",:0-9eE.\\ua-f -]{0,60}\}"#) {
            if let Some(object) = Object::parse(text.as_bytes()) {
                prop_assert!(serde_json::from_str::<Value>(&text).is_ok_and(|value| Object::of(value) == Some(object)));
            }
        }
    }
}
