//! Codes and links in mail: what is stored of one, and when it is good.

use aws_lc_rs::hmac;
use protocol::syntax::encoding::{base64url, base64url_array};
use protocol::types::secret::Secret;
use protocol::types::time::{Lifetime, Timestamp};
use subtle::ConstantTimeEq;
use thiserror::Error;

/// The digits of a code.
const CODE_DIGITS: usize = 8;

/// How often a code may be tried.
const ATTEMPTS: u8 = 5;

/// What a code or link is for. One for something else is as good as none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MailPurpose {
    /// To prove that an address is the user's.
    Verification,
    /// To prove a new address before it replaces the old one.
    AddressChange,
    /// To set a new password.
    Recovery,
    /// To log in.
    SignIn,
    /// As a second factor.
    SecondFactor,
    /// To take up an invitation.
    Invitation,
}

/// What a code or link is bound to. One that is sent for a user, a purpose, an address or a request is good for that only.
#[derive(Clone, Copy)]
pub struct MailBinding<'a> {
    /// The workspace.
    pub workspace: &'a str,
    /// The user.
    pub user: &'a str,
    /// The purpose.
    pub purpose: MailPurpose,
    /// What else has to be the same when it comes back, such as the address, the request, or the browser it was asked for in.
    pub subject: &'a str,
}

/// What a mail has.
pub struct MailSecret(Secret<String>);

/// The keyed digest of a code or link, for the store.
///
/// The key is not in the store: eight digits are soon found by whoever has a plain digest.
#[derive(Clone, Copy)]
pub struct MailHash([u8; 32]);

/// What is stored of a code or link that was sent.
#[derive(Clone, Copy)]
pub struct PendingMail {
    /// Its digest.
    pub hash: MailHash,
    /// When it ends.
    pub expires: Timestamp,
    /// How often it was tried, this attempt included. The store counts before it is compared, so that attempts at the same time
    /// cannot exceed the limit (catalogue row SEC-PWD-06).
    pub attempts: u8,
}

/// Why a code or link is refused. Users are told no more than that it is not good, or not any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum MailRefusal {
    /// It has ended.
    #[error("the code has expired")]
    Expired,
    /// It was tried too often.
    #[error("the code was tried too often")]
    Exhausted,
    /// It is another, or one for something else.
    #[error("the code is wrong")]
    Wrong,
}

/// The proof that a code or link was accepted. What it allows has to happen in the write that removes it: it is good once.
#[derive(Debug, PartialEq, Eq)]
#[must_use]
pub struct MailAccepted(());

impl MailPurpose {
    /// How long a link is good; a code never longer than ten minutes (ASVS 5.0.0 §6.5.5, §6.6.3).
    #[must_use]
    pub const fn link_lifetime(self) -> Lifetime {
        match self {
            Self::Verification => Lifetime::seconds(24 * 3600),
            Self::AddressChange | Self::Recovery => Lifetime::seconds(3600),
            Self::SignIn | Self::SecondFactor => CODE_LIFETIME,
            Self::Invitation => Lifetime::seconds(7 * 24 * 3600),
        }
    }

    const fn name(self) -> &'static str {
        match self {
            Self::Verification => "verification",
            Self::AddressChange => "address change",
            Self::Recovery => "recovery",
            Self::SignIn => "sign-in",
            Self::SecondFactor => "second factor",
            Self::Invitation => "invitation",
        }
    }
}

/// How long a code is good.
pub const CODE_LIFETIME: Lifetime = Lifetime::seconds(600);

impl MailSecret {
    /// A code of eight digits, made of `random`.
    #[must_use]
    pub fn code(random: [u8; 16]) -> Self {
        // Of 128 bits, the remainder is even to one in 10^30.
        let number = u128::from_be_bytes(random) % 10u128.pow(8);
        Self(Secret::new(format!("{number:0CODE_DIGITS$}")))
    }

    /// The secret of a link, made of `random`.
    #[must_use]
    pub fn link(random: &[u8; 32]) -> Self {
        Self(Secret::new(base64url(random)))
    }

    /// Parses a code as people type it. `None` if no code has this form.
    #[must_use]
    pub fn parse_code(typed: &str) -> Option<Self> {
        let typed = typed.chars().filter(|typed| !typed.is_whitespace() && *typed != '-').take(CODE_DIGITS + 1);
        let code: String = typed.collect();
        let fits = code.len() == CODE_DIGITS && code.bytes().all(|digit| digit.is_ascii_digit());
        fits.then(|| Self(Secret::new(code)))
    }

    /// Parses the secret of a link. `None` if no link has this form.
    #[must_use]
    pub fn parse_link(text: &str) -> Option<Self> {
        base64url_array::<32>(text).map(|bytes| Self::link(&bytes))
    }

    /// The code or the secret of the link, for the mail.
    #[must_use]
    pub const fn shown(&self) -> &Secret<String> {
        &self.0
    }

    /// The digest for the store, under a `key` that is not in the store.
    #[must_use]
    pub fn hash(&self, binding: &MailBinding<'_>, key: &Secret<[u8; 32]>) -> MailHash {
        let mut context = hmac::Context::with_key(&hmac::Key::new(hmac::HMAC_SHA256, key.expose()));
        let MailBinding { workspace, user, purpose, subject } = *binding;
        for part in [workspace, user, purpose.name(), subject, self.0.expose()] {
            // Lengths keep the parts apart.
            context.update(&u64::try_from(part.len()).unwrap_or(u64::MAX).to_be_bytes());
            context.update(part.as_bytes());
        }
        let mut hash = [0; 32];
        for (byte, digest) in hash.iter_mut().zip(context.sign().as_ref()) {
            *byte = *digest;
        }
        MailHash(hash)
    }
}

