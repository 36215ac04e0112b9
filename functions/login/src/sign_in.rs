//! The login page and its submission.

use frontchannel::{BrowserContext, FrontChannel, PendingAuthorization, UserAuthentication};
use protocol::authorization::error::PageError;
use protocol::authorization::refusal::Refusal;
use protocol::syntax::parameters::Parameters;
use protocol::types::secret::Secret;
use protocol::users::factor::{AuthenticationClass, Factor, Method};
use protocol::users::session::Session;
use protocol::users::user_claims::Identity;
use web::Response;

use crate::deps::Deps;
use crate::login_page::{LoginForm, LoginView, login_page};
use crate::page::account_page;
use crate::{account, resume, source};

/// The maximum length of a user name or password.
const MAX_CREDENTIAL_BYTES: usize = 1024;

/// Shows the page.
pub(crate) async fn show(deps: &Deps, context: &BrowserContext<'_>) -> Result<Response, Refusal> {
    let front = &deps.front;
    let query = context.request.query_parameters().map_err(PageError::from)?;
    if query.one("again").map_err(PageError::from)?.is_some() {
        return front.start_over(context, resume::open(front, context, &query).await?).await;
    }
    let pending = resume::by_parameters(front, context, &query).await?;
    if let Some(session) = account::to_choose(front, context, &pending).await? {
        return account_page(front, &pending, &session).await;
    }
    if query.one("other").map_err(PageError::from)?.is_none() {
        return source::begin(front, context, &pending).await;
    }
    let username = pending.request.terms.login_hint.clone().unwrap_or_default();
    let view = LoginView::of_all(&pending.workspace().settings);
    login_page(front, context, &pending, &LoginForm { username: &username, failed: false, view }).await
}

/// Checks user name and password, and continues with what the request still needs. A resubmission of the same form
/// gets the same response.
pub(crate) async fn submit(deps: &Deps, context: &BrowserContext<'_>) -> Result<Response, Refusal> {
    let form = deps.front.browser.form(context)?;
    match take(deps, context, &form).await {
        Err(first) if first.page() == Some(PageError::FinishedInteraction) => {
            let again = take_again(deps, context, &form).await;
            again.map_err(|again| resume::refused_twice(first, again))
        }
        taken => taken,
    }
}

/// Handles a form that has already led to a code whose response never arrived. The session created then was lost with
/// that response, so a new one is created.
async fn take_again(deps: &Deps, context: &BrowserContext<'_>, form: &Parameters) -> Result<Response, Refusal> {
    let front = &deps.front;
    let finished = resume::finished(front, context, form).await?;
    if form.one("account").map_err(PageError::from)? == Some("current") {
        let session = front.session(context).await?.ok_or(PageError::FinishedInteraction)?;
        return front.issue_again_at_once(&finished, &session).await;
    }
    let identity = check_password(&finished.pending, form)?.ok_or(PageError::FinishedInteraction)?;
    front.has_code_for(&finished, &identity)?;
    let factor = Factor { method: Method::Password, at: Some(front.now()), class: AuthenticationClass::SingleFactor };
    let begun = front.log_in(&deps.login, context, UserAuthentication { identity: &identity, factor }).await?;
    let again = front.issue_again_at_once(&finished, &begun.session).await;
    Ok(front.logged_in(context, &begun, again))
}

async fn take(deps: &Deps, context: &BrowserContext<'_>, form: &Parameters) -> Result<Response, Refusal> {
    let front = &deps.front;
    let pending = resume::by_parameters(front, context, form).await?;
    if let Some(choice) = form.one("account").map_err(PageError::from)? {
        return account::choose(front, context, pending, choice).await;
    }
    if let Some(address) = form.one("identifier").map_err(PageError::from)? {
        return source::discover(front, context, pending, address).await;
    }
    let Some(identity) = check_password(&pending, form)? else {
        tracing::info!("a login failed");
        let username = form.one("username").map_err(PageError::from)?.unwrap_or_default();
        let form = LoginForm { username, failed: true, view: LoginView::Everything };
        return login_page(front, context, &pending, &form).await;
    };
    let factor = Factor { method: Method::Password, at: Some(front.now()), class: AuthenticationClass::SingleFactor };
    let begun = front.log_in(&deps.login, context, UserAuthentication { identity: &identity, factor }).await?;
    let next = match front.next(&pending, &begun.session).await {
        // A concurrent submission of the same form finished first.
        Err(Refusal::Page(PageError::FinishedInteraction)) => issue_again(front, context, form, &begun.session).await,
        next => next,
    };
    Ok(front.logged_in(context, &begun, next))
}

async fn issue_again(
    front: &FrontChannel,
    context: &BrowserContext<'_>,
    form: &Parameters,
    session: &Session,
) -> Result<Response, Refusal> {
    let finished = resume::finished(front, context, form).await?;
    front.issue_again_at_once(&finished, session).await
}

/// Returns the user whose name and password the form contains.
fn check_password(pending: &PendingAuthorization, form: &Parameters) -> Result<Option<Identity>, PageError> {
    let (username, password) = (form.one("username")?, form.one("password")?);
    let (Some(username), Some(password)) = (username, password) else { return Ok(None) };
    if username.len() > MAX_CREDENTIAL_BYTES || password.len() > MAX_CREDENTIAL_BYTES {
        return Ok(None);
    }
    let workspace = pending.workspace();
    let sandbox = workspace.settings.sandbox.as_ref();
    Ok(sandbox.and_then(|sandbox| sandbox.authenticate(&workspace.id, username, &Secret::new(password.into()))))
}
