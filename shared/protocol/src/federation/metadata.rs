//! The metadata of an upstream OpenID provider (OpenID Connect Discovery §3).

use serde::Deserialize;
use thiserror::Error;

use crate::clients::external_url::{ExternalUrl, OutboundUrl, Reach, UnaskableUrl};
use crate::syntax::json::present;
use crate::workspace::upstream_provider::UpstreamProvider;

/// The part of a provider's metadata that we use, as published. Nothing in it is checked.
#[derive(Debug, Deserialize)]
pub struct PublishedMetadata {
    issuer: String,
    authorization_endpoint: String,
    token_endpoint: String,
    jwks_uri: String,
    #[serde(default, deserialize_with = "present")]
    userinfo_endpoint: Option<String>,
    #[serde(default)]
    authorization_response_iss_parameter_supported: bool,
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
            authorization_response_iss_parameter_supported: published.authorization_response_iss_parameter_supported,
        })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::fixtures::changed;

    fn parsed(change: &Value) -> Result<UpstreamMetadata, MetadataError> {
        let base = json!({
            "issuer": "https://p.example", "authorization_endpoint": "https://login.p.example/authorize",
            "token_endpoint": "https://p.example/token", "jwks_uri": "https://keys.p.example/",
            "userinfo_endpoint": "https://p.example/me",
        });
        let provider = json!({"id": "p", "title": "P", "issuer": "https://p.example", "client_id": "us"});
        let published = serde_json::from_value(changed(base, change)).unwrap();
        UpstreamMetadata::parse(published, &serde_json::from_value(provider).unwrap(), Reach::Internet)
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
