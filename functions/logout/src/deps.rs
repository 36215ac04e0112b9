//! The handles of the function.

use bootstrap::{BootstrapError, Runtime};
use delivery::Deliveries;
use frontchannel::BrowserChannel;
use keystore::DataKeys;
use signing::{Purpose, Sealer};
use store::SessionEnding;

/// The handles of the function: it reads configuration, public keys and sessions, ends sessions, and queues logout
/// notifications.
pub struct Deps {
    /// The context of functions that serve browsers.
    pub browser: BrowserChannel,
    /// Ends sessions.
    pub ending: SessionEnding,
    /// The queue of logout notifications.
    pub deliveries: Deliveries,
    /// Seals confirmation forms.
    pub confirmations: DataKeys<Sealer>,
}

impl Deps {
    /// Takes the handles from the runtime.
    ///
    /// # Errors
    ///
    /// [`BootstrapError`] if the runtime lacks a handle that the function needs.
    pub fn assemble(runtime: &Runtime) -> Result<Self, BootstrapError> {
        Ok(Self {
            browser: BrowserChannel::assemble(runtime),
            ending: runtime.handle(SessionEnding::new),
            deliveries: runtime.deliveries()?,
            confirmations: runtime.sealer(Purpose::Logout)?,
        })
    }

    /// Opens connections and keys during the start of a function, when it has the full speed of its processor. The
    /// first request that needs it retries what fails here.
    pub async fn warm(&self) {
        if let Err(fault) = self.confirmations.keys(self.browser.clock.now()).await {
            tracing::warn!(fault = %fault, "the keys for sealing could not be opened during the start");
        }
    }
}
