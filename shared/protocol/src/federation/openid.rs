//! Logging in with an upstream OpenID provider, whose client we are (OpenID Connect Core §3.1).

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use thiserror::Error;

use crate::authorization::interaction::Interaction;
use crate::federation::metadata::UpstreamMetadata;
use crate::jose::external_algorithm::ExternalAlgorithm;
use crate::jose::jwt_fault::JwtFault;
use crate::syntax::encoding::encode_uri_component;
use crate::syntax::json::audience;
use crate::syntax::parameters::{ParameterError, Parameters};
use crate::types::external_time::{ExternalClock, NumericDate};
use crate::types::id::{IdentitySourceId, WorkspaceId};
use crate::types::secret::{Secret, SecretHash};
use crate::types::time::{Lifetime, Timestamp};
use crate::users::user_claims::{ClaimName, ClaimsReading, Identity, SourceClaims, derived_subject};
use crate::workspace::upstream_provider::UpstreamProvider;

/// The maximum age of an upstream ID token.
const MAX_ID_TOKEN_AGE: Lifetime = Lifetime::seconds(600);

/// A login with an upstream provider that waits for its response. It travels sealed in a cookie.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct UpstreamTransaction {
    /// The interaction that the login is part of.
    pub interaction: Interaction,
    /// The provider.
    pub provider: IdentitySourceId,
    /// Its issuer: another one under the same id did not issue the answer.
    pub issuer: String,
    /// Our `state`.
    pub state: String,
    /// Our `nonce`.
    pub nonce: String,
    /// Our `code_verifier`.
    pub code_verifier: String,
    /// When the transaction expires.
    pub expires: Timestamp,
}

/// Why an upstream login fails. The user sees a fixed text; the cause is logged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum UpstreamError {
    /// The parameters of the response are malformed or repeated.
    #[error(transparent)]
    Parameters(#[from] ParameterError),
    /// The `state` is missing or wrong.
    #[error("state does not match")]
    State,
    /// The `iss` is wrong, or missing although the metadata promises it (RFC 9207 §2.4); or the login was begun at another
    /// issuer.
    #[error("iss does not match")]
    Issuer,
    /// The user denied the request there.
    #[error("the user was refused or declined at the provider")]
    Denied,
    /// The provider responded with another error.
    #[error("the provider answered with an error")]
    Failed,
    /// The response has neither a code nor an error.
    #[error("the answer has no code")]
    MissingCode,
    /// The form, the key or the signature of a JWT is wrong.
    #[error("the {0} is refused: {1}")]
    Jwt(&'static str, JwtFault),
    /// A claim of the ID token is invalid.
    #[error("the ID token has a wrong {0}")]
    IdToken(&'static str),
    /// The user's login is older than was asked for, or the provider does not say how old it is.
    #[error("the login is older than was asked for, or auth_time is missing")]
    TooOld,
    /// The userinfo response is about another user (§5.3.2).
    #[error("userinfo is about another subject")]
    Userinfo,
}

impl UpstreamTransaction {
    /// The authorization request to the provider, as a URL.
    #[must_use]
    pub fn authorization_url(
        &self,
        provider: &UpstreamProvider,
        metadata: &UpstreamMetadata,
        target: &Target<'_>,
    ) -> String {
        let mut url = metadata.authorization_endpoint.as_str().to_owned();
        // With `max_age`, the provider must say when the user logged in (OpenID Connect Core §2); with `prompt` alone it
        // need not.
        let max_age = self.interaction.max_age().or(self.interaction.prompts_login().then_some(0));
        let (scope, max_age) = (provider.scope.joined(), max_age.map(|age| age.to_string()));
        let mut request: Vec<(&str, &str)> = vec![
            ("response_type", "code"),
            ("client_id", provider.client_id.as_str()),
            ("redirect_uri", target.callback),
            ("scope", &scope),
            ("state", &self.state),
            ("nonce", &self.nonce),
            ("code_challenge", target.code_challenge),
            ("code_challenge_method", "S256"),
        ];
        // What our client requires of the login, we require of the provider's.
        request.extend(prompt(&self.interaction).map(|prompt| ("prompt", prompt)));
        request.extend(max_age.as_deref().map(|max_age| ("max_age", max_age)));
        for (name, value) in request {
            url.push(if url.contains('?') { '&' } else { '?' });
            url.push_str(name);
            url.push('=');
            url.push_str(&encode_uri_component(value));
        }
        url
    }

    /// The digest under which the store remembers that the response to this login was taken.
    #[must_use]
    pub fn mark(&self) -> SecretHash {
        SecretHash::of(&Secret::new(self.state.clone()))
    }

    /// Checks the provider's response and returns its code.
    ///
    /// # Errors
    ///
    /// [`UpstreamError`]. Nothing may be sent to the provider then.
    pub fn answered<'p>(&self, answer: &'p Parameters, metadata: &UpstreamMetadata) -> Result<&'p str, UpstreamError> {
        if answer.one("state")? != Some(self.state.as_str()) {
            return Err(UpstreamError::State);
        }
        if self.issuer != metadata.issuer {
            return Err(UpstreamError::Issuer);
        }
        match answer.one("iss")? {
            Some(issuer) if issuer == metadata.issuer => {}
            None if !metadata.authorization_response_iss_parameter_supported => {}
            _ => return Err(UpstreamError::Issuer),
        }
        match answer.one("error")? {
            None => {}
            Some("access_denied") => return Err(UpstreamError::Denied),
            Some(_) => return Err(UpstreamError::Failed),
        }
        answer.one("code")?.ok_or(UpstreamError::MissingCode)
    }
}

