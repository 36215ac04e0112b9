//! Signing in KMS, with retries.
//!
//! The SDK's own retries are disabled here, because it treats a throttled call like a lost one. A lost call is retried
//! once, immediately. A throttled call is retried once after a pause, if that may help, and a [`TokenBucket`] for each
//! quota keeps throttling rare.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use aws_sdk_kms::Client;
use aws_sdk_kms::config::http::HttpResponse;
use aws_sdk_kms::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_kms::operation::sign::{SignError, SignOutput};
use aws_sdk_kms::primitives::Blob;
use aws_sdk_kms::types::MessageType;
use protocol::jose::jwk::Algorithm;
use sha2::{Digest, Sha256};
use tokio::time::{Instant, sleep};

use crate::der;
use crate::entropy::{Entropy, random};
use crate::fault::SigningFault;
use crate::kms::{Kms, KmsNeed, fault, signing_algorithm};
use crate::token_bucket::TokenBucket;

/// The timeout of an attempt. A user is waiting, and another key can take over (fault F-KMS-3).
const ATTEMPT: Duration = Duration::from_millis(300);
/// The minimum and maximum pause before a lost call is retried, in milliseconds.
const AFTER_LOSS: (u32, u32) = (0, 25);
/// The same for a throttled call.
const AFTER_THROTTLING: (u32, u32) = (10, 30);

/// The error codes with which KMS asks for a retry, in addition to statuses of 500 and above.
const TRANSIENT: [&str; 3] = ["DependencyTimeoutException", "KMSInternalException", "KeyUnavailableException"];

/// May sign, and describe signing keys. Clones share the learned limits.
#[derive(Clone)]
pub struct KmsSigning {
    client: Client,
    entropy: Arc<dyn Entropy>,
    began: Instant,
    buckets: Arc<Buckets>,
}

/// Why a call failed, and the range of the pause before a retry.
struct Failure {
    fault: SigningFault,
    retry: Option<(u32, u32)>,
}

/// KMS has one quota for all RSA keys of an account and another for its elliptic curve keys.
#[derive(Default)]
struct Buckets {
    rsa: Mutex<TokenBucket>,
    elliptic: Mutex<TokenBucket>,
}

impl KmsSigning {
    /// The permissions that the handle needs.
    pub const NEEDS: &'static [KmsNeed] = &[KmsNeed::Sign, KmsNeed::Describe];

    /// The handle. `entropy` spreads retries over time.
    #[must_use]
    pub fn new(kms: &Kms, entropy: Arc<dyn Entropy>) -> Self {
        let client = kms.client_without_retries(ATTEMPT);
        Self { client, entropy, began: Instant::now(), buckets: Arc::default() }
    }

    /// Takes the `signatures` of one response from the quota of `alg`, all of them or none. Each then has to be
    /// requested with [`KmsSigning::sign`].
    ///
    /// # Errors
    ///
    /// [`SigningFault::Throttled`] while KMS throttles and this process has used up its share.
    pub fn admit(&self, alg: Algorithm, signatures: u32) -> Result<(), SigningFault> {
        let admitted = self.bucket(alg).take(signatures, self.now());
        admitted.then_some(()).ok_or(SigningFault::Throttled)
    }

    /// Signs the SHA-256 digest of `message` with `key` and returns the signature in the form of JWS (RFC 7518 §3.3 to
    /// §3.5). The caller has to verify it.
    ///
    /// # Errors
    ///
    /// [`SigningFault::Kms`], [`SigningFault::Throttled`], or [`SigningFault::Unverified`] if the response has no
    /// well-formed signature.
    pub async fn sign(&self, key: &str, alg: Algorithm, message: &[u8]) -> Result<Vec<u8>, SigningFault> {
        let digest = Blob::new(Sha256::digest(message).to_vec());
        let signed = match self.attempt(key, alg, &digest).await {
            Err(Failure { retry: Some(pause), .. }) => {
                self.pause(pause).await;
                self.attempt(key, alg, &digest).await
            }
            first => first,
        };
        let signature =
            signed.map_err(|failure| failure.fault)?.signature.ok_or(SigningFault::Unverified)?.into_inner();
        match alg {
            Algorithm::RS256 | Algorithm::PS256 => Ok(signature),
            Algorithm::ES256 => der::fixed_signature(&signature).map(Vec::from).ok_or(SigningFault::Unverified),
        }
    }

    /// Describes `key`, to open the connection during the start of a function, when it has full CPU speed and no user is
    /// waiting.
    ///
    /// # Errors
    ///
    /// [`SigningFault::Kms`].
    pub async fn look_at(&self, key: &str) -> Result<(), SigningFault> {
        self.client.describe_key().key_id(key).send().await.map(|_| ()).map_err(|error| fault(&error))
    }

    /// Makes one call and reports its outcome to the bucket.
    async fn attempt(&self, key: &str, alg: Algorithm, digest: &Blob) -> Result<SignOutput, Failure> {
        let call = self.client.sign().key_id(key).message_type(MessageType::Digest).message(digest.clone());
        let signed = call.signing_algorithm(signing_algorithm(alg)).send().await;
        let error = match signed {
            Ok(signed) => {
                self.bucket(alg).granted(self.now());
                return Ok(signed);
            }
            Err(error) => error,
        };
        let fault = fault(&error);
        let retry = if fault == SigningFault::Throttled {
            self.retry_throttled(alg)
        } else {
            is_transient(&error).then_some(AFTER_LOSS)
        };
        Err(Failure { fault, retry })
    }

    /// The pause before a throttled call is retried, if a retry may help.
    fn retry_throttled(&self, alg: Algorithm) -> Option<(u32, u32)> {
        let mut bucket = self.bucket(alg);
        bucket.throttled(self.now()).then(|| {
            bucket.take_for_retry();
            AFTER_THROTTLING
        })
    }

    /// Waits for a random time within these bounds, in milliseconds.
    async fn pause(&self, (shortest, longest): (u32, u32)) {
        // Without randomness the rest of the request would fail; the pause itself can do without.
        let [random] = random(&*self.entropy).unwrap_or([u8::MAX / 2]);
        let spread = Duration::from_millis(u64::from(longest - shortest)).mul_f64(f64::from(random) / 255.0);
        sleep(Duration::from_millis(u64::from(shortest)) + spread).await;
    }

    fn bucket(&self, alg: Algorithm) -> MutexGuard<'_, TokenBucket> {
        let bucket = match alg {
            Algorithm::RS256 | Algorithm::PS256 => &self.buckets.rsa,
            Algorithm::ES256 => &self.buckets.elliptic,
        };
        bucket.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn now(&self) -> Duration {
        self.began.elapsed()
    }
}

/// Whether a call was lost, or KMS asks for a retry.
fn is_transient(error: &SdkError<SignError, HttpResponse>) -> bool {
    match error {
        SdkError::TimeoutError(_) | SdkError::DispatchFailure(_) | SdkError::ResponseError(_) => true,
        SdkError::ServiceError(context) => {
            let named = context.err().code().is_some_and(|code| TRANSIENT.contains(&code));
            named || context.raw().status().as_u16() >= 500
        }
        SdkError::ConstructionFailure(_) | _ => false,
    }
}
