//! The metadata of an upstream OpenID provider (OpenID Connect Discovery §3).

use serde::Deserialize;
use thiserror::Error;

use crate::clients::external_url::{ExternalUrl, OutboundUrl, Reach, UnaskableUrl};
use crate::jose::external_algorithm::ExternalAlgorithm;
use crate::jose::jwk::Algorithm;
use crate::workspace::upstream_provider::{UpstreamAuthMethod, UpstreamProvider};
use crate::workspace::user_api::UserApi;

/// The members of a provider's metadata that are used, as published. Nothing in it is checked, and `null` counts as
/// absent.
#[derive(Debug, Deserialize)]
pub struct PublishedMetadata {
    issuer: String,
    authorization_endpoint: String,
    token_endpoint: String,
    jwks_uri: String,
    userinfo_endpoint: Option<String>,
    authorization_response_iss_parameter_supported: Option<bool>,
    id_token_signing_alg_values_supported: Option<Vec<String>>,
    userinfo_signing_alg_values_supported: Option<Vec<String>>,
    token_endpoint_auth_methods_supported: Option<Vec<String>>,
    token_endpoint_auth_signing_alg_values_supported: Option<Vec<String>>,
}

/// The metadata of a configured provider.
#[derive(Clone, Debug)]
pub struct UpstreamMetadata {
    /// The issuer, which is the configured one byte for byte.
    pub issuer: String,
    /// The authorization endpoint, to which the browser is sent.
    pub authorization_endpoint: ExternalUrl,
    /// The token endpoint.
    pub token_endpoint: OutboundUrl,
    /// What says who the user is.
    pub statement: UserStatement,
    /// Whether its responses carry `iss` (RFC 9207 §3).
    pub authorization_response_iss_parameter_supported: bool,
    /// The client authentication methods of its token endpoint, if published.
    authentication_methods: Option<Vec<String>>,
    /// The permitted signature algorithms of client assertions, if published.
    assertion_algorithms: Option<Vec<String>>,
}

/// What says who the user is.
#[derive(Clone, Debug)]
pub enum UserStatement {
    /// An ID token, and perhaps userinfo (OpenID Connect Core §2 and §5.3).
    IdToken(OpenIdEndpoints),
    /// The API of a provider without OpenID Connect.
    Api(ApiEndpoints),
}

/// What an OpenID provider has beside its OAuth endpoints.
#[derive(Clone, Debug)]
pub struct OpenIdEndpoints {
    /// The URL of its keys.
    pub jwks_uri: OutboundUrl,
    /// The userinfo endpoint, if there is one.
    pub userinfo_endpoint: Option<OutboundUrl>,
    /// What its ID tokens may be signed with.
    id_token_algorithms: Vec<ExternalAlgorithm>,
    /// What its userinfo may be signed with.
    userinfo_algorithms: Vec<ExternalAlgorithm>,
}

/// The API of a provider without OpenID Connect.
#[derive(Clone, Debug)]
pub struct ApiEndpoints {
    /// How it is configured.
    pub settings: UserApi,
    /// Where it says who the user is.
    pub user: OutboundUrl,
    /// Where it lists the user's addresses, if it does.
    pub emails: Option<OutboundUrl>,
}

/// Why metadata is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum MetadataError {
    /// It belongs to another issuer than the configured one (RFC 8414 §3.3).
    #[error("the metadata belongs to another issuer")]
    Issuer,
    /// It has no authentication method for which a credential is configured.
    #[error("token_endpoint_auth_methods_supported has no method for which a credential is configured")]
    AuthenticationMethod,
    /// It contains a URL that may not be used.
    #[error("{name} in the metadata: {fault}")]
    Url {
        /// The member.
        name: &'static str,
        /// What is wrong with it.
        fault: UnaskableUrl,
    },
}

