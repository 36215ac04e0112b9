//! Quotes received values in error messages.

use std::fmt;

/// The maximum length of a quotation without its quotation marks.
const MAX_LENGTH: usize = 100;

/// How much of the beginning of a longer value is kept.
const HEAD_LENGTH: usize = 60;

/// Replaces the omitted part.
const ELLIPSIS: &str = "...";

/// A received value, quoted for an error message: in single quotation marks, bounded, and without characters that
/// an `error_description` may not contain (RFC 6749 §5.2).
///
/// It is small enough to be copied, so errors that contain one are still plain values.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Quoted {
    bytes: [u8; MAX_LENGTH],
    length: usize,
}

impl Quoted {
    /// Quotes `value`. The middle of a long value is omitted, because URIs often differ at their end.
    #[must_use]
    pub fn of(value: &str) -> Self {
        let escaped: String = value.bytes().map(escaped).collect();
        Self::shortened(&escaped)
    }

    fn shortened(escaped: &str) -> Self {
        let text = if escaped.len() <= MAX_LENGTH {
            escaped.to_owned()
        } else {
            let tail = escaped.len() - (MAX_LENGTH - HEAD_LENGTH - ELLIPSIS.len());
            let (head, tail) = (escaped.get(..HEAD_LENGTH), escaped.get(tail..));
            format!("{}{ELLIPSIS}{}", head.unwrap_or_default(), tail.unwrap_or_default())
        };
        let mut bytes = [0; MAX_LENGTH];
        for (place, byte) in bytes.iter_mut().zip(text.bytes()) {
            *place = byte;
        }
        Self { bytes, length: text.len() }
    }
}

/// A byte of a value, as written within quotation marks.
fn escaped(byte: u8) -> String {
    match byte {
        b'"' | b'\\' | b'\'' => format!("%{byte:02X}"),
        0x20..=0x7e => char::from(byte).into(),
        _ => format!("%{byte:02X}"),
    }
}

impl fmt::Display for Quoted {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = self.bytes.get(..self.length).and_then(|bytes| std::str::from_utf8(bytes).ok());
        write!(formatter, "'{}'", text.unwrap_or_default())
    }
}

impl fmt::Debug for Quoted {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, formatter)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_value_is_quoted_escaped_and_shortened_in_the_middle() {
        let long = format!("https://app.example/{}/callback", "x".repeat(200));
        let table = [
            ("read", "'read'"),
            ("", "''"),
            ("https://app.example/cb?a=%20b", "'https://app.example/cb?a=%20b'"),
            ("a b", "'a b'"),
            ("it's \"\\", "'it%27s %22%5C'"),
            ("a\r\nb\0\u{e9}", "'a%0D%0Ab%00%C3%A9'"),
            ("<script>", "'<script>'"),
        ];
        for (value, expected) in table {
            assert_eq!(Quoted::of(value).to_string(), expected, "{value:?}");
        }
        let shortened = Quoted::of(&long).to_string();
        assert_eq!(shortened.len(), MAX_LENGTH + 2);
        assert!(shortened.starts_with("'https://app.example/xxx") && shortened.ends_with("xxx/callback'"));
        assert!(shortened.contains("x...x"), "{shortened}");
        assert_eq!(Quoted::of(&"a".repeat(100)).to_string(), format!("'{}'", "a".repeat(100)));
    }

    proptest! {
        #[test]
        fn a_quotation_has_only_characters_of_an_error_description(value in ".{0,300}") {
            let quoted = Quoted::of(&value).to_string();
            prop_assert!(quoted.len() <= MAX_LENGTH + 2);
            prop_assert!(quoted.bytes().all(|byte| matches!(byte, 0x20..=0x21 | 0x23..=0x5b | 0x5d..=0x7e)));
            prop_assert_eq!(quoted.matches('\'').count(), 2, "nothing in the value ends the quotation");
        }
    }
}
