//! Strict parsing of external JSON.
//!
//! A claim of the wrong type is an error and not an absent claim, and a duplicate member is refused (RFC 8259 §4):
//! derived structs refuse duplicates of their fields themselves, and [`strict_object`] refuses all others.

use std::fmt;

use serde::de::{self, DeserializeOwned, DeserializeSeed, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::{Map, Value};

/// Deserializes an optional member that must have a value if it is present: `null` is refused.
///
/// # Errors
///
/// Those of the type itself.
pub fn present<'de, T: Deserialize<'de>, D: Deserializer<'de>>(deserializer: D) -> Result<Option<T>, D::Error> {
    T::deserialize(deserializer).map(Some)
}

/// Deserializes the `aud` of a JWT: a string, or an array of strings (RFC 7519 §4.1.3).
///
/// # Errors
///
/// Any other shape.
pub fn audience<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<String>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Audience {
        One(String),
        Many(Vec<String>),
    }
    Ok(match Audience::deserialize(deserializer)? {
        Audience::One(one) => vec![one],
        Audience::Many(many) => many,
    })
}

/// The maximum nesting depth of external JSON.
const MAX_DEPTH: u8 = 32;

/// Parses an external JSON object without duplicate members at any depth, nested no deeper than 32, with nothing after
/// it (catalogue row SEC-PARAM-13). `None` for anything else.
#[must_use]
pub fn strict_object(bytes: &[u8]) -> Option<Value> {
    strict_object_within(bytes, MAX_DEPTH)
}

/// Parses an external JSON object as strictly, nested no deeper than `deepest`.
#[must_use]
pub fn strict_object_within(bytes: &[u8], deepest: u8) -> Option<Value> {
    strict_value(bytes, deepest).filter(Value::is_object)
}

/// Parses an external JSON array of strings, equally strictly.
#[must_use]
pub fn strict_list(bytes: &[u8]) -> Option<Vec<String>> {
    serde_json::from_value(strict_value(bytes, MAX_DEPTH)?).ok()
}

/// Parses an external JSON array as strictly.
#[must_use]
pub fn strict_array(bytes: &[u8]) -> Option<Vec<Value>> {
    match strict_value(bytes, MAX_DEPTH)? {
        Value::Array(values) => Some(values),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Object(_) => None,
    }
}

fn strict_value(bytes: &[u8], deepest: u8) -> Option<Value> {
    let mut deserializer = serde_json::Deserializer::from_slice(bytes);
    let value = Strict { levels: deepest }.deserialize(&mut deserializer).ok()?;
    deserializer.end().ok()?;
    Some(value)
}

/// Parses a `T` from an external JSON object, equally strictly.
#[must_use]
pub fn strict<T: DeserializeOwned>(bytes: &[u8]) -> Option<T> {
    serde_json::from_value(strict_object(bytes)?).ok()
}

#[derive(Clone, Copy)]
struct Strict {
    /// The number of further levels that are allowed.
    levels: u8,
}

impl Strict {
    fn deeper<E: de::Error>(self) -> Result<Self, E> {
        self.levels.checked_sub(1).map(|levels| Self { levels }).ok_or_else(|| E::custom("too deep"))
    }
}

impl<'de> DeserializeSeed<'de> for Strict {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Strict {
    type Value = Value;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("JSON without repeated members")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> Result<Value, A::Error> {
        let (deeper, mut all) = (self.deeper()?, Vec::new());
        while let Some(element) = elements.next_element_seed(deeper)? {
            all.push(element);
        }
        Ok(all.into())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Value, A::Error> {
        let (deeper, mut all) = (self.deeper()?, Map::new());
        while let Some(name) = members.next_key::<String>()? {
            let value = members.next_value_seed(deeper)?;
            if all.insert(name, value).is_some() {
                return Err(de::Error::custom("a member occurs twice"));
            }
        }
        Ok(all.into())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn sec_param_13_external_json_is_unambiguous_or_refused() {
        let deep = |depth: usize| format!("{{\"a\":{}{}}}", "[".repeat(depth), "]".repeat(depth));
        let good = [r#"{"a":[1,-1,1.5,null,true,"x",{"b":{}}]}"#, "{}", " {} ", &deep(31)];
        for text in good {
            assert_eq!(strict_object(text.as_bytes()), serde_json::from_str(text).ok(), "{text}");
        }
        let bad = [
            r#"{"alg":"ES256","alg":"none"}"#,
            r#"{"a":{"sub":"a","sub":"b"}}"#,
            r#"[{"a":1,"a":1}]"#,
            r#"{"a":1}x"#,
            "\u{feff}{}",
            "[]",
            "\"x\"",
            "",
            r#"{"a":1e400}"#,
            r#"{"a":NaN}"#,
            &deep(32),
            &deep(10_000),
        ];
        for text in bad {
            assert_eq!(strict_object(text.as_bytes()), None, "{}", text.chars().take(40).collect::<String>());
        }
        assert!(strict_object_within(deep(7).as_bytes(), 8).is_some());
        assert_eq!(strict_object_within(deep(8).as_bytes(), 8), None);
        assert_eq!(strict_object(b"{\"a\":\"\xff\"}"), None, "not UTF-8");
    }

    #[test]
    fn sec_param_13_an_array_is_as_strict_as_an_object() {
        assert_eq!(strict_array(br#"[{"a":1},2]"#), Some(vec![serde_json::json!({"a": 1}), 2.into()]));
        for bad in [r#"[{"a":1,"a":2}]"#, "{}", "[1]x", "null", "\"a\"", ""] {
            assert_eq!(strict_array(bad.as_bytes()), None, "{bad}");
        }
    }

    #[test]
    fn a_list_contains_strings_only() {
        assert_eq!(strict_list(br#"["a","b"]"#), Some(vec!["a".into(), "b".into()]));
        assert_eq!(strict_list(b"[]"), Some(vec![]));
        for bad in ["{}", "[1]", "[\"a\"]x", "\"a\"", ""] {
            assert_eq!(strict_list(bad.as_bytes()), None, "{bad}");
        }
    }

    #[test]
    fn an_audience_is_a_string_or_an_array_and_a_present_member_has_a_value() {
        #[derive(Debug, PartialEq, Deserialize)]
        struct Claims {
            #[serde(deserialize_with = "audience")]
            aud: Vec<String>,
            #[serde(default, deserialize_with = "present")]
            nbf: Option<u64>,
        }
        let of = |aud: &[&str], nbf| Some(Claims { aud: aud.iter().map(|one| (*one).into()).collect(), nbf });
        assert_eq!(strict::<Claims>(br#"{"aud":"a"}"#), of(&["a"], None));
        assert_eq!(strict::<Claims>(br#"{"aud":["a","b"],"nbf":1}"#), of(&["a", "b"], Some(1)));
        for bad in [r#"{"aud":1}"#, r#"{"aud":[1]}"#, r#"{"aud":"a","nbf":null}"#, r#"{"aud":"a","aud":"a"}"#, "{}"] {
            assert_eq!(strict::<Claims>(bad.as_bytes()), None, "{bad}");
        }
    }

    proptest! {
        #[test]
        fn parsing_never_panics(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = strict_object(&bytes);
        }
    }
}