impl UpstreamMetadata {
    /// Checks that `published` is the metadata of `provider`, and checks each URL in it (catalogue row SEC-UP-23).
    ///
    /// # Errors
    ///
    /// [`MetadataError`].
    pub fn parse(
        published: PublishedMetadata,
        provider: &UpstreamProvider,
        reach: Reach,
    ) -> Result<Self, MetadataError> {
        if published.issuer != provider.issuer {
            return Err(MetadataError::Issuer);
        }
        let refused = |name| move |fault| MetadataError::Url { name, fault };
        let asked = |name, url: &str| OutboundUrl::parse(url, reach).map_err(refused(name));
        let authorization_endpoint = ExternalUrl::parse(&published.authorization_endpoint, reach);
        let userinfo_endpoint = published.userinfo_endpoint.as_deref();
        let statement = OpenIdEndpoints {
            jwks_uri: asked("jwks_uri", &published.jwks_uri)?,
            userinfo_endpoint: userinfo_endpoint.map(|url| asked("userinfo_endpoint", url)).transpose()?,
            id_token_algorithms: algorithms(provider, published.id_token_signing_alg_values_supported.as_deref()),
            userinfo_algorithms: algorithms(provider, published.userinfo_signing_alg_values_supported.as_deref()),
        };
        Ok(Self {
            issuer: published.issuer,
            authorization_endpoint: authorization_endpoint.map_err(refused("authorization_endpoint"))?,
            token_endpoint: asked("token_endpoint", &published.token_endpoint)?,
            statement: UserStatement::IdToken(statement),
            authorization_response_iss_parameter_supported: published
                .authorization_response_iss_parameter_supported
                .unwrap_or_default(),
            authentication_methods: published.token_endpoint_auth_methods_supported,
            assertion_algorithms: published.token_endpoint_auth_signing_alg_values_supported,
        })
    }

    /// What stands for the metadata of a provider without OpenID Connect: what is configured, each URL checked like those in
    /// metadata.
    ///
    /// # Errors
    ///
    /// [`MetadataError::Url`].
    pub fn of_api(provider: &UpstreamProvider, api: &UserApi, reach: Reach) -> Result<Self, MetadataError> {
        let refused = |name| move |fault| MetadataError::Url { name, fault };
        let asked = |name, url: &str| OutboundUrl::parse(url, reach).map_err(refused(name));
        let authorization_endpoint = ExternalUrl::parse(&api.authorization_endpoint, reach);
        let emails = api.emails_endpoint.as_deref();
        Ok(Self {
            issuer: provider.issuer.clone(),
            authorization_endpoint: authorization_endpoint.map_err(refused("authorization_endpoint"))?,
            token_endpoint: asked("token_endpoint", &api.token_endpoint)?,
            statement: UserStatement::Api(ApiEndpoints {
                settings: api.clone(),
                user: asked("user_endpoint", &api.user_endpoint)?,
                emails: emails.map(|url| asked("emails_endpoint", url)).transpose()?,
            }),
            authorization_response_iss_parameter_supported: false,
            authentication_methods: None,
            assertion_algorithms: None,
        })
    }

    /// The authentication method at the token endpoint of `provider`: the configured one, or else one that the metadata
    /// permits and for which a credential is configured. Without a list, Basic is the default (OpenID Connect Discovery
    /// §3).
    ///
    /// # Errors
    ///
    /// [`MetadataError::AuthenticationMethod`].
    pub fn authentication_method(&self, provider: &UpstreamProvider) -> Result<UpstreamAuthMethod, MetadataError> {
        if let Some(configured) = provider.token_endpoint_auth_method {
            return Ok(configured);
        }
        let candidates: &[UpstreamAuthMethod] = match (provider.has_secret(), provider.sealed_private_key.is_some()) {
            (true, _) => &[UpstreamAuthMethod::ClientSecretBasic, UpstreamAuthMethod::ClientSecretPost],
            (false, true) => return Ok(UpstreamAuthMethod::PrivateKeyJwt),
            (false, false) => return Ok(UpstreamAuthMethod::None),
        };
        let Some(methods) = &self.authentication_methods else { return Ok(UpstreamAuthMethod::ClientSecretBasic) };
        let allowed = |method: &&UpstreamAuthMethod| methods.iter().any(|name| name == method.as_str());
        candidates.iter().find(allowed).copied().ok_or(MetadataError::AuthenticationMethod)
    }

    /// The algorithm of what is signed for `provider` with an RSA key: RS256, unless its metadata lists only PS256. With a
    /// certificate it is the other way round, because Microsoft Entra lists nothing and documents PS256 for it.
    #[must_use]
    pub fn rsa_assertion_algorithm(&self, provider: &UpstreamProvider) -> Algorithm {
        let takes = |name: &str| self.assertion_algorithms.as_ref().map(|known| known.iter().any(|alg| alg == name));
        let certified = provider.private_key_certificate.is_some();
        match (takes("RS256"), takes("PS256")) {
            (Some(false), Some(true)) => Algorithm::PS256,
            (None, None) | (_, Some(true)) if certified => Algorithm::PS256,
            _ => Algorithm::RS256,
        }
    }
}

