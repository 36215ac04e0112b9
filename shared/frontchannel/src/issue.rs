//! The decision, and the one write that makes a grant of it.

use protocol::authorization::code;
use protocol::authorization::consent::{Consent, Withheld};
use protocol::authorization::decision::{
    ApprovedAuthorization, Attempt, User, Verdict, decide, decide_allowed, depends_on_consent,
};
use protocol::authorization::error::{PageError, RedirectError};
use protocol::authorization::interaction::Passage;
use protocol::authorization::refusal::Refusal;
use protocol::syntax::encoding::base64url;
use protocol::tokens::grant::GrantTerms;
use protocol::tokens::id_token::LARGEST_CLAIMS;
use protocol::types::commit::Unreleased;
use protocol::users::session::Participant;
use protocol::users::session::Session;
use serde_json::{Map, Value};
use signing::entropy::random;
use store::{Creation, Joining, NewGrant};
use web::response::with_cookie;
use web::{Request, Response};

use crate::standing::unavailable;
use crate::{FrontChannel, NewSession, Standing};

impl FrontChannel {
    /// Decides what happens next with `standing`, for the user of `session`.
    ///
    /// # Errors
    ///
    /// [`Refusal`] to the client if the store cannot say.
    pub async fn decide(&self, standing: &Standing, session: Option<&Session>) -> Result<Verdict, Refusal> {
        let consent = match session {
            Some(session) if depends_on_consent(&standing.request, &standing.client.client) => {
                self.consent(standing, session).await?
            }
            _ => None,
        };
        let known_as = match session {
            Some(session) => Some(self.known_as(standing, session).await?),
            None => None,
        };
        let user = session.zip(known_as.as_ref()).map(|(session, known_as)| User { session, known_as });
        Ok(decide(&self.attempt(standing, user, consent.as_ref())))
    }

    /// Decides what happens next now that the user of `session` has pressed "Allow", keeping back `withheld`.
    ///
    /// # Errors
    ///
    /// [`Refusal`] to the client if a key is out of reach.
    pub async fn decide_allowed(
        &self,
        standing: &Standing,
        session: &Session,
        withheld: Withheld<'_>,
    ) -> Result<Verdict, Refusal> {
        let known_as = &self.known_as(standing, session).await?;
        Ok(decide_allowed(&self.attempt(standing, Some(User { session, known_as }), None), withheld))
    }

    /// What the user of `session` allowed this client before.
    ///
    /// # Errors
    ///
    /// [`Refusal`] to the client if the store cannot say.
    pub async fn consent(&self, standing: &Standing, session: &Session) -> Result<Option<Consent>, Refusal> {
        let workspace = &standing.workspace.workspace.id;
        let found = self.consents.find(workspace, &session.subject, &standing.client.client.id).await;
        found.map_err(|fault| temporarily(standing, &fault))
    }

