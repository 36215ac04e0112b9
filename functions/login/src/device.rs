//! The device page: users enter the user code, log in, see which client asks for what, and decide (RFC 8628 §3.3, §5.4).
//!
//! A code is looked up only for a logged-in user who typed it here, or who opened a link and confirmed the code here: a link
//! alone only fills in the form.

use frontchannel::{BrowserContext, DeviceGrant, Entered, PendingAuthorization, Revisited, WaitingDevice};
use http::HeaderValue;
use http::header::RETRY_AFTER;
use pages::{DeviceConsentPage, DevicePage, SignedOutPage, page};
use protocol::authorization::consent::Withheld;
use protocol::authorization::decision::User;
use protocol::authorization::device_request::{ApprovedDevice, DeviceDecision, DeviceStep, allow};
use protocol::authorization::error::PageError;
use protocol::authorization::refusal::Refusal;
use protocol::authorization::user_code::UserCode;
use protocol::clients::client::Client;
use protocol::registration::device_page::PATH;
use protocol::syntax::parameters::Parameters;
use protocol::types::id::Subject;
use protocol::types::network::is_same_network;
use protocol::users::session::Session;
use protocol::users::user_claims::ClaimNames;
use store::Deciding;
use web::Response;
use web::response::see_other;

use crate::deps::Deps;
use crate::page::{apis, in_words, rows};
use crate::resume;

/// The message for a code that is unknown, expired or used: it does not say which (catalogue row SEC-DEV-03).
const NOTHING: &str = "There is no device waiting with this code. Check it, or have the device show a new one: a code works \
                       once, for a few minutes.";

/// The message after a redirect with this `problem` or `error`.
fn problem(query: &Parameters) -> Result<Option<&'static str>, PageError> {
    if query.one("problem")?.is_some() {
        return Ok(Some(NOTHING));
    }
    Ok(query.one("error")?.map(|_| "You were not signed in. Enter the code again to retry."))
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
    let form = front.browser.form_repeating(context, &["withhold"])?;
    if form.one("interaction").map_err(PageError::from)?.is_some() {
        return decide(deps, context, &form).await;
    }
    let typed = form.one("user_code").map_err(PageError::from)?.ok_or(PageError::IncompleteForm)?;
    // No code has this form, so there is nothing to look up.
    let Some(code) = UserCode::parse(typed) else { return entry_page(deps, context, 400, "", Some(NOTHING)) };
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
            let text = format!("Too many wrong codes were entered. Try again in {}.", in_words(seconds));
            let mut response = entry_page(deps, context, 429, "", Some(&text))?;
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
            let withheld: Vec<&str> = form.all("withhold").collect();
            let withheld = Withheld { scopes: &withheld, claims: &[] };
            match allowed(deps, context, &waiting, &session, withheld).await? {
                DeviceGrant::Created => end(deps, context, &waiting, &session, DeviceDecision::Allowed).await,
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
    match allow(waiting.asked.clone(), client, User { session, client_subject: &subject }, withheld)? {
        DeviceStep::Approved(approved) => {
            let approved: &ApprovedDevice = &approved;
            front.grant_device(context, client, &waiting.request, approved).await
        }
        DeviceStep::Denied => Ok(DeviceGrant::Denied),
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
    see_other(&context.workspace().issuer.url(&format!("{PATH}?problem=code")))
}

fn entry_page(
    deps: &Deps,
    context: &BrowserContext<'_>,
    status: u16,
    user_code: &str,
    problem: Option<&str>,
) -> Result<Response, Refusal> {
    let (nonce, workspace) = (deps.front.browser.nonce()?, context.workspace());
    let template = DevicePage {
        nonce: &nonce,
        workspace: &workspace.settings.name,
        action: &workspace.issuer.url(PATH),
        user_code,
        problem,
    };
    Ok(page(status, &template, &nonce, &[]))
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
    let (nonce, interaction) = (front.browser.nonce()?, front.seal(pending, Some(session)).await?);
    let scopes = rows(&asked.scope, &ClaimNames::new(), &workspace.settings);
    let ago = context.now.seconds().saturating_sub(waiting.request.began.seconds());
    let template = DeviceConsentPage {
        nonce: &nonce,
        workspace: &workspace.settings.name,
        client: &loaded.client.name,
        client_id: loaded.client.id.as_str(),
        user_code: pending.interaction.user_code.as_deref().unwrap_or_default(),
        user: &session.display_name,
        action: &workspace.issuer.url(PATH),
        interaction: &interaction,
        scopes: &scopes,
        apis: &apis(workspace, &loaded.client, &asked.resource),
        divisible: scopes.iter().any(|scope| scope.optional),
        asked: &in_words(u32::try_from(ago).unwrap_or(u32::MAX)),
        address: &asked.address,
        same_network: is_same_network(&asked.address, &context.request.address),
        user_agent: &asked.user_agent,
        lifetime: &in_words(loaded.client.lifetimes.access_token.as_seconds()),
    };
    Ok(page(200, &template, &nonce, &[]))
}

fn outcome_page(deps: &Deps, context: &BrowserContext<'_>, decision: DeviceDecision) -> Result<Response, Refusal> {
    let (title, explanation) = match decision {
        DeviceDecision::Allowed => ("Your device is connected", "You can close this page and continue on your device."),
        DeviceDecision::Denied => ("Denied", "The device gets nothing. You can close this page."),
        DeviceDecision::Invalidated => {
            ("Not connected", "This code is no longer valid. Have the device show a new one.")
        }
    };
    let (nonce, workspace) = (deps.front.browser.nonce()?, &context.workspace().settings.name);
    Ok(page(200, &SignedOutPage { nonce: &nonce, workspace, title, explanation, back: None }, &nonce, &[]))
}
