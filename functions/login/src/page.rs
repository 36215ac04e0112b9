//! The content of the pages.

use frontchannel::{FrontChannel, PendingAuthorization};
use pages::{
    AccountPage, ApiRow, ConsentPage, Frame, LanguageChoice, LoginPage, PermissionRow, PermissionText, ProviderLink,
    page,
};
use protocol::authorization::refusal::Refusal;
use protocol::clients::client::Client;
use protocol::clients::resource_indicator::Resources;
use protocol::types::scope::{OPENID, Scopes};
use protocol::users::session::Session;
use protocol::users::user_claims::ClaimNames;
use protocol::workspace::settings::Workspace;
use web::Response;

use crate::permissions::{ALLOW, ALLOW_CLAIM};

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
    let frame = framed(&nonce, pending, "/login", &interaction);
    let template = LoginPage {
        frame: &frame,
        client: (!pending.is_of_device_page()).then_some(pending.client().name_in(pending.language())),
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
    Ok(page(status, &template, &frame, &pending.request.redirect_uri.form_targets()))
}

/// The frame of a page of `pending`, which can be had at `path` in other languages.
pub(crate) fn framed<'a>(
    nonce: &'a str,
    pending: &'a PendingAuthorization,
    path: &str,
    interaction: &str,
) -> Frame<'a> {
    let workspace = pending.workspace();
    let fields = vec![("interaction", interaction.to_owned())];
    let choice = LanguageChoice { action: workspace.issuer.url(path), fields };
    Frame::new(nonce, &workspace.settings, pending.language()).offering(choice)
}

/// The page that asks which account to go on with.
pub(crate) async fn account_page(
    front: &FrontChannel,
    pending: &PendingAuthorization,
    session: &Session,
) -> Result<Response, Refusal> {
    let workspace = pending.workspace();
    let (nonce, interaction) = (front.browser.nonce()?, front.seal(pending, Some(session)).await?);
    let frame = framed(&nonce, pending, "/login", &interaction);
    let template = AccountPage {
        frame: &frame,
        client: pending.client().name_in(pending.language()),
        user: &session.display_name,
        action: &workspace.issuer.url("/login"),
        interaction: &interaction,
    };
    Ok(page(200, &template, &frame, &pending.request.redirect_uri.form_targets()))
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
    let destination = pending.request.redirect_uri.destination();
    let frame = framed(&nonce, pending, "/login/consent", &interaction);
    let template = ConsentPage {
        frame: &frame,
        client: client.name_in(pending.language()),
        client_id: client.id.as_str(),
        destination: &destination,
        unassured: !client.identity_is_assured(&pending.request.redirect_uri),
        user: &session.display_name,
        action: &workspace.issuer.url("/login/consent"),
        interaction: &interaction,
        rows: &rows(&terms.scope, &terms.claims_by_name(), &frame),
        apis: &apis(workspace, client, &terms.resource, &frame),
        lifetime: client.lifetimes.access_token.as_seconds(),
    };
    Ok(page(200, &template, &frame, &pending.request.redirect_uri.form_targets()))
}

/// The APIs that the application would have access to. The endpoints here are the workspace itself.
pub(crate) fn apis<'a>(
    workspace: &'a Workspace,
    client: &'a Client,
    resource: &'a Resources,
    frame: &Frame<'_>,
) -> Vec<ApiRow<'a>> {
    let row = |uri| {
        let own = (uri == workspace.issuer.as_str()).then_some(workspace.settings.name.as_str());
        let title = workspace.settings.resource_title(uri).map(|title| frame.localized(title));
        ApiRow { title: title.or(own), uri }
    };
    client.targets.apis(resource).named.into_iter().map(row).collect()
}

/// The requested scopes, and requested claims that none of them covers.
pub(crate) fn rows<'a>(scope: &'a Scopes, claims: &ClaimNames, frame: &Frame<'a>) -> Vec<PermissionRow<'a>> {
    let scopes = scope.iter().map(|name| {
        let text = frame
            .settings()
            .and_then(|settings| settings.scope(name))
            .map_or(PermissionText::Described(name, ""), |scope| {
                PermissionText::Described(frame.localized(&scope.title), frame.localized(&scope.description))
            });
        PermissionRow { field: ALLOW, name, text, optional: name != OPENID }
    });
    let claims = claims.iter().map(|claim| PermissionRow {
        field: ALLOW_CLAIM,
        name: claim.as_str(),
        text: PermissionText::StandardClaim,
        optional: true,
    });
    scopes.chain(claims).collect()
}
