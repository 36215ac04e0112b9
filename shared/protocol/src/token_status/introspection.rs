//! Introspection (RFC 7662): what is said of a token, and to whom.

use serde::Serialize;

use crate::tokens::access_token::AccessTokenClaims;
use crate::tokens::grant::{Grant, GrantState, RefreshState};
use crate::tokens::refresh_token::RefreshToken;
use crate::types::id::{ClientId, Issuer, Subject};
use crate::types::scope::Scopes;
use crate::types::time::Timestamp;

/// The `typ` of a signed answer (RFC 9701 §5).
pub const TYPE: &str = "token-introspection+jwt";

/// The media type of a signed answer, which a request asks for (RFC 9701 §4).
pub const MEDIA_TYPE: &str = "application/token-introspection+jwt";

/// What is said of a token (RFC 7662 §2.2).
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum Introspection {
    /// It is good at the moment.
    Active(Box<Described>),
    /// It is not, or not the caller's to ask about: nobody learns which.
    Inactive(Inactive),
}

/// That a token is not good.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Inactive {
    active: bool,
}

/// What a good token is about.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Described {
    active: bool,
    iss: String,
    client_id: ClientId,
    sub: Subject,
    scope: Scopes,
    #[serde(skip_serializing_if = "Option::is_none")]
    token_type: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    aud: Option<Vec<String>>,
    iat: u64,
    exp: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    jti: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    auth_time: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    acr: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    amr: Option<Vec<String>>,
}

/// The claims of a signed answer (RFC 9701 §5).
#[derive(Clone, Debug, Serialize)]
pub struct SignedIntrospection<'a> {
    /// The workspace that says it.
    pub iss: &'a str,
    /// The client that asked.
    pub aud: &'a ClientId,
    /// When, in seconds.
    pub iat: u64,
    /// What is said.
    pub token_introspection: &'a Introspection,
}

impl Introspection {
    /// Nothing but that the token is not good.
    pub const INACTIVE: Self = Self::Inactive(Inactive { active: false });

    /// What is said of an access token that was found to be good.
    #[must_use]
    pub fn access_token(token: AccessTokenClaims) -> Self {
        Self::Active(Box::new(Described {
            active: true,
            iss: token.iss,
            client_id: token.client_id,
            sub: token.sub,
            scope: token.scope,
            token_type: Some("Bearer"),
            aud: Some(token.aud),
            iat: token.iat,
            exp: token.exp,
            jti: Some(token.jti),
            auth_time: token.auth_time,
            acr: token.acr,
            amr: token.amr,
        }))
    }

    /// What is said of a refresh token of `grant` that was found to be good.
    #[must_use]
    pub fn refresh_token(grant: &Grant, state: &RefreshState, issuer: &Issuer) -> Self {
        let terms = &grant.terms;
        Self::Active(Box::new(Described {
            active: true,
            iss: issuer.as_str().into(),
            client_id: terms.client_id.clone(),
            sub: terms.client_subject().clone(),
            scope: terms.scope.clone(),
            token_type: None,
            aud: None,
            iat: terms.issued.seconds(),
            exp: state.until.min(state.idle_until).seconds(),
            jti: None,
            auth_time: Some(terms.auth_time.seconds()),
            acr: Some(terms.acr.clone()),
            amr: Some(terms.amr.clone()),
        }))
    }
}

/// The refresh tokens of `grant`, if `token` is the one that is good at `now`.
#[must_use]
pub fn current<'g>(grant: &'g Grant, token: &RefreshToken, now: Timestamp) -> Option<&'g RefreshState> {
    let GrantState::Redeemed { refresh: Some(state), .. } = &grant.state else { return None };
    let alive = !now.reached(state.until) && !now.reached(state.idle_until);
    (alive && state.current.matches(&token.hash)).then_some(state)
}

/// Whether `token` is a refresh token of `grant`, the current one or the one before it, so that its holder may end the
/// grant.
#[must_use]
pub fn belongs(grant: &Grant, token: &RefreshToken) -> bool {
    let GrantState::Redeemed { refresh: Some(state), .. } = &grant.state else { return false };
    let previous = state.previous.is_some_and(|(previous, _)| previous.matches(&token.hash));
    state.current.matches(&token.hash) | previous
}
