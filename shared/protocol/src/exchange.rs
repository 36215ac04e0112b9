//! The exchange of a code for tokens: the decision, and what it says no with.

use thiserror::Error;

use crate::client_authentication::{AuthenticatedClient, ClientAuthenticationError};
use crate::code::AuthorizationCode;
use crate::grant::{Grant, GrantState, GrantTerms};
use crate::id::{GrantId, RegionLabel};
use crate::parameters::ParameterError;
use crate::pkce::{CodeVerifier, PkceError};
use crate::scope::OPENID;
use crate::secret::{Secret, SecretHash};
use crate::time::{Lifetime, Timestamp};
use crate::token_request::CodeExchange;

/// How long after a redemption a second valid one is taken for the client's own parallel retry and not for a replay
/// (catalogue row SEC-CODE-13): below a second, because conformance tests look for the revocation after one.
const RACE_WINDOW_MILLIS: u64 = 500;

/// Why no tokens are issued.
#[derive(Debug, Error)]
pub enum TokenError {
    /// The parameters as such are broken or repeated.
    #[error(transparent)]
    Parameters(#[from] ParameterError),
    /// The client is not believed.
    #[error(transparent)]
    Client(#[from] ClientAuthenticationError),
    /// Something of the request stands in the query.
    #[error("send the parameters in the body, not in the URL")]
    QueryParameters,
    /// The body is not a form.
    #[error("send the body as application/x-www-form-urlencoded")]
    ContentType,
    /// The body is larger than any request is.
    #[error("the body is larger than 64 KiB")]
    TooLarge,
    /// No `grant_type`.
    #[error("grant_type is missing: use authorization_code")]
    MissingGrantType,
    /// The shorthand of an article: `authorization_code=` for `code=`, and no `grant_type`.
    #[error(
        "grant_type is missing: send grant_type=authorization_code with code, redirect_uri, client_id and code_verifier; \
         the code goes into the parameter code"
    )]
    Shorthand,
    /// A grant type that is not offered.
    #[error("grant_type must be authorization_code")]
    UnsupportedGrantType,
    /// No `code`.
    #[error("code is missing")]
    MissingCode,
    /// Unknown, foreign, expired, used or revoked: one answer.
    #[error("the code is unknown, expired, already used, or was issued to another client")]
    Code(#[source] CodeFault),
    /// The code was issued in another region.
    #[error("the code was issued in region {0}: redeem it there, or begin again here")]
    OtherRegion(RegionLabel),
    /// Another redirect URI than the one that the code was sent to.
    #[error("redirect_uri is not the one of the authorization request")]
    RedirectUri,
    /// The code is bound to a challenge and no verifier came.
    #[error("code_verifier is missing: the code is bound to a code_challenge")]
    MissingVerifier,
    /// A malformed verifier or one of another challenge.
    #[error(transparent)]
    Verifier(PkceError),
    /// A verifier for a code without challenge (OAuth 2.1 §3.2.4).
    #[error("code_verifier was sent for a code that was issued without a code_challenge")]
    UnexpectedVerifier,
    /// The store or a key is out of reach.
    #[error("the service is not available at the moment: try again")]
    Unavailable,
}

/// What exactly is wrong with a code. It goes to the log and never into the answer.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum CodeFault {
    /// There is no such grant, or the code is not its.
    #[error("unknown")]
    Unknown,
    /// It was issued to another client.
    #[error("of another client")]
    OtherClient,
    /// It has expired.
    #[error("expired")]
    Expired,
    /// Its grant was revoked, or never granted.
    #[error("revoked")]
    Revoked,
    /// Another request redeemed it a moment ago.
    #[error("lost the race")]
    LostRace,
    /// It was redeemed before, by somebody who knew the verifier: everything issued from it is to be revoked.
    #[error("replayed")]
    Replayed(GrantId),
}

