//! Recovery of a password by mail: what is counted, and what its links carry (catalogue row SEC-PWD-10).

use serde::{Deserialize, Serialize};

use crate::types::rate_limit::RateLimit;
use crate::types::secret::{Secret, SecretHash};
use crate::types::time::Lifetime;

/// How many messages can be asked for with one identifier in an hour, whether an account has it or not.
pub const OF_ACCOUNT: RateLimit = RateLimit::new("recovery-account", 5, Lifetime::seconds(3600));

/// How many messages can be asked for from one address in an hour. Many people may share one.
pub const OF_ADDRESS: RateLimit = RateLimit::new("recovery-address", 20, Lifetime::seconds(3600));

/// The longest identifier that is looked at, in bytes.
const MAX_ACCOUNT_BYTES: usize = 320;

/// What somebody typed to say which account they mean: in one spelling, so that it is counted as one. Nobody may have it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccountName(String);

impl AccountName {
    /// Reads what was typed. `None` if it is too long for any account.
    #[must_use]
    pub fn parse(typed: &str) -> Option<Self> {
        let name = typed.trim();
        (!name.is_empty() && name.len() <= MAX_ACCOUNT_BYTES).then(|| Self(name.to_ascii_lowercase()))
    }

    /// Its spelling.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Its name in counters and in the store, which contain no addresses.
    #[must_use]
    pub fn digest(&self) -> String {
        SecretHash::of(&Secret::new(format!("recovery\n{}", self.0))).encoded()
    }
}

/// What the link in a message carries, sealed.
pub struct RecoveryLink {
    /// The account that was asked for.
    pub account: AccountName,
    /// The secret.
    pub secret: Secret<String>,
}

#[derive(Serialize, Deserialize)]
struct Written {
    recovery: String,
    secret: String,
}

impl RecoveryLink {
    /// Encodes it, to be sealed.
    #[must_use]
    pub fn encoded(&self) -> Vec<u8> {
        let written = Written { recovery: self.account.0.clone(), secret: self.secret.expose().clone() };
        // Texts always have a JSON form.
        serde_json::to_vec(&written).unwrap_or_default()
    }

    /// Parses the form that [`RecoveryLink::encoded`] writes.
    #[must_use]
    pub fn parse(encoded: &[u8]) -> Option<Self> {
        let Written { recovery, secret } = serde_json::from_slice(encoded).ok()?;
        Some(Self { account: AccountName::parse(&recovery)?, secret: Secret::new(secret) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_account_is_counted_under_one_name_however_it_is_typed() {
        let name = |typed: &str| AccountName::parse(typed).unwrap();
        assert_eq!(name(" Alice@Example.com\t"), name("alice@example.com"));
        assert_ne!(name("alice@example.com").digest(), name("bob@example.com").digest());
        assert!(!name("alice@example.com").digest().contains("alice"));
        assert_eq!(AccountName::parse(" "), None);
        assert_eq!(AccountName::parse(&"a".repeat(321)), None);
    }

    #[test]
    fn a_link_round_trips_and_other_texts_are_none() {
        let account = AccountName::parse("alice@example.com").unwrap();
        let link = RecoveryLink { account: account.clone(), secret: Secret::new("secret".into()) };
        let read = RecoveryLink::parse(&link.encoded()).unwrap();
        assert_eq!((read.account, read.secret.expose().as_str()), (account, "secret"));
        assert!(RecoveryLink::parse(b"{\"secret\": \"x\"}").is_none());
    }
}
