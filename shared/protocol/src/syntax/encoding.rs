//! Encodings, each with one accepted spelling.
//!
//! A second spelling of a value can bypass a replay cache or make two parsers disagree, so everything but the canonical
//! spelling is refused.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};

/// `bytes` as base64url without padding (RFC 7515 §2).
#[must_use]
pub fn base64url(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// Decodes canonical base64url: no padding, no white space, no non-zero trailing bits (RFC 7515 §2).
#[must_use]
pub fn base64url_decoded(text: &str) -> Option<Vec<u8>> {
    URL_SAFE_NO_PAD.decode(text).ok()
}

/// Decodes canonical base64url of exactly `N` bytes.
#[must_use]
pub fn base64url_array<const N: usize>(text: &str) -> Option<[u8; N]> {
    base64url_decoded(text)?.try_into().ok()
}

/// `bytes` as padded base64 (RFC 4648 §4).
#[must_use]
pub fn base64(bytes: &[u8]) -> String {
    STANDARD.encode(bytes)
}

/// Decodes canonical, padded base64, as HTTP Basic uses it (RFC 7617 §2).
#[must_use]
pub fn base64_decoded(text: &str) -> Option<Vec<u8>> {
    STANDARD.decode(text).ok()
}

/// Encodes `value` exactly as JavaScript's `encodeURIComponent` does.
///
/// Clients compare `state` byte for byte with the output of that function (design decision 6).
#[must_use]
pub fn encode_uri_component(value: &str) -> String {
    let mut encoded = String::with_capacity(value.len());
    for byte in value.bytes() {
        if byte.is_ascii_alphanumeric() || b"-_.!~*'()".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            push_escape(&mut encoded, byte);
        }
    }
    encoded
}

/// Encodes `text` for a query or fragment so that it stays readable for clients that do not decode it: spaces become
/// `+`, and the punctuation that RFC 3986 §3.4 allows there is kept. A form decoder yields `text` again.
///
/// cloudentity-auth-js shows an `error_description` after replacing `+` alone.
#[must_use]
pub fn encode_readable(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b' ' => encoded.push('+'),
            _ if byte.is_ascii_alphanumeric() || b"-_.!~*'(),:@/?$".contains(&byte) => encoded.push(char::from(byte)),
            _ => push_escape(&mut encoded, byte),
        }
    }
    encoded
}

fn push_escape(encoded: &mut String, byte: u8) {
    let digit = |nibble: u8| char::from_digit(u32::from(nibble), 16).map_or('0', |c| c.to_ascii_uppercase());
    encoded.push('%');
    encoded.push(digit(byte >> 4));
    encoded.push(digit(byte & 0x0f));
}

/// Decodes one component of `application/x-www-form-urlencoded`, once and strictly.
///
/// `None` for a malformed escape, invalid UTF-8 or NUL: nothing is replaced or guessed.
#[must_use]
pub fn form_decoded(component: &[u8]) -> Option<String> {
    let mut decoded = Vec::with_capacity(component.len());
    let mut bytes = component.iter().copied();
    while let Some(byte) = bytes.next() {
        decoded.push(match byte {
            b'+' => b' ',
            b'%' => hex(bytes.next()?)? << 4 | hex(bytes.next()?)?,
            other => other,
        });
    }
    if decoded.contains(&0) {
        return None;
    }
    String::from_utf8(decoded).ok()
}

fn hex(digit: u8) -> Option<u8> {
    char::from(digit).to_digit(16).and_then(|value| u8::try_from(value).ok())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn encodes_as_encode_uri_component_does() {
        let table = [
            ("my state", "my%20state"),
            ("~!'()*-_.", "~!'()*-_."),
            ("a/b?c=d&e+f%", "a%2Fb%3Fc%3Dd%26e%2Bf%25"),
            ("\u{1F600}", "%F0%9F%98%80"),
            ("a\r\nSet-Cookie: x=1", "a%0D%0ASet-Cookie%3A%20x%3D1"),
        ];
        for (value, expected) in table {
            assert_eq!(encode_uri_component(value), expected, "{value}");
        }
    }

    #[test]
    fn sec_param_07_malformed_escapes_and_invalid_utf_8_are_refused() {
        for bad in [&b"%ZZ"[..], b"%", b"%a", b"%C0%AF", b"%ED%A0%80", b"%00", b"\xff", b"\0", b"%+1"] {
            assert_eq!(form_decoded(bad), None, "{bad:?}");
        }
        assert_eq!(form_decoded(b"a+b%2Bc%C3%A9").as_deref(), Some("a b+c\u{e9}"));
    }

    #[test]
    fn sec_param_12_base64url_has_a_single_spelling() {
        assert!(base64url_decoded("AA").is_some());
        for bad in ["AB", "AA=", "AA==", "A", "A A", "A+", "A/", "AA\n"] {
            assert!(base64url_decoded(bad).is_none(), "{bad:?}");
        }
        for bad in ["QQ", "QQ=", "Q Q=", "QR==", "QQ==\n", "-_=="] {
            assert!(base64_decoded(bad).is_none(), "{bad:?}");
        }
    }

    #[test]
    fn a_readable_text_keeps_its_punctuation_and_cannot_add_a_parameter() {
        let table = [
            ("the scope 'a:b' is not registered, sorry", "the+scope+'a:b'+is+not+registered,+sorry"),
            ("https://a.example/cb?x=1&y=%2", "https://a.example/cb?x%3D1%26y%3D%252"),
            ("1+1;#[\r\n", "1%2B1%3B%23%5B%0D%0A"),
        ];
        for (text, expected) in table {
            assert_eq!(encode_readable(text), expected);
            assert_eq!(form_decoded(expected.as_bytes()).as_deref(), Some(text));
        }
    }

    proptest! {
        #[test]
        fn encoding_round_trips(value in "[^\\x00]*") {
            prop_assert_eq!(form_decoded(encode_uri_component(&value).as_bytes()), Some(value));
        }
    }
}
