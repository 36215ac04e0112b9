//! The device page: users enter the user code, log in, see which client asks for what, and decide (RFC 8628 §3.3, §5.4).
//!
//! A code is looked up only for a logged-in user who typed it here, or who opened a link and confirmed the code here: a link
//! alone only fills in the form.

use frontchannel::{BrowserContext, DeviceGrant, Entered, PendingAuthorization, Revisited, WaitingDevice};
use http::HeaderValue;
use http::header::RETRY_AFTER;
use pages::{
    DeviceConsentPage, DevicePage, DeviceProblem, Frame, LanguageChoice, Outcome, OutcomePage, Permissions, page,
};
use protocol::authorization::consent::{Consent, Withheld};
use protocol::authorization::decision::User;
use protocol::authorization::device_request::{ApprovedDevice, DeviceDecision, DeviceStep, allow};
use protocol::authorization::error::PageError;
use protocol::authorization::refusal::Refusal;
use protocol::authorization::user_code::UserCode;
use protocol::clients::client::Client;
use protocol::registration::device_page::PATH;
use protocol::syntax::parameters::Parameters;
use protocol::types::id::{Subject, WorkspaceId};
use protocol::types::network::is_same_network;
use protocol::users::session::Session;
use protocol::users::user_claims::ClaimNames;
use store::{Deciding, Remembering};
use web::response::see_other;
use web::{Response, unavailable};

use crate::deps::Deps;
use crate::page::{apis, card, framed, lifetime, rows};
use crate::permissions::{Permissions as Submitted, REPEATABLE};
use crate::resume;

/// What the page says after a redirect that carries this `problem` or `error`.
fn problem(query: &Parameters) -> Result<Option<DeviceProblem>, PageError> {
    if query.one("problem")?.is_some() {
        return Ok(Some(DeviceProblem::UnknownCode));
    }
    Ok(query.one("error")?.map(|_| DeviceProblem::NotSignedIn))
}

/// Shows the page: the form or, after the login, the request that the entered code belongs to.
pub(crate) async fn show(deps: &Deps, context: &BrowserContext<'_>) -> Result<Response, Refusal> {
    is_offered(context)?;
    let query = context.request.query_parameters().map_err(PageError::from)?;
    if query.one("interaction").map_err(PageError::from)?.is_some() {
        return entered(deps, context, &query).await;
    }
    let typed = query.one("user_code").map_err(PageError::from)?.and_then(UserCode::parse);
    let shown = typed.map(|code| code.shown()).unwrap_or_default();
    entry_page(deps, context, 200, &shown, problem(&query)?)
}

/// Accepts a submitted code or decision.
pub(crate) async fn submit(deps: &Deps, context: &BrowserContext<'_>) -> Result<Response, Refusal> {
    is_offered(context)?;
    let front = &deps.front;
    let form = front.browser.form_repeating(context, &REPEATABLE)?;
    if form.one("interaction").map_err(PageError::from)?.is_some() {
        return decide(deps, context, &form).await;
    }
    let typed = form.one("user_code").map_err(PageError::from)?.ok_or(PageError::IncompleteForm)?;
    // No code has this form, so there is nothing to look up.
    let Some(code) = UserCode::parse(typed) else {
        return entry_page(deps, context, 400, "", Some(DeviceProblem::UnknownCode));
    };
    let pending = front.begin_device(context, code.shown())?;
    match front.session(context).await? {
        Some(_) => front.to_device_page(&pending).await,
        None => front.to_login(&pending).await,
    }
}

fn is_offered(context: &BrowserContext<'_>) -> Result<(), PageError> {
    if context.workspace().settings.device_authorization { Ok(()) } else { Err(PageError::NotFound) }
}

/// Looks up the entered code and asks the user to decide.
async fn entered(deps: &Deps, context: &BrowserContext<'_>, query: &Parameters) -> Result<Response, Refusal> {
    let front = &deps.front;
    let (pending, code) = resumed(deps, context, query).await?;
    let Some(session) = front.session(context).await? else { return front.to_login(&pending).await };
    match deps.user_codes.enter(context, &session, &code).await? {
        Entered::Waiting(waiting) => consent_page(deps, context, &pending, &session, &waiting).await,
        Entered::Nothing => Ok(to_entry(context)),
        Entered::TooMany(seconds) => {
            let mut response = entry_page(deps, context, 429, "", Some(DeviceProblem::TooMany(seconds)))?;
            response.headers_mut().insert(RETRY_AFTER, HeaderValue::from(seconds));
            Ok(response)
        }
    }
}

