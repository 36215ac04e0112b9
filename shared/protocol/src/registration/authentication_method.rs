//! The authentication method in a client's metadata (RFC 7591 §2), and the check that the client has exactly what its
//! method needs.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::clients::client::{
    AssertionAudience, AssertionKey, Assertions, Authentication, ClientKeys, ClientSecret, ClientSecrets, SecretMethod,
};
use crate::clients::external_url::Reach;
use crate::jose::external_algorithm::ExternalAlgorithm;
use crate::jose::external_jwk::ExternalJwks;
use crate::registration::error::{Field, RegistrationError, outbound};
use crate::types::secret::SecretHash;
use crate::types::time::{Lifetime, Timestamp};
use crate::workspace::settings::Settings;

/// How far in the future assertions may expire by default (catalogue row SEC-CLI-09).
const DEFAULT_ASSERTION_LIFETIME: Lifetime = Lifetime::seconds(300);

/// The maximum that a client may be allowed.
const MAX_ASSERTION_LIFETIME: Lifetime = Lifetime::seconds(3600);

/// The maximum number of secrets of a client: the newest and two older ones, so that they can be rotated.
const MAX_SECRETS: usize = 3;

/// The supported authentication methods (RFC 7591 §2).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AuthenticationMethod {
    /// A public client.
    None,
    /// HTTP Basic.
    #[default]
    ClientSecretBasic,
    /// Form parameters.
    ClientSecretPost,
    /// Assertions with a MAC, in workspaces that allow them.
    ClientSecretJwt,
    /// Signed assertions.
    PrivateKeyJwt,
}

/// The digest of a secret, with or without an expiry.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(untagged, expecting = "client_secret_sha256 holds digests, each a string or { sha256, expires_at }")]
pub enum SecretDigest {
    /// A secret that is valid until it is removed.
    Lasting(String),
    /// A secret that expires.
    Ending(EndingSecret),
}

/// The digest of a secret that expires.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EndingSecret {
    /// The digest.
    pub sha256: String,
    /// When the secret expires, in seconds since the epoch.
    pub expires_at: u64,
}

/// An algorithm for assertions: a signature algorithm, or the MAC of `client_secret_jwt`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(
    untagged,
    expecting = "token_endpoint_auth_signing_alg is RS256, RS384, RS512, PS256, PS384, PS512, ES256, ES384, ES512 or EdDSA, or HS256 with a secret"
)]
pub enum AssertionAlgorithm {
    /// A signature.
    Signature(ExternalAlgorithm),
    /// A MAC.
    Mac(MacAlgorithm),
}

/// The supported MAC (RFC 7518 §3.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum MacAlgorithm {
    /// HMAC with SHA-256.
    HS256,
}

/// The part of a client's metadata that concerns authentication.
pub(crate) struct AuthenticationFields<'a> {
    /// `token_endpoint_auth_method`.
    pub(crate) method: AuthenticationMethod,
    /// `client_secret_sha256`.
    pub(crate) digests: &'a [SecretDigest],
    /// `sealed_client_secret`.
    pub(crate) sealed_secret: Option<&'a str>,
    /// `jwks`.
    pub(crate) jwks: Option<&'a ExternalJwks>,
    /// `jwks_uri`.
    pub(crate) jwks_uri: Option<&'a str>,
    /// `token_endpoint_auth_signing_alg`.
    pub(crate) signing_alg: Option<AssertionAlgorithm>,
    /// `client_assertion_audience`.
    pub(crate) assertion_audience: AssertionAudience,
    /// `client_assertion_lifetime`.
    pub(crate) assertion_lifetime: Option<Lifetime>,
}

