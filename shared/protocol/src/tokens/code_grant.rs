//! The decision on the exchange of an authorization code for tokens (RFC 6749 §4.1.3).

use crate::authorization::code::AuthorizationCode;
use crate::authorization::pkce::CodeVerifier;
use crate::clients::client::Presence;
use crate::clients::grant_type::GrantType;
use crate::clients::resource_indicator::Resources;
use crate::tokens::access::{allowed_audience, allowed_scope};
use crate::tokens::context::TokenContext;
use crate::tokens::entitlement::{Entitlement, Holder, IdTokens};
use crate::tokens::error::{CodeFault, TokenError};
use crate::tokens::grant::{Grant, GrantOrigin, GrantState, GrantTerms, LoadedGrant};
use crate::tokens::request::Presented;
use crate::types::id::{GrantId, RegionLabel};
use crate::types::retry_window::RetryWindow;
use crate::types::scope::OFFLINE_ACCESS;
use crate::types::secret::{Secret, SecretHash};
use crate::types::time::Timestamp;

/// A use of a code.
#[derive(Clone, Copy)]
pub struct CodeUse {
    /// The digest of the code.
    pub code: SecretHash,
    /// The digest of its sender ([`AuthorizationCode::sender`]).
    pub sender: SecretHash,
    /// The time within which a second use can be the client's own retry.
    pub retry_window: RetryWindow,
}

impl CodeUse {
    /// The fault of this otherwise valid use if another request redeemed the code after the grant was read (catalogue
    /// row SEC-CODE-13). Times do not matter here: the two requests were concurrent.
    #[must_use]
    pub fn lost_to(&self, first: Option<&SecretHash>, grant: &GrantId) -> CodeFault {
        second_use(grant, self.may_come_again(first) && !self.retry_window.is_empty())
    }

    /// The fault of this otherwise valid use at `now`, if the code was redeemed at `redeemed`. Within the window, a
    /// retry by the sender of the first use is refused without consequences. A second sender shows that two parties have
    /// the code and its verifier, and it is unknown which of them got the tokens.
    fn after(&self, (redeemed, first): (Timestamp, Option<&SecretHash>), grant: &GrantId, now: Timestamp) -> CodeFault {
        second_use(grant, self.may_come_again(first) && self.retry_window.covers(redeemed, now))
    }

    /// Whether this may be the sender of the first use. Codes that were redeemed before senders were stored do not
    /// record it.
    fn may_come_again(&self, first: Option<&SecretHash>) -> bool {
        first.is_none_or(|first| self.sender.matches(first))
    }
}

/// The fault of a second use, which is the client's own retry or not.
fn second_use(grant: &GrantId, is_retry: bool) -> CodeFault {
    if is_retry { CodeFault::LostRace } else { CodeFault::Replayed(grant.clone()) }
}

/// Proof that a code may be redeemed. Its tokens may not be released yet. Only [`approve`] and the device grant create
/// it.
pub struct ApprovedExchange {
    /// The tokens to issue.
    pub entitlement: Entitlement,
    code: SecretHash,
    sender: SecretHash,
    refresh: Option<RefreshLifetime>,
    stays_until: Timestamp,
}

/// How long the refresh tokens of a grant are valid.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RefreshLifetime {
    /// When the last of them expires, however often they are used (catalogue row SEC-RT-08).
    pub until: Timestamp,
    /// When the first of them expires if it is not used.
    pub idle_until: Timestamp,
}

impl ApprovedExchange {
    /// The digest of the code, which the conditional write checks again.
    #[must_use]
    pub const fn code(&self) -> &SecretHash {
        &self.code
    }

    /// The digest of the sender of the code.
    #[must_use]
    pub const fn sender(&self) -> &SecretHash {
        &self.sender
    }

    /// How long refresh tokens are valid, if one is to be issued.
    #[must_use]
    pub const fn refresh(&self) -> Option<RefreshLifetime> {
        self.refresh
    }

    /// When the last token of this exchange expires, and the grant with it. It is never earlier than before the
    /// exchange, because the grant also prevents its interaction from being completed again.
    #[must_use]
    pub fn expires(&self) -> Timestamp {
        let refresh = self.refresh.map_or(self.stays_until, |refresh| refresh.until);
        self.entitlement.ends().max(self.stays_until).max(refresh)
    }
}

/// Checks that `code` is well-formed and was issued in this region.
///
/// # Errors
///
/// [`TokenError`] for a malformed code, or one of another region.
pub fn of_region(code: Option<AuthorizationCode>, region: &RegionLabel) -> Result<AuthorizationCode, TokenError> {
    let code = code.ok_or(TokenError::Code(CodeFault::Unknown))?;
    if &code.region == region { Ok(code) } else { Err(TokenError::OtherRegion(code.region)) }
}

/// Decides an exchange. Code, client, redirect URI and verifier are checked before the state of the code, so that
/// without the verifier one can neither learn that state nor cause a revocation (catalogue row SEC-CODE-08).
///
/// # Errors
///
/// [`TokenError`]. On [`CodeFault::Replayed`] the caller has to revoke the grant.
pub fn approve(
    loaded: Option<LoadedGrant>,
    usage: &CodeUse,
    presented: Presented,
    context: TokenContext<'_>,
) -> Result<ApprovedExchange, TokenError> {
    let loaded = of_client(loaded, usage, context, GrantOrigin::Browser)?;
    let terms = &loaded.grant.terms;
    same_redirect_uri(terms, presented.redirect_uri.as_deref())?;
    verified(terms, presented.code_verifier, context.client.client().challenge.presence)?;
    unspent(loaded, usage, &presented.resource, context)
}

