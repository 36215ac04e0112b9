//! What the store needs before the first request: tables, keys, workspaces.

use store::configuration_writing::ApplyError;
use store::{ConfigurationWriting, StoreFault, schema};
use thiserror::Error;

use crate::keys::{KeyError, Keys};
use crate::workspace_file::WorkspaceFile;

/// Prepares a store and applies workspaces to it.
pub struct Provisioning<'a>(&'a Keys<'a>);

/// Why the store could not be prepared.
#[derive(Debug, Error)]
pub enum ProvisionError {
    /// A workspace could not be applied.
    #[error("the workspace could not be applied: {0}")]
    Apply(#[from] ApplyError),
    /// The tables could not be created.
    #[error(
        "the store failed: {0}. Check that its disk has free space and that this user may write to its folder, or choose another \
         folder with --data."
    )]
    Store(#[from] StoreFault),
    /// The signing keys of a workspace could not be set up.
    #[error(transparent)]
    Key(#[from] KeyError),
}

impl<'a> Provisioning<'a> {
    /// Provisions the store that `keys` operates on.
    #[must_use]
    pub const fn new(keys: &'a Keys<'a>) -> Self {
        Self(keys)
    }

    /// The keys.
    pub(crate) const fn keys(&self) -> &Keys<'_> {
        self.0
    }

    /// The store.
    pub(crate) const fn connection(&self) -> &store::Connection {
        self.0.connection
    }

    /// Creates the missing tables. Only an embedded engine needs this: the tables of a stack are part of it.
    ///
    /// # Errors
    ///
    /// [`ProvisionError::Store`].
    pub async fn create_tables(&self) -> Result<(), ProvisionError> {
        Ok(schema::create(self.0.connection).await?)
    }

    /// Applies workspaces, after making sure that each has its signing keys.
    ///
    /// # Errors
    ///
    /// [`ProvisionError`].
    pub async fn apply(&self, files: &[WorkspaceFile]) -> Result<(), ProvisionError> {
        let configuration = ConfigurationWriting::new(self.0.connection);
        for file in files {
            // The keys come first: a workspace that can be found must be able to sign.
            self.0.ensure(&file.workspace.id, file.signing).await?;
            configuration.apply(&file.workspace, &file.clients).await?;
        }
        Ok(())
    }
}
