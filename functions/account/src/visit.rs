//! A user who looks at the account page.

use frontchannel::{BrowserContext, UI_LOCALES};
use protocol::authorization::error::PageError;
use protocol::registration::account_page::Freshness;
use protocol::users::session::Session;
use web::response::see_other;
use web::{Response, unavailable};

use crate::deps::Deps;

/// The session of the browser, and the other sessions of its user.
pub(crate) struct Visit {
    /// The session of this browser.
    pub(crate) session: Session,
    /// What proves that a form was shown to it.
    pub(crate) token: String,
}

impl Visit {
    /// The visit of this browser, if it has a session and its user still exists.
    pub(crate) async fn find(deps: &Deps, context: &BrowserContext<'_>) -> Result<Option<Self>, PageError> {
        let Some(session) = deps.browser.any_session(context).await? else { return Ok(None) };
        let status = deps.users.status(context.workspace(), session.user(), session.epoch).await;
        if !status.map_err(unavailable)?.is_active() {
            return Ok(None);
        }
        Ok(deps.browser.form_token(context).map(|token| Self { session, token }))
    }

    /// All sessions of the user that can still be used, this one first and then the one that was used last.
    pub(crate) async fn sessions(&self, deps: &Deps, context: &BrowserContext<'_>) -> Result<Vec<Session>, PageError> {
        let (own, user) = (&self.session, self.session.user());
        let listed = deps.sessions.of(context.id(), user).await.map_err(unavailable)?;
        let mut found = Vec::new();
        for entry in listed.iter().filter(|entry| !context.now.reached(entry.expires)) {
            // The list is a way to find sessions; whose they are, they say themselves.
            let session = deps.browser.session_of(context, &entry.cookie).await?;
            found.extend(session.filter(|session| {
                session.user() == user && session.epoch == own.epoch && session.cookie != own.cookie
            }));
        }
        found.sort_by_key(|session| std::cmp::Reverse(session.used));
        found.insert(0, own.clone());
        Ok(found)
    }
}

/// Sends the browser to a login that leads back to the page.
pub(crate) fn to_login(context: &BrowserContext<'_>, freshness: Freshness) -> Response {
    let wanted = match freshness {
        Freshness::AnySession => "show",
        Freshness::Recent => "change",
    };
    let language = context.language().tag();
    see_other(&context.workspace().issuer.url(&format!("/login?account={wanted}&{UI_LOCALES}={language}")))
}
