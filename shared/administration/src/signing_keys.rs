//! The signing keys of a workspace: generated, published, rotated, revoked, removed.
//!
//! A change reads the ring, applies one step of `protocol::jose::key_ring`, and writes the ring only if it has not
//! changed in the meantime.

use protocol::jose::jwk::{Algorithm, PublicJwk};
use protocol::jose::key_ring::{KeyLocation, KeyRing, KeySeries, RingError};
use protocol::syntax::encoding::base64url;
use protocol::types::id::WorkspaceId;
use protocol::types::time::Lifetime;
use signing::SigningFault;
use signing::local::LocalKey;
use store::{KeyRingWriting, StoredRing};

use crate::keys::{KeyError, KeySource, Keys, StackKeys};
use crate::signing_policy::SigningPolicy;

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

impl NewKey {
    /// The algorithm of a key to be generated.
    const fn algorithm(&self) -> Option<Algorithm> {
        match self {
            Self::Kms(_) => None,
            Self::Wrapped(algorithm) | Self::Sealed(algorithm) => Some(*algorithm),
        }
    }
}

impl Keys<'_> {
    /// Ensures that `workspace` has the current keys that `policy` requires.
    ///
    /// # Errors
    ///
    /// [`KeyError`].
    pub async fn ensure(&self, workspace: &WorkspaceId, policy: SigningPolicy) -> Result<(), KeyError> {
        let stored = self.rings().ring(workspace).await?;
        let mut ring = stored.as_ref().map(|stored| stored.ring.clone()).unwrap_or_default();
        self.ensure_own(workspace, &mut ring, policy.algorithm).await?;
        match (policy.has_rs256_beside(), ring.current_beside()) {
            (true, None) => self.add_first_beside(workspace, &mut ring).await?,
            (true, Some(_)) => {}
            (false, _) => ring.retire_beside(self.now),
        }
        if stored.as_ref().is_some_and(|stored| stored.ring == ring) {
            return Ok(());
        }
        self.publish(workspace, &ring, stored.as_ref()).await
    }

    /// Ensures that the current key of `ring` has `algorithm`.
    async fn ensure_own(
        &self,
        workspace: &WorkspaceId,
        ring: &mut KeyRing,
        algorithm: Algorithm,
    ) -> Result<(), KeyError> {
        let current = ring.current().map(|key| key.jwk.alg);
        if current == Some(algorithm) {
            return Ok(());
        }
        match (&self.source, current) {
            (KeySource::Laptop { .. }, _) => {
                let jwk = self.generate_sealed(workspace, algorithm).await?;
                Ok(self.add_and_sign_at_once(ring, jwk)?)
            }
            (KeySource::Aws(_), Some(current)) => {
                Err(KeyError::OtherAlgorithm { workspace: workspace.clone(), current, wanted: algorithm })
            }
            (KeySource::Aws(keys), None) => {
                self.add_keys_of_stack(ring, KeySeries::Own, algorithm, keys).await?;
                ring.current().ok_or(KeyError::NoneFits(algorithm)).map(|_| ())
            }
        }
    }

    /// Adds the first RS256 key beside the workspace's own. In AWS this is an unused RSA key of the stack, if there is one;
    /// otherwise KMS generates and encrypts a key, so that nothing has to be deployed and no key has a monthly price.
    async fn add_first_beside(&self, workspace: &WorkspaceId, ring: &mut KeyRing) -> Result<(), KeyError> {
        let (jwk, location) = match &self.source {
            KeySource::Laptop { .. } => (self.generate_sealed(workspace, Algorithm::RS256).await?, KeyLocation::Sealed),
            KeySource::Aws(keys) => {
                self.add_keys_of_stack(ring, KeySeries::Beside, Algorithm::RS256, keys).await?;
                if ring.current_beside().is_some() {
                    return Ok(());
                }
                (self.generate_wrapped(workspace, Algorithm::RS256, keys).await?, KeyLocation::Wrapped)
            }
        };
        Ok(ring.add(KeySeries::Beside, jwk, location, self.now)?)
    }

    /// Has KMS generate a key, and stores its private half encrypted.
    async fn generate_wrapped(
        &self,
        workspace: &WorkspaceId,
        algorithm: Algorithm,
        keys: &StackKeys<'_>,
    ) -> Result<PublicJwk, KeyError> {
        let (jwk, wrapped) = keys.kms.key_pair(algorithm, workspace).await?;
        self.rings().keep(workspace, &jwk.thumbprint(), &base64url(&wrapped)).await?;
        Ok(jwk)
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
        ring.add(KeySeries::Own, jwk, KeyLocation::Sealed, self.now)?;
        if first { Ok(()) } else { ring.rotate(KeySeries::Own, Lifetime::seconds(0), self.now) }
    }

    /// Adds the stack's keys that have this algorithm. An RSA key that is already in the ring, for PS256, is omitted: its
    /// `kid` would name two keys.
    async fn add_keys_of_stack(
        &self,
        ring: &mut KeyRing,
        series: KeySeries,
        algorithm: Algorithm,
        keys: &StackKeys<'_>,
    ) -> Result<(), KeyError> {
        for arn in keys.signing_keys {
            match keys.kms.public_key(arn, Some(algorithm)).await {
                Ok(jwk) if ring.has(&jwk) => {}
                Ok(jwk) => ring.add(series, jwk, KeyLocation::Kms(name_of(arn)), self.now)?,
                // The key has another algorithm, for other workspaces.
                Err(SigningFault::Key) => {}
                Err(fault) => return Err(fault.into()),
            }
        }
        Ok(())
    }

    /// Publishes a key as the next one to sign in its series.
    ///
    /// # Errors
    ///
    /// [`KeyError`].
    pub async fn add(&self, workspace: &WorkspaceId, series: KeySeries, new: NewKey) -> Result<KeyRing, KeyError> {
        let former = self.ring(workspace).await?;
        let current = match series {
            KeySeries::Own => former.ring.current(),
            KeySeries::Beside => {
                Some(former.ring.current_beside().ok_or_else(|| KeyError::NoneBeside(workspace.clone()))?)
            }
        };
        let current = current.map(|key| key.jwk.alg);
        if series == KeySeries::Beside && new.algorithm().is_some_and(|algorithm| algorithm != Algorithm::RS256) {
            return Err(RingError::NotRs256.into());
        }
        let (jwk, location) = match (new, &self.source) {
            (NewKey::Sealed(algorithm), KeySource::Laptop { .. }) => {
                (self.generate_sealed(workspace, algorithm).await?, KeyLocation::Sealed)
            }
            (NewKey::Sealed(_), KeySource::Aws(_)) => return Err(KeyError::NoLaptop),
            (NewKey::Kms(_) | NewKey::Wrapped(_), KeySource::Laptop { .. }) => return Err(KeyError::NoKms),
            (NewKey::Kms(arn), KeySource::Aws(StackKeys { kms, .. })) => {
                // An RSA key supports RS256 and PS256: prefer the algorithm in use.
                let jwk = match kms.public_key(&arn, current).await {
                    Err(SigningFault::Key) => kms.public_key(&arn, None).await?,
                    found => found?,
                };
                (jwk, KeyLocation::Kms(name_of(&arn)))
            }
            (NewKey::Wrapped(algorithm), KeySource::Aws(keys)) => {
                (self.generate_wrapped(workspace, algorithm, keys).await?, KeyLocation::Wrapped)
            }
        };
        let mut ring = former.ring.clone();
        ring.add(series, jwk, location, self.now)?;
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
        for removed in former.ring.all().filter(|key| !ring.has(&key.jwk)) {
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

/// The name of a KMS key in a ring: its ARN, but for a multi-Region key only the key id. The id is the same in every Region,
/// so Regions can share a ring and each signs with its own replica.
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
