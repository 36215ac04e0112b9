//! A password as a user typed it.

use icu_normalizer::ComposingNormalizerBorrowed;
use thiserror::Error;
use zeroize::Zeroizing;

/// A password that a user typed. Its memory is zeroed when it is dropped.
///
/// It has no `Debug`, `Display`, `Clone` or `Serialize`:
///
/// ```compile_fail,E0277
/// println!("{:?}", credentials::passwords::Password::parse("hunter2"));
/// ```
pub struct Password {
    received: Zeroizing<String>,
    normalised: Zeroizing<String>,
}

/// Why a text cannot be a password, whatever the policy.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum PasswordFault {
    /// There is none.
    #[error("the password is empty")]
    Empty,
    /// Longer than [`Password::MAX_BYTES`]. It is refused and never truncated (SP 800-63B-4 §3.1.1.2).
    #[error("the password is longer than {} bytes", Password::MAX_BYTES)]
    TooLong,
    /// It has a NUL character, at which other systems end a password.
    #[error("the password has a NUL character")]
    Nul,
}

impl Password {
    /// The longest password in UTF-8.
    pub const MAX_BYTES: usize = 1024;

    /// Takes `received` as a password, and keeps it also in Unicode's Normalization Form C (SP 800-63B-4 §3.1.1.2).
    ///
    /// # Errors
    ///
    /// [`PasswordFault`].
    pub fn parse(received: &str) -> Result<Self, PasswordFault> {
        match received {
            "" => Err(PasswordFault::Empty),
            long if long.len() > Self::MAX_BYTES => Err(PasswordFault::TooLong),
            nul if nul.contains('\0') => Err(PasswordFault::Nul),
            received => Ok(Self {
                normalised: Zeroizing::new(ComposingNormalizerBorrowed::new_nfc().normalize(received).into_owned()),
                received: Zeroizing::new(received.to_owned()),
            }),
        }
    }

    /// Its length in Unicode code points (SP 800-63B-4 §3.1.1.2).
    #[must_use]
    pub fn characters(&self) -> usize {
        self.normalised.chars().count()
    }

    /// The normalised form, of which hashes are made.
    pub(super) fn normalised(&self) -> &str {
        &self.normalised
    }

    /// The bytes that were received. Hashes from elsewhere were made of these.
    pub(super) fn received(&self) -> &[u8] {
        self.received.as_bytes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fault(received: &str) -> Option<PasswordFault> {
        Password::parse(received).err()
    }

    #[test]
    fn sec_pwd_02_long_passwords_are_refused_and_not_truncated() {
        let longest = "x".repeat(Password::MAX_BYTES);
        assert_eq!(Password::parse(&longest).unwrap().characters(), Password::MAX_BYTES);
        assert_eq!(fault(&format!("{longest}x")), Some(PasswordFault::TooLong));
        assert_eq!(fault(&"x".repeat(1 << 20)), Some(PasswordFault::TooLong));
    }

    #[test]
    fn sec_pwd_02_any_unicode_is_accepted_but_nul() {
        for accepted in [" ", "パスワード", "پاسورد", "🔑🔑🔑", "tab\there", "\u{301}", "\u{f8ff}"] {
            assert_eq!(fault(accepted), None, "{accepted}");
        }
        assert_eq!(fault(""), Some(PasswordFault::Empty));
        for nul in ["\0", "a\0b", "correct horse\0"] {
            assert_eq!(fault(nul), Some(PasswordFault::Nul));
        }
    }

    #[test]
    fn a_composed_and_a_decomposed_character_are_the_same_but_compatible_ones_are_not() {
        let normalised = |received| Password::parse(received).unwrap().normalised().to_owned();
        assert_eq!(normalised("Zoe\u{308}"), normalised("Zoë"));
        assert_eq!(normalised("\u{212b}"), normalised("A\u{30a}"));
        assert_eq!(normalised("\u{1112}\u{1161}\u{11ab}"), "한");
        // NFKC would make these equal.
        assert_ne!(normalised("x²"), normalised("x2"));
        assert_ne!(normalised("ﬁ"), normalised("fi"));
        assert_eq!(Password::parse("Zoe\u{308}").unwrap().received(), "Zoe\u{308}".as_bytes());
    }

    #[test]
    fn a_code_point_counts_as_one_character() {
        for (received, characters) in [("Zoe\u{308}", 3), ("🔑🔑", 2), ("日本", 2), ("👩‍👩‍👧", 5)] {
            assert_eq!(Password::parse(received).unwrap().characters(), characters, "{received}");
        }
    }
}
