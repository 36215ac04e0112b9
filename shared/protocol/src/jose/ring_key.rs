//! A key of a key ring: its public half, its role, and where its private half is.

use serde::{Deserialize, Serialize};

use crate::jose::jwk::PublicJwk;
use crate::types::time::Timestamp;

/// A key in the ring.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RingKey {
    /// The public key.
    pub jwk: PublicJwk,
    /// Its current role.
    pub role: KeyRole,
    /// Where the private key is.
    #[serde(rename = "custody", default)]
    pub location: KeyLocation,
    /// When it got its role.
    #[serde(default = "epoch")]
    pub since: Timestamp,
}

const fn epoch() -> Timestamp {
    Timestamp::from_millis(0)
}

/// The role of a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum KeyRole {
    /// It signs.
    Current,
    /// It is published, so that verifiers know it before it signs. It takes over if the current key cannot sign.
    Next,
    /// It no longer signs, but tokens that it signed are still valid.
    Retired,
    /// It is no longer trusted.
    Revoked,
}

/// Where a private key is.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum KeyLocation {
    /// In the store, sealed under a local root key, on a laptop.
    #[default]
    Sealed,
    /// In KMS, which it never leaves. Identified by ARN or id, never by an alias, which could be moved to another
    /// key.
    Kms(String),
    /// In the store, generated and encrypted by KMS. It is decrypted into memory and signs there.
    Wrapped,
}