    fn attempt<'a>(&self, standing: &'a Standing, user: Option<User<'a>>, consent: Option<&'a Consent>) -> Attempt<'a> {
        let (request, client) = (&standing.request, &*standing.client.client);
        let Passage { began, account, .. } = &standing.passage;
        Attempt { request, client, user, consent, account: account.as_ref(), began: *began, now: self.clock.now() }
    }

    /// Goes on after a login: to the client with a code or an error, or to the page that is still needed.
    pub async fn proceed(&self, request: &Request, standing: &Standing, begun: &NewSession) -> Response {
        let next = self.next(standing, &begun.session).await;
        let workspace = &standing.workspace.workspace.id;
        // Whatever comes next, the user has logged in: the cookie goes out even with a refusal.
        with_cookie(next.unwrap_or_else(|refusal| self.refused(request, workspace, refusal)), &begun.cookie)
    }

    /// What comes next with `standing`, for the user of `session`.
    ///
    /// # Errors
    ///
    /// [`Refusal`]: the client is told no, or the store cannot say.
    pub async fn next(&self, standing: &Standing, session: &Session) -> Result<Response, Refusal> {
        match self.decide(standing, Some(session)).await? {
            Verdict::Approved(approved) => self.issue(standing, &approved).await,
            Verdict::AskConsent => self.to_consent(standing).await,
            Verdict::LogIn | Verdict::SelectAccount => self.to_login(standing).await,
            Verdict::Refused(error) => Err(redirected(standing, error)),
        }
    }

    /// Makes the grant of an approved authorization and sends the browser to the client with its code.
    ///
    /// # Errors
    ///
    /// [`Refusal`]: the interaction had been finished already, or the store is out of reach.
    pub async fn issue(&self, standing: &Standing, approved: &ApprovedAuthorization) -> Result<Response, Refusal> {
        let (workspace, now) = (&standing.workspace.workspace, self.clock.now());
        // Boxed: most requests have nothing to do here, and the SDK's futures are deep.
        if Box::pin(self.join(standing, approved)).await? == Joining::Ended {
            return match decide(&self.attempt(standing, None, None)) {
                Verdict::Refused(error) => Err(redirected(standing, error)),
                Verdict::LogIn | Verdict::SelectAccount | Verdict::AskConsent | Verdict::Approved(_) => {
                    self.to_login(standing).await
                }
            };
        }
        let secret = random(&*self.entropy).map_err(|fault| temporarily(standing, &fault))?;
        let fresh = code::issue(&self.region, &standing.passage.id, &secret);
        let answer = standing.request.destination().answer(&workspace.issuer, &[("code", fresh.code.expose())]);
        let response = Unreleased::hold(self.to_client(&answer).map_err(|fault| temporarily(standing, &fault))?);
        let grant = NewGrant {
            id: standing.passage.id.clone(),
            terms: GrantTerms::of(approved, self.id_token_claims(standing, approved).await?, now),
            code: fresh.hash,
            code_expires: now.plus(standing.client.client.lifetimes.authorization_code),
            interaction_expires: standing.passage.expires,
        };
        let attempt = self.attempt_name(standing)?;
        match self.grants.create(&workspace.id, grant, &attempt).await {
            Ok(Creation::Created(proof)) => {
                tracing::info!(workspace = %workspace.id, grant.id = %standing.passage.id, "a code was issued");
                let response = response.release(&proof);
                Ok(self.used_cookie(standing).iter().fold(response, |response, used| with_cookie(response, used)))
            }
            Ok(Creation::AlreadyFinished) => Err(Refusal::Page(PageError::FinishedInteraction)),
            Err(fault) => Err(temporarily(standing, &fault)),
        }
    }

    /// Has the client take part in the user's session, if it wants to be told of its end: one write, and only the first
    /// time. It comes before the grant, so that no client has tokens of a session whose end it would not hear of.
    async fn join(&self, standing: &Standing, approved: &ApprovedAuthorization) -> Result<Joining, Refusal> {
        let session = approved.session();
        let Some(participant) = Participant::joining(&standing.client.client, session, approved.known_as()) else {
            return Ok(Joining::Joined);
        };
        let joined = self.joining.join(&standing.workspace.workspace.id, session, &participant).await;
        joined.map_err(|fault| temporarily(standing, &fault))
    }

    /// The claims of the user that the ID token was asked for. They are fixed now, because `token` cannot read accounts;
    /// only a request for some is worth the read.
    async fn id_token_claims(
        &self,
        standing: &Standing,
        approved: &ApprovedAuthorization,
    ) -> Result<Map<String, Value>, Refusal> {
        let (names, session) = (&approved.claims().id_token, approved.session());
        if names.is_empty() {
            return Ok(Map::new());
        }
        let workspace = &standing.workspace.workspace;
        let identity = self.accounts.identity(workspace, &session.source, &session.subject).await;
        let identity = identity.map_err(|fault| temporarily(standing, &fault))?;
        Ok(identity.map_or_else(Map::new, |identity| identity.claims.selected(names, LARGEST_CLAIMS)))
    }

    /// Ends the interaction with the user's no.
    ///
    /// # Errors
    ///
    /// [`Refusal`] in any case: `access_denied` if the no is durable.
    pub async fn deny(&self, standing: &Standing) -> Result<std::convert::Infallible, Refusal> {
        let workspace = &standing.workspace.workspace.id;
        let attempt = self.attempt_name(standing)?;
        match self.grants.deny(workspace, &standing.passage.id, standing.passage.expires, &attempt).await {
            Ok(Creation::Created(_)) => Err(redirected(standing, RedirectError::AccessDenied)),
            Ok(Creation::AlreadyFinished) => Err(Refusal::Page(PageError::FinishedInteraction)),
            Err(fault) => Err(temporarily(standing, &fault)),
        }
    }

    fn attempt_name(&self, standing: &Standing) -> Result<String, Refusal> {
        let name = random::<16>(&*self.entropy).map_err(|fault| temporarily(standing, &fault))?;
        Ok(base64url(&name))
    }
}

/// The refusal that sends `error` to the client of `standing`.
pub(crate) fn redirected(standing: &Standing, error: RedirectError) -> Refusal {
    Refusal::Redirect(Box::new(standing.request.refuse(error)))
}

pub(crate) fn temporarily(standing: &Standing, fault: &dyn std::fmt::Display) -> Refusal {
    let _ = unavailable(fault);
    redirected(standing, RedirectError::TemporarilyUnavailable)
}
