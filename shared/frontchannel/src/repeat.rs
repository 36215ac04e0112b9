//! A form that is sent twice, because its user pressed twice or its answer was lost: it is answered twice, in the same way.
//!
//! The first answer never arrived as long as the browser still has the cookie of the interaction, which that answer removes.
//! Nothing is written and no second code is made: the code is derived from what is sealed in the form.

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

/// An interaction that is finished, in the browser that has not got the answer yet.
pub struct FinishedAuthorization {
    /// The request.
    pub pending: PendingAuthorization,
    finish: Finish,
}

impl FrontChannel {
    /// Looks at an interaction that is finished, in the browser that finished it.
    ///
    /// # Errors
    ///
    /// [`PageError::FinishedInteraction`] if its answer has arrived, and whatever else [`FrontChannel::resume`] checks.
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

    /// The user's no, once more.
    #[must_use]
    pub fn deny_again(&self, finished: &FinishedAuthorization) -> Refusal {
        match finished.finish {
            Finish::Denied => finished.pending.refuse(RedirectError::AccessDenied),
            Finish::Granted(_) => Refusal::Page(PageError::FinishedInteraction),
        }
    }

    /// The code that the user of `session` allowed, once more, if `approved` is what was granted then.
    ///
    /// # Errors
    ///
    /// [`Refusal`]: something else was granted, or the code is no longer good.
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

    /// The code that was issued without asking for consent, for `session`: the same, or one that the same user has begun since.
    /// The client is told of its end by the name that it knows, that of the session which was lost with the first answer.
    ///
    /// # Errors
    ///
    /// [`Refusal`]: it was another user, the code is no longer good, or the store is out of reach.
    pub async fn issue_again_at_once(
        &self,
        finished: &FinishedAuthorization,
        session: &Session,
    ) -> Result<Response, Refusal> {
        let (pending, grant) = (&finished.pending, self.unused_grant(finished, session.user())?);
        let (client_id, sub) = (pending.client().id.clone(), grant.terms.client_subject().clone());
        let participant = Participant { client_id, sub, sid: grant.terms.sid.clone() };
        if pending.client().backchannel_logout.is_some() && !session.participants.contains(&participant) {
            let joined = self.joining.join(&pending.workspace().id, session, &participant).await;
            let _joined = joined.map_err(|fault| pending.unavailable(fault))?;
        }
        self.carry_again(finished)
    }

    /// Checks that there is a code for `user` to issue once more.
    ///
    /// # Errors
    ///
    /// [`Refusal`]: it was another user, or the code is no longer good.
    pub fn has_code_for(&self, finished: &FinishedAuthorization, user: &Identity) -> Result<(), Refusal> {
        self.unused_grant(finished, user.user()).map(|_| ())
    }

    /// The grant of this user, if its code is the one of this interaction and is still good.
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
