//! The handles of the function.

use bootstrap::{BootstrapError, Runtime};
use frontchannel::{FrontChannel, Login, UserCodes};
use store::ConsentRecording;

/// The handles of the function: in addition to the front channel it creates sessions, remembers consents, and has
/// users decide on devices.
pub struct Deps {
    /// The front channel.
    pub front: FrontChannel,
    /// Logins.
    pub login: Login,
    /// Codes of devices.
    pub user_codes: UserCodes,
    /// New consents.
    pub consents: ConsentRecording,
}

impl Deps {
    /// Takes the handles from the runtime.
    ///
    /// # Errors
    ///
    /// [`BootstrapError`] if something of it is not there.
    pub fn assemble(runtime: &Runtime) -> Result<Self, BootstrapError> {
        Ok(Self {
            front: FrontChannel::assemble(runtime)?,
            login: Login::assemble(runtime)?,
            user_codes: UserCodes::assemble(runtime)?,
            consents: runtime.handle(ConsentRecording::new),
        })
    }
}
