//! Assembles the front channel from a function's runtime.

use std::sync::Arc;

use bootstrap::{BootstrapError, Runtime};
use signing::Purpose;
use store::{AccountReading, ConsentReading, GrantCreation, SessionJoining, SessionReading, UserReading};

use crate::browser_channel::BrowserChannel;
use crate::front_channel::FrontChannel;

impl BrowserChannel {
    /// Takes the handles of a function that serves browsers and issues no codes.
    #[must_use]
    pub fn assemble(runtime: &Runtime) -> Self {
        Self {
            entrance: runtime.entrance(),
            configuration: runtime.configuration(),
            rings: runtime.rings(),
            sessions: runtime.handle(SessionReading::new),
            entropy: Arc::clone(&runtime.entropy),
            clock: Arc::clone(&runtime.clock),
            public_url: runtime.public_url.clone(),
        }
    }
}

impl FrontChannel {
    /// Takes the handles of a function that may complete an authorization request with a code.
    ///
    /// # Errors
    ///
    /// [`BootstrapError`] if the sealing key is not configured.
    pub fn assemble(runtime: &Runtime) -> Result<Self, BootstrapError> {
        Ok(Self {
            browser: BrowserChannel::assemble(runtime),
            joining: runtime.handle(SessionJoining::new),
            consents: runtime.handle(ConsentReading::new),
            users: runtime.handle(UserReading::new),
            accounts: runtime.handle(AccountReading::new),
            grants: runtime.handle(GrantCreation::new),
            interactions: runtime.sealer(Purpose::Interaction)?,
            pairwise: runtime.deriver(Purpose::PairwiseSubject)?,
            region: runtime.region.clone(),
        })
    }
}
