//! An authorization request on its way, and how it is picked up again.

use std::sync::Arc;

use protocol::authorization::error::PageError;
use protocol::authorization::interaction::{Interaction, InteractionState};
use protocol::authorization::request::AuthorizationRequest;
use protocol::syntax::encoding::base64url;
use protocol::types::id::{GrantId, WorkspaceId};
use protocol::types::secret::{Secret, SecretHash};
use protocol::types::time::Timestamp;
use protocol::users::session::Session;
use signing::entropy::random;
use store::ConfigurationReading;
use store::configuration::{LoadedClient, LoadedWorkspace};
use web::Request;
use web::cookie::Cookie;

use crate::FrontChannel;

/// The purpose of the cookie that binds interactions to a browser.
pub const BROWSER_COOKIE: &str = "browser";

/// The longest sealed interaction that still fits into a URL with everything else (API Gateway takes ten kilobytes of
/// request line and headers).
const MAX_SEALED_INTERACTION_BYTES: usize = 6000;

/// An authorization request on its way, together with what it is decided by.
pub struct PendingAuthorization {
    /// The workspace.
    pub workspace: Arc<LoadedWorkspace>,
    /// The client.
    pub client: Arc<LoadedClient>,
    /// What it asks for.
    pub request: AuthorizationRequest,
    /// How it passes through the browser.
    pub interaction: InteractionState,
    /// The cookie that binds it to the browser, if that is still to be set.
    cookie: Option<String>,
}

impl FrontChannel {
    /// The workspace `id`, as page-making functions need it.
    ///
    /// # Errors
    ///
    /// [`PageError::NotFound`] or [`PageError::Unavailable`].
    pub async fn workspace(&self, id: &WorkspaceId) -> Result<Arc<LoadedWorkspace>, PageError> {
        workspace(&self.configuration, id, self.clock.now()).await
    }

    /// Begins an interaction with `request`, bound to the browser by a cookie of its own: tabs that begin at the same
    /// time do not take each other's.
    ///
    /// # Errors
    ///
    /// [`PageError::Unavailable`] if there is no randomness to be had.
    pub fn begin(
        &self,
        workspace: Arc<LoadedWorkspace>,
        client: Arc<LoadedClient>,
        request: AuthorizationRequest,
    ) -> Result<PendingAuthorization, PageError> {
        let id = GrantId::from_bytes(random(&*self.entropy).map_err(|fault| unavailable(&fault))?);
        let browser = base64url(&random::<32>(&*self.entropy).map_err(|fault| unavailable(&fault))?);
        let (began, lifetime) = (self.clock.now(), client.client.lifetimes.interaction);
        let cookie = self.browser_cookie(&workspace.workspace.id, &id).set_for(&browser, lifetime);
        let (expires, browser) = (began.plus(lifetime), hash(&browser));
        let interaction = InteractionState { id, browser, began, expires, shown_to: None, account: None };
        Ok(PendingAuthorization { workspace, client, request, interaction, cookie: Some(cookie) })
    }

    /// The cookie of an interaction that is over.
    pub(crate) fn used_cookie(&self, pending: &PendingAuthorization) -> Option<String> {
        let cookie = self.browser_cookie(&pending.workspace.workspace.id, &pending.interaction.id);
        pending.cookie.is_none().then(|| cookie.remove())
    }

    fn browser_cookie(&self, workspace: &WorkspaceId, id: &GrantId) -> Cookie {
        Cookie::numbered(BROWSER_COOKIE, id.as_str(), workspace, &self.public_url)
    }

