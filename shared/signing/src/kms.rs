//! KMS: keys that sign without leaving it, and the key that encrypts data keys and wrapped signing keys.
//!
//! Access goes through handles, each named for what it may do (design invariant 8). KMS sees only the digest of a token.
//! Every call names the algorithm, so that a role can be limited to it.

use std::sync::Arc;
use std::time::Duration;

use aws_sdk_kms::config::http::HttpResponse;
use aws_sdk_kms::config::retry::RetryConfig;
use aws_sdk_kms::config::timeout::TimeoutConfig;
use aws_sdk_kms::config::{BehaviorVersion, Builder, Credentials, Region, SharedHttpClient};
use aws_sdk_kms::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_kms::primitives::Blob;
use aws_sdk_kms::types::{DataKeyPairSpec, DataKeySpec, SigningAlgorithmSpec};
use aws_sdk_kms::{Client, Config};
use protocol::jose::jwk::{Algorithm, PublicJwk};
use protocol::types::id::WorkspaceId;
use protocol::types::secret::Secret;

use crate::der;
use crate::fault::SigningFault;
use crate::seal::Purpose;

/// The timeout for opening a connection. It is the same for every handle, because the SDK shares connections only between
/// clients with the same connect timeout. The timeout of the attempt applies as well.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(1);

/// Where KMS is, and the credentials.
pub struct KmsSettings {
    /// The region of the keys.
    pub region: String,
    /// The access key id of the function's role.
    pub access_key_id: String,
    /// The secret access key.
    pub secret_access_key: Secret<String>,
    /// The session token that belongs to them.
    pub session_token: Option<String>,
    /// An endpoint that replaces that of the region.
    pub endpoint: Option<String>,
}

/// The connection to KMS. Only handles made from it can call KMS, and only they create an SDK client, so that a function
/// without a handle does not carry one.
#[derive(Clone)]
pub struct Kms {
    http: SharedHttpClient,
    settings: Arc<KmsSettings>,
}

/// May decrypt what KMS has encrypted.
#[derive(Clone)]
pub struct KmsUnwrapping {
    client: Client,
    key: String,
}

/// May read public keys, and have KMS generate keys.
#[derive(Clone)]
pub struct KmsAdministration {
    client: Client,
    key: String,
}

/// A permission that a handle needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum KmsNeed {
    /// `kms:Sign` of digests, with the signing keys.
    Sign,
    /// `kms:DescribeKey` of the signing keys.
    Describe,
    /// `kms:Decrypt` with the sealing key, for this purpose.
    Decrypt(Purpose),
}

impl Kms {
    /// A connection over `http`. Nothing is sent yet.
    #[must_use]
    pub fn through(http: SharedHttpClient, settings: KmsSettings) -> Self {
        Self { http, settings: Arc::new(settings) }
    }

    fn config(&self) -> Builder {
        let KmsSettings { region, access_key_id, secret_access_key, session_token, endpoint } = &*self.settings;
        let secret = secret_access_key.expose();
        let credentials = Credentials::new(access_key_id, secret, session_token.clone(), None, "environment");
        let mut config = Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new(region.clone()))
            .credentials_provider(credentials)
            .http_client(self.http.clone());
        config.set_endpoint_url(endpoint.clone());
        config
    }

    /// A client that gives up after two attempts of this duration.
    fn client(&self, attempt: Duration) -> Client {
        self.client_with(attempt, 2)
    }

    /// A client that never retries, for a caller that decides about retries itself.
    pub(crate) fn client_without_retries(&self, attempt: Duration) -> Client {
        self.client_with(attempt, 1)
    }

    fn client_with(&self, attempt: Duration, attempts: u32) -> Client {
        let retries =
            RetryConfig::standard().with_max_attempts(attempts).with_initial_backoff(Duration::from_millis(25));
        let timeouts = TimeoutConfig::builder()
            .connect_timeout(CONNECT_TIMEOUT)
            .operation_attempt_timeout(attempt)
            .operation_timeout(attempt * attempts)
            .build();
        Client::from_conf(self.config().retry_config(retries).timeout_config(timeouts).build())
    }
}

impl KmsUnwrapping {
    /// The permission that the handle needs for `purpose`.
    #[must_use]
    pub const fn need(purpose: Purpose) -> KmsNeed {
        KmsNeed::Decrypt(purpose)
    }

