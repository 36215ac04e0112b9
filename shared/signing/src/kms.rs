//! KMS: keys that sign without ever leaving it, and the key that encrypts what lies in the store.
//!
//! Access goes through handles, each named for what it may do (design invariant 8). A digest is what KMS sees of a
//! token; the algorithm is named with every call, so that a role can be held to it.

use std::sync::Arc;
use std::time::Duration;

use aws_sdk_kms::config::retry::RetryConfig;
use aws_sdk_kms::config::timeout::TimeoutConfig;
use aws_sdk_kms::config::{BehaviorVersion, Credentials, Region, SharedHttpClient};
use aws_sdk_kms::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_kms::primitives::Blob;
use aws_sdk_kms::types::{DataKeyPairSpec, DataKeySpec, MessageType, SigningAlgorithmSpec};
use aws_sdk_kms::{Client, Config};
use protocol::jose::jwk::{Algorithm, PublicJwk};
use protocol::types::id::WorkspaceId;
use protocol::types::secret::Secret;
use sha2::{Digest, Sha256};

use crate::der;
use crate::fault::SigningFault;
use crate::seal::Purpose;

/// The longest that a connection takes to open. It is the same for every handle, because the SDK shares connections only
/// between clients that wait for them equally long; the time for an attempt holds besides.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(1);

/// Where KMS is and who asks.
pub struct KmsSettings {
    /// The region of the keys.
    pub region: String,
    /// The access key id of the function's role.
    pub access_key_id: String,
    /// The secret access key.
    pub secret_access_key: Secret<String>,
    /// The session token that goes with them.
    pub session_token: Option<String>,
    /// Another endpoint than that of the region.
    pub endpoint: Option<String>,
}

/// The connection to KMS. It does nothing by itself: handles do.
#[derive(Clone)]
pub struct Kms(Arc<Config>);

/// May sign, and look at the keys that sign.
#[derive(Clone)]
pub struct KmsSigning(Client);

/// May decrypt what KMS encrypted for one purpose.
#[derive(Clone)]
pub struct KmsUnwrapping {
    client: Client,
    key: String,
}

/// May read public keys, and have new keys made.
#[derive(Clone)]
pub struct KmsAdministration {
    client: Client,
    key: String,
}

/// What a handle asks of KMS.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum KmsNeed {
    /// `kms:Sign` with a digest, by the keys that sign.
    Sign,
    /// `kms:DescribeKey` of the keys that sign.
    Describe,
    /// `kms:Decrypt` by the key for sealing, for this purpose.
    Decrypt(Purpose),
}

impl Kms {
    /// KMS through `http`. Nothing is sent yet.
    #[must_use]
    pub fn through(http: SharedHttpClient, settings: KmsSettings) -> Self {
        let secret = settings.secret_access_key.expose().clone();
        let credentials = Credentials::new(settings.access_key_id, secret, settings.session_token, None, "environment");
        let mut config = Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new(settings.region))
            .credentials_provider(credentials)
            .http_client(http);
        config.set_endpoint_url(settings.endpoint);
        Self(Arc::new(config.build()))
    }

    /// A client that gives up after two tries of `attempt` each.
    fn client(&self, attempt: Duration) -> Client {
        let retries = RetryConfig::standard().with_max_attempts(2).with_initial_backoff(Duration::from_millis(25));
        let timeouts = TimeoutConfig::builder()
            .connect_timeout(CONNECT_TIMEOUT)
            .operation_attempt_timeout(attempt)
            .operation_timeout(attempt * 2)
            .build();
        Client::from_conf(self.0.to_builder().retry_config(retries).timeout_config(timeouts).build())
    }
}

impl KmsSigning {
    /// What the handle asks of KMS.
    pub const NEEDS: &'static [KmsNeed] = &[KmsNeed::Sign, KmsNeed::Describe];

    /// The handle. A user is waiting, and there is another key to turn to: two tries of 300 ms (fault F-KMS-3).
    #[must_use]
    pub fn new(kms: &Kms) -> Self {
        Self(kms.client(Duration::from_millis(300)))
    }

