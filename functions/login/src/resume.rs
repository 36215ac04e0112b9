//! How a page finds the authorization request that it is for.

use frontchannel::{BrowserContext, FrontChannel, PendingAuthorization};
use protocol::authorization::error::PageError;
use protocol::authorization::interaction::Interaction;
use protocol::authorization::refusal::Refusal;
use protocol::syntax::parameters::Parameters;

/// Resumes the interaction that the query names.
pub(crate) async fn by_query(
    front: &FrontChannel,
    context: &BrowserContext<'_>,
) -> Result<PendingAuthorization, Refusal> {
    let query = context.request.query_parameters().map_err(PageError::from)?;
    by_parameters(front, context, &query).await
}

/// Resumes the interaction that `parameters` name.
pub(crate) async fn by_parameters(
    front: &FrontChannel,
    context: &BrowserContext<'_>,
    parameters: &Parameters,
) -> Result<PendingAuthorization, Refusal> {
    let interaction = open(front, context, parameters).await?;
    front.resume(context, interaction).await
}

/// The interaction that `parameters` name, whether it can be resumed or not.
pub(crate) async fn open(
    front: &FrontChannel,
    context: &BrowserContext<'_>,
    parameters: &Parameters,
) -> Result<Interaction, PageError> {
    front.open(context, parameters.one("interaction")?).await
}
