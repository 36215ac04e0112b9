//! The bound on the number of a user's sessions.

use protocol::authorization::error::PageError;
use protocol::logout::logout_token::LogoutNotice;
use protocol::users::session::Session;
use protocol::users::session_list::{ListedSession, MAX_SESSIONS};
use web::unavailable;

use crate::browser_context::BrowserContext;
use crate::front_channel::FrontChannel;
use crate::session::Login;

impl FrontChannel {
    /// Tidies the list of the sessions of the user of `session` once it has grown long: entries without a session go, and of
    /// too many sessions those that began first end. If that does not work, the next login tries again.
    pub(crate) async fn bound_sessions(
        &self,
        login: &Login,
        context: &BrowserContext<'_>,
        session: &Session,
        listed: &[ListedSession],
    ) {
        if listed.len() <= MAX_SESSIONS {
            return;
        }
        if let Err(PageError::Unavailable) = self.tidy(login, context, session, listed).await {
            tracing::warn!("the list of a user's sessions could not be tidied");
        }
    }

    async fn tidy(
        &self,
        login: &Login,
        context: &BrowserContext<'_>,
        session: &Session,
        listed: &[ListedSession],
    ) -> Result<(), PageError> {
        let (mut ended, mut alive) = (Vec::new(), Vec::new());
        // The session that has just begun stays, whatever the clocks of the others say.
        for entry in listed.iter().filter(|entry| entry.cookie.encoded() != session.cookie) {
            match self.browser.session_of(context, &entry.cookie).await? {
                Some(found) => alive.push((found, *entry)),
                None => ended.push(*entry),
            }
        }
        alive.sort_by_key(|(found, _)| found.began);
        let too_many = (alive.len() + 1).saturating_sub(MAX_SESSIONS);
        for (found, entry) in alive.into_iter().take(too_many) {
            let notices = LogoutNotice::for_each(context.id(), &found.participants);
            login.deliveries.enqueue(&notices, self.now()).await.map_err(unavailable)?;
            login.sessions.end(context.id(), &entry.cookie).await.map_err(unavailable)?;
            ended.push(entry);
        }
        if ended.is_empty() {
            return Ok(());
        }
        Ok(login.sessions.unlist(context.id(), session.user(), &ended).await.map_err(unavailable)?)
    }
}
