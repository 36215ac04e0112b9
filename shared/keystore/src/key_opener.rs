//! What the keys of a ring are opened with.

use protocol::types::id::WorkspaceId;
use protocol::types::secret::Secret;
use signing::{KmsSigning, KmsUnwrapping, Purpose, Sealer, SigningFault};

/// What the keys of rings are opened with.
pub struct KeyOpener(Environment);

enum Environment {
    /// Keys lie sealed under a root of our own.
    Laptop(Sealer),
    /// Keys stay in KMS, or were encrypted by it.
    Aws {
        kms: KmsSigning,
        unwrapping: KmsUnwrapping,
        /// A key to look at, so that the connection is open before the first user comes.
        known: Option<String>,
    },
}

impl KeyOpener {
    /// Opens keys that lie sealed under a root of our own.
    #[must_use]
    pub const fn laptop(sealer: Sealer) -> Self {
        Self(Environment::Laptop(sealer))
    }

    /// Uses keys in KMS, and opens those that it encrypted. `known` is a key to look at when a function starts.
    #[must_use]
    pub const fn aws(kms: KmsSigning, unwrapping: KmsUnwrapping, known: Option<String>) -> Self {
        Self(Environment::Aws { kms, unwrapping, known })
    }

    /// Opens the connection to KMS, if there is one.
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

    /// What signs with keys that stay in KMS.
    pub(crate) fn kms(&self) -> Result<KmsSigning, SigningFault> {
        match &self.0 {
            Environment::Aws { kms, .. } => Ok(kms.clone()),
            Environment::Laptop(_) => Err(SigningFault::Key),
        }
    }

    /// Opens a private key that lies sealed in the store.
    pub(crate) fn unseal(&self, workspace: &WorkspaceId, sealed: &str) -> Result<Secret<Vec<u8>>, SigningFault> {
        match &self.0 {
            Environment::Laptop(root) => root.open(workspace, sealed).ok_or(SigningFault::Key),
            Environment::Aws { .. } => Err(SigningFault::Key),
        }
    }

    /// Has KMS decrypt a private key that it encrypted for `workspace`.
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
