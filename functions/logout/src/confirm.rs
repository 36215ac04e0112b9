//! What the user answers on the page that asks.

use protocol::authorization::error::PageError;
use protocol::logout::request::{Confirmation, Returning};
use protocol::syntax::parameters::Parameters;
use protocol::types::id::WorkspaceId;
use protocol::users::session::Session;
use web::origin::is_from_our_page;
use web::{Request, Response};

use crate::{Deps, PendingLogout, client, end, page, session, unavailable};

/// Takes the answer. The form ends the session that it asked about, and no other (catalogue rows SEC-SESS-05 and
/// SEC-LOGOUT-07).
pub(crate) async fn submit(
    deps: &Deps,
    request: &Request,
    (id, form): (&WorkspaceId, &Parameters),
) -> Result<Response, PageError> {
    if !is_from_our_page(request, &deps.browser.public_url) {
        return Err(PageError::CrossSite);
    }
    let confirmation = opened(deps, id, form.one("confirmation")?).await?;
    let pending = resumed(deps, id, &confirmation).await?;
    let asked_about = asked_about(deps, request, (id, &confirmation)).await?;
    match form.one("decision")? {
        Some("sign-out") => {}
        Some("stay") => return page::stayed(deps, &pending),
        _ => return Err(PageError::IncompleteForm),
    }
    if let Some(approved) = asked_about.and_then(|session| confirmation.approve(session)) {
        return end::finish(deps, &pending, &approved).await;
    }
    // The session has ended since, in another tab; or there is another one, which the user was not asked about.
    match session(deps, request, pending.workspace()).await? {
        Some(another) => page::ask(deps, &pending, &another).await,
        None => end::done(deps, &pending),
    }
}

/// Opens what the form came back with. Nothing is believed that was not sealed here, for this workspace.
async fn opened(deps: &Deps, workspace: &WorkspaceId, sealed: Option<&str>) -> Result<Confirmation, PageError> {
    let sealed = sealed.ok_or(PageError::StaleLogout)?;
    let keys = deps.confirmations.keys(deps.browser.clock.now()).await.map_err(|fault| unavailable(&fault))?;
    let plain = keys.open(workspace, sealed).ok_or(PageError::StaleLogout)?;
    serde_json::from_slice(plain.expose()).map_err(|_| PageError::StaleLogout)
}

/// Picks the logout up again, and checks anew where it may lead.
async fn resumed(deps: &Deps, id: &WorkspaceId, confirmation: &Confirmation) -> Result<PendingLogout, PageError> {
    let workspace = deps.browser.workspace(id).await?;
    let client = client(deps, &workspace.workspace, confirmation.client_id.as_ref()).await?;
    let returning = match (&client, &confirmation.post_logout_redirect_uri) {
        (Some(client), Some(uri)) => Some(Returning::registered(&client.client, uri, confirmation.state.clone())?),
        _ => None,
    };
    Ok(PendingLogout { workspace, client, returning })
}

/// The session that the form asked about, if it is still there and the browser's own.
async fn asked_about(
    deps: &Deps,
    request: &Request,
    (id, confirmation): (&WorkspaceId, &Confirmation),
) -> Result<Option<Session>, PageError> {
    let (presented, now) = (deps.browser.session_cookie(request, id), deps.browser.clock.now());
    let Some(cookie) = confirmation.session(presented, now)? else { return Ok(None) };
    deps.browser.sessions.find(id, &cookie, now).await.map_err(|fault| unavailable(&fault))
}
