//! The beginning of a login for the account page.

use frontchannel::{BrowserContext, FrontChannel};
use protocol::authorization::error::PageError;
use protocol::authorization::refusal::Refusal;
use protocol::registration::account_page::Freshness;
use protocol::syntax::parameters::Parameters;
use web::Response;

/// What the account page asks for, if `query` is from there: the names of two logins, and never a URL to return to.
pub(crate) fn asked(query: &Parameters) -> Result<Option<Freshness>, PageError> {
    Ok(match query.one("account")? {
        None => None,
        Some("show") => Some(Freshness::AnySession),
        Some("change") => Some(Freshness::Recent),
        Some(_) => return Err(PageError::StaleInteraction),
    })
}

/// Begins the login, unless the one behind the browser's session will do.
pub(crate) async fn begin(
    front: &FrontChannel,
    context: &BrowserContext<'_>,
    freshness: Freshness,
) -> Result<Response, Refusal> {
    let pending = front.begin_account(context, freshness)?;
    match front.session(context).await?.filter(|session| freshness.is_met_by(session, context.now)) {
        Some(session) => front.next(&pending, &session).await,
        None => front.to_login(&pending).await,
    }
}