impl AuthenticationFields<'_> {
    /// Checks the fields and returns how the client authenticates.
    ///
    /// # Errors
    ///
    /// [`RegistrationError`] if something is missing, malformed or for another method.
    pub(crate) fn check(&self, settings: &Settings, reach: Reach) -> Result<Authentication, RegistrationError> {
        self.has_only_what_belongs_to(self.method)?;
        match self.method {
            AuthenticationMethod::None => Ok(Authentication::None),
            AuthenticationMethod::ClientSecretBasic => self.secret(SecretMethod::Basic, settings),
            AuthenticationMethod::ClientSecretPost => self.secret(SecretMethod::Post, settings),
            AuthenticationMethod::ClientSecretJwt => self.secret_jwt(settings),
            AuthenticationMethod::PrivateKeyJwt => {
                self.asserting(AssertionKey::Keys(self.keys(reach)?, self.signature_algorithm()?))
            }
        }
    }

    /// A client has one method, and no setting of another one (catalogue row SEC-CLI-01).
    fn has_only_what_belongs_to(&self, method: AuthenticationMethod) -> Result<(), RegistrationError> {
        self.superfluous(method).next().map_or(Ok(()), Err)
    }

    /// The settings that belong to another method than `method`.
    fn superfluous(&self, method: AuthenticationMethod) -> impl Iterator<Item = RegistrationError> {
        use AuthenticationMethod::{ClientSecretBasic, ClientSecretJwt, ClientSecretPost, PrivateKeyJwt};
        let hashed = matches!(method, ClientSecretBasic | ClientSecretPost);
        let asserts = matches!(method, ClientSecretJwt | PrivateKeyJwt);
        let fields = [
            (Field::ClientSecretSha256, !self.digests.is_empty(), hashed),
            (Field::SealedClientSecret, self.sealed_secret.is_some(), method == ClientSecretJwt),
            (Field::Jwks, self.jwks.is_some(), method == PrivateKeyJwt),
            (Field::JwksUri, self.jwks_uri.is_some(), method == PrivateKeyJwt),
            (Field::SigningAlg, self.signing_alg.is_some(), asserts),
            (Field::AssertionLifetime, self.assertion_lifetime.is_some(), asserts),
            (Field::AssertionAudience, self.assertion_audience != AssertionAudience::Issuer, asserts),
        ];
        let superfluous = fields.into_iter().filter(|(_, present, fits)| *present && !fits);
        superfluous.map(move |(field, ..)| match (method, field) {
            (AuthenticationMethod::None, Field::ClientSecretSha256 | Field::SealedClientSecret) => {
                RegistrationError::SecretOfPublicClient(field)
            }
            _ => RegistrationError::OtherMethod(field),
        })
    }

    /// All errors of the fields: every setting of another method, or else what the method lacks.
    pub(crate) fn faults(&self, settings: &Settings, reach: Reach) -> Vec<RegistrationError> {
        let superfluous: Vec<RegistrationError> = self.superfluous(self.method).collect();
        if superfluous.is_empty() { self.check(settings, reach).err().into_iter().collect() } else { superfluous }
    }

    fn secret(&self, registered: SecretMethod, settings: &Settings) -> Result<Authentication, RegistrationError> {
        let (known, accepted) = (self.secrets()?, settings.client_secret_methods);
        Ok(Authentication::Secret(ClientSecrets { known, registered, accepted }))
    }

    fn secrets(&self) -> Result<Vec<ClientSecret>, RegistrationError> {
        let secrets = self.digests.iter().enumerate();
        let secrets = secrets
            .map(|(position, digest)| digest.secret().ok_or(RegistrationError::MalformedDigest(position)))
            .collect::<Result<Vec<ClientSecret>, _>>()?;
        match secrets.len() {
            0 => Err(RegistrationError::MissingSecret(Field::ClientSecretSha256)),
            1..=MAX_SECRETS => Ok(secrets),
            _ => Err(RegistrationError::TooManySecrets),
        }
    }

    fn secret_jwt(&self, settings: &Settings) -> Result<Authentication, RegistrationError> {
        if !settings.client_secret_jwt {
            return Err(RegistrationError::SecretJwtDisabled);
        }
        if matches!(self.signing_alg, Some(AssertionAlgorithm::Signature(_))) {
            return Err(RegistrationError::SignatureWithSecretJwt);
        }
        let sealed = self.sealed_secret.map(str::to_owned);
        let sealed = sealed.ok_or(RegistrationError::MissingSecret(Field::SealedClientSecret))?;
        self.asserting(AssertionKey::Secret(sealed))
    }

    fn signature_algorithm(&self) -> Result<Option<ExternalAlgorithm>, RegistrationError> {
        match self.signing_alg {
            None => Ok(None),
            Some(AssertionAlgorithm::Signature(algorithm)) => Ok(Some(algorithm)),
            Some(AssertionAlgorithm::Mac(_)) => Err(RegistrationError::MacWithPrivateKeyJwt),
        }
    }

    fn keys(&self, reach: Reach) -> Result<ClientKeys, RegistrationError> {
        match (self.jwks, self.jwks_uri) {
            (Some(jwks), None) => {
                jwks.registrable()?;
                let algorithm = self.signature_algorithm()?;
                let wanted = |known: &ExternalAlgorithm| algorithm.is_none_or(|algorithm| algorithm == *known);
                let mut usable = ExternalAlgorithm::ALL.into_iter().filter(wanted);
                if usable.all(|algorithm| jwks.candidates(algorithm, None).is_empty()) {
                    return Err(RegistrationError::NoUsableKey);
                }
                Ok(ClientKeys::Registered(jwks.clone()))
            }
            (None, Some(url)) => Ok(ClientKeys::Published(outbound(Field::JwksUri, url, reach)?)),
            (None, None) => Err(RegistrationError::MissingKeys),
            (Some(_), Some(_)) => Err(RegistrationError::TwoKeySources),
        }
    }

    fn asserting(&self, key: AssertionKey) -> Result<Authentication, RegistrationError> {
        let longest = self.assertion_lifetime.unwrap_or(DEFAULT_ASSERTION_LIFETIME);
        if !(Lifetime::seconds(1)..=MAX_ASSERTION_LIFETIME).contains(&longest) {
            return Err(RegistrationError::AssertionLifetime);
        }
        Ok(Authentication::Assertion(Arc::new(Assertions { key, audience: self.assertion_audience, longest })))
    }
}

