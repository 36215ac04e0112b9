//! The shared context of all back-channel functions, and their single entry point.

use std::sync::Arc;

use bootstrap::Entrance;
use protocol::tokens::access_token::{self, AccessTokenClaims};
use protocol::tokens::grant::{Grant, LoadedGrant};
use protocol::types::id::{ClientId, GrantId};
use protocol::types::time::Timestamp;
use signing::verify::verify_issued_by_us;
use store::configuration::{LoadedClient, LoadedWorkspace};
use store::{ConfigurationReading, GrantReading, KeyRingReading, StoreFault, UserReading};
use web::route::{CrossOrigin, Endpoint, Matched};
use web::{Clock, Request, Response, Unavailable, cors, edge, json, unavailable};

use crate::client_context::ClientContext;

/// The handles of every back-channel function.
pub struct BackChannel {
    /// What finds the workspace of a request.
    pub entrance: Entrance,
    /// Workspaces and clients.
    pub configuration: Arc<ConfigurationReading>,
    /// Public keys.
    pub rings: Arc<KeyRingReading>,
    /// The time.
    pub clock: Arc<dyn Clock>,
}

impl BackChannel {
    /// Opens connections during the start of a function, when it has the full speed of its processor. The first request
    /// that needs them retries what fails here.
    pub async fn warm(&self) {
        if let Err(fault) = self.configuration.workspaces().ping().await {
            tracing::warn!(fault = %fault, "the store could not be reached during the start");
        }
    }

    /// The time.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// Handles a request to `endpoint` with `handler`: the single place for method, route, panic and cross-origin
    /// rules.
    pub async fn answer(
        &self,
        request: &Request,
        endpoint: Endpoint,
        handler: impl AsyncFnOnce(&ClientContext<'_>) -> Response,
    ) -> Response {
        // Boxed, because the SDK's futures are large.
        edge::guarded(request, Box::pin(self.respond(request, endpoint, handler))).await
    }

    async fn respond(
        &self,
        request: &Request,
        endpoint: Endpoint,
        handler: impl AsyncFnOnce(&ClientContext<'_>) -> Response,
    ) -> Response {
        let now = self.now();
        let (matched, loaded) = match self.workspace(request, endpoint, now).await.map_err(unavailable) {
            Ok(Some(found)) => found,
            Ok(None) => return json::not_found(request),
            Err(_logged) => return json::unavailable(request),
        };
        edge::note_workspace(&matched.workspace);
        if let Some(response) = without_handler(request, &matched, &loaded) {
            return response;
        }
        let context = ClientContext::new(request, &loaded.workspace, now);
        let response = handler(&context).await;
        if matched.route.cross_origin == CrossOrigin::Registered {
            let origins = context.cors_client.get().map_or(&loaded.origins, |client| &client.origins);
            return cors::shared_with(response, request, origins);
        }
        response
    }

    /// The workspace that the request is for, if it is served there and `endpoint` is meant.
    async fn workspace<'r>(
        &self,
        request: &'r Request,
        endpoint: Endpoint,
        now: Timestamp,
    ) -> Result<Option<(Matched<'r>, Arc<LoadedWorkspace>)>, StoreFault> {
        let found = self.entrance.find(request, now).await?.filter(|found| found.route.endpoint == endpoint);
        let Some(matched) = found else { return Ok(None) };
        let loaded = self.configuration.workspace(&matched.workspace, now).await?;
        let served = loaded.filter(|loaded| matched.is_served(&loaded.workspace.settings));
        Ok(served.map(|loaded| (matched, loaded)))
    }

    /// Loads the client that the request names; from now on its registered origins may read the response.
    ///
    /// # Errors
    ///
    /// [`Unavailable`].
    pub async fn client(
        &self,
        context: &ClientContext<'_>,
        id: &ClientId,
    ) -> Result<Option<Arc<LoadedClient>>, Unavailable> {
        edge::note_client(id);
        let found = self.configuration.client(context.workspace, id, context.now).await.map_err(unavailable)?;
        if let Some(client) = &found {
            // A request names one client, so a second call changes nothing.
            let _ = context.cors_client.set(Arc::clone(client));
        }
        Ok(found)
    }

    /// The claims of `token`, if it is a JWT of type `typ` that this workspace issued, expired or not.
    ///
    /// # Errors
    ///
    /// [`Unavailable`].
    pub async fn issued_claims(
        &self,
        context: &ClientContext<'_>,
        token: &str,
        typ: &str,
    ) -> Result<Option<Vec<u8>>, Unavailable> {
        let ring = self.rings.ring(&context.workspace.id, context.now).await.map_err(unavailable)?;
        let ring = ring.ok_or_else(|| unavailable(StoreFault::Unreadable("key ring")))?;
        Ok(verify_issued_by_us(token, &ring.published(), typ))
    }

    /// The claims of `token`, if it is an access token of this workspace, expired or not.
    ///
    /// # Errors
    ///
    /// [`Unavailable`].
    pub async fn verify_access_token(
        &self,
        context: &ClientContext<'_>,
        token: &str,
    ) -> Result<Option<AccessTokenClaims>, Unavailable> {
        let claims = self.issued_claims(context, token, access_token::TYPE).await?;
        Ok(claims.and_then(|claims| AccessTokenClaims::parse(&claims, &context.workspace.issuer)))
    }

    /// Loads the grant `id` with its user, if it exists.
    ///
    /// # Errors
    ///
    /// [`Unavailable`].
    pub async fn grant(
        &self,
        context: &ClientContext<'_>,
        grants: &GrantReading,
        users: &UserReading,
        id: &GrantId,
    ) -> Result<Option<LoadedGrant>, Unavailable> {
        let grant = grants.find(&context.workspace.id, id).await.map_err(unavailable)?;
        self.with_user(context, users, grant).await
    }

    /// Adds the current status of the user to `grant`, whichever handle found it. A grant whose consent was withdrawn is
    /// revoked.
    ///
    /// # Errors
    ///
    /// [`Unavailable`].
    pub async fn with_user(
        &self,
        context: &ClientContext<'_>,
        users: &UserReading,
        grant: Option<Grant>,
    ) -> Result<Option<LoadedGrant>, Unavailable> {
        let Some(grant) = grant else { return Ok(None) };
        let (workspace, terms) = (context.workspace, &grant.terms);
        // Boxed, because the SDK's futures are large.
        let current = Box::pin(users.current(workspace, terms.user(), terms.epoch));
        let (user, consent) = tokio::join!(current, Box::pin(users.consent(&workspace.id, terms)));
        let (user, consent) = (user.map_err(unavailable)?, consent.map_err(unavailable)?);
        Ok(Some(LoadedGrant::of(grant.under(consent), user)))
    }
}

/// The response to a request that needs no handler: a preflight, or a method that the endpoint does not support.
fn without_handler(request: &Request, matched: &Matched<'_>, loaded: &LoadedWorkspace) -> Option<Response> {
    let for_pages = matched.route.cross_origin == CrossOrigin::Registered;
    match request.method.as_str() {
        "OPTIONS" if for_pages => Some(cors::preflight(matched.route, request, &loaded.origins)),
        method if matched.route.methods.contains(&method) => None,
        _ => {
            let refused = json::method_not_allowed(request, matched.route.methods);
            Some(if for_pages { cors::shared_with(refused, request, &loaded.origins) } else { refused })
        }
    }
}
