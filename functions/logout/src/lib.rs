//! The logout endpoint (OpenID Connect RP-Initiated Logout 1.0): parse, load, decide, and end the browser's session, at
//! once or after its user was asked. It knows no grants and cannot sign.

mod confirm;
mod end;
mod page;

use std::sync::Arc;

use bootstrap::{BootstrapError, Runtime};
use delivery::Deliveries;
use frontchannel::BrowserContext;
use http::Method;
use keystore::DataKeys;
use protocol::authorization::error::PageError;
use protocol::logout::request::{Hint, LogoutRequest, LogoutStep, Returning, decide};
use protocol::syntax::parameters::Parameters;
use protocol::tokens::id_token;
use protocol::types::id::{ClientId, WorkspaceId};
use protocol::types::secret::Secret;
use protocol::users::session::Session;
use protocol::workspace::settings::Workspace;
use signing::Purpose;
use signing::Sealer;
use signing::verify::verify_issued_by_us;
use store::SessionEnding;
use store::configuration::{LoadedClient, LoadedWorkspace};
use web::request::MAX_QUERY_BYTES;
use web::response::see_other;
use web::route::{self, Endpoint};
use web::{FormFault, Request, Response, edge};

/// What the function works with: it reads configuration, public keys and sessions, ends sessions, and sees to it that
/// clients are told.
pub struct Deps {
    /// The part of the front channel that grants nothing.
    pub browser: BrowserContext,
    /// Sessions, to be ended.
    pub ending: SessionEnding,
    /// The queue of clients that have to be told.
    pub deliveries: Deliveries,
    /// DataKeys<Sealer> of what users are asked.
    pub confirmations: DataKeys<Sealer>,
}

impl Deps {
    /// Takes what the function needs.
    ///
    /// # Errors
    ///
    /// [`BootstrapError`] if something of it is not there.
    pub fn assemble(runtime: &Runtime) -> Result<Self, BootstrapError> {
        Ok(Self {
            browser: runtime.browser_context(),
            ending: runtime.handle(SessionEnding::new),
            deliveries: runtime.deliveries()?,
            confirmations: runtime.sealer(Purpose::Logout)?,
        })
    }

    /// Opens connections and keys during the start of a function, when it has the full speed of its processor. What
    /// fails here is tried again by the first request that needs it.
    pub async fn warm(&self) {
        if let Err(fault) = self.confirmations.keys(self.browser.clock.now()).await {
            tracing::warn!(fault = %fault, "the keys for sealing could not be opened at the start");
        }
    }
}

/// A logout as far as it is known: of which workspace, at whose wish, and where it leads.
pub(crate) struct PendingLogout {
    /// The workspace.
    pub(crate) workspace: Arc<LoadedWorkspace>,
    /// The client that asks, if it said so.
    pub(crate) client: Option<Arc<LoadedClient>>,
    /// Where the user is sent afterwards.
    pub(crate) returning: Option<Returning>,
}

impl PendingLogout {
    /// The workspace itself.
    pub(crate) fn workspace(&self) -> &Workspace {
        &self.workspace.workspace
    }
}

/// Answers a request.
pub async fn handle(deps: &Deps, request: &Request) -> Response {
    edge::guarded(request, Box::pin(respond(deps, request))).await
}

async fn respond(deps: &Deps, request: &Request) -> Response {
    let Some(matched) = route::find(&request.path).filter(|found| found.route.endpoint == Endpoint::Logout) else {
        return deps.browser.error(request, PageError::NotFound);
    };
    if !matched.route.methods.contains(&request.method.as_str()) {
        return deps.browser.method_not_allowed(request, &matched);
    }
    let outcome = log_out(deps, request, &matched.workspace).await;
    outcome.unwrap_or_else(|error| deps.browser.error(request, error))
}

