//! What the function works with.

use bootstrap::{BootstrapError, Runtime};
use frontchannel::{FrontChannel, Login};
use store::ConsentRecording;

/// What the function works with: on top of the front channel it begins sessions and remembers consents.
pub struct Deps {
    /// The front channel.
    pub front: FrontChannel,
    /// Logins.
    pub login: Login,
    /// New consents.
    pub consents: ConsentRecording,
}

impl Deps {
    /// Takes what the function needs.
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
