//! A refresh token becomes tokens (RFC 6749 §6).

use protocol::syntax::encoding::base64url;
use protocol::tokens::error::{RefreshFault, TokenError};
use protocol::tokens::refresh_grant::{ApprovedRefresh, RefreshRequest, Turn, approve, of_region};
use protocol::tokens::refresh_token::RefreshToken;
use protocol::types::commit::Unreleased;
use protocol::types::time::Lifetime;
use signing::Deriver;
use signing::entropy::random;
use store::{Refreshed, Succession};

use crate::respond::TokenResponse;
use crate::sign::{Derived, derived, held};
use crate::{COMMIT, SIGN_AND_COMMIT, Visit, unavailable};

/// The line that every request follows, each step once.
pub(crate) async fn refresh(visit: &Visit<'_>, asked: RefreshRequest) -> Result<TokenResponse, TokenError> {
    let Visit { deps, workspace, client, .. } = visit;
    let token = of_region(asked.token, &deps.region)?;
    let grant = deps.grants.find(&workspace.id, &token.grant).await.map_err(|fault| unavailable(&fault))?;
    let now = deps.back.clock.now();
    let keys = deps.refresh_tokens.keys(now).await.map_err(|fault| unavailable(&fault))?;
    let genuine = || was_issued(visit, &keys, &token);
    let approved = match approve(grant, &token, (asked.scope, asked.resource), (client, genuine), now) {
        Err(TokenError::Refresh(fault)) => return Err(refused(visit, fault).await),
        decided => decided?,
    };
    known_user(visit, &approved)?;
    visit.in_time(SIGN_AND_COMMIT)?;
    let (successor, succession) = successor(visit, &keys, &approved)?;
    let tokens = Box::pin(held(visit, &approved.entitlement, successor.as_ref())).await?;
    visit.in_time(COMMIT)?;
    commit(visit, (&approved, succession), tokens).await
}

/// Whether `token` is one that this grant really had, of whatever generation and version of the key.
fn was_issued(visit: &Visit<'_>, keys: &Deriver, token: &RefreshToken) -> bool {
    let of = |version| derived(visit.deps, keys, &visit.workspace.id, (&token.grant, token.generation, version));
    keys.versions().filter_map(of).any(|derived| derived.issue.hash.matches(&token.hash))
}

fn known_user(visit: &Visit<'_>, approved: &ApprovedRefresh) -> Result<(), TokenError> {
    let terms = approved.entitlement.terms();
    let known = terms.is_some_and(|terms| visit.workspace.knows(&terms.source, &terms.subject));
    if known { Ok(()) } else { Err(TokenError::Refresh(RefreshFault::UserGone)) }
}

/// The refresh token that is handed out, none if the presented one stays, and what the store is to make of it.
fn successor(
    visit: &Visit<'_>,
    keys: &Deriver,
    approved: &ApprovedRefresh,
) -> Result<(Option<Derived>, Succession), TokenError> {
    let grant = approved.entitlement.grant();
    let of = |generation, version| {
        let successor = derived(visit.deps, keys, &visit.workspace.id, (grant, generation, version));
        successor.ok_or_else(|| unavailable(&"the key for refresh tokens is gone"))
    };
    match approved.turn() {
        Turn::Stays => Ok((None, Succession::Stays)),
        Turn::Next(generation) => {
            let next = of(generation, keys.current())?;
            let succession = Succession::Next(generation, next.issue);
            Ok((Some(next), succession))
        }
        Turn::Again(generation, version) => {
            let again = of(generation, version)?;
            let succession = Succession::Again(again.issue);
            Ok((Some(again), succession))
        }
    }
}

/// The one write that makes it happen, or nothing happened.
async fn commit(
    visit: &Visit<'_>,
    (approved, succession): (&ApprovedRefresh, Succession),
    tokens: Unreleased<TokenResponse>,
) -> Result<TokenResponse, TokenError> {
    let Visit { deps, workspace, .. } = visit;
    let attempt = random::<16>(&*deps.entropy).map_err(|fault| unavailable(&fault))?;
    let (attempt, now) = (base64url(&attempt), deps.back.clock.now());
    let refreshed = deps.grants.refresh(&workspace.id, (approved, succession), &attempt, now).await;
    match refreshed.map_err(|fault| unavailable(&fault))? {
        Refreshed::Good(proof) => {
            tracing::info!(workspace = %workspace.id, grant.id = %approved.entitlement.grant(), "a grant was refreshed");
            Ok(tokens.release(&proof))
        }
        Refreshed::Gone => Err(TokenError::Refresh(RefreshFault::Revoked)),
        Refreshed::Lost if approved.grace() == Lifetime::seconds(0) => Err(TokenError::Refresh(RefreshFault::LostRace)),
        // The next try of this client finds the successor that another request made.
        Refreshed::Lost => Err(unavailable(&"a refresh token was replaced under another key at the same time")),
    }
}

/// Refuses a refresh token. One that was replaced before, and comes from the right client, ends its grant first: it or its
/// successor was stolen, and nobody can say which (RFC 9700 §4.14.2).
async fn refused(visit: &Visit<'_>, fault: RefreshFault) -> TokenError {
    let Visit { deps, workspace, request, client } = visit;
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
