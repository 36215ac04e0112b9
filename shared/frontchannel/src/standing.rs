//! An authorization request on its way, and how it is picked up again.

use std::sync::Arc;

use protocol::authorization::AuthorizationRequest;
use protocol::encoding::base64url;
use protocol::error::PageError;
use protocol::id::{GrantId, WorkspaceId};
use protocol::interaction::Interaction;
use protocol::secret::{Secret, SecretHash};
use protocol::time::Timestamp;
use signing::Purpose;
use signing::entropy::random;
use store::configuration::{LoadedClient, LoadedWorkspace};
use web::Request;
use web::cookie::Cookie;

use crate::FrontChannel;

/// The purpose of the cookie that binds interactions to a browser.
pub const BROWSER: &str = "browser";

/// The longest sealed interaction that still fits into a URL with everything else (API Gateway takes ten kilobytes of
/// request line and headers).
const LONGEST_SEALED: usize = 6000;

/// An authorization request on its way, together with what it is decided by.
pub struct Standing {
    /// The workspace.
    pub workspace: Arc<LoadedWorkspace>,
    /// The client.
    pub client: Arc<LoadedClient>,
    /// What it asks for.
    pub request: AuthorizationRequest,
    /// The id of the interaction, and of the grant that it may become.
    pub id: GrantId,
    /// When it began.
    pub began: Timestamp,
    /// When it can no longer be finished.
    pub expires: Timestamp,
}

/// What a browser is given to come back with.
pub struct Ticket {
    /// The sealed interaction.
    pub sealed: String,
    /// The cookie to set, if the browser has none yet.
    pub cookie: Option<String>,
}

impl FrontChannel {
    /// The workspace `id`, as page-making functions need it.
    ///
    /// # Errors
    ///
    /// [`PageError::NotFound`] or [`PageError::Unavailable`].
    pub async fn workspace(&self, id: &WorkspaceId) -> Result<Arc<LoadedWorkspace>, PageError> {
        let found = self.configuration.workspace(id, self.clock.now()).await.map_err(|fault| unavailable(&fault))?;
        found.ok_or(PageError::NotFound)
    }

    /// Begins an interaction with `request`.
    ///
    /// # Errors
    ///
    /// [`PageError::Unavailable`] if there is no randomness to be had.
    pub fn begin(
        &self,
        workspace: Arc<LoadedWorkspace>,
        client: Arc<LoadedClient>,
        request: AuthorizationRequest,
    ) -> Result<Standing, PageError> {
        let began = self.clock.now();
        let id = GrantId::from_bytes(random(&*self.entropy).map_err(|fault| unavailable(&fault))?);
        let expires = began.plus(client.client.lifetimes.interaction);
        Ok(Standing { workspace, client, request, id, began, expires })
    }

    /// Seals `standing` for the browser that sent `request`.
    ///
    /// # Errors
    ///
    /// [`PageError::RequestTooLarge`] if it does not fit through a browser.
    pub fn ticket(&self, request: &Request, standing: &Standing) -> Result<Ticket, PageError> {
        let workspace = &standing.workspace.workspace.id;
        let cookie = Cookie::new(BROWSER, workspace, &self.public_url);
        let (browser, set) = if let Some(browser) = cookie.read(request) {
            (hash(browser), None)
        } else {
            let browser = base64url(&random::<32>(&*self.entropy).map_err(|fault| unavailable(&fault))?);
            (hash(&browser), Some(cookie.set(&browser)))
        };
        let sealed = self.seal(standing, browser)?;
        if sealed.len() > LONGEST_SEALED {
            return Err(PageError::RequestTooLarge);
        }
        Ok(Ticket { sealed, cookie: set })
    }

    fn seal(&self, standing: &Standing, browser: String) -> Result<String, PageError> {
        let interaction = Interaction::begin(
            &standing.request,
            standing.id.clone(),
            browser,
            standing.began,
            standing.client.client.lifetimes.interaction,
        );
        let plain = serde_json::to_vec(&interaction).map_err(|error| unavailable(&error))?;
        let workspace = &standing.workspace.workspace.id;
        self.sealer.seal(Purpose::Interaction, workspace, plain, &*self.entropy).map_err(|fault| unavailable(&fault))
    }

    /// Opens what a browser came back with. Nothing is believed that was not sealed here, for this workspace.
    ///
    /// # Errors
    ///
    /// [`PageError::StaleInteraction`].
    pub fn open(&self, workspace: &WorkspaceId, sealed: Option<&str>) -> Result<Interaction, PageError> {
        let sealed = sealed.ok_or(PageError::StaleInteraction)?;
        let plain = self.sealer.open(Purpose::Interaction, workspace, sealed).ok_or(PageError::StaleInteraction)?;
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
    ) -> Result<Standing, PageError> {
        let now = self.clock.now();
        if now.reached(interaction.expires) {
            return Err(PageError::StaleInteraction);
        }
        let cookie = Cookie::new(BROWSER, &workspace.workspace.id, &self.public_url);
        let browser = cookie.read(request).map(hash).ok_or(PageError::OtherBrowser)?;
        if browser != interaction.browser {
            return Err(PageError::OtherBrowser);
        }
        let client = self.configuration.usable_client(&workspace.workspace, interaction.client_id(), now).await;
        let client = client.map_err(|fault| unavailable(&fault))?.ok_or(PageError::UnknownClient)?;
        let asked = interaction.request(&client.client)?;
        let Interaction { id, began, expires, .. } = interaction;
        Ok(Standing { workspace, client, request: asked, id, began, expires })
    }

    /// Whether the interaction has been finished already, so that its pages need not be shown.
    ///
    /// # Errors
    ///
    /// [`PageError::FinishedInteraction`] if so, [`PageError::Unavailable`] if the store cannot say.
    pub async fn unfinished(&self, standing: &Standing) -> Result<(), PageError> {
        let exists = self.grants.exists(&standing.workspace.workspace.id, &standing.id).await;
        if exists.map_err(|fault| unavailable(&fault))? { Err(PageError::FinishedInteraction) } else { Ok(()) }
    }
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
