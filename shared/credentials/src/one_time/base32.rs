//! Base32 (RFC 4648 §6), the form in which authenticator applications take a secret.

const ALPHABET: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

/// Encodes `bytes` without padding.
pub(super) fn encode(bytes: &[u8]) -> String {
    bytes
        .chunks(5)
        .flat_map(|chunk| {
            let bits = chunk.iter().chain(&[0; 4]).take(5).fold(0u64, |bits, byte| bits << 8 | u64::from(*byte));
            let digits = (chunk.len() * 8).div_ceil(5);
            (0..digits).filter_map(move |digit| letter(bits >> (35 - 5 * digit)))
        })
        .collect()
}

fn letter(bits: u64) -> Option<char> {
    let index = usize::try_from(bits % 32).ok()?;
    ALPHABET.get(index).copied().map(char::from)
}

/// Decodes `text` as people type it: in either case, with spaces, hyphens or padding.
pub(super) fn decode(text: &str) -> Option<Vec<u8>> {
    let (mut bytes, mut bits, mut count) = (Vec::new(), 0u64, 0);
    for typed in text.trim_end_matches('=').bytes().filter(|byte| !matches!(byte, b' ' | b'-')) {
        let digit = ALPHABET.iter().position(|letter| *letter == typed.to_ascii_uppercase())?;
        bits = (bits << 5 | u64::try_from(digit).ok()?) & 0xfff;
        count += 5;
        if count >= 8 {
            count -= 8;
            bytes.push(u8::try_from(bits >> count & 0xff).ok()?);
        }
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_vectors_of_rfc_4648() {
        let table = [
            ("", ""),
            ("f", "MY"),
            ("fo", "MZXQ"),
            ("foo", "MZXW6"),
            ("foob", "MZXW6YQ"),
            ("fooba", "MZXW6YTB"),
            ("foobar", "MZXW6YTBOI"),
        ];
        for (bytes, text) in table {
            assert_eq!(encode(bytes.as_bytes()), text);
            assert_eq!(decode(text).unwrap(), bytes.as_bytes());
        }
        assert_eq!(decode("mzxw 6ytb-oi======").unwrap(), b"foobar");
        assert_eq!(decode("MZXW1"), None);
        assert_eq!(decode("MZ=XW"), None);
    }

    proptest! {
        #[test]
        fn what_is_encoded_is_decoded(bytes in prop::collection::vec(any::<u8>(), 0..70)) {
            prop_assert_eq!(decode(&encode(&bytes)), Some(bytes));
        }
    }
}
