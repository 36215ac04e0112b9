//! Bearer tokens in requests to protected resources, and their errors (RFC 6750).

use thiserror::Error;

use crate::syntax::authorization::scheme_and_credentials;
use crate::syntax::parameters::Parameters;
use crate::types::secret::Secret;

/// Why a request to a protected resource is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum BearerError {
    /// No token: the response names the scheme and has no error code (RFC 6750 §3.1).
    #[error("send an access token in the Authorization header, or as access_token in a form")]
    Missing,
    /// More than one token, a token in the URL, or a malformed header.
    #[error("send exactly one access token, in the Authorization header or as access_token in a form")]
    Malformed,
    /// Not issued here, expired or revoked.
    #[error("the access token is not valid here, has expired or was revoked")]
    Invalid,
    /// The token lacks the required scope.
    #[error("the access token lacks the scope that this request requires")]
    InsufficientScope,
    /// The store or a key is unavailable.
    #[error("the service is not available at the moment: try again")]
    Unavailable,
}

impl BearerError {
    /// The status and `error` code (RFC 6750 §3.1).
    #[must_use]
    pub const fn response(self) -> (u16, Option<&'static str>) {
        match self {
            Self::Missing => (401, None),
            Self::Malformed => (400, Some("invalid_request")),
            Self::Invalid => (401, Some("invalid_token")),
            Self::InsufficientScope => (403, Some("insufficient_scope")),
            Self::Unavailable => (503, Some("temporarily_unavailable")),
        }
    }
}

/// Parses the bearer token in the `Authorization` headers of a request (RFC 6750 §2.1).
///
/// # Errors
///
/// [`BearerError::Missing`] or [`BearerError::Malformed`].
pub fn bearer_token(authorization: &[&str]) -> Result<Secret<String>, BearerError> {
    let header = match authorization {
        [] => return Err(BearerError::Missing),
        [one] => one,
        _ => return Err(BearerError::Malformed),
    };
    let (scheme, token) = scheme_and_credentials(header).ok_or(BearerError::Malformed)?;
    if !scheme.eq_ignore_ascii_case("bearer") {
        return Err(BearerError::Missing);
    }
    access_token(token)
}

/// Parses the one bearer token of a request, in its `Authorization` headers or in its `form` (RFC 6750 §2.1 and §2.2).
///
/// # Errors
///
/// [`BearerError::Missing`] or [`BearerError::Malformed`].
pub fn bearer_token_or_parameter(authorization: &[&str], form: &Parameters) -> Result<Secret<String>, BearerError> {
    match (form.one("access_token").map_err(|_| BearerError::Malformed)?, authorization) {
        (None, _) => bearer_token(authorization),
        (Some(token), []) => access_token(token),
        (Some(_), _) => Err(BearerError::Malformed),
    }
}

fn access_token(text: &str) -> Result<Secret<String>, BearerError> {
    let is_token68 = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~+/=".contains(&byte);
    if text.is_empty() || text.len() > 8192 || !text.bytes().all(is_token68) {
        return Err(BearerError::Malformed);
    }
    Ok(Secret::new(text.into()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sec_param_10_exactly_one_well_formed_token_is_accepted() {
        for good in ["a", "A-._~+/=0", &"a".repeat(8192)] {
            for header in [format!("bearer {good}"), format!("Bearer   {good}")] {
                assert_eq!(bearer_token(&[&header]).unwrap().expose(), good);
            }
        }
        let long = format!("Bearer {}", "a".repeat(8193));
        let table = [
            (&[][..], BearerError::Missing),
            (&["Basic YTpi"], BearerError::Missing),
            (&["Bearer"], BearerError::Malformed),
            (&["Bearer "], BearerError::Malformed),
            (&["Bearer  "], BearerError::Malformed),
            (&["Bearer \tabc"], BearerError::Malformed),
            (&["Bearer\tabc"], BearerError::Malformed),
            (&["Bearer a b"], BearerError::Malformed),
            (&["Bearer a,Bearer b"], BearerError::Malformed),
            (&["Bearer a", "Bearer b"], BearerError::Malformed),
            (&[&long], BearerError::Malformed),
        ];
        for (headers, expected) in table {
            assert_eq!(bearer_token(headers).err(), Some(expected), "{headers:?}");
        }
    }

    #[test]
    fn sec_res_01_a_token_is_in_the_header_or_the_form_and_never_in_both() {
        let table = [
            (&[][..], "access_token=a", Ok("a")),
            (&["Bearer a"], "x=y", Ok("a")),
            (&["Bearer a"], "access_token=", Ok("a")),
            (&[], "access_token=", Err(BearerError::Missing)),
            (&[], "", Err(BearerError::Missing)),
            (&["Bearer a"], "access_token=a", Err(BearerError::Malformed)),
            (&["Basic YTpi"], "access_token=a", Err(BearerError::Malformed)),
            (&[], "access_token=a&access_token=a", Err(BearerError::Malformed)),
            (&[], "access_token=a%20b", Err(BearerError::Malformed)),
        ];
        for (headers, form, expected) in table {
            let form = Parameters::parse(form.as_bytes()).unwrap();
            let found = bearer_token_or_parameter(headers, &form);
            assert_eq!(found.as_ref().map(|token| token.expose().as_str()), expected.as_ref().copied(), "{headers:?}");
        }
    }

    #[test]
    fn each_error_has_its_status_and_code() {
        let table = [
            (BearerError::Missing, 401, None),
            (BearerError::Malformed, 400, Some("invalid_request")),
            (BearerError::Invalid, 401, Some("invalid_token")),
            (BearerError::InsufficientScope, 403, Some("insufficient_scope")),
            (BearerError::Unavailable, 503, Some("temporarily_unavailable")),
        ];
        for (error, status, code) in table {
            assert_eq!(error.response(), (status, code), "{error:?}");
        }
    }
}
