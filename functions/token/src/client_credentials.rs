//! A client gets a token of its own (RFC 6749 §4.4).

use protocol::tokens::client_credentials::{ClientCredentialsRequest, approve};
use protocol::tokens::error::TokenError;
use protocol::types::id::GrantId;
use signing::entropy::random;

use crate::respond::TokenResponse;
use crate::sign::signed;
use crate::{AuthenticatedRequest, TIME_TO_SIGN, unavailable};

/// Decide and sign. Nothing is written: such a token belongs to no grant, and its name is its own.
pub(crate) async fn issue(
    request: &AuthenticatedRequest<'_>,
    asked: &ClientCredentialsRequest,
) -> Result<TokenResponse, TokenError> {
    let AuthenticatedRequest { deps, workspace, client, .. } = request;
    let name = random(&*deps.entropy).map_err(|fault| unavailable(&fault))?;
    let due = approve(asked, client, GrantId::from_bytes(name), deps.back.clock.now())?;
    request.in_time(TIME_TO_SIGN)?;
    let token = Box::pin(signed(request, &due, None)).await?;
    tracing::info!(workspace = %workspace.id, client.id = %client.client().id, "a client was given a token of its own");
    Ok(token)
}
