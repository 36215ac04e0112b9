//! The completion of an authorization request: the single write that creates a grant, or a durable denial.

use protocol::authorization::code::{self, FreshCode};
use protocol::authorization::decision::{ApprovedAuthorization, NextStep};
use protocol::authorization::error::{PageError, RedirectError};
use protocol::authorization::interaction::InteractionState;
use protocol::authorization::refusal::Refusal;
use protocol::tokens::grant::{GrantTerms, UserClaimNames, UserClaims};
use protocol::tokens::id_token::MAX_CLAIMS_BYTES;
use protocol::tokens::mapped_claims::noted_attributes;
use protocol::types::commit::Unreleased;
use protocol::types::secret::Secret;
use protocol::users::session::{Participant, Session, SessionUse};
use protocol::workspace::settings::Workspace;
use signing::entropy::random;
use store::{Creation, Joining, NewGrant, StoreFault, WriteAttempt};
use web::Response;
use web::response::with_cookie;

use crate::browser_context::BrowserContext;
use crate::front_channel::FrontChannel;
use crate::pending::PendingAuthorization;
use crate::session::NewSession;

impl FrontChannel {
    /// Continues after a login: to the client with a code or an error, or to the next page.
    pub async fn proceed(
        &self,
        context: &BrowserContext<'_>,
        pending: &PendingAuthorization,
        begun: &NewSession,
    ) -> Response {
        self.logged_in(context, begun, self.next(pending, &begun.session).await)
    }

    /// Adds the cookie of the new session to `next`. The user has logged in whatever follows, so even a refusal carries the
    /// cookie.
    pub fn logged_in(
        &self,
        context: &BrowserContext<'_>,
        begun: &NewSession,
        next: Result<Response, Refusal>,
    ) -> Response {
        with_cookie(next.unwrap_or_else(|refusal| self.browser.refuse(context, refusal)), &begun.cookie)
    }

    /// Decides the next step of `pending` for the user of `session`, and performs it.
    ///
    /// # Errors
    ///
    /// [`Refusal`]: an error for the client, or the store is unavailable.
    pub async fn next(&self, pending: &PendingAuthorization, session: &Session) -> Result<Response, Refusal> {
        let step = self.decide(pending, Some(session)).await?;
        self.take(pending, step).await
    }

    /// Performs the step that was decided.
    ///
    /// # Errors
    ///
    /// [`Refusal`]: an error for the client, or the store is unavailable.
    pub async fn take(&self, pending: &PendingAuthorization, step: NextStep) -> Result<Response, Refusal> {
        match step {
            // A login for the device page leads back there, and to nothing else.
            NextStep::Approved(_) if pending.is_of_device_page() => self.to_device_page(pending).await,
            NextStep::Approved(_) if pending.is_of_account_page() => Ok(self.to_account_page(pending)),
            NextStep::Approved(approved) => self.issue(pending, &approved).await,
            NextStep::AskConsent(allowed_before) => self.to_consent(pending, allowed_before).await,
            NextStep::LogIn | NextStep::SelectAccount => self.to_login(pending).await,
            NextStep::Refused(error) => Err(pending.refuse(error)),
        }
    }

    /// Creates the grant of an approved authorization and redirects the browser to the client with its code.
    ///
    /// # Errors
    ///
    /// [`Refusal`]: the interaction is already finished, or the store is unavailable.
    pub async fn issue(
        &self,
        pending: &PendingAuthorization,
        approved: &ApprovedAuthorization,
    ) -> Result<Response, Refusal> {
        if pending.is_of_device_page() || pending.is_of_account_page() {
            return Err(Refusal::Page(PageError::StaleInteraction));
        }
        // Boxed: most requests have nothing to do here, and the SDK's futures are large.
        if Box::pin(self.record_use(pending, approved)).await? == Joining::Ended {
            return match self.decide_without_user(pending) {
                NextStep::Refused(error) => Err(pending.refuse(error)),
                NextStep::LogIn | NextStep::SelectAccount | NextStep::AskConsent(_) | NextStep::Approved(_) => {
                    self.to_login(pending).await
                }
            };
        }
        let (response, grant) = self.new_grant(pending, approved).await?;
        let attempt = self.write_attempt(pending)?;
        match self.grants.create(&pending.workspace().id, grant, &attempt).await {
            Ok(Creation::Created(proof)) => {
                tracing::info!(grant.id = %pending.interaction.id, "a code was issued");
                let response = response.release(&proof);
                Ok(self.used_cookie(pending).iter().fold(response, |response, used| with_cookie(response, used)))
            }
            Ok(Creation::AlreadyFinished) => Err(Refusal::Page(PageError::FinishedInteraction)),
            Err(fault) => Err(pending.unavailable(fault)),
        }
    }

    /// The grant to be created, and the response that its commit releases.
    async fn new_grant(
        &self,
        pending: &PendingAuthorization,
        approved: &ApprovedAuthorization,
    ) -> Result<(Unreleased<Response>, NewGrant), Refusal> {
        let now = self.now();
        let fresh = self.code(pending)?;
        let response = Unreleased::hold(self.carry(pending, &fresh.code)?);
        let grant = NewGrant {
            id: pending.interaction.id.clone(),
            terms: GrantTerms::of(approved, self.id_token_claims(pending, approved).await?, now),
            code: fresh.hash,
            code_expires: now.plus(pending.client().lifetimes.authorization_code),
            interaction_expires: pending.interaction.expires,
        };
        Ok((response, grant))
    }

