//! The data keys of one purpose: at hand on a laptop, encrypted by KMS in the store in AWS.

use std::sync::{Arc, Mutex, PoisonError};

use protocol::syntax::encoding::base64url_decoded;
use protocol::types::time::{Lifetime, Timestamp};
use signing::seal::{Keyed, SealFault};
use signing::{KmsUnwrapping, Purpose, SigningFault};
use store::{SealingKeyReading, StoreFault, WrappedSealingKeys};
use thiserror::Error;

/// How long opened keys are used before the store is asked whether there are newer ones. A new version is to be
/// published for longer than this before anything is sealed with it.
const RELOAD_AFTER: Lifetime = Lifetime::seconds(300);

/// The data keys of one purpose, as what works with them.
pub struct DataKeys<T>(Source<T>);

enum Source<T> {
    Held(Arc<T>),
    Wrapped(Box<Wrapped<T>>),
}

struct Wrapped<T> {
    purpose: Purpose,
    keys: SealingKeyReading,
    kms: KmsUnwrapping,
    opened: Mutex<Option<Opened<T>>>,
}

/// Keys that were opened, and what they were opened from.
struct Opened<T> {
    at: Timestamp,
    from: Arc<WrappedSealingKeys>,
    works: Arc<T>,
}

impl<T> Clone for Opened<T> {
    fn clone(&self) -> Self {
        Self { at: self.at, from: Arc::clone(&self.from), works: Arc::clone(&self.works) }
    }
}

/// Why the keys of a purpose cannot be used. It is an infrastructure fault, never the user's.
#[derive(Debug, Error)]
pub enum DataKeyFault {
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreFault),
    /// KMS failed.
    #[error(transparent)]
    Kms(#[from] SigningFault),
    /// The keys are not what they must be.
    #[error("the data keys cannot be used")]
    Keys(#[from] SealFault),
    /// Nobody has made keys yet.
    #[error("there are no data keys for {0} yet: `postern apply` makes them")]
    Missing(&'static str),
}

impl<T: Keyed> DataKeys<T> {
    /// What works with a key that is at hand.
    #[must_use]
    pub fn held(works: T) -> Self {
        Self(Source::Held(Arc::new(works)))
    }

    /// What works with the data keys for `purpose` that lie in `keys`, encrypted by `kms`.
    #[must_use]
    pub fn wrapped(purpose: Purpose, keys: SealingKeyReading, kms: KmsUnwrapping) -> Self {
        Self(Source::Wrapped(Box::new(Wrapped { purpose, keys, kms, opened: Mutex::new(None) })))
    }

    /// The keys, ready for use.
    ///
    /// # Errors
    ///
    /// [`DataKeyFault`], if there is nothing from before either.
    pub async fn keys(&self, now: Timestamp) -> Result<Arc<T>, DataKeyFault> {
        match &self.0 {
            Source::Held(works) => Ok(Arc::clone(works)),
            Source::Wrapped(wrapped) => wrapped.keys(now).await,
        }
    }
}

impl<T: Keyed> Wrapped<T> {
    async fn keys(&self, now: Timestamp) -> Result<Arc<T>, DataKeyFault> {
        let former = self.opened.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if let Some(opened) = &former
            && opened.at <= now
            && !now.reached(opened.at.plus(RELOAD_AFTER))
        {
            return Ok(Arc::clone(&opened.works));
        }
        match (self.look(now, former.as_ref()).await, former) {
            (Ok(opened), _) => {
                let works = Arc::clone(&opened.works);
                *self.opened.lock().unwrap_or_else(PoisonError::into_inner) = Some(opened);
                Ok(works)
            }
            // What was good five minutes ago is better than nothing: a store that is away for a moment stops nobody.
            (Err(fault), Some(former)) => {
                tracing::warn!(fault = %fault, purpose = self.purpose.name(), "data keys could not be looked at anew");
                Ok(former.works)
            }
            (Err(fault), None) => Err(fault),
        }
    }

    async fn look(&self, now: Timestamp, former: Option<&Opened<T>>) -> Result<Opened<T>, DataKeyFault> {
        let from = self.keys.keys(self.purpose.name()).await?.ok_or(DataKeyFault::Missing(self.purpose.name()))?;
        if let Some(former) = former.filter(|former| *former.from == from) {
            return Ok(Opened { at: now, ..former.clone() });
        }
        let mut keys = Vec::with_capacity(from.versions.len());
        for key in &from.versions {
            let wrapped = base64url_decoded(&key.wrapped).ok_or(SealFault)?;
            keys.push((key.version, self.kms.unwrap(wrapped, self.purpose, None).await?));
        }
        Ok(Opened { at: now, works: Arc::new(T::keyed(from.current, &keys)?), from: Arc::new(from) })
    }
}
