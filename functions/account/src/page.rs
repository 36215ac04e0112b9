//! The content of the page.

use frontchannel::BrowserContext;
use pages::{
    AccountNotice, ApplicationRow, Frame, LanguageChoice, Outcome, OutcomePage, OwnAccountPage, SHOWN_CLAIMS,
    SessionRow, SignInWay, page,
};
use protocol::authorization::consent::Consent;
use protocol::authorization::error::PageError;
use protocol::registration::account_page::PATH;
use protocol::types::id::ClientId;
use protocol::types::time::Timestamp;
use protocol::users::session::Session;
use protocol::users::user_claims::Profile;
use protocol::workspace::identity_source::IdentitySource;
use web::{Response, unavailable};

use crate::deps::Deps;
use crate::visit::Visit;

/// Shows the page.
pub(crate) async fn show(
    deps: &Deps,
    context: &BrowserContext<'_>,
    visit: &Visit,
    notice: Option<AccountNotice>,
) -> Result<Response, PageError> {
    let (workspace, nonce, session) = (context.workspace(), deps.browser.nonce()?, &visit.session);
    let choice = LanguageChoice { action: workspace.issuer.url(PATH), fields: Vec::new() };
    let frame = Frame::new(&nonce, &workspace.settings, context.language()).offering(choice);
    let account = deps.accounts.account(workspace, session.user()).await.map_err(unavailable)?;
    let sessions = visit.sessions(deps, context).await?;
    let template = OwnAccountPage {
        frame: &frame,
        user: &session.display_name,
        action: &workspace.issuer.url(PATH),
        token: &visit.token,
        notice,
        profile: &account.map(|account| facts(&account.profile)).unwrap_or_default(),
        ways: &ways(deps, context, session, &frame).await?,
        sessions: &sessions.iter().map(|session| row(session, &visit.session, context.now)).collect::<Vec<_>>(),
        applications: &applications(deps, context, session, &frame).await?,
        sign_out: &workspace.issuer.url("/oidc/logout"),
    };
    Ok(page(200, &template, &frame, &[]))
}

/// Shows that the user did not log in, with a link to try again.
pub(crate) fn show_not_signed_in(deps: &Deps, context: &BrowserContext<'_>) -> Result<Response, PageError> {
    let (workspace, nonce) = (context.workspace(), deps.browser.nonce()?);
    let frame = Frame::new(&nonce, &workspace.settings, context.language());
    let link = workspace.issuer.url(PATH);
    let name = frame.account_name();
    let template =
        OutcomePage { frame: &frame, outcome: Outcome::NotSignedIn, back: Some((name.as_str(), link.as_str())) };
    Ok(page(403, &template, &frame, &[]))
}

/// What is known about the user: claims, and their values.
fn facts(profile: &Profile) -> Vec<(&'static str, String)> {
    let fact = |claim: &'static str| Some((claim, profile.claim(claim)?.as_str()?.to_owned()));
    SHOWN_CLAIMS.into_iter().filter_map(fact).collect()
}

/// How the user signs in here.
async fn ways(
    deps: &Deps,
    context: &BrowserContext<'_>,
    session: &Session,
    frame: &Frame<'_>,
) -> Result<Vec<SignInWay>, PageError> {
    let workspace = context.workspace();
    let way = match workspace.identity_source(&session.source) {
        None => return Ok(Vec::new()),
        Some(IdentitySource::Sandbox(_)) => SignInWay::Password { set: None },
        Some(IdentitySource::Upstream(provider)) => SignInWay::Provider(frame.localized(&provider.title).to_owned()),
        Some(IdentitySource::Pool(_)) => {
            let found = deps.accounts.password_changed(&workspace.id, &session.subject).await.map_err(unavailable)?;
            match found {
                Some(at) => SignInWay::Password { set: Some(ago(at, context.now)) },
                None => return Ok(Vec::new()),
            }
        }
    };
    Ok(vec![way])
}

fn row(session: &Session, own: &Session, now: Timestamp) -> SessionRow {
    SessionRow {
        reference: session.reference(),
        browser: session.device.and_then(|device| device.browser.name()),
        system: session.device.and_then(|device| device.system.name()),
        began: ago(session.began, now),
        used: ago(session.used, now),
        is_this: session.cookie == own.cookie,
    }
}

/// The applications that the user has allowed something, the last one first.
async fn applications(
    deps: &Deps,
    context: &BrowserContext<'_>,
    session: &Session,
    frame: &Frame<'_>,
) -> Result<Vec<ApplicationRow>, PageError> {
    let mut found = deps.consents.all(context.id(), &session.subject).await.map_err(unavailable)?;
    found.sort_by_key(|(_, consent)| std::cmp::Reverse(consent.given()));
    let mut rows = Vec::new();
    for (client, consent) in &found {
        rows.push(application(deps, context, client, consent, frame).await?);
    }
    Ok(rows)
}

async fn application(
    deps: &Deps,
    context: &BrowserContext<'_>,
    client: &ClientId,
    consent: &Consent,
    frame: &Frame<'_>,
) -> Result<ApplicationRow, PageError> {
    let workspace = context.workspace();
    // A client that was deleted may come back, so what it was allowed can be withdrawn all the same.
    let known = deps.browser.configuration.usable_client(workspace, client, context.now).await.map_err(unavailable)?;
    let name =
        known.map_or_else(|| client.as_str().to_owned(), |known| known.client.name_in(context.language()).to_owned());
    let title = |name: &str| {
        let scope = workspace.settings.scope(name)?;
        let parameters = workspace.settings.parameters(scope, name).join(" ");
        Some(format!("{} {parameters}", frame.localized(&scope.title)).trim_end().to_owned())
    };
    let scopes = consent.scopes();
    Ok(ApplicationRow {
        id: client.as_str().to_owned(),
        name,
        allowed: scopes.iter().map(|name| title(name).unwrap_or_else(|| name.to_owned())).collect(),
        claims: consent.claims().iter().map(|claim| claim.as_str()).collect(),
        given: ago(consent.given(), context.now),
    })
}

/// How many seconds ago it was.
fn ago(then: Timestamp, now: Timestamp) -> u32 {
    u32::try_from(now.seconds().saturating_sub(then.seconds())).unwrap_or(u32::MAX)
}
