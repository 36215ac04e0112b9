//! The keys of a workspace: made, published, rotated, revoked, forgotten.
//!
//! Every change reads the ring, takes one step of `protocol::jose::key_ring`, and writes the ring only if nobody else has
//! changed it meanwhile.

use protocol::jose::jwk::{Algorithm, PublicJwk};
use protocol::jose::key_ring::{KeyLocation, KeyRing, RingError};
use protocol::syntax::encoding::base64url;
use protocol::types::id::WorkspaceId;
use protocol::types::time::{Lifetime, Timestamp};
use signing::local::LocalKey;
use signing::seal::SealFault;
use signing::{Entropy, KmsAdministration, Purpose, Sealer, SigningFault};
use store::{
    Connection, KeyRingWriting, SealingKeyReading, SealingKeyWriting, StoreFault, StoredRing, WrappedSealingKey,
    WrappedSealingKeys,
};
use thiserror::Error;

use crate::sealing_keys::SealingError;

/// Where new keys come from.
pub enum KeySource<'a> {
    /// From this process, sealed: on a laptop.
    Laptop {
        /// Seals private keys.
        sealer: &'a Sealer,
        /// Random bytes.
        entropy: &'a dyn Entropy,
    },
    /// From KMS.
    Aws {
        /// Makes keys and reads public ones.
        kms: &'a KmsAdministration,
        /// The keys of the stack that sign, in order.
        signing_keys: &'a [String],
    },
}

/// What works on keys.
pub struct Keys<'a> {
    /// The store.
    pub connection: &'a Connection,
    /// Where new keys come from.
    pub source: KeySource<'a>,
    /// The time.
    pub now: Timestamp,
}

/// A key to be added.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NewKey {
    /// One that is in KMS already, by its ARN.
    Kms(String),
    /// One that KMS makes and encrypts, to be decrypted into memory where it signs.
    Wrapped(Algorithm),
}

/// Why keys are not as they should be, as a sentence that says what to do.
#[derive(Debug, Error)]
pub enum KeyError {
    /// The store failed.
    #[error("the store failed: {0}")]
    Store(#[from] StoreFault),
    /// A key could not be made or read.
    #[error("a signing key could not be made or read: {0}")]
    Signing(#[from] SigningFault),
    /// A key could not be sealed.
    #[error("a signing key could not be sealed: {0}")]
    Seal(#[from] SealFault),
    /// The step is not possible.
    #[error(transparent)]
    Ring(#[from] RingError),
    /// The step with data keys is not possible.
    #[error(transparent)]
    Sealing(#[from] SealingError),
    /// There is no ring.
    #[error("workspace {0} has no keys: apply it first")]
    NoRing(WorkspaceId),
    /// Somebody else was faster.
    #[error("somebody else changed the keys at the same moment: look at them and try again")]
    Changed,
    /// No key of the stack fits.
    #[error(
        "none of the keys in SIGNING_KEY_ARNS signs {}: choose the algorithm of the workspace to fit, or deploy a key \
         of that kind", .0.as_str()
    )]
    NoneFits(Algorithm),
    /// The workspace wants another algorithm than its keys have.
    #[error(
        "workspace {workspace} signs {}, and its file asks for {}: add a key of that algorithm with `postern keys \
         add`, then `postern keys rotate`", .current.as_str(), .wanted.as_str()
    )]
    OtherAlgorithm {
        /// Which workspace.
        workspace: WorkspaceId,
        /// What its keys sign.
        current: Algorithm,
        /// What its file asks for.
        wanted: Algorithm,
    },
    /// A laptop has no KMS.
    #[error("a laptop has no KMS: `postern dev` makes keys by itself")]
    NoKms,
}

impl Keys<'_> {
    /// Sees to it that `workspace` has a key that signs `algorithm`.
    ///
    /// # Errors
    ///
    /// [`KeyError`].
    pub async fn ensure(&self, workspace: &WorkspaceId, algorithm: Algorithm) -> Result<(), KeyError> {
        let stored = self.writing().ring(workspace).await?;
        let current = stored.as_ref().and_then(|stored| stored.ring.current()).map(|key| key.jwk.alg);
        if current == Some(algorithm) {
            return Ok(());
        }
        let mut ring = stored.as_ref().map(|stored| stored.ring.clone()).unwrap_or_default();
        match (&self.source, current) {
            (KeySource::Laptop { sealer, entropy }, _) => {
                let (private, key) = LocalKey::generate(algorithm)?;
                let sealed = sealer.seal(workspace, private.expose().clone(), *entropy)?;
                self.writing().keep(workspace, &key.jwk().thumbprint(), &sealed).await?;
                self.add_at_once(&mut ring, key.jwk().clone())?;
            }
            (KeySource::Aws { .. }, Some(current)) => {
                return Err(KeyError::OtherAlgorithm { workspace: workspace.clone(), current, wanted: algorithm });
            }
            (KeySource::Aws { kms, signing_keys }, None) => {
                for arn in *signing_keys {
                    match kms.public_key(arn, Some(algorithm)).await {
                        Ok(jwk) => ring.add(jwk, KeyLocation::Kms(name_of(arn)), self.now)?,
                        // A key for another algorithm is another workspace's.
                        Err(SigningFault::Key) => {}
                        Err(fault) => return Err(fault.into()),
                    }
                }
                ring.current().ok_or(KeyError::NoneFits(algorithm))?;
            }
        }
        self.publish(workspace, &ring, stored.as_ref()).await
    }

