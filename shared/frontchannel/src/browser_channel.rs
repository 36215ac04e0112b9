//! The shared context of all functions that serve browsers, and their single entry point.

use std::sync::{Arc, OnceLock};

use bootstrap::Entrance;
use pages::{Frame, error_page, form_post_page, stranded_page};
use protocol::authorization::error::PageError;
use protocol::authorization::refusal::{Redirected, Refusal, Stranded};
use protocol::authorization::response::Answer;
use protocol::syntax::form_fault::FormFault;
use protocol::syntax::parameters::Parameters;
use protocol::types::id::ClientId;
use protocol::types::language::Language;
use protocol::types::secret::{Secret, SecretHash};
use protocol::types::time::Timestamp;
use protocol::users::session::Session;
use protocol::workspace::settings::Workspace;
use signing::Entropy;
use signing::entropy::random_text;
use signing::verify::verify_issued_by_us;
use store::configuration::{LoadedClient, LoadedWorkspace};
use store::{ConfigurationReading, KeyRingReading, SessionReading};
use web::config::PublicUrl;
use web::cookie::Cookie;
use web::origin::is_from_our_page;
use web::request::MAX_QUERY_BYTES;
use web::response::{see_other, set, with_cookie};
use web::route::{Endpoint, Matched};
use web::{Clock, Request, Response, edge, json, login_cookies, unavailable};

use crate::browser_context::BrowserContext;

/// The purpose of the session cookie.
pub const SESSION_COOKIE: &str = "session";

/// The context of a function that serves browsers: it reads workspaces, clients, public keys and sessions, and issues
/// nothing.
pub struct BrowserChannel {
    /// What finds the workspace of a request.
    pub entrance: Entrance,
    /// Workspaces and clients.
    pub configuration: Arc<ConfigurationReading>,
    /// Public keys.
    pub rings: Arc<KeyRingReading>,
    /// Sessions.
    pub sessions: SessionReading,
    /// Random bytes.
    pub entropy: Arc<dyn Entropy>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// The URL at which browsers reach the server.
    pub public_url: PublicUrl,
}