    /// Seals `pending`, and for the consent page also whom it is shown to.
    ///
    /// # Errors
    ///
    /// [`PageError::RequestTooLarge`] if it does not fit through a browser.
    pub async fn sealed(
        &self,
        pending: &PendingAuthorization,
        shown_to: Option<&Session>,
    ) -> Result<String, PageError> {
        let interaction = InteractionState {
            shown_to: shown_to.map(|session| session.subject.clone()),
            ..pending.interaction.clone()
        };
        let interaction = Interaction::of(&pending.request, interaction);
        let plain = serde_json::to_vec(&interaction).map_err(|error| unavailable(&error))?;
        let workspace = &pending.workspace.workspace.id;
        let keys = self.interactions.keys(self.clock.now()).await.map_err(|fault| unavailable(&fault))?;
        let sealed = keys.seal(workspace, plain, &*self.entropy).map_err(|fault| unavailable(&fault))?;
        if sealed.len() > MAX_SEALED_INTERACTION_BYTES { Err(PageError::RequestTooLarge) } else { Ok(sealed) }
    }

    /// Opens what a browser came back with. Nothing is believed that was not sealed here, for this workspace.
    ///
    /// # Errors
    ///
    /// [`PageError::StaleInteraction`], or [`PageError::Unavailable`] if the keys are out of reach.
    pub async fn open(&self, workspace: &WorkspaceId, sealed: Option<&str>) -> Result<Interaction, PageError> {
        let sealed = sealed.ok_or(PageError::StaleInteraction)?;
        let keys = self.interactions.keys(self.clock.now()).await.map_err(|fault| unavailable(&fault))?;
        let plain = keys.open(workspace, sealed).ok_or(PageError::StaleInteraction)?;
        serde_json::from_slice(plain.expose()).map_err(|_| PageError::StaleInteraction)
    }

    /// Picks up `interaction` in the browser that began it, and checks everything anew.
    ///
    /// # Errors
    ///
    /// [`PageError`]: expired, of another browser, of a client that is gone, or the store is out of reach.
    pub async fn resume(
        &self,
        request: &Request,
        workspace: Arc<LoadedWorkspace>,
        interaction: Interaction,
    ) -> Result<PendingAuthorization, PageError> {
        let now = self.clock.now();
        if now.reached(interaction.state.expires) {
            return Err(PageError::StaleInteraction);
        }
        let cookie = self.browser_cookie(&workspace.workspace.id, &interaction.state.id);
        if cookie.read(request).map(hash).as_ref() != Some(&interaction.state.browser) {
            return Err(PageError::OtherBrowser);
        }
        let client = self.configuration.usable_client(&workspace.workspace, interaction.client_id(), now).await;
        let client = client.map_err(|fault| unavailable(&fault))?.ok_or(PageError::UnknownClient)?;
        let asked = interaction.request(&client.client)?;
        Ok(PendingAuthorization { workspace, client, request: asked, interaction: interaction.state, cookie: None })
    }

    /// Whether the interaction has been finished already, so that its pages need not be shown.
    ///
    /// # Errors
    ///
    /// [`PageError::FinishedInteraction`] if so, [`PageError::Unavailable`] if the store cannot say.
    pub async fn unfinished(&self, workspace: &WorkspaceId, interaction: &Interaction) -> Result<(), PageError> {
        let exists = self.grants.exists(workspace, &interaction.state.id).await;
        if exists.map_err(|fault| unavailable(&fault))? { Err(PageError::FinishedInteraction) } else { Ok(()) }
    }
}

/// The workspace `id`, as page-making functions need it.
pub(crate) async fn workspace(
    configuration: &ConfigurationReading,
    id: &WorkspaceId,
    now: Timestamp,
) -> Result<Arc<LoadedWorkspace>, PageError> {
    let found = configuration.workspace(id, now).await.map_err(|fault| unavailable(&fault))?;
    found.ok_or(PageError::NotFound)
}

/// The hash of a browser's cookie: what is sealed opens no other browser.
fn hash(browser: &str) -> String {
    SecretHash::of(&Secret::new(browser.into())).encoded()
}

/// Logs an infrastructure fault, once, and answers that we are not available.
pub(crate) fn unavailable(fault: &dyn std::fmt::Display) -> PageError {
    tracing::error!(fault = %fault, "the front channel is not available");
    PageError::Unavailable
}

impl PendingAuthorization {
    /// The cookie that binds the interaction to the browser, if that is still to be set.
    pub(crate) fn cookie(&self) -> Option<&str> {
        self.cookie.as_deref()
    }
}
