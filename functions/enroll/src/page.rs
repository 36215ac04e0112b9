//! The pages of the function.

use credentials::passwords::PasswordPolicy;
use frontchannel::{BrowserContext, PendingAuthorization};
use http::HeaderValue;
use http::header::RETRY_AFTER;
use pages::{
    Frame, IdentifierLabel, LanguageChoice, NewPasswordPage, NewPasswordProblem, Outcome, OutcomePage, ProofForm,
    RecoveryPage, page,
};
use protocol::authorization::error::PageError;
use protocol::authorization::refusal::Refusal;
use protocol::users::identifier::IdentifierKind;
use protocol::workspace::settings::Settings;
use web::Response;

use crate::deps::Deps;

/// Where all forms go.
const PATH: &str = "/login/recovery";

/// What the page that asks for the account shows.
pub(crate) struct Asked<'a> {
    pub(crate) account: &'a str,
    pub(crate) wait: Option<u32>,
}

/// What the page that sets the password shows.
pub(crate) struct NewPassword<'a> {
    pub(crate) proof: ProofForm<'a>,
    pub(crate) account: &'a str,
    pub(crate) problem: Option<NewPasswordProblem>,
    /// Where its form may lead, besides this server.
    pub(crate) targets: &'a [String],
}

/// The page that asks for the account.
pub(crate) async fn ask_page(
    deps: &Deps,
    pending: &PendingAuthorization,
    asked: &Asked<'_>,
) -> Result<Response, Refusal> {
    let nonce = deps.front.browser.nonce()?;
    let interaction = deps.front.seal(pending, None).await?;
    let workspace = pending.workspace();
    let (action, back) =
        (workspace.issuer.url(PATH), workspace.issuer.url(&format!("/login?interaction={interaction}")));
    let choice = LanguageChoice { action: action.clone(), fields: vec![("interaction", interaction.clone())] };
    let frame = Frame::new(&nonce, &workspace.settings, pending.language()).offering(choice);
    let template = RecoveryPage {
        frame: &frame,
        action: &action,
        interaction: &interaction,
        identifiers: identifiers(&workspace.settings),
        account: asked.account,
        wait: asked.wait,
        back: &back,
    };
    let mut response = page(if asked.wait.is_some() { 429 } else { 200 }, &template, &frame, &[]);
    if let Some(seconds) = asked.wait {
        response.headers_mut().insert(RETRY_AFTER, HeaderValue::from(seconds));
    }
    Ok(response)
}

/// The page that sets the password.
pub(crate) fn new_password_page(
    deps: &Deps,
    context: &BrowserContext<'_>,
    status: u16,
    shown: &NewPassword<'_>,
) -> Result<Response, PageError> {
    let nonce = deps.front.browser.nonce()?;
    let settings = &context.workspace().settings;
    let frame = Frame::new(&nonce, settings, context.language());
    let template = NewPasswordPage {
        frame: &frame,
        action: &context.workspace().issuer.url(PATH),
        proof: shown.proof,
        account: shown.account,
        minimum: u32::try_from(PasswordPolicy::ALONE.minimum()).unwrap_or(u32::MAX),
        problem: shown.problem,
    };
    Ok(page(status, &template, &frame, shown.targets))
}

/// The page after a password was set by a link.
pub(crate) fn changed_page(deps: &Deps, context: &BrowserContext<'_>) -> Result<Response, PageError> {
    let nonce = deps.front.browser.nonce()?;
    let frame = Frame::new(&nonce, &context.workspace().settings, context.language());
    Ok(page(200, &OutcomePage { frame: &frame, outcome: Outcome::PasswordChanged, back: None }, &frame, &[]))
}

/// What the page calls the thing that users log in with.
fn identifiers(settings: &Settings) -> IdentifierLabel {
    let kinds = settings.pool.as_ref().map(|pool| pool.identifiers.as_slice()).unwrap_or_default();
    let named = kinds.contains(&IdentifierKind::Username);
    if named { IdentifierLabel::EmailOrUsername } else { IdentifierLabel::Email }
}