/// Resumes the login for this page that `parameters` identify, with the code that was entered before it.
async fn resumed(
    deps: &Deps,
    context: &BrowserContext<'_>,
    parameters: &Parameters,
) -> Result<(PendingAuthorization, UserCode), Refusal> {
    let pending = resume::by_parameters(&deps.front, context, parameters).await?;
    let code = pending.interaction.user_code.as_deref().and_then(UserCode::parse);
    let code = code.ok_or(PageError::StaleInteraction)?;
    Ok((pending, code))
}

/// Accepts the decision of the user who was shown the request.
async fn decide(deps: &Deps, context: &BrowserContext<'_>, form: &Parameters) -> Result<Response, Refusal> {
    let front = &deps.front;
    let (pending, code) = resumed(deps, context, form).await?;
    let Some(session) = front.session(context).await? else { return front.to_login(&pending).await };
    if pending.interaction.shown_to.as_ref() != Some(&session.subject) {
        // The page was shown to another user, or not at all: the code has to be entered first.
        return front.to_device_page(&pending).await;
    }
    let waiting = match deps.user_codes.present(context, &session, &code).await? {
        Revisited::Waiting(waiting) => waiting,
        Revisited::Decided(decision) => return outcome_page(deps, context, decision),
        Revisited::Ended => return Ok(to_entry(context)),
    };
    match form.one("decision").map_err(PageError::from)? {
        Some("allow") => {
            let permissions =
                Submitted::read(form, &context.workspace().settings, &waiting.asked.scope, &ClaimNames::new());
            match allowed(deps, context, &waiting, &session, permissions.withheld()).await? {
                DeviceGrant::Created => end(deps, context, &waiting, &session, DeviceDecision::Allowed).await,
                DeviceGrant::NotAllowed => not_allowed(deps, context, &waiting, &session).await,
                DeviceGrant::Denied => end(deps, context, &waiting, &session, DeviceDecision::Denied).await,
                DeviceGrant::SessionEnded => front.to_login(&pending).await,
                DeviceGrant::Different => end(deps, context, &waiting, &session, DeviceDecision::Invalidated).await,
            }
        }
        Some("deny") => end(deps, context, &waiting, &session, DeviceDecision::Denied).await,
        _ => Err(Refusal::Page(PageError::IncompleteForm)),
    }
}

/// Creates the grant for the client of the request, whatever client the form names (catalogue row SEC-DEV-05).
async fn allowed(
    deps: &Deps,
    context: &BrowserContext<'_>,
    waiting: &WaitingDevice,
    session: &Session,
    withheld: Withheld<'_>,
) -> Result<DeviceGrant, PageError> {
    let (front, workspace) = (&deps.front, context.id());
    let loaded = front.browser.client(context, &waiting.asked.client_id).await?;
    let client: &Client = &loaded.client;
    let subject: Subject = front.subject_for(workspace, client, session).await?;
    let attributes = &front.attributes_for(context.workspace(), client, session).await.map_err(unavailable)?;
    let user = User { session, client_subject: &subject, attributes };
    match allow(waiting.asked.clone(), client, user, withheld)? {
        DeviceStep::NotAllowed => Ok(DeviceGrant::NotAllowed),
        DeviceStep::Approved(approved) => {
            let approved: ApprovedDevice = record(deps, workspace, *approved).await?;
            front.grant_device(context, client, &waiting.request, &approved).await
        }
        DeviceStep::Denied => Ok(DeviceGrant::Denied),
    }
}

/// Records the consent, so that the user can withdraw it. It spares no question (RFC 8628 §5.4).
async fn record(deps: &Deps, workspace: &WorkspaceId, approved: ApprovedDevice) -> Result<ApprovedDevice, PageError> {
    let (subject, client) = (&approved.session().subject, &approved.asked().client_id);
    let before = deps.front.consents.find(workspace, subject, client).await.map_err(unavailable)?;
    let consent = Consent::once(before, approved.scope(), deps.front.now());
    match deps.consents.remember(workspace, subject, client, &consent).await.map_err(unavailable)? {
        Remembering::Remembered => Ok(approved.consented(consent.epoch())),
        // An earlier consent was withdrawn at the same moment. Submitting the form again finds the record as it is.
        Remembering::Withdrawn => Err(unavailable("a consent was withdrawn while another was given").into()),
    }
}

