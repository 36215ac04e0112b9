//! ID tokens (OpenID Connect Core §2).

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::jose::at_hash::at_hash;
use crate::syntax::json::{audience, strict};
use crate::tokens::entitlement::Entitlement;
use crate::tokens::mapped_claims::{ClaimValues, left_beside};
use crate::types::id::{ClientId, Issuer, Subject};
use crate::types::time::Timestamp;
use crate::workspace::claim_rule::ClaimPlace;
use crate::workspace::settings::Workspace;

/// The `typ` of the JOSE header (RFC 7519 §5.1).
pub const TYPE: &str = "JWT";

/// The claims of an ID token.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct IdTokenClaims {
    /// The workspace that issued it.
    pub iss: String,
    /// The user.
    pub sub: String,
    /// The client.
    pub aud: String,
    /// When it expires, in seconds.
    pub exp: u64,
    /// When it was issued, in seconds.
    pub iat: u64,
    /// When the user authenticated, in seconds, if known. It is always known if the request had `max_age`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub auth_time: Option<u64>,
    /// The client's `nonce`, unchanged.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub nonce: Option<String>,
    /// The authentication context class.
    pub acr: String,
    /// The authentication methods.
    pub amr: Vec<String>,
    /// The left half of the digest of the access token issued with it (§3.1.3.6), for clients configured for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub at_hash: Option<String>,
    /// The identifier of the user's session for this client.
    pub sid: String,
    /// Requested claims about the user, and claims of the workspace's own. None has the name of one above.
    #[serde(flatten)]
    pub user: Map<String, Value>,
}

/// The maximum size of requested claims in an ID token, in bytes, so that the token still fits into a URL as a hint.
pub const MAX_CLAIMS_BYTES: usize = 4096;

impl IdTokenClaims {
    /// The claims of the ID token for `due`, if one is to be issued. Verified flags are judged by the settings of
    /// `workspace`.
    #[must_use]
    pub fn of(due: &Entitlement, workspace: &Workspace) -> Option<Self> {
        let (terms, lifetime) = (due.terms()?, due.id_token_lifetime()?);
        let source = workspace.identity_source(&terms.source);
        Some(Self {
            iss: workspace.issuer.as_str().into(),
            sub: terms.client_subject().as_str().into(),
            aud: terms.client_id.as_str().into(),
            exp: due.now().plus(lifetime).seconds(),
            iat: due.now().seconds(),
            auth_time: terms.auth_time.map(Timestamp::seconds),
            nonce: due.id_token.nonce.clone(),
            acr: terms.acr.clone(),
            amr: terms.amr.clone(),
            at_hash: None,
            sid: terms.sid.clone(),
            user: terms.user_claims(due.scope(), source.map(|source| source.trust())),
        })
    }

    /// The same claims, and those of the workspace's own in `values` as far as they fit.
    #[must_use]
    pub fn with(mut self, values: &ClaimValues<'_>) -> Self {
        let left = left_beside(&self);
        self.user.extend(values.for_place(ClaimPlace::IdToken, left));
        self
    }

    /// The same claims, with the `at_hash` of `access_token`.
    #[must_use]
    pub fn with_hash_of(self, access_token: &str) -> Self {
        Self { at_hash: Some(at_hash(access_token)), ..self }
    }
}

/// The claims of an ID token that matter in a hint. Signed userinfo has neither `exp` nor `iat`, so it is not mistaken
/// for an ID token (RFC 8725 §3.12).
#[derive(Deserialize)]
struct Hint {
    iss: String,
    sub: Subject,
    #[serde(rename = "exp")]
    _exp: u64,
    #[serde(rename = "iat")]
    _iat: u64,
    #[serde(deserialize_with = "audience")]
    aud: Vec<String>,
}