/// The `prompt` for the provider, which may know more accounts of the user than we do.
const fn prompt(interaction: &Interaction) -> Option<&'static str> {
    match (interaction.prompts_login(), interaction.prompts_account()) {
        (true, true) => Some("login select_account"),
        (true, false) => Some("login"),
        (false, true) => Some("select_account"),
        (false, false) => None,
    }
}

/// Where the provider sends its response, and the challenge that its code is bound to.
pub struct Target<'a> {
    /// Our redirect URI.
    pub callback: &'a str,
    /// The challenge of our verifier.
    pub code_challenge: &'a str,
}

/// The claims of an upstream ID token, strictly typed (OpenID Connect Core §2). `null` says nothing.
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
    /// [`UpstreamError::IdToken`] names the invalid claim. [`UpstreamError::TooOld`] is for an ID token that is valid and
    /// not what was asked for (catalogue row SEC-UP-21).
    pub fn accept(claims: &[u8], expected: &Expected<'_>) -> Result<Self, UpstreamError> {
        let token: Self = serde_json::from_slice(claims).map_err(|_| UpstreamError::IdToken("shape"))?;
        let (issued, clock) = (token.iat.stated(), ExternalClock::at(expected.now));
        let begun = |time: Option<NumericDate>| time.is_none_or(|time| clock.has_reached(time.stated()));
        let is_hash_of =
            |hash: &Option<String>, text| hash.as_ref().is_none_or(|hash| *hash == expected.alg.left_half(text));
        let checks = [
            ("iss", token.iss == expected.provider.issuer),
            ("aud", token.aud == [expected.provider.client_id.as_str()]),
            ("azp", token.azp.as_deref().is_none_or(|azp| azp == expected.provider.client_id.as_str())),
            ("exp", clock.is_before(token.exp.stated())),
            ("iat", clock.has_reached(issued) && clock.is_within(issued, MAX_ID_TOKEN_AGE)),
            ("nbf", begun(token.nbf)),
            ("auth_time", begun(token.auth_time)),
            ("nonce", token.nonce.as_deref() == Some(expected.nonce)),
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

    /// The latest time at which the user can have authenticated, if the provider says when. With single sign-on at the
    /// provider, that may be long ago.
    #[must_use]
    pub fn auth_time(&self) -> Option<Timestamp> {
        self.auth_time.map(NumericDate::latest)
    }

    /// Who the user is, with the claims of both answers.
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
        let ClaimsReading { mut claims, mut dropped } = SourceClaims::read(&self.others);
        if let Some(userinfo) = userinfo {
            if userinfo.get("sub").and_then(Value::as_str) != Some(self.sub.as_str()) {
                return Err(UpstreamError::Userinfo);
            }
            let also = SourceClaims::read(userinfo);
            claims = claims.with_userinfo(&also.claims);
            dropped.extend(also.dropped);
        }
        let subject = derived_subject(workspace, provider.id.as_str(), &[&self.iss, &self.sub]);
        let subject = subject.ok_or(UpstreamError::IdToken("sub"))?;
        let (source, issuer) = (provider.id.clone(), Some(self.iss));
        Ok(UpstreamIdentity { identity: Identity { subject, source, issuer, claims }, dropped })
    }
}

