//! The authorization endpoint (RFC 6749 §3.1): parse, load, decide, and either answer at once or send the user on to
//! log in or to consent. It writes only when it issues a code, and it cannot sign.

use bootstrap::{BootstrapError, Runtime};
use frontchannel::{FrontChannel, PendingAuthorization};
use http::Method;
use protocol::authorization::decision::NextStep;
use protocol::authorization::error::{PageError, RedirectError};
use protocol::authorization::refusal::Refusal;
use protocol::authorization::request::{self, AuthorizationRequest};
use protocol::syntax::parameters::Parameters;
use protocol::types::id::WorkspaceId;
use web::response::see_other;
use web::route::{self, Endpoint};
use web::{FormFault, Request, Response, edge};

/// What the function works with: it reads configuration, sessions and consents, and creates grants.
pub struct Deps {
    /// The front channel.
    pub front: FrontChannel,
}

impl Deps {
    /// Takes what the function needs.
    ///
    /// # Errors
    ///
    /// [`BootstrapError`] if something of it is not there.
    pub fn assemble(runtime: &Runtime) -> Result<Self, BootstrapError> {
        Ok(Self { front: runtime.front()? })
    }
}

/// Answers a request.
pub async fn handle(deps: &Deps, request: &Request) -> Response {
    edge::guarded(request, Box::pin(respond(deps, request))).await
}

async fn respond(deps: &Deps, request: &Request) -> Response {
    let Some(matched) = route::find(&request.path).filter(|found| found.route.endpoint == Endpoint::Authorization)
    else {
        return deps.front.error(request, PageError::NotFound);
    };
    if !matched.route.methods.contains(&request.method.as_str()) {
        return deps.front.method_not_allowed(request, &matched);
    }
    let outcome = authorize(deps, request, &matched.workspace).await;
    outcome.unwrap_or_else(|refusal| deps.front.refused(request, &matched.workspace, refusal))
}

/// Parse, load, decide, commit: each step once, in this order.
async fn authorize(deps: &Deps, request: &Request, workspace: &WorkspaceId) -> Result<Response, Refusal> {
    let front = &deps.front;
    let parameters = parse(request)?;
    let pending = load(front, &parameters, workspace).await?;
    if let Some(response) = as_get(front, request, &pending) {
        return Ok(response);
    }
    let session = front
        .session(request, &pending.workspace.workspace)
        .await
        .map_err(|_unavailable: PageError| front.refusal(&pending, RedirectError::TemporarilyUnavailable))?;
    match front.decide(&pending, session.as_ref()).await? {
        NextStep::Approved(approved) => front.issue(&pending, &approved).await,
        NextStep::AskConsent => front.to_consent(&pending).await,
        NextStep::Refused(error) => Err(front.refusal(&pending, error)),
        NextStep::LogIn | NextStep::SelectAccount => front.to_login(&pending).await,
    }
}

/// The parameters: of the query for GET, of the body for POST, never of both (OpenID Connect Core §3.1.2.1).
fn parse(request: &Request) -> Result<Parameters, PageError> {
    let parameters = if request.method == Method::POST { request.form() } else { request.query_parameters() };
    parameters.map_err(|fault| match fault {
        FormFault::TooLarge => PageError::RequestTooLarge,
        FormFault::Parameters(error) => PageError::Parameters(error),
        FormFault::ContentType | FormFault::QueryParameters => PageError::NotAForm,
    })
}

async fn load(
    front: &FrontChannel,
    parameters: &Parameters,
    id: &WorkspaceId,
) -> Result<PendingAuthorization, Refusal> {
    let workspace = front.workspace(id).await?;
    let client_id = request::client_id(parameters)?;
    let client = front.configuration.usable_client(&workspace.workspace, &client_id, front.clock.now()).await;
    let client = client.map_err(|fault| {
        tracing::error!(fault = %fault, "the client could not be read");
        PageError::Unavailable
    })?;
    let client = client.ok_or(PageError::UnknownClient)?;
    let mut asked = AuthorizationRequest::parse(parameters, &client.client)?;
    if let Some(hint) = asked.id_token_hint.take() {
        let expected = front.expected(&workspace.workspace, &client_id, &hint).await?;
        let unknown = || Refusal::Redirect(Box::new(asked.refuse(RedirectError::InvalidIdTokenHint)));
        let expected = expected.ok_or_else(unknown)?;
        if asked.terms.expected_subject.as_ref().is_some_and(|named| *named != expected) {
            return Err(Refusal::Redirect(Box::new(asked.refuse(RedirectError::InvalidClaims))));
        }
        asked.terms.expected_subject = Some(expected);
    }
    Ok(front.begin(workspace, client, asked)?)
}

/// A form of another site arrives without our cookies, so nobody seems to be logged in. The same request by GET, to
/// which the browser adds them, finds out.
fn as_get(front: &FrontChannel, request: &Request, pending: &PendingAuthorization) -> Option<Response> {
    let body = std::str::from_utf8(&request.body).ok()?;
    let is_query = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~%+&=*!'(),;:@/?$".contains(&byte);
    let fits = body.len() <= web::request::MAX_QUERY_BYTES && body.bytes().all(is_query);
    let issuer = &pending.workspace.workspace.issuer;
    let stranger = !front.has_session_cookie(request, &pending.workspace.workspace.id);
    let again = request.method == Method::POST && fits && stranger;
    again.then(|| see_other(&format!("{}?{body}", issuer.url("/oauth2/authorize"))))
}