/// The subject of an ID token whose signature is valid, if `issuer` issued it to `client`. An expired token is still a
/// valid hint (OpenID Connect Core §3.1.2.1).
#[must_use]
pub fn hinted_subject(claims: &[u8], issuer: &Issuer, client: &ClientId) -> Option<Subject> {
    let hint: Hint = strict(claims)?;
    (hint.iss == issuer.as_str() && hint.aud.iter().any(|aud| aud == client.as_str())).then_some(hint.sub)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::clients::resource_indicator::Resources;
    use crate::fixtures::{
        NOW, VERIFIER, authenticated, client, client_id, code_use, context, grant, issued, issuer, loaded, scopes,
        settings, source_id, subject, workspace_id,
    };
    use crate::tokens::code_grant;
    use crate::tokens::grant::GrantTerms;
    use crate::tokens::request::Presented;
    use crate::types::id::WorkspaceId;
    use crate::types::secret::Secret;

    fn workspace() -> Workspace {
        Workspace { id: workspace_id(), issuer: issuer(), settings: settings(&json!({})) }
    }

    /// The entitlement of the exchange of Alice's code, with terms that `change` has changed.
    fn due(change: impl FnOnce(&mut GrantTerms)) -> Entitlement {
        let mut granted = grant(issued());
        change(&mut granted.terms);
        let presented = Presented {
            redirect_uri: None,
            code_verifier: Some(Secret::new(VERIFIER.into())),
            resource: Resources::default(),
        };
        let client = authenticated(client(&json!({"lifetimes": {"id_token": 200}})));
        let approved = code_grant::approve(Some(loaded(granted)), &code_use(), presented, context(&client));
        approved.ok().unwrap().entitlement
    }

    #[test]
    fn an_id_token_describes_user_time_and_method_of_the_login() {
        let due = due(|terms| {
            terms.sub_for_client = Some(subject("pseudonym"));
            terms.id_token_claims = json!({"locale": "de"}).as_object().unwrap().clone();
        });
        let claims = IdTokenClaims::of(&due, &workspace()).unwrap();
        let expected = json!({
            "iss": "https://auth.example/default/demo", "sub": "pseudonym", "aud": "app", "exp": NOW.seconds() + 200,
            "iat": NOW.seconds(), "auth_time": NOW.seconds() - 60, "nonce": "n-1",
            "acr": "urn:postern:acr:single-factor", "amr": ["pwd"], "sid": "sid-of-app", "locale": "de",
        });
        assert_eq!(serde_json::to_value(&claims).unwrap(), expected);
        let bound = claims.with_hash_of("jHkWEdUXMU1BwAsC4vtUsZwnNvTIxEl0z9K3vx5KF0Y");
        assert_eq!(serde_json::to_value(&bound).unwrap()["at_hash"], "77QmUPtjPfzWtF2AnpK9RQ");
    }

    #[test]
    fn scope_claims_are_present_as_long_as_the_token_has_the_scope() {
        let map = |claims: Value| claims.as_object().unwrap().clone();
        let user = |scope: &str| {
            let due = due(|terms| {
                terms.scope = scopes(scope);
                terms.id_token_claims = map(json!({"locale": "de"}));
                terms.id_token_scope_claims = map(json!({"email": "a@b.example", "name": "Alice", "other": 1}));
            });
            Value::Object(IdTokenClaims::of(&due, &workspace()).unwrap().user)
        };
        assert_eq!(user("openid email profile"), json!({"email": "a@b.example", "name": "Alice", "locale": "de"}));
        assert_eq!(user("openid email"), json!({"email": "a@b.example", "locale": "de"}));
        assert_eq!(user("openid"), json!({"locale": "de"}));
    }

    #[test]
    fn without_openid_there_is_no_id_token() {
        assert!(IdTokenClaims::of(&due(|terms| terms.scope = scopes("read")), &workspace()).is_none());
    }

    #[test]
    fn sec_up_21_unknown_values_are_omitted() {
        let claims = IdTokenClaims::of(&due(|terms| terms.auth_time = None), &workspace()).unwrap();
        assert!(serde_json::to_value(&claims).unwrap().get("auth_time").is_none());
    }

    #[test]
    fn sec_up_19_verified_flags_are_evaluated_when_the_token_is_issued() {
        let provider = |domains: &[&str]| {
            let provider = json!({
                "id": "corp", "title": "C", "issuer": "https://c.example", "client_id": "us",
                "verified_email_domains": domains,
            });
            Workspace { settings: settings(&json!({ "upstream": [provider] })), ..workspace() }
        };
        let due = due(|terms| {
            terms.source = source_id("corp");
            terms.id_token_claims = json!({"email_verified": true}).as_object().unwrap().clone();
            terms.email_domain = Some("corp.example".into());
        });
        for (workspace, expected) in
            [(provider(&["corp.example"]), true), (provider(&["b.example"]), false), (workspace(), false)]
        {
            let claims = IdTokenClaims::of(&due, &workspace).unwrap();
            assert_eq!(claims.user["email_verified"], expected);
        }
    }

    #[test]
    fn a_hint_is_an_id_token_of_this_issuer_for_this_client_even_an_expired_one() {
        let hinted = |change: Value| {
            let base = json!({"iss": issuer().as_str(), "sub": "alice", "aud": "app", "exp": 1, "iat": 0});
            let claims = crate::fixtures::changed(base, &change).to_string();
            hinted_subject(claims.as_bytes(), &issuer(), &client_id("app"))
        };
        let partner = Issuer::new("https://auth.example", &WorkspaceId::parse("default", "partner").unwrap());
        for good in [json!({}), json!({"aud": ["other", "app"]}), json!({"nonce": "n"})] {
            assert_eq!(hinted(good.clone()), Some(subject("alice")), "{good}");
        }
        for bad in [
            json!({"iss": partner.as_str()}),
            json!({"aud": "other"}),
            json!({"aud": []}),
            json!({"exp": null}),
            json!({"iat": null}),
            json!({"sub": null}),
            json!({"sub": "a b"}),
        ] {
            assert_eq!(hinted(bad.clone()), None, "{bad}");
        }
        assert_eq!(hinted_subject(b"x", &issuer(), &client_id("app")), None);
    }

    #[test]
    fn the_hash_is_that_of_openid_connect_core_appendix_a() {
        assert_eq!(at_hash("jHkWEdUXMU1BwAsC4vtUsZwnNvTIxEl0z9K3vx5KF0Y"), "77QmUPtjPfzWtF2AnpK9RQ");
    }
}
