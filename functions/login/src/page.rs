//! The content of the pages.

use frontchannel::{FrontChannel, PendingAuthorization};
use pages::{AccountPage, ApiRow, ConsentPage, LoginPage, ProviderLink, ScopeRow, page};
use protocol::authorization::refusal::Refusal;
use protocol::authorization::request::RequestTerms;
use protocol::types::scope::OPENID;
use protocol::users::session::Session;
use protocol::workspace::settings::Settings;
use web::Response;

/// The values in the form.
pub(crate) struct LoginForm<'a> {
    /// The name.
    pub(crate) username: &'a str,
    /// Whether it has just been refused.
    pub(crate) failed: bool,
}

/// The login page.
pub(crate) async fn login_page(
    front: &FrontChannel,
    pending: &PendingAuthorization,
    form: &LoginForm<'_>,
) -> Result<Response, Refusal> {
    let workspace = pending.workspace();
    let (nonce, interaction) = (front.browser.nonce()?, front.seal(pending, None).await?);
    let sandbox = workspace.settings.sandbox.as_ref();
    let hinted = sandbox.filter(|sandbox| sandbox.hint).and_then(|sandbox| sandbox.users.first());
    let link = |id: &str| workspace.issuer.url(&format!("/login/upstream/{id}?interaction={interaction}"));
    let upstream = workspace.settings.upstream.iter();
    let providers: Vec<ProviderLink<'_>> = upstream
        .map(|provider| {
            let (id, title) = (provider.id.as_str(), provider.title.as_str());
            ProviderLink { id, title, link: link(id) }
        })
        .collect();
    let back = pending.way_back();
    let template = LoginPage {
        nonce: &nonce,
        workspace: &workspace.settings.name,
        client: &pending.client().name,
        action: &workspace.issuer.url("/login"),
        interaction: &interaction,
        username: form.username,
        failed: form.failed,
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
    let scopes = rows(&pending.request.terms, &workspace.settings);
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
        apis: &apis(pending),
        divisible: scopes.iter().any(|scope| scope.optional),
        lifetime: &in_words(client.lifetimes.access_token.as_seconds()),
    };
    Ok(page(200, &template, &nonce, &pending.request.redirect_uri.form_targets()))
}

/// The APIs that the application would have access to. The endpoints here are the workspace itself.
fn apis(pending: &PendingAuthorization) -> Vec<ApiRow<'_>> {
    let (workspace, terms) = (pending.workspace(), &pending.request.terms);
    let row = |uri| {
        let own = (uri == workspace.issuer.as_str()).then_some(workspace.settings.name.as_str());
        ApiRow { title: workspace.settings.resource_title(uri).or(own), uri }
    };
    pending.client().targets.apis(&terms.resource).named.into_iter().map(row).collect()
}

/// The requested scopes, and requested claims that none of them covers.
fn rows<'a>(terms: &'a RequestTerms, settings: &'a Settings) -> Vec<ScopeRow<'a>> {
    let scopes = terms.scope.iter().map(|name| {
        let (title, description) =
            settings.scope(name).map_or((name, ""), |scope| (scope.title.as_str(), scope.description.as_str()));
        let (title, title_inside) = (title.to_owned(), inside(title));
        ScopeRow { field: "withhold", name, title, title_inside, description, optional: name != OPENID }
    });
    let claims = terms.claims_by_name().into_iter().map(|claim| {
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
fn in_words(seconds: u32) -> String {
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
