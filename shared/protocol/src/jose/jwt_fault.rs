//! What is wrong with the form, the key or the signature of an external JWT.

use thiserror::Error;

/// Why a JWT is refused before its claims are read. It is for the log: the cause is never part of a response.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum JwtFault {
    /// It exceeds the maximum length for its source.
    #[error("shape: longer than {0} bytes")]
    TooLong(usize),
    /// Five parts: it is encrypted (RFC 7516 §3.1).
    #[error("shape: it is encrypted, which is not supported")]
    Encrypted,
    /// Not three parts in base64url with a readable header.
    #[error("shape: not a compact JWS with a readable header")]
    Shape,
    /// The header demands an extension, another encoding or compression (RFC 7515 §4.1.11, RFC 7797).
    #[error("shape: the header has crit, b64 or zip")]
    Extension,
    /// Its `typ` is another one.
    #[error("shape: another typ")]
    Type,
    /// The algorithm is unsupported, or not the registered or published one.
    #[error("algorithm: not supported, or not the one that is registered or published")]
    Algorithm,
    /// No usable key for this algorithm has this `kid`.
    #[error("key: no usable key of this kid and algorithm")]
    Key,
    /// The keys of this `kid` and algorithm sign for other issuers.
    #[error("key: it is one of another issuer")]
    KeyOfAnother,
    /// No such key verifies the signature.
    #[error("signature: no key verifies it")]
    Signature,
}