    /// The handle for values encrypted with `key`.
    #[must_use]
    pub fn new(kms: &Kms, key: &str) -> Self {
        Self { client: kms.client(Duration::from_secs(1)), key: key.into() }
    }

    /// Decrypts `wrapped`, which was encrypted for `purpose` and `workspace`.
    ///
    /// # Errors
    ///
    /// [`SigningFault::Kms`], also for a value encrypted for another purpose or workspace.
    pub async fn unwrap(
        &self,
        wrapped: Vec<u8>,
        purpose: Purpose,
        workspace: Option<&WorkspaceId>,
    ) -> Result<Secret<Vec<u8>>, SigningFault> {
        let mut decrypt = self.client.decrypt().key_id(&self.key).ciphertext_blob(Blob::new(wrapped));
        for (name, value) in context(purpose, workspace) {
            decrypt = decrypt.encryption_context(name, value);
        }
        let decrypted = decrypt.send().await.map_err(|error| fault(&error))?;
        decrypted.plaintext.map(|plain| Secret::new(plain.into_inner())).ok_or(SigningFault::Key)
    }
}

impl KmsAdministration {
    /// The handle. Generated keys are encrypted with `key`.
    #[must_use]
    pub fn new(kms: &Kms, key: &str) -> Self {
        Self { client: kms.client(Duration::from_secs(3)), key: key.into() }
    }

    /// The public half of `signing_key`, for the algorithm `wanted`, or for the first supported one of this server.
    ///
    /// # Errors
    ///
    /// [`SigningFault::Kms`], or [`SigningFault::Key`] if the key supports none of these algorithms.
    pub async fn public_key(&self, signing_key: &str, wanted: Option<Algorithm>) -> Result<PublicJwk, SigningFault> {
        let found = self.client.get_public_key().key_id(signing_key).send().await.map_err(|error| fault(&error))?;
        let offered = found.signing_algorithms();
        let alg = [Algorithm::RS256, Algorithm::PS256, Algorithm::ES256]
            .into_iter()
            .filter(|alg| wanted.is_none_or(|wanted| wanted == *alg))
            .find(|alg| offered.contains(&signing_algorithm(*alg)))
            .ok_or(SigningFault::Key)?;
        let spki = found.public_key.ok_or(SigningFault::Key)?;
        der::public_key(spki.as_ref(), alg).ok_or(SigningFault::Key)
    }

    /// Generates a data key for sealing and returns it encrypted. Its plaintext never leaves KMS here.
    ///
    /// # Errors
    ///
    /// [`SigningFault::Kms`].
    pub async fn data_key(&self, purpose: Purpose) -> Result<Vec<u8>, SigningFault> {
        let mut generate =
            self.client.generate_data_key_without_plaintext().key_id(&self.key).key_spec(DataKeySpec::Aes256);
        for (name, value) in context(purpose, None) {
            generate = generate.encryption_context(name, value);
        }
        let generated = generate.send().await.map_err(|error| fault(&error))?;
        generated.ciphertext_blob.map(Blob::into_inner).ok_or(SigningFault::Key)
    }

    /// Generates a key pair for signing and returns the public half, and the private half encrypted.
    ///
    /// # Errors
    ///
    /// [`SigningFault::Kms`], or [`SigningFault::Key`] if the response contains another type of key.
    pub async fn key_pair(
        &self,
        alg: Algorithm,
        workspace: &WorkspaceId,
    ) -> Result<(PublicJwk, Vec<u8>), SigningFault> {
        let spec = match alg {
            Algorithm::RS256 | Algorithm::PS256 => DataKeyPairSpec::Rsa2048,
            Algorithm::ES256 => DataKeyPairSpec::EccNistP256,
        };
        let mut generate = self.client.generate_data_key_pair_without_plaintext().key_id(&self.key).key_pair_spec(spec);
        for (name, value) in context(Purpose::SigningKey, Some(workspace)) {
            generate = generate.encryption_context(name, value);
        }
        let generated = generate.send().await.map_err(|error| fault(&error))?;
        let public = generated.public_key.ok_or(SigningFault::Key)?;
        let jwk = der::public_key(public.as_ref(), alg).ok_or(SigningFault::Key)?;
        let wrapped = generated.private_key_ciphertext_blob.ok_or(SigningFault::Key)?;
        Ok((jwk, wrapped.into_inner()))
    }
}

