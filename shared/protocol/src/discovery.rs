//! The authorization server metadata (RFC 8414 §2, OpenID Connect Discovery §3). It advertises what works, and no more.

use serde_json::{Value, json};

use crate::answer::ResponseMode;
use crate::authorization::DISPLAYS;
use crate::id::Issuer;
use crate::jwk::Algorithm;
use crate::scope::Scopes;
use crate::session::SINGLE_FACTOR;

/// The metadata of the workspace with this issuer, whose tokens are signed with `signing`.
#[must_use]
pub fn metadata(issuer: &Issuer, scopes: &Scopes, signing: &[Algorithm]) -> Value {
    let algorithms: Vec<&str> = signing.iter().map(|algorithm| algorithm.as_str()).collect();
    json!({
        "issuer": issuer.as_str(),
        "authorization_endpoint": issuer.url("/oauth2/authorize"),
        "token_endpoint": issuer.url("/oauth2/token"),
        "userinfo_endpoint": issuer.url("/userinfo"),
        "introspection_endpoint": issuer.url("/oauth2/introspect"),
        "revocation_endpoint": issuer.url("/oauth2/revoke"),
        "jwks_uri": issuer.url("/.well-known/jwks.json"),
        "scopes_supported": scopes.iter().collect::<Vec<_>>(),
        "response_types_supported": ["code"],
        "response_modes_supported": ResponseMode::NAMES,
        "grant_types_supported": ["authorization_code", "refresh_token", "client_credentials"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": algorithms,
        "token_endpoint_auth_methods_supported": ["none", "client_secret_basic", "client_secret_post"],
        "introspection_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post"],
        "introspection_signing_alg_values_supported": algorithms,
        "revocation_endpoint_auth_methods_supported": ["none", "client_secret_basic", "client_secret_post"],
        "code_challenge_methods_supported": ["S256"],
        "prompt_values_supported": ["none", "login", "consent", "select_account"],
        "acr_values_supported": [SINGLE_FACTOR],
        "display_values_supported": DISPLAYS,
        "ui_locales_supported": ["en"],
        "claims_supported": [
            "sub", "iss", "aud", "exp", "iat", "auth_time", "nonce", "acr", "amr", "at_hash", "sid", "name", "given_name",
            "family_name", "preferred_username", "picture", "locale", "email", "email_verified", "phone_number",
            "phone_number_verified", "address",
        ],
        "authorization_response_iss_parameter_supported": true,
        "claims_parameter_supported": false,
        "request_parameter_supported": false,
        "request_uri_parameter_supported": false,
    })
}