    /// On a laptop a new algorithm signs at once: nobody keeps its keys for hours.
    fn add_at_once(&self, ring: &mut KeyRing, jwk: PublicJwk) -> Result<(), RingError> {
        let first = ring.current().is_none();
        ring.add(jwk, KeyLocation::Sealed, self.now)?;
        if first { Ok(()) } else { ring.rotate(Lifetime::seconds(0), self.now) }
    }

    /// Publishes a key that is to sign later.
    ///
    /// # Errors
    ///
    /// [`KeyError`].
    pub async fn add(&self, workspace: &WorkspaceId, new: NewKey) -> Result<KeyRing, KeyError> {
        let KeySource::Aws { kms, .. } = &self.source else { return Err(KeyError::NoKms) };
        let mut stored = self.ring(workspace).await?;
        let wanted = stored.ring.current().map(|key| key.jwk.alg);
        let (jwk, location) = match new {
            NewKey::Kms(arn) => {
                // The algorithm in use if the key can be used with it, or the one that it is for.
                let jwk = match kms.public_key(&arn, wanted).await {
                    Err(SigningFault::Key) => kms.public_key(&arn, None).await?,
                    found => found?,
                };
                (jwk, KeyLocation::Kms(name_of(&arn)))
            }
            NewKey::Wrapped(algorithm) => {
                let (jwk, wrapped) = kms.key_pair(algorithm, workspace).await?;
                self.writing().keep(workspace, &jwk.thumbprint(), &base64url(&wrapped)).await?;
                (jwk, KeyLocation::Wrapped)
            }
        };
        let former = stored.clone();
        stored.ring.add(jwk, location, self.now)?;
        self.publish(workspace, &stored.ring, Some(&former)).await?;
        Ok(stored.ring)
    }

    /// Takes one step with the ring of `workspace`.
    ///
    /// # Errors
    ///
    /// [`KeyError`].
    pub async fn step(
        &self,
        workspace: &WorkspaceId,
        step: impl FnOnce(&mut KeyRing) -> Result<(), RingError>,
    ) -> Result<KeyRing, KeyError> {
        let former = self.ring(workspace).await?;
        let mut ring = former.ring.clone();
        step(&mut ring)?;
        self.publish(workspace, &ring, Some(&former)).await?;
        for gone in former.ring.keys.iter().filter(|key| !ring.keys.iter().any(|left| left.jwk == key.jwk)) {
            self.writing().forget(workspace, &gone.jwk.thumbprint()).await?;
        }
        Ok(ring)
    }

    /// The ring of `workspace`, as it is stored.
    ///
    /// # Errors
    ///
    /// [`KeyError::NoRing`], or a fault of the store.
    pub async fn ring(&self, workspace: &WorkspaceId) -> Result<StoredRing, KeyError> {
        self.writing().ring(workspace).await?.ok_or_else(|| KeyError::NoRing(workspace.clone()))
    }

    /// Sees to it that there are data keys for sealing. A laptop derives its own.
    ///
    /// # Errors
    ///
    /// [`KeyError`].
    pub async fn ensure_sealing(&self) -> Result<(), KeyError> {
        let KeySource::Aws { kms, .. } = &self.source else { return Ok(()) };
        for purpose in Purpose::OF_DATA_KEYS {
            if self.sealing_keys(purpose).await?.is_none() {
                let wrapped = base64url(&kms.data_key(purpose).await?);
                let first = WrappedSealingKey { version: 1, wrapped, since: Timestamp::from_millis(0) };
                let keys = WrappedSealingKeys { current: 1, versions: vec![first] };
                // Whoever was faster made some that are as good.
                SealingKeyWriting::new(self.connection).write(purpose.name(), &keys, None).await?;
            }
        }
        Ok(())
    }

    /// The data keys for `purpose`.
    ///
    /// # Errors
    ///
    /// [`KeyError::Store`].
    pub async fn sealing_keys(&self, purpose: Purpose) -> Result<Option<WrappedSealingKeys>, KeyError> {
        Ok(SealingKeyReading::new(self.connection).keys(purpose.name()).await?)
    }

    fn writing(&self) -> KeyRingWriting {
        KeyRingWriting::new(self.connection)
    }

    async fn publish(
        &self,
        workspace: &WorkspaceId,
        ring: &KeyRing,
        former: Option<&StoredRing>,
    ) -> Result<(), KeyError> {
        if self.writing().publish(workspace, ring, former).await? { Ok(()) } else { Err(KeyError::Changed) }
    }
}

/// How a ring names a key of KMS: by its ARN; a multi-Region key by its id, which is the same in every region, so that
/// regions can share a ring and each signs with the key of its own.
fn name_of(arn: &str) -> String {
    let id = arn.rsplit('/').next().unwrap_or(arn);
    if id.starts_with("mrk-") { id.into() } else { arn.into() }
}

#[cfg(test)]
mod tests {
    use super::name_of;

    #[test]
    fn a_multi_region_key_has_one_name_in_all_regions() {
        let own = "arn:aws:kms:eu-west-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab";
        assert_eq!(name_of(own), own);
        for region in ["eu-west-1", "us-east-1"] {
            assert_eq!(name_of(&format!("arn:aws:kms:{region}:111122223333:key/mrk-1234abcd")), "mrk-1234abcd");
        }
    }
}
