//! A login: a new session, and the end of the one that the browser had before.

use protocol::authorization::error::PageError;
use protocol::types::secret::{Secret, SecretHash};
use protocol::users::factor::{Authentication, Factor};
use protocol::users::session::Session;
use protocol::users::user_claims::Identity;
use store::SessionCreation;
use web::unavailable;

use crate::browser_context::BrowserContext;
use crate::front_channel::FrontChannel;

/// How many clients of a former session of the browser a new one inherits, to tell them when it ends in its turn.
/// Repeated logins must not make the item grow without bound.
const MAX_INHERITED_PARTICIPANTS: usize = 50;

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
        sessions: &SessionCreation,
        context: &BrowserContext<'_>,
        authenticated: UserAuthentication<'_>,
    ) -> Result<NewSession, PageError> {
        let UserAuthentication { identity, factor } = authenticated;
        let (workspace, now) = (context.workspace(), self.now());
        let (sid, cookie) = (self.browser.random_text::<16>()?, self.browser.random_text::<32>()?);
        let hash = SecretHash::of(&Secret::new(cookie.clone()));
        let mut participants = match self.browser.session_cookie(context) {
            Some(former) => sessions.end(&workspace.id, &former).await.map_err(unavailable)?,
            None => Vec::new(),
        };
        participants.truncate(MAX_INHERITED_PARTICIPANTS);
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
        sessions.begin(&workspace.id, &hash, &session).await.map_err(unavailable)?;
        tracing::info!(source = %identity.source, "a user logged in");
        let cookie = self.browser.session_cookie_of(workspace).set(&cookie);
        Ok(NewSession { session, cookie })
    }
}
