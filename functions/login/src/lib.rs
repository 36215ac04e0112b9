//! The pages of the front channel: logging in and consenting.
//!
//! Each request is decided anew from the sealed interaction and the session, so that no page can be skipped; a form
//! carries nothing that could widen what is granted.

mod account;
mod consent;
mod page;
mod sign_in;

use bootstrap::{BootstrapError, Runtime};
use frontchannel::{FrontChannel, PendingAuthorization};
use http::Method;
use protocol::authorization::error::PageError;
use protocol::authorization::refusal::Refusal;
use protocol::syntax::parameters::Parameters;
use protocol::types::id::WorkspaceId;
use store::{ConsentRecording, SessionCreation};
use web::origin::is_from_our_page;
use web::route::{self, Endpoint};
use web::{FormFault, Request, Response, edge};

/// What the function works with: on top of the front channel it begins sessions and remembers consents.
pub struct Deps {
    /// The front channel.
    pub front: FrontChannel,
    /// New sessions.
    pub sessions: SessionCreation,
    /// New consents.
    pub consents: ConsentRecording,
}

impl Deps {
    /// Takes what the function needs.
    ///
    /// # Errors
    ///
    /// [`BootstrapError`] if something of it is not there.
    pub fn assemble(runtime: &Runtime) -> Result<Self, BootstrapError> {
        Ok(Self {
            front: runtime.front()?,
            sessions: runtime.handle(SessionCreation::new),
            consents: runtime.handle(ConsentRecording::new),
        })
    }
}

/// Answers a request.
pub async fn handle(deps: &Deps, request: &Request) -> Response {
    edge::guarded(request, Box::pin(respond(deps, request))).await
}

async fn respond(deps: &Deps, request: &Request) -> Response {
    let Some(matched) = route::find(&request.path) else { return deps.front.error(request, PageError::NotFound) };
    if !matched.route.methods.contains(&request.method.as_str()) {
        return deps.front.method_not_allowed(request, &matched);
    }
    let (workspace, post) = (&matched.workspace, request.method == Method::POST);
    let outcome = match (matched.route.endpoint, post) {
        (Endpoint::Login, false) => sign_in::show(deps, request, workspace).await,
        (Endpoint::Login, true) => sign_in::submit(deps, request, workspace).await,
        (Endpoint::Consent, false) => consent::show(deps, request, workspace).await,
        (Endpoint::Consent, true) => consent::submit(deps, request, workspace).await,
        _ => Err(Refusal::Page(PageError::NotFound)),
    };
    outcome.unwrap_or_else(|refusal| deps.front.refused(request, workspace, refusal))
}

/// Picks up the interaction that the query names.
async fn resumed_by_query(
    deps: &Deps,
    request: &Request,
    workspace: &WorkspaceId,
) -> Result<PendingAuthorization, PageError> {
    let parameters = request.query_parameters().map_err(page_error)?;
    resumed(deps, request, workspace, &parameters).await
}

/// Reads a form of ours, and nobody else's.
fn form(deps: &Deps, request: &Request) -> Result<Parameters, PageError> {
    if !is_from_our_page(request, &deps.front.public_url) {
        return Err(PageError::CrossSite);
    }
    request.form().map_err(page_error)
}

/// Picks up the interaction that `parameters` name, unless it has been finished.
async fn resumed(
    deps: &Deps,
    request: &Request,
    workspace: &WorkspaceId,
    parameters: &Parameters,
) -> Result<PendingAuthorization, PageError> {
    let front = &deps.front;
    let loaded = front.workspace(workspace).await?;
    let interaction = front.open(workspace, parameters.one("interaction")?).await?;
    front.unfinished(workspace, &interaction).await?;
    front.resume(request, loaded, interaction).await
}

fn page_error(fault: FormFault) -> PageError {
    match fault {
        FormFault::TooLarge => PageError::RequestTooLarge,
        FormFault::Parameters(error) => PageError::Parameters(error),
        FormFault::ContentType | FormFault::QueryParameters => PageError::IncompleteForm,
    }
}
