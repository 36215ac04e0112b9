//! The use of a refresh token (RFC 6749 §6, OAuth 2.1 §4.3): the decision.
//!
//! A grant's refresh tokens are a list and never a tree. The current one is replaced by its successor; for a short while
//! its predecessor still yields the very same successor, because an answer may be lost, a client may try twice and two
//! tabs may refresh at once (catalogue row SEC-RT-06). Whatever else of the grant's past is presented was stolen, or its
//! successor was.

use crate::clients::client::{Client, RotationPolicy};
use crate::clients::grant_type::GrantType;
use crate::clients::resource_indicator::Resources;
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
    /// The token; `None` if what came cannot be one, which is answered like an unknown token.
    pub token: Option<RefreshToken>,
    /// What is asked for.
    pub narrowing: Narrowing,
}

/// The part of what was granted that a request asks for, if not all of it (RFC 6749 §6, RFC 8707 §2.2).
pub struct Narrowing {
    /// The scopes.
    pub scope: Option<Scopes>,
    /// The resources.
    pub resource: Resources,
}

/// What becomes of the refresh token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rotation {
    /// It is replaced by the token of this generation.
    Next(u32),
    /// It was replaced a moment ago: its successor, of this generation, is handed out again, as it was derived with this
    /// version of the key.
    Again(u32, u8),
    /// It stays, because the client does not rotate.
    Stays,
}

/// The proof that a grant may be refreshed. Only [`approve`] makes one.
pub struct ApprovedRefresh {
    /// What is due.
    pub entitlement: Entitlement,
    rotation: Rotation,
    presented: SecretHash,
    current: SecretHash,
    idle_until: Timestamp,
    stays_until: Timestamp,
    grace: Lifetime,
}

impl ApprovedRefresh {
    /// What becomes of the refresh token.
    #[must_use]
    pub const fn rotation(&self) -> Rotation {
        self.rotation
    }

    /// The digest of the token that was presented.
    #[must_use]
    pub const fn presented(&self) -> &SecretHash {
        &self.presented
    }

    /// The digest of the token that was current when the grant was read, which the condition of the commit repeats.
    #[must_use]
    pub const fn current(&self) -> &SecretHash {
        &self.current
    }

    /// Until when the next refresh has to come.
    #[must_use]
    pub const fn idle_until(&self) -> Timestamp {
        self.idle_until
    }

    /// When nothing of the grant is good any more; never earlier than before.
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

/// Finds out whether `token` can be one of this region at all.
///
/// # Errors
///
/// [`TokenError`] for what is not a refresh token, and for one of another region.
pub fn of_region(token: Option<RefreshToken>, region: &RegionLabel) -> Result<RefreshToken, TokenError> {
    let token = token.ok_or(TokenError::Refresh(RefreshFault::Unknown))?;
    if &token.region == region { Ok(token) } else { Err(TokenError::OtherRegion(token.region)) }
}

/// What a refresh token is, measured against its grant.
#[derive(Clone, Copy)]
enum TokenPosition {
    Current(RefreshState),
    /// Replaced, and the moment when.
    Previous(RefreshState, Timestamp),
    /// Of an earlier generation, and really ours.
    Past,
}

/// Decides a refresh. `genuine` says whether a token of an earlier generation, of which the store remembers nothing, was
/// really issued: a stranger who knows a grant's id must not be able to end it.
///
/// # Errors
///
/// [`TokenError`]; [`RefreshFault::Reused`] alone demands something of the caller.
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
    let entitlement = entitlement(&grant, client, narrowing, now)?;
    if !user.is_active() {
        return Err(TokenError::Refresh(RefreshFault::UserGone));
    }
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

/// Compares the digests, and only then looks at anything else: who cannot present the token learns nothing.
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

/// What becomes of a token that stands like this. One that was replaced in the future was so before a clock was set back:
/// that is no grace, and no reuse either.
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

/// What is due: what was granted, as far as the client may still have it, or the part of it that is asked for.
fn entitlement(
    grant: &Grant,
    client: &Client,
    Narrowing { scope, resource }: Narrowing,
    now: Timestamp,
) -> Result<Entitlement, TokenError> {
    let granted = grant.terms.scope.filtered(|scope| client.scope.contains(scope));
    let scope = match scope {
        Some(asked) if !asked.within(&granted) => return Err(TokenError::InvalidScope),
        Some(asked) => asked,
        None => granted,
    };
    let audience = client.targets.audience(&grant.terms.resource, &resource)?;
    Ok(Entitlement {
        grant: grant.id.clone(),
        holder: Holder::User(Box::new(grant.terms.clone())),
        scope,
        audience,
        now,
        access_token: client.lifetimes.access_token,
        id_token: IdTokens { lifetime: client.lifetimes.id_token, at_hash: client.at_hash, nonce: None },
    })
}
