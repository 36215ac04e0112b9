//! Introspection responses (RFC 7662).

use serde::Serialize;
use serde_json::{Map, Value};

use crate::tokens::access_token::AccessTokenClaims;
use crate::tokens::grant::{Grant, GrantState, RefreshState};
use crate::tokens::refresh_token::RefreshToken;
use crate::types::id::{ClientId, Issuer, Subject};
use crate::types::scope::Scopes;
use crate::types::time::Timestamp;

/// The `typ` of a signed response (RFC 9701 §5).
pub const TYPE: &str = "token-introspection+jwt";

/// The media type by which a request asks for a signed response (RFC 9701 §4).
pub const MEDIA_TYPE: &str = "application/token-introspection+jwt";

/// An introspection response (RFC 7662 §2.2).
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum Introspection {
    /// The token is active.
    Active(Box<Described>),
    /// The token is not active, or the caller may not ask about it: the response does not say which.
    Inactive(Inactive),
}

/// The response for a token that is not active.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Inactive {
    active: bool,
}

/// The response for an active token.
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
    /// Claims of the workspace's own.
    #[serde(flatten)]
    mapped: Map<String, Value>,
}

/// The claims of a signed response (RFC 9701 §5).
#[derive(Clone, Debug, Serialize)]
pub struct SignedIntrospection<'a> {
    /// The issuer.
    pub iss: &'a str,
    /// The client that called.
    pub aud: &'a ClientId,
    /// When the response was made, in seconds.
    pub iat: u64,
    /// The response.
    pub token_introspection: &'a Introspection,
}

impl Introspection {
    /// The response that only states that the token is not active.
    pub const INACTIVE: Self = Self::Inactive(Inactive { active: false });

    /// The response for an active access token: its claims, and `more` of the workspace's own.
    #[must_use]
    pub fn access_token(token: AccessTokenClaims, more: Map<String, Value>) -> Self {
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
            mapped: token.mapped.into_iter().chain(more).collect(),
        }))
    }

    /// The response for an active refresh token of `grant`.
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
            auth_time: terms.auth_time.map(Timestamp::seconds),
            acr: Some(terms.acr.clone()),
            amr: Some(terms.amr.clone()),
            mapped: Map::new(),
        }))
    }
}

/// The state of the refresh tokens of `grant`, if `token` is the current one and has not expired at `now`.
#[must_use]
pub fn current<'g>(grant: &'g Grant, token: &RefreshToken, now: Timestamp) -> Option<&'g RefreshState> {
    let GrantState::Redeemed { refresh: Some(state), .. } = &grant.state else { return None };
    let alive = !now.reached(state.until) && !now.reached(state.idle_until);
    (alive && state.current.matches(&token.hash)).then_some(state)
}

/// What the store knows about a refresh token presented for revocation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Belonging {
    /// It is the current refresh token of the grant, or its predecessor.
    Known,
    /// It is of an earlier generation, which the store no longer records: it belongs to the grant if it is
    /// genuine.
    IfGenuine,
    /// The grant has no such refresh token, or nothing is left to revoke.
    Not,
}

