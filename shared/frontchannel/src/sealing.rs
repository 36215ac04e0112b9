//! The keys that seal, for one purpose: at hand on a laptop, encrypted by KMS in the store in AWS.

use std::sync::{Arc, Mutex, PoisonError};

use protocol::encoding::base64url_decoded;
use protocol::time::{Lifetime, Timestamp};
use signing::seal::SealFault;
use signing::{KmsUnwrapping, Purpose, Sealer, SigningFault};
use store::{SealingKeyReading, StoreFault, WrappedSealingKeys};
use thiserror::Error;

/// How long opened keys are used before the store is asked whether there are newer ones. A new version is to be
/// published for longer than this before anything is sealed with it.
const LOOK_AGAIN: Lifetime = Lifetime::seconds(300);

/// Sealing for one purpose.
pub struct Sealing(Source);

enum Source {
    Held(Arc<Sealer>),
    Wrapped(Box<Wrapped>),
}

struct Wrapped {
    purpose: Purpose,
    keys: SealingKeyReading,
    kms: KmsUnwrapping,
    opened: Mutex<Option<Opened>>,
}

/// Keys that were opened, and what they were opened from.
#[derive(Clone)]
struct Opened {
    at: Timestamp,
    from: WrappedSealingKeys,
    sealer: Arc<Sealer>,
}

/// Why nothing can be sealed or opened. It is an infrastructure fault, never the user's.
#[derive(Debug, Error)]
pub enum SealingFault {
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreFault),
    /// KMS failed.
    #[error(transparent)]
    Kms(#[from] SigningFault),
    /// The keys are not what they must be.
    #[error("the keys for sealing cannot be used")]
    Keys(#[from] SealFault),
    /// Nobody has made keys yet.
    #[error("there are no keys for sealing yet: `postern apply` makes them")]
    Missing,
}

impl Sealing {
    /// Sealing with a key that is at hand.
    #[must_use]
    pub fn held(sealer: Sealer) -> Self {
        Self(Source::Held(Arc::new(sealer)))
    }

    /// Sealing with the data keys for `purpose` that lie in `keys`, encrypted by `kms`.
    #[must_use]
    pub fn wrapped(purpose: Purpose, keys: SealingKeyReading, kms: KmsUnwrapping) -> Self {
        Self(Source::Wrapped(Box::new(Wrapped { purpose, keys, kms, opened: Mutex::new(None) })))
    }

    /// What seals and opens.
    ///
    /// # Errors
    ///
    /// [`SealingFault`], if there is nothing from before either.
    pub async fn sealer(&self, now: Timestamp) -> Result<Arc<Sealer>, SealingFault> {
        match &self.0 {
            Source::Held(sealer) => Ok(Arc::clone(sealer)),
            Source::Wrapped(wrapped) => wrapped.sealer(now).await,
        }
    }
}

impl Wrapped {
    async fn sealer(&self, now: Timestamp) -> Result<Arc<Sealer>, SealingFault> {
        let former = self.opened.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if let Some(opened) = &former
            && opened.at <= now
            && !now.reached(opened.at.plus(LOOK_AGAIN))
        {
            return Ok(Arc::clone(&opened.sealer));
        }
        match (self.look(now, former.as_ref()).await, former) {
            (Ok(opened), _) => {
                let sealer = Arc::clone(&opened.sealer);
                *self.opened.lock().unwrap_or_else(PoisonError::into_inner) = Some(opened);
                Ok(sealer)
            }
            // What was good five minutes ago is better than nothing: a store that is away for a moment stops nobody.
            (Err(fault), Some(former)) => {
                tracing::warn!(fault = %fault, "the keys for sealing could not be looked at anew");
                Ok(former.sealer)
            }
            (Err(fault), None) => Err(fault),
        }
    }

    async fn look(&self, now: Timestamp, former: Option<&Opened>) -> Result<Opened, SealingFault> {
        let from = self.keys.keys(self.purpose.name()).await?.ok_or(SealingFault::Missing)?;
        if let Some(former) = former.filter(|former| former.from == from) {
            return Ok(Opened { at: now, ..former.clone() });
        }
        let mut keys = Vec::with_capacity(from.versions.len());
        for key in &from.versions {
            let wrapped = base64url_decoded(&key.wrapped).ok_or(SealFault)?;
            keys.push((key.version, self.kms.unwrap(wrapped, self.purpose, None).await?));
        }
        Ok(Opened { at: now, sealer: Arc::new(Sealer::new(from.current, &keys)?), from })
    }
}
