//! Why there is no answer.

use protocol::syntax::quoted::Quoted;
use thiserror::Error;

/// Why there is no answer that could be used.
#[derive(Debug, Error)]
pub enum FetchFault {
    /// The URL is not one that may be asked.
    #[error("the URL may not be asked")]
    Forbidden,
    /// Nobody answered, or not in time, or too much.
    #[error("no answer: {0}")]
    Unreachable(String),
    /// The answer says no.
    #[error("the answer has status {0}")]
    Status(u16),
    /// The answer says no, and why.
    #[error(transparent)]
    Refused(Box<Refused>),
    /// The answer is packed, which was not asked for.
    #[error("the answer has the content-encoding {0}, although identity was asked for")]
    Encoded(String),
    /// The answer is not the JSON that it must be.
    #[error("the answer is not the expected JSON")]
    Unreadable,
}

/// An OAuth error response. Both texts are shortened.
#[derive(Debug, Error)]
#[error("the answer has status {status}, error {error}, error_description {description}")]
pub struct Refused {
    /// The status.
    pub status: u16,
    pub(crate) error: Quoted,
    pub(crate) description: Quoted,
}
