//! Sending the user to a provider.

use frontchannel::{BrowserContext, PendingAuthorization};
use protocol::authorization::error::PageError;
use protocol::authorization::interaction::Interaction;
use protocol::authorization::refusal::Refusal;
use protocol::federation::openid::{Target, UpstreamTransaction};
use protocol::syntax::encoding::base64url;
use protocol::types::time::Lifetime;
use sha2::{Digest as _, Sha256};
use web::Response;
use web::login_cookies::dated;
use web::response::{see_other, with_cookie};

use crate::deps::Deps;
use crate::transaction;

/// How long a user may take to log in at the provider.
const UPSTREAM_LOGIN_TIMEOUT: Lifetime = Lifetime::seconds(900);

/// Starts a login with the provider named in the path.
pub(crate) async fn begin(deps: &Deps, context: &BrowserContext<'_>) -> Result<Response, Refusal> {
    let front = &deps.front;
    let query = context.request.query_parameters().map_err(|_| PageError::StaleInteraction)?;
    let interaction = front.open(context, query.one("interaction").map_err(PageError::from)?).await?;
    let pending = front.resume(context, interaction.clone()).await?;
    match send(deps, context, &pending, interaction).await {
        Err(Refusal::Page(error)) => Err(front.stranded(&pending, error).await),
        sent => sent,
    }
}

/// Redirects the browser to the provider, with a new transaction.
async fn send(
    deps: &Deps,
    context: &BrowserContext<'_>,
    pending: &PendingAuthorization,
    interaction: Interaction,
) -> Result<Response, Refusal> {
    let front = &deps.front;
    let provider = transaction::provider(context.workspace(), context.identity_source.unwrap_or_default())?;
    let metadata = deps.providers.metadata(&deps.fetcher, provider, context.now).await?;
    let transaction = UpstreamTransaction {
        interaction,
        provider: provider.id.clone(),
        issuer: provider.issuer.clone(),
        state: front.browser.random_text::<32>()?,
        nonce: front.browser.random_text::<32>()?,
        code_verifier: front.browser.random_text::<32>()?,
        expires: front.now().plus(UPSTREAM_LOGIN_TIMEOUT),
    };
    let code_challenge = base64url(&Sha256::digest(transaction.code_verifier.as_bytes()));
    let callback = transaction::callback_url(context.workspace(), provider);
    let target = Target { callback: &callback, code_challenge: &code_challenge };
    let url = transaction.authorization_url(provider, &metadata, &target);
    let transaction = UpstreamTransaction { interaction: transaction.interaction.without_hints(), ..transaction };
    let sealed = transaction::seal(deps, context, pending, &transaction).await?;
    let value = dated(&sealed, front.now());
    let cookie = transaction::cookie(deps, context, &transaction.state).set_for(&value, UPSTREAM_LOGIN_TIMEOUT);
    let renewed = front.renewed_cookie(context, pending);
    Ok(renewed.iter().chain([&cookie]).fold(see_other(&url), |response, cookie| with_cookie(response, cookie)))
}
