//! Requests to introspect (RFC 7662) or revoke (RFC 7009) a token, and their errors.

use thiserror::Error;

use crate::syntax::form_fault::FormFault;
use crate::syntax::parameters::{ParameterError, Parameters};
use crate::token_status::caller::CallerError;
use crate::types::secret::Secret;

/// A request about a token. `token_type_hint` is not needed and is ignored (RFC 7009 §2.1, RFC 7662 §2.1).
pub struct TokenParameter {
    /// The token.
    pub token: Secret<String>,
}

impl TokenParameter {
    /// The `token` of a request; `None` if there is none.
    ///
    /// # Errors
    ///
    /// [`ParameterError`].
    pub fn parse(body: &Parameters) -> Result<Option<Self>, ParameterError> {
        Ok(body.one("token")?.map(|token| Self { token: Secret::new(token.into()) }))
    }
}

/// Why a request to introspect or revoke a token is refused.
#[derive(Debug, Error)]
pub enum TokenRequestError {
    /// The form cannot be read.
    #[error(transparent)]
    Form(#[from] FormFault),
    /// No `token`.
    #[error("token is missing")]
    MissingToken,
    /// The caller did not authenticate.
    #[error(transparent)]
    Caller(#[from] CallerError),
    /// A public client, which cannot authenticate, may not introspect (RFC 7662 §2.1).
    #[error("a public client cannot introspect: use an access token as Bearer")]
    Public,
    /// The store or a key is unavailable. Nothing has changed.
    #[error("the service is not available at the moment: try again")]
    Unavailable,
}

impl From<ParameterError> for TokenRequestError {
    fn from(error: ParameterError) -> Self {
        Self::Form(error.into())
    }
}

impl TokenRequestError {
    /// The status and `error` code (RFC 7009 §2.2.1, RFC 7662 §2.3).
    #[must_use]
    pub const fn response(&self) -> (u16, &'static str) {
        match self {
            Self::Form(fault) => fault.response(),
            Self::MissingToken => (400, "invalid_request"),
            Self::Public => (401, "invalid_client"),
            Self::Caller(error) => error.response(),
            Self::Unavailable => (503, "temporarily_unavailable"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixtures::parameters;
    use crate::tokens::bearer::BearerError;

    #[test]
    fn a_request_names_one_token() {
        let token = |body: &str| {
            TokenParameter::parse(&parameters(body)).map(|named| named.map(|named| named.token.expose().clone()))
        };
        assert_eq!(token("token=abc&token_type_hint=whatever"), Ok(Some("abc".into())));
        assert_eq!(token("token="), Ok(None));
        assert_eq!(token(""), Ok(None));
        assert_eq!(token("token=a&token=a"), Err(ParameterError::Repeated("token")));
    }

    #[test]
    fn each_error_has_its_status_and_code() {
        let invalid_request = (400, "invalid_request");
        let table = [
            (TokenRequestError::from(ParameterError::Encoding), invalid_request),
            (TokenRequestError::from(FormFault::TooLarge), (413, "invalid_request")),
            (TokenRequestError::MissingToken, invalid_request),
            (TokenRequestError::Caller(CallerError::Bearer(BearerError::Invalid)), (401, "invalid_token")),
            (TokenRequestError::Public, (401, "invalid_client")),
            (TokenRequestError::Unavailable, (503, "temporarily_unavailable")),
        ];
        for (error, expected) in table {
            assert_eq!(error.response(), expected, "{error:?}");
        }
    }
}
