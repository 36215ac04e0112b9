//! A refresh token becomes tokens (RFC 6749 §6).

use protocol::syntax::encoding::base64url;
use protocol::tokens::error::{RefreshFault, TokenError};
use protocol::tokens::refresh_grant::{ApprovedRefresh, RefreshRequest, Rotation, approve, of_region};
use protocol::tokens::refresh_token::RefreshToken;
use protocol::types::commit::Unreleased;
use protocol::types::time::Lifetime;
use signing::Deriver;
use signing::entropy::random;
use store::{RefreshOutcome, RotationWrite};

use crate::respond::TokenResponse;
use crate::sign::{Derived, derived, held};
use crate::{AuthenticatedRequest, TIME_TO_COMMIT, TIME_TO_SIGN_AND_COMMIT, unavailable};

/// The line that every request follows, each step once.
pub(crate) async fn refresh(
    request: &AuthenticatedRequest<'_>,
    asked: RefreshRequest,
) -> Result<TokenResponse, TokenError> {
    let AuthenticatedRequest { deps, workspace, client, .. } = request;
    let token = of_region(asked.token, &deps.region)?;
    let grant = deps.grants.find(&workspace.id, &token.grant).await.map_err(|fault| unavailable(&fault))?;
    let now = deps.back.clock.now();
    let keys = deps.refresh_tokens.keys(now).await.map_err(|fault| unavailable(&fault))?;
    let genuine = || was_issued(request, &keys, &token);
    let approved = match approve(grant, &token, (asked.scope, asked.resource), (client, genuine), now) {
        Err(TokenError::Refresh(fault)) => return Err(refused(request, fault).await),
        decided => decided?,
    };
    known_user(request, &approved)?;
    request.in_time(TIME_TO_SIGN_AND_COMMIT)?;
    let (successor, write) = successor(request, &keys, &approved)?;
    let tokens = Box::pin(held(request, &approved.entitlement, successor.as_ref())).await?;
    request.in_time(TIME_TO_COMMIT)?;
    commit(request, (&approved, write), tokens).await
}

/// Whether `token` is one that this grant really had, of whatever generation and version of the key.
fn was_issued(request: &AuthenticatedRequest<'_>, keys: &Deriver, token: &RefreshToken) -> bool {
    let of = |version| derived(request.deps, keys, &request.workspace.id, (&token.grant, token.generation, version));
    keys.versions().filter_map(of).any(|derived| derived.issue.hash.matches(&token.hash))
}

fn known_user(request: &AuthenticatedRequest<'_>, approved: &ApprovedRefresh) -> Result<(), TokenError> {
    let terms = approved.entitlement.terms();
    let known = terms.is_some_and(|terms| request.workspace.knows(&terms.source, &terms.subject));
    if known { Ok(()) } else { Err(TokenError::Refresh(RefreshFault::UserGone)) }
}

/// The refresh token that is handed out, none if the presented one stays, and what the store is to make of it.
fn successor(
    request: &AuthenticatedRequest<'_>,
    keys: &Deriver,
    approved: &ApprovedRefresh,
) -> Result<(Option<Derived>, RotationWrite), TokenError> {
    let grant = approved.entitlement.grant();
    let of = |generation, version| {
        let successor = derived(request.deps, keys, &request.workspace.id, (grant, generation, version));
        successor.ok_or_else(|| unavailable(&"the key for refresh tokens is gone"))
    };
    match approved.rotation() {
        Rotation::Stays => Ok((None, RotationWrite::Stays)),
        Rotation::Next(generation) => {
            let next = of(generation, keys.current())?;
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

/// The one write that makes it happen, or nothing happened.
async fn commit(
    request: &AuthenticatedRequest<'_>,
    (approved, write): (&ApprovedRefresh, RotationWrite),
    tokens: Unreleased<TokenResponse>,
) -> Result<TokenResponse, TokenError> {
    let AuthenticatedRequest { deps, workspace, .. } = request;
    let attempt = random::<16>(&*deps.entropy).map_err(|fault| unavailable(&fault))?;
    let (attempt, now) = (base64url(&attempt), deps.back.clock.now());
    let refreshed = deps.grants.refresh(&workspace.id, (approved, write), &attempt, now).await;
    match refreshed.map_err(|fault| unavailable(&fault))? {
        RefreshOutcome::Good(proof) => {
            tracing::info!(workspace = %workspace.id, grant.id = %approved.entitlement.grant(), "a grant was refreshed");
            Ok(tokens.release(&proof))
        }
        RefreshOutcome::Gone => Err(TokenError::Refresh(RefreshFault::Revoked)),
        RefreshOutcome::Lost if approved.grace() == Lifetime::seconds(0) => {
            Err(TokenError::Refresh(RefreshFault::LostRace))
        }
        // The next try of this client finds the successor that another request made.
        RefreshOutcome::Lost => Err(unavailable(&"a refresh token was replaced under another key at the same time")),
    }
}

/// Refuses a refresh token. One that was replaced before, and comes from the right client, ends its grant first: it or its
/// successor was stolen, and nobody can say which (RFC 9700 §4.14.2).
async fn refused(request: &AuthenticatedRequest<'_>, fault: RefreshFault) -> TokenError {
    let AuthenticatedRequest { deps, workspace, request, client } = request;
    if let Some(grant) = fault.reused_grant() {
        tracing::warn!(
            workspace = %workspace.id, grant.id = %grant, client.id = %client.client().id, trace.id = %request.trace_id,
            "a refresh token was reused: its grant is revoked"
        );
        if let Err(fault) = deps.grants.revoke(&workspace.id, grant, deps.back.clock.now()).await {
            return unavailable(&fault);
        }
    }
    TokenError::Refresh(fault)
}
