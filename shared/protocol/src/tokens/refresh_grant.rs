//! The decision on the use of a refresh token (RFC 6749 §6, OAuth 2.1 §4.3).
//!
//! A grant's refresh tokens form a list and never a tree. The current one is replaced by its successor; for a short
//! grace period its predecessor still yields the same successor, because a response may be lost, a client may retry and
//! two tabs may refresh at once (catalogue row SEC-RT-06). If any other past token is presented, it or its successor
//! was stolen.

use crate::clients::client::{Client, RotationPolicy};
use crate::clients::grant_type::GrantType;
use crate::clients::resource_indicator::Resources;
use crate::syntax::quoted::Quoted;
use crate::tokens::access::{allowed_audience, allowed_scope};
use crate::tokens::context::TokenContext;
use crate::tokens::entitlement::{Entitlement, Holder, IdTokens};
use crate::tokens::error::{RefreshFault, TokenError};
use crate::tokens::grant::{Grant, GrantState, LoadedGrant, RefreshState};
use crate::tokens::refresh_token::RefreshToken;
use crate::types::id::{GrantId, RegionLabel};
use crate::types::scope::Scopes;
use crate::types::secret::SecretHash;
use crate::types::time::{Lifetime, OWN_CLOCK_SKEW, Timestamp};

/// A request to refresh.
pub struct RefreshRequest {
    /// The token; `None` if it is malformed, which is treated like an unknown token.
    pub token: Option<RefreshToken>,
    /// The requested part of the grant.
    pub narrowing: Narrowing,
}

/// The requested part of the grant, if not all of it (RFC 6749 §6, RFC 8707 §2.2).
pub struct Narrowing {
    /// The scopes.
    pub scope: Option<Scopes>,
    /// The resources.
    pub resource: Resources,
}

/// What happens to the refresh token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rotation {
    /// It is replaced by the token of this generation.
    Next(u32),
    /// It was replaced within the grace period: its successor, of this generation, is returned again, derived with this
    /// version of the key.
    Again(u32, u8),
    /// It stays, because the client's refresh tokens are not rotated.
    Stays,
}

/// Proof that a grant may be refreshed. Only [`approve`] creates it.
pub struct ApprovedRefresh {
    /// The tokens to issue.
    pub entitlement: Entitlement,
    rotation: Rotation,
    presented: SecretHash,
    current: SecretHash,
    idle_until: Timestamp,
    stays_until: Timestamp,
    grace: Lifetime,
}

impl ApprovedRefresh {
    /// What happens to the refresh token.
    #[must_use]
    pub const fn rotation(&self) -> Rotation {
        self.rotation
    }

    /// The digest of the presented token.
    #[must_use]
    pub const fn presented(&self) -> &SecretHash {
        &self.presented
    }

    /// The digest of the token that was current when the grant was read, which the conditional write checks again.
    #[must_use]
    pub const fn current(&self) -> &SecretHash {
        &self.current
    }

    /// When the refresh token expires if it is not used.
    #[must_use]
    pub const fn idle_until(&self) -> Timestamp {
        self.idle_until
    }

    /// When the grant expires; never earlier than before.
    #[must_use]
    pub fn expires(&self) -> Timestamp {
        self.entitlement.ends().max(self.stays_until)
    }

    /// How long a replaced token still yields its successor.
    #[must_use]
    pub const fn grace(&self) -> Lifetime {
        self.grace
    }
}

/// Checks that `token` is well-formed and was issued in this region.
///
/// # Errors
///
/// [`TokenError`] for a malformed token, or one of another region.
pub fn of_region(token: Option<RefreshToken>, region: &RegionLabel) -> Result<RefreshToken, TokenError> {
    let token = token.ok_or(TokenError::Refresh(RefreshFault::Unknown))?;
    if &token.region == region { Ok(token) } else { Err(TokenError::OtherRegion(token.region)) }
}

/// The position of a presented token in the list of its grant.
#[derive(Clone, Copy)]
enum TokenPosition {
    Current(RefreshState),
    /// Replaced, and when.
    Previous(RefreshState, Timestamp),
    /// Of an earlier generation, and genuine.
    Past,
}

