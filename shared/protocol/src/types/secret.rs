//! Secrets, and their digests.

use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use crate::syntax::encoding;

/// A secret of type `T`.
///
/// It has no `Debug`, `Display`, `Clone` or `Serialize`, so it cannot slip into a log line, a JSON body or a second
/// owner: a type that holds one cannot derive them either.
///
/// ```compile_fail,E0277
/// println!("{:?}", protocol::types::secret::Secret::new("hunter2"));
/// ```
pub struct Secret<T>(T);

impl<T> Secret<T> {
    /// Wraps `value`.
    pub const fn new(value: T) -> Self {
        Self(value)
    }

    /// Lends out the secret. Every call deserves a reviewer's attention.
    pub const fn expose(&self) -> &T {
        &self.0
    }
}

/// The SHA-256 digest of a secret with at least 112 bits of entropy. The store never sees more than this.
///
/// Two digests are compared in constant time; the type has no `==`.
#[derive(Clone, Copy)]
pub struct SecretHash([u8; 32]);

impl SecretHash {
    /// Digests `secret`.
    #[must_use]
    pub fn of(secret: &Secret<String>) -> Self {
        Self(Sha256::digest(secret.expose().as_bytes()).into())
    }

    /// Parses the form that [`SecretHash::encoded`] writes; `None` if it is not the base64url of 32 bytes.
    #[must_use]
    pub fn parse(encoded: &str) -> Option<Self> {
        encoding::base64url_array(encoded).map(Self)
    }

    /// The digest as base64url, for the store.
    #[must_use]
    pub fn encoded(&self) -> String {
        encoding::base64url(&self.0)
    }

    /// Whether `other` is the digest of the same secret, in constant time.
    #[must_use]
    pub fn matches(&self, other: &Self) -> bool {
        self.0.ct_eq(&other.0).into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hash_round_trips_and_distinguishes_secrets() {
        let hash = SecretHash::of(&Secret::new("correct horse".into()));
        let stored = SecretHash::parse(&hash.encoded()).unwrap();
        assert!(stored.matches(&hash));
        assert!(!stored.matches(&SecretHash::of(&Secret::new("battery staple".into()))));
        assert!(SecretHash::parse("short").is_none());
        // `echo -n "correct horse" | sha256sum`
        assert_eq!(hash.encoded(), "QQTTb42iwlQ0n4WDZ5Pr4CngyVcGOjTJHC6SAxh7VjE");
    }
}