impl TokenError {
    /// The status and `error` code to answer with (RFC 6749 §5.2, design decisions 1 and 2).
    #[must_use]
    pub const fn response(&self) -> (u16, &'static str) {
        match self {
            Self::Client(error) => error.response(),
            Self::TooLarge => (413, "invalid_request"),
            Self::Parameters(_)
            | Self::QueryParameters
            | Self::ContentType
            | Self::MissingGrantType
            | Self::Shorthand
            | Self::MissingCode
            | Self::UnexpectedVerifier => (400, "invalid_request"),
            Self::UnsupportedGrantType => (400, "unsupported_grant_type"),
            Self::Code(_) | Self::OtherRegion(_) | Self::RedirectUri | Self::MissingVerifier | Self::Verifier(_) => {
                (400, "invalid_grant")
            }
            Self::Unavailable => (503, "temporarily_unavailable"),
        }
    }
}

/// The proof that tokens may be signed for a code, though not yet given out. Only [`approve`] makes one.
pub struct ApprovedExchange {
    grant: GrantId,
    terms: GrantTerms,
    code: SecretHash,
    now: Timestamp,
    access_token: Lifetime,
    id_token: Lifetime,
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
    let stored = code_of(&grant.state).filter(|stored| stored.matches(code));
    stored.ok_or(TokenError::Code(CodeFault::Unknown))?;
    if grant.terms.client_id != client.client().id {
        return Err(TokenError::Code(CodeFault::OtherClient));
    }
    same_redirect_uri(&grant.terms, presented.redirect_uri.as_deref())?;
    verified(&grant.terms, presented.code_verifier)?;
    unused(&grant, now)?;
    let lifetimes = client.client().lifetimes;
    Ok(ApprovedExchange {
        grant: grant.id,
        terms: grant.terms,
        code: *code,
        now,
        access_token: lifetimes.access_token,
        id_token: lifetimes.id_token,
        stays_until: grant.expires,
    })
}

/// What a request presents along with its code.
pub struct Presented {
    /// The redirect URI that the client says it used.
    pub redirect_uri: Option<String>,
    /// The verifier as it came.
    pub code_verifier: Option<Secret<String>>,
}

impl CodeExchange {
    /// Parts the code from what is presented along with it.
    #[must_use]
    pub fn into_parts(self) -> (Option<AuthorizationCode>, Presented) {
        (self.code, Presented { redirect_uri: self.redirect_uri, code_verifier: self.code_verifier })
    }
}

const fn code_of(state: &GrantState) -> Option<SecretHash> {
    match state {
        GrantState::Issued { code, .. } | GrantState::Redeemed { code, .. } | GrantState::Revoked { code } => {
            Some(*code)
        }
        GrantState::Denied => None,
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

fn verified(terms: &GrantTerms, presented: Option<Secret<String>>) -> Result<(), TokenError> {
    match (terms.code_challenge, presented) {
        (Some(challenge), Some(verifier)) => CodeVerifier::parse(verifier.expose())
            .and_then(|verifier| challenge.verify(verifier))
            .map(|_verified| ())
            .map_err(TokenError::Verifier),
        (Some(_), None) => Err(TokenError::MissingVerifier),
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
        GrantState::Revoked { .. } | GrantState::Denied => Err(TokenError::Code(CodeFault::Revoked)),
    }
}

/// The grant to revoke, if `fault` is a replay.
#[must_use]
pub const fn replayed_grant(fault: &CodeFault) -> Option<&GrantId> {
    if let CodeFault::Replayed(grant) = fault { Some(grant) } else { None }
}

/// What a second, otherwise valid use of a code at `now` is, if the first was at `redeemed`.
#[must_use]
pub fn second_use(grant: &GrantId, redeemed: Timestamp, now: Timestamp) -> CodeFault {
    if now.millis() < redeemed.millis().saturating_add(RACE_WINDOW_MILLIS) {
        CodeFault::LostRace
    } else {
        CodeFault::Replayed(grant.clone())
    }
}
