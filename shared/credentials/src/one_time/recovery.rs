//! Recovery codes: a set of codes on paper, each good once, for users without their second factor.

use base64::Engine;
use protocol::types::secret::Secret;
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use crate::passwords::argon2id::Argon2Hash;
use crate::passwords::phc::BASE64;
use crate::passwords::{HashFault, HashingFault};

/// Digits and letters without those that look like others (Crockford's base 32).
const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/// How many codes a set has.
pub const CODES: usize = 10;

/// The characters of a code: 50 bits, so that a set is stored with a password hash (SP 800-63B-4 §3.1.2.2).
pub const CHARACTERS: usize = 10;

const OUTPUT_BYTES: usize = 16;
const MAX_TYPED_BYTES: usize = 64;

/// A recovery code.
pub struct RecoveryCode(Zeroizing<String>);

/// What is stored of a set of codes. All codes have one salt, so that looking for one costs one hash.
#[derive(Clone)]
pub struct RecoverySet {
    /// Salt and parameters.
    function: Argon2Hash,
    /// Of the codes that are not used yet.
    outputs: Vec<[u8; OUTPUT_BYTES]>,
}

impl RecoveryCode {
    /// A set of codes, made of `random` bytes.
    #[must_use]
    pub fn set(random: &[u8; CODES * CHARACTERS]) -> Vec<Self> {
        let letter = |byte: &u8| ALPHABET.get(usize::from(byte % 32)).copied().map(char::from);
        random.chunks(CHARACTERS).map(|bytes| Self(Zeroizing::new(bytes.iter().filter_map(letter).collect()))).collect()
    }

    /// Parses a code as people type it: in either case, with spaces and hyphens, and with letters that look like digits. `None` if
    /// no code has this form.
    #[must_use]
    pub fn parse(typed: &str) -> Option<Self> {
        if typed.len() > MAX_TYPED_BYTES {
            return None;
        }
        let typed = typed.chars().filter(|letter| !letter.is_whitespace() && !matches!(letter, '-' | '–' | '—' | '‑'));
        let code: String = typed
            .map(|letter| match letter.to_ascii_uppercase() {
                'O' => '0',
                'I' | 'L' => '1',
                other => other,
            })
            .collect();
        let fits = code.len() == CHARACTERS && code.bytes().all(|letter| ALPHABET.contains(&letter));
        fits.then(|| Self(Zeroizing::new(code)))
    }

    /// The code as displayed: `7KQ2M-X9D4T`.
    #[must_use]
    pub fn shown(&self) -> Secret<String> {
        let (left, right) = self.0.split_at_checked(CHARACTERS / 2).unwrap_or_default();
        Secret::new(format!("{left}-{right}"))
    }
}

impl RecoverySet {
    /// Hashes `codes` with Argon2id. The `salt` is random. This takes as long as as many passwords.
    ///
    /// # Errors
    ///
    /// [`HashingFault`] if the hash function failed.
    pub fn of(codes: &[RecoveryCode], salt: [u8; 16]) -> Result<Self, HashingFault> {
        let function = Argon2Hash::function(salt, OUTPUT_BYTES);
        let outputs = codes.iter().map(|code| output(&function, code)).collect::<Result<_, _>>()?;
        Ok(Self { function, outputs })
    }

    /// The set to look in where there is no user or the user has no codes. It has none, and looking in it takes the same time.
    #[must_use]
    pub fn decoy() -> Self {
        Self { function: Argon2Hash::function([0; 16], OUTPUT_BYTES), outputs: Vec::new() }
    }

    /// Reads what [`RecoverySet::stored`] writes.
    ///
    /// # Errors
    ///
    /// [`HashFault`].
    pub fn parse(text: &str) -> Result<Self, HashFault> {
        let (function, outputs) = text.split_once('~').ok_or(HashFault::Malformed("form"))?;
        let outputs = outputs.split('~').filter(|output| !output.is_empty()).map(|output| {
            let bytes = BASE64.decode(output).map_err(|_| HashFault::Malformed("output"))?;
            bytes.try_into().map_err(|_| HashFault::Malformed("output"))
        });
        let outputs: Vec<_> = outputs.collect::<Result<_, _>>()?;
        HashFault::bound(
            "codes",
            u64::try_from(outputs.len()).unwrap_or(u64::MAX),
            u64::try_from(CODES).unwrap_or(u64::MAX),
        )?;
        // The output that is part of the form of a hash stands for no code.
        let function = Argon2Hash::parse(function)?;
        if function.output_length() == OUTPUT_BYTES {
            Ok(Self { function, outputs })
        } else {
            Err(HashFault::Malformed("output"))
        }
    }

    /// The text to store: the form of an Argon2 hash that no code has, and the outputs of the codes.
    #[must_use]
    pub fn stored(&self) -> String {
        let outputs: Vec<String> = self.outputs.iter().map(|output| BASE64.encode(output)).collect();
        format!("{}~{}", self.function.text(), outputs.join("~"))
    }

