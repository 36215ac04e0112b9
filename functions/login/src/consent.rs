//! The consent page, and what is decided on it.

use frontchannel::Standing;
use protocol::authorization::consent::{Consent, Granted, Withheld};
use protocol::authorization::decision::{ApprovedAuthorization, Verdict};
use protocol::authorization::error::{PageError, RedirectError};
use protocol::authorization::refusal::Refusal;
use protocol::types::id::WorkspaceId;
use protocol::users::session::Session;
use web::{Request, Response};

use crate::page::consent_page;
use crate::{Deps, form, resumed, resumed_by_query};

/// Shows the page, to a user who is logged in.
pub(crate) async fn show(deps: &Deps, request: &Request, workspace: &WorkspaceId) -> Result<Response, Refusal> {
    let standing = resumed_by_query(deps, request, workspace).await?;
    let session = deps.front.session(request, &standing.workspace.workspace).await?;
    match session {
        Some(session) if may_decide(deps, &standing, &session).await? => {
            Ok(consent_page(deps, &standing, &session).await?)
        }
        _ => deps.front.to_login(&standing).await,
    }
}

/// Whether the login behind `session` is good enough for this request.
async fn may_decide(deps: &Deps, standing: &Standing, session: &Session) -> Result<bool, Refusal> {
    let verdict = deps.front.decide_allowed(standing, session, Withheld::default()).await?;
    Ok(!matches!(verdict, Verdict::LogIn | Verdict::SelectAccount))
}

/// Takes the decision.
pub(crate) async fn submit(deps: &Deps, request: &Request, workspace: &WorkspaceId) -> Result<Response, Refusal> {
    let form = form(deps, request)?;
    let standing = resumed(deps, request, workspace, &form).await?;
    let Some(session) = deps.front.session(request, &standing.workspace.workspace).await? else {
        return deps.front.to_login(&standing).await;
    };
    if standing.passage.shown_to.as_ref() != Some(&session.subject) {
        // The page was shown to somebody else: in another tab another user has logged in since.
        return deps.front.to_consent(&standing).await;
    }
    match form.one("decision").map_err(PageError::from)? {
        Some("allow") => {
            let (scopes, claims): (Vec<&str>, Vec<&str>) =
                (form.all("withhold").collect(), form.all("withhold_claim").collect());
            let withheld = Withheld { scopes: &scopes, claims: &claims };
            allow(deps, &standing, &session, withheld).await
        }
        Some("deny") => match deps.front.deny(&standing).await? {},
        _ => Err(Refusal::Page(PageError::IncompleteForm)),
    }
}

async fn allow(
    deps: &Deps,
    standing: &Standing,
    session: &Session,
    withheld: Withheld<'_>,
) -> Result<Response, Refusal> {
    let front = &deps.front;
    match front.decide_allowed(standing, session, withheld).await? {
        Verdict::Approved(approved) => {
            remember(deps, standing, &approved, withheld).await?;
            front.issue(standing, &approved).await
        }
        // Everything was kept back, which is a no.
        Verdict::Refused(RedirectError::AccessDenied) => match front.deny(standing).await? {},
        Verdict::Refused(error) => Err(front.refusal(standing, error)),
        Verdict::LogIn | Verdict::SelectAccount | Verdict::AskConsent => front.to_login(standing).await,
    }
}

/// Remembers the consent, where remembering can spare the user the question next time.
async fn remember(
    deps: &Deps,
    standing: &Standing,
    approved: &ApprovedAuthorization,
    withheld: Withheld<'_>,
) -> Result<(), Refusal> {
    let front = &deps.front;
    if !standing.client.client.identity_is_assured(&standing.request.redirect_uri) {
        return Ok(());
    }
    let (workspace, session) = (&standing.workspace.workspace.id, approved.session());
    let consent = front.consent(standing, session).await?;
    let granted = Granted { scope: approved.scope(), claims: &approved.claims().names() };
    let consent = Consent::after(consent, granted, withheld, front.clock.now());
    let client = &standing.client.client.id;
    deps.consents.remember(workspace, &session.subject, client, &consent).await.map_err(|fault| {
        tracing::error!(fault = %fault, "a consent could not be remembered");
        front.refusal(standing, RedirectError::TemporarilyUnavailable)
    })
}
