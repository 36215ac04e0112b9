//! Discovery documents and public keys: what every client and every API reads first.

use std::sync::Arc;

use bootstrap::{BootstrapError, Entrance, Runtime};
use protocol::discovery::metadata;
use protocol::jose::key_ring::KeyRing;
use protocol::types::time::Timestamp;
use protocol::workspace::settings::Workspace;
use serde_json::Value;
use store::{KeyRingReading, StoreFault, WorkspaceReading};
use web::response::Caching;
use web::route::{Endpoint, Matched};
use web::{Clock, Request, Response, cors, edge, json, unavailable};

/// The handles of the function: it reads public data only.
pub struct Deps {
    /// What finds the workspace of a request.
    pub entrance: Entrance,
    /// Workspaces.
    pub workspaces: WorkspaceReading,
    /// Public keys.
    pub rings: Arc<KeyRingReading>,
    /// The time.
    pub clock: Arc<dyn Clock>,
}

impl Deps {
    /// Takes the handles from the runtime.
    ///
    /// # Errors
    ///
    /// [`BootstrapError`] if the runtime lacks a handle that the function needs.
    pub fn assemble(runtime: &Runtime) -> Result<Self, BootstrapError> {
        Ok(Self {
            entrance: runtime.entrance(),
            workspaces: runtime.workspaces(),
            rings: runtime.rings(),
            clock: Arc::clone(&runtime.clock),
        })
    }
}

impl Deps {
    /// Opens the connection during the start of a function, when it has the full speed of its processor.
    pub async fn warm(&self) {
        if let Err(fault) = self.workspaces.ping().await {
            tracing::warn!(fault = %fault, "the store could not be reached during the start");
        }
    }
}

/// Responds to a request.
pub async fn handle(deps: &Deps, request: &Request) -> Response {
    // Boxed, because the SDK's futures are large.
    edge::guarded(request, Box::pin(async { cors::public(respond(deps, request).await) })).await
}

async fn respond(deps: &Deps, request: &Request) -> Response {
    let ours = [Endpoint::Discovery, Endpoint::Jwks];
    let now = deps.clock.now();
    let Ok(found) = deps.entrance.find(request, now).await.map_err(unavailable) else {
        return json::unavailable(request);
    };
    let Some(matched) = found.filter(|found| ours.contains(&found.route.endpoint)) else {
        return json::not_found(request);
    };
    edge::note_workspace(&matched.workspace);
    match request.method.as_str() {
        "GET" | "HEAD" => {}
        "OPTIONS" => {
            return cors::preflight(
                matched.route,
                request,
                &protocol::clients::allowed_origins::AllowedOrigins::default(),
            );
        }
        _ => return json::method_not_allowed(request, matched.route.methods),
    }
    match document(deps, &matched, now).await {
        Ok(Some(document)) => json::json(200, &document, Caching::Public),
        Ok(None) => json::not_found(request),
        Err(fault) => {
            let _logged = unavailable(fault);
            json::unavailable(request)
        }
    }
}

async fn document(deps: &Deps, matched: &Matched<'_>, now: Timestamp) -> Result<Option<Value>, StoreFault> {
    let loaded = deps.workspaces.workspace(&matched.workspace, now).await?;
    let served = loaded.filter(|loaded| matched.is_served(&loaded.workspace.settings));
    let Some(loaded) = served else { return Ok(None) };
    let ring = deps.rings.ring(&matched.workspace, now).await?;
    let ring = ring.ok_or(StoreFault::Unreadable("key ring"))?;
    if matched.route.endpoint == Endpoint::Jwks {
        return Ok(Some(ring.jwks()));
    }
    Ok(Some(described(&loaded.workspace, &ring)))
}

fn described(workspace: &Workspace, ring: &KeyRing) -> Value {
    metadata::metadata(&workspace.issuer, &workspace.settings, &ring.algorithms())
}
