//! Why a request failed.

use protocol::syntax::quoted::Quoted;
use thiserror::Error;

/// Why there is no usable response.
#[derive(Debug, Error)]
pub enum FetchFault {
    /// The URL must not be called.
    #[error("the URL may not be called")]
    Forbidden,
    /// No response, not within the time limit, or too large.
    #[error("no answer: {0}")]
    Unreachable(String),
    /// An error status.
    #[error("the answer has status {0}")]
    Status(u16),
    /// An error status with an OAuth error.
    #[error(transparent)]
    Refused(Box<Refused>),
    /// The response has a content coding, although none was requested.
    #[error("the answer has the content-encoding {0}, although identity was requested")]
    Encoded(String),
    /// The response is not the expected JSON.
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
