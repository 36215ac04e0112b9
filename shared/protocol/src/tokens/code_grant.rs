//! The exchange of an authorization code for tokens (RFC 6749 §4.1.3): the decision.

use crate::authorization::code::AuthorizationCode;
use crate::authorization::pkce::CodeVerifier;
use crate::clients::client::Presence;
use crate::clients::grant_type::GrantType;
use crate::clients::resource_indicator::Resources;
use crate::tokens::context::TokenContext;
use crate::tokens::entitlement::{Entitlement, Holder, IdTokens};
use crate::tokens::error::{CodeFault, TokenError};
use crate::tokens::grant::{Grant, GrantState, GrantTerms, LoadedGrant};
use crate::tokens::request::Presented;
use crate::types::id::{GrantId, RegionLabel};
use crate::types::scope::OFFLINE_ACCESS;
use crate::types::secret::{Secret, SecretHash};
use crate::types::time::Timestamp;

/// How long after a redemption a second valid one is taken for the client's own parallel retry and not for a replay
/// (catalogue row SEC-CODE-13): below a second, because conformance tests look for the revocation after one.
const RACE_WINDOW_MILLIS: u64 = 500;

/// The proof that a code may be redeemed, though its tokens may not yet be given out. Only [`approve`] makes one.
pub struct ApprovedExchange {
    /// What is due.
    pub entitlement: Entitlement,
    code: SecretHash,
    refresh: Option<RefreshLifetime>,
    stays_until: Timestamp,
}

/// Until when the refresh tokens of a grant are good.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RefreshLifetime {
    /// At the very latest, however often they are used (catalogue row SEC-RT-08).
    pub until: Timestamp,
    /// Until when the first refresh has to come.
    pub idle_until: Timestamp,
}

impl ApprovedExchange {
    /// The digest of the code, which the condition of the commit repeats.
    #[must_use]
    pub const fn code(&self) -> &SecretHash {
        &self.code
    }

    /// Until when refresh tokens are good, if one is due.
    #[must_use]
    pub const fn refresh(&self) -> Option<RefreshLifetime> {
        self.refresh
    }

    /// When the last token of this exchange ends, and the grant with it; never earlier than before the exchange, because
    /// the grant also stands in the way of its own interaction.
    #[must_use]
    pub fn expires(&self) -> Timestamp {
        let refresh = self.refresh.map_or(self.stays_until, |refresh| refresh.until);
        self.entitlement.ends().max(self.stays_until).max(refresh)
    }
}

/// Finds out whether `code` can be one of this region at all.
///
/// # Errors
///
/// [`TokenError`] for what is not a code, and for a code of another region.
pub fn of_region(code: Option<AuthorizationCode>, region: &RegionLabel) -> Result<AuthorizationCode, TokenError> {
    let code = code.ok_or(TokenError::Code(CodeFault::Unknown))?;
    if &code.region == region { Ok(code) } else { Err(TokenError::OtherRegion(code.region)) }
}

/// Decides an exchange: client, code, redirect URI, verifier, and only then what became of the code, so that nobody
/// without the verifier can learn that or set off anything (catalogue row SEC-CODE-08).
///
/// # Errors
///
/// [`TokenError`]; [`CodeFault::Replayed`] alone demands something of the caller.
pub fn approve(
    loaded: Option<LoadedGrant>,
    code: &SecretHash,
    presented: Presented,
    context: TokenContext<'_>,
) -> Result<ApprovedExchange, TokenError> {
    let TokenContext { client, now } = context;
    let LoadedGrant { grant, user } = loaded.ok_or(TokenError::Code(CodeFault::Unknown))?;
    if !code_of(&grant.state).matches(code) {
        return Err(TokenError::Code(CodeFault::Unknown));
    }
    if grant.terms.client_id != client.client().id {
        return Err(TokenError::Code(CodeFault::OtherClient));
    }
    same_redirect_uri(&grant.terms, presented.redirect_uri.as_deref())?;
    verified(&grant.terms, presented.code_verifier, client.client().challenge.presence)?;
    unused(&grant, now)?;
    if !user.is_active() {
        return Err(TokenError::Code(CodeFault::UserGone));
    }
    entitled(grant, *code, &presented.resource, context)
}

/// What is due for a code that may be redeemed.
fn entitled(
    grant: Grant,
    code: SecretHash,
    resource: &Resources,
    context: TokenContext<'_>,
) -> Result<ApprovedExchange, TokenError> {
    let (client, now) = (context.client.client(), context.now);
    let lifetimes = client.lifetimes;
    let refreshes = grant.terms.scope.contains(OFFLINE_ACCESS) && client.grants.contains(&GrantType::RefreshToken);
    let until = now.plus(lifetimes.refresh_token);
    let idle_until = now.plus(lifetimes.refresh_token_idle).min(until);
    let nonce = grant.terms.nonce.clone();
    Ok(ApprovedExchange {
        code,
        refresh: refreshes.then_some(RefreshLifetime { until, idle_until }),
        stays_until: grant.expires,
        entitlement: Entitlement {
            scope: grant.terms.scope.clone(),
            audience: client.targets.audience(&grant.terms.resource, resource)?,
            grant: grant.id,
            holder: Holder::User(Box::new(grant.terms)),
            now,
            access_token: lifetimes.access_token,
            id_token: IdTokens { lifetime: lifetimes.id_token, at_hash: client.at_hash, nonce },
        },
    })
}

const fn code_of(state: &GrantState) -> SecretHash {
    match state {
        GrantState::Issued { code, .. } | GrantState::Redeemed { code, .. } | GrantState::Revoked { code } => *code,
    }
}

/// A redirect URI that is sent must be the one that was used. One that is not sent is made up for by the verifier,
/// which binds the code more strongly (OAuth 2.1 §10.2); without a challenge it is required (RFC 6749 §4.1.3).
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
        // No such code is ever issued to a client that must send a challenge: something tampered with the grant.
        (None, None) if presence == Presence::Required => Err(TokenError::MissingVerifier),
        (None, Some(_)) => Err(TokenError::UnexpectedVerifier),
        (None, None) => Ok(()),
    }
}

fn unused(grant: &Grant, now: Timestamp) -> Result<(), TokenError> {
    match grant.state {
        GrantState::Issued { code_expires, .. } if now.reached(code_expires) => {
            Err(TokenError::Code(CodeFault::Expired))
        }
        GrantState::Issued { .. } => Ok(()),
        GrantState::Redeemed { at, .. } => Err(TokenError::Code(second_use(&grant.id, at, now))),
        GrantState::Revoked { .. } => Err(TokenError::Code(CodeFault::Revoked)),
    }
}

/// What a second, otherwise valid use of a code at `now` is, if the first was at `redeemed`.
fn second_use(grant: &GrantId, redeemed: Timestamp, now: Timestamp) -> CodeFault {
    if now.millis() < redeemed.millis().saturating_add(RACE_WINDOW_MILLIS) {
        CodeFault::LostRace
    } else {
        CodeFault::Replayed(grant.clone())
    }
}
