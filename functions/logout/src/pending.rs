//! A logout as far as it is known.

use std::sync::Arc;

use protocol::logout::request::Returning;
use protocol::workspace::settings::Workspace;
use store::configuration::{LoadedClient, LoadedWorkspace};

/// A logout as far as it is known: of which workspace, at whose wish, and where it leads.
pub(crate) struct PendingLogout {
    /// The workspace.
    pub(crate) loaded: Arc<LoadedWorkspace>,
    /// The client that asks, if it said so.
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
