//! Finds the authorization request that a page belongs to.

use frontchannel::{BrowserContext, FinishedAuthorization, FrontChannel, PendingAuthorization};
use protocol::authorization::error::PageError;
use protocol::authorization::interaction::Interaction;
use protocol::authorization::refusal::Refusal;
use protocol::syntax::parameters::Parameters;

/// Resumes the interaction identified by the query.
pub(crate) async fn by_query(
    front: &FrontChannel,
    context: &BrowserContext<'_>,
) -> Result<PendingAuthorization, Refusal> {
    let query = context.request.query_parameters().map_err(PageError::from)?;
    by_parameters(front, context, &query).await
}

/// The interaction identified by `form`, which the same form has already finished.
pub(crate) async fn finished(
    front: &FrontChannel,
    context: &BrowserContext<'_>,
    form: &Parameters,
) -> Result<FinishedAuthorization, Refusal> {
    let interaction = open(front, context, form).await?;
    front.finished(context, interaction).await
}

/// Combines the refusals of a form as a first submission and as a resubmission: if both are the same error, the
/// first, because it has the links.
pub(crate) fn refused_twice(first: Refusal, again: Refusal) -> Refusal {
    if again.page() == first.page() { first } else { again }
}

/// Resumes the interaction identified by `parameters`.
pub(crate) async fn by_parameters(
    front: &FrontChannel,
    context: &BrowserContext<'_>,
    parameters: &Parameters,
) -> Result<PendingAuthorization, Refusal> {
    let interaction = open(front, context, parameters).await?;
    front.resume(context, interaction).await
}

/// Opens the interaction identified by `parameters`, whether it can be resumed or not.
pub(crate) async fn open(
    front: &FrontChannel,
    context: &BrowserContext<'_>,
    parameters: &Parameters,
) -> Result<Interaction, PageError> {
    front.open(context, parameters.one("interaction")?).await
}