    /// The authorization code for the grant of `pending`.
    pub(crate) fn code(&self, pending: &PendingAuthorization) -> Result<FreshCode, Refusal> {
        let InteractionState { id, seed, .. } = &pending.interaction;
        if !seed.is_empty() {
            return Ok(code::derive(&self.region, id, seed));
        }
        let secret: [u8; 32] = random(&*self.browser.entropy).map_err(|fault| pending.unavailable(fault))?;
        Ok(code::issue(&self.region, id, &secret))
    }

    /// The response that delivers `code` to the client.
    pub(crate) fn carry(&self, pending: &PendingAuthorization, code: &Secret<String>) -> Result<Response, Refusal> {
        let destination = pending.request.destination();
        let answer = destination.answer(&pending.workspace().issuer, &[("code", code.expose())]);
        let carried = self.browser.to_client(&answer, pending.workspace(), pending.language());
        carried.map_err(|_logged| pending.refuse(RedirectError::TemporarilyUnavailable))
    }

    /// Records that the session is used, and adds the client to it if it has back-channel logout: one write, the first time
    /// for each client and then now and again ([`SessionUse::due`]). This precedes the grant, so that no client has tokens of
    /// a session whose end it would not learn of.
    async fn record_use(
        &self,
        pending: &PendingAuthorization,
        approved: &ApprovedAuthorization,
    ) -> Result<Joining, Refusal> {
        let session = approved.session();
        let joining = Participant::joining(pending.client(), session, approved.client_subject());
        let recorded = self.use_session(pending.workspace(), session, joining).await;
        recorded.map_err(|fault| pending.unavailable(fault))
    }

    /// Records that `session` is used, and by whom, if that is due.
    pub(crate) async fn use_session(
        &self,
        workspace: &Workspace,
        session: &Session,
        joining: Option<Participant>,
    ) -> Result<Joining, StoreFault> {
        let idle = workspace.settings.lifetimes.session_idle;
        match SessionUse::due(session, joining, idle, self.now()) {
            Some(usage) => self.joining.record(&workspace.id, session, &usage).await,
            None => Ok(Joining::Joined),
        }
    }

    /// The user's claims for tokens. They are fixed now, because `token` cannot read accounts. The account is read only if
    /// claims are requested, or claims of the workspace need it.
    async fn id_token_claims(
        &self,
        pending: &PendingAuthorization,
        approved: &ApprovedAuthorization,
    ) -> Result<UserClaims, Refusal> {
        let noted = noted_attributes(&pending.workspace().settings, pending.client(), approved.scope());
        let names = UserClaimNames::of(approved, pending.client().id_token_claims).with_attributes(noted);
        let chosen = self.chosen_claims(pending.workspace(), approved.session(), &names).await;
        chosen.map_err(|fault| pending.unavailable(fault))
    }

    /// The values of the claims `names` for the user of `session`.
    pub(crate) async fn chosen_claims(
        &self,
        workspace: &Workspace,
        session: &Session,
        names: &UserClaimNames,
    ) -> Result<UserClaims, StoreFault> {
        if names.is_empty() {
            return Ok(UserClaims::default());
        }
        let Some(account) = self.accounts.account(workspace, session.user()).await? else {
            return Ok(UserClaims::default());
        };
        let selected = names.selected(&account.profile, &account.attributes, MAX_CLAIMS_BYTES);
        let left_out = names.left_out(&account.profile, &selected);
        if left_out > 0 {
            tracing::warn!(
                claims.count = left_out,
                "claims did not fit into the ID token: they remain available at userinfo"
            );
        }
        Ok(selected)
    }

    /// Names a conditional write of this request.
    ///
    /// # Errors
    ///
    /// [`Refusal`] to the client if the system's random source fails.
    pub fn write_attempt(&self, pending: &PendingAuthorization) -> Result<WriteAttempt, Refusal> {
        let random = self.browser.random_text::<16>();
        random.map(WriteAttempt::new).map_err(|_logged| pending.refuse(RedirectError::TemporarilyUnavailable))
    }

    /// Records the user's denial and returns the response: `access_denied` at the client once the denial is durable.
    pub async fn deny(&self, pending: &PendingAuthorization) -> Refusal {
        let attempt = match self.write_attempt(pending) {
            Ok(attempt) => attempt,
            Err(refusal) => return refusal,
        };
        let (id, expires) = (&pending.interaction.id, pending.interaction.expires);
        match self.grants.deny(&pending.workspace().id, id, expires, &attempt).await {
            Ok(Creation::Created(_)) => pending.refuse(RedirectError::AccessDenied),
            Ok(Creation::AlreadyFinished) => Refusal::Page(PageError::FinishedInteraction),
            Err(fault) => pending.unavailable(fault),
        }
    }
}
