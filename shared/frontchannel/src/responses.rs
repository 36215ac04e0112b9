//! Answers of the front channel: redirects, refusals, error pages.

use pages::{error_page, form_post_page};
use protocol::authorization::error::{PageError, RedirectError};
use protocol::authorization::refusal::Refusal;
use protocol::authorization::response::Answer;
use protocol::syntax::encoding::base64url;
use protocol::types::id::{Issuer, WorkspaceId};
use signing::Entropy;
use signing::entropy::random;
use web::response::{see_other, with_cookie};
use web::route::Matched;
use web::{Request, Response, json};

use crate::issue::redirected;
use crate::{FrontChannel, PendingAuthorization};

impl FrontChannel {
    /// A fresh random value for a page's own style and script.
    ///
    /// # Errors
    ///
    /// [`PageError::Unavailable`].
    pub fn nonce(&self) -> Result<String, PageError> {
        nonce(&*self.entropy)
    }

    /// The answer to a request that is refused.
    #[must_use]
    pub fn refused(&self, request: &Request, workspace: &WorkspaceId, refusal: Refusal) -> Response {
        let redirected = match refusal {
            Refusal::Page(error) => return self.error(request, error),
            Refusal::Redirect(redirected) => redirected,
        };
        tracing::info!(workspace = %workspace, error.code = redirected.error.code(), "an authorization was refused");
        let issuer = Issuer::new(self.public_url.as_str(), workspace);
        let description = redirected.error.to_string();
        let parameters = [("error", redirected.error.code()), ("error_description", description.as_str())];
        let answer = redirected.destination.answer(&issuer, &parameters);
        self.to_client(&answer).unwrap_or_else(|error| self.error(request, error))
    }

    /// Takes the browser to the client with `answer`.
    pub(crate) fn to_client(&self, answer: &Answer) -> Result<Response, PageError> {
        match answer {
            Answer::Redirect(location) => Ok(see_other(location)),
            Answer::Form(form) => Ok(form_post_page(form, &self.nonce()?)),
        }
    }

    /// An error page; for what is not there, JSON to whoever does not ask for a page.
    #[must_use]
    pub fn error(&self, request: &Request, error: PageError) -> Response {
        self::error(request, error, &*self.entropy)
    }

    /// The answer to a method that a page does not take.
    #[must_use]
    pub fn method_not_allowed(&self, request: &Request, matched: &Matched<'_>) -> Response {
        method_not_allowed(request, matched, &*self.entropy)
    }

    /// Sends the browser to the login page, which also asks for the account to go on with.
    ///
    /// # Errors
    ///
    /// [`Refusal`] if the request does not fit through a browser.
    pub async fn to_login(&self, pending: &PendingAuthorization) -> Result<Response, Refusal> {
        self.to_page(pending, "/login").await
    }

    /// Sends the browser to the consent page.
    ///
    /// # Errors
    ///
    /// [`Refusal`] if the request does not fit through a browser.
    pub async fn to_consent(&self, pending: &PendingAuthorization) -> Result<Response, Refusal> {
        self.to_page(pending, "/login/consent").await
    }

    async fn to_page(&self, pending: &PendingAuthorization, path: &str) -> Result<Response, Refusal> {
        let sealed = self.sealed(pending, None).await?;
        let url = pending.workspace.workspace.issuer.url(path);
        let response = see_other(&format!("{url}?interaction={sealed}"));
        Ok(pending.cookie().into_iter().fold(response, with_cookie))
    }

    /// The refusal that sends `error` to the client of `pending`.
    #[must_use]
    pub fn refusal(&self, pending: &PendingAuthorization, error: RedirectError) -> Refusal {
        redirected(pending, error)
    }
}

/// A fresh random value for a page's own style and script.
pub(crate) fn nonce(entropy: &dyn Entropy) -> Result<String, PageError> {
    let nonce = random::<16>(entropy).map_err(|fault| crate::interaction::unavailable(&fault))?;
    Ok(base64url(&nonce))
}

/// An error page; for what is not there, JSON to whoever does not ask for a page.
pub(crate) fn error(request: &Request, error: PageError, entropy: &dyn Entropy) -> Response {
    let reads_pages = request.header(http::header::ACCEPT).iter().any(|accept| accept.contains("text/html"));
    if error == PageError::NotFound && !reads_pages {
        return json::not_found(request);
    }
    tracing::info!(error = %error, trace.id = %request.trace_id, "an error page was shown");
    // Without randomness the page does without its style; its text is what matters.
    error_page(request, error, &nonce(entropy).unwrap_or_default())
}

/// The answer to a method that a page does not take.
pub(crate) fn method_not_allowed(request: &Request, matched: &Matched<'_>, entropy: &dyn Entropy) -> Response {
    let mut response = error(request, PageError::MethodNotAllowed, entropy);
    web::response::set(response.headers_mut(), http::header::ALLOW, &matched.route.methods.join(", "));
    response
}
