//! What the function `mail` may do with messages.

use std::sync::Arc;

use crate::letter::Letter;
use crate::mailbox::Mailbox;
use crate::outcome::{MailFault, Sent};
use crate::ses::Ses;

/// A permission that a handle needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum MailNeed {
    /// Sending messages.
    Send,
}

enum Backend {
    Ses(Box<Ses>),
    Mailbox(Arc<Mailbox>),
}

/// Sends messages.
pub struct Mailer(Backend);

impl Mailer {
    /// The permissions that the handle needs.
    pub const NEEDS: &'static [MailNeed] = &[MailNeed::Send];

    /// The handle over SES.
    #[must_use]
    pub fn ses(ses: Ses) -> Self {
        Self(Backend::Ses(Box::new(ses)))
    }

    /// The handle over a mailbox in this process.
    #[must_use]
    pub const fn mailbox(mailbox: Arc<Mailbox>) -> Self {
        Self(Backend::Mailbox(mailbox))
    }

    /// Sends `letter`.
    ///
    /// # Errors
    ///
    /// [`MailFault`]; it may have been sent.
    pub async fn send(&self, letter: Letter) -> Result<Sent, MailFault> {
        match &self.0 {
            Backend::Ses(ses) => ses.send(&letter).await,
            Backend::Mailbox(mailbox) => {
                mailbox.put(letter);
                Ok(Sent::Accepted)
            }
        }
    }
}