impl MailHash {
    /// Parses the form that [`MailHash::encoded`] writes.
    #[must_use]
    pub fn parse(encoded: &str) -> Option<Self> {
        base64url_array(encoded).map(Self)
    }

    /// The digest as base64url, for the store.
    #[must_use]
    pub fn encoded(&self) -> String {
        base64url(&self.0)
    }
}

impl PendingMail {
    /// Accepts what was `presented`, by its digest with the binding of this moment.
    ///
    /// # Errors
    ///
    /// [`MailRefusal`].
    pub fn accept(&self, presented: &MailHash, now: Timestamp) -> Result<MailAccepted, MailRefusal> {
        if now.reached(self.expires) {
            Err(MailRefusal::Expired)
        } else if self.attempts > ATTEMPTS {
            Err(MailRefusal::Exhausted)
        } else if bool::from(self.hash.0.ct_eq(&presented.0)) {
            Ok(MailAccepted(()))
        } else {
            Err(MailRefusal::Wrong)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: Secret<[u8; 32]> = Secret::new([9; 32]);
    const BINDING: MailBinding<'static> = MailBinding {
        workspace: "default/demo",
        user: "u1",
        purpose: MailPurpose::Recovery,
        subject: "anna@example.com",
    };

    fn pending(secret: &MailSecret, attempts: u8) -> PendingMail {
        PendingMail { hash: secret.hash(&BINDING, &KEY), expires: Timestamp::from_seconds(100), attempts }
    }

    #[test]
    fn a_code_has_eight_digits_and_may_be_typed_in_groups() {
        assert_eq!(MailSecret::code([0; 16]).shown().expose(), "00000000");
        assert_eq!(MailSecret::code([0xff; 16]).shown().expose(), "68211455");
        let parse = |typed| MailSecret::parse_code(typed).map(|code| code.shown().expose().clone());
        for typed in ["68211455", " 6821 1455 ", "6821-1455"] {
            assert_eq!(parse(typed).as_deref(), Some("68211455"), "{typed}");
        }
        for typed in ["", "6821145", "682114551", "6821145x", "६८२११४५५"] {
            assert_eq!(parse(typed), None, "{typed}");
        }
    }

    #[test]
    fn sec_pwd_10_a_link_round_trips_and_other_texts_are_none() {
        let link = MailSecret::link(&[7; 32]);
        let text = link.shown().expose().clone();
        assert_eq!(MailSecret::parse_link(&text).unwrap().shown().expose(), &text);
        for other in ["", &text[1..], &format!("{text}A"), &text.replace('B', "=")] {
            assert!(MailSecret::parse_link(other).is_none(), "{other}");
        }
    }

    #[test]
    fn sec_pwd_10_what_was_sent_for_one_user_purpose_or_address_is_good_for_that_only() {
        let secret = MailSecret::code([3; 16]);
        let sent = pending(&secret, 1);
        let now = Timestamp::from_seconds(99);
        assert!(sent.accept(&secret.hash(&BINDING, &KEY), now).is_ok());
        let others = [
            MailBinding { workspace: "default/other", ..BINDING },
            MailBinding { user: "u2", ..BINDING },
            MailBinding { purpose: MailPurpose::Verification, ..BINDING },
            MailBinding { subject: "berta@example.com", ..BINDING },
            MailBinding { user: "u1default", workspace: "/demo", ..BINDING },
        ];
        for other in others {
            assert_eq!(sent.accept(&secret.hash(&other, &KEY), now), Err(MailRefusal::Wrong));
        }
        assert_eq!(sent.accept(&secret.hash(&BINDING, &Secret::new([8; 32])), now), Err(MailRefusal::Wrong));
        assert_eq!(sent.accept(&MailSecret::code([4; 16]).hash(&BINDING, &KEY), now), Err(MailRefusal::Wrong));
    }

    #[test]
    fn sec_pwd_10_a_code_ends_with_its_time_and_after_five_attempts() {
        let secret = MailSecret::code([3; 16]);
        let hash = secret.hash(&BINDING, &KEY);
        let table = [
            (5, 99, Ok(MailAccepted(()))),
            (6, 99, Err(MailRefusal::Exhausted)),
            (255, 99, Err(MailRefusal::Exhausted)),
            (1, 100, Err(MailRefusal::Expired)),
            (1, u64::MAX / 1000, Err(MailRefusal::Expired)),
        ];
        for (attempts, seconds, expected) in table {
            let now = Timestamp::from_seconds(seconds);
            assert_eq!(pending(&secret, attempts).accept(&hash, now), expected, "{attempts} at {seconds}");
        }
    }

    #[test]
    fn sec_pwd_10_a_recovery_link_lives_an_hour_at_most() {
        assert_eq!(MailPurpose::Recovery.link_lifetime(), Lifetime::seconds(3600));
        assert_eq!(CODE_LIFETIME, Lifetime::seconds(600));
    }

    #[test]
    fn a_hash_round_trips() {
        let hash = MailSecret::code([3; 16]).hash(&BINDING, &KEY);
        assert_eq!(MailHash::parse(&hash.encoded()).unwrap().encoded(), hash.encoded());
        assert!(MailHash::parse("short").is_none());
    }
}
