//! A request of a browser, with the context that every step needs.

use std::sync::Arc;

use http::Method;
use protocol::types::id::WorkspaceId;
use protocol::types::time::Timestamp;
use protocol::workspace::settings::Workspace;
use store::configuration::LoadedWorkspace;
use web::Request;
use web::route::Endpoint;

/// A request of a browser, its route, its workspace, and the time at which it arrived.
pub struct BrowserContext<'a> {
    /// The request.
    pub request: &'a Request,
    /// The endpoint that its path names.
    pub endpoint: Endpoint,
    /// The workspace that its path names.
    pub loaded: Arc<LoadedWorkspace>,
    /// The identity source in its path, if there is one.
    pub identity_source: Option<&'a str>,
    /// When it arrived.
    pub now: Timestamp,
}

impl BrowserContext<'_> {
    /// The workspace.
    #[must_use]
    pub fn workspace(&self) -> &Workspace {
        &self.loaded.workspace
    }

    /// The id of the workspace.
    #[must_use]
    pub fn id(&self) -> &WorkspaceId {
        &self.loaded.workspace.id
    }

    /// Whether the request submits a form.
    #[must_use]
    pub fn is_post(&self) -> bool {
        self.request.method == Method::POST
    }
}
