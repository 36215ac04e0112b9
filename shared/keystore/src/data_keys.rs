//! The data keys of one purpose: in memory on a laptop, in the store and encrypted by KMS in AWS.

use std::sync::{Arc, Mutex, PoisonError};

use protocol::syntax::encoding::base64url_decoded;
use protocol::types::time::{Lifetime, Timestamp};
use signing::seal::{PurposeKeys, SealFault};
use signing::{KmsUnwrapping, Purpose, SigningFault};
use store::{SealingKeyReading, StoreFault, WrappedSealingKeys};
use thiserror::Error;

/// How long opened keys are used before they are read from the store again. A new version must be published for longer
/// than this before it seals.
const RELOAD_AFTER: Lifetime = Lifetime::seconds(300);

/// The data keys of one purpose, as a `Sealer` or a `Deriver`.
pub struct DataKeys<T>(Source<T>);

enum Source<T> {
    InMemory(Arc<T>),
    Wrapped(Box<Wrapped<T>>),
}

struct Wrapped<T> {
    purpose: Purpose,
    keys: SealingKeyReading,
    kms: KmsUnwrapping,
    opened: Mutex<Option<Opened<T>>>,
}

/// Opened keys, and the stored keys from which they were opened.
struct Opened<T> {
    at: Timestamp,
    from: Arc<WrappedSealingKeys>,
    keys: Arc<T>,
}

impl<T> Clone for Opened<T> {
    fn clone(&self) -> Self {
        Self { at: self.at, from: Arc::clone(&self.from), keys: Arc::clone(&self.keys) }
    }
}

/// Why the keys of a purpose cannot be used. This is an infrastructure fault, never the user's.
#[derive(Debug, Error)]
pub enum DataKeyFault {
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreFault),
    /// KMS failed.
    #[error(transparent)]
    Kms(#[from] SigningFault),
    /// The keys are malformed.
    #[error("the data keys cannot be used")]
    Keys(#[from] SealFault),
    /// The purpose has no keys yet.
    #[error("there are no data keys for {0} yet: `postern apply` creates them")]
    Missing(&'static str),
}

impl<T: PurposeKeys> DataKeys<T> {
    /// Keys in memory.
    #[must_use]
    pub fn in_memory(keys: T) -> Self {
        Self(Source::InMemory(Arc::new(keys)))
    }

    /// The keys for `purpose` that `keys` reads and `kms` decrypts.
    #[must_use]
    pub fn wrapped(purpose: Purpose, keys: SealingKeyReading, kms: KmsUnwrapping) -> Self {
        Self(Source::Wrapped(Box::new(Wrapped { purpose, keys, kms, opened: Mutex::new(None) })))
    }

    /// The keys, ready to use.
    ///
    /// # Errors
    ///
    /// [`DataKeyFault`], unless keys were opened before.
    pub async fn keys(&self, now: Timestamp) -> Result<Arc<T>, DataKeyFault> {
        match &self.0 {
            Source::InMemory(keys) => Ok(Arc::clone(keys)),
            Source::Wrapped(wrapped) => wrapped.keys(now).await,
        }
    }
}

impl<T: PurposeKeys> Wrapped<T> {
    async fn keys(&self, now: Timestamp) -> Result<Arc<T>, DataKeyFault> {
        let former = self.opened.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if let Some(opened) = &former
            && opened.at.is_younger(RELOAD_AFTER, now)
        {
            return Ok(Arc::clone(&opened.keys));
        }
        match (self.load(now, former.as_ref()).await, former) {
            (Ok(opened), _) => {
                let keys = Arc::clone(&opened.keys);
                *self.opened.lock().unwrap_or_else(PoisonError::into_inner) = Some(opened);
                Ok(keys)
            }
            // Keep using the previous keys, so that a short outage of the store has no effect.
            (Err(fault), Some(former)) => {
                tracing::warn!(fault = %fault, purpose = self.purpose.name(), "data keys could not be reloaded");
                Ok(former.keys)
            }
            (Err(fault), None) => Err(fault),
        }
    }

    /// Reads the keys from the store, and has KMS decrypt them if they have changed.
    async fn load(&self, now: Timestamp, former: Option<&Opened<T>>) -> Result<Opened<T>, DataKeyFault> {
        let from = self.keys.keys(self.purpose.name()).await?.ok_or(DataKeyFault::Missing(self.purpose.name()))?;
        if let Some(former) = former.filter(|former| *former.from == from) {
            return Ok(Opened { at: now, ..former.clone() });
        }
        let mut keys = Vec::with_capacity(from.versions.len());
        for key in &from.versions {
            let wrapped = base64url_decoded(&key.wrapped).ok_or(SealFault)?;
            keys.push((key.version, self.kms.unwrap(wrapped, self.purpose, None).await?));
        }
        Ok(Opened { at: now, keys: Arc::new(T::from_versions(from.current, &keys)?), from: Arc::new(from) })
    }
}
