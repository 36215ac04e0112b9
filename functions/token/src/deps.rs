//! The handles of the function.

use std::sync::Arc;

use backchannel::{BackChannel, ClientAuthenticator, RefreshTokens};
use bootstrap::{BootstrapError, Runtime};
use keystore::Signers;
use protocol::types::id::RegionLabel;
use signing::Entropy;
use store::GrantRedemption;

/// The handles of the function: it reads configuration and keys, redeems grants and refreshes them.
pub struct Deps {
    /// The back channel.
    pub back: BackChannel,
    /// Authenticates clients.
    pub client_authenticator: ClientAuthenticator,
    /// Grants, to be redeemed and refreshed.
    pub grants: GrantRedemption,
    /// The keys that sign.
    pub signers: Signers,
    /// Refresh tokens, to be derived.
    pub refresh_tokens: RefreshTokens,
    /// Random bytes.
    pub entropy: Arc<dyn Entropy>,
    /// The region whose codes and refresh tokens are good here.
    pub region: RegionLabel,
}

impl Deps {
    /// Takes the handles from the runtime.
    ///
    /// # Errors
    ///
    /// [`BootstrapError`] if something of it is not there.
    pub fn assemble(runtime: &Runtime) -> Result<Self, BootstrapError> {
        Ok(Self {
            back: BackChannel::assemble(runtime),
            client_authenticator: ClientAuthenticator::assemble(runtime)?,
            grants: runtime.handle(GrantRedemption::new),
            signers: runtime.signers()?,
            refresh_tokens: RefreshTokens::assemble(runtime)?,
            entropy: Arc::clone(&runtime.entropy),
            region: runtime.region.clone(),
        })
    }

    /// Opens connections and keys during the start of a function, when it has the full speed of its processor. The key
    /// that is decrypted here also opens the connection to KMS, over which tokens are signed later.
    pub async fn warm(&self) {
        tokio::join!(Box::pin(self.back.warm()), Box::pin(self.refresh_tokens.warm(self.back.now())));
    }
}
