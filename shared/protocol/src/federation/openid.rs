//! Login with an upstream OpenID provider, at which this server is the client (OpenID Connect Core §3.1).

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::authorization::interaction::Interaction;
use crate::authorization::upstream_refusal::UpstreamRefusal;
use crate::federation::metadata::UpstreamMetadata;
use crate::jose::jwt_fault::JwtFault;
use crate::syntax::encoding::encode_uri_component;
use crate::syntax::parameters::{ParameterError, Parameters};
use crate::types::id::IdentitySourceId;
use crate::types::secret::{Secret, SecretHash};
use crate::types::time::Timestamp;
use crate::users::factor::AuthenticationClass;
use crate::workspace::upstream_provider::{UpstreamPkce, UpstreamProvider, UpstreamResponseMode};

/// A login with an upstream provider that waits for its response. It travels sealed in a cookie.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct UpstreamTransaction {
    /// The interaction that the login is part of.
    pub interaction: Interaction,
    /// The provider.
    pub provider: IdentitySourceId,
    /// Its issuer: a response from another issuer with the same provider id is not accepted.
    pub issuer: String,
    /// The `state` of the request.
    pub state: String,
    /// The `nonce` of the request.
    pub nonce: String,
    /// The `code_verifier` of the request.
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
    /// The `iss` is wrong, or missing although the metadata promises it (RFC 9207 §2.4); or the login was started at
    /// another issuer.
    #[error("iss does not match")]
    Issuer,
    /// The provider responded with an error.
    #[error("{0}")]
    Refused(UpstreamRefusal),
    /// The response has neither a code nor an error.
    #[error("the answer has no code")]
    MissingCode,
    /// The form, the key or the signature of a JWT is wrong.
    #[error("the {0} is refused: {1}")]
    Jwt(&'static str, JwtFault),
    /// A claim of the ID token is invalid.
    #[error("the ID token has a wrong {0}")]
    IdToken(&'static str),
    /// A claim of a signed userinfo response is invalid (§5.3.2).
    #[error("the signed userinfo has a wrong {0}")]
    SignedUserinfo(&'static str),
    /// The login is older than requested, or the provider does not state its time.
    #[error("the login is older than requested, or auth_time is missing")]
    TooOld,
    /// The token response of a provider without OpenID Connect cannot be used (RFC 6749 §5.1).
    #[error("the token response has a wrong {0}")]
    TokenResponse(&'static str),
    /// The API of such a provider does not say who the user is.
    #[error("the answer of the user API has a wrong {0}")]
    UserApi(&'static str),
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
        // With `max_age`, the provider must state when the user logged in (OpenID Connect Core §2); with `prompt` alone it
        // need not.
        let max_age = self.interaction.max_age().or(self.interaction.prompts_login().then_some(0));
        let (scope, max_age) = (provider.scope.joined(), max_age.map(|age| age.to_string()));
        let acr_values = self.acr_values(provider);
        let mut request: Vec<(&str, &str)> = vec![
            ("response_type", "code"),
            ("client_id", provider.client_id.as_str()),
            ("redirect_uri", target.callback),
            ("scope", &scope),
            ("state", &self.state),
        ];
        // Without an ID token, nothing would carry it back.
        request.extend(provider.oauth.is_none().then_some(("nonce", self.nonce.as_str())));
        if provider.pkce == UpstreamPkce::S256 {
            request.extend([("code_challenge", target.code_challenge), ("code_challenge_method", "S256")]);
        }
        // What the client requires of the login, this server requires of the provider's.
        request.extend(prompt(&self.interaction).map(|prompt| ("prompt", prompt)));
        request.extend(max_age.as_deref().map(|max_age| ("max_age", max_age)));
        request.extend(
            (provider.response_mode == UpstreamResponseMode::FormPost).then_some(("response_mode", "form_post")),
        );
        let hints = self.interaction.hints();
        let passed_on = [
            ("login_hint", self.interaction.login_hint()),
            ("ui_locales", hints.ui_locales.as_deref()),
            ("domain_hint", hints.domain_hint.as_deref()),
            ("acr_values", acr_values.as_deref()),
        ];
        request.extend(passed_on.into_iter().filter_map(|(name, value)| Some((name, value?))));
        for (name, value) in request {
            url.push(if url.contains('?') { '&' } else { '?' });
            url.push_str(name);
            url.push('=');
            url.push_str(&encode_uri_component(value));
        }
        url
    }

    /// The `code_verifier` for the token endpoint, if the code is bound to it.
    #[must_use]
    pub fn code_verifier(&self, provider: &UpstreamProvider) -> Option<&str> {
        (provider.pkce == UpstreamPkce::S256).then_some(self.code_verifier.as_str())
    }

    /// The `acr_values` for the provider: those that the client requests, with this server's own classes in the provider's
    /// terms.
    fn acr_values(&self, provider: &UpstreamProvider) -> Option<String> {
        let requested = self.interaction.hints().acr_values.as_deref()?.split(' ');
        let translated = requested.filter_map(|value| match value {
            value if value == AuthenticationClass::MultiFactor.as_str() => {
                provider.multi_factor_acr.first().map(String::as_str)
            }
            value if value == AuthenticationClass::SingleFactor.as_str() => None,
            value => Some(value),
        });
        let joined = translated.collect::<Vec<_>>().join(" ");
        (!joined.is_empty()).then_some(joined)
    }

    /// The digest under which the store records that the response to this login was used.
    #[must_use]
    pub fn mark(&self) -> SecretHash {
        SecretHash::of(&Secret::new(self.state.clone()))
    }

    /// Checks the provider's response and returns its code.
    ///
    /// # Errors
    ///
    /// [`UpstreamError`]. Nothing may then be sent to the provider.
    pub fn answered<'p>(
        &self,
        answer: &'p Parameters,
        (provider, metadata): (&UpstreamProvider, &UpstreamMetadata),
    ) -> Result<&'p str, UpstreamError> {
        if answer.one("state")? != Some(self.state.as_str()) {
            return Err(UpstreamError::State);
        }
        if self.issuer != metadata.issuer {
            return Err(UpstreamError::Issuer);
        }
        match answer.one("iss")? {
            Some(issuer) if provider.issues(issuer) => {}
            None if !metadata.authorization_response_iss_parameter_supported => {}
            _ => return Err(UpstreamError::Issuer),
        }
        if let Some(error) = answer.one("error")? {
            return Err(UpstreamError::Refused(UpstreamRefusal::of(error)));
        }
        answer.one("code")?.ok_or(UpstreamError::MissingCode)
    }
}

/// The `prompt` for the provider, which may know more accounts of the user than this server.
const fn prompt(interaction: &Interaction) -> Option<&'static str> {
    match (interaction.prompts_login(), interaction.prompts_account()) {
        (true, true) => Some("login select_account"),
        (true, false) => Some("login"),
        (false, true) => Some("select_account"),
        (false, false) => None,
    }
}

