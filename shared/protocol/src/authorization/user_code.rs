//! User codes, which users read on a device and type into a browser (RFC 8628 §6.1).

use crate::types::secret::Secret;

/// Twenty letters: no vowels, so that codes form no words, and no letters that look alike.
const ALPHABET: &[u8; 20] = b"BCDFGHJKLMNPQRSTVWXZ";

/// The number of letters of a code: 34.5 bits.
pub const LETTERS: usize = 8;

/// The number of possible codes.
pub const CODES: u64 = 25_600_000_000;

/// The maximum length of typed text that is parsed as a code.
const MAX_TYPED_BYTES: usize = 64;

/// A user code: eight letters.
pub struct UserCode(Secret<String>);

impl UserCode {
    /// The code made of `random`, uniformly distributed; `None`, very rarely, if the bytes do not suffice.
    #[must_use]
    pub fn from_random(random: &[u8; 32]) -> Option<Self> {
        // The largest multiple of 20 below 256: larger bytes would favor some letters.
        let fair = random.iter().filter(|byte| **byte < 240);
        let letters = fair.filter_map(|byte| ALPHABET.get(usize::from(byte % 20)).copied());
        let code: String = letters.take(LETTERS).map(char::from).collect();
        (code.len() == LETTERS).then(|| Self(Secret::new(code)))
    }

    /// Parses a code as people type it: in either case, with any spaces and dashes (RFC 8628 §6.1). `None` if no code has
    /// this form.
    #[must_use]
    pub fn parse(typed: &str) -> Option<Self> {
        if typed.len() > MAX_TYPED_BYTES {
            return None;
        }
        let letters =
            typed.chars().filter(|letter| !letter.is_whitespace() && !matches!(letter, '-' | '–' | '—' | '‑'));
        let code: String = letters.map(|letter| letter.to_ascii_uppercase()).collect();
        let fits = code.len() == LETTERS && code.bytes().all(|letter| ALPHABET.contains(&letter));
        fits.then(|| Self(Secret::new(code)))
    }

    /// The letters alone, by which the code is looked up.
    #[must_use]
    pub const fn letters(&self) -> &Secret<String> {
        &self.0
    }

    /// The code as displayed: `BDWP-HQPK`.
    #[must_use]
    pub fn shown(&self) -> String {
        let (left, right) = self.0.expose().split_at_checked(LETTERS / 2).unwrap_or_default();
        format!("{left}-{right}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sec_dev_01_a_user_code_has_eight_letters_of_twenty_each_as_likely_as_any_other() {
        assert_eq!(CODES, 20_u64.pow(u32::try_from(LETTERS).unwrap()));
        let code = UserCode::from_random(&std::array::from_fn(|at| u8::try_from(at).unwrap())).unwrap();
        assert_eq!(code.shown(), "BCDF-GHJK");
        // Bytes that would favor some letters are skipped, and too many of them make no code.
        let mut random = [255; 32];
        assert!(UserCode::from_random(&random).is_none());
        random[24..].fill(239);
        assert_eq!(UserCode::from_random(&random).unwrap().shown(), "ZZZZ-ZZZZ");
        let mut counts = [0; 20];
        for byte in 0..240_u8 {
            let code = UserCode::from_random(&[byte; 32]).unwrap();
            let letter = code.letters().expose().as_bytes()[0];
            counts[ALPHABET.iter().position(|known| *known == letter).unwrap()] += 1;
        }
        assert_eq!(counts, [12; 20]);
    }

    #[test]
    fn sec_dev_01_a_user_code_is_taken_as_people_type_it() {
        for typed in ["BDWP-HQPK", "bdwphqpk", " bdwp hqpk ", "B D W P – H Q P K", "bDwP--HqPk", "bdwp\u{a0}hqpk"] {
            assert_eq!(UserCode::parse(typed).map(|code| code.shown()), Some("BDWP-HQPK".into()), "{typed}");
        }
        for typed in ["", "BDWP-HQP", "BDWP-HQPKK", "ADWP-HQPK", "BDWP-HQP0", "BDWP_HQPK", "ВDWP-HQPK", &"-".repeat(65)]
        {
            assert!(UserCode::parse(typed).is_none(), "{typed}");
        }
    }
}
