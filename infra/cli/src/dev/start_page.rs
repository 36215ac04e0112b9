//! The front page of the local server, for browsers that open it or an unknown address.

use pages::{Frame, StartPage, page};
use protocol::authorization::error::PageError;
use protocol::authorization::refusal::WayOut;
use protocol::types::language::Language;
use signing::Entropy;
use signing::entropy::random_text;
use web::{Request, Response, json};

/// The front page: the workspaces that are served.
pub(crate) fn start_page(request: &Request, issuers: &[String], entropy: &dyn Entropy) -> Response {
    // Without randomness the page does without its style.
    let nonce = random_text::<16>(entropy).unwrap_or_default();
    let frame = Frame::anonymous(&nonce, language(request));
    page(200, &StartPage { frame: &frame, issuers }, &frame, &[])
}

/// The response for a path that does not exist: a page for a browser, JSON for a program.
pub(crate) fn not_found(request: &Request, public_url: &str, entropy: &dyn Entropy) -> Response {
    let reads_pages = request.header(http::header::ACCEPT).iter().any(|accept| accept.contains("text/html"));
    if !reads_pages {
        return json::not_found(request);
    }
    let nonce = random_text::<16>(entropy).unwrap_or_default();
    let ways = [WayOut::Start(format!("{public_url}/"))];
    pages::stranded_page(request, &Frame::anonymous(&nonce, language(request)), PageError::NotFound, &ways)
}

/// The language that the browser prefers.
fn language(request: &Request) -> Language {
    Language::lookup(request.preferred_languages()).unwrap_or_default()
}
