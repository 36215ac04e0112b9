//! The example API of the demo: a resource server that believes nothing but what it verified itself.
//!
//! It knows the issuer and its own audience; the keys it reads from the published JWKS, and it asks nobody about a
//! token (RFC 9068 §4). That is why it goes on accepting a revoked token until that ends.

use std::sync::Arc;

use http::{HeaderMap, Method, header};
use protocol::access_token::{self, AccessTokenClaims};
use protocol::bearer::{BearerError, bearer_token};
use protocol::id::{Issuer, WorkspaceId};
use protocol::jwk::{Algorithm, ForeignJwks};
use serde_json::json;
use signing::verify;
use web::response::Caching;
use web::{Clock, Deadline, Request, Response, json};

/// The scope that reading takes.
const SCOPE: &str = "offers.read";

/// The API.
pub(crate) struct Offers {
    issuer: Option<Issuer>,
    audience: String,
    metadata: Arc<metadata::Deps>,
    clock: Arc<dyn Clock>,
}

impl Offers {
    /// The API below `public_url`, which trusts the demo's issuer.
    pub(crate) fn new(public_url: &str, metadata: Arc<metadata::Deps>, clock: Arc<dyn Clock>) -> Self {
        let issuer = WorkspaceId::parse("default", "demo").ok().map(|workspace| Issuer::new(public_url, &workspace));
        Self { issuer, audience: format!("{public_url}/demo/api"), metadata, clock }
    }

    /// Answers a request.
    pub(crate) async fn handle(&self, request: &Request) -> Response {
        if request.method != Method::GET {
            return json::method_not_allowed(request, &["GET"]);
        }
        match self.validated(request).await {
            Ok((claims, algorithm)) => json::json(200, &self.offers(&claims, algorithm), Caching::Never),
            Err(error) => refused(request, error),
        }
    }

    /// The claims of the token, once signature, type, issuer, audience, expiry and scope are right.
    async fn validated(&self, request: &Request) -> Result<(AccessTokenClaims, Algorithm), BearerError> {
        let token = bearer_token(&request.header(header::AUTHORIZATION))?;
        let issuer = self.issuer.as_ref().ok_or(BearerError::Unavailable)?;
        let found = verify::header(token.expose()).ok_or(BearerError::Invalid)?;
        let keys = self.jwks().await?.candidates(found.alg, found.kid.as_deref());
        let claims = verify::claims(token.expose(), &keys, |typ| typ == Some(access_token::TYPE));
        let claims = claims.and_then(|claims| AccessTokenClaims::parse(&claims, issuer)).ok_or(BearerError::Invalid)?;
        if claims.expired(self.clock.now()) || !claims.is_for(&self.audience) {
            return Err(BearerError::Invalid);
        }
        if claims.scope.contains(SCOPE) { Ok((claims, found.alg)) } else { Err(BearerError::InsufficientScope) }
    }

    /// The published keys, as anybody reads them.
    async fn jwks(&self) -> Result<ForeignJwks, BearerError> {
        let request = Request {
            method: Method::GET,
            path: "/default/demo/.well-known/jwks.json".into(),
            query: String::new(),
            headers: HeaderMap::new(),
            body: bytes::Bytes::new(),
            trace_id: String::new(),
            deadline: Deadline::NONE,
        };
        let response = Box::pin(metadata::handle(&self.metadata, &request)).await;
        serde_json::from_slice(response.body()).map_err(|_| BearerError::Unavailable)
    }

    fn offers(&self, claims: &AccessTokenClaims, algorithm: Algorithm) -> serde_json::Value {
        json!({
            "offers": [
                {"id": "o-1", "title": "A week by the sea"},
                {"id": "o-2", "title": "A night train to Lisbon"},
                {"id": "o-3", "title": "A walk along the wall"},
            ],
            "validated": {
                "issuer": claims.iss,
                "audience": self.audience,
                "algorithm": algorithm.as_str(),
                "subject": claims.sub,
                "scope": claims.scope,
                "expires_at": claims.exp,
            },
        })
    }
}

fn refused(request: &Request, error: BearerError) -> Response {
    let (status, code) = error.response();
    let response = json::error(request, status, code.unwrap_or("invalid_token"), &error.to_string());
    let challenge =
        code.map_or_else(|| "Bearer".to_owned(), |code| format!("Bearer error=\"{code}\", scope=\"{SCOPE}\""));
    json::challenged(response, &challenge)
}
