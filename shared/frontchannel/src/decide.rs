//! Decides the next step of an authorization request: loads what the decision needs, and decides.

use protocol::authorization::consent::{Consent, Withheld};
use protocol::authorization::decision::{DecisionInput, NextStep, User, decide, decide_allowed, depends_on_consent};
use protocol::authorization::interaction::InteractionState;
use protocol::authorization::refusal::Refusal;
use protocol::clients::client::Client;
use protocol::users::attributes::Attributes;
use protocol::users::session::Session;
use protocol::workspace::settings::Workspace;
use store::StoreFault;

use crate::front_channel::FrontChannel;
use crate::pending::PendingAuthorization;

impl FrontChannel {
    /// Decides what happens next with `pending`, for the user of `session`.
    ///
    /// # Errors
    ///
    /// [`Refusal`] to the client if the store is unavailable.
    pub async fn decide(&self, pending: &PendingAuthorization, session: Option<&Session>) -> Result<NextStep, Refusal> {
        let Some(session) = session else { return Ok(self.decide_without_user(pending)) };
        let consent = if depends_on_consent(&pending.request, pending.client()) {
            self.consent(pending, session).await?
        } else {
            None
        };
        let client_subject = &self.client_subject(pending, session).await?;
        let attributes = &self.attributes(pending, session).await?;
        let user = User { session, client_subject, attributes };
        Ok(decide(&self.decision_input(pending, Some(user), consent.as_ref())))
    }

    /// Decides the next step of `pending` without a session.
    #[must_use]
    pub(crate) fn decide_without_user(&self, pending: &PendingAuthorization) -> NextStep {
        decide(&self.decision_input(pending, None, None))
    }

    /// Decides what happens next after the user of `session` pressed "Allow" and withheld `withheld`.
    ///
    /// # Errors
    ///
    /// [`Refusal`] to the client if a key is unavailable.
    pub async fn decide_allowed(
        &self,
        pending: &PendingAuthorization,
        session: &Session,
        withheld: Withheld<'_>,
    ) -> Result<NextStep, Refusal> {
        // Our own pages get no consent page: a login for them grants nothing.
        if pending.is_of_device_page() || pending.is_of_account_page() {
            return Ok(NextStep::LogIn);
        }
        let client_subject = &self.client_subject(pending, session).await?;
        let attributes = &self.attributes(pending, session).await?;
        let user = User { session, client_subject, attributes };
        Ok(decide_allowed(&self.decision_input(pending, Some(user), None), withheld))
    }

    /// Loads the consent that the user of `session` gave this client before.
    ///
    /// # Errors
    ///
    /// [`Refusal`] to the client if the store is unavailable.
    pub async fn consent(&self, pending: &PendingAuthorization, session: &Session) -> Result<Option<Consent>, Refusal> {
        let found = self.consents.find(&pending.workspace().id, &session.subject, &pending.client().id).await;
        found.map_err(|fault| pending.unavailable(fault))
    }

    /// What is known of the user of `session`, if rules about the users of this client look at it.
    async fn attributes(&self, pending: &PendingAuthorization, session: &Session) -> Result<Attributes, Refusal> {
        let known = self.attributes_for(pending.workspace(), pending.client(), session).await;
        known.map_err(|fault| pending.unavailable(fault))
    }

    /// What is known of the user of `session`, if rules about the users of `client` look at it: a read of the account then,
    /// and none otherwise.
    ///
    /// # Errors
    ///
    /// [`StoreFault`].
    pub async fn attributes_for(
        &self,
        workspace: &Workspace,
        client: &Client,
        session: &Session,
    ) -> Result<Attributes, StoreFault> {
        if client.attributes_of_rules().is_none_or(|names| names.is_empty()) {
            return Ok(Attributes::default());
        }
        let account = self.accounts.account(workspace, session.user()).await?;
        Ok(account.map(|account| account.attributes).unwrap_or_default())
    }

    fn decision_input<'a>(
        &self,
        pending: &'a PendingAuthorization,
        user: Option<User<'a>>,
        consent: Option<&'a Consent>,
    ) -> DecisionInput<'a> {
        let (request, client) = (&pending.request, pending.client());
        let InteractionState { began, account, .. } = &pending.interaction;
        DecisionInput { request, client, user, consent, account: account.as_ref(), began: *began, now: self.now() }
    }
}
