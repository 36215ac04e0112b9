//! The pages of a logout.

use pages::{LogoutPage, SignedOutPage, page};
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
    let prompt = Prompt { sealed: LogoutPrompt::Asked, status: error.status(), problem: Some(error.to_string()) };
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
    problem: Option<String>,
}

async fn form(deps: &Deps, pending: &PendingLogout, session: &Session, prompt: Prompt) -> Result<Response, PageError> {
    let (workspace, nonce) = (pending.workspace(), deps.browser.nonce()?);
    let template = LogoutPage {
        nonce: &nonce,
        workspace: &workspace.settings.name,
        client: client_name(pending),
        user: &session.display_name,
        action: &workspace.issuer.url("/oidc/logout"),
        confirmation: &seal(deps, pending, session, prompt.sealed).await?,
        failed: prompt.sealed == LogoutPrompt::Failed,
        problem: prompt.problem.as_deref(),
    };
    let targets = pending.returning.as_ref().map(|returning| returning.uri().form_targets()).unwrap_or_default();
    Ok(page(prompt.status, &template, &nonce, &targets))
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
    signed_out_page(deps, pending, "You are signed out", "You can close this page.")
}

/// Shows that nothing has ended, after the user decided not to log out. The client is not notified: the user decides
/// whether to return to it.
pub(crate) fn show_still_signed_in(deps: &Deps, pending: &PendingLogout) -> Result<Response, PageError> {
    let explanation = "Nothing was ended here. The application may have ended its own session.";
    signed_out_page(deps, pending, "You are still signed in", explanation)
}

fn signed_out_page(
    deps: &Deps,
    pending: &PendingLogout,
    title: &str,
    explanation: &str,
) -> Result<Response, PageError> {
    let nonce = deps.browser.nonce()?;
    let link = pending.returning.as_ref().map(protocol::logout::request::Returning::location);
    let workspace = &pending.workspace().settings.name;
    let back = client_name(pending).zip(link.as_deref());
    Ok(page(200, &SignedOutPage { nonce: &nonce, workspace, title, explanation, back }, &nonce, &[]))
}

fn client_name(pending: &PendingLogout) -> Option<&str> {
    pending.client.as_ref().map(|client| client.client.name.as_str())
}
