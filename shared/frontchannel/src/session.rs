//! Logins: creating a session, and ending the browser's previous one.

use bootstrap::{BootstrapError, Runtime};
use delivery::Deliveries;
use http::header::USER_AGENT;
use protocol::authorization::error::PageError;
use protocol::logout::logout_token::LogoutNotice;
use protocol::types::id::WorkspaceId;
use protocol::types::secret::{Secret, SecretHash};
use protocol::users::device::Device;
use protocol::users::factor::{Authentication, Factor};
use protocol::users::login_epoch::LoginEpoch;
use protocol::users::session::{Participant, Session, Succession};
use protocol::users::user_claims::Identity;
use store::SessionCreation;
use web::unavailable;

use crate::browser_context::BrowserContext;
use crate::front_channel::FrontChannel;

/// The handles that a login needs in addition to the front channel.
pub struct Login {
    /// Creates sessions.
    pub(crate) sessions: SessionCreation,
    /// The queue of logout notifications.
    pub(crate) deliveries: Deliveries,
}

impl Login {
    /// Takes the handles of a function that logs users in.
    ///
    /// # Errors
    ///
    /// [`BootstrapError`] if no queue is configured.
    pub fn assemble(runtime: &Runtime) -> Result<Self, BootstrapError> {
        Ok(Self { sessions: runtime.handle(SessionCreation::new), deliveries: runtime.deliveries()? })
    }
}

/// A user who has just authenticated.
pub struct UserAuthentication<'a> {
    /// The user's identity.
    pub identity: &'a Identity,
    /// The authentication factor, with its time.
    pub factor: Factor,
    /// The epoch of the user's logins; the first for users without a record.
    pub epoch: LoginEpoch,
}

/// A newly created session.
pub struct NewSession {
    /// The session.
    pub session: Session,
    /// The cookie to set. It replaces any previous one.
    pub cookie: String,
}

impl FrontChannel {
    /// Creates a session for a user who has just authenticated.
    ///
    /// The browser's previous session ends, whichever user it belongs to: sessions are never reused (session fixation,
    /// catalogue rows SEC-SESS-03, SEC-AUTHZ-10). Its clients are carried over to the new session, because the user may
    /// only have had to authenticate again, and are notified when that one ends.
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
        let UserAuthentication { identity, factor, epoch } = authenticated;
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
            device: Device::of(&context.request.header(USER_AGENT).join(", ")),
            epoch,
            began: now,
            used: now,
            expires: now.plus(workspace.settings.lifetimes.session),
            cookie: hash.encoded(),
            participants,
        };
        let listed = login.sessions.begin(&workspace.id, &hash, &session).await.map_err(unavailable)?;
        // Boxed: there is hardly ever anything to do, and the SDK's futures are large.
        Box::pin(self.bound_sessions(login, context, &session, &listed)).await;
        tracing::info!(source = %identity.source, "a user logged in");
        let cookie = self.browser.session_cookie_of(workspace).set(&cookie);
        Ok(NewSession { session, cookie })
    }

    /// Has the oldest clients notified if there are too many, and returns those that the new session keeps. If the queue
    /// is unavailable it keeps all of them, and the next login tries again: none is forgotten (catalogue row
    /// SEC-LOGOUT-09).
    async fn notify_oldest(&self, login: &Login, workspace: &WorkspaceId, succession: Succession) -> Vec<Participant> {
        let Succession { mut inherited, notified } = succession;
        if notified.is_empty() {
            return inherited;
        }
        let notices = LogoutNotice::for_each(workspace, &notified);
        match login.deliveries.enqueue(&notices, self.now()).await {
            Ok(()) => tracing::info!(clients = notices.len(), "clients are notified of sessions that ended long ago"),
            Err(fault) => {
                tracing::warn!(fault = %fault, "clients of former sessions could not be notified, and are kept");
                inherited.extend(notified);
            }
        }
        inherited
    }
}
