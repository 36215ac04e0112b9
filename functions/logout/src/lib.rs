//! The logout endpoint (OpenID Connect RP-Initiated Logout 1.0): parse, load, decide, and end the browser's session,
//! immediately or after confirmation. It has no access to grants and cannot sign.

mod confirm;
mod deps;
mod end;
mod page;
mod pending;

use frontchannel::BrowserContext;
use protocol::authorization::error::PageError;
use protocol::authorization::refusal::Refusal;
use protocol::logout::request::{Hint, LogoutRequest, LogoutStep, decide};
use protocol::tokens::id_token;
use protocol::types::secret::Secret;
use web::route::Endpoint;
use web::{Request, Response};

pub use deps::Deps;

use crate::pending::PendingLogout;

/// Responds to a request.
pub async fn handle(deps: &Deps, request: &Request) -> Response {
    let log_out = async |context: &BrowserContext<'_>| log_out(deps, context).await.map_err(Refusal::Page);
    deps.browser.answer(request, &[Endpoint::Logout], log_out).await
}

/// Parse, load, decide, commit: each step once, in this order.
async fn log_out(deps: &Deps, context: &BrowserContext<'_>) -> Result<Response, PageError> {
    let parameters = context.request.parameters()?;
    if context.is_post() && parameters.one("confirmation")?.is_some() {
        return confirm::submit(deps, context).await;
    }
    let loaded = match LogoutRequest::parse(&parameters) {
        Ok(asked) => load(deps, context, &asked).await,
        Err(error) => Err(error),
    };
    let (pending, hint) = match loaded {
        Ok(loaded) => loaded,
        Err(PageError::Unavailable) => return Err(PageError::Unavailable),
        Err(error) => return offer(deps, context, error).await,
    };
    if let Some(retry) = deps.browser.retry_as_get(context, "/oidc/logout") {
        return Ok(retry);
    }
    // The session ends whether or not its user still exists.
    let session = deps.browser.any_session(context).await?;
    match decide(session, hint.as_ref()) {
        LogoutStep::Nobody => end::done(deps, &pending),
        LogoutStep::Ask(session) => page::show_confirmation(deps, &pending, &session).await,
        LogoutStep::End(approved) => end::finish(deps, &pending, &approved).await,
    }
}

/// Offers to log out although the request is invalid, because a user must always be able to log out. The browser is
/// then not redirected to an application, and no session ends without confirmation (§4).
async fn offer(deps: &Deps, context: &BrowserContext<'_>, error: PageError) -> Result<Response, PageError> {
    if let Some(retry) = deps.browser.retry_as_get(context, "/oidc/logout") {
        return Ok(retry);
    }
    let Some(session) = deps.browser.any_session(context).await? else { return Err(error) };
    tracing::info!(error = %error, "a logout request was refused, and the user was asked");
    // A page in another language need not repeat what was wrong.
    let pending = PendingLogout { asked: Vec::new(), ..PendingLogout::new(context) };
    page::show_problem(deps, &pending, &session, error).await
}

/// Loads the requesting client, the destination, and the hint.
async fn load(
    deps: &Deps,
    context: &BrowserContext<'_>,
    asked: &LogoutRequest,
) -> Result<(PendingLogout, Option<Hint>), PageError> {
    let hint = match &asked.id_token_hint {
        Some(hint) => Some(verify_hint(deps, context, hint).await?),
        None => None,
    };
    // A client that is named but not usable counts as unknown.
    let client = match asked.client(hint.as_ref())? {
        Some(id) => Some(deps.browser.client(context, id).await?),
        None => None,
    };
    let returning = asked.returning(client.as_ref().map(|client| &*client.client))?;
    Ok((PendingLogout { client, returning, ..PendingLogout::new(context) }, hint))
}

/// The claims of a hint signed here, expired or not (§2).
async fn verify_hint(deps: &Deps, context: &BrowserContext<'_>, hint: &Secret<String>) -> Result<Hint, PageError> {
    let claims = deps.browser.issued_claims(context, hint, id_token::TYPE).await?;
    claims.and_then(|claims| Hint::parse(&claims, &context.workspace().issuer)).ok_or(PageError::ForeignHint)
}
