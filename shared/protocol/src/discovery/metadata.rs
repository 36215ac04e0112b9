//! The authorization server metadata (RFC 8414 §2, OpenID Connect Discovery §3). Only supported features are
//! advertised.

use serde_json::{Value, json};

use crate::authorization::request::DISPLAYS;
use crate::authorization::response::ResponseMode;
use crate::clients::grant_type::DEVICE_CODE;
use crate::jose::external_algorithm::ExternalAlgorithm;
use crate::jose::jwk::Algorithm;
use crate::jose::key_ring::SigningAlgorithms;
use crate::types::id::Issuer;
use crate::types::language::Language;
use crate::users::factor::AuthenticationClass;
use crate::users::user_claims::ClaimName;
use crate::workspace::settings::Settings;

/// The metadata of the workspace with this issuer, whose key ring has the algorithms `signing`.
#[must_use]
pub fn metadata(issuer: &Issuer, settings: &Settings, signing: &SigningAlgorithms) -> Value {
    let authentication = AuthenticationMetadata::of(settings);
    let names = |algorithms: &[Algorithm]| algorithms.iter().map(|alg| alg.as_str()).collect::<Vec<_>>();
    let (own, for_clients) = (names(&signing.own), names(&signing.for_clients));
    let of_tokens = ["sub", "iss", "aud", "exp", "iat", "auth_time", "nonce", "acr", "amr", "at_hash", "sid"];
    let claims: Vec<&str> = of_tokens.into_iter().chain(ClaimName::all().map(ClaimName::as_str)).collect();
    let mut document = json!({
        "issuer": issuer.as_str(),
        "authorization_endpoint": issuer.url("/oauth2/authorize"),
        "pushed_authorization_request_endpoint": issuer.url("/par"),
        "require_pushed_authorization_requests": settings.require_pushed_authorization_requests,
        "token_endpoint": issuer.url("/oauth2/token"),
        "userinfo_endpoint": issuer.url("/userinfo"),
        "introspection_endpoint": issuer.url("/oauth2/introspect"),
        "revocation_endpoint": issuer.url("/oauth2/revoke"),
        "end_session_endpoint": issuer.url("/oidc/logout"),
        "backchannel_logout_supported": true,
        "backchannel_logout_session_supported": true,
        "jwks_uri": issuer.url("/.well-known/jwks.json"),
        "scopes_supported": settings.fixed_scopes().collect::<Vec<_>>(),
        "response_types_supported": ["code"],
        "response_modes_supported": ResponseMode::NAMES,
        "grant_types_supported": grant_types(settings),
        "subject_types_supported": ["public", "pairwise"],
        "id_token_signing_alg_values_supported": for_clients,
        "userinfo_signing_alg_values_supported": for_clients,
        "token_endpoint_auth_methods_supported": authentication.methods,
        "token_endpoint_auth_signing_alg_values_supported": authentication.algorithms,
        "introspection_endpoint_auth_methods_supported": authentication.confidential_methods(),
        "introspection_endpoint_auth_signing_alg_values_supported": authentication.algorithms,
        "introspection_signing_alg_values_supported": own,
        "revocation_endpoint_auth_methods_supported": authentication.methods,
        "revocation_endpoint_auth_signing_alg_values_supported": authentication.algorithms,
        "code_challenge_methods_supported": ["S256"],
        "prompt_values_supported": ["none", "login", "consent", "select_account"],
        "acr_values_supported": settings.authentication_classes().map(AuthenticationClass::as_str).collect::<Vec<_>>(),
        "display_values_supported": DISPLAYS,
        "ui_locales_supported": Language::TAGS,
        "claim_types_supported": ["normal"],
        "claims_supported": claims,
        "authorization_response_iss_parameter_supported": true,
        "claims_parameter_supported": true,
        // Empty instead of absent: otherwise clients and the conformance suite assume that unsigned request
        // objects are accepted.
        "request_object_signing_alg_values_supported": [],
        "request_parameter_supported": false,
        "request_uri_parameter_supported": false,
    });
    document.as_object_mut().into_iter().for_each(|members| members.extend(device_authorization(issuer, settings)));
    document
}

