//! Tests of the reasons why a client cannot be registered.

use serde_json::{Value, json};

use crate::fixtures::{REDIRECT_URI, changed, faults, registered, secret_hash};
use crate::registration::client_metadata::ClientMetadata;
use crate::registration::error::{Field, RegistrationError};
use crate::syntax::encoding::base64url;

/// The error for which a client is refused; it must be among all its faults, and a client without faults is registered.
fn error(change: &Value, settings: &Value) -> Option<RegistrationError> {
    let error = registered(change, settings).err();
    let faults = faults(change, settings);
    assert!(error.iter().all(|error| faults.contains(error)), "{change}: {error:?} is not among {faults:?}");
    assert_eq!(error.is_none(), faults.is_empty(), "{change}: {faults:?}");
    error
}

/// Asserts that each change of the client is refused with a message that contains the given text.
fn said<const N: usize>(table: [(Value, &str); N]) {
    for (change, expected) in table {
        let said = error(&change, &json!({})).map(|error| error.to_string()).unwrap_or_default();
        assert!(said.contains(expected), "{change}: {said}");
    }
}

fn digest() -> String {
    secret_hash("s").encoded()
}

/// A client with a secret, and `change`.
fn basic(change: &Value) -> Value {
    changed(json!({"token_endpoint_auth_method": "client_secret_basic", "client_secret_sha256": [digest()]}), change)
}

/// A client that signs assertions, and `change`.
fn by_key(change: &Value) -> Value {
    changed(json!({"token_endpoint_auth_method": "private_key_jwt"}), change)
}

fn ed25519() -> Value {
    json!({"kty": "OKP", "crv": "Ed25519", "x": base64url(&[7; 32])})
}

#[test]
fn a_uri_is_named_with_its_list_and_position() {
    said([
        (json!({"redirect_uris": []}), "redirect_uris is empty: register"),
        (json!({"redirect_uris": vec![REDIRECT_URI; 51]}), "redirect_uris is too long: register at most 50"),
        (
            json!({"redirect_uris": [REDIRECT_URI, "http://a.example/cb"]}),
            "redirect_uris[1]: http://a.example/cb: http is for native",
        ),
        (json!({"post_logout_redirect_uris": ["https://a.example#x"]}), "post_logout_redirect_uris[0]: https://a"),
        (json!({"backchannel_logout_uri": "https://a.example#x"}), "backchannel_logout_uri: https://a.example#x: a "),
        (
            json!({"application_type": "native", "backchannel_logout_uri": "com.example.app:/bye"}),
            "backchannel_logout_uri must begin with https",
        ),
    ]);
}

#[test]
fn an_exception_that_is_not_permitted_is_named() {
    let with_schemes = |schemes: Value| json!({"application_type": "native", "private_use_schemes": schemes});
    said([
        (with_schemes(json!(["cursor", "javascript"])), "private_use_schemes[1]: browsers or operating systems use"),
        (with_schemes(json!(["com.example.app"])), "private_use_schemes[0]: a scheme with a dot needs no exception"),
        (with_schemes(json!(["cursor://"])), "private_use_schemes[0]: write the scheme alone"),
        (
            json!({"private_use_schemes": ["cursor"], "redirect_uris": ["cursor://cb"]}),
            "redirect_uris[0]: cursor://cb: a private-use scheme is for native applications",
        ),
        (
            json!({"application_type": "native", "redirect_uris": ["cursor://cb"]}),
            "another one must be listed in private_use_schemes",
        ),
        (json!({"loopback_consent": "remembered"}), "loopback_consent is for native applications with"),
        (
            json!({
                "application_type": "native", "redirect_uris": ["com.example.app:/cb"],
                "loopback_consent": "remembered",
            }),
            "loopback_consent is for native applications with",
        ),
        (json!({"require_pkce": false}), "require_pkce = false is for confidential clients"),
        (json!({"require_nonce": false}), "require_nonce is for clients with require_pkce = false"),
    ]);
}

