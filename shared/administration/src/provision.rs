//! What has to be in the store before the first request: tables, keys, workspaces.

use store::configuration::ApplyError;
use store::{ConfigurationWriting, StoreFault, schema};
use thiserror::Error;

use crate::signing_keys::{KeyError, Keys};
use crate::workspace_file::WorkspaceFile;

/// Why the store could not be made ready.
#[derive(Debug, Error)]
pub enum ProvisionError {
    /// A workspace could not be applied.
    #[error("the workspace could not be applied: {0}")]
    Apply(#[from] ApplyError),
    /// The tables could not be made.
    #[error("the store failed: {0}. Delete its folder to start over, or choose another with --data.")]
    Store(#[from] StoreFault),
    /// The keys are not as they should be.
    #[error(transparent)]
    Key(#[from] KeyError),
}

impl Keys<'_> {
    /// Makes the tables that are missing: on an engine that starts empty.
    ///
    /// # Errors
    ///
    /// [`ProvisionError::Store`].
    pub async fn tables(&self) -> Result<(), ProvisionError> {
        Ok(schema::create(self.connection).await?)
    }

    /// Applies the workspaces and sees to it that each has a key that signs.
    ///
    /// # Errors
    ///
    /// [`ProvisionError`].
    pub async fn apply(&self, files: &[WorkspaceFile]) -> Result<(), ProvisionError> {
        let configuration = ConfigurationWriting::new(self.connection);
        for file in files {
            // The key comes first: a workspace that can be found can sign.
            self.ensure(&file.workspace.id, file.signing_algorithm).await?;
            configuration.apply(&file.workspace, &file.clients).await?;
        }
        Ok(())
    }
}