fn grant_types(settings: &Settings) -> Vec<&'static str> {
    let always = ["authorization_code", "refresh_token", "client_credentials"];
    always.into_iter().chain(settings.device_authorization.then_some(DEVICE_CODE)).collect()
}

/// The device authorization endpoint, if the workspace offers it (RFC 8628 §4).
fn device_authorization(issuer: &Issuer, settings: &Settings) -> Option<(String, Value)> {
    let endpoint = || ("device_authorization_endpoint".into(), issuer.url("/device/authorization").into());
    settings.device_authorization.then(endpoint)
}

/// The supported client authentication methods. `client_secret_jwt` is among them if the workspace allows it.
struct AuthenticationMetadata {
    methods: Vec<&'static str>,
    algorithms: Vec<&'static str>,
}

impl AuthenticationMetadata {
    fn of(settings: &Settings) -> Self {
        let mut methods = vec!["none", "client_secret_basic", "client_secret_post", "private_key_jwt"];
        let mut algorithms: Vec<&str> = ExternalAlgorithm::ALL.iter().flat_map(|alg| alg.names()).copied().collect();
        if settings.client_secret_jwt {
            methods.push("client_secret_jwt");
            algorithms.push("HS256");
        }
        Self { methods, algorithms }
    }

    /// The methods without `none`, for endpoints that public clients cannot use.
    fn confidential_methods(&self) -> Vec<&'static str> {
        self.methods.iter().copied().filter(|method| *method != "none").collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixtures::{issuer, settings};

    fn signing(own: &[Algorithm], for_clients: &[Algorithm]) -> SigningAlgorithms {
        SigningAlgorithms { own: own.to_vec(), for_clients: for_clients.to_vec() }
    }

    #[test]
    fn endpoints_are_below_the_issuer_and_algorithms_are_those_of_the_ring() {
        let signing = signing(&[Algorithm::PS256, Algorithm::ES256], &[Algorithm::PS256, Algorithm::RS256]);
        let metadata = metadata(&issuer(), &settings(&json!({})), &signing);
        assert_eq!(metadata["issuer"], "https://auth.example/default/demo");
        for (name, value) in metadata.as_object().unwrap() {
            if name.ends_with("_endpoint") || name == "jwks_uri" {
                assert!(value.as_str().unwrap().starts_with("https://auth.example/default/demo/"), "{name}: {value}");
            }
        }
        for (name, expected) in
            [("id_token", ["PS256", "RS256"]), ("userinfo", ["PS256", "RS256"]), ("introspection", ["PS256", "ES256"])]
        {
            assert_eq!(metadata[format!("{name}_signing_alg_values_supported")], json!(expected), "{name}");
        }
        assert_eq!(metadata["code_challenge_methods_supported"], json!(["S256"]));
        assert_eq!(metadata["response_types_supported"], json!(["code"]));
        let claims = metadata["claims_supported"].as_array().unwrap();
        assert!(claims.contains(&json!("sub")) && claims.contains(&json!("email")));
        assert_eq!(metadata["scopes_supported"].as_array().unwrap().len(), 8);
    }

    #[test]
    fn client_secret_jwt_is_advertised_where_it_is_allowed() {
        let of = |allowed: bool, name: &str| {
            metadata(&issuer(), &settings(&json!({ "client_secret_jwt": allowed })), &signing(&[], &[]))[name].clone()
        };
        let plain = ["none", "client_secret_basic", "client_secret_post", "private_key_jwt"];
        let with_jwt = [&plain[..], &["client_secret_jwt"]].concat();
        let algorithms =
            ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA", "Ed25519"];
        for endpoint in ["token", "revocation"] {
            let methods = format!("{endpoint}_endpoint_auth_methods_supported");
            assert_eq!((of(false, &methods), of(true, &methods)), (json!(plain), json!(with_jwt)));
        }
        let methods = "introspection_endpoint_auth_methods_supported";
        assert_eq!((of(false, methods), of(true, methods)), (json!(plain[1..]), json!(with_jwt[1..])));
        for endpoint in ["token", "revocation", "introspection"] {
            let name = format!("{endpoint}_endpoint_auth_signing_alg_values_supported");
            assert_eq!(of(false, &name), json!(algorithms));
            assert_eq!(of(true, &name), json!([&algorithms[..], &["HS256"]].concat()));
        }
    }
}
