//! Pages as HTTP responses.

use askama::Template;
use http::header::{self, HeaderName, HeaderValue};
use web::response::{Caching, Response, response, set};

use crate::frame::Frame;

/// Headers of every page (catalogue rows SEC-HDR-02 and 07).
const ALWAYS: [(&str, &str); 4] = [
    ("x-frame-options", "DENY"),
    ("cross-origin-opener-policy", "same-origin"),
    ("cross-origin-resource-policy", "same-origin"),
    ("permissions-policy", "camera=(), geolocation=(), microphone=(), payment=(), usb=()"),
];

/// Renders a page as a response. `targets` are the external destinations that its form may redirect to: browsers apply
/// the page's `form-action` to redirects as well.
#[must_use]
pub fn page(status: u16, template: &impl Template, frame: &Frame<'_>, targets: &[String]) -> Response {
    let form_action = targets.iter().fold("'self'".to_owned(), |all, target| format!("{all} {target}"));
    leading_to(&form_action, status, template, frame)
}

pub(crate) fn leading_to(form_action: &str, status: u16, template: &impl Template, frame: &Frame<'_>) -> Response {
    // Writing into a string fails only if a value's own `Display` does, and all values here are strings.
    let body = template.render().unwrap_or_default();
    let mut page = response(status, "text/html; charset=utf-8", body, Caching::Never);
    let nonce = frame.nonce;
    let policy = format!(
        "default-src 'none'; style-src 'nonce-{nonce}'; script-src 'nonce-{nonce}'; img-src 'self' data:; \
         connect-src 'self'; form-action {form_action}; frame-ancestors 'none'; base-uri 'none'; object-src 'none'"
    );
    let headers = page.headers_mut();
    set(headers, header::CONTENT_SECURITY_POLICY, &policy);
    set(headers, header::CONTENT_LANGUAGE, frame.language.tag());
    set(headers, header::VARY, "accept-language");
    for (name, value) in ALWAYS {
        headers.insert(HeaderName::from_static(name), HeaderValue::from_static(value));
    }
    page
}
