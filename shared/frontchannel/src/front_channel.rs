//! The shared context of all functions that can complete an authorization request with a code.

use keystore::DataKeys;
use protocol::authorization::error::PageError;
use protocol::types::id::RegionLabel;
use protocol::types::time::Timestamp;
use protocol::users::session::Session;
use signing::{Deriver, Sealer};
use store::{AccountReading, ConsentReading, GrantCreation, SessionJoining, UserReading};
use web::unavailable;

use crate::browser_channel::BrowserChannel;
use crate::browser_context::BrowserContext;

/// The handles of every front-channel function.
pub struct FrontChannel {
    /// The context of functions that serve browsers.
    pub browser: BrowserChannel,
    /// Adds clients with back-channel logout to sessions.
    pub joining: SessionJoining,
    /// Remembered consents.
    pub consents: ConsentReading,
    /// Reads whether users still exist.
    pub users: UserReading,
    /// Accounts, for claims requested in ID tokens.
    pub accounts: AccountReading,
    /// Creates grants.
    pub grants: GrantCreation,
    /// Seals interactions.
    pub interactions: DataKeys<Sealer>,
    /// Derives pairwise subjects.
    pub pairwise: DataKeys<Deriver>,
    /// The region named in codes.
    pub region: RegionLabel,
}

impl FrontChannel {
    /// Opens connections and keys during the start of a function, when it has the full speed of its processor. The
    /// first request that needs them retries what fails here.
    pub async fn warm(&self) {
        if let Err(fault) = self.interactions.keys(self.now()).await {
            tracing::warn!(fault = %fault, "the keys for sealing could not be opened during the start");
        }
    }

    /// The time.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.browser.clock.now()
    }

    /// Loads the session of the browser, if it has not expired and its user still exists.
    ///
    /// # Errors
    ///
    /// [`PageError::Unavailable`].
    pub async fn session(&self, context: &BrowserContext<'_>) -> Result<Option<Session>, PageError> {
        let Some(session) = self.browser.any_session(context).await? else { return Ok(None) };
        let status = self.users.status(context.workspace(), session.user()).await;
        Ok(status.map_err(unavailable)?.is_active().then_some(session))
    }
}
