//! The ID token of an upstream provider, and the user that it identifies (OpenID Connect Core §3.1.3.7).

use serde::Deserialize;
use serde_json::{Map, Value};

use crate::federation::openid::UpstreamError;
use crate::jose::external_algorithm::ExternalAlgorithm;
use crate::syntax::json::{audience, strict};
use crate::types::external_time::{ExternalClock, NumericDate};
use crate::types::id::WorkspaceId;
use crate::types::time::{Lifetime, Timestamp};
use crate::users::factor::AuthenticationClass;
use crate::users::user_claims::ClaimName;
use crate::users::user_claims::{ClaimsReading, Identity, SourceClaims, derived_subject};
use crate::workspace::upstream_provider::{UpstreamNonce, UpstreamProvider};

/// The maximum age of an upstream ID token.
const MAX_ID_TOKEN_AGE: Lifetime = Lifetime::seconds(600);

/// The claims of an upstream ID token, strictly typed (OpenID Connect Core §2). `null` counts as absent.
#[derive(Clone, Debug, Deserialize)]
pub struct UpstreamIdToken {
    iss: String,
    sub: String,
    #[serde(deserialize_with = "audience")]
    aud: Vec<String>,
    exp: NumericDate,
    iat: NumericDate,
    nbf: Option<NumericDate>,
    nonce: Option<String>,
    azp: Option<String>,
    at_hash: Option<String>,
    c_hash: Option<String>,
    auth_time: Option<NumericDate>,
    #[serde(flatten)]
    others: Map<String, Value>,
}

impl UpstreamIdToken {
    /// Checks the claims of an ID token whose signature is valid (§3.1.3.7).
    ///
    /// # Errors
    ///
    /// [`UpstreamError::IdToken`] names the invalid claim. [`UpstreamError::TooOld`] is for an ID token that is valid but
    /// does not satisfy the request (catalogue row SEC-UP-21).
    pub fn accept(claims: &[u8], expected: &Expected<'_>) -> Result<Self, UpstreamError> {
        let token: Self = strict(claims).ok_or(UpstreamError::IdToken("shape"))?;
        let (issued, clock) = (token.iat.stated(), ExternalClock::at(expected.now));
        let begun = |time: Option<NumericDate>| time.is_none_or(|time| clock.has_reached(time.stated()));
        let is_hash_of =
            |hash: &Option<String>, text| hash.as_ref().is_none_or(|hash| *hash == expected.alg.left_half(text));
        let checks = [
            ("iss", expected.provider.issues(&token.iss)),
            ("aud", is_for_us(&token.aud, expected.provider)),
            ("azp", is_to_us(&token, expected.provider)),
            ("exp", clock.is_before(token.exp.stated())),
            ("iat", clock.has_reached(issued) && clock.is_within(issued, MAX_ID_TOKEN_AGE)),
            ("nbf", begun(token.nbf)),
            ("auth_time", begun(token.auth_time)),
            ("nonce", is_for_this_login(&token, expected)),
            ("sub", (1..=255).contains(&token.sub.len()) && token.sub.is_ascii()),
            ("at_hash", is_hash_of(&token.at_hash, expected.access_token)),
            ("c_hash", is_hash_of(&token.c_hash, expected.code)),
        ];
        if let Some((claim, _)) = checks.iter().find(|(_, holds)| !holds) {
            return Err(UpstreamError::IdToken(claim));
        }
        let recent = |earliest| token.auth_time().is_some_and(|at| ExternalClock::is_since(at, earliest));
        if expected.earliest_login.is_none_or(recent) { Ok(token) } else { Err(UpstreamError::TooOld) }
    }

    /// The latest time at which the user can have authenticated, if the provider states it. With single sign-on at the
    /// provider, that may be long ago.
    #[must_use]
    pub fn auth_time(&self) -> Option<Timestamp> {
        self.auth_time.map(NumericDate::latest)
    }

