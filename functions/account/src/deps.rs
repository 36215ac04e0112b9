//! The handles of the function.

use bootstrap::{BootstrapError, Runtime};
use delivery::Deliveries;
use frontchannel::BrowserChannel;
use store::{AccountReading, ConsentListing, ConsentWithdrawal, SessionEnding, SessionListing, UserReading};

/// The handles of the function: it reads what is known about a user, ends sessions and withdraws consents. It creates nothing,
/// cannot sign, and cannot read passwords.
pub struct Deps {
    /// The context of functions that serve browsers.
    pub browser: BrowserChannel,
    /// Reads whether users still exist.
    pub users: UserReading,
    /// Reads accounts.
    pub accounts: AccountReading,
    /// Lists sessions.
    pub sessions: SessionListing,
    /// Ends sessions.
    pub ending: SessionEnding,
    /// The queue of logout notifications.
    pub deliveries: Deliveries,
    /// Lists consents.
    pub consents: ConsentListing,
    /// Withdraws consents.
    pub withdrawal: ConsentWithdrawal,
}

impl Deps {
    /// Takes the handles from the runtime.
    ///
    /// # Errors
    ///
    /// [`BootstrapError`] if no queue is configured.
    pub fn assemble(runtime: &Runtime) -> Result<Self, BootstrapError> {
        Ok(Self {
            browser: BrowserChannel::assemble(runtime),
            users: runtime.handle(UserReading::new),
            accounts: runtime.handle(AccountReading::new),
            sessions: runtime.handle(SessionListing::new),
            ending: runtime.handle(SessionEnding::new),
            deliveries: runtime.deliveries()?,
            consents: runtime.handle(ConsentListing::new),
            withdrawal: runtime.handle(ConsentWithdrawal::new),
        })
    }
}