#[test]
fn a_setting_of_another_authentication_method_is_named() {
    let (digest, keys) = (digest(), json!({ "keys": [ed25519()] }));
    said([
        (json!({"client_secret_sha256": [digest]}), "client_secret_sha256: a public client has no secret"),
        (json!({"sealed_client_secret": "x"}), "sealed_client_secret: a public client has no secret"),
        (json!({ "jwks": keys }), "jwks is for private_key_jwt: remove"),
        (json!({"jwks_uri": "https://a.example/"}), "jwks_uri is for private_key_jwt: remove"),
        (
            json!({"token_endpoint_auth_signing_alg": "ES256"}),
            "token_endpoint_auth_signing_alg is for private_key_jwt and client_secret_jwt: remove",
        ),
        (json!({"client_assertion_lifetime": 60}), "client_assertion_lifetime is for private_key_jwt and"),
        (json!({"client_assertion_audience": "endpoint"}), "client_assertion_audience is for private_key_jwt and"),
        (basic(&json!({"sealed_client_secret": "x"})), "sealed_client_secret is for client_secret_jwt: remove"),
        (
            by_key(&json!({"client_secret_sha256": [digest]})),
            "client_secret_sha256 is for client_secret_basic and client_secret_post: remove",
        ),
        (basic(&json!({"client_secret_sha256": []})), "client_secret_sha256 is missing: a confidential"),
        (basic(&json!({"client_secret_sha256": vec![&digest; 4]})), "client_secret_sha256 is too long"),
        (basic(&json!({"client_secret_sha256": [digest, "AAAA"]})), "client_secret_sha256[1] is not"),
        (
            json!({"token_endpoint_auth_method": "client_secret_jwt", "sealed_client_secret": "x"}),
            "client_secret_jwt requires the server to store",
        ),
    ]);
}

#[test]
fn a_key_is_named_with_its_position() {
    let (ed25519, keys) = (ed25519(), json!({ "keys": [ed25519()] }));
    said([
        (
            by_key(&json!({"jwks": keys, "token_endpoint_auth_signing_alg": "HS256"})),
            "token_endpoint_auth_signing_alg: HS256",
        ),
        (by_key(&json!({"jwks": keys, "token_endpoint_auth_signing_alg": "ES256"})), "jwks has no key for signatures"),
        (by_key(&json!({"jwks": keys, "client_assertion_lifetime": 0})), "client_assertion_lifetime is 1 to 3600"),
        (by_key(&json!({})), "private_key_jwt needs either jwks or jwks_uri, and has neither"),
        (
            by_key(&json!({"jwks": keys, "jwks_uri": "https://a.example/"})),
            "needs either jwks or jwks_uri, and has both",
        ),
        (by_key(&json!({"jwks": {"keys": [ed25519, {"kty": "oct", "k": "AQ"}]}})), "jwks.keys[1] is a private"),
        (by_key(&json!({"jwks": {"keys": [ed25519, 1]}})), "jwks.keys[1] is not a JWK"),
        (by_key(&json!({"jwks": {"keys": [{"kty": "RSA"}]}})), "jwks.keys[0] is not usable for signatures"),
        (by_key(&json!({"jwks_uri": "http://a.example/"})), "jwks_uri: http://a.example/: use https"),
    ]);
}

#[test]
fn a_redirect_uri_that_hides_the_sector_is_named() {
    said([
        (
            json!({"subject_type": "pairwise", "redirect_uris": [REDIRECT_URI, "https://b.example/"]}),
            "redirect_uris[1] has another",
        ),
        (
            json!({"subject_type": "pairwise", "application_type": "native", "redirect_uris": ["http://127.0.0.1/"]}),
            "redirect_uris[0] has no host of its own",
        ),
        (json!({"subject_type": "pairwise", "sector_identifier_uri": "x"}), "sector_identifier_uri is an https URL"),
        (json!({"sector_identifier_uri": "https://a.example/"}), "sector_identifier_uri is for subject_type pairwise"),
    ]);
}