    /// Has `key` sign `message`, of which KMS sees the SHA-256 digest, and returns the signature as JWS has it (RFC 7518
    /// §3.3 to §3.5). Whether it is good is for the caller to check.
    ///
    /// # Errors
    ///
    /// [`SigningFault::Kms`], or [`SigningFault::Unverified`] for an answer that is no signature at all.
    pub async fn sign(&self, key: &str, alg: Algorithm, message: &[u8]) -> Result<Vec<u8>, SigningFault> {
        let signed = self
            .0
            .sign()
            .key_id(key)
            .message_type(MessageType::Digest)
            .message(Blob::new(Sha256::digest(message).to_vec()))
            .signing_algorithm(signing_algorithm(alg))
            .send()
            .await
            .map_err(|error| fault(&error))?;
        let signature = signed.signature.ok_or(SigningFault::Unverified)?.into_inner();
        match alg {
            Algorithm::RS256 | Algorithm::PS256 => Ok(signature),
            Algorithm::ES256 => der::fixed_signature(&signature).map(Vec::from).ok_or(SigningFault::Unverified),
        }
    }

    /// Looks at `key`, for nothing but the connection that this opens: during the start of a function, when it has the
    /// full speed of its processor, and not while a user waits.
    ///
    /// # Errors
    ///
    /// [`SigningFault::Kms`].
    pub async fn look_at(&self, key: &str) -> Result<(), SigningFault> {
        self.0.describe_key().key_id(key).send().await.map(|_| ()).map_err(|error| fault(&error))
    }
}

impl KmsUnwrapping {
    /// What the handle asks of KMS, for `purpose`.
    #[must_use]
    pub const fn need(purpose: Purpose) -> KmsNeed {
        KmsNeed::Decrypt(purpose)
    }

    /// The handle, for what was encrypted under `key`.
    #[must_use]
    pub fn new(kms: &Kms, key: &str) -> Self {
        Self { client: kms.client(Duration::from_secs(1)), key: key.into() }
    }

    /// Decrypts `wrapped`, which was encrypted for `purpose` and `workspace`.
    ///
    /// # Errors
    ///
    /// [`SigningFault::Kms`], also for something that was encrypted for another purpose or workspace.
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
    /// The handle, for keys to be made under `key`.
    #[must_use]
    pub fn new(kms: &Kms, key: &str) -> Self {
        Self { client: kms.client(Duration::from_secs(3)), key: key.into() }
    }

    /// The public half of `signing_key`, for the first of our algorithms that it can be used with, or for `wanted`.
    ///
    /// # Errors
    ///
    /// [`SigningFault::Kms`], or [`SigningFault::Key`] if the key is for nothing that we sign with.
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

    /// Has a data key for sealing made, and returns it encrypted. Nobody has seen it.
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
        let made = generate.send().await.map_err(|error| fault(&error))?;
        made.ciphertext_blob.map(Blob::into_inner).ok_or(SigningFault::Key)
    }

    /// Has a pair of keys for signing made, and returns the public half, and the private half encrypted.
    ///
    /// # Errors
    ///
    /// [`SigningFault::Kms`], or [`SigningFault::Key`] if KMS answers with another kind of key.
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
        let made = generate.send().await.map_err(|error| fault(&error))?;
        let public = made.public_key.ok_or(SigningFault::Key)?;
        let jwk = der::public_key(public.as_ref(), alg).ok_or(SigningFault::Key)?;
        let wrapped = made.private_key_ciphertext_blob.ok_or(SigningFault::Key)?;
        Ok((jwk, wrapped.into_inner()))
    }
}

/// What is bound to a ciphertext: what it is for, and whose it is. Roles are held to the purpose
/// (`kms:EncryptionContext:purpose`).
fn context(purpose: Purpose, workspace: Option<&WorkspaceId>) -> impl Iterator<Item = (&'static str, String)> {
    let workspace = workspace.map(|workspace| ("workspace", workspace.to_string()));
    std::iter::once(("purpose", purpose.name().to_owned())).chain(workspace)
}

const fn signing_algorithm(alg: Algorithm) -> SigningAlgorithmSpec {
    match alg {
        Algorithm::RS256 => SigningAlgorithmSpec::RsassaPkcs1V15Sha256,
        Algorithm::PS256 => SigningAlgorithmSpec::RsassaPssSha256,
        Algorithm::ES256 => SigningAlgorithmSpec::EcdsaSha256,
    }
}

/// What kind of failure it was, and the service's code for it. Nothing that was sent or received is in it.
fn fault<E: ProvideErrorMetadata, R>(error: &SdkError<E, R>) -> SigningFault {
    SigningFault::Kms(match error {
        SdkError::ServiceError(context) => context.err().code().unwrap_or("an unnamed error").into(),
        SdkError::TimeoutError(_) => "no answer in time".into(),
        SdkError::DispatchFailure(failure) if failure.is_timeout() => "no connection in time".into(),
        SdkError::DispatchFailure(_) => "no connection".into(),
        SdkError::ResponseError(_) => "an unreadable answer".into(),
        SdkError::ConstructionFailure(_) | _ => "the request could not be made".into(),
    })
}
