//! Why the form of a request cannot be read.

use thiserror::Error;

use crate::syntax::parameters::ParameterError;

/// Why the parameters of a request cannot be used: the same messages for every endpoint that accepts forms from
/// programs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum FormFault {
    /// The body or the query exceeds its maximum size.
    #[error("the body is larger than 64 KiB")]
    TooLarge,
    /// The body is not a form.
    #[error("send the body as application/x-www-form-urlencoded")]
    ContentType,
    /// The query contains parameters of a request whose parameters belong in the body (OAuth 2.1 §3.2).
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
    fn only_a_large_body_has_a_distinct_status() {
        assert_eq!(FormFault::TooLarge.response(), (413, "invalid_request"));
        for fault in [FormFault::ContentType, FormFault::QueryParameters, ParameterError::Encoding.into()] {
            assert_eq!(fault.response(), (400, "invalid_request"), "{fault}");
        }
    }
}
