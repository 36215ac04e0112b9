//! The links on an error page, where the authorization request is known. They disclose a request only to the browser to
//! which it belongs.

use protocol::authorization::error::{PageError, RedirectError};
use protocol::authorization::interaction::Interaction;
use protocol::authorization::refusal::{Refusal, Stranded, WayOut};
use protocol::authorization::response::Answer;
use web::{Response, unavailable};

use crate::browser_context::BrowserContext;
use crate::front_channel::FrontChannel;
use crate::pending::PendingAuthorization;

impl FrontChannel {
    /// Returns the refusal `error` for a user who can still log in: with another login method, and a link back to the
    /// client.
    pub async fn stranded(&self, pending: &PendingAuthorization, error: PageError) -> Refusal {
        if !matches!(
            error,
            PageError::UpstreamDenied
                | PageError::UpstreamRefused
                | PageError::UpstreamUnreachable
                | PageError::UnknownIdentitySource
                | PageError::ForeignUpstreamAnswer
                | PageError::StaleInteraction
        ) {
            return error.into();
        }
        let mut ways = Vec::new();
        if let Ok(sealed) = self.seal(pending, None).await {
            let link = pending.workspace().issuer.url(&format!("/login?interaction={sealed}&other=1"));
            ways.push(WayOut::OtherSignIn(link));
        }
        let back = pending
            .way_back()
            .map(|link| WayOut::Application { name: pending.client().name_in(pending.language()).into(), link });
        ways.extend(back);
        Refusal::Stranded(Box::new(Stranded { error, ways }))
    }

    /// Returns the refusal `error` for an interaction that cannot be resumed: with a link back to the client and, if it
    /// expired, a link to start over.
    pub(crate) async fn unresumable(
        &self,
        context: &BrowserContext<'_>,
        interaction: &Interaction,
        error: PageError,
    ) -> Refusal {
        let Ok(loaded) = self.client_of(context, interaction).await else { return error.into() };
        let Ok(request) = interaction.request(&loaded.client) else { return error.into() };
        let mut ways = Vec::new();
        // A pushed request is single-use: the client has to push a new one.
        if error == PageError::StaleInteraction
            && !interaction.state.pushed
            && let Ok(sealed) = self.seal_interaction(context.id(), interaction).await
        {
            let link = context.workspace().issuer.url(&format!("/login?interaction={sealed}&again=1"));
            ways.push(WayOut::StartOver(link));
        }
        let name = loaded.client.name_in(context.language()).into();
        ways.extend(request.redirect_uri.home().map(|link| WayOut::Application { name, link }));
        Refusal::Stranded(Box::new(Stranded { error, ways }))
    }

    /// Restarts the authorization request of an expired interaction as if the client had sent it again: with a new id,
    /// bound to this browser.
    ///
    /// # Errors
    ///
    /// [`Refusal`]: finished, of a deleted client, or the store is unavailable.
    pub async fn start_over(
        &self,
        context: &BrowserContext<'_>,
        interaction: Interaction,
    ) -> Result<Response, Refusal> {
        if !context.now.reached(interaction.state.expires) {
            let pending = self.resume(context, interaction).await?;
            return self.to_login(&pending).await;
        }
        if self
            .grants
            .exists(context.id(), &interaction.state.id)
            .await
            .map_err(|fault| PageError::from(unavailable(fault)))?
        {
            return Err(self.unresumable(context, &interaction, PageError::FinishedInteraction).await);
        }
        if interaction.state.pushed {
            return Err(self.unresumable(context, &interaction, PageError::StaleInteraction).await);
        }
        let loaded_client = self.client_of(context, &interaction).await?;
        let request = interaction.request(&loaded_client.client)?;
        let mut pending = self.begin(context, loaded_client, request)?;
        pending.interaction.user_code = interaction.state.user_code;
        pending.interaction.account_page = interaction.state.account_page;
        pending.interaction.language = Some(context.language());
        let session = self.session(context).await?;
        let step = self.decide(&pending, session.as_ref()).await?;
        self.take(&pending, step).await
    }
}

impl PendingAuthorization {
    /// The link that tells the client that its user turned back.
    #[must_use]
    pub fn way_back(&self) -> Option<String> {
        let (error, destination) = (RedirectError::AccessDenied, self.request.destination());
        let description = error.to_string();
        let parameters = [("error", error.code()), ("error_description", description.as_str())];
        match destination.answer(&self.workspace().issuer, &parameters) {
            Answer::Redirect(location) => Some(location),
            // A link cannot post a form.
            Answer::Form(_) => None,
        }
    }
}
