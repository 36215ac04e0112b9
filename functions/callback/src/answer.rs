//! Taking a provider's answer.

use frontchannel::{PendingAuthorization, UserAuthentication};
use protocol::authorization::error::{PageError, RedirectError};
use protocol::authorization::refusal::Refusal;
use protocol::federation::openid::{UpstreamError, UpstreamTransaction};
use protocol::syntax::parameters::Parameters;
use protocol::types::id::WorkspaceId;
use protocol::types::time::Timestamp;
use protocol::users::user_claims::Identity;
use web::cookie::Cookie;
use web::response::with_cookie;
use web::{Request, Response};

use crate::provider::{Login, client_secret};
use crate::{Deps, callback_url, provider, resumed, transaction_cookie, unavailable};

/// Takes the answer that the browser brings, and goes on as the login page does.
pub(crate) async fn take(
    deps: &Deps,
    request: &Request,
    workspace: &WorkspaceId,
    idp: &str,
) -> Result<Response, Refusal> {
    let answer = request.query_parameters().map_err(|_| PageError::ForeignUpstreamAnswer)?;
    let state = answer.one("state").map_err(PageError::from)?.ok_or(PageError::ForeignUpstreamAnswer)?;
    let cookie = transaction_cookie(deps, workspace, state);
    let transaction = transaction(deps, request, workspace, &cookie).await?;
    if transaction.provider.as_str() != idp || transaction.state != state {
        return Err(Refusal::Page(PageError::ForeignUpstreamAnswer));
    }
    // Whatever comes of it, the transaction is over.
    let outcome = finish(deps, request, workspace, (&transaction, &answer)).await;
    let response = outcome.unwrap_or_else(|refusal| deps.front.refused(request, workspace, refusal));
    Ok(with_cookie(response, &cookie.remove()))
}

async fn transaction(
    deps: &Deps,
    request: &Request,
    workspace: &WorkspaceId,
    cookie: &Cookie,
) -> Result<UpstreamTransaction, PageError> {
    let sealed = cookie.read(request).ok_or(PageError::ForeignUpstreamAnswer)?;
    let keys = deps.transactions.keys(deps.front.clock.now()).await.map_err(|fault| unavailable(&fault))?;
    let plain = keys.open(workspace, sealed).ok_or(PageError::ForeignUpstreamAnswer)?;
    let transaction: UpstreamTransaction =
        serde_json::from_slice(plain.expose()).map_err(|_| PageError::ForeignUpstreamAnswer)?;
    if deps.front.clock.now().reached(transaction.expires) {
        return Err(PageError::StaleInteraction);
    }
    Ok(transaction)
}

async fn finish(
    deps: &Deps,
    request: &Request,
    workspace: &WorkspaceId,
    (transaction, answer): (&UpstreamTransaction, &Parameters),
) -> Result<Response, Refusal> {
    let front = &deps.front;
    let pending = resumed(deps, request, workspace, transaction.interaction.clone()).await?;
    let (identity, auth_time) = identity(deps, &pending, transaction, answer).await?;
    deps.accounts.record(workspace, &identity).await.map_err(|fault| {
        tracing::error!(fault = %fault, "an account could not be recorded");
        front.refusal(&pending, RedirectError::TemporarilyUnavailable)
    })?;
    let authenticated = UserAuthentication { identity: &identity, amr: &["fed"], auth_time };
    let begun = front.log_in(&deps.sessions, request, &pending, authenticated).await?;
    Ok(front.proceed(request, &pending, &begun).await)
}

/// Who the provider says the user is, and since when it is sure.
async fn identity(
    deps: &Deps,
    pending: &PendingAuthorization,
    transaction: &UpstreamTransaction,
    answer: &Parameters,
) -> Result<(Identity, Option<Timestamp>), Refusal> {
    let provider = provider(pending, transaction.provider.as_str())?;
    let now = deps.front.clock.now();
    let metadata = deps.upstreams.metadata(&deps.fetcher, provider, now).await?;
    let code = match transaction.answered(answer, &metadata) {
        Ok(code) => code,
        Err(UpstreamError::Denied) => return Err(deps.front.refusal(pending, RedirectError::AccessDenied)),
        Err(UpstreamError::Failed) => return Err(Refusal::Page(PageError::UpstreamRefused)),
        Err(error) => {
            tracing::warn!(error = %error, provider = %provider.id, "an upstream answer was refused");
            return Err(Refusal::Page(PageError::ForeignUpstreamAnswer));
        }
    };
    let secret = client_secret(deps, pending, provider).await?;
    let login = Login {
        provider,
        metadata: &metadata,
        transaction,
        code,
        callback: &callback_url(pending, provider.id.as_str()),
        secret,
        now,
    };
    Ok(login.identity(&deps.fetcher, &pending.workspace.workspace.id).await?)
}
