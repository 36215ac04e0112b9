//! The device page, on which users enter a user code, as the client of the logins for it (RFC 8628 §3.3).
//!
//! Users log in before their code is looked up (catalogue row SEC-DEV-03), so the client of the device is not known yet.
//! This page takes its place: the login is an interaction like any other, but ends at the page instead of with a code. The
//! client exists in no file and no store, and its interactions never become grants.

use serde_json::json;

use crate::authorization::login_hints::LoginHints;
use crate::authorization::request::{AuthorizationRequest, Prompt, RequestTerms};
use crate::authorization::response::ResponseMode;
use crate::clients::client::Client;
use crate::clients::resource_indicator::Resources;
use crate::registration::client_metadata::ClientMetadata;
use crate::types::id::Issuer;
use crate::types::scope::Scopes;
use crate::workspace::settings::Settings;

/// The path of the page below the issuer.
pub const PATH: &str = "/device";

/// The page of the workspace with this issuer, as a client. `None` if its URL cannot be a redirect URI, which does not
/// happen for a public URL that the configuration accepts.
#[must_use]
pub fn device_page(settings: &Settings, issuer: &Issuer) -> Option<Client> {
    let metadata = json!({
        "client_id": "device-page", "client_name": "your device", "token_endpoint_auth_method": "none",
        "redirect_uris": [issuer.url(PATH)], "trusted": true,
    });
    let metadata: ClientMetadata = serde_json::from_value(metadata).ok()?;
    let client = metadata.register(settings, issuer).ok()?;
    Some(Client { must_push: false, ..client })
}

/// The authorization request of that client: to log its user in.
#[must_use]
pub fn request(page: &Client) -> Option<AuthorizationRequest> {
    let terms = RequestTerms {
        client_id: page.id.clone(),
        redirect_uri_sent: true,
        scope: Scopes::default(),
        resource: Resources::default(),
        state: None,
        response_mode: ResponseMode::default(),
        claims: crate::authorization::claims_parameter::RequestedClaims::default(),
        nonce: None,
        code_challenge: None,
        prompt: Prompt::AsNeeded,
        max_age: None,
        login_hint: None,
        hints: LoginHints::default(),
        least_class: None,
        expected_subject: None,
    };
    let redirect_uri = page.redirect_uris.only()?;
    Some(AuthorizationRequest { redirect_uri, terms, ignored_scope: Scopes::default(), id_token_hint: None })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixtures::{issuer, settings, workspace_id};

    #[test]
    fn the_device_page_is_a_client_wherever_the_server_runs() {
        let pushing = settings(&json!({"require_pushed_authorization_requests": true, "pkce": "all"}));
        for issuer in [issuer(), Issuer::new("http://localhost:9000", &workspace_id())] {
            let page = device_page(&pushing, &issuer).unwrap();
            let asked = request(&page).unwrap();
            assert_eq!(asked.redirect_uri.as_str(), issuer.url("/device"));
            assert!(!page.must_push && asked.terms.scope.is_empty());
        }
    }
}
