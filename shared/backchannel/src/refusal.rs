//! The response to a refused request, and its log line.

use std::error::Error;

use tracing::field::display;
use web::{Response, json};

use crate::client_context::ClientContext;

/// The response with this status and `error` code to a request that is refused with `error`. The cause is only logged.
#[must_use]
pub fn refused(context: &ClientContext<'_>, (status, code): (u16, &str), error: &dyn Error, what: &str) -> Response {
    let cause = error.source().map(display);
    tracing::info!(error.code = code, error = %error, cause, "{what}");
    json::error(context.request, status, code, &error.to_string())
}

/// Adds the challenge to authenticate by HTTP Basic to `response` if it is a 401 (RFC 6749 §5.2).
#[must_use]
pub fn challenged_by_basic(context: &ClientContext<'_>, response: Response) -> Response {
    if response.status() != 401 {
        return response;
    }
    json::challenged(response, &format!("Basic realm=\"{}\"", context.workspace.issuer.as_str()))
}
