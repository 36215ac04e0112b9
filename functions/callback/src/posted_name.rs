//! The name that a user posts with their first login, where a provider is configured for it: it travels sealed from the form
//! to the request that our cookies come with, and is bound to one login.

use frontchannel::BrowserContext;
use protocol::authorization::error::PageError;
use protocol::federation::openid::UpstreamTransaction;
use protocol::federation::posted_name::posted_name;
use protocol::syntax::parameters::Parameters;
use protocol::users::user_claims::SourceClaims;
use protocol::workspace::upstream_provider::{UpstreamProvider, UserParameter};
use serde::{Deserialize, Serialize};
use web::unavailable;

use crate::deps::Deps;
use crate::transaction;

/// The parameter, in the form of the provider and, sealed, in ours.
pub(crate) const PARAMETER: &str = "user";

/// What is sealed.
#[derive(Serialize, Deserialize)]
struct Posted {
    state: String,
    name: SourceClaims,
}

/// The name in `form`, sealed, if there is one and `provider` is configured for it.
pub(crate) async fn sealed(
    deps: &Deps,
    context: &BrowserContext<'_>,
    provider: &UpstreamProvider,
    form: &Parameters,
) -> Result<Option<String>, PageError> {
    if provider.user_parameter == UserParameter::Ignored {
        return Ok(None);
    }
    let name = form.one(PARAMETER)?.map(posted_name).unwrap_or_default();
    let Some(state) = form.one("state")?.filter(|_| !name.is_empty()) else { return Ok(None) };
    let plain = serde_json::to_vec(&Posted { state: state.into(), name }).map_err(unavailable)?;
    let keys = deps.transactions.keys(context.now).await.map_err(unavailable)?;
    keys.seal(context.id(), plain, &*deps.front.browser.entropy).map(Some).map_err(|fault| unavailable(fault).into())
}

/// The name that came with the answer to `transaction`; `None` if its provider is not configured for one. What does not open,
/// or is of another login, is no name: the login does not depend on it.
pub(crate) async fn opened(
    deps: &Deps,
    context: &BrowserContext<'_>,
    transaction: &UpstreamTransaction,
    answer: &Parameters,
) -> Result<Option<SourceClaims>, PageError> {
    let provider = transaction::provider(context.workspace(), transaction.provider.as_str())?;
    if provider.user_parameter == UserParameter::Ignored {
        return Ok(None);
    }
    let Some(sealed) = answer.one(PARAMETER)? else { return Ok(Some(SourceClaims::default())) };
    let keys = deps.transactions.keys(context.now).await.map_err(unavailable)?;
    let plain = keys.open(context.id(), sealed);
    let posted = plain.and_then(|plain| serde_json::from_slice::<Posted>(plain.expose()).ok());
    Ok(Some(posted.filter(|posted| posted.state == transaction.state).map(|posted| posted.name).unwrap_or_default()))
}