#[test]
fn a_scope_resource_grant_type_or_lifetime_is_named() {
    said([
        (json!({"scope": "openid read admin"}), "scope[2]: scope admin is not one of the workspace"),
        (json!({"client_credentials_scope": "read admin"}), "client_credentials_scope[1]: scope admin is"),
        (json!({"resources": ["https://a.example", "urn:x"]}), "resources[1]: resource urn:x is not one of"),
        (basic(&json!({"introspection_audiences": ["urn:x"]})), "introspection_audiences[0]: resource urn:x is not"),
        (basic(&json!({"revocation_audiences": ["urn:x"]})), "revocation_audiences[0]: resource urn:x is not one of"),
        (json!({"introspection_audiences": ["https://a.example"]}), "introspection_audiences and revocation_audiences"),
        (json!({"revocation_audiences": ["https://a.example"]}), "are for confidential clients"),
        (json!({"grant_types": []}), "grant_types is empty"),
        (json!({"grant_types": ["refresh_token"]}), "grant_types has refresh_token and neither"),
        (json!({"grant_types": ["authorization_code"]}), "scope has offline_access"),
        (json!({"grant_types": ["client_credentials"], "scope": "read"}), "grant_types: a public client"),
        (json!({"client_credentials_scope": "read"}), "client_credentials_scope is set, so"),
        (
            basic(
                &json!({"grant_types": ["client_credentials"], "scope": "", "client_credentials_scope": "read email"}),
            ),
            "client_credentials_scope[1]: this scope is about a user",
        ),
        (
            json!({"lifetimes": {"authorization_code": 61}}),
            "lifetimes.authorization_code is 61 seconds: it must be 1 to 60 seconds",
        ),
    ]);
}

#[test]
fn client_secret_jwt_needs_a_sealed_secret_and_hs256() {
    let (on, base) = (json!({"client_secret_jwt": true}), json!({"token_endpoint_auth_method": "client_secret_jwt"}));
    let with = |change: Value| error(&changed(base.clone(), &change), &on);
    assert_eq!(with(json!({})), Some(RegistrationError::MissingSecret(Field::SealedClientSecret)));
    assert_eq!(with(json!({"sealed_client_secret": "x"})), None);
    assert_eq!(with(json!({"sealed_client_secret": "x", "token_endpoint_auth_signing_alg": "HS256"})), None);
    let signed = json!({"sealed_client_secret": "x", "token_endpoint_auth_signing_alg": "RS256"});
    assert_eq!(with(signed), Some(RegistrationError::SignatureWithSecretJwt));
}

#[test]
fn all_faults_are_found_at_once_with_their_positions() {
    let change = json!({
        "redirect_uris": ["http://a.example/cb", REDIRECT_URI, "https://a.example/#x"], "scope": "openid admin super",
        "resources": ["urn:x"], "client_secret_sha256": [digest()], "jwks_uri": "https://a.example/",
        "grant_types": ["refresh_token"], "lifetimes": {"access_token": 0},
    });
    let places: Vec<String> = faults(&change, &json!({})).iter().map(RegistrationError::place).collect();
    let expected = [
        "client_secret_sha256",
        "jwks_uri",
        "scope[1]",
        "scope[2]",
        "resources[0]",
        "grant_types",
        "lifetimes.access_token",
        "redirect_uris[0]",
        "redirect_uris[2]",
    ];
    assert_eq!(places, expected);
}

#[test]
fn sec_adm_13_a_workspace_wide_scope_is_never_for_users_in_a_file_or_from_the_store() {
    let stored = registered(&json!({"scope": "openid introspect_tokens"}), &json!({})).unwrap();
    assert_eq!(stored.scope.names().joined(), "openid", "a client that was stored before goes on, without it");
    let metadata = |scope: &str| -> ClientMetadata {
        serde_json::from_value(json!({"client_id": "app", "client_name": "The App", "scope": scope})).unwrap()
    };
    let said = |scope| metadata(scope).asks_for_no_power().err().map(|error| error.to_string());
    assert_eq!(said("openid read"), None);
    for (scope, expected) in [
        ("openid introspect_tokens", "scope[1]: introspect_tokens reaches every token of the workspace"),
        ("revoke_tokens", "scope[0]: revoke_tokens reaches every token of the workspace"),
    ] {
        let said = said(scope).unwrap_or_default();
        assert!(said.starts_with(expected) && said.ends_with("move it to client_credentials_scope"), "{said}");
    }
}
