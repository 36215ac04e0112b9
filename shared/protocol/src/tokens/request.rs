//! The token request (RFC 6749 §4.1.3, §4.4.2 and §6, RFC 7636 §4.5).

use crate::authorization::code::AuthorizationCode;
use crate::clients::resource_indicator::Resources;
use crate::syntax::parameters::Parameters;
use crate::tokens::client_credentials::ClientCredentialsRequest;
use crate::tokens::error::TokenError;
use crate::tokens::refresh_grant::{Narrowing, RefreshRequest};
use crate::tokens::refresh_token::RefreshToken;
use crate::types::scope::Scopes;
use crate::types::secret::Secret;

/// A request for tokens.
pub enum TokenRequest {
    /// In exchange for a code.
    Code(CodeExchange),
    /// By a refresh token.
    Refresh(RefreshRequest),
    /// For the client itself.
    ClientCredentials(ClientCredentialsRequest),
}

/// A request to exchange a code.
pub struct CodeExchange {
    /// The code; `None` if what came cannot be one, which is answered like an unknown code.
    pub code: Option<AuthorizationCode>,
    /// What comes along with it.
    pub presented: Presented,
}

/// What a request presents along with its code.
pub struct Presented {
    /// The redirect URI that the client says it used.
    pub redirect_uri: Option<String>,
    /// The verifier as it came.
    pub code_verifier: Option<Secret<String>>,
    /// The resources that the tokens are to be for, if not all that were granted.
    pub resource: Resources,
}

impl TokenRequest {
    /// Parses the body of a token request.
    ///
    /// # Errors
    ///
    /// [`TokenError`] says what is missing or not offered.
    pub fn parse(body: &Parameters) -> Result<Self, TokenError> {
        match body.one("grant_type")? {
            Some("authorization_code") => CodeExchange::parse(body).map(Self::Code),
            Some("refresh_token") => refresh(body).map(Self::Refresh),
            Some("client_credentials") => client_credentials(body).map(Self::ClientCredentials),
            Some(_) => Err(TokenError::UnsupportedGrantType),
            None if body.has("authorization_code") => Err(TokenError::Shorthand),
            None => Err(TokenError::MissingGrantType),
        }
    }
}

impl CodeExchange {
    fn parse(body: &Parameters) -> Result<Self, TokenError> {
        let code = body.one("code")?.ok_or(TokenError::MissingCode)?;
        Ok(Self {
            code: AuthorizationCode::parse(code),
            presented: Presented {
                redirect_uri: body.one("redirect_uri")?.map(Into::into),
                code_verifier: body.one("code_verifier")?.map(|verifier| Secret::new(verifier.into())),
                resource: Resources::parse(body)?,
            },
        })
    }
}

fn refresh(body: &Parameters) -> Result<RefreshRequest, TokenError> {
    let token = body.one("refresh_token")?.ok_or(TokenError::MissingRefreshToken)?;
    let narrowing = Narrowing { scope: scope(body)?, resource: Resources::parse(body)? };
    Ok(RefreshRequest { token: RefreshToken::parse(token), narrowing })
}

fn client_credentials(body: &Parameters) -> Result<ClientCredentialsRequest, TokenError> {
    Ok(ClientCredentialsRequest { scope: scope(body)?, resource: Resources::parse(body)? })
}

fn scope(body: &Parameters) -> Result<Option<Scopes>, TokenError> {
    body.one("scope")?.map(|text| Scopes::parse(text).map_err(|_| TokenError::InvalidScope)).transpose()
}
