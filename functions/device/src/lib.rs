//! The device authorization endpoint (RFC 8628 §3.1): a device without a browser gets a user code to display and a device
//! code to poll the token endpoint with.
//!
//! parse → decide → commit → respond. Clients need not authenticate here, not even confidential ones: many send no
//! credentials, and the device code is useless without client authentication at the token endpoint. Credentials that are
//! sent must be valid. What is stored is one item, under a keyed digest of the user code.

use std::sync::Arc;

use backchannel::{BackChannel, ClientAuthenticator, ClientContext, challenged_by_basic, refused};
use bootstrap::{BootstrapError, Runtime};
use http::HeaderValue;
use http::header::{AUTHORIZATION, RETRY_AFTER, USER_AGENT};
use keystore::DataKeys;
use protocol::authorization::device_error::DeviceError;
use protocol::authorization::device_request::{DeviceAsk, DeviceRequest, INTERVAL};
use protocol::authorization::user_code::UserCode;
use protocol::client_authentication::credentials::{ClientAuthenticationError, Credentials, RefusalCause};
use protocol::clients::client::Client;
use protocol::registration::device_page::PATH;
use protocol::syntax::parameters::Parameters;
use protocol::tokens::device_code::DeviceCode;
use protocol::types::id::{GrantId, RegionLabel};
use protocol::types::rate_limit::{RateLimit, Verdict};
use protocol::types::time::Lifetime;
use serde::Serialize;
use signing::entropy::random;
use signing::{Deriver, DeviceKeys, Entropy, Purpose};
use store::{Counting, DeviceRequestCreation};
use web::response::Caching;
use web::route::Endpoint;
use web::{Request, Response, Unavailable, json, unavailable};

/// How many device requests one address may make per minute. The endpoint requires no authentication, so every request
/// counts.
const LIMIT: RateLimit = RateLimit::new("device", 60, Lifetime::seconds(60));

/// How many user codes are tried before giving up because they are taken. With ten million pending requests, the first is
/// free for all but one request in 2500.
const TRIES: usize = 3;

/// The handles of the function: it reads configuration, derives digests of user codes, and creates device requests.
pub struct Deps {
    /// The back channel.
    pub back: BackChannel,
    /// Authenticates clients.
    pub client_authenticator: ClientAuthenticator,
    /// Device requests.
    pub requests: DeviceRequestCreation,
    /// Request counters.
    pub counting: Counting,
    /// Derives the digests under which user codes are stored.
    pub user_codes: DataKeys<Deriver>,
    /// Random bytes.
    pub entropy: Arc<dyn Entropy>,
    /// The region named in device codes.
    pub region: RegionLabel,
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
            requests: runtime.handle(DeviceRequestCreation::new),
            counting: runtime.handle(Counting::new),
            user_codes: runtime.deriver(Purpose::UserCode)?,
            entropy: Arc::clone(&runtime.entropy),
            region: runtime.region.clone(),
        })
    }

    /// Opens connections and keys during the start of the function. The first request retries what fails here.
    pub async fn warm(&self) {
        let keys = async {
            if let Err(fault) = self.user_codes.keys(self.back.now()).await {
                tracing::warn!(fault = %fault, "the key for user codes could not be opened during the start");
            }
        };
        tokio::join!(Box::pin(self.back.warm()), Box::pin(keys));
    }
}

/// The response (RFC 8628 §3.2).
#[derive(Serialize)]
struct Codes {
    device_code: String,
    user_code: String,
    verification_uri: String,
    verification_uri_complete: String,
    expires_in: u32,
    interval: u32,
}

/// Responds to a request.
pub async fn handle(deps: &Deps, request: &Request) -> Response {
    let respond = async |context: &ClientContext<'_>| match authorize(deps, context).await {
        Ok(codes) => json::json(200, &codes, Caching::Never),
        Err(error) => refuse(context, &error),
    };
    deps.back.answer(request, Endpoint::DeviceAuthorization, respond).await
}

/// Parse, identify the client, decide, commit.
async fn authorize(deps: &Deps, context: &ClientContext<'_>) -> Result<Codes, DeviceError> {
    let body = context.request.form()?;
    if !context.workspace.settings.device_authorization {
        return Err(DeviceError::Off);
    }
    let client = Box::pin(client(deps, context, &body)).await?;
    let user_agent = context.request.header(USER_AGENT).join(", ");
    let asked = DeviceAsk::parse(&body, &client, &context.request.address, &user_agent)?;
    count(deps, context).await?;
    store(deps, context, &client, &asked).await
}