    /// The authentication context class of the login: several factors, if `acr` or `amr` contains a value that the
    /// settings of `provider` define so.
    #[must_use]
    pub fn class(&self, provider: &UpstreamProvider) -> AuthenticationClass {
        let said =
            |claim: &str, trusted: &[String]| texts(self.others.get(claim)).iter().any(|value| trusted.contains(value));
        if said("acr", &provider.multi_factor_acr) || said("amr", &provider.multi_factor_amr) {
            AuthenticationClass::MultiFactor
        } else {
            AuthenticationClass::SingleFactor
        }
    }

    /// The user's identity, with the claims of both responses.
    ///
    /// The subject is derived from provider, issuer and upstream subject, never from an e-mail address.
    ///
    /// # Errors
    ///
    /// [`UpstreamError::Userinfo`] if `userinfo` is about another user.
    pub fn identity(
        self,
        workspace: &WorkspaceId,
        provider: &UpstreamProvider,
        userinfo: Option<&Map<String, Value>>,
    ) -> Result<UpstreamIdentity, UpstreamError> {
        let read = |said| SourceClaims::read(&provider.map.applied(said, &provider.id));
        let ClaimsReading { mut claims, mut dropped } = read(&self.others);
        if let Some(userinfo) = userinfo {
            if userinfo.get("sub").and_then(Value::as_str) != Some(self.sub.as_str()) {
                return Err(UpstreamError::Userinfo);
            }
            let also = read(userinfo);
            claims = claims.with_userinfo(&also.claims);
            dropped.extend(also.dropped);
        }
        let subject = derived_subject(workspace, provider.id.as_str(), &[&self.iss, &self.sub]);
        let subject = subject.ok_or(UpstreamError::IdToken("sub"))?;
        let (source, issuer) = (provider.id.clone(), Some(self.iss));
        Ok(UpstreamIdentity { identity: Identity { subject, source, issuer, claims }, dropped })
    }
}

/// Whether this server's client is an audience, and every other audience is trusted (§3.1.3.7 no. 3, catalogue row
/// SEC-UP-05).
fn is_for_us(audiences: &[String], provider: &UpstreamProvider) -> bool {
    let us = provider.client_id.as_str();
    let trusted = |audience: &String| audience == us || provider.trusted_audiences.contains(audience);
    audiences.iter().any(|audience| audience == us) && audiences.iter().all(trusted)
}

/// Whether the ID token was issued to this server's client, which it must state if it has several audiences (§3.1.3.7 no.
/// 4 and 5).
fn is_to_us(token: &UpstreamIdToken, provider: &UpstreamProvider) -> bool {
    let us = provider.client_id.as_str();
    token.azp.as_deref().map_or_else(|| token.aud.iter().all(|audience| audience == us), |azp| azp == us)
}

/// Whether the ID token is for this login (§3.1.3.7 no. 11). A nonce that is there is ours, whatever the setting says.
fn is_for_this_login(token: &UpstreamIdToken, expected: &Expected<'_>) -> bool {
    match &token.nonce {
        Some(nonce) => nonce == expected.nonce,
        None => expected.provider.nonce == UpstreamNonce::Optional,
    }
}

/// The strings of a claim, which providers send as a string or an array, and `acr` also as a number.
fn texts(claim: Option<&Value>) -> Vec<String> {
    let text = |value: &Value| match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => None,
    };
    match claim {
        Some(Value::Array(values)) => values.iter().filter_map(text).collect(),
        Some(value) => text(value).into_iter().collect(),
        None => Vec::new(),
    }
}

/// The user according to a provider.
#[derive(Debug)]
pub struct UpstreamIdentity {
    /// The user.
    pub identity: Identity,
    /// The claims that were dropped because their type or form differs from OpenID Connect Core §5.1.
    pub dropped: Vec<ClaimName>,
}

