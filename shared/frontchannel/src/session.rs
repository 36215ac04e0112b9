//! A login: a new session, and the end of the one that the browser had before.

use bootstrap::{BootstrapError, Runtime};
use delivery::Deliveries;
use protocol::authorization::error::PageError;
use protocol::logout::logout_token::LogoutNotice;
use protocol::types::id::WorkspaceId;
use protocol::types::secret::{Secret, SecretHash};
use protocol::users::factor::{Authentication, Factor};
use protocol::users::session::{Participant, Session, Succession};
use protocol::users::user_claims::Identity;
use store::SessionCreation;
use web::unavailable;

use crate::browser_context::BrowserContext;
use crate::front_channel::FrontChannel;

/// What a login needs besides the front channel.
pub struct Login {
    /// New sessions.
    sessions: SessionCreation,
    /// The queue of clients that have to be told of the end of a session.
    deliveries: Deliveries,
}

impl Login {
    /// Takes what a function needs in which users log in.
    ///
    /// # Errors
    ///
    /// [`BootstrapError`] if there is no queue.
    pub fn assemble(runtime: &Runtime) -> Result<Self, BootstrapError> {
        Ok(Self { sessions: runtime.handle(SessionCreation::new), deliveries: runtime.deliveries()? })
    }
}

/// A user who has just proved who they are.
pub struct UserAuthentication<'a> {
    /// Who they are.
    pub identity: &'a Identity,
    /// How they proved it, and when.
    pub factor: Factor,
}

/// A session that has just begun.
pub struct NewSession {
    /// The session.
    pub session: Session,
    /// The cookie to set. It replaces whatever the browser had before.
    pub cookie: String,
}

impl FrontChannel {
    /// Begins a session for a user who has just proved who they are.
    ///
    /// The session that the browser had before ends, whoever's it was: sessions are never reused (session fixation,
    /// catalogue rows SEC-SESS-03, SEC-AUTHZ-10). The clients that wait to hear of its end wait for that of the new one:
    /// the user may only have had to authenticate again.
    ///
    /// # Errors
    ///
    /// [`PageError::Unavailable`].
    pub async fn log_in(
        &self,
        login: &Login,
        context: &BrowserContext<'_>,
        authenticated: UserAuthentication<'_>,
    ) -> Result<NewSession, PageError> {
        let UserAuthentication { identity, factor } = authenticated;
        let (workspace, now) = (context.workspace(), self.now());
        let (sid, cookie) = (self.browser.random_text::<16>()?, self.browser.random_text::<32>()?);
        let hash = SecretHash::of(&Secret::new(cookie.clone()));
        let participants = match self.browser.session_cookie(context) {
            Some(former) => {
                let former = login.sessions.end(&workspace.id, &former).await.map_err(unavailable)?;
                self.notify_oldest(login, &workspace.id, former.succeed()).await
            }
            None => Vec::new(),
        };
        let session = Session {
            sid,
            subject: identity.subject.clone(),
            source: identity.source.clone(),
            issuer: identity.issuer.clone(),
            display_name: identity.claims.display_name().unwrap_or(identity.subject.as_str()).into(),
            authentication: Authentication::by(factor),
            began: now,
            expires: now.plus(workspace.settings.lifetimes.session),
            cookie: hash.encoded(),
            participants,
        };
        login.sessions.begin(&workspace.id, &hash, &session).await.map_err(unavailable)?;
        tracing::info!(source = %identity.source, "a user logged in");
        let cookie = self.browser.session_cookie_of(workspace).set(&cookie);
        Ok(NewSession { session, cookie })
    }

    /// Has the oldest clients notified, if there are too many, and returns those that the new session keeps. If the queue
    /// is out of reach it keeps all of them, and the next login tries again: none is forgotten (catalogue row
    /// SEC-LOGOUT-09).
    async fn notify_oldest(&self, login: &Login, workspace: &WorkspaceId, succession: Succession) -> Vec<Participant> {
        let Succession { mut inherited, notified } = succession;
        if notified.is_empty() {
            return inherited;
        }
        let notice =
            |participant: &Participant| LogoutNotice { workspace: workspace.clone(), participant: participant.clone() };
        let notices: Vec<LogoutNotice> = notified.iter().map(notice).collect();
        match login.deliveries.enqueue(&notices, self.now()).await {
            Ok(()) => tracing::info!(clients = notices.len(), "clients are told of sessions that ended long ago"),
            Err(fault) => {
                tracing::warn!(fault = %fault, "clients of former sessions could not be told, and are kept");
                inherited.extend(notified);
            }
        }
        inherited
    }
}
