//! A pushed authorization request, when a browser presents its reference (RFC 9126 §4).
//!
//! The request is bound to the first browser that presents it; others are refused. The interaction takes over the id that
//! was assigned when the request was pushed, so however often the reference is presented, it leads to at most one grant
//! (catalogue row SEC-PAR-04).

use std::sync::Arc;

use protocol::authorization::error::PageError;
use protocol::authorization::interaction::InteractionState;
use protocol::authorization::pushed_request::{PushedRequest, RequestUri, parameters_for};
use protocol::authorization::request::AuthorizationRequest;
use protocol::syntax::parameters::Parameters;
use signing::Sealer;
use store::configuration::LoadedClient;
use store::{Binding, PushedRequestLoading};
use web::unavailable;

use crate::browser_context::BrowserContext;
use crate::front_channel::FrontChannel;
use crate::interaction::{hash, language_of, log_ignored_scope};
use crate::pending::PendingAuthorization;

/// A pushed request whose reference a browser has presented, with its parameters.
pub struct BroughtRequest {
    reference: RequestUri,
    stored: PushedRequest,
    /// The parameters that the client pushed. They were checked then, and are checked again now, because the registration
    /// may have changed (RFC 9126 §7.4).
    pub parameters: Parameters,
}

/// A pushed request that has been checked again.
pub struct CheckedPush {
    /// The presented request.
    pub brought: BroughtRequest,
    /// The parsed authorization request.
    pub request: AuthorizationRequest,
}

impl FrontChannel {
    /// Loads the request that `client` pushed under the reference `uri`.
    ///
    /// # Errors
    ///
    /// [`PageError::UnknownRequestUri`], or [`PageError::Unavailable`].
    pub async fn brought(
        &self,
        context: &BrowserContext<'_>,
        requests: &PushedRequestLoading,
        client: &LoadedClient,
        uri: &str,
    ) -> Result<BroughtRequest, PageError> {
        let reference = RequestUri::parse(uri).ok_or(PageError::UnknownRequestUri)?;
        let found = requests.find(context.id(), &reference.hash()).await.map_err(unavailable)?;
        let stored = found.ok_or(PageError::UnknownRequestUri)?.unexpired(context.now)?;
        let key = Sealer::of_reference(reference.root()).map_err(unavailable)?;
        let plain =
            key.open(context.id(), &stored.sealed).ok_or_else(|| unavailable("a pushed request is unreadable"))?;
        Ok(BroughtRequest { reference, stored, parameters: parameters_for(&client.client.id, plain.expose())? })
    }

    /// Begins the interaction of a pushed request, or continues it after a reload, in the browser that presented it first.
    /// This is the only write that a browser can cause before its user has logged in: once for each pushed request.
    ///
    /// # Errors
    ///
    /// [`PageError::OtherBrowser`], or [`PageError::Unavailable`].
    pub async fn begin_pushed(
        &self,
        context: &BrowserContext<'_>,
        requests: &PushedRequestLoading,
        loaded_client: Arc<LoadedClient>,
        push: CheckedPush,
    ) -> Result<PendingAuthorization, PageError> {
        let CheckedPush { brought: BroughtRequest { reference, stored, .. }, request } = push;
        log_ignored_scope(&request);
        let PushedRequest { id, pushed, browser, .. } = stored;
        let cookie = self.browser_cookie(context.id(), &id);
        let known = cookie.read(context.request);
        let lifetime = loaded_client.client.lifetimes.interaction;
        let (browser, cookie) = match (browser, known) {
            (Some(bound), Some(known)) if hash(known) == bound => (bound, None),
            (Some(_), _) => return Err(PageError::OtherBrowser),
            (None, _) => {
                let new = self.new_browser()?;
                match requests.bind(context.id(), &reference.hash(), &hash(&new)).await.map_err(unavailable)? {
                    Binding::Bound => (hash(&new), Some(cookie.set_for(&new, lifetime))),
                    Binding::OtherBrowser => return Err(PageError::OtherBrowser),
                }
            }
        };
        let interaction = InteractionState {
            id,
            browser,
            seed: self.browser.random_text::<32>()?,
            // The same for every reload, so that the item of the grant outlives all of them.
            began: pushed,
            expires: pushed.plus(lifetime),
            pushed: true,
            shown_to: None,
            user_code: None,
            account_page: false,
            language: Some(language_of(context, &request)),
            allowed_before: None,
            account: None,
        };
        let loaded = Arc::clone(&context.loaded);
        Ok(PendingAuthorization { loaded, loaded_client, request, interaction, cookie })
    }
}
