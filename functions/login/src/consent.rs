//! The consent page, and what is decided on it.

use frontchannel::PendingAuthorization;
use protocol::authorization::consent::{Consent, Granted, Withheld};
use protocol::authorization::decision::{ApprovedAuthorization, NextStep};
use protocol::authorization::error::{PageError, RedirectError};
use protocol::authorization::refusal::Refusal;
use protocol::types::id::WorkspaceId;
use protocol::users::session::Session;
use web::{Request, Response};

use crate::page::consent_page;
use crate::{Deps, form, resumed, resumed_by_query};

/// Shows the page, to a user who is logged in.
pub(crate) async fn show(deps: &Deps, request: &Request, workspace: &WorkspaceId) -> Result<Response, Refusal> {
    let pending = resumed_by_query(deps, request, workspace).await?;
    let session = deps.front.session(request, &pending.workspace.workspace).await?;
    match session {
        Some(session) if may_decide(deps, &pending, &session).await? => {
            Ok(consent_page(deps, &pending, &session).await?)
        }
        _ => deps.front.to_login(&pending).await,
    }
}

/// Whether the login behind `session` is good enough for this request.
async fn may_decide(deps: &Deps, pending: &PendingAuthorization, session: &Session) -> Result<bool, Refusal> {
    let next = deps.front.decide_allowed(pending, session, Withheld::default()).await?;
    Ok(!matches!(next, NextStep::LogIn | NextStep::SelectAccount))
}

/// Takes the decision.
pub(crate) async fn submit(deps: &Deps, request: &Request, workspace: &WorkspaceId) -> Result<Response, Refusal> {
    let form = form(deps, request)?;
    let pending = resumed(deps, request, workspace, &form).await?;
    let Some(session) = deps.front.session(request, &pending.workspace.workspace).await? else {
        return deps.front.to_login(&pending).await;
    };
    if pending.interaction.shown_to.as_ref() != Some(&session.subject) {
        // The page was shown to somebody else: in another tab another user has logged in since.
        return deps.front.to_consent(&pending).await;
    }
    match form.one("decision").map_err(PageError::from)? {
        Some("allow") => {
            let (scopes, claims): (Vec<&str>, Vec<&str>) =
                (form.all("withhold").collect(), form.all("withhold_claim").collect());
            let withheld = Withheld { scopes: &scopes, claims: &claims };
            allow(deps, &pending, &session, withheld).await
        }
        Some("deny") => match deps.front.deny(&pending).await? {},
        _ => Err(Refusal::Page(PageError::IncompleteForm)),
    }
}

async fn allow(
    deps: &Deps,
    pending: &PendingAuthorization,
    session: &Session,
    withheld: Withheld<'_>,
) -> Result<Response, Refusal> {
    let front = &deps.front;
    match front.decide_allowed(pending, session, withheld).await? {
        NextStep::Approved(approved) => {
            remember(deps, pending, &approved, withheld).await?;
            front.issue(pending, &approved).await
        }
        // Everything was kept back, which is a no.
        NextStep::Refused(RedirectError::AccessDenied) => match front.deny(pending).await? {},
        NextStep::Refused(error) => Err(front.refusal(pending, error)),
        NextStep::LogIn | NextStep::SelectAccount | NextStep::AskConsent => front.to_login(pending).await,
    }
}

/// Remembers the consent, where remembering can spare the user the question next time.
async fn remember(
    deps: &Deps,
    pending: &PendingAuthorization,
    approved: &ApprovedAuthorization,
    withheld: Withheld<'_>,
) -> Result<(), Refusal> {
    let front = &deps.front;
    if !pending.client.client.identity_is_assured(&pending.request.redirect_uri) {
        return Ok(());
    }
    let (workspace, session) = (&pending.workspace.workspace.id, approved.session());
    let consent = front.consent(pending, session).await?;
    let granted = Granted { scope: approved.scope(), claims: &approved.claims().names() };
    let consent = Consent::after(consent, granted, withheld, front.clock.now());
    let client = &pending.client.client.id;
    deps.consents.remember(workspace, &session.subject, client, &consent).await.map_err(|fault| {
        tracing::error!(fault = %fault, "a consent could not be remembered");
        front.refusal(pending, RedirectError::TemporarilyUnavailable)
    })
}
