//! Failures of keys.

use thiserror::Error;

/// Why signing or opening failed. This is an infrastructure fault, never the client's.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum SigningFault {
    /// There is no usable key: it is missing, unreadable or of another type.
    #[error("the signing key is missing or unreadable")]
    Key,
    /// KMS refused, or did not respond within the time limit.
    #[error("KMS: {0}")]
    Kms(String),
    /// KMS throttled the call: the account's quota is exhausted. This says nothing about the key (fault F-KMS-1).
    #[error("KMS throttles: the account's quota of requests per second is used up")]
    Throttled,
    /// Signing failed.
    #[error("signing failed")]
    Sign,
    /// The signature does not verify, so it is withheld.
    #[error("the signature does not verify")]
    Unverified,
    /// The claims cannot be serialised as JSON.
    #[error("the claims cannot be written")]
    Claims,
}
