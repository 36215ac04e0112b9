//! The pages of the front channel: login, consent, and device.
//!
//! Each request is decided from the sealed interaction and the session alone, so that no page can be skipped; a form
//! contains nothing that could widen the grant.

mod account;
mod consent;
mod deps;
mod device;
mod hashing;
mod login_page;
mod own_account;
mod page;
mod passwords;
mod permissions;
mod resume;
mod sign_in;
mod source;

use frontchannel::BrowserContext;
use protocol::authorization::refusal::Refusal;
use web::route::Endpoint;
use web::{Request, Response};

pub use deps::Deps;

/// Responds to a request.
pub async fn handle(deps: &Deps, request: &Request) -> Response {
    let ours = [Endpoint::Login, Endpoint::Consent, Endpoint::DevicePage];
    deps.front.browser.answer(request, &ours, async |context| respond(deps, context).await).await
}

async fn respond(deps: &Deps, context: &BrowserContext<'_>) -> Result<Response, Refusal> {
    match (context.endpoint, context.is_post()) {
        (Endpoint::Consent, false) => consent::show(deps, context).await,
        (Endpoint::Consent, true) => consent::submit(deps, context).await,
        (Endpoint::DevicePage, false) => device::show(deps, context).await,
        (Endpoint::DevicePage, true) => device::submit(deps, context).await,
        (_, false) => sign_in::show(deps, context).await,
        (_, true) => sign_in::submit(deps, context).await,
    }
}
