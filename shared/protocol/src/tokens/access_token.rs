//! JWT access tokens (RFC 9068): issuing and checking their claims.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::syntax::json::{audience, present, strict};
use crate::tokens::entitlement::Entitlement;
use crate::tokens::mapped_claims::{ClaimValues, left_beside};
use crate::types::id::{ClientId, GrantId, Issuer, Subject};
use crate::types::scope::Scopes;
use crate::types::time::Timestamp;
use crate::workspace::claim_rule::ClaimPlace;

/// The `typ` of the JOSE header (RFC 9068 §2.1).
pub const TYPE: &str = "at+jwt";

/// The claims of an access token (RFC 9068 §2.2).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccessTokenClaims {
    /// The workspace that issued it.
    pub iss: String,
    /// The user, or the client itself.
    pub sub: Subject,
    /// The resources that the token is for.
    #[serde(deserialize_with = "audience")]
    pub aud: Vec<String>,
    /// The client that the token was issued to.
    pub client_id: ClientId,
    /// When it was issued, in seconds.
    pub iat: u64,
    /// When it expires, in seconds.
    pub exp: u64,
    /// Its id, which begins with the grant's.
    pub jti: String,
    /// The granted scopes.
    pub scope: Scopes,
    /// When the user authenticated, in seconds.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "present")]
    pub auth_time: Option<u64>,
    /// The authentication context class.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "present")]
    pub acr: Option<String>,
    /// The authentication methods.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "present")]
    pub amr: Option<Vec<String>>,
    /// `client_credentials` in a client's own token, which distinguishes it from a user's token whatever its `sub` is
    /// (catalogue row SEC-CLI-14).
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "present")]
    pub gty: Option<OwnToken>,
    /// Claims of the workspace's own. None has the name of one above.
    #[serde(flatten)]
    pub mapped: Map<String, Value>,
}

/// The `gty` of a client's own token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum OwnToken {
    /// By client credentials (RFC 6749 §4.4).
    #[serde(rename = "client_credentials")]
    ClientCredentials,
}

impl AccessTokenClaims {
    /// The claims of the access token for `due`, whose `jti` ends in the random `nonce`; `None` if the client's id is
    /// too long for a `sub`.
    #[must_use]
    pub fn of(due: &Entitlement, issuer: &Issuer, nonce: &[u8; 16]) -> Option<Self> {
        let terms = due.terms();
        Some(Self {
            iss: issuer.as_str().into(),
            sub: due.subject()?,
            aud: due.audience.clone(),
            client_id: due.client_id().clone(),
            iat: due.now().seconds(),
            exp: due.now().plus(due.access_token_lifetime()).seconds(),
            jti: format!("{}.{}", due.grant(), crate::syntax::encoding::base64url(nonce)),
            scope: due.scope.clone(),
            auth_time: terms.and_then(|terms| terms.auth_time).map(Timestamp::seconds),
            acr: terms.map(|terms| terms.acr.clone()),
            amr: terms.map(|terms| terms.amr.clone()),
            gty: terms.is_none().then_some(OwnToken::ClientCredentials),
            mapped: Map::new(),
        })
    }

    /// The same claims, and those of the workspace's own in `values` as far as they fit.
    #[must_use]
    pub fn with(self, values: &ClaimValues<'_>) -> Self {
        let left = left_beside(&self);
        Self { mapped: values.for_place(ClaimPlace::AccessToken, left), ..self }
    }

    /// Parses the claims of a token whose signature is valid, and checks that `issuer` issued it.
    ///
    /// Expiry is not checked here, because an expired token can still be revoked; see [`Self::expired`].
    #[must_use]
    pub fn parse(claims: &[u8], issuer: &Issuer) -> Option<Self> {
        strict::<Self>(claims).filter(|claims| claims.iss == issuer.as_str())
    }

    /// Whether the token has expired at `now`.
    #[must_use]
    pub const fn expired(&self, now: Timestamp) -> bool {
        now.reached(Timestamp::from_seconds(self.exp))
    }

    /// Whether the token is for `resource`.
    #[must_use]
    pub fn is_for(&self, resource: &str) -> bool {
        self.aud.iter().any(|audience| audience == resource)
    }

