//! What the function works with.

use std::sync::Arc;

use backchannel::{BackChannel, ClientAuthenticator};
use bootstrap::{BootstrapError, Runtime};
use keystore::{DataKeys, Signers};
use protocol::types::id::RegionLabel;
use signing::{Deriver, Entropy, Purpose};
use store::GrantRedemption;

/// What the function works with: it reads configuration and keys, redeems grants and refreshes them.
pub struct Deps {
    /// The back channel.
    pub back: BackChannel,
    /// What authenticates clients.
    pub client_authenticator: ClientAuthenticator,
    /// Grants, to be redeemed and refreshed.
    pub grants: GrantRedemption,
    /// The keys that sign.
    pub signers: Signers,
    /// The key that refresh tokens are derived with.
    pub refresh_tokens: DataKeys<Deriver>,
    /// Random bytes.
    pub entropy: Arc<dyn Entropy>,
    /// The region whose codes and refresh tokens are good here.
    pub region: RegionLabel,
}

impl Deps {
    /// Takes what the function needs.
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
            refresh_tokens: runtime.deriver(Purpose::RefreshToken)?,
            entropy: Arc::clone(&runtime.entropy),
            region: runtime.region.clone(),
        })
    }

    /// Opens connections and keys during the start of a function, when it has the full speed of its processor. The key
    /// that is decrypted here also opens the connection to KMS, over which tokens are signed later.
    pub async fn warm(&self) {
        let keys = async {
            if let Err(fault) = self.refresh_tokens.keys(self.back.now()).await {
                tracing::warn!(fault = %fault, "the key for refresh tokens could not be opened at the start");
            }
        };
        tokio::join!(Box::pin(self.back.warm()), Box::pin(keys));
    }
}
