//! The consent page and its submission.

use frontchannel::{BrowserContext, FrontChannel, PendingAuthorization};
use protocol::authorization::consent::{Consent, Granted, Withheld};
use protocol::authorization::decision::{ApprovedAuthorization, NextStep};
use protocol::authorization::error::{PageError, RedirectError};
use protocol::authorization::refusal::Refusal;
use protocol::clients::registered_scopes::ScopeConsent;
use protocol::syntax::parameters::Parameters;
use protocol::users::session::Session;
use store::Remembering;
use web::Response;

use crate::deps::Deps;
use crate::page::consent_page;
use crate::permissions::{Permissions, REPEATABLE};
use crate::resume;

/// Shows the page, to a user who is logged in.
pub(crate) async fn show(deps: &Deps, context: &BrowserContext<'_>) -> Result<Response, Refusal> {
    let front = &deps.front;
    let pending = resume::by_query(front, context).await?;
    match front.session(context).await? {
        Some(session) => show_to(front, &pending, &session).await,
        None => front.to_login(&pending).await,
    }
}

/// Shows the page with what the user of `session` may allow, if their login satisfies this request.
async fn show_to(front: &FrontChannel, pending: &PendingAuthorization, session: &Session) -> Result<Response, Refusal> {
    match front.decide_allowed(pending, session, Withheld::default()).await? {
        NextStep::Approved(approved) => consent_page(front, pending, session, approved.scope()).await,
        NextStep::Refused(error) => Err(pending.refuse(error)),
        NextStep::LogIn | NextStep::SelectAccount | NextStep::AskConsent(_) => front.to_login(pending).await,
    }
}

/// Accepts the decision; resubmitting the same decision gets the same response.
pub(crate) async fn submit(deps: &Deps, context: &BrowserContext<'_>) -> Result<Response, Refusal> {
    let form = deps.front.browser.form_repeating(context, &REPEATABLE)?;
    match take(deps, context, &form).await {
        Err(first) if first.page() == Some(PageError::FinishedInteraction) => {
            let again = take_again(&deps.front, context, &form).await;
            again.map_err(|again| resume::refused_twice(first, again))
        }
        taken => taken,
    }
}

/// Handles a resubmitted decision: it was accepted before, but the response never arrived.
async fn take_again(
    front: &FrontChannel,
    context: &BrowserContext<'_>,
    form: &Parameters,
) -> Result<Response, Refusal> {
    let finished = resume::finished(front, context, form).await?;
    let session = front.session(context).await?;
    let shown_to = finished.pending.interaction.shown_to.as_ref();
    let session = session.filter(|session| shown_to == Some(&session.subject));
    let session = session.ok_or(PageError::FinishedInteraction)?;
    if form.one("decision").map_err(PageError::from)? == Some("deny") {
        return Err(front.deny_again(&finished));
    }
    let permissions = permissions(form, &finished.pending);
    match front.decide_allowed(&finished.pending, &session, permissions.withheld()).await? {
        NextStep::Approved(approved) => front.issue_again(&finished, &approved),
        NextStep::Refused(RedirectError::AccessDenied) => Err(front.deny_again(&finished)),
        NextStep::Refused(_) | NextStep::LogIn | NextStep::SelectAccount | NextStep::AskConsent(_) => {
            Err(Refusal::Page(PageError::FinishedInteraction))
        }
    }
}

/// What `form` withholds of `pending`.
fn permissions<'a>(form: &'a Parameters, pending: &'a PendingAuthorization) -> Permissions<'a> {
    let terms = &pending.request.terms;
    let settings = &pending.workspace().settings;
    Permissions::read(form, settings, &terms.scope, &terms.claims_by_name())
}

async fn take(deps: &Deps, context: &BrowserContext<'_>, form: &Parameters) -> Result<Response, Refusal> {
    let front = &deps.front;
    let pending = resume::by_parameters(front, context, form).await?;
    let Some(session) = front.session(context).await? else { return front.to_login(&pending).await };
    if pending.interaction.shown_to.as_ref() != Some(&session.subject) {
        // The page was shown to another user: someone else has logged in in another tab since.
        return front.to_consent(&pending, None).await;
    }
    match form.one("decision").map_err(PageError::from)? {
        Some("allow") => {
            let permissions = permissions(form, &pending);
            allow(deps, &pending, &session, permissions.withheld()).await
        }
        Some("deny") => Err(front.deny(&pending).await),
        // "Not you?" The next login takes the place of this session.
        Some("another") => front.to_login(&pending).await,
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
        NextStep::Approved(approved) => match remember(deps, pending, *approved, withheld).await? {
            Some(approved) => front.issue(pending, &approved).await,
            // The user has withdrawn an earlier consent in another tab since the page was shown.
            None => front.to_consent(pending, None).await,
        },
        // Everything was withheld, which is a denial.
        NextStep::Refused(RedirectError::AccessDenied) => Err(front.deny(pending).await),
        NextStep::Refused(error) => Err(pending.refuse(error)),
        NextStep::LogIn | NextStep::SelectAccount | NextStep::AskConsent(_) => front.to_login(pending).await,
    }
}

/// Records the consent, so that the user can withdraw it, and need not be asked again where the client's identity is assured.
/// `None` if an earlier one was withdrawn in the meantime.
async fn remember(
    deps: &Deps,
    pending: &PendingAuthorization,
    approved: ApprovedAuthorization,
    withheld: Withheld<'_>,
) -> Result<Option<ApprovedAuthorization>, Refusal> {
    let front = &deps.front;
    let (workspace, session) = (&pending.workspace().id, approved.session());
    let before = front.consent(pending, session).await?;
    // What is not remembered is asked for each time.
    let remembered = pending.client().scope.asked(approved.scope(), ScopeConsent::Remembered);
    let granted = Granted { scope: &remembered, claims: &approved.claims().names() };
    let (client, terms) = (pending.client(), &pending.request.terms);
    let consent = if client.remembers_consent_at(&pending.request.redirect_uri) {
        let apis = client.targets.apis(&terms.resource, &terms.scope);
        Consent::after(before, &apis, granted, withheld, front.now())
    } else {
        Consent::once(before, approved.scope(), front.now())
    };
    let recorded = deps.consents.remember(workspace, &session.subject, &client.id, &consent).await;
    Ok(match recorded.map_err(|fault| pending.unavailable(fault))? {
        Remembering::Remembered => Some(approved.consented(consent.epoch())),
        Remembering::Withdrawn => None,
    })
}
