//! From outcome to status, headers and body.

use std::error::Error as _;

use backchannel::ClientContext;
use protocol::tokens::error::TokenError;
use serde::Serialize;
use tracing::field::display;
use web::{Response, json};

/// Tokens as a client reads them (RFC 6749 §5.1, OpenID Connect Core §3.1.3.3).
#[derive(Serialize)]
pub(crate) struct TokenResponse {
    pub(crate) access_token: String,
    pub(crate) token_type: &'static str,
    pub(crate) expires_in: u32,
    pub(crate) scope: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) id_token: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) refresh_token: Option<String>,
}

/// The response to a request that is refused.
pub(crate) fn refuse(context: &ClientContext<'_>, error: &TokenError) -> Response {
    let (status, code) = error.response();
    let cause = error.source().map(display);
    tracing::info!(error.code = code, error = %error, cause, "a token request was refused");
    let response = json::error(context.request, status, code, &error.to_string());
    if status == 401 {
        return json::challenged(response, &format!("Basic realm=\"{}\"", context.workspace.issuer.as_str()));
    }
    response
}
