//! Why a request is refused, and the corresponding response (RFC 6750 §3).

use http::header::{self, HeaderValue};
use http::{Response, StatusCode};
use thiserror::Error;

use crate::quoted::quoted;
use crate::source::JwksFault;
use crate::step_up::StepUp;

/// Why a token is invalid. For logs only: the caller of the API learns no more than `invalid_token`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum InvalidToken {
    /// It is longer than 8 KiB, or its header is longer than 2 KiB.
    #[error("it is too long")]
    TooLong,
    /// It is not three parts of canonical base64url (RFC 7515 §3.1).
    #[error("it is not a compact JWS")]
    Form,
    /// Its header is not strict JSON with the required members and types, or demands an extension.
    #[error("its header cannot be accepted")]
    Header,
    /// It is another kind of token: `typ` is not `at+jwt` (RFC 9068 §2.1).
    #[error("it is not an access token")]
    Type,
    /// It claims an algorithm that is not accepted, or that is not the key's (RFC 8725 §3.1).
    #[error("its algorithm is not accepted")]
    Algorithm,
    /// Its claims are not strict JSON with the required members and types (RFC 9068 §2.2).
    #[error("its claims cannot be accepted")]
    Claims,
    /// It was issued by another issuer.
    #[error("another issuer issued it")]
    Issuer,
    /// It is for another API.
    #[error("it is for another audience")]
    Audience,
    /// Expired.
    #[error("it has expired")]
    Expired,
    /// It is not valid yet.
    #[error("it is not valid yet")]
    NotYetValid,
    /// It is bound to a key of its holder (`cnf`), which a Bearer request does not prove (RFC 7800 §3.1).
    #[error("it is bound to a key that is not proved")]
    Bound,
    /// The issuer has no key with its `kid`.
    #[error("its key is not one of the issuer's")]
    Key,
    /// The signature was not made by the key.
    #[error("its signature is wrong")]
    Signature,
}

/// Why a request is refused.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum Refusal {
    /// There is no token. The response names the scheme and has no error code (RFC 6750 §3.1).
    #[error("there is no access token")]
    Missing,
    /// There is more than one token, a token in the URL, or a malformed header.
    #[error("there is not exactly one access token in the Authorization header")]
    Malformed,
    /// The token is invalid.
    #[error("the access token is not valid: {0}")]
    Invalid(#[source] InvalidToken),
    /// The token is valid but lacks this scope.
    #[error("the access token lacks the scope {0:?}")]
    InsufficientScope(String),
    /// The token is valid, but its user has to authenticate again, in another way or more recently (RFC 9470 §3).
    #[error("the user of the access token has to authenticate again: {0}")]
    InsufficientAuthentication(StepUp),
    /// The token is valid, but its subject lacks this role.
    #[error("the subject of the access token lacks the role {0:?}")]
    MissingRole(String),
    /// The token is valid, but its subject is not in this group.
    #[error("the subject of the access token is not in the group {0:?}")]
    MissingGroup(String),
    /// The token cannot be validated because the issuer's keys are unavailable. The token itself may be valid.
    #[error("the access token cannot be checked: {0}")]
    Unavailable(#[source] JwksFault),
}

impl Refusal {
    /// The status and the `error` code (RFC 6750 §3.1).
    #[must_use]
    pub const fn code(&self) -> (StatusCode, Option<&'static str>) {
        match self {
            Self::Missing => (StatusCode::UNAUTHORIZED, None),
            Self::Malformed => (StatusCode::BAD_REQUEST, Some("invalid_request")),
            Self::Invalid(_) => (StatusCode::UNAUTHORIZED, Some("invalid_token")),
            Self::InsufficientScope(_) | Self::MissingRole(_) | Self::MissingGroup(_) => {
                (StatusCode::FORBIDDEN, Some("insufficient_scope"))
            }
            Self::InsufficientAuthentication(_) => (StatusCode::UNAUTHORIZED, Some("insufficient_user_authentication")),
            Self::Unavailable(_) => (StatusCode::SERVICE_UNAVAILABLE, Some("temporarily_unavailable")),
        }
    }

    /// The description for the caller of the API. It repeats nothing from the request and reveals no cause.
    #[must_use]
    pub const fn description(&self) -> &'static str {
        match self {
            Self::Missing => "send an access token in the Authorization header",
            Self::Malformed => "send exactly one access token, in the Authorization header",
            Self::Invalid(_) => "the access token is not valid here, or has expired",
            Self::InsufficientScope(_) => "the access token lacks the scope that this request requires",
            Self::InsufficientAuthentication(_) => "this request requires another authentication of the user",
            Self::MissingRole(_) | Self::MissingGroup(_) => "this request requires higher privileges",
            Self::Unavailable(_) => "the service is not available at the moment: try again",
        }
    }

    /// Returns the `WWW-Authenticate` header (RFC 6750 §3). There is none for an infrastructure fault, where another
    /// token would not help.
    #[must_use]
    pub fn challenge(&self, realm: &str) -> Option<HeaderValue> {
        let code = self.code().1.unwrap_or_default();
        let error = || format!(", error=\"{code}\", error_description=\"{}\"", self.description());
        let more = match self {
            Self::Unavailable(_) => return None,
            Self::Missing => String::new(),
            Self::Malformed | Self::Invalid(_) | Self::MissingRole(_) | Self::MissingGroup(_) => error(),
            Self::InsufficientScope(scope) => format!("{}, scope={}", error(), quoted(scope)),
            Self::InsufficientAuthentication(step_up) => error() + &step_up.parameters(),
        };
        HeaderValue::from_str(&format!("Bearer realm={}{more}", quoted(realm))).ok()
    }

    /// Returns the complete response: status, challenge, and the error as JSON. It must not be cached.
    #[must_use]
    pub fn response(&self, realm: &str) -> Response<String> {
        let (status, code) = self.code();
        let body = serde_json::json!({
            "error": code.unwrap_or("invalid_token"),
            "error_description": self.description(),
        });
        let mut response = Response::new(body.to_string());
        *response.status_mut() = status;
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        if let Some(challenge) = self.challenge(realm) {
            headers.insert(header::WWW_AUTHENTICATE, challenge);
        }
        if status == StatusCode::SERVICE_UNAVAILABLE {
            headers.insert(header::RETRY_AFTER, HeaderValue::from_static("5"));
        }
        response
    }
}

