//! The handles of the function.

use bootstrap::{BootstrapError, Runtime};
use frontchannel::BrowserContext;
use frontchannel::{FrontChannel, Login, MailSending};
use keystore::DataKeys;
use protocol::authorization::error::PageError;
use protocol::workspace::pool::Pool;
use signing::{Deriver, Purpose};
use store::{AttemptForgetting, Counting, MailProofRecording, MailProofTrying, PasswordRecovery, SignInReading};
use web::blocking::Blocking;

/// How many passwords are hashed at the same time. Each takes 19 MiB (catalogue row SEC-DOS-09).
const AT_A_TIME: usize = 2;

/// The handles of the function: in addition to the front channel it changes users, creates sessions and queues mail.
pub struct Deps {
    /// The front channel.
    pub front: FrontChannel,
    /// Logins.
    pub login: Login,
    /// Queues mail.
    pub mail: MailSending,
    /// Finds users by what they log in with.
    pub sign_ins: SignInReading,
    /// Counts requests for mail.
    pub counting: Counting,
    /// Records what was sent.
    pub recording: MailProofRecording,
    /// Reserves attempts with what was sent.
    pub trying: MailProofTrying,
    /// Changes users.
    pub recovery: PasswordRecovery,
    /// Forgets wrong passwords.
    pub attempts: AttemptForgetting,
    /// The key of the digests of what was sent.
    pub digests: DataKeys<Deriver>,
    /// Hashes passwords.
    pub hashing: Blocking,
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
            mail: MailSending::assemble(runtime)?,
            sign_ins: runtime.handle(SignInReading::new),
            counting: runtime.handle(Counting::new),
            recording: runtime.handle(MailProofRecording::new),
            trying: runtime.handle(MailProofTrying::new),
            recovery: runtime.handle(PasswordRecovery::new),
            attempts: runtime.handle(AttemptForgetting::new),
            digests: runtime.deriver(Purpose::MailProof)?,
            hashing: Blocking::new(AT_A_TIME),
        })
    }
}

/// The pool of the workspace of a request.
pub(crate) fn pool<'a>(context: &'a BrowserContext<'_>) -> Result<&'a Pool, PageError> {
    context.workspace().settings.pool.as_ref().ok_or(PageError::NotFound)
}
