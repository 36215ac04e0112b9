//! Errors of the pushed authorization request endpoint (RFC 9126 §2.3).

use thiserror::Error;

use crate::authorization::error::{PageError, RedirectError};
use crate::authorization::refusal::Refusal;
use crate::client_authentication::credentials::ClientAuthenticationError;
use crate::syntax::form_fault::FormFault;
use crate::syntax::parameters::ParameterError;

/// Why a pushed request is refused.
#[derive(Debug, Error)]
pub enum PushError {
    /// The form cannot be read.
    #[error(transparent)]
    Form(#[from] FormFault),
    /// The client did not authenticate.
    #[error(transparent)]
    Client(#[from] ClientAuthenticationError),
    /// A `request_uri` in a pushed request (RFC 9126 §2.1).
    #[error("a pushed request has no request_uri: send the parameters themselves")]
    RequestUri,
    /// The authorization endpoint would refuse the request on an error page.
    #[error(transparent)]
    Unaddressed(PageError),
    /// The authorization endpoint would refuse the request at the redirect URI.
    #[error(transparent)]
    Refused(RedirectError),
    /// One address sends requests of public clients too fast.
    #[error("too many requests were pushed from this address: wait {0} seconds")]
    TooMany(u32),
    /// The store or a key is unavailable. Either nothing was stored, or its reference is lost.
    #[error("the service is not available at the moment: try again")]
    Unavailable,
}

impl PushError {
    /// The status and `error` code: those of the token endpoint, or those of the authorization endpoint's error (RFC 9126
    /// §2.3).
    #[must_use]
    pub const fn response(&self) -> (u16, &'static str) {
        match self {
            Self::Form(fault) => fault.response(),
            Self::Client(error) => error.response(),
            Self::Unavailable
            | Self::Unaddressed(PageError::Unavailable)
            | Self::Refused(RedirectError::TemporarilyUnavailable) => (503, "temporarily_unavailable"),
            Self::RequestUri | Self::Unaddressed(_) => (400, "invalid_request"),
            Self::Refused(error) => (400, error.code()),
            Self::TooMany(_) => (429, "too_many_requests"),
        }
    }
}

impl From<ParameterError> for PushError {
    fn from(error: ParameterError) -> Self {
        Self::Form(error.into())
    }
}

impl From<Refusal> for PushError {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::Page(error) => Self::Unaddressed(error),
            Refusal::Stranded(stranded) => Self::Unaddressed(stranded.error),
            Refusal::Redirect(redirected) => Self::Refused(redirected.error),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::client_authentication::credentials::RefusalCause;

    #[test]
    fn each_error_has_its_status_and_code() {
        let invalid_request = (400, "invalid_request");
        let unavailable = (503, "temporarily_unavailable");
        let table = [
            (PushError::from(FormFault::TooLarge), (413, "invalid_request")),
            (PushError::from(ParameterError::Encoding), invalid_request),
            (PushError::from(ClientAuthenticationError::Refused(RefusalCause::Unknown)), (401, "invalid_client")),
            (PushError::RequestUri, invalid_request),
            (PushError::Unaddressed(PageError::MissingRedirectUri), invalid_request),
            (PushError::Unaddressed(PageError::Unavailable), unavailable),
            (PushError::Refused(RedirectError::MissingChallenge), invalid_request),
            (PushError::Refused(RedirectError::UnauthorizedClient), (400, "unauthorized_client")),
            (PushError::Refused(RedirectError::TemporarilyUnavailable), unavailable),
            (PushError::TooMany(30), (429, "too_many_requests")),
            (PushError::Unavailable, unavailable),
        ];
        for (error, expected) in table {
            assert_eq!(error.response(), expected, "{error:?}");
        }
    }
}
