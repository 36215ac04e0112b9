//! The front channel: what `authorize`, `login` and `callback` have in common.
//!
//! A browser passes through up to three functions on its way to a code. They do not know each other; what they share is
//! here: an interaction that travels sealed with the browser, the session behind a cookie, the one decision, and the
//! one write that makes a grant.

mod browser_context;
mod interaction;
mod issue;
mod responses;
mod session;
mod subject;

use std::sync::Arc;

use keystore::DataKeys;
use protocol::types::id::RegionLabel;
use signing::Deriver;
use signing::Entropy;
use signing::Sealer;
use store::{
    AccountReading, ConfigurationReading, ConsentReading, GrantCreation, KeyRingReading, SessionJoining, SessionReading,
};
use web::Clock;
use web::config::PublicUrl;

pub use browser_context::BrowserContext;
pub use interaction::{BROWSER_COOKIE, PendingAuthorization};
pub use session::{NewSession, SESSION_COOKIE, UserAuthentication};

/// What every function of the front channel works with.
pub struct FrontChannel {
    /// Workspaces and clients.
    pub configuration: Arc<ConfigurationReading>,
    /// Public keys.
    pub rings: Arc<KeyRingReading>,
    /// Sessions.
    pub sessions: SessionReading,
    /// Sessions, to which clients are added that want to be told of their end.
    pub joining: SessionJoining,
    /// Remembered consents.
    pub consents: ConsentReading,
    /// Accounts, for claims that ID tokens are asked for.
    pub accounts: AccountReading,
    /// New grants.
    pub grants: GrantCreation,
    /// DataKeys<Sealer> of interactions.
    pub interactions: DataKeys<Sealer>,
    /// Identifiers of users for the clients of one sector.
    pub pairwise: DataKeys<Deriver>,
    /// Random bytes.
    pub entropy: Arc<dyn Entropy>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Where browsers reach us.
    pub public_url: PublicUrl,
    /// The region that codes name.
    pub region: RegionLabel,
}

impl FrontChannel {
    /// Opens connections and keys during the start of a function, when it has the full speed of its processor. What
    /// fails here is tried again by the first request that needs it.
    pub async fn warm(&self) {
        if let Err(fault) = self.interactions.keys(self.clock.now()).await {
            tracing::warn!(fault = %fault, "the keys for sealing could not be opened at the start");
        }
    }
}
