//! The identifiers that users of a pool log in with, each in one spelling.
//!
//! Both kinds are ASCII, and letters are compared without case: `Alice@Example.com` and `alice@example.com` are one
//! account, and no letter of another script looks like one of these. What is rejected here can be neither created nor
//! found.

use std::fmt;

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::types::email;
use crate::types::secret::{Secret, SecretHash};

/// The maximum length of a user name.
const MAX_USERNAME: usize = 64;

/// The maximum length of an address (RFC 5321 §4.5.3.1.3).
const MAX_EMAIL: usize = 254;

/// The maximum length of the part before the `@` (RFC 5321 §4.5.3.1.1).
const MAX_LOCAL_PART: usize = 64;

/// What an identifier is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum IdentifierKind {
    /// An e-mail address.
    Email,
    /// A user name.
    Username,
}

impl IdentifierKind {
    /// Its name in files and in the store.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Email => "email",
            Self::Username => "username",
        }
    }
}

/// An identifier in its only spelling.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Identifier {
    kind: IdentifierKind,
    value: String,
}

/// Why a text is not an identifier, as a sentence that says what to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum MalformedIdentifier {
    /// It is not an address.
    #[error(
        "an e-mail address is local@domain in ASCII: write the domain as xn--… if it has other letters, and nothing in \
         quotation marks"
    )]
    Email,
    /// It is not a user name.
    #[error(
        "a user name has 1 to 64 of a-z, 0-9 and, between them, single '.', '-' or '_'; capital letters count as small ones"
    )]
    Username,
}

impl Identifier {
    /// Reads what somebody typed as an identifier of this kind: without spaces around it, in small letters.
    ///
    /// # Errors
    ///
    /// [`MalformedIdentifier`].
    pub fn parse(kind: IdentifierKind, typed: &str) -> Result<Self, MalformedIdentifier> {
        let value = typed.trim_matches([' ', '\t']).to_ascii_lowercase();
        match kind {
            IdentifierKind::Email if is_email(&value) => Ok(Self { kind, value }),
            IdentifierKind::Email => Err(MalformedIdentifier::Email),
            IdentifierKind::Username if is_username(&value) => Ok(Self { kind, value }),
            IdentifierKind::Username => Err(MalformedIdentifier::Username),
        }
    }

    /// What it is.
    #[must_use]
    pub const fn kind(&self) -> IdentifierKind {
        self.kind
    }

    /// Its spelling.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.value
    }

    /// Its name in the store: a digest, so that keys and the logs of calls contain no addresses.
    #[must_use]
    pub fn digest(&self) -> SecretHash {
        SecretHash::of(&Secret::new(format!("{}:{}", self.kind.as_str(), self.value)))
    }
}

impl fmt::Display for Identifier {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.value)
    }
}

impl<'de> Deserialize<'de> for Identifier {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        struct Stored {
            kind: IdentifierKind,
            value: String,
        }
        let Stored { kind, value } = Stored::deserialize(deserializer)?;
        Self::parse(kind, &value).map_err(serde::de::Error::custom)
    }
}

/// Whether this is an address whose local part is a dot-atom (RFC 5322 §3.4.1), in small letters.
fn is_email(value: &str) -> bool {
    let Some((local, _)) = value.split_once('@') else { return false };
    let is_atom = |atom: &str| {
        !atom.is_empty()
            && atom.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"!#$%&'*+/=?^_`{|}~-".contains(&byte))
    };
    value.len() <= MAX_EMAIL
        && local.len() <= MAX_LOCAL_PART
        && local.split('.').all(is_atom)
        && email::domain(value).is_some()
}

