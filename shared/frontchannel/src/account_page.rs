//! The login for the account page.

use std::sync::Arc;

use protocol::authorization::error::PageError;
use protocol::clients::allowed_origins::AllowedOrigins;
use protocol::registration::account_page::{self, AGAIN, Freshness, PATH, account_page};
use store::configuration::LoadedClient;
use web::response::{see_other, with_cookie};
use web::{Response, unavailable};

use crate::browser_context::{BrowserContext, UI_LOCALES};
use crate::front_channel::FrontChannel;
use crate::pending::PendingAuthorization;

impl FrontChannel {
    /// Begins a login for the account page. It leads back to that page and nowhere else: no URL of the request is used
    /// (catalogue row SEC-SESS-14).
    ///
    /// # Errors
    ///
    /// [`PageError::Unavailable`].
    pub fn begin_account(
        &self,
        context: &BrowserContext<'_>,
        freshness: Freshness,
    ) -> Result<PendingAuthorization, PageError> {
        let loaded_client = account_client(context)?;
        let request = account_page::request(&loaded_client.client, freshness);
        let request = request.ok_or_else(|| unavailable("the account page has no URL"))?;
        let mut pending = self.begin(context, loaded_client, request)?;
        pending.interaction.account_page = true;
        Ok(pending)
    }

    /// Redirects the browser to the account page, after the login.
    pub(crate) fn to_account_page(&self, pending: &PendingAuthorization) -> Response {
        let language = pending.language().tag();
        let again = pending.request.terms.state.as_deref() == Some(AGAIN);
        let done = if again { "done=again&" } else { "" };
        let response = see_other(&pending.workspace().issuer.url(&format!("{PATH}?{done}{UI_LOCALES}={language}")));
        self.used_cookie(pending).iter().fold(response, |response, used| with_cookie(response, used))
    }
}

/// The account page of the workspace, as the client of the logins for it.
pub(crate) fn account_client(context: &BrowserContext<'_>) -> Result<Arc<LoadedClient>, PageError> {
    let workspace = context.workspace();
    let page = account_page(&workspace.settings, &workspace.issuer);
    let page = page.ok_or_else(|| unavailable("the account page has no URL"))?;
    Ok(Arc::new(LoadedClient { client: Arc::new(page), origins: AllowedOrigins::default() }))
}