    /// The grant that the token belongs to.
    #[must_use]
    pub fn grant(&self) -> Option<GrantId> {
        GrantId::parse(self.jti.split_once('.')?.0).ok()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::clients::resource_indicator::Resources;
    use crate::fixtures::{
        NOW, authenticated, client, confidential_client, context, grant, grant_id, issuer, later, loaded, parameters,
        redeemed, refresh_state, refresh_token, scopes, subject,
    };
    use crate::tokens::client_credentials::{self, ClientCredentialsRequest};
    use crate::tokens::refresh_grant::{self, Narrowing};
    use crate::types::id::WorkspaceId;

    /// The entitlement of a refresh of Alice's grant with `scope` and `resource`.
    fn of_user(scope: &str, resource: &str) -> Entitlement {
        let mut granted = grant(redeemed(Some(refresh_state())));
        granted.terms.scope = scopes(scope);
        granted.terms.resource = Resources::parse(&parameters(resource)).unwrap();
        let narrowing = Narrowing { scope: None, resource: Resources::default() };
        let client = client(&json!({
            "scope": "openid read offline_access", "resources": ["https://a.example"],
            "lifetimes": {"access_token": 100},
        }));
        let client = authenticated(client);
        let approved =
            refresh_grant::approve(Some(loaded(granted)), &refresh_token(3), narrowing, || false, context(&client));
        approved.ok().unwrap().entitlement
    }

    fn claims(due: &Entitlement) -> AccessTokenClaims {
        AccessTokenClaims::of(due, &issuer(), &[5; 16]).unwrap()
    }

    #[test]
    fn a_users_token_names_user_client_and_expiry() {
        let expected = json!({
            "iss": "https://auth.example/default/demo", "sub": "alice", "aud": ["https://api.example"],
            "client_id": "app", "iat": NOW.seconds(), "exp": NOW.seconds() + 100,
            "jti": format!("{}.BQUFBQUFBQUFBQUFBQUFBQ", grant_id()), "scope": "read",
            "auth_time": NOW.seconds() - 60, "acr": "urn:postern:acr:single-factor", "amr": ["pwd"],
        });
        assert_eq!(serde_json::to_value(claims(&of_user("read", ""))).unwrap(), expected);
    }

    #[test]
    fn a_client_credentials_token_is_marked_and_has_no_login_claims() {
        let machine = json!({"grant_types": ["client_credentials"], "scope": "", "client_credentials_scope": "read"});
        let client = authenticated(confidential_client(&machine));
        let request = ClientCredentialsRequest { scope: None, resource: Resources::default() };
        let due = client_credentials::approve(&request, grant_id(), context(&client)).ok().unwrap();
        let claims = claims(&due);
        assert_eq!((claims.sub, claims.gty), (subject("app"), Some(OwnToken::ClientCredentials)));
        assert_eq!((claims.auth_time, claims.acr, claims.amr), (None, None, None));
    }

    #[test]
    fn a_token_has_the_granted_audience() {
        let issuer = "https://auth.example/default/demo";
        let table = [
            ("read", "", vec!["https://api.example"]),
            ("openid", "", vec!["https://api.example", issuer]),
            ("openid", "resource=https://a.example", vec!["https://a.example"]),
            ("openid", "resource=https://auth.example/default/demo", vec![issuer]),
        ];
        for (scope, resource, expected) in table {
            let claims = claims(&of_user(scope, resource));
            assert_eq!(claims.aud, expected, "{scope} {resource}");
            assert_eq!(claims.is_for(issuer), expected.contains(&issuer));
        }
    }

    #[test]
    fn an_issued_token_parses_at_its_issuer_only_and_expires() {
        let issued = claims(&of_user("openid", ""));
        let bytes = serde_json::to_vec(&issued).unwrap();
        assert_eq!(AccessTokenClaims::parse(&bytes, &issuer()), Some(issued.clone()));
        let partner = Issuer::new("https://auth.example", &WorkspaceId::parse("default", "partner").unwrap());
        assert_eq!(AccessTokenClaims::parse(&bytes, &partner), None);
        assert!(!issued.expired(later(99)) && issued.expired(later(100)));
        assert_eq!(issued.grant(), Some(grant_id()));
        for jti in ["", "x", "x.y", grant_id().as_str()] {
            assert_eq!(AccessTokenClaims { jti: jti.into(), ..issued.clone() }.grant(), None, "{jti}");
        }
    }

    #[test]
    fn sec_param_14_a_claim_of_the_wrong_type_is_an_error_and_not_an_absent_claim() {
        let issuer = issuer();
        let good = json!({
            "iss": issuer.as_str(), "sub": "s", "aud": "a", "client_id": "c", "iat": 1, "exp": 2, "jti": "j",
            "scope": "openid", "auth_time": 1, "acr": "x", "amr": ["pwd"], "gty": "client_credentials",
        });
        assert!(AccessTokenClaims::parse(good.to_string().as_bytes(), &issuer).is_some());
        let wrong = ["{}", "[]", "null", "true", "1.5", "[[\"a\"]]", "{\"a\":1}", "-1", "1e400"];
        for claim in good.as_object().unwrap().keys() {
            for value in wrong {
                let text =
                    good.to_string().replace(&format!("\"{claim}\":{}", good[claim]), &format!("\"{claim}\":{value}"));
                let is_list = value == "[]" && (claim == "aud" || claim == "amr");
                assert_eq!(AccessTokenClaims::parse(text.as_bytes(), &issuer).is_some(), is_list, "{text}");
            }
        }
    }

    #[test]
    fn sec_param_13_a_duplicate_claim_is_refused() {
        let issuer = issuer();
        let claims = r#"{"sub":"a","sub":"b","iss":"https://auth.example/default/demo","aud":"a","client_id":"c","iat":1,"exp":2,"jti":"j","scope":""}"#;
        assert!(AccessTokenClaims::parse(claims.as_bytes(), &issuer).is_none());
        assert!(AccessTokenClaims::parse(claims.replacen(r#""sub":"a","#, "", 1).as_bytes(), &issuer).is_some());
    }
}
