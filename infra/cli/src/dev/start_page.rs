//! The front page of the local server, for browsers that open it or an unknown address.

use pages::{StartPage, page};
use protocol::authorization::error::PageError;
use protocol::authorization::refusal::WayOut;
use signing::Entropy;
use signing::entropy::random_text;
use web::{Request, Response, json};

/// The front page: the workspaces that are served.
pub(crate) fn start_page(issuers: &[String], entropy: &dyn Entropy) -> Response {
    // Without randomness the page has no styles.
    let nonce = random_text::<16>(entropy).unwrap_or_default();
    page(200, &StartPage { nonce: &nonce, issuers }, &nonce, &[])
}

/// The response for a path that does not exist: a page for a browser, JSON for a program.
pub(crate) fn not_found(request: &Request, public_url: &str, entropy: &dyn Entropy) -> Response {
    let reads_pages = request.header(http::header::ACCEPT).iter().any(|accept| accept.contains("text/html"));
    if !reads_pages {
        return json::not_found(request);
    }
    let nonce = random_text::<16>(entropy).unwrap_or_default();
    pages::stranded_page(request, PageError::NotFound, &nonce, &[WayOut::Start(format!("{public_url}/"))])
}
