//! The login page, and what is typed into it.

use frontchannel::{PendingAuthorization, UserAuthentication};
use protocol::authorization::error::PageError;
use protocol::authorization::refusal::Refusal;
use protocol::syntax::parameters::Parameters;
use protocol::types::id::WorkspaceId;
use protocol::types::secret::Secret;
use protocol::users::user_claims::Identity;
use web::{Request, Response};

use crate::page::{LoginForm, account_page, login_page};
use crate::{Deps, account, form, resumed, resumed_by_query};

/// Longer names and passwords are nobody's.
const MAX_CREDENTIAL_BYTES: usize = 1024;

/// Shows the page.
pub(crate) async fn show(deps: &Deps, request: &Request, workspace: &WorkspaceId) -> Result<Response, Refusal> {
    let pending = resumed_by_query(deps, request, workspace).await?;
    if let Some(session) = account::to_choose(deps, request, &pending).await? {
        return Ok(account_page(deps, &pending, &session).await?);
    }
    let username = pending.request.terms.login_hint.clone().unwrap_or_default();
    Ok(login_page(deps, &pending, &LoginForm { username: &username, failed: false }).await?)
}

/// Takes name and password, and goes on with what the request still needs.
pub(crate) async fn submit(deps: &Deps, request: &Request, workspace: &WorkspaceId) -> Result<Response, Refusal> {
    let front = &deps.front;
    let form = form(deps, request)?;
    let pending = resumed(deps, request, workspace, &form).await?;
    if let Some(choice) = form.one("account").map_err(PageError::from)? {
        return account::choose(deps, request, pending, choice).await;
    }
    let Some(identity) = authenticated(&pending, &form)? else {
        tracing::info!(workspace = %workspace, trace.id = %request.trace_id, "a login failed");
        let username = form.one("username").map_err(PageError::from)?.unwrap_or_default();
        return Ok(login_page(deps, &pending, &LoginForm { username, failed: true }).await?);
    };
    let authenticated = UserAuthentication { identity: &identity, amr: &["pwd"], auth_time: None };
    let begun = front.log_in(&deps.sessions, request, &pending, authenticated).await?;
    Ok(front.proceed(request, &pending, &begun).await)
}

/// The user whose name and password the form carries.
fn authenticated(pending: &PendingAuthorization, form: &Parameters) -> Result<Option<Identity>, PageError> {
    let (username, password) = (form.one("username")?, form.one("password")?);
    let (Some(username), Some(password)) = (username, password) else { return Ok(None) };
    if username.len() > MAX_CREDENTIAL_BYTES || password.len() > MAX_CREDENTIAL_BYTES {
        return Ok(None);
    }
    let workspace = &pending.workspace.workspace;
    let sandbox = workspace.settings.sandbox.as_ref();
    Ok(sandbox.and_then(|sandbox| sandbox.authenticate(&workspace.id, username, &Secret::new(password.into()))))
}