/// The client: the authenticated one, or the one named by `client_id` if no credentials are sent (RFC 8628 §3.1).
async fn client(deps: &Deps, context: &ClientContext<'_>, body: &Parameters) -> Result<Arc<Client>, DeviceError> {
    let credentials = Credentials::parse(&context.request.header(AUTHORIZATION), body)?;
    if !credentials.are_none() {
        let authenticated = deps.client_authenticator.authenticate(&deps.back, context, body).await?;
        return Ok(authenticated.shared());
    }
    let found = deps.back.client(context, credentials.client_id()).await?;
    let client = found.map(|loaded| Arc::clone(&loaded.client)).filter(|client| client.is_usable());
    Ok(client.ok_or(ClientAuthenticationError::Refused(RefusalCause::Unknown))?)
}

/// Counts the request: anyone can send one.
async fn count(deps: &Deps, context: &ClientContext<'_>) -> Result<(), DeviceError> {
    let key = LIMIT.counter(&context.request.address, context.now);
    let counted = deps.counting.count(&context.workspace.id, &key).await.map_err(unavailable)?;
    match LIMIT.verdict(&key, counted, context.now) {
        Verdict::Within => Ok(()),
        Verdict::Exceeded(seconds) => Err(DeviceError::TooMany(seconds)),
    }
}

/// The single write; retried with another user code if the first is taken.
async fn store(
    deps: &Deps,
    context: &ClientContext<'_>,
    client: &Client,
    asked: &DeviceAsk,
) -> Result<Codes, DeviceError> {
    let asked = serde_json::to_vec(asked).map_err(unavailable)?;
    for _ in 0..TRIES {
        let user_code = user_code(&*deps.entropy)?;
        if let Some(codes) = store_under(deps, context, client, &asked, &user_code).await? {
            return Ok(codes);
        }
    }
    Err(unavailable("no user code is free").into())
}

fn user_code(entropy: &dyn Entropy) -> Result<UserCode, Unavailable> {
    let code = UserCode::from_random(&random(entropy).map_err(unavailable)?);
    // One draw in 10^20 has too few unbiased bytes; then draw again.
    let code = match code {
        Some(code) => Some(code),
        None => UserCode::from_random(&random(entropy).map_err(unavailable)?),
    };
    code.ok_or_else(|| unavailable("the random source returned unusable bytes twice"))
}

async fn store_under(
    deps: &Deps,
    context: &ClientContext<'_>,
    client: &Client,
    asked: &[u8],
    user_code: &UserCode,
) -> Result<Option<Codes>, DeviceError> {
    let (workspace, lifetime) = (context.workspace, client.lifetimes.device_request);
    let keys = deps.user_codes.keys(context.now).await.map_err(unavailable)?;
    let derived = DeviceKeys::derive(&keys, keys.current(), &workspace.id, user_code);
    let derived = derived.ok_or_else(|| unavailable("the key for user codes no longer exists"))?;
    let device_code = DeviceCode::issue(&deps.region, &derived.id, &random(&*deps.entropy).map_err(unavailable)?);
    let sealer = derived.sealer().map_err(unavailable)?;
    let request = DeviceRequest {
        id: derived.id,
        grant: GrantId::from_bytes(random(&*deps.entropy).map_err(unavailable)?),
        client_id: client.id.clone(),
        code: device_code.hash,
        sealed: sealer.seal(&workspace.id, asked.to_vec(), &*deps.entropy).map_err(unavailable)?,
        began: context.now,
        expires: context.now.plus(lifetime),
        interval: INTERVAL,
        decision: None,
    };
    if !deps.requests.create(&workspace.id, &request).await.map_err(unavailable)? {
        return Ok(None);
    }
    tracing::info!(grant.id = %request.grant, "a device asks for its user");
    let (page, shown) = (workspace.issuer.url(PATH), user_code.shown());
    Ok(Some(Codes {
        device_code: device_code.text().expose().clone(),
        verification_uri_complete: format!("{page}?user_code={shown}"),
        verification_uri: page,
        user_code: shown,
        expires_in: lifetime.as_seconds(),
        interval: INTERVAL,
    }))
}

fn refuse(context: &ClientContext<'_>, error: &DeviceError) -> Response {
    let mut response = refused(context, error.response(), error, "a device request was refused");
    if let DeviceError::TooMany(seconds) = error {
        response.headers_mut().insert(RETRY_AFTER, HeaderValue::from(*seconds));
    }
    challenged_by_basic(context, response)
}
