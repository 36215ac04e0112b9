//! The handles of the function.

use bootstrap::{BootstrapError, Runtime};
use frontchannel::{FrontChannel, Login};
use store::ConsentRecording;

/// The handles of the function: in addition to the front channel it creates sessions and remembers consents.
pub struct Deps {
    /// The front channel.
    pub front: FrontChannel,
    /// Logins.
    pub login: Login,
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
            consents: runtime.handle(ConsentRecording::new),
        })
    }
}
