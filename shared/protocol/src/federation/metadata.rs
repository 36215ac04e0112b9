//! The metadata of an upstream OpenID provider (OpenID Connect Discovery §3).

use serde::Deserialize;
use thiserror::Error;

use crate::clients::external_url::{ExternalUrl, OutboundUrl, Reach, UnaskableUrl};
use crate::jose::external_algorithm::ExternalAlgorithm;
use crate::workspace::upstream_provider::UpstreamProvider;

/// The part of a provider's metadata that we use, as published. Nothing in it is checked.
#[derive(Debug, Deserialize)]
pub struct PublishedMetadata {
    issuer: String,
    authorization_endpoint: String,
    token_endpoint: String,
    jwks_uri: String,
    userinfo_endpoint: Option<String>,
    authorization_response_iss_parameter_supported: Option<bool>,
    id_token_signing_alg_values_supported: Option<Vec<String>>,
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
    /// The URL of its keys.
    pub jwks_uri: OutboundUrl,
    /// The userinfo endpoint, if there is one.
    pub userinfo_endpoint: Option<OutboundUrl>,
    /// Whether its responses carry `iss` (RFC 9207 §3).
    pub authorization_response_iss_parameter_supported: bool,
    /// What its ID tokens may be signed with.
    id_token_algorithms: Vec<ExternalAlgorithm>,
}

/// Why metadata are refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum MetadataError {
    /// They are of another issuer than the configured one (RFC 8414 §3.3).
    #[error("the metadata is of another issuer")]
    Issuer,
    /// A URL in them may not be used.
    #[error("{name} in the metadata: {fault}")]
    Url {
        /// The member.
        name: &'static str,
        /// What is wrong with it.
        fault: UnaskableUrl,
    },
}

impl UpstreamMetadata {
    /// Checks that `published` are the metadata of `provider`, and each URL in them (catalogue row SEC-UP-23).
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
        Ok(Self {
            issuer: published.issuer,
            authorization_endpoint: authorization_endpoint.map_err(refused("authorization_endpoint"))?,
            token_endpoint: asked("token_endpoint", &published.token_endpoint)?,
            jwks_uri: asked("jwks_uri", &published.jwks_uri)?,
            userinfo_endpoint: userinfo_endpoint.map(|url| asked("userinfo_endpoint", url)).transpose()?,
            authorization_response_iss_parameter_supported: published
                .authorization_response_iss_parameter_supported
                .unwrap_or_default(),
            id_token_algorithms: algorithms(provider, published.id_token_signing_alg_values_supported.as_deref()),
        })
    }

    /// Whether an ID token of this provider may be signed with `alg` (catalogue row SEC-JWT-01).
    #[must_use]
    pub fn may_sign_with(&self, alg: ExternalAlgorithm) -> bool {
        self.id_token_algorithms.contains(&alg)
    }
}

/// What ID tokens may be signed with: what is configured, else what is published, else anything that is supported.
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

    #[test]
    fn metadata_of_another_issuer_are_refused() {
        assert!(parsed(&json!({})).is_ok());
        assert!(parsed(&json!({"userinfo_endpoint": null})).unwrap().userinfo_endpoint.is_none());
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
