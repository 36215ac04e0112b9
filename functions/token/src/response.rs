//! The response of the token endpoint.

use backchannel::{ClientContext, challenged_by_basic, refused};
use protocol::tokens::error::TokenError;
use serde::Serialize;
use web::Response;

/// A successful response (RFC 6749 §5.1, OpenID Connect Core §3.1.3.3).
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

/// The response to a refused request.
pub(crate) fn refuse(context: &ClientContext<'_>, error: &TokenError) -> Response {
    challenged_by_basic(context, refused(context, error.response(), error, "a token request was refused"))
}
