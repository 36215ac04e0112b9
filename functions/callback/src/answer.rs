//! Taking a provider's answer.

use frontchannel::{BrowserContext, PendingAuthorization, UserAuthentication};
use protocol::authorization::error::{PageError, RedirectError};
use protocol::authorization::refusal::Refusal;
use protocol::federation::openid::{UpstreamError, UpstreamTransaction};
use protocol::syntax::parameters::Parameters;
use protocol::types::time::Timestamp;
use protocol::users::factor::{Factor, Method};
use protocol::users::user_claims::Identity;
use web::Response;
use web::response::with_cookie;

use crate::deps::Deps;
use crate::provider::{Login, client_secret};
use crate::transaction;

/// Takes the answer that the browser brings, and goes on as the login page does.
pub(crate) async fn take(deps: &Deps, context: &BrowserContext<'_>) -> Result<Response, Refusal> {
    let answer = context.request.query_parameters().map_err(|_| PageError::ForeignUpstreamAnswer)?;
    let state = answer.one("state").map_err(PageError::from)?.ok_or(PageError::ForeignUpstreamAnswer)?;
    let cookie = transaction::cookie(deps, context, state);
    let transaction = transaction::open(deps, context, &cookie).await?;
    if Some(transaction.provider.as_str()) != context.identity_source || transaction.state != state {
        return Err(Refusal::Page(PageError::ForeignUpstreamAnswer));
    }
    // Whatever comes of it, the transaction is over.
    let outcome = finish(deps, context, &transaction, &answer).await;
    let response = outcome.unwrap_or_else(|refusal| deps.front.browser.refuse(context, refusal));
    Ok(with_cookie(response, &cookie.remove()))
}

async fn finish(
    deps: &Deps,
    context: &BrowserContext<'_>,
    transaction: &UpstreamTransaction,
    answer: &Parameters,
) -> Result<Response, Refusal> {
    let front = &deps.front;
    let pending = front.resume(context, transaction.interaction.clone()).await?;
    let (identity, auth_time) = match identify(deps, &pending, transaction, answer).await {
        Err(Refusal::Page(error)) => return Err(front.stranded(&pending, error).await),
        identified => identified?,
    };
    let recorded = deps.accounts.record(context.id(), &identity).await;
    recorded.map_err(|fault| pending.unavailable(fault))?;
    // A login at the provider may be older than this request, and is never newer than now.
    let now = front.now();
    let factor = Factor { method: Method::Federated, at: auth_time.map_or(now, |elsewhere| elsewhere.min(now)) };
    let begun = front.log_in(&deps.sessions, context, UserAuthentication { identity: &identity, factor }).await?;
    Ok(front.proceed(context, &pending, &begun).await)
}

/// Who the provider says the user is, and since when it is sure.
async fn identify(
    deps: &Deps,
    pending: &PendingAuthorization,
    transaction: &UpstreamTransaction,
    answer: &Parameters,
) -> Result<(Identity, Option<Timestamp>), Refusal> {
    let provider = transaction::provider(pending.workspace(), transaction.provider.as_str())?;
    let now = deps.front.now();
    let metadata = deps.providers.metadata(&deps.fetcher, provider, now).await?;
    let code = match transaction.answered(answer, &metadata) {
        Ok(code) => code,
        Err(UpstreamError::Denied) => return Err(pending.refuse(RedirectError::AccessDenied)),
        Err(UpstreamError::Failed) => return Err(Refusal::Page(PageError::UpstreamRefused)),
        Err(error) => {
            tracing::warn!(error = %error, provider = %provider.id, "an upstream answer was refused");
            return Err(Refusal::Page(PageError::ForeignUpstreamAnswer));
        }
    };
    let login = Login {
        provider,
        metadata: &metadata,
        transaction,
        code,
        callback: &transaction::callback_url(pending.workspace(), provider),
        secret: client_secret(deps, &pending.workspace().id, provider).await?,
        now,
    };
    Ok(login.identity(&deps.fetcher, &pending.workspace().id).await?)
}
