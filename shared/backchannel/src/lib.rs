//! The back channel: what `token`, `userinfo`, `introspect` and `revoke` have in common.
//!
//! Each answers programs with JSON, some of which run in browsers and may read the answer only from registered origins,
//! errors included.

mod caller;
mod client_authenticator;
mod client_keys;

use std::sync::Arc;

use protocol::token_status::caller::CallerError;
use protocol::token_status::request::TokenRequestError;
use protocol::tokens::access_token::{self, AccessTokenClaims};
use protocol::types::id::ClientId;
use protocol::workspace::settings::Workspace;
use signing::verify::verify_issued_by_us;
use store::configuration::{LoadedClient, LoadedWorkspace};
use store::{ConfigurationReading, KeyRingReading, StoreFault};
use web::route::{self, CrossOrigin, Endpoint};
use web::{Clock, FormFault, Request, Response, cors, edge, json};

pub use client_authenticator::ClientAuthenticator;
pub use client_keys::{ClientKeySets, ClientKeysFault};

/// What every function of the back channel works with.
pub struct BackChannel {
    /// Workspaces and clients.
    pub configuration: Arc<ConfigurationReading>,
    /// Public keys.
    pub rings: Arc<KeyRingReading>,
    /// The time.
    pub clock: Arc<dyn Clock>,
}

/// Who the request says it comes from, believed or not: its own pages may read the answer.
#[derive(Default)]
pub struct CorsClient {
    /// The client, once it is known.
    pub client: Option<Arc<LoadedClient>>,
}

impl BackChannel {
    /// Opens connections during the start of a function, when it has the full speed of its processor. What fails here is
    /// tried again by the first request that needs it.
    pub async fn warm(&self) {
        if let Err(fault) = self.configuration.workspaces().ping().await {
            tracing::warn!(fault = %fault, "the store could not be reached at the start");
        }
    }

    /// Answers `request`, if it is one to `endpoint`, with what `handler` says.
    pub async fn answer(
        &self,
        request: &Request,
        endpoint: Endpoint,
        handler: impl AsyncFnOnce(&Workspace, &mut CorsClient) -> Response,
    ) -> Response {
        edge::guarded(request, self.respond(request, endpoint, handler)).await
    }

    async fn respond(
        &self,
        request: &Request,
        endpoint: Endpoint,
        handler: impl AsyncFnOnce(&Workspace, &mut CorsClient) -> Response,
    ) -> Response {
        let Some(matched) = route::find(&request.path).filter(|found| found.route.endpoint == endpoint) else {
            return json::not_found(request);
        };
        let loaded = match self.configuration.workspace(&matched.workspace, self.clock.now()).await {
            Ok(Some(loaded)) => loaded,
            Ok(None) => return json::not_found(request),
            Err(fault) => {
                tracing::error!(fault = %fault, trace.id = %request.trace_id, "the workspace could not be read");
                return json::unavailable(request);
            }
        };
        let for_pages = matched.route.cross_origin == CrossOrigin::Registered;
        match request.method.as_str() {
            "OPTIONS" if for_pages => cors::preflight(matched.route, request, &loaded.origins),
            method if !matched.route.methods.contains(&method) => {
                let refused = json::method_not_allowed(request, matched.route.methods);
                if for_pages { cors::shared_with(refused, request, &loaded.origins) } else { refused }
            }
            _ if for_pages => shared(request, &loaded, handler).await,
            _ => handler(&loaded.workspace, &mut CorsClient::default()).await,
        }
    }

    /// Finds the client that a request says it comes from, and lets `cors` know.
    ///
    /// # Errors
    ///
    /// [`StoreFault`].
    pub async fn client(
        &self,
        workspace: &Workspace,
        id: &ClientId,
        cors: &mut CorsClient,
    ) -> Result<Option<Arc<LoadedClient>>, StoreFault> {
        cors.client = self.configuration.client(workspace, id, self.clock.now()).await?;
        Ok(cors.client.clone())
    }

    /// The claims of `token`, if it is an access token of this workspace, expired or not.
    ///
    /// # Errors
    ///
    /// [`StoreFault`].
    pub async fn verify_access_token(
        &self,
        workspace: &Workspace,
        token: &str,
    ) -> Result<Option<AccessTokenClaims>, StoreFault> {
        let ring = self.rings.ring(&workspace.id, self.clock.now()).await?.ok_or(StoreFault::Unreadable("key ring"))?;
        Ok(verify_issued_by_us(token, &ring.published(), access_token::TYPE)
            .and_then(|claims| AccessTokenClaims::parse(&claims, &workspace.issuer)))
    }
}

/// The answer of `handler`, readable by the pages of the client that it turned out to concern.
async fn shared(
    request: &Request,
    loaded: &LoadedWorkspace,
    handler: impl AsyncFnOnce(&Workspace, &mut CorsClient) -> Response,
) -> Response {
    let mut cors = CorsClient::default();
    let response = handler(&loaded.workspace, &mut cors).await;
    let origins = cors.client.as_ref().map_or(&loaded.origins, |client| &client.origins);
    cors::shared_with(response, request, origins)
}

/// Logs an infrastructure fault, once.
pub fn log(fault: &dyn std::fmt::Display) {
    tracing::error!(fault = %fault, "the back channel is not available");
}

/// The answer to a request about a token that is refused.
#[must_use]
pub fn refusal(request: &Request, workspace: &Workspace, error: &TokenRequestError) -> Response {
    let (status, code) = error.response();
    let response = json::error(request, status, code, &error.to_string());
    let realm = workspace.issuer.as_str();
    match (status, error) {
        (401, TokenRequestError::Caller(CallerError::Bearer(_))) => {
            json::challenged(response, &format!("Bearer realm=\"{realm}\", error=\"{code}\""))
        }
        (401, _) => json::challenged(response, &format!("Basic realm=\"{realm}\"")),
        _ => response,
    }
}

/// What is wrong with the form of a request about a token.
#[must_use]
pub fn token_request_fault(fault: FormFault) -> TokenRequestError {
    match fault {
        FormFault::TooLarge => TokenRequestError::TooLarge,
        FormFault::ContentType => TokenRequestError::ContentType,
        FormFault::QueryParameters => TokenRequestError::QueryParameters,
        FormFault::Parameters(error) => TokenRequestError::Parameters(error),
    }
}

/// Logs an infrastructure fault, once, and answers that we are not available.
pub fn unavailable(fault: &dyn std::fmt::Display) -> TokenRequestError {
    log(fault);
    TokenRequestError::Unavailable
}
