//! Authentication: a credential in use (WebAuthn Level 3 §7.2).

use protocol::syntax::encoding::base64url_decoded;
use protocol::syntax::json;
use protocol::types::time::Timestamp;
use serde::Deserialize;

use super::authenticator_data::AuthenticatorData;
use super::ceremony::AuthenticationCeremony;
use super::client_data::{self, Kind};
use super::credential::{Credential, CredentialId, UserHandle};
use super::refusal::WebauthnRefusal;
use super::registration::{MAX_RESPONSE_BYTES, signed};
use super::relying_party::RelyingParty;

/// The answer of a browser to an authentication: what `PublicKeyCredential.toJSON` makes.
pub struct AuthenticationResponse {
    id: CredentialId,
    user: Option<UserHandle>,
    client_data: Vec<u8>,
    authenticator_data: Vec<u8>,
    signature: Vec<u8>,
}

/// An authentication that succeeded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub struct Authenticated {
    /// Whether the authenticator verified the user. Only then are there two factors.
    pub user_verified: bool,
    /// Whether the credential is copied to other devices now, to be stored.
    pub backed_up: bool,
    /// The counter of this signature.
    pub sign_count: SignCount,
}

/// What became of the counter of signatures (WebAuthn Level 3 §6.1.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SignCount {
    /// The authenticator does not count, as those do not whose credentials are copied.
    Absent,
    /// It went on to this value, to be stored.
    Advanced(u32),
    /// It did not go on: the authenticator may have been copied, or two signatures crossed. A sign of risk, and no refusal.
    Regressed {
        /// What is stored, and stays.
        stored: u32,
        /// What the authenticator sent.
        received: u32,
    },
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Json {
    raw_id: String,
    r#type: String,
    response: AssertionResponse,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct AssertionResponse {
    #[serde(rename = "clientDataJSON")]
    client_data: String,
    authenticator_data: String,
    signature: String,
    /// Browsers send `null`, or nothing, where an authenticator names no user.
    #[serde(default)]
    user_handle: Option<String>,
}

impl AuthenticationResponse {
    /// Reads an answer.
    ///
    /// # Errors
    ///
    /// [`WebauthnRefusal::Malformed`], or [`WebauthnRefusal::User`] if the user handle is none of this server's.
    pub fn parse(bytes: &[u8]) -> Result<Self, WebauthnRefusal> {
        let malformed = || WebauthnRefusal::Malformed("response");
        let short = Some(bytes).filter(|bytes| bytes.len() <= MAX_RESPONSE_BYTES).ok_or_else(malformed)?;
        let json: Json = json::strict(short).ok_or_else(malformed)?;
        if json.r#type != "public-key" {
            return Err(malformed());
        }
        let AssertionResponse { client_data, authenticator_data, signature, user_handle } = json.response;
        let user_handle = user_handle.filter(|handle| !handle.is_empty());
        let user = user_handle.map(|handle| UserHandle::parse(&handle).ok_or(WebauthnRefusal::User)).transpose()?;
        let decoded = |text: &str| base64url_decoded(text).ok_or_else(malformed);
        Ok(Self {
            id: CredentialId::parse(&json.raw_id).ok_or_else(malformed)?,
            user,
            client_data: decoded(&client_data)?,
            authenticator_data: decoded(&authenticator_data)?,
            signature: decoded(&signature)?,
        })
    }

    /// The id of the credential, by which it is looked up.
    #[must_use]
    pub const fn credential(&self) -> &CredentialId {
        &self.id
    }
}

impl RelyingParty {
    /// Checks the `response` to an authentication with the `credential` that has its id.
    ///
    /// Where nobody has a credential with this id, the answer to the user is the same as for every refusal.
    ///
    /// # Errors
    ///
    /// [`WebauthnRefusal`].
    pub fn authenticate(
        &self,
        ceremony: &AuthenticationCeremony,
        response: &AuthenticationResponse,
        credential: &Credential,
        now: Timestamp,
    ) -> Result<Authenticated, WebauthnRefusal> {
        self.resume(&ceremony.rp_id, ceremony.expires, now)?;
        identify(ceremony, response, credential)?;
        client_data::check(&response.client_data, Kind::Authentication, &ceremony.challenge, self)?;
        let data = AuthenticatorData::parse(&response.authenticator_data)?;
        self.check(&data, ceremony.verification)?;
        if data.flags.backup_eligible() != credential.backup_eligible {
            return Err(WebauthnRefusal::Backup);
        }
        let message = signed(&response.authenticator_data, &response.client_data);
        credential.public_key.verify(&message, &response.signature)?;
        Ok(Authenticated {
            user_verified: data.flags.user_verified(),
            backed_up: data.flags.backed_up(),
            sign_count: SignCount::of(credential.sign_count, data.sign_count),
        })
    }
}

/// Checks that the credential was asked for and is that of the user (WebAuthn Level 3 §7.2 steps 5 and 6).
fn identify(
    ceremony: &AuthenticationCeremony,
    response: &AuthenticationResponse,
    credential: &Credential,
) -> Result<(), WebauthnRefusal> {
    let asked = ceremony.allowed.is_empty() || ceremony.allowed.contains(&response.id);
    if !asked || response.id != credential.id {
        return Err(WebauthnRefusal::Credential);
    }
    // Where nobody knew who would log in, the authenticator has to say so.
    let known = ceremony.user.as_ref().or(response.user.as_ref()).ok_or(WebauthnRefusal::User)?;
    let named = response.user.as_ref().is_none_or(|named| named.is(&credential.user));
    if named && known.is(&credential.user) { Ok(()) } else { Err(WebauthnRefusal::User) }
}

impl SignCount {
    const fn of(stored: u32, received: u32) -> Self {
        match (stored, received) {
            (0, 0) => Self::Absent,
            (stored, received) if received > stored => Self::Advanced(received),
            (stored, received) => Self::Regressed { stored, received },
        }
    }
}
