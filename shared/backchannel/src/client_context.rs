//! A request of a client or an API, with the context that every step needs.

use std::sync::{Arc, OnceLock};

use protocol::types::time::Timestamp;
use protocol::workspace::settings::Workspace;
use store::configuration::LoadedClient;
use web::Request;

/// A request to a back-channel endpoint, its workspace, and the time at which it arrived.
pub struct ClientContext<'a> {
    /// The request.
    pub request: &'a Request,
    /// The workspace that its path names.
    pub workspace: &'a Workspace,
    /// When it arrived.
    pub now: Timestamp,
    /// The client named in the request, authenticated or not; its registered origins may read the response.
    pub(crate) cors_client: OnceLock<Arc<LoadedClient>>,
}

impl<'a> ClientContext<'a> {
    /// The context of `request`.
    pub(crate) const fn new(request: &'a Request, workspace: &'a Workspace, now: Timestamp) -> Self {
        Self { request, workspace, now, cors_client: OnceLock::new() }
    }
}
