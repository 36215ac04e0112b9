//! The content of the pages on which a user decides.

use frontchannel::{FrontChannel, PendingAuthorization};
use pages::{
    AccountPage, ApiRow, ClientCard, ConsentPage, Frame, LanguageChoice, PermissionRow, PermissionText, Permissions,
    page,
};
use protocol::authorization::refusal::Refusal;
use protocol::clients::client::Client;
use protocol::clients::resource_indicator::Resources;
use protocol::registration::account_page;
use protocol::types::language::Language;
use protocol::types::scope::{OFFLINE_ACCESS, Scopes};
use protocol::users::session::Session;
use protocol::users::user_claims::ClaimNames;
use protocol::workspace::settings::Workspace;
use web::Response;

use crate::permissions::{ALLOW, ALLOW_CLAIM};

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

/// The consent page, which asks for the scopes `offered`.
pub(crate) async fn consent_page(
    front: &FrontChannel,
    pending: &PendingAuthorization,
    session: &Session,
    offered: &Scopes,
) -> Result<Response, Refusal> {
    let (workspace, client) = (pending.workspace(), pending.client());
    let (nonce, interaction) = (front.browser.nonce()?, front.seal(pending, Some(session)).await?);
    let terms = &pending.request.terms;
    let destination = pending.request.redirect_uri.destination();
    let before = pending.interaction.allowed_before.as_ref().filter(|before| before.subject == session.subject);
    let allowed_before = |row: &PermissionRow<'_>| {
        before.is_some_and(|before| match row.text {
            PermissionText::Described(..) => before.scope.contains(row.name),
            PermissionText::StandardClaim => before.claims.iter().any(|claim| claim.as_str() == row.name),
        })
    };
    let frame = framed(&nonce, pending, "/login/consent", &interaction);
    let template = ConsentPage {
        frame: &frame,
        client: card(client, pending.language()),
        destination: &destination,
        unassured: !client.identity_is_assured(&pending.request.redirect_uri),
        user: &session.display_name,
        account: &workspace.issuer.url(account_page::PATH),
        action: &workspace.issuer.url("/login/consent"),
        interaction: &interaction,
        permissions: &Permissions::new(rows(offered, &terms.claims_by_name(), &frame), allowed_before),
        apis: &apis(workspace, client, &terms.resource, offered, &frame),
        lifetime: lifetime(client, offered),
    };
    Ok(page(200, &template, &frame, &pending.request.redirect_uri.form_targets()))
}

/// The APIs that the application would have access to. The endpoints here are the workspace itself.
pub(crate) fn apis<'a>(
    workspace: &'a Workspace,
    client: &'a Client,
    resource: &'a Resources,
    scope: &Scopes,
    frame: &Frame<'_>,
) -> Vec<ApiRow<'a>> {
    let row = |uri| {
        let own = (uri == workspace.issuer.as_str()).then_some(workspace.settings.name.as_str());
        let title = workspace.settings.resource_title(uri).map(|title| frame.localized(title));
        ApiRow { title: title.or(own), uri }
    };
    client.targets.reached(resource, scope).into_iter().map(row).collect()
}

/// The requested scopes, and requested claims that none of them covers.
pub(crate) fn rows<'a>(scope: &'a Scopes, claims: &ClaimNames, frame: &Frame<'a>) -> Vec<PermissionRow<'a>> {
    let scopes = scope.iter().map(|name| {
        let known = frame.settings().and_then(|settings| settings.scope(name));
        let parameters =
            frame.settings().zip(known).map(|(settings, scope)| settings.parameters(scope, name)).unwrap_or_default();
        let text = known.map_or(PermissionText::Described(name, ""), |scope| {
            PermissionText::Described(frame.localized(&scope.title), frame.localized(&scope.description))
        });
        let group = known.and_then(|scope| scope.group.as_ref()).map(|group| frame.localized(group));
        let optional = frame.settings().is_none_or(|settings| settings.is_optional(name));
        PermissionRow {
            field: ALLOW,
            name,
            text,
            parameters,
            optional,
            sensitive: known.is_some_and(|scope| scope.sensitive),
            group,
        }
    });
    let claims = claims.iter().map(|claim| PermissionRow {
        field: ALLOW_CLAIM,
        name: claim.as_str(),
        text: PermissionText::StandardClaim,
        parameters: Vec::new(),
        optional: true,
        sensitive: false,
        group: None,
    });
    scopes.chain(claims).collect()
}

/// What users are shown of `client`.
pub(crate) fn card(client: &Client, language: Language) -> ClientCard<'_> {
    ClientCard { name: client.name_in(language), id: client.id.as_str(), display: &client.display }
}

/// For how many seconds the client has access: with refresh tokens, as long as they last.
pub(crate) fn lifetime(client: &Client, scope: &Scopes) -> u32 {
    let lifetimes = &client.lifetimes;
    let lasting = if scope.contains(OFFLINE_ACCESS) { lifetimes.refresh_token } else { lifetimes.access_token };
    lasting.as_seconds()
}
