//! The token endpoint (RFC 6749 §3.2): exchanges a code, a refresh token, a device code or client credentials for tokens.
//!
//! parse → load → decide → sign → commit → respond. Nothing changes before the commit, so a failure before it leaves code
//! and refresh token usable; signed tokens are released only against the proof that the commit was won.

mod authenticated_request;
mod client_credentials;
mod code;
mod deps;
mod device;
mod last_polls;
mod refresh;
mod response;
mod sign;

use backchannel::ClientContext;
use protocol::tokens::error::TokenError;
use protocol::tokens::request::TokenRequest;
use web::response::Caching;
use web::route::Endpoint;
use web::{Request, Response, json};

pub use deps::Deps;
pub use last_polls::LastPolls;

use crate::authenticated_request::AuthenticatedRequest;
use crate::response::{TokenResponse, refuse};

/// Responds to a request.
pub async fn handle(deps: &Deps, request: &Request) -> Response {
    let respond = async |context: &ClientContext<'_>| match issue_tokens(deps, context).await {
        Ok(tokens) => json::json(200, &tokens, Caching::Never),
        Err(error) => refuse(context, &error),
    };
    deps.back.answer(request, Endpoint::Token, respond).await
}

/// Parse and authenticate the client; each grant type then has its own sequence of steps.
async fn issue_tokens(deps: &Deps, context: &ClientContext<'_>) -> Result<TokenResponse, TokenError> {
    let body = context.request.form()?;
    let asked = TokenRequest::parse(&body)?;
    if matches!(asked, TokenRequest::Device(_)) && !context.workspace.settings.device_authorization {
        return Err(TokenError::DeviceGrantOff);
    }
    let client = deps.client_authenticator.authenticate(&deps.back, context, &body).await?;
    let request = AuthenticatedRequest { deps, context, client };
    // Boxed, because the SDK's futures are large.
    match asked {
        TokenRequest::Code(asked) => Box::pin(code::exchange(&request, asked)).await,
        TokenRequest::Refresh(asked) => Box::pin(refresh::refresh(&request, asked)).await,
        TokenRequest::Device(asked) => Box::pin(device::poll(&request, asked)).await,
        TokenRequest::ClientCredentials(asked) => Box::pin(client_credentials::issue(&request, &asked)).await,
    }
}
