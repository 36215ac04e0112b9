//! How a page finds the authorization request that it is for.

use frontchannel::{BrowserContext, FinishedAuthorization, FrontChannel, PendingAuthorization};
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

/// The interaction that `form` names, which was finished by the same form before.
pub(crate) async fn finished(
    front: &FrontChannel,
    context: &BrowserContext<'_>,
    form: &Parameters,
) -> Result<FinishedAuthorization, Refusal> {
    let interaction = open(front, context, form).await?;
    front.finished(context, interaction).await
}

/// Combines the refusal of a form as a first submission with its refusal as a resubmission: the first one if both are
/// the same error, because it has the links.
pub(crate) fn refused_twice(first: Refusal, again: Refusal) -> Refusal {
    if again.page() == first.page() { first } else { again }
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
