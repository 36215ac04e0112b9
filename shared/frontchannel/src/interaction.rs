//! An authorization request that waits for its user: how it starts, travels sealed with the browser, and is resumed.

use std::sync::Arc;

use protocol::authorization::consent::AllowedBefore;
use protocol::authorization::error::PageError;
use protocol::authorization::interaction::{Interaction, InteractionState};
use protocol::authorization::refusal::Refusal;
use protocol::authorization::request::AuthorizationRequest;
use protocol::syntax::quoted::Quoted;
use protocol::types::id::{GrantId, IdentitySourceId, WorkspaceId};
use protocol::types::language::Language;
use protocol::types::secret::{Secret, SecretHash};
use protocol::types::time::Lifetime;
use protocol::users::session::Session;
use signing::entropy::random;
use store::configuration::LoadedClient;
use web::cookie::Cookie;
use web::login_cookies::{self, BROWSER};
use web::response::{see_other, with_cookie};
use web::{Response, unavailable};

use crate::browser_context::BrowserContext;
use crate::front_channel::FrontChannel;
use crate::pending::PendingAuthorization;

/// The maximum length of a sealed interaction: it has to fit into a URL with everything else (API Gateway accepts ten
/// kilobytes of request line and headers).
const MAX_SEALED_INTERACTION_BYTES: usize = 6700;

impl FrontChannel {
    /// Starts an interaction for `request`, bound to the browser by its own cookie, so that concurrent tabs do not
    /// interfere.
    ///
    /// # Errors
    ///
    /// [`PageError::Unavailable`] if the system's random source fails.
    pub fn begin(
        &self,
        context: &BrowserContext<'_>,
        loaded_client: Arc<LoadedClient>,
        request: AuthorizationRequest,
    ) -> Result<PendingAuthorization, PageError> {
        log_ignored_scope(&request);
        let id = GrantId::from_bytes(random(&*self.browser.entropy).map_err(unavailable)?);
        let (browser, began) = (self.new_browser()?, self.now());
        let lifetime = loaded_client.client.lifetimes.interaction;
        let cookie = self.browser_cookie(context.id(), &id).set_for(&browser, lifetime);
        let seed = self.browser.random_text::<32>()?;
        let interaction = InteractionState {
            id,
            browser: hash(&browser),
            seed,
            began,
            expires: began.plus(lifetime),
            pushed: false,
            shown_to: None,
            user_code: None,
            account_page: false,
            language: Some(language_of(context, &request)),
            allowed_before: None,
            account: None,
        };
        let loaded = Arc::clone(&context.loaded);
        Ok(PendingAuthorization { loaded, loaded_client, request, interaction, cookie: Some(cookie) })
    }

    /// The value of the cookie that binds an interaction to the browser that starts it.
    pub(crate) fn new_browser(&self) -> Result<String, PageError> {
        Ok(login_cookies::dated(&self.browser.random_text::<32>()?, self.now()))
    }

    /// The `Set-Cookie` that removes the cookie of a finished interaction.
    pub(crate) fn used_cookie(&self, pending: &PendingAuthorization) -> Option<String> {
        let cookie = self.browser_cookie(&pending.workspace().id, &pending.interaction.id);
        pending.cookie.is_none().then(|| cookie.remove())
    }

    /// Renews the cookie of an interaction that continues at a provider, so that it is dated and kept like the
    /// cookies set with it.
    #[must_use]
    pub fn renewed_cookie(&self, context: &BrowserContext<'_>, pending: &PendingAuthorization) -> Option<String> {
        let cookie = self.browser_cookie(context.id(), &pending.interaction.id);
        let left = pending.interaction.expires.seconds().saturating_sub(context.now.seconds());
        let left = Lifetime::seconds(u32::try_from(left).unwrap_or(u32::MAX));
        cookie.read(context.request).map(|value| cookie.set_for(value, left))
    }

    pub(crate) fn browser_cookie(&self, workspace: &WorkspaceId, id: &GrantId) -> Cookie {
        Cookie::numbered(BROWSER, id.as_str(), workspace, &self.browser.public_url)
    }

    /// Seals `pending`; for pages that only one user may submit, together with the user that they are shown to.
    ///
    /// # Errors
    ///
    /// [`Refusal`]: to the client if the interaction is too large for a browser, or a page if no key is available.
    pub async fn seal(&self, pending: &PendingAuthorization, shown_to: Option<&Session>) -> Result<String, Refusal> {
        let shown_to = shown_to.map(|session| session.subject.clone());
        self.seal_state(pending, InteractionState { shown_to, ..pending.interaction.clone() }).await
    }

    /// Seals `pending` in another state.
    async fn seal_state(&self, pending: &PendingAuthorization, state: InteractionState) -> Result<String, Refusal> {
        let interaction = Interaction::of(&pending.request, state);
        let workspace = &pending.workspace().id;
        let sealed = self.seal_interaction(workspace, &interaction).await?;
        if sealed.len() <= MAX_SEALED_INTERACTION_BYTES {
            return Ok(sealed);
        }
        let sealed = self.seal_interaction(workspace, &interaction.without_hints()).await?;
        pending.within(sealed, MAX_SEALED_INTERACTION_BYTES)
    }

    /// Seals `interaction` without a limit on its length.
    pub(crate) async fn seal_interaction(
        &self,
        workspace: &WorkspaceId,
        interaction: &Interaction,
    ) -> Result<String, PageError> {
        let plain = serde_json::to_vec(interaction).map_err(unavailable)?;
        let keys = self.interactions.keys(self.now()).await.map_err(unavailable)?;
        Ok(keys.seal(workspace, plain, &*self.browser.entropy).map_err(unavailable)?)
    }

