//! The pushed authorization request endpoint (RFC 9126): a client sends its authorization request directly and gets a
//! reference, which the user's browser then carries to the authorization endpoint.
//!
//! parse → authenticate → decide → commit → respond. The request is checked here as the authorization endpoint will check it
//! again, so that the client learns of a mistake and not its user. What is stored is one item, sealed with a key that is
//! derived from the reference.

use std::sync::Arc;

use backchannel::{BackChannel, ClientAuthenticator, ClientContext, challenged_by_basic, refused};
use bootstrap::{BootstrapError, Runtime};
use http::HeaderValue;
use http::header::RETRY_AFTER;
use protocol::authorization::error::RedirectError;
use protocol::authorization::push_error::PushError;
use protocol::authorization::pushed_request::{PushedRequest, RequestUri, content, request_uri};
use protocol::authorization::request::AuthorizationRequest;
use protocol::clients::client::Client;
use protocol::clients::request_channel::RequestChannel;
use protocol::syntax::parameters::Parameters;
use protocol::tokens::id_token;
use protocol::types::id::GrantId;
use protocol::types::rate_limit::{RateLimit, Verdict};
use protocol::types::time::Lifetime;
use serde::Serialize;
use signing::entropy::random;
use signing::{Entropy, Sealer};
use store::{Counting, PushedRequestCreation};
use web::response::Caching;
use web::route::Endpoint;
use web::{Request, Response, json, unavailable};

/// How many requests public clients may push from one address per minute. Authenticated clients are not counted: a client's
/// server pushes the requests of all of its users.
const LIMIT: RateLimit = RateLimit::new("push", 120, Lifetime::seconds(60));

/// The handles of the function: it reads configuration and public keys, and creates pushed requests.
pub struct Deps {
    /// The back channel.
    pub back: BackChannel,
    /// Authenticates clients.
    pub client_authenticator: ClientAuthenticator,
    /// Creates pushed requests.
    pub requests: PushedRequestCreation,
    /// Counters of requests of public clients.
    pub counting: Counting,
    /// Random bytes.
    pub entropy: Arc<dyn Entropy>,
}

impl Deps {
    /// Takes the handles from the runtime.
    ///
    /// # Errors
    ///
    /// [`BootstrapError`] if the runtime lacks a handle that the function needs.
    pub fn assemble(runtime: &Runtime) -> Result<Self, BootstrapError> {
        Ok(Self {
            back: BackChannel::assemble(runtime),
            client_authenticator: ClientAuthenticator::assemble(runtime)?,
            requests: runtime.handle(PushedRequestCreation::new),
            counting: runtime.handle(Counting::new),
            entropy: Arc::clone(&runtime.entropy),
        })
    }
}

/// The response to an accepted request (RFC 9126 §2.2).
#[derive(Serialize)]
struct Pushed {
    request_uri: String,
    expires_in: u32,
}

/// Responds to a request.
pub async fn handle(deps: &Deps, request: &Request) -> Response {
    let respond = async |context: &ClientContext<'_>| match push(deps, context).await {
        Ok(pushed) => json::json(201, &pushed, Caching::Never),
        Err(error) => refuse(context, &error),
    };
    deps.back.answer(request, Endpoint::PushedAuthorization, respond).await
}

/// Parse, authenticate, decide, commit.
async fn push(deps: &Deps, context: &ClientContext<'_>) -> Result<Pushed, PushError> {
    let body = context.request.form()?;
    if request_uri(&body)?.is_some() {
        return Err(PushError::RequestUri);
    }
    let authenticated = Box::pin(deps.client_authenticator.authenticate(&deps.back, context, &body)).await?;
    let client = authenticated.client();
    check(deps, context, client, &body).await?;
    if !client.authentication.is_confidential() {
        count(deps, context).await?;
    }
    store(deps, context, client, &body).await
}

/// Checks the request as the authorization endpoint will.
async fn check(deps: &Deps, context: &ClientContext<'_>, client: &Client, body: &Parameters) -> Result<(), PushError> {
    let mut asked = AuthorizationRequest::parse(body, client, RequestChannel::Pushed)?;
    let Some(hint) = asked.id_token_hint.take() else { return Ok(()) };
    let claims = deps.back.issued_claims(context, hint.expose(), id_token::TYPE).await?;
    let hinted = claims.and_then(|claims| id_token::hinted_subject(&claims, &context.workspace.issuer, &client.id));
    asked.expecting(hinted.ok_or(PushError::Refused(RedirectError::InvalidIdTokenHint))?)?;
    Ok(())
}

/// Counts the request of a public client: anyone can send one (catalogue row SEC-PAR-08).
async fn count(deps: &Deps, context: &ClientContext<'_>) -> Result<(), PushError> {
    let key = LIMIT.counter(&context.request.address, context.now);
    let counted = deps.counting.count(&context.workspace.id, &key).await.map_err(unavailable)?;
    match LIMIT.verdict(&key, counted, context.now) {
        Verdict::Within => Ok(()),
        Verdict::Exceeded(seconds) => Err(PushError::TooMany(seconds)),
    }
}

/// The single write.
async fn store(
    deps: &Deps,
    context: &ClientContext<'_>,
    client: &Client,
    body: &Parameters,
) -> Result<Pushed, PushError> {
    let (workspace, lifetime) = (&context.workspace.id, client.lifetimes.pushed_request);
    let reference = RequestUri::new(random(&*deps.entropy).map_err(unavailable)?);
    let key = Sealer::of_reference(reference.root()).map_err(unavailable)?;
    let sealed = key.seal(workspace, content(&client.id, body).into_bytes(), &*deps.entropy).map_err(unavailable)?;
    let request = PushedRequest {
        id: GrantId::from_bytes(random(&*deps.entropy).map_err(unavailable)?),
        sealed,
        pushed: context.now,
        expires: context.now.plus(lifetime),
        browser: None,
    };
    deps.requests.create(workspace, &reference.hash(), &request).await.map_err(unavailable)?;
    tracing::info!(grant.id = %request.id, "an authorization request was pushed");
    Ok(Pushed { request_uri: reference.uri().expose().clone(), expires_in: lifetime.as_seconds() })
}

fn refuse(context: &ClientContext<'_>, error: &PushError) -> Response {
    let mut response = refused(context, error.response(), error, "a pushed request was refused");
    if let PushError::TooMany(seconds) = error {
        response.headers_mut().insert(RETRY_AFTER, HeaderValue::from(*seconds));
    }
    challenged_by_basic(context, response)
}