impl SecretDigest {
    fn secret(&self) -> Option<ClientSecret> {
        let (digest, expires) = match self {
            Self::Lasting(sha256) => (sha256, None),
            Self::Ending(ending) => (&ending.sha256, Some(Timestamp::from_seconds(ending.expires_at))),
        };
        Some(ClientSecret { hash: SecretHash::parse(digest)?, expires })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::registration::client_metadata::ClientMetadata;
    use crate::syntax::encoding::base64url;
    use crate::types::id::{Issuer, WorkspaceId};

    fn registered(change: &Value, settings: &Value) -> Result<Authentication, String> {
        let mut metadata = json!({"client_id": "c1", "client_name": "C 1", "redirect_uris": ["https://c1.example/cb"]});
        metadata.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        let metadata: ClientMetadata = serde_json::from_value(metadata).map_err(|error| error.to_string())?;
        let mut all = json!({"name": "Demo", "default_audience": "https://api.example"});
        all.as_object_mut().unwrap().extend(settings.as_object().unwrap().clone());
        let issuer = Issuer::new("https://auth.example", &WorkspaceId::parse("default", "demo").unwrap());
        let client = metadata.register(&serde_json::from_value(all).unwrap(), &issuer);
        client.map(|client| client.authentication).map_err(|error| error.to_string())
    }

    fn jwks(key: &Value) -> Value {
        json!({"keys": [key]})
    }

    fn ed25519() -> Value {
        json!({"kty": "OKP", "crv": "Ed25519", "x": base64url(&[7; 32])})
    }

    #[test]
    fn each_method_takes_what_it_needs() {
        let digest = base64url(&[7; 32]);
        let on = json!({"client_secret_jwt": true});
        let table = [
            (json!({"token_endpoint_auth_method": "none"}), "none"),
            (json!({"client_secret_sha256": [digest]}), "client_secret_basic"),
            (
                json!({"token_endpoint_auth_method": "client_secret_post",
                       "client_secret_sha256": [digest, {"sha256": digest, "expires_at": 1_790_000_000}]}),
                "client_secret_post",
            ),
            (
                json!({"token_endpoint_auth_method": "client_secret_jwt", "sealed_client_secret": "x"}),
                "client_secret_jwt",
            ),
            (
                json!({"token_endpoint_auth_method": "private_key_jwt", "jwks": jwks(&ed25519()),
                       "token_endpoint_auth_signing_alg": "Ed25519", "client_assertion_audience": "endpoint"}),
                "private_key_jwt",
            ),
            (
                json!({"token_endpoint_auth_method": "private_key_jwt", "jwks_uri": "https://c1.example/jwks",
                       "token_endpoint_auth_signing_alg": "PS256", "client_assertion_lifetime": 3600}),
                "private_key_jwt",
            ),
        ];
        for (change, method) in table {
            assert_eq!(registered(&change, &on).map(|authentication| authentication.method()), Ok(method), "{change}");
        }
    }

    fn refusal(change: &Value) -> String {
        registered(change, &json!({})).err().unwrap_or_default()
    }

    #[test]
    fn sec_cli_01_settings_of_another_method_are_refused_with_a_reason() {
        let digest = base64url(&[7; 32]);
        assert!(refusal(&json!({})).contains("needs a secret"));
        let public = json!({"token_endpoint_auth_method": "none", "client_secret_sha256": [digest]});
        assert!(refusal(&public).contains("public client"));
        assert!(refusal(&json!({"client_secret_sha256": vec![&digest; 4]})).contains("at most three"));
        let table = [
            ("jwks", jwks(&ed25519()), "for private_key_jwt"),
            ("jwks_uri", json!("https://c1.example/"), "for private_key_jwt"),
            ("sealed_client_secret", json!("x"), "for client_secret_jwt"),
            ("client_assertion_lifetime", json!(60), "client_assertion_lifetime is for private_key_jwt and"),
            ("client_assertion_audience", json!("endpoint"), "client_assertion_audience is for private_key_jwt and"),
            (
                "token_endpoint_auth_signing_alg",
                json!("ES256"),
                "token_endpoint_auth_signing_alg is for private_key_jwt",
            ),
        ];
        for (name, value, expected) in table {
            let error = refusal(&json!({"client_secret_sha256": [digest], name: value}));
            assert!(error.contains(expected), "{name}: {error}");
        }
    }

    #[test]
    fn sec_cli_13_invalid_or_non_public_keys_are_refused_with_a_reason() {
        let key = || jwks(&ed25519());
        let mut with_private_half = ed25519();
        with_private_half["d"] = "AQ".into();
        let digest = base64url(&[7; 32]);
        let table = [
            (json!({}), "either jwks or jwks_uri"),
            (json!({"client_secret_sha256": [digest]}), "client_secret_basic and"),
            (json!({"jwks": key(), "jwks_uri": "https://c1.example/"}), "either jwks or jwks_uri"),
            (json!({"jwks": jwks(&with_private_half)}), "private or symmetric"),
            (json!({"jwks": {"keys": []}}), "no key for signatures"),
            (json!({"jwks": key(), "token_endpoint_auth_signing_alg": "ES256"}), "no key for signatures"),
            (json!({"jwks": key(), "token_endpoint_auth_signing_alg": "HS256"}), "HS256 is for"),
            (json!({"jwks": key(), "token_endpoint_auth_signing_alg": "none"}), "ES384, ES512 or EdDSA"),
            (json!({"jwks_uri": "http://c1.example/"}), "jwks_uri: http://c1.example/: use https"),
            (json!({"jwks_uri": "https://10.0.0.1/"}), "public internet"),
            (json!({"jwks_uri": "http://localhost:1/"}), "use https"),
            (json!({"jwks_uri": "https://c1.example/", "client_assertion_lifetime": 3601}), "1 to 3600"),
            (json!({"jwks_uri": "https://c1.example/", "client_assertion_lifetime": 0}), "1 to 3600"),
        ];
        for (mut change, expected) in table {
            change["token_endpoint_auth_method"] = "private_key_jwt".into();
            let error = refusal(&change);
            assert!(error.contains(expected), "{change}: {error}");
        }
    }

    #[test]
    fn sec_cli_12_client_secret_jwt_is_off_unless_the_workspace_enables_it() {
        let client = json!({"token_endpoint_auth_method": "client_secret_jwt", "sealed_client_secret": "x"});
        assert!(registered(&client, &json!({})).err().unwrap_or_default().contains("use private_key_jwt"));
        assert!(registered(&client, &json!({"client_secret_jwt": true})).is_ok());
    }
}