    /// How many codes are not used yet.
    #[must_use]
    pub const fn remaining(&self) -> usize {
        self.outputs.len()
    }

    /// The set without `code`; `None` if it does not have it.
    ///
    /// The new set has to be stored by a write that demands the old one, before the login goes on: a code is good once.
    #[must_use]
    pub fn redeem(&self, code: &RecoveryCode) -> Option<Self> {
        let output = output(&self.function, code).ok()?;
        let others = self.outputs.iter().filter(|known| !bool::from(known.ct_eq(&output))).copied();
        let others: Vec<_> = others.collect();
        (others.len() < self.outputs.len()).then(|| Self { function: self.function.clone(), outputs: others })
    }
}

fn output(function: &Argon2Hash, code: &RecoveryCode) -> Result<[u8; OUTPUT_BYTES], HashingFault> {
    function.output_of(code.0.as_bytes())?.as_slice().try_into().map_err(|_| HashingFault)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn random() -> [u8; 100] {
        std::array::from_fn(|at| u8::try_from(at * 7 % 256).unwrap())
    }

    #[test]
    fn a_set_has_ten_codes_of_ten_characters_each_as_likely_as_any_other() {
        let codes = RecoveryCode::set(&random());
        let shown: Vec<String> = codes.iter().map(|code| code.shown().expose().clone()).collect();
        assert_eq!(shown.len(), CODES);
        assert_eq!(shown[..2], ["07ENW-3AHRZ".to_owned(), "6DMV2-9GQY5".to_owned()]);
        let mut counts = [0; 32];
        for byte in 0..=255 {
            let code = RecoveryCode::set(&[byte; 100]);
            counts[ALPHABET.iter().position(|letter| *letter == code[0].0.as_bytes()[0]).unwrap()] += 1;
        }
        assert_eq!(counts, [8; 32]);
    }

    #[test]
    fn a_code_is_redeemed_once_and_the_others_stay() {
        let codes = RecoveryCode::set(&random());
        let set = RecoverySet::of(&codes, [1; 16]).unwrap();
        assert_eq!(set.remaining(), CODES);
        let mut set = RecoverySet::parse(&set.stored()).unwrap();
        for (used, code) in codes.iter().enumerate() {
            let code = RecoveryCode::parse(code.shown().expose()).unwrap();
            set = set.redeem(&code).unwrap();
            assert_eq!(set.remaining(), CODES - used - 1);
            assert!(set.redeem(&code).is_none());
            set = RecoverySet::parse(&set.stored()).unwrap();
        }
        assert!(RecoverySet::decoy().redeem(&codes[0]).is_none());
    }

    #[test]
    fn a_code_may_be_typed_as_it_is_read() {
        let code = |typed| RecoveryCode::parse(typed).map(|code| code.shown().expose().clone());
        for typed in ["07ENW-3AH1Z", "07enw3ah1z", " 07EN W3AHlZ ", "O7ENW–3AHIZ"] {
            assert_eq!(code(typed).as_deref(), Some("07ENW-3AH1Z"), "{typed}");
        }
        for typed in ["", "07ENW-3AH1", "07ENW-3AH1ZZ", "07ENW-3AHUZ", "07ENW-3AHéZ", &"0".repeat(1000)] {
            assert_eq!(code(typed), None, "{typed}");
        }
    }

    #[test]
    fn the_stored_set_is_short_has_no_code_and_a_malformed_one_is_refused() {
        let codes = RecoveryCode::set(&random());
        let stored = RecoverySet::of(&codes[..2], [1; 16]).unwrap().stored();
        assert!(
            stored.starts_with("$argon2id$v=19$m=19456,t=2,p=1$AQEBAQEBAQEBAQEBAQEBAQ$AAAAAAAAAAAAAAAAAAAAAA~"),
            "{stored}"
        );
        assert!(stored.len() <= 78 + 2 * 23, "{} bytes", stored.len());
        let function = stored.split('~').next().unwrap();
        assert_eq!(RecoverySet::parse(&format!("{function}~")).unwrap().remaining(), 0);
        let table = [
            (String::new(), HashFault::Malformed("form")),
            (function.to_owned(), HashFault::Malformed("form")),
            (format!("{function}~AAAA"), HashFault::Malformed("output")),
            (format!("{function}AA~"), HashFault::Malformed("output")),
            (
                format!("{function}{}", "~AAAAAAAAAAAAAAAAAAAAAA".repeat(11)),
                HashFault::TooExpensive { parameter: "codes", value: 11, limit: 10 },
            ),
        ];
        for (text, fault) in table {
            assert_eq!(RecoverySet::parse(&text).err(), Some(fault), "{text}");
        }
    }
}