impl BrowserChannel {
    /// Handles a request to one of `endpoints` with `handler`: the single place for method, route, panic, errors and
    /// the bound on cookies.
    pub async fn answer(
        &self,
        request: &Request,
        endpoints: &[Endpoint],
        handler: impl AsyncFnOnce(&BrowserContext<'_>) -> Result<Response, Refusal>,
    ) -> Response {
        // Boxed, because the SDK's futures are large.
        let response = edge::guarded(request, Box::pin(self.respond(request, endpoints, handler))).await;
        login_cookies::bounded(response, request, &self.public_url)
    }

    async fn respond(
        &self,
        request: &Request,
        endpoints: &[Endpoint],
        handler: impl AsyncFnOnce(&BrowserContext<'_>) -> Result<Response, Refusal>,
    ) -> Response {
        let now = self.clock.now();
        let matched = match self.entrance.find(request, now).await {
            Ok(found) => found.filter(|found| endpoints.contains(&found.route.endpoint)),
            Err(fault) => return self.error(request, unavailable(fault).into()),
        };
        let matched = match matched {
            Some(matched) if !matched.route.methods.contains(&request.method.as_str()) => {
                return self.method_not_allowed(request, &matched);
            }
            Some(matched) => matched,
            None => return self.error(request, PageError::NotFound),
        };
        let loaded = match self.workspace(&matched, now).await {
            Ok(loaded) => loaded,
            Err(error) => return self.error(request, error),
        };
        edge::note_workspace(&matched.workspace);
        let (endpoint, identity_source) = (matched.route.endpoint, matched.identity_source);
        let context = BrowserContext { request, endpoint, loaded, identity_source, now, language: OnceLock::new() };
        match handler(&context).await {
            Ok(response) => response,
            Err(refusal) => self.refuse(&context, refusal),
        }
    }

    /// The workspace of `matched`, if it is served there.
    async fn workspace(&self, matched: &Matched<'_>, now: Timestamp) -> Result<Arc<LoadedWorkspace>, PageError> {
        let loaded = self.configuration.workspace(&matched.workspace, now).await.map_err(unavailable)?;
        let served = loaded.filter(|loaded| matched.is_served(&loaded.workspace.settings));
        served.ok_or(PageError::NotFound)
    }

    /// The response to a request that is refused: on an error page, or at the client.
    #[must_use]
    pub fn refuse(&self, context: &BrowserContext<'_>, refusal: Refusal) -> Response {
        match refusal {
            Refusal::Page(error) => self.page_error(context, error),
            Refusal::Stranded(stranded) => self.strand(context, &stranded),
            Refusal::Redirect(redirected) => self.redirect_error(context, &redirected),
        }
    }

    fn redirect_error(&self, context: &BrowserContext<'_>, redirected: &Redirected) -> Response {
        let Redirected { destination, error } = redirected;
        tracing::info!(error.code = error.code(), error = %error, "an authorization request was refused");
        let description = error.to_string();
        let parameters = [("error", error.code()), ("error_description", description.as_str())];
        let answer = destination.answer(&context.workspace().issuer, &parameters);
        self.to_client(&answer, context.workspace(), context.language())
            .unwrap_or_else(|error| self.page_error(context, error))
    }

    /// Sends the browser to the client with `answer`.
    ///
    /// # Errors
    ///
    /// [`PageError::Unavailable`].
    pub fn to_client(&self, answer: &Answer, workspace: &Workspace, language: Language) -> Result<Response, PageError> {
        match answer {
            Answer::Redirect(location) => Ok(see_other(location)),
            Answer::Form(form) => {
                let nonce = self.nonce()?;
                Ok(form_post_page(&Frame::new(&nonce, &workspace.settings, language), form))
            }
        }
    }

    /// Renders an error page where no workspace is known; for a missing resource, JSON if the request does not accept HTML.
    fn error(&self, request: &Request, error: PageError) -> Response {
        if error == PageError::NotFound && !reads_pages(request) {
            return json::not_found(request);
        }
        tracing::info!(error = %error, "an error page was shown");
        // Without randomness the page does without its style; its text is what matters.
        let nonce = self.nonce().unwrap_or_default();
        let language = Language::lookup(request.preferred_languages()).unwrap_or_default();
        error_page(request, &Frame::anonymous(&nonce, language), error)
    }

    /// Renders an error page of the workspace; for a missing resource, JSON if the request does not accept HTML.
    fn page_error(&self, context: &BrowserContext<'_>, error: PageError) -> Response {
        if error == PageError::NotFound && !reads_pages(context.request) {
            return json::not_found(context.request);
        }
        self.strand(context, &Stranded { error, ways: Vec::new() })
    }

    /// An error page with ways on.
    fn strand(&self, context: &BrowserContext<'_>, stranded: &Stranded) -> Response {
        tracing::info!(error = %stranded.error, "an error page was shown");
        let nonce = self.nonce().unwrap_or_default();
        let frame = Frame::new(&nonce, &context.workspace().settings, context.language());
        stranded_page(context.request, &frame, stranded.error, &stranded.ways)
    }

    fn method_not_allowed(&self, request: &Request, matched: &Matched<'_>) -> Response {
        let mut response = self.error(request, PageError::MethodNotAllowed);
        set(response.headers_mut(), http::header::ALLOW, &matched.route.methods.join(", "));
        response
    }

    /// A fresh random nonce for the styles and scripts of a page.
    ///
    /// # Errors
    ///
    /// [`PageError::Unavailable`].
    pub fn nonce(&self) -> Result<String, PageError> {
        self.random_text::<16>()
    }

    /// `N` random bytes in base64url.
    ///
    /// # Errors
    ///
    /// [`PageError::Unavailable`].
    pub fn random_text<const N: usize>(&self) -> Result<String, PageError> {
        Ok(random_text::<N>(&*self.entropy).map_err(unavailable)?)
    }

    /// Parses a form of one of the server's own pages; a cross-site form is refused (catalogue row SEC-SESS-04).
    ///
    /// # Errors
    ///
    /// [`PageError::CrossSite`], or [`PageError::IncompleteForm`] and similar for a form that no page sends.
    pub fn form(&self, context: &BrowserContext<'_>) -> Result<Parameters, PageError> {
        self.form_repeating(context, &[])
    }

    /// Like [`Self::form`], but the fields in `repeatable` may occur more than once.
    ///
    /// # Errors
    ///
    /// As for [`Self::form`].
    pub fn form_repeating(&self, context: &BrowserContext<'_>, repeatable: &[&str]) -> Result<Parameters, PageError> {
        if !is_from_our_page(context.request, context.workspace().issuer.origin()) {
            return Err(PageError::CrossSite);
        }
        context.request.form_repeating(repeatable).map_err(|fault| match fault {
            FormFault::ContentType | FormFault::QueryParameters => PageError::IncompleteForm,
            FormFault::TooLarge | FormFault::Parameters(_) => fault.into(),
        })
    }

    /// Redirects a POST without a session cookie to the same request by GET: a cross-site form arrives without
    /// `SameSite=Lax` cookies, as if there were no session. The browser does send them with the redirect.
    #[must_use]
    pub fn retry_as_get(&self, context: &BrowserContext<'_>, path: &str) -> Option<Response> {
        let body = std::str::from_utf8(&context.request.body).ok()?;
        let is_query = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~%+&=*!'(),;:@/?$".contains(&byte);
        let fits = body.len() <= MAX_QUERY_BYTES && body.bytes().all(is_query);
        let retry = context.is_post() && fits && self.session_cookie(context).is_none();
        retry.then(|| see_other(&format!("{}?{body}", context.workspace().issuer.url(path))))
    }

    /// The client `id`, if it exists and is active.
    ///
    /// # Errors
    ///
    /// [`PageError::UnknownClient`] or [`PageError::Unavailable`].
    pub async fn client(&self, context: &BrowserContext<'_>, id: &ClientId) -> Result<Arc<LoadedClient>, PageError> {
        edge::note_client(id);
        let found = self.configuration.usable_client(context.workspace(), id, context.now).await;
        found.map_err(unavailable)?.ok_or(PageError::UnknownClient)
    }

    /// The claims of `token`, if it is a JWT of type `typ` that this workspace issued, expired or not.
    ///
    /// # Errors
    ///
    /// [`PageError::Unavailable`].
    pub async fn issued_claims(
        &self,
        context: &BrowserContext<'_>,
        token: &Secret<String>,
        typ: &str,
    ) -> Result<Option<Vec<u8>>, PageError> {
        let ring = self.rings.ring(context.id(), context.now).await.map_err(unavailable)?;
        let ring = ring.ok_or_else(|| unavailable("the workspace has no key ring"))?;
        Ok(verify_issued_by_us(token.expose(), &ring.published(), typ))
    }

    /// The session of the browser, whether or not its user still exists.
    ///
    /// # Errors
    ///
    /// [`PageError::Unavailable`].
    pub async fn any_session(&self, context: &BrowserContext<'_>) -> Result<Option<Session>, PageError> {
        let Some(hash) = self.session_cookie(context) else { return Ok(None) };
        self.session_of(context, &hash).await
    }

    /// The session whose cookie has this hash, if it is neither expired nor unused for too long.
    ///
    /// # Errors
    ///
    /// [`PageError::Unavailable`].
    pub async fn session_of(
        &self,
        context: &BrowserContext<'_>,
        cookie: &SecretHash,
    ) -> Result<Option<Session>, PageError> {
        let idle = context.workspace().settings.lifetimes.session_idle;
        let found = self.sessions.find(context.id(), cookie, idle, context.now).await;
        Ok(found.map_err(unavailable)?)
    }

    /// The hash of the session cookie in the request, whether or not the session still exists.
    #[must_use]
    pub fn session_cookie(&self, context: &BrowserContext<'_>) -> Option<SecretHash> {
        self.session_cookie_of(context.workspace())
            .read(context.request)
            .map(|value| SecretHash::of(&Secret::new(value.into())))
    }

    /// What proves that a form was shown to the browser's session: a digest of its cookie, which other sites cannot know
    /// (catalogue row SEC-SESS-05).
    #[must_use]
    pub fn form_token(&self, context: &BrowserContext<'_>) -> Option<String> {
        let cookie = self.session_cookie_of(context.workspace()).read(context.request)?;
        Some(SecretHash::of(&Secret::new(format!("form {cookie}"))).encoded())
    }

    /// The response that removes the session cookie.
    #[must_use]
    pub fn forget_session(&self, response: Response, workspace: &Workspace) -> Response {
        with_cookie(response, &self.session_cookie_of(workspace).remove())
    }

    /// The session cookie of `workspace`.
    pub(crate) fn session_cookie_of(&self, workspace: &Workspace) -> Cookie {
        Cookie::new(SESSION_COOKIE, &workspace.id, &self.public_url)
    }
}

/// Whether the sender would rather read a page than JSON.
fn reads_pages(request: &Request) -> bool {
    request.accepted().prefers("text/html", "application/json")
}
