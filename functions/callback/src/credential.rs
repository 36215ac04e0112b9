//! Client authentication of this server at the token endpoint of a provider (OpenID Connect Core §9).

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use protocol::authorization::error::PageError;
use protocol::client_authentication::assertion::ASSERTION_TYPE;
use protocol::clients::client::AssertionAudience;
use protocol::federation::metadata::UpstreamMetadata;
use protocol::jose::jwk::{Algorithm, PublicJwk};
use protocol::syntax::encoding::{base64url, encode_uri_component};
use protocol::types::id::WorkspaceId;
use protocol::types::secret::Secret;
use protocol::types::time::Timestamp;
use protocol::workspace::upstream_provider::{UpstreamAuthMethod, UpstreamProvider};
use serde_json::{Value, json};
use signing::local::LocalKey;
use web::unavailable;

use crate::deps::Deps;
use crate::provider_fault::refused;

/// The lifetime of the JWTs signed for a provider, in seconds.
const ASSERTION_SECONDS: u64 = 60;

/// The credential for the token endpoint of a provider.
pub(crate) enum Credential {
    /// None: PKCE alone.
    Nothing,
    /// An `Authorization` header.
    Header(Secret<String>),
    /// A `client_secret` in the form.
    Secret(Secret<String>),
    /// A client assertion in the form (RFC 7523 §2.2).
    Assertion(Secret<String>),
}

impl Credential {
    /// The `Authorization` header, if the credential is one.
    pub(crate) fn header(&self) -> Option<&str> {
        match self {
            Self::Header(header) => Some(header.expose()),
            Self::Nothing | Self::Secret(_) | Self::Assertion(_) => None,
        }
    }

    /// The fields that the credential adds to the form.
    pub(crate) fn fields(&self) -> Vec<(&str, &str)> {
        match self {
            Self::Nothing | Self::Header(_) => Vec::new(),
            Self::Secret(secret) => vec![("client_secret", secret.expose())],
            Self::Assertion(jwt) => vec![("client_assertion_type", ASSERTION_TYPE), ("client_assertion", jwt.expose())],
        }
    }
}

/// Returns the credential for `provider`, whose metadata is `metadata`.
pub(crate) async fn at(
    deps: &Deps,
    workspace: &WorkspaceId,
    (provider, metadata): (&UpstreamProvider, &UpstreamMetadata),
    now: Timestamp,
) -> Result<Credential, PageError> {
    let method = metadata.authentication_method(provider).map_err(|error| refused(provider, &error))?;
    let opener = Opener { deps, workspace, provider, metadata, now };
    Ok(match method {
        UpstreamAuthMethod::None => Credential::Nothing,
        UpstreamAuthMethod::PrivateKeyJwt => Credential::Assertion(opener.assertion().await?),
        UpstreamAuthMethod::ClientSecretPost => Credential::Secret(opener.secret().await?),
        UpstreamAuthMethod::ClientSecretBasic => {
            let (us, secret) = (provider.client_id.as_str(), opener.secret().await?);
            let pair = format!("{}:{}", encode_uri_component(us), encode_uri_component(secret.expose()));
            Credential::Header(Secret::new(format!("Basic {}", STANDARD.encode(pair))))
        }
    })
}

/// Opens the sealed secrets of one provider, and signs with its key.
struct Opener<'a> {
    deps: &'a Deps,
    workspace: &'a WorkspaceId,
    provider: &'a UpstreamProvider,
    metadata: &'a UpstreamMetadata,
    now: Timestamp,
}

impl Opener<'_> {
    async fn opened(&self, sealed: Option<&String>) -> Result<Secret<Vec<u8>>, PageError> {
        let sealed = sealed.ok_or_else(|| unavailable("a provider has no credential for its authentication method"))?;
        let keys = self.deps.secrets.keys(self.now).await.map_err(unavailable)?;
        let opened = keys.open(self.workspace, sealed);
        Ok(opened.ok_or_else(|| unavailable("a sealed provider secret cannot be opened"))?)
    }

    /// The client secret: the configured one, or a JWT with the key owner as issuer (as Sign in with Apple
    /// requires).
    async fn secret(&self) -> Result<Secret<String>, PageError> {
        if let Some(holder) = &self.provider.private_key_issuer {
            return self.signed(holder, &self.provider.issuer).await;
        }
        let plain = self.opened(self.provider.sealed_client_secret.as_ref()).await?;
        Ok(Secret::new(String::from_utf8(plain.expose().clone()).map_err(unavailable)?))
    }

    /// A client assertion for this provider only (catalogue row SEC-UP-04).
    async fn assertion(&self) -> Result<Secret<String>, PageError> {
        let audience = match self.provider.client_assertion_audience {
            AssertionAudience::Issuer => &self.provider.issuer,
            AssertionAudience::Endpoint => self.metadata.token_endpoint.as_str(),
        };
        self.signed(self.provider.client_id.as_str(), audience).await
    }

    async fn signed(&self, iss: &str, aud: &str) -> Result<Secret<String>, PageError> {
        let pkcs8 = self.opened(self.provider.sealed_private_key.as_ref()).await?;
        let ec = LocalKey::from_pkcs8(Algorithm::ES256, pkcs8.expose());
        let rsa = self.metadata.rsa_assertion_algorithm(self.provider);
        let key = ec.or_else(|_| LocalKey::from_pkcs8(rsa, pkcs8.expose()));
        let (key, now) = (key.map_err(unavailable)?, self.now.seconds());
        let mut claims = json!({
            "iss": iss, "sub": self.provider.client_id.as_str(), "aud": aud, "iat": now, "exp": now + ASSERTION_SECONDS,
            "jti": self.deps.front.browser.random_text::<16>()?,
        });
        if let (Some(claims), Some(_)) = (claims.as_object_mut(), &self.provider.private_key_certificate) {
            // Among the claims that Microsoft documents. Others are not told it, because their clocks may be behind ours.
            claims.insert("nbf".into(), now.into());
        }
        let header = self.header(key.jwk());
        let part = |value: &Value| base64url(value.to_string().as_bytes());
        let message = format!("{}.{}", part(&header), part(&claims));
        let signature = key.sign(message.as_bytes()).map_err(unavailable)?;
        Ok(Secret::new(format!("{message}.{}", base64url(&signature))))
    }

    /// The header of what is signed with `key`: which key it is, by the certificate that the provider knows, else by name.
    fn header(&self, key: &PublicJwk) -> Value {
        let (alg, named) = (key.alg.as_str(), &self.provider.private_key_id);
        match (&self.provider.private_key_certificate, named) {
            (Some(certificate), None) => json!({"alg": alg, "typ": "JWT", "x5t#S256": certificate.thumbprint()}),
            (Some(certificate), Some(kid)) => {
                json!({"alg": alg, "kid": kid, "typ": "JWT", "x5t#S256": certificate.thumbprint()})
            }
            (None, Some(kid)) => json!({"alg": alg, "kid": kid, "typ": "JWT"}),
            (None, None) => json!({"alg": alg, "kid": key.thumbprint(), "typ": "JWT"}),
        }
    }
}
