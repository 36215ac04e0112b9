//! The relying party, and what a browser is asked on its behalf.

use protocol::types::time::Timestamp;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;
use thiserror::Error;
use url::{Host, Url};

use super::authenticator_data::AuthenticatorData;
use super::ceremony::{AuthenticationCeremony, CEREMONY_LIFETIME, Challenge, RegistrationCeremony, UserVerification};
use super::credential::{Credential, UserHandle};
use super::public_key::Algorithm;
use super::refusal::WebauthnRefusal;

/// A relying party: its id, and the origins on which its credentials may be used.
#[derive(Clone, Debug)]
pub struct RelyingParty {
    id: String,
    origins: Vec<String>,
    offered: Vec<Algorithm>,
}

/// Why a relying party cannot be.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum RelyingPartyFault {
    /// The id is not the host name of the first origin.
    #[error("the relying party {0:?} is not the host name of the login pages")]
    Id(String),
    /// This is not an origin on which a browser offers passkeys.
    #[error("{0:?} is not an origin such as https://login.example.com")]
    Origin(String),
}

/// The names under which a user's device lists a passkey.
#[derive(Clone, Copy)]
pub struct UserNames<'a> {
    /// The name that the user logs in with.
    pub name: &'a str,
    /// The user's own name.
    pub display_name: &'a str,
}

impl RelyingParty {
    /// The relying party whose login pages are at the first of `origins`; the others are related origins
    /// (WebAuthn Level 3 §5.11). Its id is the host name of the first and never a parent of it, so that no neighbour can use its
    /// credentials (§13.4.8).
    ///
    /// # Errors
    ///
    /// [`RelyingPartyFault`].
    pub fn new(id: &str, origins: &[&str]) -> Result<Self, RelyingPartyFault> {
        for origin in origins {
            if !is_origin(origin) {
                return Err(RelyingPartyFault::Origin((*origin).to_owned()));
            }
        }
        let host = origins.first().and_then(|origin| Url::parse(origin).ok());
        if host.as_ref().and_then(Url::host_str) != Some(id) {
            return Err(RelyingPartyFault::Id(id.to_owned()));
        }
        let origins = origins.iter().map(|origin| (*origin).to_owned()).collect();
        Ok(Self { id: id.to_owned(), origins, offered: Algorithm::OFFERED.into() })
    }

    /// Its id.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The document at `/.well-known/webauthn`, which lists the origins (WebAuthn Level 3 §5.11).
    #[must_use]
    pub fn related_origins(&self) -> Value {
        json!({ "origins": self.origins })
    }

    /// Begins a registration of `user`. The challenge is random.
    #[must_use]
    pub fn begin_registration(
        &self,
        challenge: Challenge,
        user: UserHandle,
        verification: UserVerification,
        now: Timestamp,
    ) -> RegistrationCeremony {
        let expires = now.plus(CEREMONY_LIFETIME);
        RegistrationCeremony { challenge, rp_id: self.id.clone(), user, verification, expires }
    }

    /// Begins an authentication with any discoverable credential; [`AuthenticationCeremony::of_user`] limits it. The challenge is
    /// random.
    #[must_use]
    pub fn begin_authentication(
        &self,
        challenge: Challenge,
        verification: UserVerification,
        now: Timestamp,
    ) -> AuthenticationCeremony {
        let expires = now.plus(CEREMONY_LIFETIME);
        let (user, allowed) = (None, Vec::new());
        AuthenticationCeremony { challenge, rp_id: self.id.clone(), user, allowed, verification, expires }
    }

