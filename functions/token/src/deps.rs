//! The handles of the function.

use std::sync::Arc;

use backchannel::{BackChannel, ClientAuthenticator, RefreshTokens};
use bootstrap::{BootstrapError, Runtime};
use keystore::Signers;
use protocol::types::id::RegionLabel;
use signing::Entropy;
use store::{DevicePolling, GrantRedemption};

use crate::last_polls::LastPolls;

/// The handles of the function: it reads configuration and keys, redeems and refreshes grants, and polls device
/// requests.
pub struct Deps {
    /// The back channel.
    pub back: BackChannel,
    /// Authenticates clients.
    pub client_authenticator: ClientAuthenticator,
    /// Redeems and refreshes grants.
    pub grants: GrantRedemption,
    /// Reads device requests and records polls that came too fast.
    pub devices: DevicePolling,
    /// When each device last polled.
    pub last_polls: LastPolls,
    /// The signing keys.
    pub signers: Signers,
    /// Derives refresh tokens.
    pub refresh_tokens: RefreshTokens,
    /// Random bytes.
    pub entropy: Arc<dyn Entropy>,
    /// The region whose codes and refresh tokens are accepted here.
    pub region: RegionLabel,
}

impl Deps {
    /// Takes the handles from the runtime.
    ///
    /// # Errors
    ///
    /// [`BootstrapError`] if the runtime lacks a handle that the function needs.
    pub fn assemble(runtime: &Runtime) -> Result<Self, BootstrapError> {
        Ok(Self {
            back: BackChannel::assemble(runtime),
            client_authenticator: ClientAuthenticator::assemble(runtime)?,
            grants: runtime.handle(GrantRedemption::new),
            devices: runtime.handle(DevicePolling::new),
            last_polls: LastPolls::default(),
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
