//! The choice of an identity source: by what the client says, by the user's address, or from the list.

use frontchannel::{BrowserContext, FrontChannel, PendingAuthorization};
use protocol::authorization::refusal::Refusal;
use protocol::federation::source_choice::{self, MAX_ADDRESS_BYTES, SourceChoice};
use protocol::syntax::quoted::Quoted;
use web::Response;

use crate::login_page::{LoginForm, LoginView, leading_page, login_page};

/// Shows what a login begins with.
pub(crate) async fn begin(
    front: &FrontChannel,
    context: &BrowserContext<'_>,
    pending: &PendingAuthorization,
) -> Result<Response, Refusal> {
    let (settings, terms) = (&pending.workspace().settings, &pending.request.terms);
    if let Some(hint) = source_choice::unknown_hint(settings, terms) {
        tracing::info!(idp_hint = %Quoted::of(hint), "an idp_hint was ignored that names no source of the workspace");
    }
    let view = match source_choice::choose(settings, terms) {
        SourceChoice::Provider(provider) => return leading_page(front, pending, provider).await,
        SourceChoice::Address => LoginView::Address,
        SourceChoice::List => LoginView::of_all(settings),
    };
    let username = terms.login_hint.clone().unwrap_or_default();
    login_page(front, context, pending, &LoginForm { username: &username, failed: false, view }).await
}

/// Goes on with the address that the user has entered. Nobody is looked up: the answer depends on its domain alone.
pub(crate) async fn discover(
    front: &FrontChannel,
    context: &BrowserContext<'_>,
    mut pending: PendingAuthorization,
    address: &str,
) -> Result<Response, Refusal> {
    let address = Some(address.trim()).filter(|address| address.len() <= MAX_ADDRESS_BYTES).unwrap_or_default();
    pending.request.terms.login_hint = (!address.is_empty()).then(|| address.to_owned());
    if let Some(provider) = source_choice::of_address(&pending.workspace().settings, address) {
        return leading_page(front, &pending, provider).await;
    }
    let view = LoginView::of_all(&pending.workspace().settings);
    // Where no other way is listed, an address without a provider is the end.
    let failed = matches!(view, LoginView::Address);
    login_page(front, context, &pending, &LoginForm { username: address, failed, view }).await
}
