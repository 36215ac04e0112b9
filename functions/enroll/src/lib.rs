//! Users who prove that a mailbox is theirs: they set a new password with a code or link from their mail.
//!
//! Nobody learns here whether an account exists: whoever asks for a message gets the same page after the same work, and what
//! differs is done by the function that sends mail, later (catalogue row SEC-PWD-04).

mod deps;
mod new_password;
mod page;
mod proof;
mod request;

use frontchannel::BrowserContext;
use protocol::authorization::error::PageError;
use protocol::authorization::refusal::Refusal;
use web::route::Endpoint;
use web::{Request, Response};

pub use deps::Deps;

/// Responds to a request.
pub async fn handle(deps: &Deps, request: &Request) -> Response {
    let ours = [Endpoint::Recovery];
    deps.front.browser.answer(request, &ours, async |context| respond(deps, context).await).await
}

async fn respond(deps: &Deps, context: &BrowserContext<'_>) -> Result<Response, Refusal> {
    if !context.workspace().settings.has_recovery() {
        return Err(PageError::NotFound.into());
    }
    if context.is_post() {
        let form = deps.front.browser.form(context)?;
        if form.one("password").map_err(PageError::from)?.is_some() {
            return new_password::submit(deps, context, &form).await;
        }
        return request::submit(deps, context, &form).await;
    }
    let query = context.request.query_parameters().map_err(PageError::from)?;
    match query.one("link").map_err(PageError::from)? {
        Some(link) => new_password::show(deps, context, link).await,
        None => request::show(deps, context, &query).await,
    }
}
