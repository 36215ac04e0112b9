//! The ways on from an error page, as far as the authorization request is known. None of them discloses anything of a
//! request to another browser than its own.

use protocol::authorization::error::{PageError, RedirectError};
use protocol::authorization::interaction::Interaction;
use protocol::authorization::refusal::{Refusal, Stranded, WayOut};
use protocol::authorization::response::Answer;
use web::{Response, unavailable};

use crate::browser_context::BrowserContext;
use crate::front_channel::FrontChannel;
use crate::pending::PendingAuthorization;

impl FrontChannel {
    /// The refusal with `error` of a user who can still log in: another way to do so, and back to the client.
    pub async fn stranded(&self, pending: &PendingAuthorization, error: PageError) -> Refusal {
        if !matches!(
            error,
            PageError::UpstreamRefused | PageError::UpstreamUnreachable | PageError::UnknownIdentitySource
        ) {
            return error.into();
        }
        let mut ways = Vec::new();
        if let Ok(sealed) = self.seal(pending, None).await {
            let link = pending.workspace().issuer.url(&format!("/login?interaction={sealed}"));
            ways.push(WayOut::OtherSignIn(link));
        }
        let back = pending.way_back().map(|link| WayOut::Application { name: pending.client().name.clone(), link });
        ways.extend(back);
        Refusal::Stranded(Box::new(Stranded { error, ways }))
    }

    /// The refusal with `error` of an interaction that cannot be resumed: back to the client, and if it has expired, from
    /// the beginning.
    pub(crate) async fn unresumable(
        &self,
        context: &BrowserContext<'_>,
        interaction: &Interaction,
        error: PageError,
    ) -> Refusal {
        let Ok(loaded) = self.browser.client(context, interaction.client_id()).await else { return error.into() };
        let Ok(request) = interaction.request(&loaded.client) else { return error.into() };
        let mut ways = Vec::new();
        // A pushed request is good once: beginning it anew is the client's to do.
        if error == PageError::StaleInteraction
            && !interaction.state.pushed
            && let Ok(sealed) = self.seal_interaction(context.id(), interaction).await
        {
            let link = context.workspace().issuer.url(&format!("/login?interaction={sealed}&again=1"));
            ways.push(WayOut::StartOver(link));
        }
        let name = loaded.client.name.clone();
        ways.extend(request.redirect_uri.home().map(|link| WayOut::Application { name, link }));
        Refusal::Stranded(Box::new(Stranded { error, ways }))
    }

    /// Begins the authorization request of an expired interaction anew, as if the client had sent it again: it gets
    /// another id and is bound to this browser.
    ///
    /// # Errors
    ///
    /// [`Refusal`]: finished, of a client that is gone, or the store is out of reach.
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
        let loaded_client = self.browser.client(context, interaction.client_id()).await?;
        let request = interaction.request(&loaded_client.client)?;
        let pending = self.begin(context, loaded_client, request)?;
        let session = self.session(context).await?;
        let step = self.decide(&pending, session.as_ref()).await?;
        self.take(&pending, step).await
    }
}

impl PendingAuthorization {
    /// Where the client hears that its user has turned back, as a link.
    #[must_use]
    pub fn way_back(&self) -> Option<String> {
        let (error, destination) = (RedirectError::AccessDenied, self.request.destination());
        let description = error.to_string();
        let parameters = [("error", error.code()), ("error_description", description.as_str())];
        match destination.answer(&self.workspace().issuer, &parameters) {
            Answer::Redirect(location) => Some(location),
            // A link posts no form.
            Answer::Form(_) => None,
        }
    }
}
