//! The demo: a single-page application in static files.

use administration::workspace_file::WorkspaceFile;
use http::Method;
use http::header::{self, HeaderName, HeaderValue};
use serde_json::json;
use web::response::{Caching, Response, empty, response, see_other, set};
use web::{Request, json};

/// The workspace of the demo, and its client there.
const WORKSPACE: &str = "default/demo";
const CLIENT_ID: &str = "demo-spa";

const HTML: &str = "text/html; charset=utf-8";
const SCRIPT: &str = "text/javascript; charset=utf-8";

/// Path, type and content of each file.
const FILES: [(&str, &str, &str); 12] = [
    ("/demo", HTML, include_str!("../../demo/index.html")),
    ("/demo/callback", HTML, include_str!("../../demo/index.html")),
    ("/demo/silent", HTML, include_str!("../../demo/silent.html")),
    ("/demo/demo.css", "text/css; charset=utf-8", include_str!("../../demo/demo.css")),
    ("/demo/demo.js", SCRIPT, include_str!("../../demo/demo.js")),
    ("/demo/pkce.js", SCRIPT, include_str!("../../demo/pkce.js")),
    ("/demo/client.js", SCRIPT, include_str!("../../demo/client.js")),
    ("/demo/steps.js", SCRIPT, include_str!("../../demo/steps.js")),
    ("/demo/afterwards.js", SCRIPT, include_str!("../../demo/afterwards.js")),
    ("/demo/view.js", SCRIPT, include_str!("../../demo/view.js")),
    ("/demo/words.js", SCRIPT, include_str!("../../demo/words.js")),
    ("/demo/silent.js", SCRIPT, include_str!("../../demo/silent.js")),
];

/// The content security policy of the demo: everything from this origin, nothing inline.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; \
                      frame-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'self'";

/// Handles a request for a page or file of the demo; `None` for any other path.
pub(crate) fn handle(request: &Request, public_url: &str) -> Option<Response> {
    if request.path == "/" {
        return Some(see_other(&format!("{public_url}/demo")));
    }
    if request.path == "/favicon.ico" {
        return Some(empty(204, Caching::Public));
    }
    if request.path == "/demo/config.json" {
        return Some(json::json(200, &config(public_url), Caching::Never));
    }
    let (_, content_type, content) = FILES.into_iter().find(|(path, _, _)| *path == request.path)?;
    if request.method != Method::GET && request.method != Method::HEAD {
        return Some(json::method_not_allowed(request, &["GET"]));
    }
    let mut response = response(200, content_type, content, Caching::Never);
    set(response.headers_mut(), header::CONTENT_SECURITY_POLICY, POLICY);
    let headers = response.headers_mut();
    headers.insert(HeaderName::from_static("cross-origin-resource-policy"), HeaderValue::from_static("same-origin"));
    Some(response)
}

/// Whether the file contains the workspace and the client of the demo.
pub(crate) fn is_client_of(file: &WorkspaceFile) -> bool {
    file.workspace.id.to_string() == WORKSPACE && file.lines.keys().any(|client| client.as_str() == CLIENT_ID)
}

/// The static configuration of the application. The rest comes from discovery.
fn config(public_url: &str) -> serde_json::Value {
    json!({
        "issuer": format!("{public_url}/{WORKSPACE}"),
        "client_id": CLIENT_ID,
        "redirect_uri": format!("{public_url}/demo/callback"),
        "silent_redirect_uri": format!("{public_url}/demo/silent"),
        "post_logout_redirect_uri": format!("{public_url}/demo"),
        "scope": "openid profile email offers.read",
        "api": format!("{public_url}/demo/api/offers"),
    })
}
