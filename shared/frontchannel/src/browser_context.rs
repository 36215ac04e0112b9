//! The part of the front channel that a function needs which meets browsers and grants nothing.

use std::sync::Arc;

use protocol::authorization::error::PageError;
use protocol::types::id::WorkspaceId;
use protocol::types::secret::SecretHash;
use signing::Entropy;
use store::configuration::LoadedWorkspace;
use store::{ConfigurationReading, KeyRingReading, SessionReading};
use web::config::PublicUrl;
use web::cookie::Cookie;
use web::response::with_cookie;
use web::route::Matched;
use web::{Clock, Request, Response};

use crate::{SESSION_COOKIE, interaction, responses, session};

/// What a function works with that meets browsers and grants nothing: it knows workspaces, clients, public keys and
/// sessions.
pub struct BrowserContext {
    /// Workspaces and clients.
    pub configuration: Arc<ConfigurationReading>,
    /// Public keys.
    pub rings: Arc<KeyRingReading>,
    /// Sessions.
    pub sessions: SessionReading,
    /// Random bytes.
    pub entropy: Arc<dyn Entropy>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Where browsers reach us.
    pub public_url: PublicUrl,
}

impl BrowserContext {
    /// The workspace `id`.
    ///
    /// # Errors
    ///
    /// [`PageError::NotFound`] or [`PageError::Unavailable`].
    pub async fn workspace(&self, id: &WorkspaceId) -> Result<Arc<LoadedWorkspace>, PageError> {
        interaction::workspace(&self.configuration, id, self.clock.now()).await
    }

    /// The hash of the session cookie that `request` carries, whether there still is a session or not.
    #[must_use]
    pub fn session_cookie(&self, request: &Request, workspace: &WorkspaceId) -> Option<SecretHash> {
        session::cookie(request, workspace, &self.public_url)
    }

    /// The response with which the browser forgets its session.
    #[must_use]
    pub fn forgotten(&self, response: Response, workspace: &WorkspaceId) -> Response {
        with_cookie(response, &Cookie::new(SESSION_COOKIE, workspace, &self.public_url).remove())
    }

    /// A fresh random value for a page's own style and script.
    ///
    /// # Errors
    ///
    /// [`PageError::Unavailable`].
    pub fn nonce(&self) -> Result<String, PageError> {
        responses::nonce(&*self.entropy)
    }

    /// An error page; for what is not there, JSON to whoever does not ask for a page.
    #[must_use]
    pub fn error(&self, request: &Request, error: PageError) -> Response {
        responses::error(request, error, &*self.entropy)
    }

    /// The answer to a method that a page does not take.
    #[must_use]
    pub fn method_not_allowed(&self, request: &Request, matched: &Matched<'_>) -> Response {
        responses::method_not_allowed(request, matched, &*self.entropy)
    }
}