/// Decides the exchange of a code that is bound to its client alone: a device code.
///
/// # Errors
///
/// As for [`approve`].
pub(super) fn approve_unbound(
    loaded: Option<LoadedGrant>,
    usage: &CodeUse,
    resource: &Resources,
    context: TokenContext<'_>,
) -> Result<ApprovedExchange, TokenError> {
    let loaded = of_client(loaded, usage, context, GrantOrigin::Device)?;
    unspent(loaded, usage, resource, context)
}

/// Returns the grant if the code and the client are its own and it came about in this way.
fn of_client(
    loaded: Option<LoadedGrant>,
    usage: &CodeUse,
    context: TokenContext<'_>,
    origin: GrantOrigin,
) -> Result<LoadedGrant, TokenError> {
    let loaded = loaded.ok_or(TokenError::Code(CodeFault::Unknown))?;
    let grant = &loaded.grant;
    if !code_of(&grant.state).matches(&usage.code) || grant.terms.origin != origin {
        return Err(TokenError::Code(CodeFault::Unknown));
    }
    if grant.terms.client_id != context.client.client().id {
        return Err(TokenError::Code(CodeFault::OtherClient));
    }
    Ok(loaded)
}

/// Approves the exchange if the code is unused and the user still exists.
fn unspent(
    loaded: LoadedGrant,
    usage: &CodeUse,
    resource: &Resources,
    context: TokenContext<'_>,
) -> Result<ApprovedExchange, TokenError> {
    let LoadedGrant { grant, user } = loaded;
    unused(&grant, usage, context.now)?;
    if !user.is_active() {
        return Err(TokenError::Code(CodeFault::UserGone));
    }
    entitled(grant, usage, resource, context)
}

/// The tokens to issue for a code that may be redeemed.
fn entitled(
    grant: Grant,
    usage: &CodeUse,
    resource: &Resources,
    context: TokenContext<'_>,
) -> Result<ApprovedExchange, TokenError> {
    let (client, now) = (context.client.client(), context.now);
    let lifetimes = client.lifetimes;
    let refreshes = grant.terms.scope.contains(OFFLINE_ACCESS) && client.grants.contains(&GrantType::RefreshToken);
    let until = now.plus(lifetimes.refresh_token);
    let idle_until = now.plus(lifetimes.refresh_token_idle).min(until);
    let nonce = grant.terms.nonce.clone();
    // A grant created by an earlier version may have scopes that users can no longer grant.
    let scope = allowed_scope(&grant.terms, client, &grant.terms.scope.of_users());
    let scope = scope.ok_or(TokenError::Code(CodeFault::UserNotAllowed))?;
    let audience = client.targets.audience(&grant.terms.resource, resource, &scope)?;
    let audience = allowed_audience(&grant.terms, client, resource, audience)?;
    let audience = audience.ok_or(TokenError::Code(CodeFault::UserNotAllowed))?;
    Ok(ApprovedExchange {
        code: usage.code,
        sender: usage.sender,
        refresh: refreshes.then_some(RefreshLifetime { until, idle_until }),
        stays_until: grant.expires,
        entitlement: Entitlement {
            scope: client.targets.narrowed(&scope, &audience),
            audience,
            grant: grant.id,
            holder: Holder::User(Box::new(grant.terms)),
            now,
            access_token: lifetimes.access_token,
            id_token: IdTokens::of(client, lifetimes.id_token, nonce),
        },
    })
}

const fn code_of(state: &GrantState) -> SecretHash {
    match state {
        GrantState::Issued { code, .. } | GrantState::Redeemed { code, .. } | GrantState::Revoked { code } => *code,
    }
}

/// A redirect URI that is sent must equal that of the authorization request. It may be omitted if there is a challenge,
/// because the verifier binds the code more strongly (OAuth 2.1 §10.2); otherwise it is required (RFC 6749 §4.1.3).
fn same_redirect_uri(terms: &GrantTerms, presented: Option<&str>) -> Result<(), TokenError> {
    let matches = match presented {
        Some(presented) => presented == terms.redirect_uri,
        None => terms.code_challenge.is_some() || !terms.redirect_uri_sent,
    };
    if matches { Ok(()) } else { Err(TokenError::RedirectUri) }
}

fn verified(terms: &GrantTerms, presented: Option<Secret<String>>, presence: Presence) -> Result<(), TokenError> {
    match (terms.code_challenge, presented) {
        (Some(challenge), Some(verifier)) => CodeVerifier::parse(verifier.expose())
            .and_then(|verifier| challenge.verify(verifier))
            .map(|_verified| ())
            .map_err(TokenError::Verifier),
        (Some(_), None) => Err(TokenError::MissingVerifier),
        // A client that must use PKCE is never issued such a code, so the grant was tampered with.
        (None, None) if presence == Presence::Required => Err(TokenError::MissingVerifier),
        (None, Some(_)) => Err(TokenError::UnexpectedVerifier),
        (None, None) => Ok(()),
    }
}

fn unused(grant: &Grant, usage: &CodeUse, now: Timestamp) -> Result<(), TokenError> {
    match grant.state {
        GrantState::Issued { code_expires, .. } if now.reached(code_expires) => {
            Err(TokenError::Code(CodeFault::Expired))
        }
        GrantState::Issued { .. } => Ok(()),
        GrantState::Redeemed { at, ref sender, .. } => {
            Err(TokenError::Code(usage.after((at, sender.as_ref()), &grant.id, now)))
        }
        GrantState::Revoked { .. } => Err(TokenError::Code(CodeFault::Revoked)),
    }
}
