//! Passkeys: registration and authentication (WebAuthn Level 3 §7).
//!
//! Attestation is not asked for. A registration has none or attests to itself; everything else is refused, so no chain is ever
//! taken for verified that was not.

mod authentication;
mod authenticator_data;
mod cbor;
mod ceremony;
mod client_data;
mod credential;
#[cfg(test)]
mod fixtures;
mod public_key;
mod refusal;
mod registration;
mod relying_party;

pub use authentication::{Authenticated, AuthenticationResponse, SignCount};
pub use ceremony::{AuthenticationCeremony, CEREMONY_LIFETIME, Challenge, RegistrationCeremony, UserVerification};
pub use credential::{Credential, CredentialId, UserHandle, decoy_credential_id};
pub use public_key::{Algorithm, PublicKey};
pub use refusal::WebauthnRefusal;
pub use registration::RegistrationResponse;
pub use relying_party::{RelyingParty, RelyingPartyFault, UserNames};

#[cfg(test)]
#[path = "authentication_tests.rs"]
mod authentication_tests;
#[cfg(test)]
#[path = "registration_tests.rs"]
mod registration_tests;
#[cfg(test)]
#[path = "vector_tests.rs"]
mod vector_tests;
