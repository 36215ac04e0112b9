//! A logout in progress.

use std::sync::Arc;

use frontchannel::BrowserContext;
use protocol::logout::request::Returning;
use protocol::types::language::Language;
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
    /// The language of its pages.
    pub(crate) language: Language,
    /// The parameters with which a page that asks is shown again.
    pub(crate) asked: Vec<(&'static str, String)>,
}

/// The parameters of a request that a page which asks in another language needs again.
const REPEATED: [&str; 4] = ["client_id", "id_token_hint", "post_logout_redirect_uri", "state"];

impl PendingLogout {
    /// A logout of nobody in particular, for the request in `context`.
    pub(crate) fn new(context: &BrowserContext<'_>) -> Self {
        let query = context.request.query_parameters().unwrap_or_default();
        let asked = REPEATED.into_iter().filter_map(|name| Some((name, query.one(name).ok()??.to_owned())));
        Self {
            loaded: Arc::clone(&context.loaded),
            client: None,
            returning: None,
            language: context.language(),
            asked: asked.collect(),
        }
    }

    /// The workspace itself.
    pub(crate) fn workspace(&self) -> &Workspace {
        &self.loaded.workspace
    }
}
