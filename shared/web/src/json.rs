//! JSON responses of back-channel endpoints.

use http::header::{self, HeaderValue};
use serde::Serialize;

use crate::request::Request;
use crate::response::{Caching, Response, response, set};

/// The header that carries the trace id.
pub const TRACE_ID: header::HeaderName = header::HeaderName::from_static("x-trace-id");

/// An error as programs read it (RFC 6749 §5.2).
#[derive(Serialize)]
pub struct ErrorBody<'a> {
    /// The error code.
    pub error: &'a str,
    /// What was wrong and what to do, for developers.
    pub error_description: &'a str,
    /// The trace id of the log lines.
    pub trace_id: &'a str,
}

/// `body` as JSON.
#[must_use]
pub fn json(status: u16, body: &impl Serialize, caching: Caching) -> Response {
    match serde_json::to_vec(body) {
        Ok(body) => response(status, "application/json", body, caching),
        Err(_) => response(500, "application/json", r#"{"error":"server_error"}"#, Caching::Never),
    }
}

/// An error as JSON.
#[must_use]
pub fn error(request: &Request, status: u16, code: &str, description: &str) -> Response {
    let body = ErrorBody { error: code, error_description: description, trace_id: &request.trace_id };
    let mut response = json(status, &body, Caching::Never);
    set(response.headers_mut(), TRACE_ID, &request.trace_id);
    response
}

/// The response for a missing path, tenant or workspace.
#[must_use]
pub fn not_found(request: &Request) -> Response {
    error(request, 404, "not_found", "there is nothing here: check the path, the tenant and the workspace")
}

/// The response to a method that the endpoint does not support.
#[must_use]
pub fn method_not_allowed(request: &Request, methods: &[&str]) -> Response {
    let description = format!("this endpoint takes {}", methods.join(" and "));
    let mut response = error(request, 405, "invalid_request", &description);
    set(response.headers_mut(), header::ALLOW, &methods.join(", "));
    response
}

/// The response when the store or a key is unavailable.
#[must_use]
pub fn unavailable(request: &Request) -> Response {
    error(request, 503, "temporarily_unavailable", "the service is not available at the moment: try again")
}

/// The response with a challenge to authenticate (RFC 9110 §11.6.1).
#[must_use]
pub fn challenged(mut response: Response, challenge: &str) -> Response {
    if let Ok(value) = HeaderValue::from_str(challenge) {
        response.headers_mut().insert(header::WWW_AUTHENTICATE, value);
    }
    response
}
