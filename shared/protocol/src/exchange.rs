//! The exchange of a code for tokens: the decision, and what it says no with.

use crate::client::Presence;
use crate::client_authentication::AuthenticatedClient;
use crate::code::AuthorizationCode;
use crate::grant::{Grant, GrantState, GrantTerms};
use crate::id::{GrantId, RegionLabel};
use crate::id_token::AtHash;
use crate::pkce::CodeVerifier;
use crate::scope::OPENID;
use crate::secret::{Secret, SecretHash};
use crate::time::{Lifetime, Timestamp};
use crate::token_error::{CodeFault, TokenError};
use crate::token_request::Presented;

/// How long after a redemption a second valid one is taken for the client's own parallel retry and not for a replay
/// (catalogue row SEC-CODE-13): below a second, because conformance tests look for the revocation after one.
const RACE_WINDOW_MILLIS: u64 = 500;

/// The proof that tokens may be signed for a code, though not yet given out. Only [`approve`] makes one.
pub struct ApprovedExchange {
    grant: GrantId,
    terms: GrantTerms,
    code: SecretHash,
    now: Timestamp,
    access_token: Lifetime,
    id_token: Lifetime,
    at_hash: AtHash,
    stays_until: Timestamp,
}

impl ApprovedExchange {
    /// The grant that is redeemed.
    #[must_use]
    pub const fn grant(&self) -> &GrantId {
        &self.grant
    }

    /// Its terms.
    #[must_use]
    pub const fn terms(&self) -> &GrantTerms {
        &self.terms
    }

    /// The digest of the code, which the condition of the commit repeats.
    #[must_use]
    pub const fn code(&self) -> &SecretHash {
        &self.code
    }

    /// When it was approved.
    #[must_use]
    pub const fn now(&self) -> Timestamp {
        self.now
    }

    /// How long the access token lives.
    #[must_use]
    pub const fn access_token_lifetime(&self) -> Lifetime {
        self.access_token
    }

    /// Whether the ID token carries `at_hash`.
    #[must_use]
    pub const fn at_hash(&self) -> AtHash {
        self.at_hash
    }

    /// How long the ID token lives, if one is due.
    #[must_use]
    pub fn id_token_lifetime(&self) -> Option<Lifetime> {
        self.terms.scope.contains(OPENID).then_some(self.id_token)
    }

    /// When the last token of this exchange ends, and the grant with it; never earlier than before the exchange, because
    /// the grant also stands in the way of its own interaction.
    #[must_use]
    pub fn expires(&self) -> Timestamp {
        let longest = self.id_token_lifetime().map_or(self.access_token, |id_token| id_token.max(self.access_token));
        self.now.plus(longest).max(self.stays_until)
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
    grant: Option<Grant>,
    code: &SecretHash,
    presented: Presented,
    client: &AuthenticatedClient,
    now: Timestamp,
) -> Result<ApprovedExchange, TokenError> {
    let grant = grant.ok_or(TokenError::Code(CodeFault::Unknown))?;
    if !code_of(&grant.state).matches(code) {
        return Err(TokenError::Code(CodeFault::Unknown));
    }
    if grant.terms.client_id != client.client().id {
        return Err(TokenError::Code(CodeFault::OtherClient));
    }
    same_redirect_uri(&grant.terms, presented.redirect_uri.as_deref())?;
    verified(&grant.terms, presented.code_verifier, client.client().challenge.presence)?;
    unused(&grant, now)?;
    let lifetimes = client.client().lifetimes;
    Ok(ApprovedExchange {
        grant: grant.id,
        terms: grant.terms,
        code: *code,
        now,
        access_token: lifetimes.access_token,
        id_token: lifetimes.id_token,
        at_hash: client.client().at_hash,
        stays_until: grant.expires,
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
