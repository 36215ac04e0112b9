//! The authorization endpoint (RFC 6749 §3.1): parse, load, decide, and either respond at once or send the user to the
//! login or consent page. It writes only when it issues a code, and it cannot sign.

use std::sync::Arc;

use bootstrap::{BootstrapError, Runtime};
use frontchannel::{BrowserContext, CheckedPush, FrontChannel, PendingAuthorization};
use protocol::authorization::error::{PageError, RedirectError};
use protocol::authorization::pushed_request::{RequestUri, request_uri};
use protocol::authorization::refusal::Refusal;
use protocol::authorization::request::{self, AuthorizationRequest};
use protocol::clients::request_channel::RequestChannel;
use protocol::syntax::parameters::Parameters;
use protocol::tokens::id_token;
use protocol::types::id::{ClientId, Subject};
use protocol::types::secret::Secret;
use store::PushedRequestLoading;
use store::configuration::LoadedClient;
use web::route::Endpoint;
use web::{Request, Response};

/// The handles of the function: it reads configuration, sessions and consents, loads pushed requests, and creates grants.
pub struct Deps {
    /// The front channel.
    pub front: FrontChannel,
    /// Pushed requests.
    pub requests: PushedRequestLoading,
}

impl Deps {
    /// Takes the handles from the runtime.
    ///
    /// # Errors
    ///
    /// [`BootstrapError`] if the runtime lacks a handle that the function needs.
    pub fn assemble(runtime: &Runtime) -> Result<Self, BootstrapError> {
        Ok(Self { front: FrontChannel::assemble(runtime)?, requests: runtime.handle(PushedRequestLoading::new) })
    }
}

/// Responds to a request.
pub async fn handle(deps: &Deps, request: &Request) -> Response {
    let answer = async |context: &BrowserContext<'_>| authorize(deps, context).await;
    deps.front.browser.answer(request, &[Endpoint::Authorization], answer).await
}

/// Parse, load, decide, commit: each step once, in this order.
async fn authorize(deps: &Deps, context: &BrowserContext<'_>) -> Result<Response, Refusal> {
    let front = &deps.front;
    let parameters = context.request.parameters().map_err(PageError::from)?;
    let client = front.browser.client(context, &request::client_id(&parameters)?).await?;
    let reference = request_uri(&parameters).map_err(PageError::from)?.filter(|uri| RequestUri::is_ours(uri));
    let retry = front.browser.retry_as_get(context, "/oauth2/authorize");
    let pending = match (reference, retry) {
        // The request is bound to the browser only when the browser sends its cookies.
        (Some(_), Some(retry)) => return Ok(retry),
        (Some(uri), None) => load_pushed(deps, context, client, uri).await?,
        (None, retry) => {
            let pending = load(front, context, client, &parameters).await?;
            match retry {
                Some(retry) => return Ok(retry),
                None => pending,
            }
        }
    };
    let session = front.session(context).await;
    let session = session.map_err(|_logged| pending.refuse(RedirectError::TemporarilyUnavailable))?;
    let step = front.decide(&pending, session.as_ref()).await?;
    front.take(&pending, step).await
}

/// The request that the browser carries, as `client` may make it.
async fn load(
    front: &FrontChannel,
    context: &BrowserContext<'_>,
    client: Arc<LoadedClient>,
    parameters: &Parameters,
) -> Result<PendingAuthorization, Refusal> {
    let asked = AuthorizationRequest::parse(parameters, &client.client, RequestChannel::Browser)?;
    let asked = with_hint(front, context, &client.client.id, asked).await?;
    Ok(front.begin(context, client, asked)?)
}

/// Loads the request that `client` pushed, by the reference that the browser carries. All other parameters of the browser's
/// request are ignored (RFC 9126 §4).
async fn load_pushed(
    deps: &Deps,
    context: &BrowserContext<'_>,
    client: Arc<LoadedClient>,
    uri: &str,
) -> Result<PendingAuthorization, Refusal> {
    let (front, requests) = (&deps.front, &deps.requests);
    let brought = front.brought(context, requests, &client, uri).await?;
    let asked = AuthorizationRequest::parse(&brought.parameters, &client.client, RequestChannel::Pushed)?;
    let asked = with_hint(front, context, &client.client.id, asked).await?;
    Ok(front.begin_pushed(context, requests, client, CheckedPush { brought, request: asked }).await?)
}

/// Returns `asked` with the user named by its `id_token_hint` as the expected user.
async fn with_hint(
    front: &FrontChannel,
    context: &BrowserContext<'_>,
    client: &ClientId,
    mut asked: AuthorizationRequest,
) -> Result<AuthorizationRequest, Refusal> {
    let Some(hint) = asked.id_token_hint.take() else { return Ok(asked) };
    match hinted_subject(front, context, client, &hint).await? {
        Some(hinted) => asked.expecting(hinted),
        None => Err(Refusal::Redirect(Box::new(asked.refuse(RedirectError::InvalidIdTokenHint)))),
    }
}

/// Returns the user named by an ID token hint; `None` if the token was issued elsewhere or to another client.
async fn hinted_subject(
    front: &FrontChannel,
    context: &BrowserContext<'_>,
    client: &ClientId,
    hint: &Secret<String>,
) -> Result<Option<Subject>, PageError> {
    let claims = front.browser.issued_claims(context, hint, id_token::TYPE).await?;
    Ok(claims.and_then(|claims| id_token::hinted_subject(&claims, &context.workspace().issuer, client)))
}
