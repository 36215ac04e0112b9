//! The keys that sign, opened once and kept.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use protocol::id::WorkspaceId;
use protocol::jwk::PublicJwk;
use protocol::time::Timestamp;
use signing::local::LocalKey;
use signing::{Purpose, Sealer, Signer, SigningFault};
use store::{KeyRingReading, SigningKeyReading, StoreFault};
use thiserror::Error;

/// The signers of all workspaces that were asked for.
pub struct Signers {
    rings: Arc<KeyRingReading>,
    keys: SigningKeyReading,
    sealer: Arc<Sealer>,
    opened: Mutex<HashMap<(WorkspaceId, String), Signer>>,
}

/// Why there is no signer.
#[derive(Debug, Error)]
pub enum SignerFault {
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreFault),
    /// The workspace has no current key, or it cannot be opened.
    #[error(transparent)]
    Signing(#[from] SigningFault),
}

impl Signers {
    /// Signers whose keys are named in `rings`, lie in `keys`, and are opened by `sealer`.
    #[must_use]
    pub fn new(rings: Arc<KeyRingReading>, keys: SigningKeyReading, sealer: Arc<Sealer>) -> Self {
        Self { rings, keys, sealer, opened: Mutex::new(HashMap::new()) }
    }

    /// The signer of the key that is current in `workspace`.
    ///
    /// # Errors
    ///
    /// [`SignerFault`].
    pub async fn current(&self, workspace: &WorkspaceId, now: Timestamp) -> Result<Signer, SignerFault> {
        let ring = self.rings.ring(workspace, now).await?.ok_or(SigningFault::Key)?;
        let jwk = &ring.current().ok_or(SigningFault::Key)?.jwk;
        let name = (workspace.clone(), jwk.thumbprint());
        if let Some(signer) = self.opened.lock().unwrap_or_else(PoisonError::into_inner).get(&name) {
            return Ok(signer.clone());
        }
        let signer = self.open(workspace, jwk, &name.1).await?;
        self.opened.lock().unwrap_or_else(PoisonError::into_inner).insert(name, signer.clone());
        Ok(signer)
    }

    async fn open(&self, workspace: &WorkspaceId, jwk: &PublicJwk, kid: &str) -> Result<Signer, SignerFault> {
        let sealed = self.keys.sealed(workspace, kid).await?.ok_or(SigningFault::Key)?;
        let pkcs8 = self.sealer.open(Purpose::SigningKey, workspace, &sealed).ok_or(SigningFault::Key)?;
        let key = LocalKey::from_pkcs8(jwk.alg, pkcs8.expose())?;
        if key.jwk() == jwk { Ok(Signer::Local(Arc::new(key))) } else { Err(SigningFault::Key.into()) }
    }
}
