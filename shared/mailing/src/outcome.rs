//! What became of a message.

use thiserror::Error;

/// What the mail service said to a message.
#[must_use]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sent {
    /// It has taken it.
    Accepted,
    /// It will never take it.
    Rejected,
}

/// The mail service did not take a message, and may take it later.
#[derive(Debug, Error)]
#[error("SES: {0}")]
pub struct MailFault(pub(crate) String);
