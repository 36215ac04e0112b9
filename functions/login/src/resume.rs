//! How a page finds the authorization request that it is for.

use frontchannel::{BrowserContext, FinishedAuthorization, FrontChannel, PendingAuthorization};
use protocol::authorization::error::PageError;
use protocol::syntax::parameters::Parameters;

/// Resumes the interaction that the query names.
pub(crate) async fn by_query(
    front: &FrontChannel,
    context: &BrowserContext<'_>,
) -> Result<PendingAuthorization, PageError> {
    let query = context.request.query_parameters()?;
    by_parameters(front, context, &query).await
}

/// The interaction that `form` names, which was finished by the same form before.
pub(crate) async fn finished(
    front: &FrontChannel,
    context: &BrowserContext<'_>,
    form: &Parameters,
) -> Result<FinishedAuthorization, PageError> {
    let interaction = front.open(context, form.one("interaction")?).await?;
    front.finished(context, interaction).await
}

/// Resumes the interaction that `parameters` name.
pub(crate) async fn by_parameters(
    front: &FrontChannel,
    context: &BrowserContext<'_>,
    parameters: &Parameters,
) -> Result<PendingAuthorization, PageError> {
    let interaction = front.open(context, parameters.one("interaction")?).await?;
    front.resume(context, interaction).await
}
