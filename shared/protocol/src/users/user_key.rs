//! The user that a stored record belongs to.

use crate::types::id::{IdentitySourceId, Subject};
use crate::types::secret::{Secret, SecretHash};

/// Identifies the user of a session, a grant or an account: the source that knew the user when the record was written,
/// the source's issuer at that time if it is an upstream provider, and the subject.
///
/// An account belongs to an issuer and its `sub` (OpenID Connect Core §2): another issuer under the same id, and a
/// record without an issuer, mean another user (catalogue row SEC-UP-20).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UserKey<'r> {
    /// The identity source.
    pub source: &'r IdentitySourceId,
    /// Its issuer, if it is an upstream provider.
    pub issuer: Option<&'r str>,
    /// The user.
    pub subject: &'r Subject,
}

impl UserKey<'_> {
    /// A digest that distinguishes users, for items that need not identify them.
    #[must_use]
    pub fn digest(&self) -> SecretHash {
        let Self { source, issuer, subject } = self;
        SecretHash::of(&Secret::new(format!("{source} {} {subject}", issuer.unwrap_or_default())))
    }
}
