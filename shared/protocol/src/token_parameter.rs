//! Revocation (RFC 7009): who may revoke what.

use thiserror::Error;

use crate::access_token::AccessTokenClaims;
use crate::bearer::BearerError;
use crate::client_authentication::ClientAuthenticationError;
use crate::id::{ClientId, GrantId};
use crate::parameters::{ParameterError, Parameters};
use crate::secret::Secret;

/// A request to revoke a token. `token_type_hint` is not needed, and so not read (§2.1).
pub struct RevocationRequest {
    /// The token.
    pub token: Secret<String>,
}

/// Who asks for the revocation.
pub enum Revoker {
    /// A client, by its own authentication.
    Client(ClientId),
    /// The holder of an access token, by that token.
    Bearer(Box<AccessTokenClaims>),
}

/// Why a revocation is refused.
#[derive(Debug, Error)]
pub enum RevocationError {
    /// The parameters as such are broken or repeated.
    #[error(transparent)]
    Parameters(#[from] ParameterError),
    /// Something of the request stands in the query.
    #[error("send the parameters in the body, not in the URL")]
    QueryParameters,
    /// The body is not a form.
    #[error("send the body as application/x-www-form-urlencoded")]
    ContentType,
    /// The body is larger than any request is.
    #[error("the body is larger than 64 KiB")]
    TooLarge,
    /// No `token`.
    #[error("token is missing")]
    MissingToken,
    /// The client is not believed.
    #[error(transparent)]
    Client(#[from] ClientAuthenticationError),
    /// The bearer token is not good.
    #[error(transparent)]
    Bearer(#[from] BearerError),
    /// The store or a key is out of reach: the token is still good.
    #[error("the token could not be revoked: try again")]
    Unavailable,
}

impl RevocationError {
    /// The status and `error` code (RFC 7009 §2.2.1).
    #[must_use]
    pub const fn response(&self) -> (u16, &'static str) {
        match self {
            Self::TooLarge => (413, "invalid_request"),
            Self::Parameters(_) | Self::QueryParameters | Self::ContentType | Self::MissingToken => {
                (400, "invalid_request")
            }
            Self::Client(error) => error.response(),
            Self::Bearer(error) => match error.response() {
                (status, Some(code)) => (status, code),
                (status, None) => (status, "invalid_token"),
            },
            Self::Unavailable => (503, "temporarily_unavailable"),
        }
    }
}

impl RevocationRequest {
    /// Parses the body of a revocation request.
    ///
    /// # Errors
    ///
    /// [`RevocationError::MissingToken`], or what is wrong with the parameters.
    pub fn parse(body: &Parameters) -> Result<Self, RevocationError> {
        let token = body.one("token")?.ok_or(RevocationError::MissingToken)?;
        Ok(Self { token: Secret::new(token.into()) })
    }
}

/// The grant that `revoker` ends by revoking `token`; `None` if the token is not theirs, which is no error (§2.2).
#[must_use]
pub fn revoked_grant(token: &AccessTokenClaims, revoker: &Revoker) -> Option<GrantId> {
    let own = match revoker {
        Revoker::Client(client_id) => &token.client_id == client_id,
        Revoker::Bearer(bearer) => token.client_id == bearer.client_id && token.sub == bearer.sub,
    };
    own.then(|| token.grant()).flatten()
}
