//! Strictness for JSON that others wrote.
//!
//! A claim of the wrong type is an error and not an absent claim, and a duplicate member is refused: the structs that
//! these helpers serve are derived, and a derived struct refuses duplicates of its fields (RFC 8259 §4).

use serde::{Deserialize, Deserializer};

/// Reads an optional member that, if it is there at all, has a value: `null` is refused.
///
/// # Errors
///
/// Whatever the type itself refuses.
pub fn present<'de, T: Deserialize<'de>, D: Deserializer<'de>>(deserializer: D) -> Result<Option<T>, D::Error> {
    T::deserialize(deserializer).map(Some)
}

/// Reads the `aud` of a JWT: a string, or an array of strings (RFC 7519 §4.1.3).
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
