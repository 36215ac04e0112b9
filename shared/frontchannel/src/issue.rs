//! The decision, and the one write that makes a grant of it.

use protocol::authorization::code;
use protocol::authorization::consent::{Consent, Withheld};
use protocol::authorization::decision::{
    ApprovedAuthorization, DecisionInput, NextStep, User, decide, decide_allowed, depends_on_consent,
};
use protocol::authorization::error::{PageError, RedirectError};
use protocol::authorization::interaction::InteractionState;
use protocol::authorization::refusal::Refusal;
use protocol::syntax::encoding::base64url;
use protocol::tokens::grant::GrantTerms;
use protocol::tokens::id_token::MAX_CLAIMS_BYTES;
use protocol::types::commit::Unreleased;
use protocol::users::session::Participant;
use protocol::users::session::Session;
use serde_json::{Map, Value};
use signing::entropy::random;
use store::{Creation, Joining, NewGrant};
use web::response::with_cookie;
use web::{Request, Response};

use crate::interaction::unavailable;
use crate::{FrontChannel, NewSession, PendingAuthorization};

impl FrontChannel {
    /// Decides what happens next with `pending`, for the user of `session`.
    ///
    /// # Errors
    ///
    /// [`Refusal`] to the client if the store cannot say.
    pub async fn decide(&self, pending: &PendingAuthorization, session: Option<&Session>) -> Result<NextStep, Refusal> {
        let consent = match session {
            Some(session) if depends_on_consent(&pending.request, &pending.client.client) => {
                self.consent(pending, session).await?
            }
            _ => None,
        };
        let client_subject = match session {
            Some(session) => Some(self.client_subject(pending, session).await?),
            None => None,
        };
        let user =
            session.zip(client_subject.as_ref()).map(|(session, client_subject)| User { session, client_subject });
        Ok(decide(&self.decision_input(pending, user, consent.as_ref())))
    }

    /// Decides what happens next now that the user of `session` has pressed "Allow", keeping back `withheld`.
    ///
    /// # Errors
    ///
    /// [`Refusal`] to the client if a key is out of reach.
    pub async fn decide_allowed(
        &self,
        pending: &PendingAuthorization,
        session: &Session,
        withheld: Withheld<'_>,
    ) -> Result<NextStep, Refusal> {
        let client_subject = &self.client_subject(pending, session).await?;
        Ok(decide_allowed(&self.decision_input(pending, Some(User { session, client_subject }), None), withheld))
    }

    /// What the user of `session` allowed this client before.
    ///
    /// # Errors
    ///
    /// [`Refusal`] to the client if the store cannot say.
    pub async fn consent(&self, pending: &PendingAuthorization, session: &Session) -> Result<Option<Consent>, Refusal> {
        let workspace = &pending.workspace.workspace.id;
        let found = self.consents.find(workspace, &session.subject, &pending.client.client.id).await;
        found.map_err(|fault| temporarily(pending, &fault))
    }