/// What an upstream ID token is checked against.
pub struct Expected<'a> {
    /// The provider.
    pub provider: &'a UpstreamProvider,
    /// The expected nonce.
    pub nonce: &'a str,
    /// The algorithm of its signature.
    pub alg: ExternalAlgorithm,
    /// The access token that was issued with it.
    pub access_token: &'a str,
    /// The code that it was issued for.
    pub code: &'a str,
    /// The earliest acceptable time of the login at the provider, if one was requested.
    pub earliest_login: Option<Timestamp>,
    /// The current time.
    pub now: Timestamp,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixtures::changed;
    use crate::types::id::IdentitySourceId;
    use crate::workspace::identity_source::IdentitySource;

    const NOW: Timestamp = Timestamp::from_seconds(1_700_000_000);

    fn provider() -> UpstreamProvider {
        serde_json::from_value(serde_json::json!({
            "id": "partner", "title": "Partner", "issuer": "https://partner.example", "client_id": "us",
            "trusted_audiences": ["project"],
        }))
        .unwrap()
    }

    fn accepted(change: &Value) -> Result<UpstreamIdToken, UpstreamError> {
        since(None, change)
    }

    fn since(earliest_login: Option<Timestamp>, change: &Value) -> Result<UpstreamIdToken, UpstreamError> {
        let mut claims = serde_json::json!({
            "iss": "https://partner.example", "sub": "s", "aud": "us", "exp": 1_700_000_060, "iat": 1_700_000_000,
            "nonce": "n",
        });
        claims.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        signed_with(ExternalAlgorithm::RS256, earliest_login, &claims)
    }

    fn signed_with(
        alg: ExternalAlgorithm,
        earliest_login: Option<Timestamp>,
        claims: &Value,
    ) -> Result<UpstreamIdToken, UpstreamError> {
        let provider = provider();
        let expected =
            Expected { provider: &provider, nonce: "n", alg, access_token: "t", code: "c", earliest_login, now: NOW };
        UpstreamIdToken::accept(claims.to_string().as_bytes(), &expected)
    }

    #[test]
    fn sec_param_13_an_id_token_with_two_readings_is_refused() {
        let provider = provider();
        let refused = |more: &str| {
            let claims = format!(
                r#"{{"iss":"https://partner.example","sub":"s","aud":"us","exp":1700000060,"iat":1700000000,"nonce":"n"{more}}}"#
            );
            let expected = Expected {
                provider: &provider,
                nonce: "n",
                alg: ExternalAlgorithm::RS256,
                access_token: "t",
                code: "c",
                earliest_login: None,
                now: NOW,
            };
            UpstreamIdToken::accept(claims.as_bytes(), &expected).err()
        };
        assert_eq!(refused(r#","email":"a@b.example""#), None);
        for twice in [r#","sub":"t""#, r#","email":"a@b.example","email":"c@d.example""#, r#","x":{"y":1,"y":2}"#] {
            assert_eq!(refused(twice), Some(UpstreamError::IdToken("shape")), "{twice}");
        }
    }

    #[test]
    fn a_hash_is_by_the_algorithm_of_the_id_token() {
        let base = serde_json::json!({
            "iss": "https://partner.example", "sub": "s", "aud": "us", "exp": 1_700_000_060, "iat": 1_700_000_000,
            "nonce": "n",
        });
        for alg in ExternalAlgorithm::ALL {
            for (name, text) in [("at_hash", "t"), ("c_hash", "c")] {
                let with =
                    |hash: String| signed_with(alg, None, &changed(base.clone(), &serde_json::json!({ name: hash })));
                assert!(with(alg.left_half(text)).is_ok(), "{alg:?} {name}");
                assert_eq!(with(alg.left_half("x")).err(), Some(UpstreamError::IdToken(name)), "{alg:?}");
                for other in
                    ExternalAlgorithm::ALL.into_iter().filter(|other| other.left_half("t") != alg.left_half("t"))
                {
                    let of_other = with(other.left_half(text));
                    assert_eq!(of_other.err(), Some(UpstreamError::IdToken(name)), "{alg:?} by {other:?}");
                }
            }
        }
    }

    #[test]
    fn a_nonce_may_be_missing_where_the_provider_leaves_it_out_and_is_ours_where_it_is_there() {
        let provider = changed(serde_json::to_value(provider()).unwrap(), &serde_json::json!({"nonce": "optional"}));
        let provider: UpstreamProvider = serde_json::from_value(provider).unwrap();
        let table = [("nonce", Some("n"), true), ("nonce", Some("other"), false), ("nonce", None, true)];
        for (name, nonce, fits) in table {
            let claims = serde_json::json!({
                "iss": "https://partner.example", "sub": "s", "aud": "us", "exp": 1_700_000_060, "iat": 1_700_000_000,
                name: nonce,
            });
            let (alg, access_token) = (ExternalAlgorithm::RS256, "t");
            let expected = Expected {
                provider: &provider,
                nonce: "n",
                alg,
                access_token,
                code: "c",
                earliest_login: None,
                now: NOW,
            };
            let accepted = UpstreamIdToken::accept(claims.to_string().as_bytes(), &expected);
            assert_eq!(accepted.is_ok(), fits, "{nonce:?}");
        }
    }

    #[test]
    fn sec_up_05_every_claim_of_the_id_token_is_checked() {
        assert!(accepted(&serde_json::json!({})).is_ok());
        assert!(accepted(&serde_json::json!({"aud": ["us"], "azp": "us"})).is_ok());
        assert!(
            accepted(&serde_json::json!({"aud": ["us", "project"], "azp": "us"})).is_ok(),
            "a trusted one beside us"
        );
        let nulls = serde_json::json!({"nbf": null, "azp": null, "at_hash": null, "c_hash": null, "auth_time": null});
        assert!(accepted(&nulls).is_ok(), "null says nothing");
        let table = [
            ("iss", serde_json::json!({"iss": "https://partner.example/"})),
            ("aud", serde_json::json!({"aud": "them"})),
            ("aud", serde_json::json!({"aud": ["us", "them"], "azp": "us"})),
            ("aud", serde_json::json!({"aud": []})),
            ("azp", serde_json::json!({"aud": ["us", "project"]})),
            ("azp", serde_json::json!({"aud": ["us", "project"], "azp": "project"})),
            ("aud", serde_json::json!({"aud": ["project"], "azp": "us"})),
            ("shape", serde_json::json!({"aud": {"us": 1}})),
            ("azp", serde_json::json!({"azp": "them"})),
            ("exp", serde_json::json!({"exp": 1_699_999_990})),
            ("shape", serde_json::json!({"exp": "1700000060"})),
            ("iat", serde_json::json!({"iat": 1_699_999_000})),
            ("iat", serde_json::json!({"iat": 1_700_000_060})),
            ("nbf", serde_json::json!({"nbf": 1_700_000_060})),
            ("auth_time", serde_json::json!({"auth_time": 1_700_000_060})),
            ("nonce", serde_json::json!({"nonce": "other"})),
            ("nonce", serde_json::json!({"nonce": null})),
            ("shape", serde_json::json!({"nonce": 7})),
            ("sub", serde_json::json!({"sub": ""})),
            ("at_hash", serde_json::json!({"at_hash": "AAAA"})),
            ("c_hash", serde_json::json!({"c_hash": "AAAA"})),
        ];
        for (claim, change) in table {
            assert_eq!(accepted(&change).err(), Some(UpstreamError::IdToken(claim)), "{change}");
        }
    }

    #[test]
    fn sec_time_02_the_bounds_of_an_id_token_are_exact() {
        let good = [
            serde_json::json!({"exp": 1_699_999_991}),
            serde_json::from_str(r#"{"exp":1700000060.25,"iat":1700000000.5,"nbf":1700000000.0,"auth_time":1.7e9}"#)
                .unwrap(),
            serde_json::json!({"iat": 1_699_999_390}),
            serde_json::json!({"iat": 1_700_000_010, "nbf": 1_700_000_010, "auth_time": 1_700_000_010}),
            serde_json::json!({"sub": "s".repeat(255)}),
            serde_json::json!({"at_hash": crate::jose::at_hash::at_hash("t")}),
        ];
        for change in good {
            assert!(accepted(&change).is_ok(), "{change}");
        }
        let bad = [
            ("iat", serde_json::json!({"iat": 1_699_999_389})),
            ("iat", serde_json::json!({"iat": 1_700_000_011})),
            ("nbf", serde_json::json!({"nbf": 1_700_000_011})),
            ("auth_time", serde_json::json!({"auth_time": 1_700_000_011})),
            ("shape", serde_json::json!({"iat": -1})),
            ("shape", serde_json::json!({"nbf": "1"})),
            ("sub", serde_json::json!({"sub": "s".repeat(256)})),
            ("sub", serde_json::json!({"sub": "\u{e9}"})),
        ];
        for (claim, change) in bad {
            assert_eq!(accepted(&change).err(), Some(UpstreamError::IdToken(claim)), "{change}");
        }
    }

    #[test]
    fn sec_up_21_a_login_that_is_too_old_or_without_a_time_is_not_what_was_asked_for() {
        let now = 1_700_000_000;
        let table = [
            (serde_json::json!({}), Err(UpstreamError::TooOld)),
            (serde_json::json!({"auth_time": now - 11}), Err(UpstreamError::TooOld)),
            (serde_json::json!({"auth_time": now - 10}), Ok(())),
            (serde_json::json!({"auth_time": now}), Ok(())),
            (serde_json::json!({"auth_time": now + 11}), Err(UpstreamError::IdToken("auth_time"))),
        ];
        for (claims, expected) in table {
            // Whole seconds stand for any moment of that second.
            let earliest = Timestamp::from_millis(NOW.millis() + 999);
            assert_eq!(since(Some(earliest), &claims).map(|_| ()), expected, "{claims}");
        }
        assert!(accepted(&serde_json::json!({})).is_ok(), "nothing was asked for");
    }

    #[test]
    fn the_time_of_a_login_is_the_end_of_the_second_that_the_provider_names() {
        let auth_time = |change: &Value| accepted(change).unwrap().auth_time();
        assert_eq!(auth_time(&serde_json::json!({})), None);
        let at = Timestamp::from_millis(1_699_999_999_999);
        assert_eq!(auth_time(&serde_json::json!({"auth_time": 1_699_999_999})), Some(at));
        let within = Timestamp::from_millis(1_699_999_999_500);
        assert_eq!(auth_time(&serde_json::json!({"auth_time": 1_699_999_999.5})), Some(within));
    }

    #[test]
    fn sec_up_07_and_17_users_are_identified_by_source_issuer_and_subject_and_claims_are_filtered() {
        let token =
            accepted(&serde_json::json!({"email": "a@example.com", "groups": ["admin"], "tenant": "x"})).unwrap();
        let workspace = WorkspaceId::parse("default", "demo").unwrap();
        let named = |id: &str| UpstreamProvider { id: IdentitySourceId::parse(id).unwrap(), ..provider() };
        let identity = |source: &str| token.clone().identity(&workspace, &named(source), None).unwrap().identity;
        assert_ne!(identity("partner").subject, identity("other").subject);
        assert!(identity("partner").claims.claim("email").is_some());
        assert!(identity("partner").claims.claim("groups").is_none());
        let other = serde_json::json!({"sub": "another"}).as_object().cloned();
        assert_eq!(token.identity(&workspace, &provider(), other.as_ref()).err(), Some(UpstreamError::Userinfo));
    }

    #[test]
    fn sec_oidc_04_and_sec_up_17_a_provider_is_trusted_for_its_registered_domains_only() {
        let workspace = WorkspaceId::parse("default", "demo").unwrap();
        let trusted = UpstreamProvider {
            verified_email_domains: serde_json::from_value(serde_json::json!(["corp.example"])).unwrap(),
            ..provider()
        };
        let verified = |provider: &UpstreamProvider, claims: &Value, userinfo: &Value| {
            let mut userinfo = userinfo.as_object().unwrap().clone();
            userinfo.insert("sub".into(), "s".into());
            let said = accepted(claims).unwrap().identity(&workspace, provider, Some(&userinfo)).unwrap();
            let judged = said.identity.claims.judged(IdentitySource::Upstream(provider).trust());
            judged.claim("email_verified").cloned()
        };
        let table = [
            (serde_json::json!({"email": "a@corp.example", "email_verified": true}), Some(true)),
            (serde_json::json!({"email": "a@corp.example", "email_verified": "true"}), Some(true)),
            (serde_json::json!({"email": "a@corp.example", "email_verified": false}), Some(false)),
            (serde_json::json!({"email": "a@corp.example"}), Some(false)),
            (serde_json::json!({"email": "a@other.example", "email_verified": true}), Some(false)),
            (serde_json::json!({"email": ["a@corp.example"], "email_verified": true}), None),
            (serde_json::json!({"email_verified": true}), None),
        ];
        for (said, told) in table {
            let empty = serde_json::json!({});
            assert_eq!(verified(&trusted, &said, &empty), told.map(Value::Bool), "ID token: {said}");
            assert_eq!(verified(&trusted, &empty, &said), told.map(Value::Bool), "userinfo: {said}");
            let of_nobody = told.map(|_| Value::Bool(false));
            assert_eq!(verified(&provider(), &said, &empty), of_nobody, "not registered: {said}");
        }
    }

    #[test]
    fn sec_up_24_what_either_answer_says_in_another_form_is_named() {
        let workspace = WorkspaceId::parse("default", "demo").unwrap();
        let userinfo = serde_json::json!({"sub": "s", "name": "Ada", "email": ["x"], "updated_at": {}});
        let token = accepted(&serde_json::json!({"name": 7, "locale": "en"})).unwrap();
        let said = token.identity(&workspace, &provider(), userinfo.as_object()).unwrap();
        let dropped: Vec<&str> = said.dropped.iter().map(|name| name.as_str()).collect();
        assert_eq!(dropped, ["name", "updated_at", "email"]);
        assert_eq!(said.identity.claims.claim("name"), Some(&"Ada".into()));
    }

    #[test]
    fn the_class_of_a_login_follows_from_the_configured_acr_and_amr_values() {
        let trusting = UpstreamProvider {
            multi_factor_acr: vec!["urn:okta:2fa".into(), "2".into()],
            multi_factor_amr: vec!["mfa".into()],
            ..provider()
        };
        let table = [
            (serde_json::json!({}), AuthenticationClass::SingleFactor),
            (serde_json::json!({"amr": ["pwd", "mfa"]}), AuthenticationClass::MultiFactor),
            (serde_json::json!({"amr": "mfa"}), AuthenticationClass::MultiFactor),
            (serde_json::json!({"amr": ["pwd"], "acr": "1"}), AuthenticationClass::SingleFactor),
            (serde_json::json!({"acr": "urn:okta:2fa"}), AuthenticationClass::MultiFactor),
            (serde_json::json!({"acr": 2}), AuthenticationClass::MultiFactor),
            (serde_json::json!({"acr": null, "amr": {"mfa": true}}), AuthenticationClass::SingleFactor),
        ];
        for (claims, expected) in table {
            assert_eq!(accepted(&claims).unwrap().class(&trusting), expected, "{claims}");
            assert_eq!(accepted(&claims).unwrap().class(&provider()), AuthenticationClass::SingleFactor, "{claims}");
        }
    }
}
