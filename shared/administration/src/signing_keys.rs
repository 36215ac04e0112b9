//! The signing keys of a workspace: generated, published, rotated, revoked, removed.
//!
//! A change reads the ring, applies one step of `protocol::jose::key_ring`, and writes the ring only if it has not
//! changed in the meantime.

use protocol::jose::jwk::{Algorithm, PublicJwk};
use protocol::jose::key_ring::{KeyLocation, KeyRing, RingError};
use protocol::syntax::encoding::base64url;
use protocol::types::id::WorkspaceId;
use protocol::types::time::Lifetime;
use signing::SigningFault;
use signing::local::LocalKey;
use store::{KeyRingWriting, StoredRing};

use crate::keys::{KeyError, KeySource, Keys, StackKeys};

/// A key to be added to a ring.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NewKey {
    /// An existing KMS key, by its ARN.
    Kms(String),
    /// A key that KMS generates and encrypts; functions decrypt it and sign in memory.
    Wrapped(Algorithm),
    /// A key that is generated on a laptop, and stored sealed.
    Sealed(Algorithm),
}

impl Keys<'_> {
    /// Makes sure that `workspace` has a current key for `algorithm`.
    ///
    /// # Errors
    ///
    /// [`KeyError`].
    pub async fn ensure(&self, workspace: &WorkspaceId, algorithm: Algorithm) -> Result<(), KeyError> {
        let stored = self.rings().ring(workspace).await?;
        let current = stored.as_ref().and_then(|stored| stored.ring.current()).map(|key| key.jwk.alg);
        if current == Some(algorithm) {
            return Ok(());
        }
        let mut ring = stored.as_ref().map(|stored| stored.ring.clone()).unwrap_or_default();
        match (&self.source, current) {
            (KeySource::Laptop { .. }, _) => {
                let jwk = self.generate_sealed(workspace, algorithm).await?;
                self.add_and_sign_at_once(&mut ring, jwk)?;
            }
            (KeySource::Aws(_), Some(current)) => {
                return Err(KeyError::OtherAlgorithm { workspace: workspace.clone(), current, wanted: algorithm });
            }
            (KeySource::Aws(keys), None) => {
                self.add_keys_of_stack(&mut ring, algorithm, keys).await?;
            }
        }
        self.publish(workspace, &ring, stored.as_ref()).await
    }

    /// Generates a key and stores its private half sealed, as on a laptop.
    async fn generate_sealed(&self, workspace: &WorkspaceId, algorithm: Algorithm) -> Result<PublicJwk, KeyError> {
        let KeySource::Laptop { sealer, entropy } = &self.source else { return Err(KeyError::NoLaptop) };
        let (private, key) = LocalKey::generate(algorithm)?;
        let sealed = sealer.seal(workspace, private.expose().clone(), *entropy)?;
        self.rings().keep(workspace, &key.jwk().thumbprint(), &sealed).await?;
        Ok(key.jwk().clone())
    }

    /// In local development a new key signs immediately: no verifier has cached the old JWKS.
    fn add_and_sign_at_once(&self, ring: &mut KeyRing, jwk: PublicJwk) -> Result<(), RingError> {
        let first = ring.current().is_none();
        ring.add(jwk, KeyLocation::Sealed, self.now)?;
        if first { Ok(()) } else { ring.rotate(Lifetime::seconds(0), self.now) }
    }

    /// Adds those of the stack's keys that have this algorithm.
    async fn add_keys_of_stack(
        &self,
        ring: &mut KeyRing,
        algorithm: Algorithm,
        keys: &StackKeys<'_>,
    ) -> Result<(), KeyError> {
        for arn in keys.signing_keys {
            match keys.kms.public_key(arn, Some(algorithm)).await {
                Ok(jwk) => ring.add(jwk, KeyLocation::Kms(name_of(arn)), self.now)?,
                // The key has another algorithm, for other workspaces.
                Err(SigningFault::Key) => {}
                Err(fault) => return Err(fault.into()),
            }
        }
        ring.current().ok_or(KeyError::NoneFits(algorithm)).map(|_| ())
    }

    /// Publishes a key as the next one to sign.
    ///
    /// # Errors
    ///
    /// [`KeyError`].
    pub async fn add(&self, workspace: &WorkspaceId, new: NewKey) -> Result<KeyRing, KeyError> {
        let former = self.ring(workspace).await?;
        let current = former.ring.current().map(|key| key.jwk.alg);
        let (jwk, location) = match (new, &self.source) {
            (NewKey::Sealed(algorithm), KeySource::Laptop { .. }) => {
                (self.generate_sealed(workspace, algorithm).await?, KeyLocation::Sealed)
            }
            (NewKey::Sealed(_), KeySource::Aws(_)) => return Err(KeyError::NoLaptop),
            (NewKey::Kms(_) | NewKey::Wrapped(_), KeySource::Laptop { .. }) => return Err(KeyError::NoKms),
            (NewKey::Kms(arn), KeySource::Aws(StackKeys { kms, .. })) => {
                // An RSA key can do RS256 and PS256: prefer the algorithm in use.
                let jwk = match kms.public_key(&arn, current).await {
                    Err(SigningFault::Key) => kms.public_key(&arn, None).await?,
                    found => found?,
                };
                (jwk, KeyLocation::Kms(name_of(&arn)))
            }
            (NewKey::Wrapped(algorithm), KeySource::Aws(StackKeys { kms, .. })) => {
                let (jwk, wrapped) = kms.key_pair(algorithm, workspace).await?;
                self.rings().keep(workspace, &jwk.thumbprint(), &base64url(&wrapped)).await?;
                (jwk, KeyLocation::Wrapped)
            }
        };
        let mut ring = former.ring.clone();
        ring.add(jwk, location, self.now)?;
        self.publish(workspace, &ring, Some(&former)).await?;
        Ok(ring)
    }

    /// Applies `step` to the ring of `workspace` and returns the result. The private halves of keys that are no longer in
    /// the ring are deleted.
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
        for removed in former.ring.keys.iter().filter(|key| !ring.keys.iter().any(|left| left.jwk == key.jwk)) {
            self.rings().forget(workspace, &removed.jwk.thumbprint()).await?;
        }
        Ok(ring)
    }

    /// The stored ring of `workspace`.
    ///
    /// # Errors
    ///
    /// [`KeyError::NoRing`], or a fault of the store.
    pub async fn ring(&self, workspace: &WorkspaceId) -> Result<StoredRing, KeyError> {
        self.rings().ring(workspace).await?.ok_or_else(|| KeyError::NoRing(workspace.clone()))
    }

    fn rings(&self) -> KeyRingWriting {
        KeyRingWriting::new(self.connection)
    }

    async fn publish(
        &self,
        workspace: &WorkspaceId,
        ring: &KeyRing,
        former: Option<&StoredRing>,
    ) -> Result<(), KeyError> {
        if self.rings().publish(workspace, ring, former).await? { Ok(()) } else { Err(KeyError::Changed) }
    }
}

/// The name of a KMS key in a ring: its ARN, but for a multi-Region key only the key id. The id is the same in every
/// Region, so Regions can share a ring and each signs with its own replica.
fn name_of(arn: &str) -> String {
    let id = arn.rsplit('/').next().unwrap_or(arn);
    if id.starts_with("mrk-") { id.into() } else { arn.into() }
}

#[cfg(test)]
mod tests {
    use super::name_of;

    #[test]
    fn a_multi_region_key_has_the_same_name_in_every_region() {
        let single_region = "arn:aws:kms:eu-west-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab";
        assert_eq!(name_of(single_region), single_region);
        for region in ["eu-west-1", "us-east-1"] {
            assert_eq!(name_of(&format!("arn:aws:kms:{region}:111122223333:key/mrk-1234abcd")), "mrk-1234abcd");
        }
    }
}
