//! The content of the pages.

use frontchannel::{BrowserContext, FrontChannel, PendingAuthorization};
use http::header::REFRESH;
use pages::{AccountPage, ApiRow, ConsentPage, LoginPage, ProviderLink, ScopeRow, mark, page};
use protocol::authorization::refusal::Refusal;
use protocol::clients::client::Client;
use protocol::clients::resource_indicator::Resources;
use protocol::federation::source_choice;
use protocol::types::scope::{OPENID, Scopes};
use protocol::users::session::Session;
use protocol::users::user_claims::ClaimNames;
use protocol::workspace::settings::{Settings, Workspace};
use protocol::workspace::upstream_provider::UpstreamProvider;
use web::Response;
use web::response::set;

/// The values in the form.
pub(crate) struct LoginForm<'a> {
    /// The name.
    pub(crate) username: &'a str,
    /// Whether it has just been refused.
    pub(crate) failed: bool,
    /// What the page has.
    pub(crate) view: LoginView<'a>,
}

/// What the login page has.
#[derive(Clone, Copy)]
pub(crate) enum LoginView<'a> {
    /// A field for the address, and the providers that are listed.
    Address,
    /// All ways to sign in that are listed.
    Everything,
    /// One provider.
    Only(&'a UpstreamProvider),
}

impl LoginView<'_> {
    /// All ways to sign in, or the field for the address if that is the only way.
    pub(crate) fn of_all(settings: &Settings) -> Self {
        let nothing = settings.sandbox.is_none() && source_choice::listed(settings, None).is_empty();
        if nothing { Self::Address } else { Self::Everything }
    }
}

/// The login page.
pub(crate) async fn login_page(
    front: &FrontChannel,
    context: &BrowserContext<'_>,
    pending: &PendingAuthorization,
    form: &LoginForm<'_>,
) -> Result<Response, Refusal> {
    let last_used = front.last_source(context);
    let interaction = front.seal(pending, None).await?;
    page_with(front, pending, form, (&interaction, last_used))
}

/// The login page with one provider, to which the browser goes on by itself.
///
/// It is no redirect: after a form, browsers hold every redirect against `form-action`, and where the provider leads is
/// not ours to know (CSP 3 §6.4.1).
pub(crate) async fn leading_page(
    front: &FrontChannel,
    pending: &PendingAuthorization,
    provider: &UpstreamProvider,
) -> Result<Response, Refusal> {
    let interaction = front.seal(pending, None).await?;
    let form = LoginForm { username: "", failed: false, view: LoginView::Only(provider) };
    let mut response = page_with(front, pending, &form, (&interaction, None))?;
    let link = provider_link(pending, provider, &interaction);
    set(response.headers_mut(), REFRESH, &format!("0;url={link}"));
    Ok(response)
}

fn provider_link(pending: &PendingAuthorization, provider: &UpstreamProvider, interaction: &str) -> String {
    pending.workspace().issuer.url(&format!("/login/upstream/{}?interaction={interaction}", provider.id))
}

fn page_with(
    front: &FrontChannel,
    pending: &PendingAuthorization,
    form: &LoginForm<'_>,
    (interaction, last_used): (&str, Option<&str>),
) -> Result<Response, Refusal> {
    let (workspace, nonce) = (pending.workspace(), front.browser.nonce()?);
    let sandbox = workspace.settings.sandbox.as_ref().filter(|_| matches!(form.view, LoginView::Everything));
    let hinted = sandbox.filter(|sandbox| sandbox.hint).and_then(|sandbox| sandbox.users.first());
    let listed = match form.view {
        LoginView::Only(provider) => vec![provider],
        LoginView::Address | LoginView::Everything => source_choice::listed(&workspace.settings, last_used),
    };
    let providers: Vec<ProviderLink<'_>> = listed
        .into_iter()
        .map(|provider| ProviderLink {
            id: provider.id.as_str(),
            title: &provider.title,
            link: provider_link(pending, provider, interaction),
            icon: provider.icon.map(mark),
            last_used: last_used == Some(provider.id.as_str()),
        })
        .collect();
    let back = pending.way_back();
    let template = LoginPage {
        nonce: &nonce,
        workspace: &workspace.settings.name,
        client: &pending.client().name,
        action: &workspace.issuer.url("/login"),
        interaction,
        username: form.username,
        failed: form.failed,
        address_first: matches!(form.view, LoginView::Address),
        passwords: sandbox.is_some(),
        hint: hinted.map(|user| (user.username.as_str(), user.password.as_str())),
        providers: &providers,
        back: back.as_deref(),
    };
    let status = if form.failed { 403 } else { 200 };
    Ok(page(status, &template, &nonce, &pending.request.redirect_uri.form_targets()))
}

