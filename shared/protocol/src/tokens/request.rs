//! The token request (RFC 6749 §4.1.3, §4.4.2 and §6, RFC 7636 §4.5, RFC 8628 §3.4).

use crate::authorization::code::AuthorizationCode;
use crate::clients::grant_type::DEVICE_CODE;
use crate::clients::resource_indicator::Resources;
use crate::syntax::parameters::Parameters;
use crate::tokens::client_credentials::ClientCredentialsRequest;
use crate::tokens::device_code::{DeviceCode, DevicePoll};
use crate::tokens::error::TokenError;
use crate::tokens::refresh_grant::{Narrowing, RefreshRequest};
use crate::tokens::refresh_token::RefreshToken;
use crate::types::scope::Scopes;
use crate::types::secret::Secret;

/// A token request.
pub enum TokenRequest {
    /// The exchange of a code.
    Code(CodeExchange),
    /// The use of a refresh token.
    Refresh(RefreshRequest),
    /// A request for the client's own token.
    ClientCredentials(ClientCredentialsRequest),
    /// The poll of a device.
    Device(DevicePoll),
}

/// A request to exchange a code.
pub struct CodeExchange {
    /// The code; `None` if it is malformed, which is treated like an unknown code.
    pub code: Option<AuthorizationCode>,
    /// What is presented with it.
    pub presented: Presented,
}

/// What a request presents along with its code.
pub struct Presented {
    /// The redirect URI, if it is sent.
    pub redirect_uri: Option<String>,
    /// The verifier, not parsed yet.
    pub code_verifier: Option<Secret<String>>,
    /// The requested resources, if not all that were granted.
    pub resource: Resources,
}

