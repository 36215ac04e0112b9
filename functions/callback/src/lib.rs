//! Logging in with an upstream OpenID provider: redirects the user there and accepts the response.
//!
//! The transaction travels sealed in a cookie that is removed with its first use; state, nonce, PKCE and `iss` are
//! checked, and nothing is sent to the provider before they are (catalogue rows SEC-UP-01 to 05).

mod answer;
mod begin;
mod credential;
mod deps;
mod posted_name;
mod provider;
mod provider_fault;
mod provider_metadata;
mod transaction;
mod user_api;

use frontchannel::BrowserContext;
use protocol::authorization::refusal::Refusal;
use web::route::Endpoint;
use web::{Request, Response};

pub use deps::Deps;
pub use provider_metadata::ProviderMetadata;

/// Handles a request.
pub async fn handle(deps: &Deps, request: &Request) -> Response {
    let ours = [Endpoint::UpstreamLogin, Endpoint::Callback];
    deps.front.browser.answer(request, &ours, async |context| respond(deps, context).await).await
}

async fn respond(deps: &Deps, context: &BrowserContext<'_>) -> Result<Response, Refusal> {
    if context.endpoint == Endpoint::UpstreamLogin {
        begin::begin(deps, context).await
    } else if context.is_post() {
        answer::resend(deps, context).await
    } else {
        answer::take(deps, context).await
    }
}
