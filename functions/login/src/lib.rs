//! The pages of the front channel: logging in and consenting.
//!
//! Each request is decided from the sealed interaction and the session alone, so that no page can be skipped; a form
//! contains nothing that could widen the grant.

mod account;
mod consent;
mod deps;
mod page;
mod resume;
mod sign_in;

use frontchannel::BrowserContext;
use protocol::authorization::refusal::Refusal;
use web::route::Endpoint;
use web::{Request, Response};

pub use deps::Deps;

/// Handles a request.
pub async fn handle(deps: &Deps, request: &Request) -> Response {
    let ours = [Endpoint::Login, Endpoint::Consent];
    deps.front.browser.answer(request, &ours, async |context| respond(deps, context).await).await
}

async fn respond(deps: &Deps, context: &BrowserContext<'_>) -> Result<Response, Refusal> {
    match (context.endpoint == Endpoint::Consent, context.is_post()) {
        (false, false) => sign_in::show(deps, context).await,
        (false, true) => sign_in::submit(deps, context).await,
        (true, false) => consent::show(deps, context).await,
        (true, true) => consent::submit(deps, context).await,
    }
}
