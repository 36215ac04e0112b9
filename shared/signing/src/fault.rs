//! What can go wrong with keys.

use thiserror::Error;

/// Why nothing was signed or opened. It is an infrastructure fault, never the client's.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum SigningFault {
    /// There is no key that can sign, or it cannot be read.
    #[error("the signing key is missing or unreadable")]
    Key,
    /// KMS refused, throttled, or did not answer in time.
    #[error("KMS: {0}")]
    Kms(String),
    /// Signing failed.
    #[error("signing failed")]
    Sign,
    /// The signature does not verify, so it does not leave.
    #[error("the signature does not verify")]
    Unverified,
    /// The claims cannot be written as JSON.
    #[error("the claims cannot be written")]
    Claims,
}
