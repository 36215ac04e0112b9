//! The client credentials grant (RFC 6749 §4.4).

use protocol::tokens::client_credentials::{ClientCredentialsRequest, approve};
use protocol::tokens::error::TokenError;
use protocol::types::id::GrantId;
use signing::entropy::random;
use web::unavailable;

use crate::authenticated_request::{AuthenticatedRequest, TIME_TO_SIGN};
use crate::response::TokenResponse;
use crate::sign::sign_tokens;

/// Decide and sign. Nothing is written: such a token belongs to no grant.
pub(crate) async fn issue(
    request: &AuthenticatedRequest<'_>,
    asked: &ClientCredentialsRequest,
) -> Result<TokenResponse, TokenError> {
    let name = random(&*request.deps.entropy).map_err(unavailable)?;
    let due = approve(asked, GrantId::from_bytes(name), request.decision_context())?;
    request.in_time(TIME_TO_SIGN)?;
    let token = Box::pin(sign_tokens(request, &due, None)).await?;
    tracing::info!("a client was given a token of its own");
    Ok(token)
}
