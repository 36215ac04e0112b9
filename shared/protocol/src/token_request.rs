//! The token request (RFC 6749 §4.1.3, RFC 7636 §4.5).

use crate::code::AuthorizationCode;

use crate::parameters::Parameters;
use crate::secret::Secret;
use crate::token_error::TokenError;

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
}

impl CodeExchange {
    /// Parses the body of a token request.
    ///
    /// # Errors
    ///
    /// [`TokenError`] says what is missing or not offered.
    pub fn parse(body: &Parameters) -> Result<Self, TokenError> {
        match body.one("grant_type")? {
            Some("authorization_code") => {}
            Some(_) => return Err(TokenError::UnsupportedGrantType),
            None if body.has("authorization_code") => return Err(TokenError::Shorthand),
            None => return Err(TokenError::MissingGrantType),
        }
        let code = body.one("code")?.ok_or(TokenError::MissingCode)?;
        Ok(Self {
            code: AuthorizationCode::parse(code),
            presented: Presented {
                redirect_uri: body.one("redirect_uri")?.map(Into::into),
                code_verifier: body.one("code_verifier")?.map(|verifier| Secret::new(verifier.into())),
            },
        })
    }
}
