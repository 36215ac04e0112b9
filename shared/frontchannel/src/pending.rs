//! A pending authorization request with the context needed to decide it.

use std::fmt::Display;
use std::sync::Arc;

use protocol::authorization::error::RedirectError;
use protocol::authorization::interaction::InteractionState;
use protocol::authorization::refusal::Refusal;
use protocol::authorization::request::AuthorizationRequest;
use protocol::clients::client::Client;
use protocol::types::language::Language;
use protocol::workspace::settings::Workspace;
use store::configuration::{LoadedClient, LoadedWorkspace};
use web::unavailable;

/// An authorization request that has not been answered yet.
pub struct PendingAuthorization {
    /// The workspace.
    pub loaded: Arc<LoadedWorkspace>,
    /// The client.
    pub loaded_client: Arc<LoadedClient>,
    /// The parsed request.
    pub request: AuthorizationRequest,
    /// The state of the interaction.
    pub interaction: InteractionState,
    /// The cookie that binds it to the browser, if it has yet to be set.
    pub(crate) cookie: Option<String>,
}

impl PendingAuthorization {
    /// The workspace.
    #[must_use]
    pub fn workspace(&self) -> &Workspace {
        &self.loaded.workspace
    }

    /// The client.
    #[must_use]
    pub fn client(&self) -> &Client {
        &self.loaded_client.client
    }

    /// The language of its pages.
    #[must_use]
    pub fn language(&self) -> Language {
        self.interaction.language.unwrap_or(self.workspace().settings.language)
    }

    /// Whether this is a login for the device page.
    #[must_use]
    pub const fn is_of_device_page(&self) -> bool {
        self.interaction.user_code.is_some()
    }

    /// Whether this is a login for the account page.
    #[must_use]
    pub const fn is_of_account_page(&self) -> bool {
        self.interaction.account_page
    }

    /// Returns the refusal that sends `error` to the client.
    #[must_use]
    pub fn refuse(&self, error: RedirectError) -> Refusal {
        Refusal::Redirect(Box::new(self.request.refuse(error)))
    }

    /// Returns `sealed` if it is no longer than `limit` bytes.
    ///
    /// # Errors
    ///
    /// [`Refusal`] to the client, whose description contains both numbers.
    pub fn within(&self, sealed: String, limit: usize) -> Result<String, Refusal> {
        let state = self.request.terms.state.as_ref().map_or(0, String::len);
        let too_large = RedirectError::TooLarge { sealed: sealed.len(), limit, state };
        if sealed.len() > limit { Err(self.refuse(too_large)) } else { Ok(sealed) }
    }

    /// Logs an infrastructure fault and returns `temporarily_unavailable` for the client, whose redirect URI is
    /// trusted.
    #[must_use]
    pub fn unavailable(&self, fault: impl Display) -> Refusal {
        let _logged = unavailable(fault);
        self.refuse(RedirectError::TemporarilyUnavailable)
    }
}