/// The page that asks which account to go on with.
pub(crate) async fn account_page(
    front: &FrontChannel,
    pending: &PendingAuthorization,
    session: &Session,
) -> Result<Response, Refusal> {
    let workspace = pending.workspace();
    let (nonce, interaction) = (front.browser.nonce()?, front.seal(pending, Some(session)).await?);
    let template = AccountPage {
        nonce: &nonce,
        workspace: &workspace.settings.name,
        client: &pending.client().name,
        user: &session.display_name,
        action: &workspace.issuer.url("/login"),
        interaction: &interaction,
    };
    Ok(page(200, &template, &nonce, &pending.request.redirect_uri.form_targets()))
}

/// The consent page.
pub(crate) async fn consent_page(
    front: &FrontChannel,
    pending: &PendingAuthorization,
    session: &Session,
) -> Result<Response, Refusal> {
    let (workspace, client) = (pending.workspace(), pending.client());
    let (nonce, interaction) = (front.browser.nonce()?, front.seal(pending, Some(session)).await?);
    let terms = &pending.request.terms;
    let scopes = rows(&terms.scope, &terms.claims_by_name(), &workspace.settings);
    let destination = pending.request.redirect_uri.destination();
    let template = ConsentPage {
        nonce: &nonce,
        workspace: &workspace.settings.name,
        client: &client.name,
        client_id: client.id.as_str(),
        destination: &destination,
        unassured: !client.identity_is_assured(&pending.request.redirect_uri),
        user: &session.display_name,
        action: &workspace.issuer.url("/login/consent"),
        interaction: &interaction,
        scopes: &scopes,
        apis: &apis(workspace, client, &terms.resource),
        divisible: scopes.iter().any(|scope| scope.optional),
        lifetime: &in_words(client.lifetimes.access_token.as_seconds()),
    };
    Ok(page(200, &template, &nonce, &pending.request.redirect_uri.form_targets()))
}

/// The APIs that the application would have access to. The endpoints here are the workspace itself.
pub(crate) fn apis<'a>(workspace: &'a Workspace, client: &'a Client, resource: &'a Resources) -> Vec<ApiRow<'a>> {
    let row = |uri| {
        let own = (uri == workspace.issuer.as_str()).then_some(workspace.settings.name.as_str());
        ApiRow { title: workspace.settings.resource_title(uri).or(own), uri }
    };
    client.targets.apis(resource).named.into_iter().map(row).collect()
}

/// The requested scopes, and requested claims that none of them covers.
pub(crate) fn rows<'a>(scope: &'a Scopes, claims: &ClaimNames, settings: &'a Settings) -> Vec<ScopeRow<'a>> {
    let scopes = scope.iter().map(|name| {
        let (title, description) =
            settings.scope(name).map_or((name, ""), |scope| (scope.title.as_str(), scope.description.as_str()));
        let (title, title_inside) = (title.to_owned(), inside(title));
        ScopeRow { field: "withhold", name, title, title_inside, description, optional: name != OPENID }
    });
    let claims = claims.iter().map(|claim| {
        let (title, name) = (claim.in_words(), claim.as_str());
        let title_inside = inside(&title);
        ScopeRow { field: "withhold_claim", name, title, title_inside, description: "", optional: true }
    });
    scopes.chain(claims).collect()
}

/// A title as it stands within a sentence.
fn inside(title: &str) -> String {
    let mut letters = title.chars();
    letters.next().map_or_else(String::new, |first| format!("{}{}", first.to_lowercase(), letters.as_str()))
}

/// Formats a duration in words.
pub(crate) fn in_words(seconds: u32) -> String {
    let of = |count: u32, unit: &str| if count == 1 { format!("1 {unit}") } else { format!("{count} {unit}s") };
    match seconds {
        0..120 => of(seconds, "second"),
        120..7200 if seconds != 3600 => of(seconds / 60, "minute"),
        3600 => of(1, "hour"),
        7200..172_800 => of(seconds / 3600, "hour"),
        _ => of(seconds / 86_400, "day"),
    }
}

#[cfg(test)]
mod tests {
    use super::in_words;

    #[test]
    fn durations_are_formatted_in_words() {
        let table = [
            (1, "1 second"),
            (60, "60 seconds"),
            (600, "10 minutes"),
            (3600, "1 hour"),
            (86_400, "24 hours"),
            (2_592_000, "30 days"),
        ];
        for (seconds, expected) in table {
            assert_eq!(in_words(seconds), expected);
        }
    }
}