    fn decision_input<'a>(
        &self,
        pending: &'a PendingAuthorization,
        user: Option<User<'a>>,
        consent: Option<&'a Consent>,
    ) -> DecisionInput<'a> {
        let (request, client) = (&pending.request, &*pending.client.client);
        let InteractionState { began, account, .. } = &pending.interaction;
        DecisionInput {
            request,
            client,
            user,
            consent,
            account: account.as_ref(),
            began: *began,
            now: self.clock.now(),
        }
    }

    /// Goes on after a login: to the client with a code or an error, or to the page that is still needed.
    pub async fn proceed(&self, request: &Request, pending: &PendingAuthorization, begun: &NewSession) -> Response {
        let next = self.next(pending, &begun.session).await;
        let workspace = &pending.workspace.workspace.id;
        // Whatever comes next, the user has logged in: the cookie goes out even with a refusal.
        with_cookie(next.unwrap_or_else(|refusal| self.refused(request, workspace, refusal)), &begun.cookie)
    }

    /// What comes next with `pending`, for the user of `session`.
    ///
    /// # Errors
    ///
    /// [`Refusal`]: the client is told no, or the store cannot say.
    pub async fn next(&self, pending: &PendingAuthorization, session: &Session) -> Result<Response, Refusal> {
        match self.decide(pending, Some(session)).await? {
            NextStep::Approved(approved) => self.issue(pending, &approved).await,
            NextStep::AskConsent => self.to_consent(pending).await,
            NextStep::LogIn | NextStep::SelectAccount => self.to_login(pending).await,
            NextStep::Refused(error) => Err(redirected(pending, error)),
        }
    }

    /// Makes the grant of an approved authorization and sends the browser to the client with its code.
    ///
    /// # Errors
    ///
    /// [`Refusal`]: the interaction had been finished already, or the store is out of reach.
    pub async fn issue(
        &self,
        pending: &PendingAuthorization,
        approved: &ApprovedAuthorization,
    ) -> Result<Response, Refusal> {
        let (workspace, now) = (&pending.workspace.workspace, self.clock.now());
        // Boxed: most requests have nothing to do here, and the SDK's futures are deep.
        if Box::pin(self.join(pending, approved)).await? == Joining::Ended {
            return match decide(&self.decision_input(pending, None, None)) {
                NextStep::Refused(error) => Err(redirected(pending, error)),
                NextStep::LogIn | NextStep::SelectAccount | NextStep::AskConsent | NextStep::Approved(_) => {
                    self.to_login(pending).await
                }
            };
        }
        let secret = random(&*self.entropy).map_err(|fault| temporarily(pending, &fault))?;
        let fresh = code::issue(&self.region, &pending.interaction.id, &secret);
        let answer = pending.request.destination().answer(&workspace.issuer, &[("code", fresh.code.expose())]);
        let response = Unreleased::hold(self.to_client(&answer).map_err(|fault| temporarily(pending, &fault))?);
        let grant = NewGrant {
            id: pending.interaction.id.clone(),
            terms: GrantTerms::of(approved, self.id_token_claims(pending, approved).await?, now),
            code: fresh.hash,
            code_expires: now.plus(pending.client.client.lifetimes.authorization_code),
            interaction_expires: pending.interaction.expires,
        };
        let attempt = self.attempt_name(pending)?;
        match self.grants.create(&workspace.id, grant, &attempt).await {
            Ok(Creation::Created(proof)) => {
                tracing::info!(workspace = %workspace.id, grant.id = %pending.interaction.id, "a code was issued");
                let response = response.release(&proof);
                Ok(self.used_cookie(pending).iter().fold(response, |response, used| with_cookie(response, used)))
            }
            Ok(Creation::AlreadyFinished) => Err(Refusal::Page(PageError::FinishedInteraction)),
            Err(fault) => Err(temporarily(pending, &fault)),
        }
    }

    /// Has the client take part in the user's session, if it wants to be told of its end: one write, and only the first
    /// time. It comes before the grant, so that no client has tokens of a session whose end it would not hear of.
    async fn join(&self, pending: &PendingAuthorization, approved: &ApprovedAuthorization) -> Result<Joining, Refusal> {
        let session = approved.session();
        let Some(participant) = Participant::joining(&pending.client.client, session, approved.client_subject()) else {
            return Ok(Joining::Joined);
        };
        let joined = self.joining.join(&pending.workspace.workspace.id, session, &participant).await;
        joined.map_err(|fault| temporarily(pending, &fault))
    }

    /// The claims of the user that the ID token was asked for. They are fixed now, because `token` cannot read accounts;
    /// only a request for some is worth the read.
    async fn id_token_claims(
        &self,
        pending: &PendingAuthorization,
        approved: &ApprovedAuthorization,
    ) -> Result<Map<String, Value>, Refusal> {
        let (names, session) = (&approved.claims().id_token, approved.session());
        if names.is_empty() {
            return Ok(Map::new());
        }
        let workspace = &pending.workspace.workspace;
        let identity = self.accounts.identity(workspace, &session.source, &session.subject).await;
        let identity = identity.map_err(|fault| temporarily(pending, &fault))?;
        Ok(identity.map_or_else(Map::new, |identity| identity.claims.selected(names, MAX_CLAIMS_BYTES)))
    }

    /// Ends the interaction with the user's no.
    ///
    /// # Errors
    ///
    /// [`Refusal`] in any case: `access_denied` if the no is durable.
    pub async fn deny(&self, pending: &PendingAuthorization) -> Result<std::convert::Infallible, Refusal> {
        let workspace = &pending.workspace.workspace.id;
        let attempt = self.attempt_name(pending)?;
        match self.grants.deny(workspace, &pending.interaction.id, pending.interaction.expires, &attempt).await {
            Ok(Creation::Created(_)) => Err(redirected(pending, RedirectError::AccessDenied)),
            Ok(Creation::AlreadyFinished) => Err(Refusal::Page(PageError::FinishedInteraction)),
            Err(fault) => Err(temporarily(pending, &fault)),
        }
    }

    fn attempt_name(&self, pending: &PendingAuthorization) -> Result<String, Refusal> {
        let name = random::<16>(&*self.entropy).map_err(|fault| temporarily(pending, &fault))?;
        Ok(base64url(&name))
    }
}

/// The refusal that sends `error` to the client of `pending`.
pub(crate) fn redirected(pending: &PendingAuthorization, error: RedirectError) -> Refusal {
    Refusal::Redirect(Box::new(pending.request.refuse(error)))
}

pub(crate) fn temporarily(pending: &PendingAuthorization, fault: &dyn std::fmt::Display) -> Refusal {
    let _ = unavailable(fault);
    redirected(pending, RedirectError::TemporarilyUnavailable)
}
