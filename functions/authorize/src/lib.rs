//! The authorization endpoint (RFC 6749 §3.1): parse, load, decide, and either respond at once or send the user to the
//! login or consent page. It writes only when it issues a code, and it cannot sign.

use bootstrap::{BootstrapError, Runtime};
use frontchannel::{BrowserContext, FrontChannel, PendingAuthorization};
use protocol::authorization::error::{PageError, RedirectError};
use protocol::authorization::refusal::Refusal;
use protocol::authorization::request::{self, AuthorizationRequest};
use protocol::syntax::parameters::Parameters;
use protocol::tokens::id_token;
use protocol::types::id::{ClientId, Subject};
use protocol::types::secret::Secret;
use web::route::Endpoint;
use web::{Request, Response};

/// The handles of the function: it reads configuration, sessions and consents, and creates grants.
pub struct Deps {
    /// The front channel.
    pub front: FrontChannel,
}

impl Deps {
    /// Takes the handles from the runtime.
    ///
    /// # Errors
    ///
    /// [`BootstrapError`] if something of it is not there.
    pub fn assemble(runtime: &Runtime) -> Result<Self, BootstrapError> {
        Ok(Self { front: FrontChannel::assemble(runtime)? })
    }
}

/// Handles a request.
pub async fn handle(deps: &Deps, request: &Request) -> Response {
    let front = &deps.front;
    front.browser.answer(request, &[Endpoint::Authorization], async |context| authorize(front, context).await).await
}

/// Parse, load, decide, commit: each step once, in this order.
async fn authorize(front: &FrontChannel, context: &BrowserContext<'_>) -> Result<Response, Refusal> {
    let parameters = context.request.parameters().map_err(PageError::from)?;
    let pending = load(front, context, &parameters).await?;
    if let Some(retry) = front.browser.retry_as_get(context, "/oauth2/authorize") {
        return Ok(retry);
    }
    let session = front.session(context).await;
    let session = session.map_err(|_logged| pending.refuse(RedirectError::TemporarilyUnavailable))?;
    let step = front.decide(&pending, session.as_ref()).await?;
    front.take(&pending, step).await
}

/// The client, and the request as that client may make it.
async fn load(
    front: &FrontChannel,
    context: &BrowserContext<'_>,
    parameters: &Parameters,
) -> Result<PendingAuthorization, Refusal> {
    let client = front.browser.client(context, &request::client_id(parameters)?).await?;
    let mut asked = AuthorizationRequest::parse(parameters, &client.client)?;
    if let Some(hint) = asked.id_token_hint.take() {
        let expected = hinted_subject(front, context, &client.client.id, &hint).await?;
        let refuse = |error| Refusal::Redirect(Box::new(asked.refuse(error)));
        let expected = expected.ok_or_else(|| refuse(RedirectError::InvalidIdTokenHint))?;
        if asked.terms.expected_subject.as_ref().is_some_and(|named| *named != expected) {
            return Err(refuse(RedirectError::InvalidClaims));
        }
        asked.terms.expected_subject = Some(expected);
    }
    Ok(front.begin(context, client, asked)?)
}

/// Returns the user named by an ID token hint; `None` if it was issued elsewhere or to another client.
async fn hinted_subject(
    front: &FrontChannel,
    context: &BrowserContext<'_>,
    client: &ClientId,
    hint: &Secret<String>,
) -> Result<Option<Subject>, PageError> {
    let claims = front.browser.issued_claims(context, hint, id_token::TYPE).await?;
    Ok(claims.and_then(|claims| id_token::hinted_subject(&claims, &context.workspace().issuer, client)))
}
