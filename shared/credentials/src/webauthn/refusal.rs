//! Why a registration or an authentication is refused.

use thiserror::Error;

/// Why a registration or an authentication is refused. It is for logs and tests; users are told one sentence for all of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum WebauthnRefusal {
    /// This part cannot be read.
    #[error("the {0} is malformed")]
    Malformed(&'static str),
    /// The challenge has ended.
    #[error("the challenge has expired")]
    Expired,
    /// The ceremony began at another relying party.
    #[error("the ceremony belongs to another relying party")]
    OtherCeremony,
    /// A registration for an authentication, or the reverse.
    #[error("the client data is of another type")]
    Type,
    /// It answers another challenge.
    #[error("the challenge is another")]
    Challenge,
    /// It was made on another site.
    #[error("the origin is another")]
    Origin,
    /// It was made in a frame on another site.
    #[error("the ceremony took place in a frame of another site")]
    CrossOrigin,
    /// It was made for another relying party.
    #[error("the relying party is another")]
    RelyingParty,
    /// Nobody touched the authenticator.
    #[error("the user was not present")]
    UserNotPresent,
    /// The authenticator did not verify the user.
    #[error("the user was not verified")]
    UserNotVerified,
    /// It is backed up and cannot be, or is not of the kind that was registered.
    #[error("the backup flags contradict each other or the registration")]
    Backup,
    /// Its algorithm was not offered.
    #[error("the algorithm was not offered")]
    Algorithm,
    /// Its key is no valid key of its algorithm.
    #[error("the public key is not valid")]
    PublicKey,
    /// It has an attestation that is not accepted.
    #[error("the attestation is not accepted")]
    Attestation,
    /// It is a credential that was not asked for, or is not the one that it says.
    #[error("the credential is another")]
    Credential,
    /// It is the credential of another user, or does not say whose.
    #[error("the user is another, or not named")]
    User,
    /// The signature is wrong.
    #[error("the signature is wrong")]
    Signature,
}