/// Decides a refresh. `genuine` tells whether a token of an earlier generation, which the store no longer records, was
/// really issued: knowing the id of a grant must not suffice to revoke it.
///
/// # Errors
///
/// [`TokenError`]. On [`RefreshFault::Reused`] the caller has to revoke the grant.
pub fn approve(
    loaded: Option<LoadedGrant>,
    token: &RefreshToken,
    narrowing: Narrowing,
    genuine: impl FnOnce() -> bool,
    context: TokenContext<'_>,
) -> Result<ApprovedRefresh, TokenError> {
    let (client, now) = (context.client.client(), context.now);
    let LoadedGrant { grant, user } = loaded.ok_or(TokenError::Refresh(RefreshFault::Unknown))?;
    if grant.terms.client_id != client.id {
        return Err(TokenError::Refresh(RefreshFault::OtherClient));
    }
    let position = position(&grant, token, genuine)?;
    if !client.grants.contains(&GrantType::RefreshToken) {
        return Err(TokenError::UnauthorizedClient);
    }
    let (state, rotation) = rotation(position, &grant.id, client, now)?;
    if !user.is_active() {
        return Err(TokenError::Refresh(RefreshFault::UserGone));
    }
    let entitlement = entitlement(&grant, client, narrowing, now)?;
    Ok(ApprovedRefresh {
        entitlement,
        rotation,
        presented: token.hash,
        current: state.current,
        idle_until: now.plus(client.lifetimes.refresh_token_idle).min(state.until),
        stays_until: grant.expires,
        grace: client.lifetimes.refresh_token_grace,
    })
}

/// Compares the digests first, so that nothing can be learned about the grant without the token.
fn position(grant: &Grant, token: &RefreshToken, genuine: impl FnOnce() -> bool) -> Result<TokenPosition, TokenError> {
    let state = match grant.state {
        GrantState::Redeemed { refresh: Some(state), .. } => state,
        GrantState::Revoked { .. } => return Err(TokenError::Refresh(RefreshFault::Revoked)),
        GrantState::Redeemed { refresh: None, .. } | GrantState::Issued { .. } => {
            return Err(TokenError::Refresh(RefreshFault::Unknown));
        }
    };
    if state.current.matches(&token.hash) {
        return Ok(TokenPosition::Current(state));
    }
    match state.previous {
        Some((previous, replaced)) if previous.matches(&token.hash) => Ok(TokenPosition::Previous(state, replaced)),
        _ if token.generation < state.generation && genuine() => Ok(TokenPosition::Past),
        _ => Err(TokenError::Refresh(RefreshFault::Unknown)),
    }
}

/// What happens to a token in this position. A replacement in the future dates from before a clock was set back: it is
/// neither within the grace period nor a reuse.
fn rotation(
    position: TokenPosition,
    grant: &GrantId,
    client: &Client,
    now: Timestamp,
) -> Result<(RefreshState, Rotation), TokenError> {
    let refused = |fault| Err(TokenError::Refresh(fault));
    match position {
        TokenPosition::Current(state) | TokenPosition::Previous(state, _) if now.reached(state.until) => {
            refused(RefreshFault::Expired)
        }
        TokenPosition::Current(state) | TokenPosition::Previous(state, _) if now.reached(state.idle_until) => {
            refused(RefreshFault::Idle)
        }
        TokenPosition::Current(state) if client.rotation == RotationPolicy::Off => Ok((state, Rotation::Stays)),
        TokenPosition::Current(state) => Ok((state, Rotation::Next(state.generation.saturating_add(1)))),
        TokenPosition::Previous(_, replaced) if replaced > now.plus(OWN_CLOCK_SKEW) => refused(RefreshFault::LostRace),
        TokenPosition::Previous(state, replaced)
            if !now.reached(replaced.plus(client.lifetimes.refresh_token_grace)) =>
        {
            Ok((state, Rotation::Again(state.generation, state.version)))
        }
        TokenPosition::Previous(..) | TokenPosition::Past => refused(RefreshFault::Reused(grant.clone())),
    }
}

/// The tokens to issue: for all that was granted and is still registered, or for the requested part of it.
fn entitlement(
    grant: &Grant,
    client: &Client,
    Narrowing { scope, resource }: Narrowing,
    now: Timestamp,
) -> Result<Entitlement, TokenError> {
    let not_allowed = || TokenError::Refresh(RefreshFault::UserNotAllowed);
    let granted = grant.terms.scope.of_users().filtered(|scope| client.scope.allow(scope));
    let granted = allowed_scope(&grant.terms, client, &granted).ok_or_else(not_allowed)?;
    let scope = match scope {
        Some(asked) => match asked.first_outside(&granted) {
            Some(other) => return Err(TokenError::ScopeNotGranted(Quoted::of(other))),
            None => asked,
        },
        None => granted,
    };
    let audience = client.targets.audience(&grant.terms.resource, &resource, &scope)?;
    let audience = allowed_audience(&grant.terms, client, &resource, audience)?.ok_or_else(not_allowed)?;
    Ok(Entitlement {
        grant: grant.id.clone(),
        holder: Holder::User(Box::new(grant.terms.clone())),
        scope: client.targets.narrowed(&scope, &audience),
        audience,
        now,
        access_token: client.lifetimes.access_token,
        id_token: IdTokens::of(client, client.lifetimes.id_token, None),
    })
}