fn is_username(value: &str) -> bool {
    let is_word =
        |word: &str| !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit());
    value.len() <= MAX_USERNAME && value.split(['.', '-', '_']).all(is_word)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn spelled(kind: IdentifierKind, typed: &str) -> Option<String> {
        Identifier::parse(kind, typed).ok().map(|identifier| identifier.as_str().to_owned())
    }

    #[test]
    fn an_address_has_one_spelling() {
        for (typed, expected) in [
            ("alice@example.com", Some("alice@example.com")),
            (" Alice@Example.COM\t", Some("alice@example.com")),
            ("a.b+c@corp.example", Some("a.b+c@corp.example")),
            ("x@xn--bcher-kva.example", Some("x@xn--bcher-kva.example")),
            ("\u{2000}alice@example.com", None),
            ("\u{430}lice@example.com", None),
            ("al\u{ed}ce@example.com", None),
            ("alice@ex\u{430}mple.com", None),
            ("\u{212a}elvin@example.com", None),
            ("\u{ff41}lice@example.com", None),
            ("alice\0@example.com", None),
            ("alice@example.com\n", None),
            ("al ice@example.com", None),
            (".alice@example.com", None),
            ("al..ice@example.com", None),
            ("alice.@example.com", None),
            ("\"alice\"@example.com", None),
            ("alice(x)@example.com", None),
            ("alice@example", None),
            ("alice@example.com.", None),
            ("alice@b@example.com", None),
            ("alice@[192.0.2.1]", None),
            ("alice", None),
            ("@example.com", None),
            ("", None),
        ] {
            assert_eq!(spelled(IdentifierKind::Email, typed).as_deref(), expected, "{typed:?}");
        }
        let local = |length| format!("{}@example.com", "a".repeat(length));
        assert!(spelled(IdentifierKind::Email, &local(64)).is_some());
        assert_eq!(spelled(IdentifierKind::Email, &local(65)), None);
        let long = |length: usize| format!("a@{}.example", "b.".repeat(length / 2).trim_end_matches('.'));
        assert!(spelled(IdentifierKind::Email, &long(244)).is_some());
        assert_eq!(spelled(IdentifierKind::Email, &long(246)), None, "254 characters are the most");
    }

    #[test]
    fn a_user_name_has_one_spelling_and_looks_like_no_other_script() {
        for (typed, expected) in [
            ("alice", Some("alice")),
            (" Alice ", Some("alice")),
            ("ALICE_b.c-9", Some("alice_b.c-9")),
            ("7", Some("7")),
            ("\u{430}lice", None),
            ("alic\u{435}", None),
            ("\u{3b1}lice", None),
            ("al\u{131}ce", None),
            ("ALI\u{130}CE", None),
            ("stra\u{df}e", None),
            ("\u{fb01}n", None),
            ("alice\u{200b}", None),
            ("alice\u{300}", None),
            ("a lice", None),
            ("alice@example.com", None),
            (".alice", None),
            ("alice.", None),
            ("al..ice", None),
            ("al.-ice", None),
            ("al/ice", None),
            ("", None),
        ] {
            assert_eq!(spelled(IdentifierKind::Username, typed).as_deref(), expected, "{typed:?}");
        }
        assert!(spelled(IdentifierKind::Username, &"a".repeat(64)).is_some());
        assert_eq!(spelled(IdentifierKind::Username, &"a".repeat(65)), None);
    }

    #[test]
    fn kinds_are_told_apart_in_the_store_and_nothing_is_in_clear() {
        let name = Identifier::parse(IdentifierKind::Username, "alice").unwrap();
        let email = Identifier::parse(IdentifierKind::Email, "alice@example.com").unwrap();
        assert_ne!(name.digest().encoded(), email.digest().encoded());
        assert!(!email.digest().encoded().contains("alice"));
        let stored = serde_json::to_value(&email).unwrap();
        assert_eq!(stored, serde_json::json!({"kind": "email", "value": "alice@example.com"}));
        assert_eq!(serde_json::from_value::<Identifier>(stored).unwrap(), email);
    }

    proptest! {
        #[test]
        fn a_spelling_is_its_own_spelling(typed in "[ -~]{0,80}") {
            for kind in [IdentifierKind::Email, IdentifierKind::Username] {
                if let Some(once) = spelled(kind, &typed) {
                    prop_assert_eq!(spelled(kind, &once), Some(once.clone()));
                    prop_assert_eq!(spelled(kind, &typed.to_ascii_uppercase()), Some(once));
                }
            }
        }
    }
}
