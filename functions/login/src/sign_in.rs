//! The login page, and what is typed into it.

use frontchannel::{BrowserContext, PendingAuthorization, UserAuthentication};
use protocol::authorization::error::PageError;
use protocol::authorization::refusal::Refusal;
use protocol::syntax::parameters::Parameters;
use protocol::types::secret::Secret;
use protocol::users::factor::{Factor, Method};
use protocol::users::user_claims::Identity;
use web::Response;

use crate::deps::Deps;
use crate::page::{LoginForm, account_page, login_page};
use crate::{account, resume};

/// The longest user name, and the longest password, that are looked at.
const MAX_CREDENTIAL_BYTES: usize = 1024;

/// Shows the page.
pub(crate) async fn show(deps: &Deps, context: &BrowserContext<'_>) -> Result<Response, Refusal> {
    let front = &deps.front;
    let query = context.request.query_parameters().map_err(PageError::from)?;
    if query.has("again") {
        return front.start_over(context, resume::open(front, context, &query).await?).await;
    }
    let pending = resume::by_parameters(front, context, &query).await?;
    if let Some(session) = account::to_choose(front, context, &pending).await? {
        return Ok(account_page(front, &pending, &session).await?);
    }
    let username = pending.request.terms.login_hint.clone().unwrap_or_default();
    Ok(login_page(front, &pending, &LoginForm { username: &username, failed: false }).await?)
}

/// Takes name and password, and goes on with what the request still needs.
pub(crate) async fn submit(deps: &Deps, context: &BrowserContext<'_>) -> Result<Response, Refusal> {
    let front = &deps.front;
    let form = front.browser.form(context)?;
    let pending = resume::by_parameters(front, context, &form).await?;
    if let Some(choice) = form.one("account").map_err(PageError::from)? {
        return account::choose(front, context, pending, choice).await;
    }
    let Some(identity) = check_password(&pending, &form)? else {
        tracing::info!("a login failed");
        let username = form.one("username").map_err(PageError::from)?.unwrap_or_default();
        return Ok(login_page(front, &pending, &LoginForm { username, failed: true }).await?);
    };
    let factor = Factor { method: Method::Password, at: front.now() };
    let begun = front.log_in(&deps.sessions, context, UserAuthentication { identity: &identity, factor }).await?;
    Ok(front.proceed(context, &pending, &begun).await)
}

/// The user whose name and password the form carries.
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
