//! The account page: users see what is known about them, where they are signed in, and which applications have access, and end
//! what they no longer want. Every change is a form of this page, for the session it was shown to, after a recent login.

mod change;
mod deps;
mod page;
mod visit;

use frontchannel::BrowserContext;
use pages::AccountNotice;
use protocol::authorization::refusal::Refusal;
use protocol::registration::account_page::Freshness;
use web::route::Endpoint;
use web::{Request, Response};

pub use deps::Deps;

use crate::visit::Visit;

/// Responds to a request.
pub async fn handle(deps: &Deps, request: &Request) -> Response {
    let respond = async |context: &BrowserContext<'_>| respond(deps, context).await;
    deps.browser.answer(request, &[Endpoint::Account], respond).await
}

/// Load, decide, and show or change: each step once, in this order.
async fn respond(deps: &Deps, context: &BrowserContext<'_>) -> Result<Response, Refusal> {
    if context.is_post() {
        return change::submit(deps, context).await;
    }
    let query = context.request.query_parameters().map_err(protocol::authorization::error::PageError::from)?;
    if query.all("error").next().is_some() {
        return Ok(page::show_not_signed_in(deps, context)?);
    }
    match Visit::find(deps, context).await? {
        Some(visit) => {
            let notice = query.all("done").next().and_then(AccountNotice::parse);
            Ok(page::show(deps, context, &visit, notice).await?)
        }
        None => Ok(visit::to_login(context, Freshness::AnySession)),
    }
}