impl TokenRequest {
    /// Parses the body of a token request.
    ///
    /// # Errors
    ///
    /// [`TokenError`] says what is missing or not supported.
    pub fn parse(body: &Parameters) -> Result<Self, TokenError> {
        match body.one("grant_type")? {
            Some("authorization_code") => CodeExchange::parse(body).map(Self::Code),
            Some("refresh_token") => refresh(body).map(Self::Refresh),
            Some("client_credentials") => client_credentials(body).map(Self::ClientCredentials),
            Some(DEVICE_CODE) => device(body).map(Self::Device),
            Some(_) => Err(TokenError::UnsupportedGrantType),
            None if body.one("authorization_code")?.is_some() => Err(TokenError::Shorthand),
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

fn device(body: &Parameters) -> Result<DevicePoll, TokenError> {
    let code = body.one("device_code")?.ok_or(TokenError::MissingDeviceCode)?;
    Ok(DevicePoll { code: DeviceCode::parse(code), resource: Resources::parse(body)? })
}

fn scope(body: &Parameters) -> Result<Option<Scopes>, TokenError> {
    body.one("scope")?.map(|text| Scopes::parse(text).map_err(TokenError::from)).transpose()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::fixtures::{REDIRECT_URI, VERIFIER, code, grant_id, parameters, refresh_token_text, scopes};
    use crate::syntax::parameters::ParameterError;

    fn refused(body: &str) -> String {
        format!("{:?}", TokenRequest::parse(&parameters(body)).err())
    }

    #[test]
    fn a_code_comes_with_redirect_uri_verifier_and_resources() {
        let body = format!(
            "grant_type=authorization_code&code={}&redirect_uri={REDIRECT_URI}&code_verifier={VERIFIER}&resource=urn:a",
            code()
        );
        let Ok(TokenRequest::Code(exchange)) = TokenRequest::parse(&parameters(&body)) else { panic!("no exchange") };
        assert_eq!(exchange.code.map(|code| code.grant), Some(grant_id()));
        assert_eq!(exchange.presented.redirect_uri.as_deref(), Some(REDIRECT_URI));
        assert_eq!(exchange.presented.code_verifier.unwrap().expose(), VERIFIER);
        assert_eq!(exchange.presented.resource.iter().collect::<Vec<_>>(), ["urn:a"]);
        let Ok(TokenRequest::Code(bare)) = TokenRequest::parse(&parameters("grant_type=authorization_code&code=x"))
        else {
            panic!("no exchange")
        };
        assert!(bare.code.is_none(), "what cannot be a code is an unknown code, and no malformed request");
        assert!(bare.presented.redirect_uri.is_none() && bare.presented.code_verifier.is_none());
    }

    #[test]
    fn a_refresh_may_narrow_scopes_and_resources() {
        let body =
            format!("grant_type=refresh_token&refresh_token={}&scope=read&resource=urn:a", refresh_token_text(3));
        let Ok(TokenRequest::Refresh(refresh)) = TokenRequest::parse(&parameters(&body)) else { panic!("no refresh") };
        assert_eq!(refresh.token.map(|token| token.generation), Some(3));
        assert_eq!(refresh.narrowing.scope, Some(scopes("read")));
        assert_eq!(refresh.narrowing.resource.iter().collect::<Vec<_>>(), ["urn:a"]);
        let Ok(TokenRequest::Refresh(bare)) =
            TokenRequest::parse(&parameters("grant_type=refresh_token&refresh_token=x"))
        else {
            panic!("no refresh")
        };
        assert!(bare.token.is_none() && bare.narrowing.scope.is_none() && bare.narrowing.resource.is_empty());
    }

    #[test]
    fn client_credentials_request_scopes_and_resources() {
        let body = "grant_type=client_credentials&scope=read&resource=urn:a";
        let Ok(TokenRequest::ClientCredentials(request)) = TokenRequest::parse(&parameters(body)) else {
            panic!("no client credentials")
        };
        assert_eq!(request.scope, Some(scopes("read")));
        assert_eq!(request.resource.iter().collect::<Vec<_>>(), ["urn:a"]);
    }

    #[test]
    fn missing_repeated_or_unsupported_parameters_are_named() {
        let repeated = |name| format!("{:?}", Some(TokenError::from(ParameterError::Repeated(name))));
        let table = [
            ("", "Some(MissingGrantType)".to_owned()),
            ("grant_type=", "Some(MissingGrantType)".into()),
            ("code=x", "Some(MissingGrantType)".into()),
            ("authorization_code=x", "Some(Shorthand)".into()),
            ("grant_type=password", "Some(UnsupportedGrantType)".into()),
            ("grant_type=authorization_code", "Some(MissingCode)".into()),
            ("grant_type=authorization_code&authorization_code=x", "Some(MissingCode)".into()),
            ("grant_type=authorization_code&code=x&resource=/x", "Some(InvalidTarget(Malformed('/x')))".into()),
            ("grant_type=refresh_token", "Some(MissingRefreshToken)".into()),
            ("grant_type=refresh_token&refresh_token=x&scope=%22", "Some(MalformedScope(MalformedScope))".into()),
            ("grant_type=refresh_token&refresh_token=x&resource=/x", "Some(InvalidTarget(Malformed('/x')))".into()),
            ("grant_type=client_credentials&scope=%22", "Some(MalformedScope(MalformedScope))".into()),
            ("grant_type=client_credentials&resource=/x", "Some(InvalidTarget(Malformed('/x')))".into()),
            ("grant_type=client_credentials&grant_type=client_credentials", repeated("grant_type")),
            ("grant_type=authorization_code&code=x&code=x", repeated("code")),
            ("grant_type=authorization_code&code=x&redirect_uri=x&redirect_uri=x", repeated("redirect_uri")),
            ("grant_type=authorization_code&code=x&code_verifier=x&code_verifier=x", repeated("code_verifier")),
            ("grant_type=refresh_token&refresh_token=x&refresh_token=x", repeated("refresh_token")),
            ("grant_type=client_credentials&scope=a&scope=a", repeated("scope")),
        ];
        for (body, expected) in table {
            assert_eq!(refused(body), expected, "{body}");
        }
    }

    proptest! {
        #[test]
        fn parsing_never_panics(body in "(grant_type=(authorization_code|refresh_token|client_credentials))?(&[a-z_]{1,13}=[!-~]{0,20}){0,5}") {
            if let Ok(parameters) = Parameters::parse(body.as_bytes()) {
                let _ = TokenRequest::parse(&parameters);
            }
        }
    }
}
