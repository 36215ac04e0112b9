//! What has to be in the store before the first request: tables, workspaces, keys.

use protocol::id::WorkspaceId;
use protocol::jwk::Algorithm;
use protocol::key_ring::{Custody, KeyRing, KeyRole, RingKey};
use protocol::time::Timestamp;
use signing::local::LocalKey;
use signing::seal::SealFault;
use signing::{Entropy, Purpose, Sealer, SigningFault};
use store::configuration::ApplyError;
use store::{ConfigurationWriting, Connection, KeyRingReading, KeyRingWriting, StoreFault, schema};
use thiserror::Error;

use crate::workspace_file::WorkspaceFile;

/// Why the store could not be made ready.
#[derive(Debug, Error)]
pub enum ProvisionError {
    /// A workspace could not be applied.
    #[error("the workspace could not be applied: {0}")]
    Apply(#[from] ApplyError),
    /// The store failed.
    #[error("the store failed: {0}. Delete its folder to start over, or choose another with --data.")]
    Store(#[from] StoreFault),
    /// A key could not be made.
    #[error("a signing key could not be made: {0}")]
    Key(#[from] SigningFault),
    /// A key could not be sealed.
    #[error("a signing key could not be sealed: {0}")]
    Seal(#[from] SealFault),
}

/// What provisioning works with.
pub struct Provisioning<'a> {
    /// The store.
    pub connection: &'a Connection,
    /// Seals private keys.
    pub sealer: &'a Sealer,
    /// Random bytes.
    pub entropy: &'a dyn Entropy,
    /// The time.
    pub now: Timestamp,
}

impl Provisioning<'_> {
    /// Makes the tables that are missing, applies the workspaces and sees to it that each has a key that signs.
    ///
    /// # Errors
    ///
    /// [`ProvisionError`].
    pub async fn provision(&self, files: &[WorkspaceFile]) -> Result<(), ProvisionError> {
        schema::create(self.connection).await?;
        let configuration = ConfigurationWriting::new(self.connection);
        for file in files {
            // The key comes first: a workspace that can be found can sign.
            self.key(&file.workspace.id, file.signing_algorithm).await?;
            configuration.apply(&file.workspace, &file.clients).await?;
        }
        Ok(())
    }

    /// Makes a key of `algorithm` current, unless one is. A former current key stays published.
    async fn key(&self, workspace: &WorkspaceId, algorithm: Algorithm) -> Result<(), ProvisionError> {
        let ring = KeyRingReading::new(self.connection).ring(workspace, self.now).await?;
        let mut ring = ring.map_or_else(|| KeyRing::default(), |ring| (*ring).clone());
        if ring.current().is_some_and(|current| current.jwk.alg == algorithm) {
            return Ok(());
        }
        let (private, key) = LocalKey::generate(algorithm)?;
        let sealed = self.sealer.seal(Purpose::SigningKey, workspace, private.expose().clone(), self.entropy)?;
        for former in ring.keys.iter_mut().filter(|key| key.role == KeyRole::Current) {
            former.role = KeyRole::Retired;
        }
        ring.keys.push(RingKey {
            jwk: key.jwk().clone(),
            role: KeyRole::Current,
            custody: Custody::Sealed,
            since: self.now,
        });
        let writing = KeyRingWriting::new(self.connection);
        writing.keep(workspace, &key.jwk().thumbprint(), &sealed).await?;
        writing.publish(workspace, &ring).await?;
        Ok(())
    }
}
