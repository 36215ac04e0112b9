//! Whom a stored record is about.

use crate::types::id::{IdentitySourceId, Subject};

/// Whom a session, a grant or an account is about: the source that knew the user when it was written, the source's issuer
/// of that time if it is an upstream provider, and the subject.
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
