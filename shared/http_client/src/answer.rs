//! Reads responses, and bounds what they may be.

use bytes::Bytes;
use http::StatusCode;
use http::header::{self, HeaderMap, HeaderValue};
use http_body_util::{BodyExt as _, Collected, Limited};
use hyper::body::Incoming;
use protocol::syntax::json::strict;
use protocol::syntax::quoted::Quoted;
use serde::Deserialize;
use serde_json::{Map, Value};

use crate::fault::{FetchFault, Refused};

/// The maximum size of a response.
pub(crate) const MAX_ANSWER_BYTES: usize = 64 * 1024;

/// The expected content of a response. The request determines it, and nothing else is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Accepted {
    /// JSON.
    Json,
    /// A JWK Set (RFC 7517 §8.5).
    Keys,
    /// Claims, as JSON or as a JWT (OpenID Connect Core §5.3.2).
    Claims,
    /// Anything, because only the status matters.
    Anything,
}

/// Claims about a user.
#[derive(Debug, PartialEq)]
pub enum Claims {
    /// As JSON.
    Plain(Map<String, Value>),
    /// As a JWT, not verified yet.
    Signed(String),
}

impl Accepted {
    /// The `Accept` field (RFC 9110 §12.5.1).
    pub(crate) const fn field(self) -> HeaderValue {
        HeaderValue::from_static(match self {
            Self::Json => "application/json",
            Self::Keys => "application/jwk-set+json, application/json",
            Self::Claims => "application/json, application/jwt",
            Self::Anything => "*/*",
        })
    }
}

/// An OAuth error response as received (RFC 6749 §5.2).
#[derive(Deserialize)]
struct ErrorResponse {
    error: String,
    error_description: Option<String>,
}

/// Reads a response with status 200. Its length is that of its content: no content coding is requested, and none is decoded.
pub(crate) async fn document(response: http::Response<Incoming>) -> Result<(HeaderMap, Bytes), FetchFault> {
    let status = response.status();
    if let Some(coding) = coding(response.headers()) {
        return Err(FetchFault::Encoded(coding));
    }
    let (parts, body) = response.into_parts();
    if status.is_client_error() && is_json(parts.headers.get(header::CONTENT_TYPE)) {
        let said = Limited::new(body, MAX_ANSWER_BYTES).collect().await.map(Collected::to_bytes);
        return Err(refused(status, said.ok().as_deref()));
    }
    if status != StatusCode::OK {
        return Err(FetchFault::Status(status.as_u16()));
    }
    let body = Limited::new(body, MAX_ANSWER_BYTES).collect().await;
    let body = body.map(Collected::to_bytes).map_err(|error| FetchFault::Unreachable(error.to_string()))?;
    Ok((parts.headers, body))
}

/// The content coding of a response (RFC 9110 §8.4), unless it is `identity`.
fn coding(headers: &HeaderMap) -> Option<String> {
    let mut codings = headers.get_all(header::CONTENT_ENCODING).iter().map(HeaderValue::as_bytes);
    let packed = codings.find(|coding| !coding.trim_ascii().is_empty() && !coding.eq_ignore_ascii_case(b"identity"));
    packed.map(|coding| Quoted::of(&String::from_utf8_lossy(coding)).to_string())
}

/// The fault for an error status, with the OAuth error if there is one.
fn refused(status: StatusCode, said: Option<&[u8]>) -> FetchFault {
    let status = status.as_u16();
    match said.and_then(strict::<ErrorResponse>) {
        None => FetchFault::Status(status),
        Some(ErrorResponse { error, error_description }) => FetchFault::Refused(Box::new(Refused {
            status,
            error: Quoted::of(&error),
            description: Quoted::of(&error_description.unwrap_or_default()),
        })),
    }
}

/// Whether the media type is `application/json` or has the suffix `+json`, such as `application/jwk-set+json` (RFC 6839
/// §3.1).
pub(crate) fn is_json(content_type: Option<&HeaderValue>) -> bool {
    essence(content_type).strip_prefix("application/").is_some_and(|kind| kind == "json" || kind.ends_with("+json"))
}

/// Whether the media type is `application/jwt` (RFC 7519 §10.3.1).
pub(crate) fn is_jwt(content_type: Option<&HeaderValue>) -> bool {
    essence(content_type) == "application/jwt"
}

fn essence(content_type: Option<&HeaderValue>) -> String {
    let text = content_type.and_then(|value| value.to_str().ok()).unwrap_or_default();
    text.split(';').next().unwrap_or_default().trim().to_ascii_lowercase()
}
