//! The submission of the confirmation page.

use frontchannel::BrowserContext;
use protocol::authorization::error::PageError;
use protocol::logout::request::{Confirmation, Returning};
use protocol::users::session::Session;
use web::{Response, unavailable};

use crate::deps::Deps;
use crate::pending::PendingLogout;
use crate::{end, page};

/// Accepts the decision. The form ends the session that it was shown for, and no other (catalogue rows SEC-SESS-05 and
/// SEC-LOGOUT-07).
pub(crate) async fn submit(deps: &Deps, context: &BrowserContext<'_>) -> Result<Response, PageError> {
    let form = deps.browser.form(context)?;
    let confirmation = open(deps, context, form.one("confirmation")?).await?;
    let pending = resume(deps, context, &confirmation).await?;
    let asked_about = asked_about(deps, context, &confirmation).await?;
    match form.one("decision")? {
        Some("sign-out") => {}
        Some("stay") => return page::show_still_signed_in(deps, &pending),
        _ => return Err(PageError::IncompleteForm),
    }
    if let Some(approved) = asked_about.and_then(|session| confirmation.approve(session)) {
        return end::finish(deps, &pending, &approved).await;
    }
    // Since then the session has ended in another tab, or the browser has another session, which the form was not
    // shown for.
    match deps.browser.any_session(context).await? {
        Some(another) => page::show_confirmation(deps, &pending, &another).await,
        None => end::done(deps, &pending),
    }
}

/// Opens the sealed form. Only values sealed here, for this workspace, are accepted.
async fn open(deps: &Deps, context: &BrowserContext<'_>, sealed: Option<&str>) -> Result<Confirmation, PageError> {
    let sealed = sealed.ok_or(PageError::StaleLogout)?;
    let keys = deps.confirmations.keys(context.now).await.map_err(unavailable)?;
    let plain = keys.open(context.id(), sealed).ok_or(PageError::StaleLogout)?;
    serde_json::from_slice(plain.expose()).map_err(|_| PageError::StaleLogout)
}

/// Resumes the logout and checks its destination again.
async fn resume(
    deps: &Deps,
    context: &BrowserContext<'_>,
    confirmation: &Confirmation,
) -> Result<PendingLogout, PageError> {
    let client = match &confirmation.client_id {
        Some(id) => Some(deps.browser.client(context, id).await?),
        None => None,
    };
    let returning = match (&client, &confirmation.post_logout_redirect_uri) {
        (Some(client), Some(uri)) => Some(Returning::registered(&client.client, uri, confirmation.state.clone())?),
        _ => None,
    };
    Ok(PendingLogout { client, returning, ..PendingLogout::new(context) })
}

/// The session that the form asked about, if it still exists and belongs to this browser.
async fn asked_about(
    deps: &Deps,
    context: &BrowserContext<'_>,
    confirmation: &Confirmation,
) -> Result<Option<Session>, PageError> {
    let presented = deps.browser.session_cookie(context);
    let Some(cookie) = confirmation.session(presented, context.now)? else { return Ok(None) };
    deps.browser.session_of(context, &cookie).await
}
