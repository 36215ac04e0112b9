//! The refresh token grant (RFC 6749 §6).

use backchannel::{Derived, WorkspaceRefreshTokens};
use protocol::tokens::error::{RefreshFault, TokenError};
use protocol::tokens::refresh_grant::{ApprovedRefresh, RefreshRequest, Rotation, approve, of_region};
use protocol::types::commit::Unreleased;
use protocol::types::time::Lifetime;
use store::{RefreshOutcome, RotationWrite};
use web::unavailable;

use crate::authenticated_request::{AuthenticatedRequest, TIME_TO_COMMIT, TIME_TO_SIGN_AND_COMMIT};
use crate::response::TokenResponse;
use crate::sign::sign_and_hold;

/// Load, decide, sign, commit: each step once, in this order.
pub(crate) async fn refresh(
    request: &AuthenticatedRequest<'_>,
    asked: RefreshRequest,
) -> Result<TokenResponse, TokenError> {
    let token = of_region(asked.token, &request.deps.region)?;
    let loaded = request.load(&token.grant).await?;
    let context = request.decision_context();
    let refresh_tokens = request.deps.refresh_tokens.of(&request.workspace().id, context.now).await?;
    let genuine = || refresh_tokens.is_genuine(&token);
    let approved = match approve(loaded, &token, asked.narrowing, genuine, context) {
        Err(TokenError::Refresh(fault)) => return Err(refuse(request, fault).await),
        decided => decided?,
    };
    request.in_time(TIME_TO_SIGN_AND_COMMIT)?;
    let (successor, rotation) = successor(&refresh_tokens, &approved)?;
    let tokens = Box::pin(sign_and_hold(request, &approved.entitlement, successor.as_ref())).await?;
    request.in_time(TIME_TO_COMMIT)?;
    commit(request, &approved, rotation, tokens).await
}

/// The refresh token to issue, if tokens are rotated, and the corresponding write.
fn successor(
    tokens: &WorkspaceRefreshTokens<'_>,
    approved: &ApprovedRefresh,
) -> Result<(Option<Derived>, RotationWrite), TokenError> {
    let of = |generation, version| {
        let successor = tokens.derive(approved.entitlement.grant(), generation, version);
        successor.ok_or_else(|| unavailable("the key for refresh tokens no longer exists"))
    };
    match approved.rotation() {
        Rotation::Stays => Ok((None, RotationWrite::Stays)),
        Rotation::Next(generation) => {
            let next = of(generation, tokens.current_version())?;
            let write = RotationWrite::Next(generation, next.issue);
            Ok((Some(next), write))
        }
        Rotation::Again(generation, version) => {
            let again = of(generation, version)?;
            let write = RotationWrite::Again(again.issue);
            Ok((Some(again), write))
        }
    }
}

/// The single write that refreshes the grant.
async fn commit(
    request: &AuthenticatedRequest<'_>,
    approved: &ApprovedRefresh,
    rotation: RotationWrite,
    tokens: Unreleased<TokenResponse>,
) -> Result<TokenResponse, TokenError> {
    let refreshed = request.deps.grants.refresh(&request.write()?, approved, rotation).await;
    match refreshed.map_err(unavailable)? {
        RefreshOutcome::Good(proof) => {
            tracing::info!(grant.id = %approved.entitlement.grant(), "a grant was refreshed");
            Ok(tokens.release(&proof))
        }
        RefreshOutcome::Gone => Err(TokenError::Refresh(RefreshFault::Revoked)),
        RefreshOutcome::Lost if approved.grace() == Lifetime::seconds(0) => {
            Err(TokenError::Refresh(RefreshFault::LostRace))
        }
        // The client's retry finds the successor that the other request created.
        RefreshOutcome::Lost => {
            Err(unavailable("a refresh token was replaced under another key at the same time").into())
        }
    }
}

/// Refuses a refresh token. Reuse of a rotated token by the right client first revokes the grant: the token or its
/// successor was stolen, and it is unknown which (RFC 9700 §4.14.2).
async fn refuse(request: &AuthenticatedRequest<'_>, fault: RefreshFault) -> TokenError {
    if let Some(grant) = fault.reused_grant() {
        tracing::warn!(grant.id = %grant, "a refresh token was reused: its grant is revoked");
        if let Err(unavailable) = request.revoke(grant).await {
            return unavailable;
        }
    }
    TokenError::Refresh(fault)
}
