//! Assembles the back channel from a function's runtime.

use std::sync::Arc;

use bootstrap::{BootstrapError, Runtime};
use http_client::KeySets;
use signing::Purpose;
use store::{AssertionSpending, GrantReading, UserReading};

use crate::back_channel::BackChannel;
use crate::client_authenticator::ClientAuthenticator;
use crate::token_status::TokenStatus;

impl BackChannel {
    /// Takes the handles that every back-channel function needs.
    #[must_use]
    pub fn assemble(runtime: &Runtime) -> Self {
        Self {
            entrance: runtime.entrance(),
            configuration: runtime.configuration(),
            rings: runtime.rings(),
            clock: Arc::clone(&runtime.clock),
        }
    }
}

impl ClientAuthenticator {
    /// Takes the handles that client authentication needs.
    ///
    /// # Errors
    ///
    /// [`BootstrapError`] if the key for decrypting client secrets is not configured.
    pub fn assemble(runtime: &Runtime) -> Result<Self, BootstrapError> {
        Ok(Self {
            assertions: runtime.handle(AssertionSpending::new),
            secrets: runtime.sealer(Purpose::ClientSecret)?,
            key_sets: KeySets::new(Arc::new(runtime.fetcher())),
            entropy: Arc::clone(&runtime.entropy),
        })
    }
}

impl TokenStatus {
    /// Takes the handles for authenticating callers and evaluating tokens.
    ///
    /// # Errors
    ///
    /// [`BootstrapError`] if the key for decrypting client secrets is not configured.
    pub fn assemble(runtime: &Runtime) -> Result<Self, BootstrapError> {
        Ok(Self {
            back: BackChannel::assemble(runtime),
            client_authenticator: ClientAuthenticator::assemble(runtime)?,
            grants: runtime.handle(GrantReading::new),
            users: runtime.handle(UserReading::new),
        })
    }
}