/// Parse, load, decide, commit: each step once, in this order.
async fn log_out(deps: &Deps, request: &Request, workspace: &WorkspaceId) -> Result<Response, PageError> {
    let parameters = parse(request)?;
    if request.method == Method::POST && parameters.has("confirmation") {
        return confirm::submit(deps, request, (workspace, &parameters)).await;
    }
    let asked = LogoutRequest::parse(&parameters)?;
    let (pending, hint) = load(deps, workspace, &asked).await?;
    if let Some(again) = as_get(deps, request, pending.workspace()) {
        return Ok(again);
    }
    let session = session(deps, request, pending.workspace()).await?;
    match decide(session, hint.as_ref()) {
        LogoutStep::Nobody => end::done(deps, &pending),
        LogoutStep::Ask(session) => page::ask(deps, &pending, &session).await,
        LogoutStep::End(approved) => end::finish(deps, &pending, &approved).await,
    }
}

/// The parameters: of the query for GET, of the body for POST, never of both (§2).
fn parse(request: &Request) -> Result<Parameters, PageError> {
    let parameters = if request.method == Method::POST { request.form() } else { request.query_parameters() };
    parameters.map_err(|fault| match fault {
        FormFault::TooLarge => PageError::RequestTooLarge,
        FormFault::Parameters(error) => PageError::Parameters(error),
        FormFault::ContentType | FormFault::QueryParameters => PageError::NotAForm,
    })
}

async fn load(
    deps: &Deps,
    id: &WorkspaceId,
    asked: &LogoutRequest,
) -> Result<(PendingLogout, Option<Hint>), PageError> {
    let workspace = deps.browser.workspace(id).await?;
    let hint = match &asked.id_token_hint {
        Some(hint) => Some(verified(deps, &workspace.workspace, hint).await?),
        None => None,
    };
    let client = client(deps, &workspace.workspace, asked.client(hint.as_ref())?).await?;
    let returning = asked.returning(client.as_ref().map(|client| &*client.client))?;
    Ok((PendingLogout { workspace, client, returning }, hint))
}

/// The client that asks. One that is named and cannot be used is as good as unknown.
pub(crate) async fn client(
    deps: &Deps,
    workspace: &Workspace,
    id: Option<&ClientId>,
) -> Result<Option<Arc<LoadedClient>>, PageError> {
    let Some(id) = id else { return Ok(None) };
    let found = deps.browser.configuration.usable_client(workspace, id, deps.browser.clock.now()).await;
    found.map_err(|fault| unavailable(&fault))?.ok_or(PageError::UnknownClient).map(Some)
}

/// The claims of a hint that we signed; it may have ended (§2).
async fn verified(deps: &Deps, workspace: &Workspace, hint: &Secret<String>) -> Result<Hint, PageError> {
    let ring = deps.browser.rings.ring(&workspace.id, deps.browser.clock.now()).await;
    let ring = ring.map_err(|fault| unavailable(&fault))?.ok_or(PageError::Unavailable)?;
    let claims = verify_issued_by_us(hint.expose(), &ring.published(), id_token::TYPE);
    claims.and_then(|claims| Hint::parse(&claims, &workspace.issuer)).ok_or(PageError::ForeignHint)
}

/// The session of the browser, whether its user still exists or not: it ends in either case.
async fn session(deps: &Deps, request: &Request, workspace: &Workspace) -> Result<Option<Session>, PageError> {
    let Some(cookie) = deps.browser.session_cookie(request, &workspace.id) else { return Ok(None) };
    let found = deps.browser.sessions.find(&workspace.id, &cookie, deps.browser.clock.now()).await;
    found.map_err(|fault| unavailable(&fault))
}

/// A form of another site arrives without our cookies, so nobody seems to be logged in. The same request by GET, to
/// which the browser adds them, finds out.
fn as_get(deps: &Deps, request: &Request, workspace: &Workspace) -> Option<Response> {
    let body = std::str::from_utf8(&request.body).ok()?;
    let is_query = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~%+&=*!'(),;:@/?$".contains(&byte);
    let fits = body.len() <= MAX_QUERY_BYTES && body.bytes().all(is_query);
    let stranger = deps.browser.session_cookie(request, &workspace.id).is_none();
    let again = request.method == Method::POST && fits && stranger;
    again.then(|| see_other(&format!("{}?{body}", workspace.issuer.url("/oidc/logout"))))
}

/// Logs an infrastructure fault, once, and answers that we are not available.
pub(crate) fn unavailable(fault: &dyn std::fmt::Display) -> PageError {
    tracing::error!(fault = %fault, "the logout endpoint is not available");
    PageError::Unavailable
}