/// Who a provider says the user is.
#[derive(Debug)]
pub struct UpstreamIdentity {
    /// The user.
    pub identity: Identity,
    /// The claims that were dropped because they have another type or form than OpenID Connect Core §5.1 says.
    pub dropped: Vec<ClaimName>,
}

/// What an upstream ID token is checked against.
pub struct Expected<'a> {
    /// The provider.
    pub provider: &'a UpstreamProvider,
    /// The nonce of the request.
    pub nonce: &'a str,
    /// The algorithm that it is signed with.
    pub alg: ExternalAlgorithm,
    /// The access token that was issued with it.
    pub access_token: &'a str,
    /// The code that it was issued for.
    pub code: &'a str,
    /// When the user must have logged in there at the earliest, if that was asked for.
    pub earliest_login: Option<Timestamp>,
    /// The current time.
    pub now: Timestamp,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::authorization::interaction::InteractionState;
    use crate::clients::external_url::Reach;
    use crate::fixtures::{changed, client, grant_id, request};
    use crate::workspace::identity_source::IdentitySource;

    const NOW: Timestamp = Timestamp::from_seconds(1_700_000_000);

    fn provider() -> UpstreamProvider {
        serde_json::from_value(serde_json::json!({
            "id": "partner", "title": "Partner", "issuer": "https://partner.example", "client_id": "us",
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
    fn sec_up_05_every_claim_of_the_id_token_is_checked() {
        assert!(accepted(&serde_json::json!({})).is_ok());
        assert!(accepted(&serde_json::json!({"aud": ["us"], "azp": "us"})).is_ok());
        let nulls = serde_json::json!({"nbf": null, "azp": null, "at_hash": null, "c_hash": null, "auth_time": null});
        assert!(accepted(&nulls).is_ok(), "null says nothing");
        let table = [
            ("iss", serde_json::json!({"iss": "https://partner.example/"})),
            ("aud", serde_json::json!({"aud": "them"})),
            ("aud", serde_json::json!({"aud": ["us", "them"]})),
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

    fn metadata(change: &Value) -> UpstreamMetadata {
        let base = serde_json::json!({
            "issuer": "https://partner.example", "authorization_endpoint": "https://partner.example/authorize",
            "token_endpoint": "https://partner.example/token", "jwks_uri": "https://partner.example/jwks",
        });
        let published = serde_json::from_value(changed(base, change)).unwrap();
        UpstreamMetadata::parse(published, &provider(), Reach::Internet).unwrap()
    }

    fn transaction(changes: &[(&str, &str)]) -> UpstreamTransaction {
        let state = InteractionState {
            id: grant_id(),
            seed: String::new(),
            browser: String::new(),
            began: NOW,
            expires: NOW,
            shown_to: None,
            account: None,
        };
        UpstreamTransaction {
            interaction: Interaction::of(&request(&client(&serde_json::json!({})), changes), state),
            provider: IdentitySourceId::parse("partner").unwrap(),
            issuer: "https://partner.example".into(),
            state: "our state".into(),
            nonce: "n".into(),
            code_verifier: "v".into(),
            expires: NOW,
        }
    }

    #[test]
    fn the_provider_is_asked_for_a_code_with_pkce_and_what_our_client_demands() {
        let url = |changes: &[(&str, &str)], endpoint: &str| {
            let metadata = metadata(&serde_json::json!({ "authorization_endpoint": endpoint }));
            let target = Target { callback: "https://auth.example/cb", code_challenge: "ch" };
            transaction(changes).authorization_url(&provider(), &metadata, &target)
        };
        let plain = "response_type=code&client_id=us&redirect_uri=https%3A%2F%2Fauth.example%2Fcb\
                     &scope=openid%20profile%20email&state=our%20state&nonce=n&code_challenge=ch&code_challenge_method=S256";
        let table = [
            (&[][..], "https://p.example/a", format!("https://p.example/a?{plain}")),
            (&[], "https://p.example/a?x=1", format!("https://p.example/a?x=1&{plain}")),
            (
                &[("prompt", "login")],
                "https://p.example/a",
                format!("https://p.example/a?{plain}&prompt=login&max_age=0"),
            ),
            (&[("max_age", "60")], "https://p.example/a", format!("https://p.example/a?{plain}&max_age=60")),
            (
                &[("prompt", "select_account")],
                "https://p.example/a",
                format!("https://p.example/a?{plain}&prompt=select_account"),
            ),
            (
                &[("prompt", "login select_account"), ("max_age", "0")],
                "https://p.example/a",
                format!("https://p.example/a?{plain}&prompt=login%20select_account&max_age=0"),
            ),
        ];
        for (changes, endpoint, expected) in table {
            assert_eq!(url(changes, endpoint), expected);
        }
    }

    #[test]
    fn an_answer_has_our_state_its_issuer_and_a_code() {
        let silent = metadata(&serde_json::json!({}));
        let naming = metadata(&serde_json::json!({"authorization_response_iss_parameter_supported": true}));
        let iss = "iss=https://partner.example";
        let table = [
            (&silent, "code=c&state=our+state".to_owned(), Ok("c")),
            (&silent, format!("code=c&state=our+state&{iss}"), Ok("c")),
            (&naming, format!("code=c&state=our+state&{iss}"), Ok("c")),
            (&naming, "code=c&state=our+state".into(), Err(UpstreamError::Issuer)),
            (&silent, "code=c&state=our+state&iss=https://evil.example".into(), Err(UpstreamError::Issuer)),
            (&silent, "code=c&state=another".into(), Err(UpstreamError::State)),
            (&silent, "code=c".into(), Err(UpstreamError::State)),
            (&silent, "error=access_denied".into(), Err(UpstreamError::State)),
            (&silent, "state=our+state".into(), Err(UpstreamError::MissingCode)),
            (&silent, "state=our+state&error=access_denied&code=c".into(), Err(UpstreamError::Denied)),
            (&silent, "state=our+state&error=server_error".into(), Err(UpstreamError::Failed)),
            (
                &silent,
                "state=our+state&code=c&code=c".into(),
                Err(UpstreamError::Parameters(ParameterError::Repeated("code"))),
            ),
        ];
        for (metadata, query, expected) in table {
            let parameters = Parameters::parse(query.as_bytes()).unwrap();
            assert_eq!(transaction(&[]).answered(&parameters, metadata), expected, "{query}");
        }
        let elsewhere = UpstreamTransaction { issuer: "https://former.example".into(), ..transaction(&[]) };
        let answer = Parameters::parse(b"code=c&state=our+state").unwrap();
        assert_eq!(elsewhere.answered(&answer, &silent), Err(UpstreamError::Issuer), "another issuer of the same id");
    }

    #[test]
    fn the_bounds_of_an_id_token_are_exact() {
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
}