/// Where the provider sends its response, and the challenge to which its code is bound.
pub struct Target<'a> {
    /// The redirect URI of this server.
    pub callback: &'a str,
    /// The challenge of the verifier.
    pub code_challenge: &'a str,
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;
    use crate::authorization::interaction::InteractionState;
    use crate::clients::external_url::Reach;
    use crate::fixtures::{changed, client, grant_id, request};

    const NOW: Timestamp = Timestamp::from_seconds(1_700_000_000);

    fn provider() -> UpstreamProvider {
        serde_json::from_value(serde_json::json!({
            "id": "partner", "title": "Partner", "issuer": "https://partner.example", "client_id": "us",
        }))
        .unwrap()
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
            pushed: false,
            shown_to: None,
            user_code: None,
            account_page: false,
            language: None,
            allowed_before: None,
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
    fn the_provider_is_asked_for_a_code_with_pkce_and_what_the_client_requires() {
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
        let hints = [("login_hint", "ada@corp.example"), ("ui_locales", "de en"), ("domain_hint", "corp.example")];
        let expected = "&login_hint=ada%40corp.example&ui_locales=de%20en&domain_hint=corp.example";
        assert_eq!(url(&hints, "https://p.example/a"), format!("https://p.example/a?{plain}{expected}"));
    }

    #[test]
    fn a_provider_is_asked_as_it_is_configured_and_for_classes_in_its_own_words() {
        let url = |settings: &Value, acr_values: &str| {
            let provider = changed(serde_json::to_value(provider()).unwrap(), settings);
            let target = Target { callback: "https://auth.example/cb", code_challenge: "ch" };
            let metadata = metadata(&serde_json::json!({}));
            let transaction = transaction(&[("acr_values", acr_values)]);
            let url = transaction.authorization_url(&serde_json::from_value(provider).unwrap(), &metadata, &target);
            url.split_once("S256").unwrap().1.to_owned()
        };
        let (ours, low) = ("urn:postern:acr:multi-factor", "urn:postern:acr:single-factor");
        let okta = serde_json::json!({"multi_factor_acr": ["urn:okta:2fa", "phr"]});
        let table = [
            (&okta, format!("{ours} {low} silver"), "&acr_values=urn%3Aokta%3A2fa%20silver"),
            (&okta, low.to_owned(), ""),
            (&serde_json::json!({}), format!("{ours} silver"), "&acr_values=silver"),
            (&serde_json::json!({"response_mode": "form_post"}), low.to_owned(), "&response_mode=form_post"),
        ];
        for (settings, acr_values, expected) in table {
            assert_eq!(url(settings, &acr_values), expected, "{settings} {acr_values}");
        }
    }

    #[test]
    fn a_provider_that_refuses_pkce_is_not_asked_for_it() {
        let refuses = changed(serde_json::to_value(provider()).unwrap(), &serde_json::json!({"pkce": "unused"}));
        let refuses: UpstreamProvider = serde_json::from_value(refuses).unwrap();
        let target = Target { callback: "https://auth.example/cb", code_challenge: "ch" };
        let transaction = transaction(&[]);
        let url = transaction.authorization_url(&refuses, &metadata(&serde_json::json!({})), &target);
        assert!(url.ends_with("&nonce=n") && !url.contains("code_challenge"), "{url}");
        assert_eq!((transaction.code_verifier(&refuses), transaction.code_verifier(&provider())), (None, Some("v")));
    }

    #[test]
    fn a_response_has_the_state_the_issuer_and_a_code() {
        let silent = metadata(&serde_json::json!({}));
        let naming = metadata(&serde_json::json!({"authorization_response_iss_parameter_supported": true}));
        let iss = "iss=https://partner.example";
        let refused = |error: &str| Err(UpstreamError::Refused(UpstreamRefusal::of(error)));
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
            (&silent, "state=our+state&error=access_denied&code=c".into(), refused("access_denied")),
            (&silent, "state=our+state&error=x&error_description=because".into(), refused("x")),
            (
                &silent,
                "state=our+state&code=c&code=c".into(),
                Err(UpstreamError::Parameters(ParameterError::Repeated("code"))),
            ),
        ];
        for (metadata, query, expected) in table {
            let parameters = Parameters::parse(query.as_bytes()).unwrap();
            assert_eq!(transaction(&[]).answered(&parameters, (&provider(), metadata)), expected, "{query}");
        }
        let elsewhere = UpstreamTransaction { issuer: "https://former.example".into(), ..transaction(&[]) };
        let answer = Parameters::parse(b"code=c&state=our+state").unwrap();
        assert_eq!(
            elsewhere.answered(&answer, (&provider(), &silent)),
            Err(UpstreamError::Issuer),
            "another issuer of the same id"
        );
    }
}
