//! From outcome to status, headers and body.

use backchannel::CorsClient;
use protocol::tokens::error::TokenError;
use protocol::workspace::settings::Workspace;
use serde::Serialize;
use web::response::Caching;
use web::{Request, Response, json};

use crate::{Deps, tokens};

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

pub(crate) async fn respond(deps: &Deps, request: &Request, workspace: &Workspace, cors: &mut CorsClient) -> Response {
    match tokens(deps, request, workspace, cors).await {
        Ok(tokens) => json::json(200, &tokens, Caching::Never),
        Err(error) => refused(request, workspace, &error),
    }
}

fn refused(request: &Request, workspace: &Workspace, error: &TokenError) -> Response {
    let (status, code) = error.response();
    let cause = std::error::Error::source(error).map(ToString::to_string).unwrap_or_default();
    tracing::info!(
        workspace = %workspace.id, trace.id = %request.trace_id, error.code = code, error = %error, cause,
        "a token request was refused"
    );
    let response = json::error(request, status, code, &error.to_string());
    if status == 401 {
        return json::challenged(response, &format!("Basic realm=\"{}\"", workspace.issuer.as_str()));
    }
    response
}
