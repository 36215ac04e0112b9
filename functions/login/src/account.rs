//! The choice of an account (OpenID Connect Core §3.1.2.1, `prompt=select_account`).

use frontchannel::{BrowserContext, FrontChannel, PendingAuthorization};
use protocol::authorization::decision::NextStep;
use protocol::authorization::error::PageError;
use protocol::authorization::interaction::AccountChoice;
use protocol::authorization::refusal::Refusal;
use protocol::authorization::request::Prompt;
use protocol::users::session::Session;
use web::Response;

/// Returns the session of the user who must be shown the account chooser.
pub(crate) async fn to_choose(
    front: &FrontChannel,
    context: &BrowserContext<'_>,
    pending: &PendingAuthorization,
) -> Result<Option<Session>, Refusal> {
    // Only such a request justifies reading the session.
    if !matches!(pending.request.terms.prompt, Prompt::Pages { account: true, .. }) {
        return Ok(None);
    }
    let Some(session) = front.session(context).await? else { return Ok(None) };
    let step = front.decide(pending, Some(&session)).await?;
    Ok(matches!(step, NextStep::SelectAccount).then_some(session))
}

/// Continues with the account that the user chose.
pub(crate) async fn choose(
    front: &FrontChannel,
    context: &BrowserContext<'_>,
    mut pending: PendingAuthorization,
    choice: &str,
) -> Result<Response, Refusal> {
    match choice {
        "another" => {
            pending.interaction.account = Some(AccountChoice::Another);
            front.to_login(&pending).await
        }
        "current" => {
            let session = front.session(context).await?;
            match session.filter(|session| pending.interaction.shown_to.as_ref() == Some(&session.subject)) {
                Some(session) => {
                    pending.interaction.account = Some(AccountChoice::Current(session.sid.clone()));
                    front.next(&pending, &session).await
                }
                // The page was shown to another user, or the session has ended since then.
                None => front.to_login(&pending).await,
            }
        }
        _ => Err(Refusal::Page(PageError::IncompleteForm)),
    }
}