/// Records the decision. The device learns of it at its next poll.
async fn end(
    deps: &Deps,
    context: &BrowserContext<'_>,
    waiting: &WaitingDevice,
    session: &Session,
    decision: DeviceDecision,
) -> Result<Response, Refusal> {
    match deps.user_codes.decide(context, session, &waiting.request, decision).await? {
        Deciding::Decided => outcome_page(deps, context, decision),
        Deciding::TooLate => Ok(to_entry(context)),
    }
}

fn to_entry(context: &BrowserContext<'_>) -> Response {
    let language = context.language().tag();
    see_other(&context.workspace().issuer.url(&format!("{PATH}?problem=code&ui_locales={language}")))
}

fn entry_page(
    deps: &Deps,
    context: &BrowserContext<'_>,
    status: u16,
    user_code: &str,
    problem: Option<DeviceProblem>,
) -> Result<Response, Refusal> {
    let (nonce, workspace) = (deps.front.browser.nonce()?, context.workspace());
    let fields = if user_code.is_empty() { Vec::new() } else { vec![("user_code", user_code.to_owned())] };
    let choice = LanguageChoice { action: workspace.issuer.url(PATH), fields };
    let frame = Frame::new(&nonce, &workspace.settings, context.language()).offering(choice);
    let template = DevicePage { frame: &frame, action: &workspace.issuer.url(PATH), user_code, problem };
    Ok(page(status, &template, &frame, &[]))
}

async fn consent_page(
    deps: &Deps,
    context: &BrowserContext<'_>,
    pending: &PendingAuthorization,
    session: &Session,
    waiting: &WaitingDevice,
) -> Result<Response, Refusal> {
    let (front, workspace, asked) = (&deps.front, context.workspace(), &waiting.asked);
    let loaded = front.browser.client(context, &asked.client_id).await?;
    asked.check(&loaded.client)?;
    let attributes = front.attributes_for(workspace, &loaded.client, session).await;
    let attributes = attributes.map_err(|fault| PageError::from(unavailable(fault)))?;
    let user = User { session, client_subject: &session.subject, attributes: &attributes };
    let Some(scope) = &asked.offered(&loaded.client, user) else {
        return not_allowed(deps, context, waiting, session).await;
    };
    let (nonce, interaction) = (front.browser.nonce()?, front.seal(pending, Some(session)).await?);
    let ago = context.now.seconds().saturating_sub(waiting.request.began.seconds());
    let frame = framed(&nonce, pending, PATH, &interaction);
    let template = DeviceConsentPage {
        frame: &frame,
        client: card(&loaded.client, context.language()),
        user_code: pending.interaction.user_code.as_deref().unwrap_or_default(),
        user: &session.display_name,
        action: &workspace.issuer.url(PATH),
        interaction: &interaction,
        permissions: &Permissions::new(rows(scope, &ClaimNames::new(), &frame), |_| false),
        apis: &apis(workspace, &loaded.client, &asked.resource, scope, &frame),
        asked: u32::try_from(ago).unwrap_or(u32::MAX),
        address: &asked.address,
        same_network: is_same_network(&asked.address, &context.request.address),
        user_agent: &asked.user_agent,
        lifetime: lifetime(&loaded.client, scope),
    };
    Ok(page(200, &template, &frame, &[]))
}

/// Denies the request of a device whose client the user may not use, and says so.
async fn not_allowed(
    deps: &Deps,
    context: &BrowserContext<'_>,
    waiting: &WaitingDevice,
    session: &Session,
) -> Result<Response, Refusal> {
    match deps.user_codes.decide(context, session, &waiting.request, DeviceDecision::Denied).await? {
        Deciding::Decided => outcome(deps, context, Outcome::DeviceNotAllowed),
        Deciding::TooLate => Ok(to_entry(context)),
    }
}

fn outcome_page(deps: &Deps, context: &BrowserContext<'_>, decision: DeviceDecision) -> Result<Response, Refusal> {
    outcome(
        deps,
        context,
        match decision {
            DeviceDecision::Allowed => Outcome::DeviceAllowed,
            DeviceDecision::Denied => Outcome::DeviceDenied,
            DeviceDecision::Invalidated => Outcome::DeviceInvalidated,
        },
    )
}

fn outcome(deps: &Deps, context: &BrowserContext<'_>, outcome: Outcome) -> Result<Response, Refusal> {
    let nonce = deps.front.browser.nonce()?;
    let frame = Frame::new(&nonce, &context.workspace().settings, context.language());
    Ok(page(200, &OutcomePage { frame: &frame, outcome, back: None }, &frame, &[]))
}
