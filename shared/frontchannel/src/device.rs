//! The login for the device page, and the grant for a device that its user allowed (RFC 8628 §3.3).

use std::sync::Arc;

use protocol::authorization::device_request::{ApprovedDevice, DeviceRequest};
use protocol::authorization::error::PageError;
use protocol::authorization::interaction::Interaction;
use protocol::authorization::refusal::Refusal;
use protocol::clients::allowed_origins::AllowedOrigins;
use protocol::clients::client::Client;
use protocol::registration::device_page::{self, PATH, device_page};
use protocol::tokens::grant::{GrantTerms, UserClaimNames};
use protocol::tokens::mapped_claims::noted_attributes;
use protocol::users::session::Participant;
use store::configuration::LoadedClient;
use store::{Creation, Finish, Joining, NewGrant, WriteAttempt};
use web::{Response, unavailable};

use crate::account_page::account_client;
use crate::browser_context::BrowserContext;
use crate::front_channel::FrontChannel;
use crate::pending::PendingAuthorization;

/// The outcome of creating a device's grant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub enum DeviceGrant {
    /// The grant exists, created by this attempt or an earlier one.
    Created,
    /// The session of the user has ended.
    SessionEnded,
    /// The user is not one of those who may use the client.
    NotAllowed,
    /// Everything was withheld.
    Denied,
    /// An earlier attempt granted something else.
    Different,
}

impl FrontChannel {
    /// Begins a login for the device page on which `user_code` was typed. The code is not looked up before the user has
    /// logged in (catalogue row SEC-DEV-03).
    ///
    /// # Errors
    ///
    /// [`PageError::Unavailable`].
    pub fn begin_device(
        &self,
        context: &BrowserContext<'_>,
        user_code: String,
    ) -> Result<PendingAuthorization, PageError> {
        let loaded_client = device_client(context)?;
        let request = device_page::request(&loaded_client.client);
        let request = request.ok_or_else(|| unavailable("the device page has no URL"))?;
        let mut pending = self.begin(context, loaded_client, request)?;
        pending.interaction.user_code = Some(user_code);
        Ok(pending)
    }

    /// Redirects the browser to the device page, to continue with the code that was typed there.
    ///
    /// # Errors
    ///
    /// [`Refusal`] if no key is available.
    pub async fn to_device_page(&self, pending: &PendingAuthorization) -> Result<Response, Refusal> {
        self.to_page(pending, PATH).await
    }

    /// The client of `interaction`: a registered one, the device page, or the account page.
    pub(crate) async fn client_of(
        &self,
        context: &BrowserContext<'_>,
        interaction: &Interaction,
    ) -> Result<Arc<LoadedClient>, PageError> {
        if interaction.state.user_code.is_some() {
            return device_client(context);
        }
        if interaction.state.account_page {
            return account_client(context);
        }
        self.browser.client(context, interaction.client_id()).await
    }

    /// Creates the grant of `request`, whose code is the device code. The grant id was chosen with the request, so there is
    /// at most one grant.
    ///
    /// # Errors
    ///
    /// [`PageError::Unavailable`]: it is unknown whether the grant was created. Submitting the form again retries.
    pub async fn grant_device(
        &self,
        context: &BrowserContext<'_>,
        client: &Client,
        request: &DeviceRequest,
        approved: &ApprovedDevice,
    ) -> Result<DeviceGrant, PageError> {
        let (workspace, session) = (context.workspace(), approved.session());
        let joining = Participant::joining(client, session, approved.client_subject());
        if self.use_session(workspace, session, joining).await.map_err(unavailable)? == Joining::Ended {
            return Ok(DeviceGrant::SessionEnded);
        }
        let noted = noted_attributes(&workspace.settings, client, approved.scope());
        let names = UserClaimNames::of_device(approved, client.id_token_claims).with_attributes(noted);
        let chosen = self.chosen_claims(workspace, session, &names).await.map_err(unavailable)?;
        let grant = NewGrant {
            id: request.grant.clone(),
            terms: GrantTerms::of_device(approved, chosen, self.now()),
            code: request.code,
            code_expires: request.expires,
            interaction_expires: request.expires,
        };
        let attempt = WriteAttempt::new(self.browser.random_text::<16>()?);
        match self.grants.create(&workspace.id, grant, &attempt).await.map_err(unavailable)? {
            Creation::Created(_) => {
                tracing::info!(grant.id = %request.grant, "a device was allowed");
                Ok(DeviceGrant::Created)
            }
            Creation::AlreadyFinished => self.granted_before(context, request, approved).await,
        }
    }

    /// Whether an earlier attempt, whose response was lost, granted the same.
    async fn granted_before(
        &self,
        context: &BrowserContext<'_>,
        request: &DeviceRequest,
        approved: &ApprovedDevice,
    ) -> Result<DeviceGrant, PageError> {
        let finish = self.grants.finish(context.id(), &request.grant).await.map_err(unavailable)?;
        Ok(match finish {
            Some(Finish::Granted(grant))
                if grant.terms.scope == *approved.scope() && grant.terms.user() == approved.session().user() =>
            {
                DeviceGrant::Created
            }
            Some(Finish::Granted(_) | Finish::Denied) | None => DeviceGrant::Different,
        })
    }
}

/// The device page of the workspace, as the client of the logins for it.
fn device_client(context: &BrowserContext<'_>) -> Result<Arc<LoadedClient>, PageError> {
    let workspace = context.workspace();
    if !workspace.settings.device_authorization {
        return Err(PageError::NotFound);
    }
    let page = device_page(&workspace.settings, &workspace.issuer);
    let page = page.ok_or_else(|| unavailable("the device page has no URL"))?;
    Ok(Arc::new(LoadedClient { client: Arc::new(page), origins: AllowedOrigins::default() }))
}
