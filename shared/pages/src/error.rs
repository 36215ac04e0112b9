//! The error page.

use askama::Template;
use protocol::authorization::error::PageError;
use protocol::authorization::refusal::WayOut;
use protocol::syntax::parameters::ParameterError;
use web::json::TRACE_ID;
use web::request::Request;
use web::response::{Response, set};

use crate::frame::Frame;
use crate::messages::{Markup, Value};
use crate::response::page;

#[derive(Template)]
#[template(path = "error.html")]
pub(crate) struct ErrorPage<'a> {
    pub(crate) frame: &'a Frame<'a>,
    pub(crate) error: PageError,
    pub(crate) title: &'static str,
    pub(crate) advice: &'static str,
    pub(crate) ways: &'a [WayOut],
    pub(crate) trace_id: &'a str,
}

impl ErrorPage<'_> {
    fn explained(&self) -> Markup {
        explained(self.frame, self.error)
    }
}

/// The error page.
#[must_use]
pub fn error_page(request: &Request, frame: &Frame<'_>, error: PageError) -> Response {
    stranded_page(request, frame, error, &[])
}

/// The error page with ways on.
#[must_use]
pub fn stranded_page(request: &Request, frame: &Frame<'_>, error: PageError, ways: &[WayOut]) -> Response {
    let (title, trace_id) = (title(error), request.trace_id.as_str());
    let template = ErrorPage { frame, error, title, advice: advice(error, ways), ways, trace_id };
    let mut response = page(error.status(), &template, frame, &[]);
    set(response.headers_mut(), TRACE_ID, &request.trace_id);
    response
}

pub(crate) const fn title(error: PageError) -> &'static str {
    match error.status() {
        404 => "error-title-not-found",
        503 => "error-title-unavailable",
        _ => "error-title",
    }
}

/// What happened, in one sentence.
pub(crate) fn explained(frame: &Frame<'_>, error: PageError) -> Markup {
    let (key, value) = explanation(error);
    match &value {
        None => frame.markup(key, &[]),
        Some((name, value)) => frame.markup(key, &[(name, Value::Text(value))]),
    }
}

/// The key of the sentence that says what happened, and its variable with the value.
pub(crate) fn explanation(error: PageError) -> (&'static str, Option<(&'static str, String)>) {
    let key = match error {
        PageError::Parameters(ParameterError::Repeated(name)) => {
            return ("error-repeated", Some(("parameter", name.to_owned())));
        }
        PageError::UnregisteredRedirectUri(uri) => {
            return ("error-unregistered-redirect-uri", Some(("uri", uri.to_string())));
        }
        PageError::UnregisteredPostLogoutUri(uri) => {
            return ("error-unregistered-post-logout-uri", Some(("uri", uri.to_string())));
        }
        PageError::Parameters(ParameterError::Encoding) => "error-encoding",
        PageError::Parameters(ParameterError::RepeatedUnknown) => "error-repeated-unknown",
        PageError::MissingClientId => "error-missing-client-id",
        PageError::UnknownClient => "error-unknown-client",
        PageError::MissingRedirectUri => "error-missing-redirect-uri",
        PageError::UnknownRequestUri => "error-unknown-request-uri",
        PageError::ForeignHint => "error-foreign-hint",
        PageError::StaleLogout => "error-stale-logout",
        PageError::RequestTooLarge => "error-too-large",
        PageError::StaleInteraction => "error-stale",
        PageError::OtherBrowser => "error-other-browser",
        PageError::FinishedInteraction => "error-finished",
        PageError::CrossSite => "error-cross-site",
        PageError::NotAForm => "error-not-a-form",
        PageError::IncompleteForm => "error-incomplete-form",
        PageError::UnknownIdentitySource => "error-unknown-source",
        PageError::ForeignUpstreamAnswer => "error-foreign-answer",
        PageError::UpstreamDenied => "error-provider-denied",
        PageError::UpstreamRefused => "error-provider-refused",
        PageError::UpstreamUnreachable => "error-provider-unreachable",
        PageError::NotFound => "error-not-found",
        PageError::MethodNotAllowed => "error-method",
        PageError::Unavailable => "error-unavailable",
    };
    (key, None)
}

/// The key of what the user can do next; with links on the page, to follow one.
pub(crate) const fn advice(error: PageError, ways: &[WayOut]) -> &'static str {
    match (error, ways) {
        (_, []) | (PageError::FinishedInteraction | PageError::OtherBrowser, _) => advice_without_links(error),
        (PageError::NotFound, _) => "advice-start",
        (PageError::StaleInteraction, _) => "advice-start-over",
        _ => "advice-ways",
    }
}

const fn advice_without_links(error: PageError) -> &'static str {
    match error {
        PageError::StaleInteraction
        | PageError::OtherBrowser
        | PageError::FinishedInteraction
        | PageError::ForeignUpstreamAnswer
        | PageError::UnknownRequestUri => "advice-sign-in-again",
        PageError::Parameters(_)
        | PageError::NotAForm
        | PageError::MissingClientId
        | PageError::UnknownClient
        | PageError::MissingRedirectUri
        | PageError::UnregisteredRedirectUri(_)
        | PageError::UnregisteredPostLogoutUri(_)
        | PageError::ForeignHint => "advice-operator",
        PageError::StaleLogout => "advice-sign-out-again",
        PageError::RequestTooLarge => "advice-smaller",
        PageError::CrossSite | PageError::IncompleteForm => "advice-reload",
        PageError::UnknownIdentitySource | PageError::UpstreamDenied | PageError::UpstreamRefused => {
            "advice-another-way"
        }
        PageError::UpstreamUnreachable => "advice-wait-or-another-way",
        PageError::NotFound => "advice-address",
        PageError::MethodNotAllowed => "advice-from-application",
        PageError::Unavailable => "advice-retry",
    }
}
