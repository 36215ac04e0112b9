//! Resubmitted forms, after a double click or a lost response: both submissions get the same response.
//!
//! The first response never arrived if the browser still has the cookie of the interaction, which that response
//! removes. Nothing is written and no second code is created: the code is derived from the value sealed in the form.

use protocol::authorization::decision::ApprovedAuthorization;
use protocol::authorization::error::{PageError, RedirectError};
use protocol::authorization::interaction::Interaction;
use protocol::authorization::refusal::Refusal;
use protocol::tokens::grant::{Grant, GrantState};
use protocol::users::session::{Participant, Session};
use protocol::users::user_claims::Identity;
use protocol::users::user_key::UserKey;
use store::Finish;
use web::{Response, unavailable};

use crate::browser_context::BrowserContext;
use crate::front_channel::FrontChannel;
use crate::pending::PendingAuthorization;

/// A finished interaction in a browser that has not received the response yet.
pub struct FinishedAuthorization {
    /// The request.
    pub pending: PendingAuthorization,
    finish: Finish,
}

impl FrontChannel {
    /// Loads a finished interaction in the browser that finished it.
    ///
    /// # Errors
    ///
    /// [`PageError::FinishedInteraction`] if the response was received, and all errors of [`FrontChannel::resume`].
    pub async fn finished(
        &self,
        context: &BrowserContext<'_>,
        interaction: Interaction,
    ) -> Result<FinishedAuthorization, Refusal> {
        let found = self.grants.finish(context.id(), &interaction.state.id).await;
        let found = found.map_err(|fault| PageError::from(unavailable(fault)))?;
        let finish = found.ok_or(PageError::FinishedInteraction)?;
        let pending = self.reopen(context, interaction).await;
        let finished = |refusal: Refusal| match refusal.page() {
            Some(PageError::OtherBrowser) => Refusal::Page(PageError::FinishedInteraction),
            _ => refusal,
        };
        Ok(FinishedAuthorization { pending: pending.map_err(finished)?, finish })
    }

    /// Repeats the response to the user's denial.
    #[must_use]
    pub fn deny_again(&self, finished: &FinishedAuthorization) -> Refusal {
        match finished.finish {
            Finish::Denied => finished.pending.refuse(RedirectError::AccessDenied),
            Finish::Granted(_) => Refusal::Page(PageError::FinishedInteraction),
        }
    }

    /// Repeats the response with the code that the user of `session` allowed, if `approved` matches the grant.
    ///
    /// # Errors
    ///
    /// [`Refusal`]: something else was granted, or the code is no longer valid.
    pub fn issue_again(
        &self,
        finished: &FinishedAuthorization,
        approved: &ApprovedAuthorization,
    ) -> Result<Response, Refusal> {
        let session = approved.session();
        let grant = self.unused_grant(finished, session.user())?;
        let (terms, claims) = (&grant.terms, approved.claims());
        let same = terms.scope == *approved.scope() && terms.claims == claims.userinfo;
        let no_more =
            terms.id_token_claims.keys().all(|name| claims.id_token.iter().any(|claim| claim.as_str() == name));
        if same && no_more { self.carry_again(finished) } else { Err(Refusal::Page(PageError::FinishedInteraction)) }
    }

    /// Repeats the response with a code that was issued without consent, for `session` or a later session of the same
    /// user. Back-channel logout uses the session that the client knows, which was lost with the first response.
    ///
    /// # Errors
    ///
    /// [`Refusal`]: another user, a code that is no longer valid, or an unavailable store.
    pub async fn issue_again_at_once(
        &self,
        finished: &FinishedAuthorization,
        session: &Session,
    ) -> Result<Response, Refusal> {
        let (pending, grant) = (&finished.pending, self.unused_grant(finished, session.user())?);
        let (client_id, sub) = (pending.client().id.clone(), grant.terms.client_subject().clone());
        let participant = Participant { client_id, sub, sid: grant.terms.sid.clone() };
        if pending.client().backchannel_logout.is_some() && !session.participants.contains(&participant) {
            let joined = self.use_session(pending.workspace(), session, Some(participant)).await;
            let _joined = joined.map_err(|fault| pending.unavailable(fault))?;
        }
        self.carry_again(finished)
    }

    /// Checks that a code for `user` can be repeated.
    ///
    /// # Errors
    ///
    /// [`Refusal`]: another user, or a code that is no longer valid.
    pub fn has_code_for(&self, finished: &FinishedAuthorization, user: &Identity) -> Result<(), Refusal> {
        self.unused_grant(finished, user.user()).map(|_| ())
    }

    /// Returns the grant of this user if its code belongs to this interaction and is still valid.
    fn unused_grant<'f>(&self, finished: &'f FinishedAuthorization, user: UserKey<'_>) -> Result<&'f Grant, Refusal> {
        let over = Refusal::Page(PageError::FinishedInteraction);
        let Finish::Granted(grant) = &finished.finish else { return Err(over) };
        let GrantState::Issued { code, code_expires } = &grant.state else { return Err(over) };
        let good = !self.now().reached(*code_expires) && self.code(&finished.pending)?.hash.matches(code);
        if grant.terms.user() == user && good { Ok(grant) } else { Err(over) }
    }

    fn carry_again(&self, finished: &FinishedAuthorization) -> Result<Response, Refusal> {
        tracing::info!(grant.id = %finished.pending.interaction.id, "a form was sent twice, and answered with the same code");
        let response = self.carry(&finished.pending, &self.code(&finished.pending)?.code)?;
        let used = self.used_cookie(&finished.pending);
        Ok(used.iter().fold(response, |response, used| web::response::with_cookie(response, used)))
    }
}
