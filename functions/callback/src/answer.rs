//! Accepts the authorization response of a provider.

use frontchannel::{BrowserContext, PendingAuthorization, UserAuthentication};
use protocol::authorization::error::{PageError, RedirectError};
use protocol::authorization::refusal::Refusal;
use protocol::authorization::upstream_refusal::UpstreamRefusal;
use protocol::federation::openid::{UpstreamError, UpstreamTransaction};
use protocol::federation::source_choice;
use protocol::syntax::encoding::encode_uri_component;
use protocol::syntax::parameters::Parameters;
use protocol::syntax::quoted::Quoted;
use protocol::users::factor::{Factor, Method};
use protocol::workspace::upstream_provider::UpstreamProvider;
use store::Taking;
use web::Response;
use web::request::MAX_QUERY_BYTES;
use web::response::{see_other, with_cookie};

use crate::credential;
use crate::deps::Deps;
use crate::posted_name;
use crate::provider::{Identified, Login, LoginFault};
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
    // The transaction is over, whatever the outcome.
    let outcome = finish(deps, context, &transaction, &answer).await;
    let response = outcome.unwrap_or_else(|refusal| deps.front.browser.refuse(context, refusal));
    Ok(with_cookie(response, &cookie.remove()))
}

/// Redirects an authorization response that arrived as a cross-site form (OAuth 2.0 Form Post Response Mode) to the same
/// URL by GET, because browsers send our `SameSite=Lax` cookies only with that. Other fields of the form are unsigned and
/// are dropped; of the `user` of Sign in with Apple the name may be taken, sealed, so that no history or log has it.
pub(crate) async fn resend(deps: &Deps, context: &BrowserContext<'_>) -> Result<Response, Refusal> {
    let provider = transaction::provider(context.workspace(), context.identity_source.unwrap_or_default())?;
    let form = context.request.form_repeating(&[]).map_err(PageError::from)?;
    let mut query = Vec::new();
    for name in ["state", "code", "iss", "error", "error_description"] {
        let value = form.one(name).map_err(PageError::from)?;
        query.extend(value.map(|value| format!("{name}={}", encode_uri_component(value))));
    }
    let mut query = query.join("&");
    if query.len() > MAX_QUERY_BYTES {
        return Err(Refusal::Page(PageError::RequestTooLarge));
    }
    if let Some(name) = posted_name::sealed(deps, context, provider, &form).await? {
        let room = MAX_QUERY_BYTES.saturating_sub(query.len());
        query.extend(Some(format!("&{}={name}", posted_name::PARAMETER)).filter(|name| name.len() <= room));
    }
    Ok(see_other(&format!("{}?{query}", transaction::callback_url(context.workspace(), provider))))
}

async fn finish(
    deps: &Deps,
    context: &BrowserContext<'_>,
    transaction: &UpstreamTransaction,
    answer: &Parameters,
) -> Result<Response, Refusal> {
    let front = &deps.front;
    let pending = front.resume(context, transaction.interaction.clone()).await?;
    if context.now.reached(transaction.expires) {
        return Err(front.stranded(&pending, PageError::StaleInteraction).await);
    }
    let identified = match identify(deps, &pending, transaction, answer).await {
        Err(Refusal::Page(error)) => return Err(front.stranded(&pending, error).await),
        identified => identified?,
    };
    let Some(Identified { mut identity, auth_time, class }) = identified else {
        // The user may never have received the response to the request that used the code, and may have reloaded the
        // page. The provider has a session for the user by now.
        tracing::info!(provider = %transaction.provider, "an upstream response was received twice");
        return front.to_provider(&pending, &transaction.provider).await;
    };
    let posted = posted_name::opened(deps, context, transaction, answer).await?;
    let recorded = deps.accounts.record(context.id(), &identity, posted.as_ref()).await;
    identity.claims = identity.claims.named_by(recorded.map_err(|fault| pending.unavailable(fault))?);
    // A login at the provider may be older than this request, but never newer than the current time.
    let factor = Factor { method: Method::Federated, at: auth_time.map(|elsewhere| elsewhere.min(front.now())), class };
    let begun = front.log_in(&deps.login, context, UserAuthentication { identity: &identity, factor }).await?;
    let response = front.proceed(context, &pending, &begun).await;
    let remembered = front.remembered_source(context, &transaction.provider);
    Ok(remembered.iter().fold(response, |response, cookie| with_cookie(response, cookie)))
}

/// Logs the provider's error, shortened: it is meant for the operator of this server.
fn note(provider: &UpstreamProvider, answer: &Parameters) {
    let text = |name| Quoted::of(answer.one(name).ok().flatten().unwrap_or_default());
    let (error, description) = (text("error"), text("error_description"));
    tracing::warn!(error = %error, description = %description, provider = %provider.id, "an upstream provider refused a login");
}

/// The end of a login that the provider refused: where the user can log in another way, a page that says so, and otherwise
/// the error at the client.
fn refused(pending: &PendingAuthorization, refusal: UpstreamRefusal) -> Refusal {
    let avoidable = match refusal {
        UpstreamRefusal::Denied => Some(PageError::UpstreamDenied),
        UpstreamRefusal::TemporarilyUnavailable => Some(PageError::UpstreamUnreachable),
        UpstreamRefusal::LoginRequired
        | UpstreamRefusal::ConsentRequired
        | UpstreamRefusal::InteractionRequired
        | UpstreamRefusal::AccountSelectionRequired
        | UpstreamRefusal::ServerError => None,
    };
    let has_another_way = source_choice::several(&pending.workspace().settings);
    match avoidable.filter(|_| has_another_way) {
        Some(error) => error.into(),
        None => pending.refuse(RedirectError::Upstream(refusal)),
    }
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
    let code = match transaction.answered(answer, (provider, &metadata)) {
        Ok(code) => code,
        Err(UpstreamError::Refused(refusal)) => {
            note(provider, answer);
            return Err(refused(pending, refusal));
        }
        Err(error) => {
            tracing::warn!(error = %error, provider = %provider.id, "an upstream response was refused");
            return Err(Refusal::Page(PageError::ForeignUpstreamAnswer));
        }
    };
    let login = Login {
        provider,
        metadata: &metadata,
        transaction,
        code,
        callback: &transaction::callback_url(pending.workspace(), provider),
        credential: credential::at(deps, &pending.workspace().id, (provider, &metadata), now).await?,
        now,
    };
    let attempt = deps.front.write_attempt(pending)?;
    match deps.answers.take(&pending.workspace().id, transaction, &attempt).await {
        Ok(Taking::First(proof)) => {
            let identified = login.identity(deps, &pending.workspace().id, &proof).await;
            identified.map(Some).map_err(|fault| match fault {
                LoginFault::TooOld => pending.refuse(RedirectError::LoginRequired),
                LoginFault::Page(error) => Refusal::Page(error),
            })
        }
        Ok(Taking::Taken) => Ok(None),
        Err(fault) => Err(pending.unavailable(fault)),
    }
}