impl From<InvalidToken> for Refusal {
    fn from(reason: InvalidToken) -> Self {
        Self::Invalid(reason)
    }
}

impl From<StepUp> for Refusal {
    fn from(demanded: StepUp) -> Self {
        Self::InsufficientAuthentication(demanded)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The challenge for a token whose subject may not do this.
    const PRIVILEGES: &str = "Bearer realm=\"api\", error=\"insufficient_scope\", error_description=\"this request requires higher \
                              privileges\"";

    #[test]
    fn sec_res_03_each_refusal_has_the_status_and_the_challenge_of_rfc_6750() {
        let table = [
            (Refusal::Missing, 401, Some("Bearer realm=\"api\"")),
            (
                Refusal::Malformed,
                400,
                Some(
                    "Bearer realm=\"api\", error=\"invalid_request\", error_description=\"send exactly one access \
                     token, in the Authorization header\"",
                ),
            ),
            (
                InvalidToken::Expired.into(),
                401,
                Some(
                    "Bearer realm=\"api\", error=\"invalid_token\", error_description=\"the access token is not valid \
                     here, or has expired\"",
                ),
            ),
            (
                Refusal::InsufficientScope("offers.read".into()),
                403,
                Some(
                    "Bearer realm=\"api\", error=\"insufficient_scope\", error_description=\"the access token lacks \
                     the scope that this request requires\", scope=\"offers.read\"",
                ),
            ),
            (
                StepUp::default().acr("gold").max_age(std::time::Duration::from_mins(5)).into(),
                401,
                Some(
                    "Bearer realm=\"api\", error=\"insufficient_user_authentication\", error_description=\"this request \
                     requires another authentication of the user\", acr_values=\"gold\", max_age=\"300\"",
                ),
            ),
            (Refusal::MissingRole("admin".into()), 403, Some(PRIVILEGES)),
            (Refusal::MissingGroup("staff".into()), 403, Some(PRIVILEGES)),
            (Refusal::Unavailable(JwksFault::Unreadable), 503, None),
        ];
        for (refusal, status, challenge) in table {
            let response = refusal.response("api");
            assert_eq!(response.status().as_u16(), status, "{refusal}");
            let found = response.headers().get("www-authenticate").map(|value| value.to_str().unwrap());
            assert_eq!(found, challenge, "{refusal}");
            assert_eq!(response.headers()["cache-control"], "no-store");
            assert_eq!(response.headers().contains_key("retry-after"), status == 503);
        }
    }

    #[test]
    fn every_reason_looks_the_same_from_outside() {
        let answer = |reason: InvalidToken| {
            let response = Refusal::from(reason).response("api");
            (format!("{:?}", response.headers()), response.into_body())
        };
        assert_eq!(answer(InvalidToken::Signature), answer(InvalidToken::Audience));
    }

    #[test]
    fn a_realm_or_scope_cannot_break_out_of_its_quotes() {
        let challenge = Refusal::InsufficientScope("a\" x=\"".into()).challenge("r\\\"").unwrap();
        let challenge = challenge.to_str().unwrap();
        assert!(challenge.starts_with(r#"Bearer realm="r\\\"", error"#), "{challenge}");
        assert!(challenge.ends_with(r#"scope="a\" x=\"""#), "{challenge}");
        assert!(Refusal::Missing.challenge("a\r\nX: y").is_none());
    }
}
