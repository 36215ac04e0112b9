//! A logout in progress.

use std::sync::Arc;

use protocol::logout::request::Returning;
use protocol::workspace::settings::Workspace;
use store::configuration::{LoadedClient, LoadedWorkspace};

/// A logout in progress: its workspace, the requesting client, and the destination.
pub(crate) struct PendingLogout {
    /// The workspace.
    pub(crate) loaded: Arc<LoadedWorkspace>,
    /// The requesting client, if identified.
    pub(crate) client: Option<Arc<LoadedClient>>,
    /// Where the user is sent afterwards.
    pub(crate) returning: Option<Returning>,
}

impl PendingLogout {
    /// The workspace itself.
    pub(crate) fn workspace(&self) -> &Workspace {
        &self.loaded.workspace
    }
}
