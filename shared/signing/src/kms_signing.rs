//! Signing in KMS, and when to ask it again.
//!
//! The SDK's own retries are off here, because it would retry a throttled call as it does a lost one. A call that was
//! lost is made once more at once. One that was throttled is made once more after a pause, if that may help, and a
//! [`TokenBucket`] for each quota sees to it that few are.

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
/// The shortest and the longest pause before a lost call is made again, in milliseconds.
const AFTER_LOSS: (u32, u32) = (0, 25);
/// The same for a throttled call.
const AFTER_THROTTLING: (u32, u32) = (10, 30);

/// The codes with which KMS asks for another try, besides statuses from 500 on.
const TRANSIENT: [&str; 3] = ["DependencyTimeoutException", "KMSInternalException", "KeyUnavailableException"];

/// May sign, and describe signing keys. Clones share what was learned of the quotas.
#[derive(Clone)]
pub struct KmsSigning {
    client: Client,
    entropy: Arc<dyn Entropy>,
    began: Instant,
    buckets: Arc<Buckets>,
}

/// Why a call failed, and the pause after which it may be made again.
struct Failure {
    fault: SigningFault,
    retry: Option<(u32, u32)>,
}

/// KMS has a quota for all RSA keys of an account and another for those on elliptic curves.
#[derive(Default)]
struct Buckets {
    rsa: Mutex<TokenBucket>,
    elliptic: Mutex<TokenBucket>,
}

impl KmsSigning {
    /// The permissions that the handle needs.
    pub const NEEDS: &'static [KmsNeed] = &[KmsNeed::Sign, KmsNeed::Describe];

    /// The handle. `entropy` spreads retries.
    #[must_use]
    pub fn new(kms: &Kms, entropy: Arc<dyn Entropy>) -> Self {
        let client = kms.client_without_retries(ATTEMPT);
        Self { client, entropy, began: Instant::now(), buckets: Arc::default() }
    }

    /// Takes the `signatures` of one response from the quota of `alg`, all of them or none. Each has to be asked for by
    /// [`KmsSigning::sign`].
    ///
    /// # Errors
    ///
    /// [`SigningFault::Throttled`] while KMS throttles and this process has used up its part.
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

    /// One call, whose outcome the bucket learns.
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

    /// The pause before a throttled call is made again, if that may help.
    fn retry_throttled(&self, alg: Algorithm) -> Option<(u32, u32)> {
        let mut bucket = self.bucket(alg);
        bucket.throttled(self.now()).then(|| {
            bucket.take_for_retry();
            AFTER_THROTTLING
        })
    }

    /// Waits for some time between two lengths in milliseconds.
    async fn pause(&self, (shortest, longest): (u32, u32)) {
        // Without randomness nothing else of the request would work; the pause itself can do without.
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

/// Whether a call was lost, or KMS asks for another try.
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