/// Whether `token` is a refresh token of `grant`, so that its holder may revoke the grant (RFC 7009 §2.1).
#[must_use]
pub fn belonging(grant: &Grant, token: &RefreshToken) -> Belonging {
    let GrantState::Redeemed { refresh: Some(state), .. } = &grant.state else { return Belonging::Not };
    let previous = state.previous.is_some_and(|(previous, _)| previous.matches(&token.hash));
    if state.current.matches(&token.hash) | previous {
        Belonging::Known
    } else if token.generation < state.generation {
        Belonging::IfGenuine
    } else {
        Belonging::Not
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::fixtures::{
        NOW, client_id, code, grant, grant_id, issued, issuer, later, redeemed, refresh_state, refresh_token,
        secret_hash, subject,
    };

    #[test]
    fn an_inactive_token_is_not_described() {
        assert_eq!(serde_json::to_value(Introspection::INACTIVE).unwrap(), json!({"active": false}));
    }

    #[test]
    fn an_access_token_is_described_by_its_claims() {
        let claims = json!({
            "iss": issuer().as_str(), "sub": "alice", "aud": ["https://api.example"], "client_id": "app", "iat": 1,
            "exp": 2, "jti": "j", "scope": "read", "auth_time": 1, "acr": "x", "amr": ["pwd"],
        });
        let said = Introspection::access_token(serde_json::from_value(claims.clone()).unwrap(), Map::new());
        let expected = crate::fixtures::changed(claims, &json!({"active": true, "token_type": "Bearer"}));
        assert_eq!(serde_json::to_value(said).unwrap(), expected);
    }

    #[test]
    fn a_refresh_token_is_described_by_its_grant() {
        let mut granted = grant(redeemed(Some(refresh_state())));
        granted.terms.sub_for_client = Some(subject("pseudonym"));
        let exp = |state| {
            let said = serde_json::to_value(Introspection::refresh_token(&granted, &state, &issuer())).unwrap();
            assert_eq!(
                crate::fixtures::changed(said.clone(), &json!({"exp": null})),
                json!({
                    "active": true, "iss": issuer().as_str(), "client_id": "app", "sub": "pseudonym",
                    "scope": "openid read offline_access", "iat": NOW.seconds() - 30, "auth_time": NOW.seconds() - 60,
                    "acr": "urn:postern:acr:single-factor", "amr": ["pwd"],
                })
            );
            said["exp"].clone()
        };
        assert_eq!(exp(RefreshState { until: later(10), ..refresh_state() }), json!(NOW.seconds() + 10));
        assert_eq!(exp(RefreshState { idle_until: later(20), ..refresh_state() }), json!(NOW.seconds() + 20));
    }

    #[test]
    fn a_signed_response_names_issuer_and_audience() {
        let (issuer, client) = (issuer(), client_id("app"));
        let signed = SignedIntrospection {
            iss: issuer.as_str(),
            aud: &client,
            iat: 1,
            token_introspection: &Introspection::INACTIVE,
        };
        let expected =
            json!({"iss": issuer.as_str(), "aud": "app", "iat": 1, "token_introspection": {"active": false}});
        assert_eq!(serde_json::to_value(signed).unwrap(), expected);
    }

    #[test]
    fn sec_res_15_only_the_current_refresh_token_is_active_and_its_predecessors_still_belong() {
        let state = refresh_state();
        let table = [
            ("current", redeemed(Some(state)), 3, true, Belonging::Known),
            ("previous", redeemed(Some(state)), 2, false, Belonging::Known),
            ("earlier", redeemed(Some(state)), 1, false, Belonging::IfGenuine),
            ("later", redeemed(Some(state)), 4, false, Belonging::Not),
            ("ended", redeemed(Some(RefreshState { until: NOW, ..state })), 3, false, Belonging::Known),
            ("idle", redeemed(Some(RefreshState { idle_until: NOW, ..state })), 3, false, Belonging::Known),
            (
                "no previous one",
                redeemed(Some(RefreshState { previous: None, ..state })),
                2,
                false,
                Belonging::IfGenuine,
            ),
            ("no refresh tokens", redeemed(None), 3, false, Belonging::Not),
            ("not redeemed", issued(), 3, false, Belonging::Not),
            ("revoked", GrantState::Revoked { code: secret_hash(&code()) }, 3, false, Belonging::Not),
        ];
        let another = RefreshState { current: refresh_token(9).hash, ..state };
        assert_eq!(belonging(&grant(redeemed(Some(another))), &refresh_token(3)), Belonging::Not, "of this generation");
        for (case, state, generation, is_current, related) in table {
            let (grant, token) = (grant(state), refresh_token(generation));
            assert_eq!(token.grant, grant_id());
            assert_eq!(current(&grant, &token, NOW).map(|state| state.generation), is_current.then_some(3), "{case}");
            assert_eq!(belonging(&grant, &token), related, "{case}");
        }
    }
}
