//! What the function works with.

use bootstrap::{BootstrapError, Runtime};
use frontchannel::FrontChannel;
use store::{ConsentRecording, SessionCreation};

/// What the function works with: on top of the front channel it begins sessions and remembers consents.
pub struct Deps {
    /// The front channel.
    pub front: FrontChannel,
    /// New sessions.
    pub sessions: SessionCreation,
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
            sessions: runtime.handle(SessionCreation::new),
            consents: runtime.handle(ConsentRecording::new),
        })
    }
}
