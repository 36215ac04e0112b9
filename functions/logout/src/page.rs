//! The pages of a logout.

use pages::{Frame, LanguageChoice, LogoutPage, Outcome, OutcomePage, page};
use protocol::authorization::error::PageError;
use protocol::logout::request::{Confirmation, LogoutPrompt};
use protocol::types::time::Lifetime;
use protocol::users::session::Session;
use web::{Response, unavailable};

use crate::deps::Deps;
use crate::pending::PendingLogout;

/// How long the confirmation page remains valid.
const CONFIRMATION_LIFETIME: Lifetime = Lifetime::seconds(1800);

/// The maximum length of a sealed confirmation: the browser has to return it with everything else.
const MAX_SEALED_CONFIRMATION_BYTES: usize = 8000;

/// Asks whether to log out.
pub(crate) async fn show_confirmation(
    deps: &Deps,
    pending: &PendingLogout,
    session: &Session,
) -> Result<Response, PageError> {
    form(deps, pending, session, Prompt { sealed: LogoutPrompt::Asked, status: 200, problem: None }).await
}

/// Shows the confirmation page for an invalid request, with the error.
pub(crate) async fn show_problem(
    deps: &Deps,
    pending: &PendingLogout,
    session: &Session,
    error: PageError,
) -> Result<Response, PageError> {
    let prompt = Prompt { sealed: LogoutPrompt::Asked, status: error.status(), problem: Some(error) };
    form(deps, pending, session, prompt).await
}

/// Reports that logging out failed, and offers to retry: the session cookie is cleared, but the form still identifies
/// the session.
pub(crate) async fn show_failed(
    deps: &Deps,
    pending: &PendingLogout,
    session: &Session,
) -> Result<Response, PageError> {
    let prompt = Prompt { sealed: LogoutPrompt::Failed, status: 503, problem: None };
    let response = form(deps, pending, session, prompt).await?;
    Ok(deps.browser.forget_session(response, pending.workspace()))
}

/// Why the user is asked.
struct Prompt {
    sealed: LogoutPrompt,
    status: u16,
    problem: Option<PageError>,
}

async fn form(deps: &Deps, pending: &PendingLogout, session: &Session, prompt: Prompt) -> Result<Response, PageError> {
    let (workspace, nonce) = (pending.workspace(), deps.browser.nonce()?);
    let frame = Frame::new(&nonce, &workspace.settings, pending.language);
    let action = workspace.issuer.url("/oidc/logout");
    let frame = match prompt.sealed {
        LogoutPrompt::Asked => frame.offering(LanguageChoice { action: action.clone(), fields: pending.asked.clone() }),
        LogoutPrompt::Failed => frame,
    };
    let template = LogoutPage {
        frame: &frame,
        client: client_name(pending),
        user: &session.display_name,
        action: &action,
        confirmation: &seal(deps, pending, session, prompt.sealed).await?,
        failed: prompt.sealed == LogoutPrompt::Failed,
        problem: prompt.problem,
    };
    let targets = pending.returning.as_ref().map(|returning| returning.uri().form_targets()).unwrap_or_default();
    Ok(page(prompt.status, &template, &frame, &targets))
}

async fn seal(
    deps: &Deps,
    pending: &PendingLogout,
    session: &Session,
    prompt: LogoutPrompt,
) -> Result<String, PageError> {
    let now = deps.browser.clock.now();
    let returning = pending.returning.as_ref();
    let confirmation = Confirmation {
        cookie: session.cookie.clone(),
        client_id: pending.client.as_ref().map(|client| client.client.id.clone()),
        post_logout_redirect_uri: returning.map(|returning| returning.uri().as_str().into()),
        state: returning.and_then(|returning| returning.state()).map(Into::into),
        expires: now.plus(CONFIRMATION_LIFETIME),
        prompt,
    };
    let plain = serde_json::to_vec(&confirmation).map_err(unavailable)?;
    let keys = deps.confirmations.keys(now).await.map_err(unavailable)?;
    let sealed = keys.seal(&pending.workspace().id, plain, &*deps.browser.entropy);
    let sealed = sealed.map_err(unavailable)?;
    if sealed.len() > MAX_SEALED_CONFIRMATION_BYTES { Err(PageError::RequestTooLarge) } else { Ok(sealed) }
}

/// Shows that the session has ended, when there is no `post_logout_redirect_uri`.
pub(crate) fn show_signed_out(deps: &Deps, pending: &PendingLogout) -> Result<Response, PageError> {
    outcome_page(deps, pending, Outcome::SignedOut)
}

/// Shows that nothing has ended, after the user decided not to log out. The client is not notified: the user decides
/// whether to return to it.
pub(crate) fn show_still_signed_in(deps: &Deps, pending: &PendingLogout) -> Result<Response, PageError> {
    outcome_page(deps, pending, Outcome::StillSignedIn)
}

fn outcome_page(deps: &Deps, pending: &PendingLogout, outcome: Outcome) -> Result<Response, PageError> {
    let nonce = deps.browser.nonce()?;
    let link = pending.returning.as_ref().map(protocol::logout::request::Returning::location);
    let back = client_name(pending).zip(link.as_deref());
    let frame = Frame::new(&nonce, &pending.workspace().settings, pending.language);
    Ok(page(200, &OutcomePage { frame: &frame, outcome, back }, &frame, &[]))
}

fn client_name(pending: &PendingLogout) -> Option<&str> {
    pending.client.as_ref().map(|client| client.client.name_in(pending.language))
}