    /// Opens what a browser sent back. Only values sealed here, for this workspace, are accepted.
    ///
    /// # Errors
    ///
    /// [`PageError::StaleInteraction`], or [`PageError::Unavailable`] if the keys are unavailable.
    pub async fn open(&self, context: &BrowserContext<'_>, sealed: Option<&str>) -> Result<Interaction, PageError> {
        let sealed = sealed.ok_or(PageError::StaleInteraction)?;
        let keys = self.interactions.keys(context.now).await.map_err(unavailable)?;
        let plain = keys.open(context.id(), sealed).ok_or(PageError::StaleInteraction)?;
        let opened: Interaction = serde_json::from_slice(plain.expose()).map_err(|_| PageError::StaleInteraction)?;
        context.show_in_language_of(&opened.state);
        Ok(opened)
    }

    /// Resumes `interaction` in the browser that started it: the single place that decides whether this is allowed.
    /// Everything is checked again: that it is unfinished and unexpired, its browser, its client, and the client's
    /// registration.
    ///
    /// # Errors
    ///
    /// [`Refusal`]: finished, expired, of another browser, of a deleted client, or the store is unavailable.
    pub async fn resume(
        &self,
        context: &BrowserContext<'_>,
        interaction: Interaction,
    ) -> Result<PendingAuthorization, Refusal> {
        context.show_in_language_of(&interaction.state);
        let finished = self.grants.exists(context.id(), &interaction.state.id).await;
        if finished.map_err(|fault| PageError::from(unavailable(fault)))? {
            return Err(self.unresumable(context, &interaction, PageError::FinishedInteraction).await);
        }
        self.reopen(context, interaction).await
    }

    /// Resumes `interaction`, finished or not, after all other checks of [`FrontChannel::resume`].
    ///
    /// # Errors
    ///
    /// [`Refusal`].
    pub(crate) async fn reopen(
        &self,
        context: &BrowserContext<'_>,
        interaction: Interaction,
    ) -> Result<PendingAuthorization, Refusal> {
        if let Some(error) = self.unusable(context, &interaction.state) {
            return Err(self.unresumable(context, &interaction, error).await);
        }
        let loaded_client = self.client_of(context, &interaction).await?;
        let request = interaction.request(&loaded_client.client)?;
        let loaded = Arc::clone(&context.loaded);
        let interaction = InteractionState { language: Some(context.language()), ..interaction.state };
        Ok(PendingAuthorization { loaded, loaded_client, request, interaction, cookie: None })
    }

    /// Why an unfinished interaction in this state cannot be resumed, if so.
    fn unusable(&self, context: &BrowserContext<'_>, state: &InteractionState) -> Option<PageError> {
        if context.now.reached(state.expires) {
            return Some(PageError::StaleInteraction);
        }
        let cookie = self.browser_cookie(context.id(), &state.id);
        let is_same = cookie.read(context.request).map(hash).as_ref() == Some(&state.browser);
        (!is_same).then_some(PageError::OtherBrowser)
    }

    /// Redirects the browser to the login page, which may also show the account chooser.
    ///
    /// # Errors
    ///
    /// [`Refusal`] if the request does not fit through a browser.
    pub async fn to_login(&self, pending: &PendingAuthorization) -> Result<Response, Refusal> {
        self.to_page(pending, "/login").await
    }

    /// Redirects the browser to the consent page.
    ///
    /// # Errors
    ///
    /// [`Refusal`] if the request does not fit through a browser.
    pub async fn to_consent(
        &self,
        pending: &PendingAuthorization,
        allowed_before: Option<Box<AllowedBefore>>,
    ) -> Result<Response, Refusal> {
        let state = InteractionState { shown_to: None, allowed_before, ..pending.interaction.clone() };
        let sealed = self.seal_state(pending, state).await?;
        Ok(redirect(pending, "/login/consent", &sealed))
    }

    /// Redirects the browser to `provider` again.
    ///
    /// # Errors
    ///
    /// [`Refusal`] if the request does not fit through a browser.
    pub async fn to_provider(
        &self,
        pending: &PendingAuthorization,
        provider: &IdentitySourceId,
    ) -> Result<Response, Refusal> {
        self.to_page(pending, &format!("/login/upstream/{provider}")).await
    }

    pub(crate) async fn to_page(&self, pending: &PendingAuthorization, path: &str) -> Result<Response, Refusal> {
        let sealed = self.seal(pending, None).await?;
        Ok(redirect(pending, path, &sealed))
    }
}

fn redirect(pending: &PendingAuthorization, path: &str, sealed: &str) -> Response {
    let response = see_other(&format!("{}?interaction={sealed}", pending.workspace().issuer.url(path)));
    pending.cookie.iter().fold(response, |response, cookie| with_cookie(response, cookie))
}

/// Logs the requested scopes that are left out, so that none is ignored in silence.
pub(crate) fn log_ignored_scope(request: &AuthorizationRequest) {
    if !request.ignored_scope.is_empty() {
        let ignored = Quoted::of(&request.ignored_scope.joined());
        tracing::info!(scope.ignored = %ignored, "scopes that the client is not registered for were ignored");
    }
}

/// Hashes the cookie of a browser, so that a sealed value does not reveal it.
pub(crate) fn hash(browser: &str) -> String {
    SecretHash::of(&Secret::new(browser.into())).encoded()
}

/// The language of the pages of a new request: what the client asks for, else what the browser prefers.
pub(crate) fn language_of(context: &BrowserContext<'_>, request: &AuthorizationRequest) -> Language {
    let asked = request.terms.hints.ui_locales.as_deref().unwrap_or_default();
    context.show_in(Language::lookup(asked.split(' ')).unwrap_or_else(|| context.language()));
    context.language()
}