    /// What `PublicKeyCredential.parseCreationOptionsFromJSON` takes. A device that has one of the `existing` credentials is told so.
    #[must_use]
    pub fn creation_options(
        &self,
        ceremony: &RegistrationCeremony,
        names: UserNames<'_>,
        existing: &[Credential],
    ) -> Value {
        let algorithms = self.offered.iter().map(|algorithm| {
            let number = i64::try_from(algorithm.number()).unwrap_or_default();
            json!({ "type": "public-key", "alg": number })
        });
        json!({
            "rp": { "id": self.id, "name": self.id },
            "user": {
                "id": ceremony.user.encoded(),
                "name": names.name,
                "displayName": names.display_name,
            },
            "challenge": ceremony.challenge.encoded(),
            "pubKeyCredParams": algorithms.collect::<Vec<_>>(),
            "timeout": CEREMONY_LIFETIME.millis(),
            "excludeCredentials": existing.iter().map(descriptor).collect::<Vec<_>>(),
            "authenticatorSelection": {
                "residentKey": "required",
                "requireResidentKey": true,
                "userVerification": ceremony.verification.name(),
            },
            "attestation": "none",
        })
    }

    /// What `PublicKeyCredential.parseRequestOptionsFromJSON` takes.
    #[must_use]
    pub fn request_options(&self, ceremony: &AuthenticationCeremony) -> Value {
        let allowed = ceremony.allowed.iter().map(|id| json!({ "type": "public-key", "id": id.encoded() }));
        json!({
            "rpId": self.id,
            "challenge": ceremony.challenge.encoded(),
            "timeout": CEREMONY_LIFETIME.millis(),
            "allowCredentials": allowed.collect::<Vec<_>>(),
            "userVerification": ceremony.verification.name(),
        })
    }

    /// This relying party, with other algorithms.
    #[cfg(test)]
    pub(super) fn offering(self, offered: &[Algorithm]) -> Self {
        Self { offered: offered.into(), ..self }
    }

    pub(super) fn offered(&self) -> &[Algorithm] {
        &self.offered
    }

    /// Whether a page of `origin` may use its credentials: compared byte for byte (WebAuthn Level 3 §13.4.9).
    pub(super) fn has_origin(&self, origin: &str) -> bool {
        self.origins.iter().any(|known| known == origin)
    }

    /// Checks what both ceremonies have in common before anything of the answer is looked at.
    pub(super) fn resume(&self, rp_id: &str, expires: Timestamp, now: Timestamp) -> Result<(), WebauthnRefusal> {
        if rp_id != self.id {
            Err(WebauthnRefusal::OtherCeremony)
        } else if now.reached(expires) {
            Err(WebauthnRefusal::Expired)
        } else {
            Ok(())
        }
    }

    /// Checks relying party and flags (WebAuthn Level 3 §7.1 steps 14 to 17, §7.2 steps 15 to 18).
    pub(super) fn check(
        &self,
        data: &AuthenticatorData<'_>,
        verification: UserVerification,
    ) -> Result<(), WebauthnRefusal> {
        let flags = data.flags;
        if !bool::from(Sha256::digest(&self.id).as_slice().ct_eq(data.rp_id_hash)) {
            return Err(WebauthnRefusal::RelyingParty);
        }
        if !flags.user_present() {
            return Err(WebauthnRefusal::UserNotPresent);
        }
        if verification == UserVerification::Required && !flags.user_verified() {
            return Err(WebauthnRefusal::UserNotVerified);
        }
        if flags.backed_up() && !flags.backup_eligible() {
            return Err(WebauthnRefusal::Backup);
        }
        Ok(())
    }
}

fn descriptor(credential: &Credential) -> Value {
    json!({ "type": "public-key", "id": credential.id.encoded(), "transports": credential.transports })
}

/// Whether `text` is an origin as browsers write it, with a domain, over HTTPS or on this machine.
fn is_origin(text: &str) -> bool {
    Url::parse(text).is_ok_and(|url| {
        let local = url.scheme() == "http" && url.host_str() == Some("localhost");
        let secure = url.scheme() == "https" && matches!(url.host(), Some(Host::Domain(_)));
        (local || secure) && url.origin().ascii_serialization() == text
    })
}
