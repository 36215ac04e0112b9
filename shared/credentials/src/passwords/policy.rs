//! What a new password must satisfy (SP 800-63B-4 §3.1.1.2). There are no rules of composition.

use thiserror::Error;

use super::password::Password;
use super::strength::{Level, Strength, strength};
use super::weakness::Weakness;
use super::words::{ContextWord, KnownWord};

/// What a new password must satisfy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PasswordPolicy {
    minimum: usize,
}

/// Why a password is refused as a new one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum Refusal {
    /// It has too few characters.
    #[error("the password has fewer than {minimum} characters")]
    TooShort {
        /// How many it must have.
        minimum: usize,
    },
    /// It is among the passwords that are common or were published.
    #[error("the password is a common one, or was published")]
    Known,
    /// It is little more than what is known about the user or the service.
    #[error("the password is little more than what is known about the user or the service")]
    Context(ContextWord),
    /// It is put together of what attackers try first.
    #[error("the password is easily guessed")]
    Predictable(Option<Weakness>),
}

impl PasswordPolicy {
    /// For passwords that are the only factor: 15 characters.
    pub const ALONE: Self = Self { minimum: 15 };
    /// For passwords beside a second factor that is demanded at each login: 8 characters.
    pub const WITH_SECOND_FACTOR: Self = Self { minimum: 8 };

    /// This policy with a `minimum` of characters of one's own, if that is higher.
    #[must_use]
    pub fn at_least(self, minimum: usize) -> Self {
        Self { minimum: self.minimum.max(minimum) }
    }

    /// How many characters a password must have.
    #[must_use]
    pub const fn minimum(self) -> usize {
        self.minimum
    }

    /// Accepts `password` as a new one, or says why not. `known` is what is known about the user and the service.
    ///
    /// # Errors
    ///
    /// [`Refusal`].
    pub fn accept(self, password: &Password, known: &[KnownWord<'_>]) -> Result<Strength, Refusal> {
        if password.characters() < self.minimum {
            return Err(Refusal::TooShort { minimum: self.minimum });
        }
        match strength(password, known) {
            Strength { level: Level::Predictable, weakness } => Err(match weakness {
                Some(Weakness::Known) => Refusal::Known,
                Some(Weakness::Context(word)) => Refusal::Context(word),
                other => Refusal::Predictable(other),
            }),
            strength => Ok(strength),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(policy: PasswordPolicy, received: &str) -> Option<Refusal> {
        let known = [
            KnownWord { kind: ContextWord::Service, text: "Acme" },
            KnownWord { kind: ContextWord::Email, text: "anna.schmidt@example.com" },
        ];
        policy.accept(&Password::parse(received).unwrap(), &known).err()
    }

    #[test]
    fn sec_pwd_02_a_password_has_15_characters_alone_and_8_with_a_second_factor() {
        let (alone, beside) = (PasswordPolicy::ALONE, PasswordPolicy::WITH_SECOND_FACTOR);
        let table = [
            (alone, "kqzvxwjpbtgmdy", Some(Refusal::TooShort { minimum: 15 })),
            (alone, "kqzvxwjpbtgmdyu", None),
            (beside, "kqzvxwj", Some(Refusal::TooShort { minimum: 8 })),
            (beside, "kqzvxwjp", None),
            // Characters are counted, not bytes, and after composition.
            (beside, "パスワード設定", Some(Refusal::TooShort { minimum: 8 })),
            (beside, "パスワード設定中", None),
            (beside, "e\u{301}kqzvwx", Some(Refusal::TooShort { minimum: 8 })),
            (alone.at_least(8), "kqzvxwjp", Some(Refusal::TooShort { minimum: 15 })),
            (alone.at_least(20), "kqzvxwjpbtgmdyuaxe", Some(Refusal::TooShort { minimum: 20 })),
        ];
        for (policy, received, expected) in table {
            assert_eq!(refusal(policy, received), expected, "{received}");
        }
    }

    #[test]
    fn sec_pwd_02_nothing_but_length_is_demanded_of_the_composition() {
        for received in
            ["violet kettle orbits", "VIOLETKETTLEORBITS", "83619274051827364", "!~^*%&(){}<>?/|", "  violet  kettle  "]
        {
            assert_eq!(refusal(PasswordPolicy::ALONE, received), None, "{received}");
        }
    }

    #[test]
    fn sec_pwd_03_known_passwords_and_words_of_the_context_are_refused_with_their_reason() {
        let policy = PasswordPolicy::WITH_SECOND_FACTOR;
        let table = [
            ("password", Refusal::Known),
            ("Password", Refusal::Known),
            ("12345678", Refusal::Known),
            ("trustno1", Refusal::Known),
            ("1qaz2wsx3edc", Refusal::Known),
            ("Acme2025", Refusal::Context(ContextWord::Service)),
            ("acme-2025!", Refusal::Context(ContextWord::Service)),
            ("anna.schmidt", Refusal::Context(ContextWord::Email)),
            ("annaschmidt99", Refusal::Context(ContextWord::Email)),
            ("::::::::::::::::::", Refusal::Predictable(Some(Weakness::Repetition))),
        ];
        for (received, expected) in table {
            assert_eq!(refusal(policy, received), Some(expected), "{received}");
        }
        assert_eq!(refusal(PasswordPolicy::ALONE, "acme-2025-acme!"), Some(Refusal::Context(ContextWord::Service)));
    }

    #[test]
    fn sec_pwd_03_a_known_password_is_refused_even_where_it_is_long() {
        assert_eq!(refusal(PasswordPolicy::ALONE, "1q2w3e4r5t6y7u8i"), Some(Refusal::Known));
    }
}
