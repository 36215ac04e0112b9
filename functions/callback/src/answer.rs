//! Accepting a provider's response.

use frontchannel::{BrowserContext, PendingAuthorization, UserAuthentication};
use protocol::authorization::error::{PageError, RedirectError};
use protocol::authorization::refusal::Refusal;
use protocol::federation::openid::{UpstreamError, UpstreamTransaction};
use protocol::syntax::parameters::Parameters;
use protocol::users::factor::{Factor, Method};
use store::Taking;
use web::Response;
use web::response::with_cookie;

use crate::deps::Deps;
use crate::provider::{Identified, Login, LoginFault, client_secret};
use crate::transaction;

/// Accepts the response that the browser brings, and continues like the login page.
pub(crate) async fn take(deps: &Deps, context: &BrowserContext<'_>) -> Result<Response, Refusal> {
    let answer = context.request.query_parameters().map_err(|_| PageError::ForeignUpstreamAnswer)?;
    let state = answer.one("state").map_err(PageError::from)?.ok_or(PageError::ForeignUpstreamAnswer)?;
    let cookie = transaction::cookie(deps, context, state);
    let transaction = transaction::open(deps, context, &cookie).await?;
    if Some(transaction.provider.as_str()) != context.identity_source || transaction.state != state {
        return Err(Refusal::Page(PageError::ForeignUpstreamAnswer));
    }
    // Whatever the outcome, the transaction is over.
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
    let identified = match identify(deps, &pending, transaction, answer).await {
        Err(Refusal::Page(error)) => return Err(front.stranded(&pending, error).await),
        identified => identified?,
    };
    let Some(Identified { identity, auth_time }) = identified else {
        // The response to the request that used the code may never have reached the user, who perhaps reloaded the
        // page. By now the provider has a session for the user.
        tracing::info!(provider = %transaction.provider, "an upstream answer came twice");
        return front.to_provider(&pending, &transaction.provider).await;
    };
    let recorded = deps.accounts.record(context.id(), &identity).await;
    recorded.map_err(|fault| pending.unavailable(fault))?;
    // A login at the provider may be older than this request, and is never newer than now.
    let factor = Factor { method: Method::Federated, at: auth_time.map(|elsewhere| elsewhere.min(front.now())) };
    let begun = front.log_in(&deps.login, context, UserAuthentication { identity: &identity, factor }).await?;
    Ok(front.proceed(context, &pending, &begun).await)
}

/// Determines who the user is and when they authenticated; `None` if another request has used the response.
async fn identify(
    deps: &Deps,
    pending: &PendingAuthorization,
    transaction: &UpstreamTransaction,
    answer: &Parameters,
) -> Result<Option<Identified>, Refusal> {
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
    let attempt = deps.front.write_attempt(pending)?;
    match deps.answers.take(&pending.workspace().id, transaction, &attempt).await {
        Ok(Taking::First(proof)) => {
            let identified = login.identity(&deps.fetcher, &pending.workspace().id, &proof).await;
            identified.map(Some).map_err(|fault| match fault {
                LoginFault::TooOld => pending.refuse(RedirectError::LoginRequired),
                LoginFault::Page(error) => Refusal::Page(error),
            })
        }
        Ok(Taking::Taken) => Ok(None),
        Err(fault) => Err(pending.unavailable(fault)),
    }
}
