//! Discovery documents and public keys: what every client and every API reads first.

use assembly::{AssemblyError, Parts};
use backchannel::BackChannel;
use protocol::discovery;
use protocol::key_ring::KeyRing;
use protocol::workspace::Workspace;
use serde_json::Value;
use store::StoreFault;
use web::response::Caching;
use web::route::{self, Endpoint, Matched};
use web::{Request, Response, cors, edge, json};

/// What the function works with: it reads what is public.
pub struct Deps {
    /// The back channel.
    pub back: BackChannel,
}

impl Deps {
    /// Takes what the function needs.
    ///
    /// # Errors
    ///
    /// [`AssemblyError`] if something of it is not there.
    pub fn assemble(parts: &Parts) -> Result<Self, AssemblyError> {
        Ok(Self { back: parts.back() })
    }
}

/// Answers a request.
pub async fn handle(deps: &Deps, request: &Request) -> Response {
    edge::guarded(request, async { cors::public(respond(deps, request).await) }).await
}

async fn respond(deps: &Deps, request: &Request) -> Response {
    let ours = [Endpoint::Discovery, Endpoint::Jwks];
    let Some(matched) = route::find(&request.path).filter(|found| ours.contains(&found.route.endpoint)) else {
        return json::not_found(request);
    };
    match request.method.as_str() {
        "GET" => {}
        "OPTIONS" => return cors::preflight(matched.route, request, &protocol::cors::AllowedOrigins::default()),
        _ => return json::method_not_allowed(request, matched.route.methods),
    }
    match document(deps, &matched).await {
        Ok(Some(document)) => json::json(200, &document, Caching::Public),
        Ok(None) => json::not_found(request),
        Err(fault) => {
            tracing::error!(fault = %fault, "the metadata endpoint is not available");
            json::unavailable(request)
        }
    }
}

async fn document(deps: &Deps, matched: &Matched<'_>) -> Result<Option<Value>, StoreFault> {
    let now = deps.back.clock.now();
    let Some(loaded) = deps.back.configuration.workspace(&matched.workspace, now).await? else { return Ok(None) };
    let ring = deps.back.rings.ring(&matched.workspace, now).await?;
    let ring = ring.ok_or(StoreFault::Unreadable("key ring"))?;
    if matched.route.endpoint == Endpoint::Jwks {
        return Ok(Some(ring.jwks()));
    }
    Ok(Some(described(&loaded.workspace, &ring)))
}

fn described(workspace: &Workspace, ring: &KeyRing) -> Value {
    discovery::metadata(&workspace.issuer, &workspace.settings.scope_names(), &ring.algorithms())
}
