//! The PKCE settings in a client's metadata, and the resulting policy (RFC 7636, RFC 9700 §2.1.1).

use serde::{Deserialize, Serialize};

use crate::clients::client::{ChallengePolicy, MethodPolicy, Presence};
use crate::registration::error::RegistrationError;
use crate::workspace::settings::PkceEnforcement;

/// The only method that can be preset.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum PresetMethod {
    /// `S256`.
    S256,
}

/// The part of a client's metadata that concerns PKCE.
pub(crate) struct ChallengeFields {
    /// `require_pkce`.
    pub(crate) require_pkce: Option<bool>,
    /// `require_nonce`.
    pub(crate) require_nonce: Option<bool>,
    /// `code_challenge_method`.
    pub(crate) preset_method: Option<PresetMethod>,
}

impl ChallengeFields {
    /// The policy of a client in a workspace with `enforcement`. Public clients must use PKCE, whatever is
    /// configured.
    ///
    /// # Errors
    ///
    /// [`RegistrationError`] for an exemption of a public client, and for a `nonce` that would replace nothing.
    pub(crate) fn check(
        &self,
        confidential: bool,
        enforcement: PkceEnforcement,
    ) -> Result<ChallengePolicy, RegistrationError> {
        let presence = match (self.require_pkce, self.require_nonce) {
            (Some(false), _) if !confidential => return Err(RegistrationError::PublicWithoutPkce),
            (None | Some(true), Some(_)) => return Err(RegistrationError::NonceWithPkce),
            (Some(false), None | Some(true)) => Presence::NonceInstead,
            (Some(false), Some(false)) => Presence::Optional,
            (None, None) if confidential && enforcement == PkceEnforcement::Public => Presence::Optional,
            (None | Some(true), None) => Presence::Required,
        };
        let method = match self.preset_method {
            Some(PresetMethod::S256) => MethodPolicy::PresetS256,
            None => MethodPolicy::Named,
        };
        Ok(ChallengePolicy { presence, method })
    }
}
