//! What is known of a credential and of its user.

use aws_lc_rs::hmac;
use protocol::syntax::encoding::{base64url, base64url_decoded};
use protocol::types::secret::Secret;
use serde::{Deserialize, Serialize};
use subtle::ConstantTimeEq;

use super::public_key::PublicKey;

/// The id of a credential, which its authenticator chose: at most 1023 bytes (WebAuthn Level 3 §7.1 step 25).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct CredentialId(Vec<u8>);

/// The user handle of a user at a relying party: 64 random bytes that say nothing about the user (WebAuthn Level 3 §14.6.1).
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct UserHandle([u8; 64]);

/// The credential record (WebAuthn Level 3 §4).
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Credential {
    /// Its id.
    pub id: CredentialId,
    /// Its user.
    pub user: UserHandle,
    /// Its public key.
    #[serde(rename = "key")]
    pub public_key: PublicKey,
    /// The counter of the last signature; zero if the authenticator does not count.
    #[serde(rename = "count")]
    pub sign_count: u32,
    /// Whether its authenticator verified the user at the registration.
    #[serde(rename = "uv")]
    pub user_verified: bool,
    /// Whether it may be copied to other devices. This never changes.
    #[serde(rename = "be")]
    pub backup_eligible: bool,
    /// Whether it is copied now.
    #[serde(rename = "bs")]
    pub backed_up: bool,
    /// The model of its authenticator, unproven; zero if unknown.
    pub aaguid: [u8; 16],
    /// How its authenticator is reached, as a hint for the browser.
    #[serde(rename = "tr", default, skip_serializing_if = "Vec::is_empty")]
    pub transports: Vec<String>,
}

const MAX_ID_BYTES: usize = 1023;

impl CredentialId {
    /// The id of these bytes, unless there are none or too many.
    pub(super) fn new(bytes: Vec<u8>) -> Option<Self> {
        (1..=MAX_ID_BYTES).contains(&bytes.len()).then_some(Self(bytes))
    }

    /// Parses an id in base64url.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        base64url_decoded(text).and_then(Self::new)
    }

    /// The id in base64url, for the store and the browser.
    #[must_use]
    pub fn encoded(&self) -> String {
        base64url(&self.0)
    }
}

impl UserHandle {
    /// A handle of `random` bytes.
    #[must_use]
    pub const fn new(random: [u8; 64]) -> Self {
        Self(random)
    }

    /// Parses a handle in base64url.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        base64url_decoded(text)?.try_into().ok().map(Self)
    }

    /// The handle in base64url, for the store and the browser.
    #[must_use]
    pub fn encoded(&self) -> String {
        base64url(&self.0)
    }

    /// Whether `other` is the same handle.
    #[must_use]
    pub fn is(&self, other: &Self) -> bool {
        self.0.ct_eq(&other.0).into()
    }
}

/// The id to ask for where a name has no credential, so that a stranger does not learn which names have one
/// (WebAuthn Level 3 §14.6.2). The same name gets the same id each time.
#[must_use]
pub fn decoy_credential_id(key: &Secret<[u8; 32]>, workspace: &str, name: &str) -> CredentialId {
    let mut context = hmac::Context::with_key(&hmac::Key::new(hmac::HMAC_SHA256, key.expose()));
    context.update(&u64::try_from(workspace.len()).unwrap_or(u64::MAX).to_be_bytes());
    context.update(workspace.as_bytes());
    context.update(name.as_bytes());
    CredentialId(context.sign().as_ref().to_vec())
}

impl From<CredentialId> for String {
    fn from(id: CredentialId) -> Self {
        id.encoded()
    }
}

impl TryFrom<String> for CredentialId {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, &'static str> {
        Self::parse(&text).ok_or("a credential id is 1 to 1023 bytes in base64url")
    }
}

impl From<UserHandle> for String {
    fn from(handle: UserHandle) -> Self {
        handle.encoded()
    }
}

impl TryFrom<String> for UserHandle {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, &'static str> {
        Self::parse(&text).ok_or("a user handle is 64 bytes in base64url")
    }
}
