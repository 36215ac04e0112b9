//! The handles of the function.

use bootstrap::{BootstrapError, Runtime};
use frontchannel::{FrontChannel, Login, UserCodes};
use store::ConsentRecording;

/// The handles of the function: in addition to the front channel it creates sessions, records consents, and lets
/// users decide on device requests.
pub struct Deps {
    /// The front channel.
    pub front: FrontChannel,
    /// Logins.
    pub login: Login,
    /// User codes of devices.
    pub user_codes: UserCodes,
    /// Records consents.
    pub consents: ConsentRecording,
}

impl Deps {
    /// Takes the handles from the runtime.
    ///
    /// # Errors
    ///
    /// [`BootstrapError`] if the runtime lacks a handle that the function needs.
    pub fn assemble(runtime: &Runtime) -> Result<Self, BootstrapError> {
        Ok(Self {
            front: FrontChannel::assemble(runtime)?,
            login: Login::assemble(runtime)?,
            user_codes: UserCodes::assemble(runtime)?,
            consents: runtime.handle(ConsentRecording::new),
        })
    }
}
