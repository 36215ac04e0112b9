//! A login that waits for its provider: sealed in a cookie of the browser and identified by `state`.

use frontchannel::{BrowserContext, PendingAuthorization};
use protocol::authorization::error::PageError;
use protocol::authorization::refusal::Refusal;
use protocol::federation::openid::UpstreamTransaction;
use protocol::workspace::settings::Workspace;
use protocol::workspace::upstream_provider::UpstreamProvider;
use web::cookie::Cookie;
use web::login_cookies::{UPSTREAM, undated};
use web::unavailable;

use crate::deps::Deps;

/// The maximum length of a sealed transaction: it has to fit into a cookie of four kilobytes.
const MAX_SEALED_TRANSACTION_BYTES: usize = 3800;

/// Returns the provider `idp` of `workspace`.
pub(crate) fn provider<'w>(workspace: &'w Workspace, idp: &str) -> Result<&'w UpstreamProvider, PageError> {
    workspace.settings.upstream(idp).ok_or(PageError::UnknownIdentitySource)
}

/// The redirect URI registered at `provider`.
pub(crate) fn callback_url(workspace: &Workspace, provider: &UpstreamProvider) -> String {
    workspace.issuer.url(&format!("/callback/{}", provider.id))
}

/// The cookie of the transaction with this `state`. Each transaction has its own, so that concurrent tabs do not
/// interfere.
pub(crate) fn cookie(deps: &Deps, context: &BrowserContext<'_>, state: &str) -> Cookie {
    Cookie::numbered(UPSTREAM, state, context.id(), &deps.front.browser.public_url)
}

/// Seals `transaction`, which belongs to `pending`.
pub(crate) async fn seal(
    deps: &Deps,
    context: &BrowserContext<'_>,
    pending: &PendingAuthorization,
    transaction: &UpstreamTransaction,
) -> Result<String, Refusal> {
    let plain = serde_json::to_vec(transaction).map_err(|fault| pending.unavailable(fault))?;
    let keys = deps.transactions.keys(context.now).await.map_err(|fault| pending.unavailable(fault))?;
    let sealed = keys.seal(context.id(), plain, &*deps.front.browser.entropy);
    pending.within(sealed.map_err(|fault| pending.unavailable(fault))?, MAX_SEALED_TRANSACTION_BYTES)
}

/// Opens the transaction that the browser carries in `cookie`, expired or not.
pub(crate) async fn open(
    deps: &Deps,
    context: &BrowserContext<'_>,
    cookie: &Cookie,
) -> Result<UpstreamTransaction, PageError> {
    let sealed = cookie.read(context.request).ok_or(PageError::ForeignUpstreamAnswer)?;
    let keys = deps.transactions.keys(context.now).await.map_err(unavailable)?;
    let plain = keys.open(context.id(), undated(sealed)).ok_or(PageError::ForeignUpstreamAnswer)?;
    serde_json::from_slice(plain.expose()).map_err(|_| PageError::ForeignUpstreamAnswer)
}
