//! Decides the next step of an authorization request: loads what the decision needs, and decides.

use protocol::authorization::consent::{Consent, Withheld};
use protocol::authorization::decision::{DecisionInput, NextStep, User, decide, decide_allowed, depends_on_consent};
use protocol::authorization::interaction::InteractionState;
use protocol::authorization::refusal::Refusal;
use protocol::users::session::Session;

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
        Ok(decide(&self.decision_input(pending, Some(User { session, client_subject }), consent.as_ref())))
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
        let user = User { session, client_subject };
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
