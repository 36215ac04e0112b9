//! The login page and its submission.

use frontchannel::{BrowserContext, FrontChannel, NewSession, UserAuthentication};
use protocol::authorization::error::PageError;
use protocol::authorization::refusal::Refusal;
use protocol::syntax::parameters::Parameters;
use protocol::types::secret::Secret;
use protocol::users::factor::{AuthenticationClass, Factor, Method};
use protocol::users::session::Session;
use web::Response;

use crate::deps::Deps;
use crate::login_page::{Attempt, LoginForm, LoginView, login_page};
use crate::page::account_page;
use crate::passwords::{Checked, PasswordLogin, PasswordVisit};
use crate::{account, own_account, resume, source};

/// The maximum length of a user name or password.
const MAX_CREDENTIAL_BYTES: usize = 1024;

/// Shows the page.
pub(crate) async fn show(deps: &Deps, context: &BrowserContext<'_>) -> Result<Response, Refusal> {
    let front = &deps.front;
    let query = context.request.query_parameters().map_err(PageError::from)?;
    if query.one("again").map_err(PageError::from)?.is_some() {
        return front.start_over(context, resume::open(front, context, &query).await?).await;
    }
    if let Some(freshness) = own_account::asked(&query)? {
        return own_account::begin(front, context, freshness).await;
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
    login_page(front, context, &pending, &LoginForm { username: &username, attempt: Attempt::None, view }).await
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
    let Checked::Right(login) = check_password(deps, context, form).await? else {
        return Err(PageError::FinishedInteraction.into());
    };
    front.has_code_for(&finished, &login.identity)?;
    let begun = log_in(deps, context, &login).await?;
    let again = front.issue_again_at_once(&finished, &begun.session).await;
    Ok(login.remembered(front.logged_in(context, &begun, again)))
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
    let username = form.one("username").map_err(PageError::from)?.unwrap_or_default();
    let refused = async |attempt| {
        let form = LoginForm { username, attempt, view: LoginView::Everything };
        login_page(front, context, &pending, &form).await
    };
    let login = match check_password(deps, context, form).await? {
        Checked::Right(login) => login,
        Checked::Wrong => {
            tracing::info!("a login with a password failed");
            return refused(Attempt::Failed).await;
        }
        Checked::TooMany(seconds) => {
            tracing::warn!("a password was not looked at, because too many wrong ones were entered");
            return refused(Attempt::TooMany(seconds)).await;
        }
    };
    let begun = log_in(deps, context, &login).await?;
    let next = match front.next(&pending, &begun.session).await {
        // A concurrent submission of the same form finished first.
        Err(Refusal::Page(PageError::FinishedInteraction)) => issue_again(front, context, form, &begun.session).await,
        next => next,
    };
    Ok(login.remembered(front.logged_in(context, &begun, next)))
}

/// Begins the session of a user whose password was right.
async fn log_in(deps: &Deps, context: &BrowserContext<'_>, login: &PasswordLogin) -> Result<NewSession, PageError> {
    let front = &deps.front;
    let factor = Factor { method: Method::Password, at: Some(front.now()), class: AuthenticationClass::SingleFactor };
    let authenticated = UserAuthentication { identity: &login.identity, factor, epoch: login.epoch };
    front.log_in(&deps.login, context, authenticated).await
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

/// Checks name and password in the form: of a test user of the sandbox, or of a user of the pool.
async fn check_password(deps: &Deps, context: &BrowserContext<'_>, form: &Parameters) -> Result<Checked, PageError> {
    let (username, password) = (form.one("username")?, form.one("password")?);
    let (Some(username), Some(password)) = (username, password) else { return Ok(Checked::Wrong) };
    if username.len() > MAX_CREDENTIAL_BYTES || password.len() > MAX_CREDENTIAL_BYTES {
        return Ok(Checked::Wrong);
    }
    let workspace = context.workspace();
    let password = Secret::new(password.to_owned());
    let sandbox = workspace.settings.sandbox.as_ref();
    if let Some(identity) = sandbox.and_then(|sandbox| sandbox.authenticate(&workspace.id, username, &password)) {
        return Ok(Checked::Right(Box::new(PasswordLogin::of_sandbox(identity))));
    }
    match workspace.settings.pool.as_ref().filter(|pool| pool.has_passwords()) {
        Some(pool) => {
            let visit = PasswordVisit { channel: &deps.front.browser, context, pool };
            Box::pin(deps.passwords.check(&visit, username, &password)).await
        }
        None => Ok(Checked::Wrong),
    }
}
