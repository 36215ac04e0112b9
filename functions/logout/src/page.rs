//! What the user sees.

use pages::{FarewellPage, LogoutPage, page};
use protocol::authorization::error::PageError;
use protocol::logout::request::{Confirmation, Occasion};
use protocol::types::time::Lifetime;
use protocol::users::session::Session;
use web::Response;

use crate::{Deps, Leaving, unavailable};

/// How long the page that asks can be answered.
const LIFETIME: Lifetime = Lifetime::seconds(1800);

/// The longest form that still fits through a browser with everything else.
const LONGEST_SEALED: usize = 8000;

/// The page that asks.
pub(crate) async fn ask(deps: &Deps, leaving: &Leaving, session: &Session) -> Result<Response, PageError> {
    form(deps, leaving, session, Occasion::Asked).await
}

/// The page that says that it did not work, and with which the user can try again: the browser has forgotten the session,
/// and the form still knows it.
pub(crate) async fn failed(deps: &Deps, leaving: &Leaving, session: &Session) -> Result<Response, PageError> {
    let response = form(deps, leaving, session, Occasion::Failed).await?;
    Ok(deps.reception.forgotten(response, &leaving.workspace().id))
}

async fn form(deps: &Deps, leaving: &Leaving, session: &Session, occasion: Occasion) -> Result<Response, PageError> {
    let (workspace, nonce) = (leaving.workspace(), deps.reception.nonce()?);
    let failed = occasion == Occasion::Failed;
    let template = LogoutPage {
        nonce: &nonce,
        workspace: &workspace.settings.name,
        client: client_name(leaving),
        user: &session.display_name,
        action: &workspace.issuer.url("/oidc/logout"),
        confirmation: &sealed(deps, leaving, session, occasion).await?,
        failed,
    };
    let targets = leaving.returning.as_ref().map(|returning| returning.uri().form_targets()).unwrap_or_default();
    Ok(page(if failed { 503 } else { 200 }, &template, &nonce, &targets))
}

async fn sealed(deps: &Deps, leaving: &Leaving, session: &Session, occasion: Occasion) -> Result<String, PageError> {
    let now = deps.reception.clock.now();
    let returning = leaving.returning.as_ref();
    let confirmation = Confirmation {
        cookie: session.cookie.clone(),
        client_id: leaving.client.as_ref().map(|client| client.client.id.clone()),
        post_logout_redirect_uri: returning.map(|returning| returning.uri().as_str().into()),
        state: returning.and_then(|returning| returning.state()).map(Into::into),
        expires: now.plus(LIFETIME),
        occasion,
    };
    let plain = serde_json::to_vec(&confirmation).map_err(|error| unavailable(&error))?;
    let keys = deps.confirmations.keys(now).await.map_err(|fault| unavailable(&fault))?;
    let sealed = keys.seal(&leaving.workspace().id, plain, &*deps.reception.entropy);
    let sealed = sealed.map_err(|fault| unavailable(&fault))?;
    if sealed.len() > LONGEST_SEALED { Err(PageError::RequestTooLarge) } else { Ok(sealed) }
}

/// The page at the end, for whom no client waits.
pub(crate) fn signed_out(deps: &Deps, leaving: &Leaving) -> Result<Response, PageError> {
    let explanation = "You can close this page.";
    farewell(deps, leaving, ("You are signed out", explanation))
}

/// The page for a user who does not want to log out after all. The client is told nothing: its user decides whether to go
/// back.
pub(crate) fn stayed(deps: &Deps, leaving: &Leaving) -> Result<Response, PageError> {
    let explanation = "Nothing was ended here. The application may have ended its own session.";
    farewell(deps, leaving, ("You are still signed in", explanation))
}

fn farewell(deps: &Deps, leaving: &Leaving, (title, explanation): (&str, &str)) -> Result<Response, PageError> {
    let nonce = deps.reception.nonce()?;
    let link = leaving.returning.as_ref().map(protocol::logout::request::Returning::location);
    let workspace = &leaving.workspace().settings.name;
    let back = client_name(leaving).zip(link.as_deref());
    Ok(page(200, &FarewellPage { nonce: &nonce, workspace, title, explanation, back }, &nonce, &[]))
}

fn client_name(leaving: &Leaving) -> Option<&str> {
    leaving.client.as_ref().map(|client| client.client.name.as_str())
}
