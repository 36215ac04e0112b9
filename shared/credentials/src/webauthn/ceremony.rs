//! A ceremony that has begun: the challenge, and what its answer must fit.
//!
//! It is kept where the browser cannot change it, belongs to one session, and is removed by the write that ends it: a challenge is
//! good once (catalogue row SEC-WA-01).

use protocol::syntax::encoding::{base64url, base64url_array};
use protocol::types::time::{Lifetime, Timestamp};
use serde::{Deserialize, Serialize};

use super::credential::{CredentialId, UserHandle};

/// How long a challenge is good (WebAuthn Level 3 §15.1, ASVS 5.0.0 §6.7.2).
pub const CEREMONY_LIFETIME: Lifetime = Lifetime::seconds(300);

/// A challenge of 32 random bytes (WebAuthn Level 3 §13.4.3).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Challenge(Vec<u8>);

/// Whether the authenticator has to verify the user, by a PIN or a fingerprint.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum UserVerification {
    /// Yes: where the passkey is the only factor.
    Required,
    /// If it can: where the passkey is the second factor.
    Preferred,
}

/// A registration that has begun.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct RegistrationCeremony {
    pub(super) challenge: Challenge,
    #[serde(rename = "rp")]
    pub(super) rp_id: String,
    /// Who registers.
    pub(super) user: UserHandle,
    #[serde(rename = "uv")]
    pub(super) verification: UserVerification,
    #[serde(rename = "exp")]
    pub(super) expires: Timestamp,
}

/// An authentication that has begun.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct AuthenticationCeremony {
    pub(super) challenge: Challenge,
    #[serde(rename = "rp")]
    pub(super) rp_id: String,
    /// Who authenticates, if that is known already. Otherwise the credential tells.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) user: Option<UserHandle>,
    /// The credentials that were asked for; any, if there are none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) allowed: Vec<CredentialId>,
    #[serde(rename = "uv")]
    pub(super) verification: UserVerification,
    #[serde(rename = "exp")]
    pub(super) expires: Timestamp,
}

impl Challenge {
    /// A challenge of `random` bytes.
    #[must_use]
    pub fn new(random: [u8; 32]) -> Self {
        Self(random.into())
    }

    /// A challenge of another length, as the vectors of the specification have them.
    #[cfg(test)]
    pub(super) const fn of_bytes(bytes: Vec<u8>) -> Self {
        Self(bytes)
    }

    pub(super) fn bytes(&self) -> &[u8] {
        &self.0
    }

    /// The challenge in base64url, for the browser.
    #[must_use]
    pub fn encoded(&self) -> String {
        base64url(&self.0)
    }
}

impl UserVerification {
    /// Its name in the options of a ceremony.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Required => "required",
            Self::Preferred => "preferred",
        }
    }
}

impl AuthenticationCeremony {
    /// The same, of a `user` who is known, with the `credentials` of that user. If there are none, any of that user will do.
    #[must_use]
    pub fn of_user(self, user: UserHandle, credentials: Vec<CredentialId>) -> Self {
        Self { user: Some(user), allowed: credentials, ..self }
    }
}

impl From<Challenge> for String {
    fn from(challenge: Challenge) -> Self {
        challenge.encoded()
    }
}

impl TryFrom<String> for Challenge {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, &'static str> {
        base64url_array(&text).map(Self::new).ok_or("a challenge is 32 bytes in base64url")
    }
}