impl OpenIdEndpoints {
    /// Whether a userinfo response of this provider may be signed with `alg` (catalogue row SEC-JWT-01).
    #[must_use]
    pub fn may_sign_userinfo_with(&self, alg: ExternalAlgorithm) -> bool {
        self.userinfo_algorithms.contains(&alg)
    }

    /// Whether an ID token of this provider may be signed with `alg` (catalogue row SEC-JWT-01).
    #[must_use]
    pub fn may_sign_with(&self, alg: ExternalAlgorithm) -> bool {
        self.id_token_algorithms.contains(&alg)
    }
}

/// The permitted algorithms of ID tokens: the configured one, or else the published ones, or else all supported ones.
fn algorithms(provider: &UpstreamProvider, published: Option<&[String]>) -> Vec<ExternalAlgorithm> {
    match (provider.id_token_signed_response_alg, published) {
        (Some(configured), _) => vec![configured],
        (None, Some(published)) => published.iter().filter_map(|name| ExternalAlgorithm::named(name)).collect(),
        (None, None) => ExternalAlgorithm::ALL.to_vec(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::fixtures::changed;

    fn parsed(change: &Value) -> Result<UpstreamMetadata, MetadataError> {
        let provider = json!({"id": "p", "title": "P", "issuer": "https://p.example", "client_id": "us"});
        parsed_of(&provider, change)
    }

    fn parsed_of(provider: &Value, change: &Value) -> Result<UpstreamMetadata, MetadataError> {
        let base = json!({
            "issuer": "https://p.example", "authorization_endpoint": "https://login.p.example/authorize",
            "token_endpoint": "https://p.example/token", "jwks_uri": "https://keys.p.example/",
            "userinfo_endpoint": "https://p.example/me",
        });
        let published = serde_json::from_value(changed(base, change)).unwrap();
        UpstreamMetadata::parse(published, &serde_json::from_value(provider.clone()).unwrap(), Reach::Internet)
    }

    fn openid(metadata: UpstreamMetadata) -> OpenIdEndpoints {
        match metadata.statement {
            UserStatement::IdToken(endpoints) => endpoints,
            UserStatement::Api(_) => panic!("no OpenID provider"),
        }
    }

    #[test]
    fn sec_up_03_and_23_an_api_is_where_it_is_configured_and_each_url_is_checked() {
        let of = |change: &Value| {
            let urls = json!({
                "authorization_endpoint": "https://p.example/a", "token_endpoint": "https://p.example/t",
                "user_endpoint": "https://api.p.example/me", "emails_endpoint": "https://api.p.example/emails",
            });
            let api: UserApi = serde_json::from_value(changed(urls, change)).unwrap();
            let provider = json!({"id": "p", "title": "P", "issuer": "https://p.example", "client_id": "us"});
            UpstreamMetadata::of_api(&serde_json::from_value(provider).unwrap(), &api, Reach::Internet)
        };
        let metadata = of(&json!({})).unwrap();
        assert_eq!(
            (metadata.issuer.as_str(), metadata.token_endpoint.as_str()),
            ("https://p.example", "https://p.example/t")
        );
        for name in ["authorization_endpoint", "token_endpoint", "user_endpoint", "emails_endpoint"] {
            let fault = UnaskableUrl::NotSecure;
            let refused = of(&json!({ name: "http://p.example/" })).err();
            assert_eq!(refused, Some(MetadataError::Url { name, fault }), "{name}");
        }
    }

    #[test]
    fn metadata_of_another_issuer_is_refused() {
        assert!(parsed(&json!({})).is_ok());
        assert!(openid(parsed(&json!({"userinfo_endpoint": null})).unwrap()).userinfo_endpoint.is_none());
        for other in ["https://p.example/", "https://P.example", "https://q.example"] {
            assert_eq!(parsed(&json!({"issuer": other})).err(), Some(MetadataError::Issuer), "{other}");
        }
    }

    #[test]
    fn sec_jwt_01_id_tokens_are_signed_with_what_is_configured_or_published() {
        let signers = |algorithm: Option<&str>, supported: &Value| {
            let provider = json!({
                "id": "p", "title": "P", "issuer": "https://p.example", "client_id": "us",
                "id_token_signed_response_alg": algorithm,
            });
            let metadata = parsed_of(&provider, &json!({"id_token_signing_alg_values_supported": supported})).unwrap();
            let metadata = openid(metadata);
            let all = ExternalAlgorithm::ALL.into_iter().filter(|alg| metadata.may_sign_with(*alg));
            all.map(|alg| alg.names()[0]).collect::<Vec<_>>().join(" ")
        };
        let all = "RS256 RS384 RS512 PS256 PS384 PS512 ES256 ES384 ES512 EdDSA";
        assert_eq!(signers(None, &Value::Null), all);
        assert_eq!(signers(None, &json!(["RS256", "HS256", "none", "Ed25519"])), "RS256 EdDSA");
        assert_eq!(signers(None, &json!(["HS256"])), "");
        assert_eq!(signers(Some("ES384"), &json!(["RS256"])), "ES384");
    }

    #[test]
    fn how_to_authenticate_follows_the_setting_and_then_the_metadata() {
        let method = |settings: &Value, supported: &Value| {
            let base = json!({"id": "p", "title": "P", "issuer": "https://p.example", "client_id": "us"});
            let provider = changed(base, settings);
            let metadata = parsed_of(&provider, &json!({"token_endpoint_auth_methods_supported": supported})).unwrap();
            let found = metadata.authentication_method(&serde_json::from_value(provider).unwrap());
            found.map(UpstreamAuthMethod::as_str)
        };
        let (secret, key) = (json!({"sealed_client_secret": "s"}), json!({"sealed_private_key": "k"}));
        let apple = json!({"sealed_private_key": "k", "private_key_issuer": "team"});
        let set = json!({"sealed_client_secret": "s", "token_endpoint_auth_method": "client_secret_post"});
        let table = [
            (&json!({}), Value::Null, Ok("none")),
            (&json!({}), json!(["client_secret_basic"]), Ok("none")),
            (&secret, Value::Null, Ok("client_secret_basic")),
            (&secret, json!(["client_secret_post"]), Ok("client_secret_post")),
            (&secret, json!(["client_secret_post", "client_secret_basic"]), Ok("client_secret_basic")),
            (&secret, json!(["tls_client_auth"]), Err(MetadataError::AuthenticationMethod)),
            (&key, json!(["private_key_jwt"]), Ok("private_key_jwt")),
            (&apple, json!(["client_secret_post"]), Ok("client_secret_post")),
            (&set, json!(["client_secret_basic"]), Ok("client_secret_post")),
        ];
        for (settings, supported, expected) in table {
            assert_eq!(method(settings, &supported), expected, "{settings} {supported}");
        }
    }

    #[test]
    fn an_rsa_key_signs_assertions_with_what_the_provider_takes() {
        let certificate = "-----BEGIN CERTIFICATE-----MIIAAA==-----END CERTIFICATE-----";
        let base = json!({"id": "p", "title": "P", "issuer": "https://p.example", "client_id": "us"});
        let certified = changed(base.clone(), &json!({ "private_key_certificate": certificate }));
        let (rs, ps) = (Algorithm::RS256, Algorithm::PS256);
        let table = [
            (Value::Null, rs, ps),
            (json!([]), rs, rs),
            (json!(["RS256"]), rs, rs),
            (json!(["PS256"]), ps, ps),
            (json!(["PS256", "RS256"]), rs, ps),
            (json!(["ES256"]), rs, rs),
        ];
        for (supported, plain, with_certificate) in table {
            let change = json!({"token_endpoint_auth_signing_alg_values_supported": supported});
            for (provider, expected) in [(&base, plain), (&certified, with_certificate)] {
                let metadata = parsed_of(provider, &change).unwrap();
                let provider = serde_json::from_value(provider.clone()).unwrap();
                assert_eq!(metadata.rsa_assertion_algorithm(&provider), expected, "{supported} {expected:?}");
            }
        }
    }

    #[test]
    fn sec_up_23_each_url_is_checked_and_the_refused_one_is_named() {
        for name in ["authorization_endpoint", "token_endpoint", "jwks_uri", "userinfo_endpoint"] {
            for (url, fault) in [
                ("javascript:alert(1)", UnaskableUrl::Malformed),
                ("https://p.example/#", UnaskableUrl::Malformed),
                ("http://p.example/", UnaskableUrl::NotSecure),
            ] {
                assert_eq!(
                    parsed(&json!({ name: url })).err(),
                    Some(MetadataError::Url { name, fault }),
                    "{name}={url}"
                );
            }
            let (inner, for_browsers) = ("https://idp:9443/x", name == "authorization_endpoint");
            assert_eq!(
                parsed(&json!({ name: inner })).is_ok(),
                for_browsers,
                "{name}: a browser may be within a network"
            );
        }
    }
}
