//! Why the form of a request cannot be read.

use thiserror::Error;

use crate::syntax::parameters::ParameterError;

/// Why the parameters of a request cannot be used: one set of sentences for every endpoint that programs send forms to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum FormFault {
    /// The body or the query is larger than any request needs to be.
    #[error("the body is larger than 64 KiB")]
    TooLarge,
    /// The body is not a form.
    #[error("send the body as application/x-www-form-urlencoded")]
    ContentType,
    /// There are parameters in the query of a request whose parameters belong in the body (OAuth 2.1 §3.2).
    #[error("send the parameters in the body, not in the URL")]
    QueryParameters,
    /// The parameters are malformed or repeated.
    #[error(transparent)]
    Parameters(#[from] ParameterError),
}

impl FormFault {
    /// The status and `error` code of the response.
    #[must_use]
    pub const fn response(&self) -> (u16, &'static str) {
        match self {
            Self::TooLarge => (413, "invalid_request"),
            Self::ContentType | Self::QueryParameters | Self::Parameters(_) => (400, "invalid_request"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_large_body_has_a_status_of_its_own() {
        assert_eq!(FormFault::TooLarge.response(), (413, "invalid_request"));
        for fault in [FormFault::ContentType, FormFault::QueryParameters, ParameterError::Encoding.into()] {
            assert_eq!(fault.response(), (400, "invalid_request"), "{fault}");
        }
    }
}
