//! The source of the issuer's keys.

use std::future::{Future, ready};

use thiserror::Error;

/// Why the keys of the issuer cannot be fetched. It is for the log, not for the caller of the API.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum JwksFault {
    /// The URL must not be called: it is neither `https` nor on loopback.
    #[error("the URL must use https, or http on loopback")]
    Forbidden,
    /// No response within the time limit.
    #[error("no answer: {0}")]
    Unreachable(String),
    /// A status other than 200.
    #[error("the answer has status {0}")]
    Status(u16),
    /// The response is longer, or has more keys, than allowed.
    #[error("the answer is too large")]
    TooLarge,
    /// The response is not the expected JSON.
    #[error("the answer is not the expected JSON")]
    Unreadable,
    /// The discovery document names another issuer (RFC 8414 §3.3).
    #[error("the discovery document is another issuer's")]
    OtherIssuer,
    /// The request that was fetching the keys was canceled before it got a response.
    #[error("the request for the keys was canceled")]
    Interrupted,
}

/// Fetches the JWKS document of the issuer (RFC 7517 §5).
///
/// The [`Validator`](crate::Validator) decides when to fetch and how long to cache. A source only has to return
/// within bounded time.
pub trait JwksSource: Send + Sync {
    /// Fetches the document.
    fn fetch(&self) -> impl Future<Output = Result<Vec<u8>, JwksFault>> + Send;
}

/// Keys that never change: for tests, and for an API that is deployed together with its issuer's keys.
#[derive(Clone, Debug)]
pub struct StaticJwks(Vec<u8>);

impl StaticJwks {
    /// The keys of this document.
    #[must_use]
    pub fn new(document: impl Into<Vec<u8>>) -> Self {
        Self(document.into())
    }
}

impl JwksSource for StaticJwks {
    fn fetch(&self) -> impl Future<Output = Result<Vec<u8>, JwksFault>> + Send {
        ready(Ok(self.0.clone()))
    }
}
