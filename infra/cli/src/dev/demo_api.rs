//! The example API of the demo: a resource server that validates access tokens itself.
//!
//! It is configured with the issuer and its own audience, and reads the published JWKS as any API would, but without a
//! socket, because the server runs in the same process.

use std::sync::Arc;
use std::time::Duration;

use http::Method;
use postern_resource::{AccessToken, JwksFault, JwksSource, Refusal, Validator};
use serde_json::json;
use web::response::Caching;
use web::{Clock, Request, Response, json};

/// The scope that a request needs.
const SCOPE: &str = "offers.read";

/// The demo API.
pub(crate) struct DemoApi(Validator<PublishedKeys>);

impl DemoApi {
    /// The API below `public_url`, which accepts tokens of the demo's issuer.
    pub(crate) fn new(public_url: &str, metadata: Arc<metadata::Deps>, clock: Arc<dyn Clock>) -> Self {
        let (issuer, audience) = (format!("{public_url}/default/demo"), format!("{public_url}/demo/api"));
        let validator = Validator::new(issuer, audience, PublishedKeys(metadata));
        Self(validator.clock(move || Duration::from_millis(clock.now().millis())))
    }

    /// Handles a request.
    pub(crate) async fn handle(&self, request: &Request) -> Response {
        if request.method != Method::GET {
            return json::method_not_allowed(request, &["GET"]);
        }
        let token = self.0.authenticate(&request.headers, Some(&request.query)).await;
        match token.and_then(|token| token.require_scope(SCOPE)) {
            Ok(token) => json::json(200, &offers(&token, self.0.audience()), Caching::Never),
            Err(refusal) => refusal_response(request, &refusal),
        }
    }
}

fn offers(token: &AccessToken, audience: &str) -> serde_json::Value {
    json!({
        "offers": [
            {"id": "o-1", "title": "A week by the sea"},
            {"id": "o-2", "title": "A night train to Lisbon"},
            {"id": "o-3", "title": "A walk along the wall"},
        ],
        "validated": {
            "issuer": token.issuer(),
            "audience": audience,
            "algorithm": token.algorithm().as_str(),
            "subject": token.subject(),
            "scope": token.scopes().collect::<Vec<_>>().join(" "),
            "expires_at": token.expires_at(),
        },
    })
}

fn refusal_response(request: &Request, refusal: &Refusal) -> Response {
    let (status, code) = refusal.code();
    let code = code.unwrap_or("invalid_token");
    let mut response = json::error(request, status.as_u16(), code, refusal.description());
    if let Some(challenge) = refusal.challenge("offers") {
        response.headers_mut().insert(http::header::WWW_AUTHENTICATE, challenge);
    }
    response
}

/// The published keys of the demo's issuer.
struct PublishedKeys(Arc<metadata::Deps>);

impl JwksSource for PublishedKeys {
    async fn fetch(&self) -> Result<Vec<u8>, JwksFault> {
        let request = Request { path: "/default/demo/.well-known/jwks.json".into(), ..Request::nameless("") };
        let response = Box::pin(metadata::handle(&self.0, &request)).await;
        let status = response.status().as_u16();
        if status == 200 { Ok(response.into_body().to_vec()) } else { Err(JwksFault::Status(status)) }
    }
}
