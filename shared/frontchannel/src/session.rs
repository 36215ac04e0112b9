//! The session behind a browser's cookie.

use protocol::authorization::error::PageError;
use protocol::syntax::encoding::base64url;
use protocol::tokens::id_token;
use protocol::types::id::{ClientId, Subject, WorkspaceId};
use protocol::types::secret::{Secret, SecretHash};
use protocol::types::time::Timestamp;
use protocol::users::session::{SINGLE_FACTOR, Session};
use protocol::users::user_claims::Identity;
use protocol::workspace::settings::Workspace;
use signing::entropy::random;
use signing::verify::verify_issued_by_us;
use store::SessionCreation;
use web::Request;
use web::config::PublicUrl;
use web::cookie::Cookie;

use crate::interaction::unavailable;
use crate::{FrontChannel, PendingAuthorization};

/// The purpose of the session cookie.
pub const SESSION_COOKIE: &str = "session";

/// How many clients of a former session of the browser a new one takes over, to tell them when it ends in its turn.
/// Whoever logs in anew again and again does not make the item grow without end.
const MAX_INHERITED_PARTICIPANTS: usize = 50;

/// A user who has just proved who they are.
pub struct UserAuthentication<'a> {
    /// Who they are.
    pub identity: &'a Identity,
    /// How they proved it (RFC 8176).
    pub amr: &'a [&'a str],
    /// When they proved it, if that was elsewhere and before now.
    pub auth_time: Option<Timestamp>,
}

/// A session that has just begun.
pub struct NewSession {
    /// The session.
    pub session: Session,
    /// The cookie to set. It replaces whatever the browser had before.
    pub cookie: String,
}

impl FrontChannel {
    /// The session of the browser that sent `request`, if it is alive and its user still exists.
    ///
    /// # Errors
    ///
    /// [`PageError::Unavailable`].
    pub async fn session(&self, request: &Request, workspace: &Workspace) -> Result<Option<Session>, PageError> {
        let Some(hash) = self.session_cookie(request, &workspace.id) else { return Ok(None) };
        let found = self.sessions.find(&workspace.id, &hash, self.clock.now()).await;
        let found = found.map_err(|fault| unavailable(&fault))?;
        Ok(found.filter(|session| workspace.knows(&session.source, &session.subject)))
    }

    /// Whether the request carries a session cookie at all, alive or not.
    #[must_use]
    pub fn has_session_cookie(&self, request: &Request, workspace: &WorkspaceId) -> bool {
        self.session_cookie(request, workspace).is_some()
    }

    /// The user whom an ID token of ours names as the expected one; `None` if it is not ours, or not this client's.
    ///
    /// # Errors
    ///
    /// [`PageError::Unavailable`].
    pub async fn expected(
        &self,
        workspace: &Workspace,
        client: &ClientId,
        hint: &Secret<String>,
    ) -> Result<Option<Subject>, PageError> {
        let ring = self.rings.ring(&workspace.id, self.clock.now()).await.map_err(|fault| unavailable(&fault))?;
        let ring = ring.ok_or(PageError::Unavailable)?;
        let claims = verify_issued_by_us(hint.expose(), &ring.published(), id_token::TYPE);
        Ok(claims.and_then(|claims| id_token::hinted_subject(&claims, &workspace.issuer, client)))
    }

    /// Begins a session for a user who has just proved who they are.
    ///
    /// The session that the browser had before ends, whoever's it was: none is ever taken over (catalogue rows
    /// SEC-SESS-03, SEC-AUTHZ-10). The clients that wait to hear of its end wait for that of the new one: the user may
    /// only have had to prove anew who they are.
    ///
    /// # Errors
    ///
    /// [`PageError::Unavailable`].
    pub async fn log_in(
        &self,
        sessions: &SessionCreation,
        request: &Request,
        pending: &PendingAuthorization,
        authenticated: UserAuthentication<'_>,
    ) -> Result<NewSession, PageError> {
        let UserAuthentication { identity, amr, auth_time } = authenticated;
        let workspace = &pending.workspace.workspace;
        let fault = |fault: &dyn std::fmt::Display| unavailable(fault);
        let sid = base64url(&random::<16>(&*self.entropy).map_err(|error| fault(&error))?);
        let cookie = base64url(&random::<32>(&*self.entropy).map_err(|error| fault(&error))?);
        let (now, hash) = (self.clock.now(), SecretHash::of(&Secret::new(cookie.clone())));
        let mut participants = match self.session_cookie(request, &workspace.id) {
            Some(former) => sessions.end(&workspace.id, &former).await.map_err(|error| fault(&error))?,
            None => Vec::new(),
        };
        participants.truncate(MAX_INHERITED_PARTICIPANTS);
        let session = Session {
            sid,
            subject: identity.subject.clone(),
            source: identity.source.clone(),
            display_name: identity.claims.display_name().unwrap_or(identity.subject.as_str()).into(),
            auth_time: auth_time.map_or(now, |elsewhere| elsewhere.min(now)),
            amr: amr.iter().map(|method| (*method).into()).collect(),
            acr: SINGLE_FACTOR.into(),
            expires: now.plus(workspace.settings.lifetimes.session),
            cookie: hash.encoded(),
            participants,
        };
        sessions.begin(&workspace.id, &hash, &session).await.map_err(|error| fault(&error))?;
        tracing::info!(workspace = %workspace.id, source = %identity.source, "a user logged in");
        Ok(NewSession { session, cookie: Cookie::new(SESSION_COOKIE, &workspace.id, &self.public_url).set(&cookie) })
    }

    fn session_cookie(&self, request: &Request, workspace: &WorkspaceId) -> Option<SecretHash> {
        cookie(request, workspace, &self.public_url)
    }
}

/// The hash of the session cookie that `request` carries.
pub(crate) fn cookie(request: &Request, workspace: &WorkspaceId, public_url: &PublicUrl) -> Option<SecretHash> {
    let cookie = Cookie::new(SESSION_COOKIE, workspace, public_url);
    cookie.read(request).map(|value| SecretHash::of(&Secret::new(value.into())))
}