/// The encryption context that is bound to a ciphertext: its purpose and its workspace. Roles are limited to purposes
/// (`kms:EncryptionContext:purpose`).
fn context(purpose: Purpose, workspace: Option<&WorkspaceId>) -> impl Iterator<Item = (&'static str, String)> {
    let workspace = workspace.map(|workspace| ("workspace", workspace.to_string()));
    std::iter::once(("purpose", purpose.name().to_owned())).chain(workspace)
}

pub(crate) const fn signing_algorithm(alg: Algorithm) -> SigningAlgorithmSpec {
    match alg {
        Algorithm::RS256 => SigningAlgorithmSpec::RsassaPkcs1V15Sha256,
        Algorithm::PS256 => SigningAlgorithmSpec::RsassaPssSha256,
        Algorithm::ES256 => SigningAlgorithmSpec::EcdsaSha256,
    }
}

/// The error codes with which AWS services throttle. KMS uses `ThrottlingException` for requests per second, and
/// `LimitExceededException` for other quotas.
const THROTTLING: [&str; 7] = [
    "ThrottlingException",
    "Throttling",
    "ThrottledException",
    "RequestThrottled",
    "RequestLimitExceeded",
    "LimitExceededException",
    "TooManyRequestsException",
];

/// The kind of failure and the service's error code. It contains nothing of the request or the response.
pub(crate) fn fault<E: ProvideErrorMetadata>(error: &SdkError<E, HttpResponse>) -> SigningFault {
    SigningFault::Kms(match error {
        SdkError::ServiceError(context) if throttles(context.err(), context.raw()) => return SigningFault::Throttled,
        SdkError::ServiceError(context) => context.err().code().unwrap_or("an unnamed error").into(),
        SdkError::TimeoutError(_) => "no response in time".into(),
        SdkError::DispatchFailure(failure) if failure.is_timeout() => "no connection in time".into(),
        SdkError::DispatchFailure(_) => "no connection".into(),
        SdkError::ResponseError(_) => "an unreadable response".into(),
        SdkError::ConstructionFailure(_) | _ => "the request could not be made".into(),
    })
}

/// Whether a quota is exhausted, by the error code, the status, or the wording that AWS uses for it.
fn throttles(error: &impl ProvideErrorMetadata, response: &HttpResponse) -> bool {
    error.code().is_some_and(|code| THROTTLING.contains(&code))
        || response.status().as_u16() == 429
        || error.message().is_some_and(|message| message.starts_with("Rate exceeded"))
}

#[cfg(test)]
mod tests {
    use aws_sdk_kms::operation::sign::SignError;
    use aws_smithy_runtime_api::client::result::ConnectorError;
    use aws_smithy_types::body::SdkBody;
    use serde_json::Value;

    use super::*;
    use crate::kms_tests::{kms, ok};

    #[test]
    fn a_failure_is_named_by_its_kind_and_nothing_else() {
        type Error = SdkError<SignError, HttpResponse>;
        let response = HttpResponse::new(200.try_into().unwrap(), SdkBody::empty());
        let table = [
            (Error::timeout_error("secret"), "no response in time"),
            (Error::dispatch_failure(ConnectorError::timeout("secret".into())), "no connection in time"),
            (Error::dispatch_failure(ConnectorError::io("secret".into())), "no connection"),
            (Error::response_error("secret", response), "an unreadable response"),
            (Error::construction_failure("secret"), "the request could not be made"),
        ];
        for (error, expected) in table {
            assert_eq!(fault(&error), SigningFault::Kms(expected.into()));
        }
    }

    #[test]
    fn an_operation_has_time_for_its_attempts() {
        let (kms, _) = kms(ok(Value::Null));
        let attempt = Duration::from_millis(300);
        for (client, total) in [(kms.client(attempt), 600), (kms.client_without_retries(attempt), 300)] {
            let timeouts = client.config().timeout_config().unwrap();
            assert_eq!(timeouts.operation_attempt_timeout(), Some(attempt));
            assert_eq!(timeouts.operation_timeout(), Some(Duration::from_millis(total)));
            assert_eq!(timeouts.connect_timeout(), Some(CONNECT_TIMEOUT));
        }
    }
}
