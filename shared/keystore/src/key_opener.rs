//! Opens the private keys of rings.

use protocol::types::id::WorkspaceId;
use protocol::types::secret::Secret;
use signing::{KmsSigning, KmsUnwrapping, Purpose, Sealer, SigningFault};

/// Opens the private keys of rings.
pub struct KeyOpener(Environment);

enum Environment {
    /// Keys are sealed under the root of a laptop.
    Laptop(Sealer),
    /// Keys are in KMS, or encrypted by it.
    Aws {
        kms: KmsSigning,
        unwrapping: KmsUnwrapping,
        /// A key to describe, so that the connection is open before the first request.
        known: Option<String>,
    },
}

impl KeyOpener {
    /// Opens keys that are sealed under the root of a laptop.
    #[must_use]
    pub const fn laptop(sealer: Sealer) -> Self {
        Self(Environment::Laptop(sealer))
    }

    /// Uses keys in KMS, and opens those that it encrypted. `known` is a key to describe when a function starts.
    #[must_use]
    pub const fn aws(kms: KmsSigning, unwrapping: KmsUnwrapping, known: Option<String>) -> Self {
        Self(Environment::Aws { kms, unwrapping, known })
    }

    /// Opens the connection to KMS, if keys are there.
    ///
    /// # Errors
    ///
    /// [`SigningFault`].
    pub async fn warm(&self) -> Result<(), SigningFault> {
        match &self.0 {
            Environment::Aws { kms, known: Some(key), .. } => kms.look_at(key).await,
            Environment::Aws { known: None, .. } | Environment::Laptop(_) => Ok(()),
        }
    }

    /// The handle that signs with keys in KMS.
    pub(crate) fn kms(&self) -> Result<KmsSigning, SigningFault> {
        match &self.0 {
            Environment::Aws { kms, .. } => Ok(kms.clone()),
            Environment::Laptop(_) => Err(SigningFault::Key),
        }
    }

    /// Opens a sealed private key from the store.
    pub(crate) fn unseal(&self, workspace: &WorkspaceId, sealed: &str) -> Result<Secret<Vec<u8>>, SigningFault> {
        match &self.0 {
            Environment::Laptop(root) => root.open(workspace, sealed).ok_or(SigningFault::Key),
            Environment::Aws { .. } => Err(SigningFault::Key),
        }
    }

    /// Has KMS decrypt a wrapped private key of `workspace`.
    pub(crate) async fn unwrap(
        &self,
        workspace: &WorkspaceId,
        wrapped: Vec<u8>,
    ) -> Result<Secret<Vec<u8>>, SigningFault> {
        match &self.0 {
            Environment::Aws { unwrapping, .. } => {
                unwrapping.unwrap(wrapped, Purpose::SigningKey, Some(workspace)).await
            }
            Environment::Laptop(_) => Err(SigningFault::Key),
        }
    }
}
