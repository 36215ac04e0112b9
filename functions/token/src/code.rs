//! A code becomes tokens (RFC 6749 §4.1.3).

use protocol::syntax::encoding::base64url;
use protocol::tokens::code_grant::{ApprovedExchange, approve, of_region};
use protocol::tokens::error::{CodeFault, TokenError};
use protocol::tokens::request::CodeExchange;
use protocol::types::commit::Unreleased;
use protocol::workspace::settings::Workspace;
use signing::entropy::random;
use store::{Redemption, RefreshIssue};

use crate::respond::TokenResponse;
use crate::sign::{Derived, derived, held};
use crate::{AuthenticatedRequest, Deps, TIME_TO_COMMIT, TIME_TO_SIGN_AND_COMMIT, unavailable};

/// The line that every request follows, each step once.
pub(crate) async fn exchange(
    request: &AuthenticatedRequest<'_>,
    asked: CodeExchange,
) -> Result<TokenResponse, TokenError> {
    let AuthenticatedRequest { deps, workspace, client, .. } = request;
    let code = of_region(asked.code, &deps.region)?;
    let grant = deps.grants.find(&workspace.id, &code.grant).await.map_err(|fault| unavailable(&fault))?;
    let approved = match approve(grant, &code.hash, asked.presented, client, deps.back.clock.now()) {
        Err(TokenError::Code(fault)) => return Err(lost(deps, workspace, fault).await),
        decided => decided?,
    };
    known_user(workspace, &approved)?;
    request.in_time(TIME_TO_SIGN_AND_COMMIT)?;
    let refresh_token = first_refresh_token(deps, workspace, &approved).await?;
    let tokens = Box::pin(held(request, &approved.entitlement, refresh_token.as_ref())).await?;
    request.in_time(TIME_TO_COMMIT)?;
    commit(request, (&approved, refresh_token.map(|derived| derived.issue)), tokens).await
}

fn known_user(workspace: &Workspace, approved: &ApprovedExchange) -> Result<(), TokenError> {
    let known = approved.entitlement.terms().is_some_and(|terms| workspace.knows(&terms.source, &terms.subject));
    if known { Ok(()) } else { Err(TokenError::Code(CodeFault::UserGone)) }
}

/// The first refresh token of the grant, if one is due.
async fn first_refresh_token(
    deps: &Deps,
    workspace: &Workspace,
    approved: &ApprovedExchange,
) -> Result<Option<Derived>, TokenError> {
    if approved.refresh().is_none() {
        return Ok(None);
    }
    let keys = deps.refresh_tokens.keys(approved.entitlement.now()).await.map_err(|fault| unavailable(&fault))?;
    let first = derived(deps, &keys, &workspace.id, (approved.entitlement.grant(), 1, keys.current()));
    first.map(Some).ok_or_else(|| unavailable(&"the key for refresh tokens is gone"))
}

/// The one write that makes it happen, or nothing happened.
async fn commit(
    request: &AuthenticatedRequest<'_>,
    (approved, first): (&ApprovedExchange, Option<RefreshIssue>),
    tokens: Unreleased<TokenResponse>,
) -> Result<TokenResponse, TokenError> {
    let AuthenticatedRequest { deps, workspace, .. } = request;
    let attempt = random::<16>(&*deps.entropy).map_err(|fault| unavailable(&fault))?;
    let (attempt, now) = (base64url(&attempt), deps.back.clock.now());
    let redemption = deps.grants.redeem(&workspace.id, (approved, first), &attempt, now).await;
    match redemption.map_err(|fault| unavailable(&fault))? {
        Redemption::Won(proof) => {
            tracing::info!(workspace = %workspace.id, grant.id = %approved.entitlement.grant(), "a code was redeemed");
            Ok(tokens.release(&proof))
        }
        Redemption::Lost => Err(TokenError::Code(CodeFault::LostRace)),
        Redemption::Gone => Err(TokenError::Code(CodeFault::Revoked)),
    }
}

/// Refuses a code. One that was used before by somebody who knew everything that the client knows ends its grant
/// first (RFC 6749 §4.1.2, OAuth 2.1 §7.5.2).
async fn lost(deps: &Deps, workspace: &Workspace, fault: CodeFault) -> TokenError {
    if let Some(grant) = fault.replayed_grant() {
        tracing::warn!(workspace = %workspace.id, grant.id = %grant, "a code was replayed: its grant is revoked");
        if let Err(fault) = deps.grants.revoke(&workspace.id, grant, deps.back.clock.now()).await {
            return unavailable(&fault);
        }
    }
    TokenError::Code(fault)
}
