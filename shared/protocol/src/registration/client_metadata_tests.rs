//! Tests of client metadata: what registers, and what is refused by name.

use crate::clients::client::{Client, ConsentPolicy, MethodPolicy, Presence, RotationPolicy, Status};
use crate::clients::grant_type::GrantType;
use crate::clients::policies::{IdTokenClaimPolicy, LoopbackConsent, UnknownScopes};
use crate::clients::sector::SubjectType;
use crate::jose::at_hash::AtHash;
use crate::jose::jwk::Algorithm;
use crate::registration::client_metadata::ClientMetadata;
use crate::types::id::{Issuer, WorkspaceId};
use crate::types::secret::SecretHash;
use crate::types::time::Lifetime;
use crate::workspace::settings::Settings;

fn settings(pkce: &str) -> Settings {
    serde_json::from_value(serde_json::json!({
        "name": "Demo", "default_audience": "https://api.example", "pkce": pkce,
        "scopes": [{"name": "openid", "title": "Know who you are"}],
    }))
    .unwrap()
}

fn registered(change: &serde_json::Value, pkce: &str) -> Result<Client, String> {
    let mut metadata = serde_json::json!({
        "client_id": "c1", "client_name": "C 1", "redirect_uris": ["https://c1.example/cb"],
        "token_endpoint_auth_method": "none", "scope": "openid",
    });
    metadata.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
    let metadata: ClientMetadata = serde_json::from_value(metadata).map_err(|error| error.to_string())?;
    let issuer = Issuer::new("https://auth.example", &WorkspaceId::parse("default", "demo").unwrap());
    metadata.register(&settings(pkce), &issuer).map_err(|error| error.to_string())
}

#[test]
fn sec_pkce_01_one_confidential_client_can_be_exempt_and_sends_a_nonce_instead() {
    let hash = SecretHash::of(&crate::types::secret::Secret::new("s".into())).encoded();
    let confidential = |change: serde_json::Value| {
        let base = serde_json::json!({
            "token_endpoint_auth_method": "client_secret_basic", "client_secret_sha256": [hash],
        });
        crate::fixtures::changed(base, &change)
    };
    let exempt = || confidential(serde_json::json!({"require_pkce": false}));
    let without_nonce = confidential(serde_json::json!({"require_pkce": false, "require_nonce": false}));
    let demanding = confidential(serde_json::json!({"require_pkce": false, "require_nonce": true}));
    let table = [
        (serde_json::json!({}), "all", Presence::Required),
        (serde_json::json!({}), "public", Presence::Required),
        (serde_json::json!({"require_pkce": true}), "public", Presence::Required),
        (confidential(serde_json::json!({})), "all", Presence::Required),
        (confidential(serde_json::json!({})), "public", Presence::Optional),
        (confidential(serde_json::json!({"require_pkce": true})), "public", Presence::Required),
        (exempt(), "all", Presence::NonceInstead),
        (exempt(), "public", Presence::NonceInstead),
        (demanding, "all", Presence::NonceInstead),
        (without_nonce, "all", Presence::Optional),
    ];
    for (change, pkce, expected) in table {
        assert_eq!(registered(&change, pkce).map(|client| client.challenge.presence), Ok(expected), "{change}");
    }
    let refused = [
        (serde_json::json!({"require_pkce": false}), "require_pkce = false is for confidential clients"),
        (serde_json::json!({"require_nonce": false}), "require_nonce is for clients with require_pkce = false"),
        (confidential(serde_json::json!({"require_nonce": true})), "require_nonce is for clients with"),
    ];
    for (change, expected) in refused {
        for pkce in ["all", "public"] {
            let error = registered(&change, pkce).err().unwrap_or_default();
            assert!(error.starts_with(expected), "{change}: {error}");
        }
    }
}

#[test]
fn a_client_reflects_its_metadata() {
    let metadata = serde_json::json!({
        "client_id": "c1", "client_name": "C 1", "client_status": "inactive",
        "redirect_uris": ["https://c1.example/cb"], "post_logout_redirect_uris": ["https://c1.example/bye"],
        "backchannel_logout_uri": "https://c1.example/ended", "grant_types": ["authorization_code", "refresh_token"],
        "scope": "openid", "trusted": true, "code_challenge_method": "S256", "at_hash": "included",
        "subject_type": "pairwise", "userinfo_signed_response_alg": "RS256",
        "id_token_signed_response_alg": "ES256", "lifetimes": {"access_token": 7},
    });
    let client = registered(&metadata, "all").unwrap();
    assert_eq!((client.id.as_str(), client.name.as_str(), client.status), ("c1", "C 1", Status::Inactive));
    assert!(client.redirect_uris.registered("https://c1.example/cb").is_some());
    assert!(client.post_logout_redirect_uris.unwrap().registered("https://c1.example/bye").is_some());
    assert_eq!(client.backchannel_logout.unwrap().as_str(), "https://c1.example/ended");
    assert_eq!(client.grants, [GrantType::AuthorizationCode, GrantType::RefreshToken]);
    assert_eq!((client.scope.names().joined().as_str(), client.consent), ("openid", ConsentPolicy::Skip));
    assert_eq!(client.challenge.method, MethodPolicy::PresetS256);
    assert_eq!((client.at_hash, client.userinfo_signed), (AtHash::Included, Some(Algorithm::RS256)));
    assert_eq!(client.id_token_signed, Some(Algorithm::ES256));
    assert!(matches!(client.subject_type, SubjectType::Pairwise(sector) if sector.as_str() == "c1.example"));
    assert_eq!(
        (client.lifetimes.access_token, client.lifetimes.id_token),
        (Lifetime::seconds(7), Lifetime::seconds(3600))
    );
}

#[test]
fn defaults_are_the_stricter_choice() {
    let client = registered(&serde_json::json!({}), "all").unwrap();
    assert_eq!((client.status, client.consent, client.at_hash), (Status::Active, ConsentPolicy::Ask, AtHash::Omitted));
    assert_eq!((client.challenge.presence, client.challenge.method), (Presence::Required, MethodPolicy::Named));
    assert_eq!((client.grants, client.rotation), (vec![GrantType::AuthorizationCode], RotationPolicy::On));
    assert!(client.post_logout_redirect_uris.is_none() && client.backchannel_logout.is_none());
    assert!(
        client.client_scope.names().is_empty() && client.userinfo_signed.is_none() && client.id_token_signed.is_none()
    );
    assert_eq!((client.subject_type, client.loopback_consent), (SubjectType::Public, LoopbackConsent::Asked));
    assert_eq!(
        (client.unknown_scopes, client.id_token_claims),
        (UnknownScopes::Refused, IdTokenClaimPolicy::Requested)
    );
}

#[test]
fn public_clients_rotate_their_refresh_tokens_unless_they_say_otherwise() {
    let digest = SecretHash::of(&crate::types::secret::Secret::new("s".into())).encoded();
    let confidential = |more: serde_json::Value| {
        let base = serde_json::json!({
            "token_endpoint_auth_method": "client_secret_basic", "client_secret_sha256": [digest],
        });
        crate::fixtures::changed(base, &more)
    };
    let table = [
        (serde_json::json!({}), RotationPolicy::On),
        (serde_json::json!({"refresh_token_rotation": "off"}), RotationPolicy::Off),
        (confidential(serde_json::json!({})), RotationPolicy::Off),
        (confidential(serde_json::json!({"refresh_token_rotation": "on"})), RotationPolicy::On),
    ];
    for (change, expected) in table {
        assert_eq!(registered(&change, "all").unwrap().rotation, expected, "{change}");
    }
}

#[test]
fn only_a_client_without_users_has_no_redirect_uri() {
    let digest = SecretHash::of(&crate::types::secret::Secret::new("s".into())).encoded();
    let machine = serde_json::json!({
        "token_endpoint_auth_method": "client_secret_basic", "client_secret_sha256": [digest], "redirect_uris": [],
        "grant_types": ["client_credentials"], "client_credentials_scope": "read",
    });
    let client = crate::fixtures::registered(
        &crate::fixtures::changed(machine, &serde_json::json!({"scope": "read"})),
        &serde_json::json!({}),
    )
    .unwrap();
    assert!(client.redirect_uris.only().is_none());
    assert_eq!(client.client_scope.names().joined(), "read");
    assert!(registered(&serde_json::json!({"redirect_uris": []}), "all").is_err());
}

#[test]
fn invalid_metadata_is_refused_with_a_reason() {
    let table = [
        (serde_json::json!({"scope": "openid admin"}), "scope admin"),
        (
            serde_json::json!({"token_endpoint_auth_method": "client_secret_basic", "client_secret_sha256": ["AAAA"]}),
            "32 bytes",
        ),
        (serde_json::json!({"client_secret_sha256": [{"sha256": "AAAA"}]}), "each a string or"),
        (serde_json::json!({"token_endpoint_auth_method": "client_secret_basic"}), "needs a secret"),
        (serde_json::json!({"redirect_uris": ["http://c1.example/cb"]}), "use https"),
        (serde_json::json!({"code_challenge_method": "plain"}), "plain"),
        (serde_json::json!({"subject_type": "secret"}), "unknown variant `secret`"),
        (serde_json::json!({"sector_identifier_uri": "https://c1.example/uris"}), "is for subject_type pairwise"),
        (
            serde_json::json!({"subject_type": "pairwise", "sector_identifier_uri": "http://c1.example/uris"}),
            "is an https URL",
        ),
        (serde_json::json!({"userinfo_signed_response_alg": "none"}), "unknown variant `none`"),
        (serde_json::json!({"id_token_signed_response_alg": "none"}), "unknown variant `none`"),
        (serde_json::json!({"userinfo_signed_response_alg": "HS256"}), "unknown variant `HS256`"),
        (serde_json::json!({"redirect_url": "https://c1.example/cb"}), "redirect_url"),
        (serde_json::json!({"lifetimes": {"authorization_code": 61}}), "60 seconds"),
        (serde_json::json!({"post_logout_redirect_uris": vec!["https://c1.example/bye"; 51]}), "at most 50"),
    ];
    for (change, expected) in table {
        let error = registered(&change, "all").err().unwrap_or_default();
        assert!(error.contains(expected), "{change}: {error}");
    }
}

#[test]
fn sec_adm_14_and_sec_ssrf_01_a_logout_uri_that_points_inwards_is_refused_as_a_jwks_uri_is() {
    let workspace = WorkspaceId::parse("default", "demo").unwrap();
    let (deployed, laptop) =
        (Issuer::new("https://auth.example", &workspace), Issuer::new("http://localhost:9000", &workspace));
    let error = |field: &str, url: &str, issuer: &Issuer| {
        let metadata = serde_json::json!({
            "client_id": "c1", "client_name": "C 1", "application_type": "native", "grant_types": ["authorization_code"],
            "redirect_uris": ["https://c1.example/cb"], "token_endpoint_auth_method": "private_key_jwt", field: url,
        });
        let mut metadata: ClientMetadata = serde_json::from_value(metadata).unwrap();
        metadata.jwks_uri.get_or_insert_with(|| "https://c1.example/jwks".into());
        metadata.register(&settings("all"), issuer).err().map(|error| error.to_string())
    };
    let inner = [
        "https://169.254.169.254/latest",
        "https://localhost/bye",
        "https://printer.local/bye",
        "https://10.0.0.1/bye",
        "https://c1.example:22/bye",
        "http://127.0.0.1:8080/bye",
    ];
    for url in inner {
        let (logout, keys) = (error("backchannel_logout_uri", url, &deployed), error("jwks_uri", url, &deployed));
        let (logout, keys) = (logout.unwrap(), keys.unwrap());
        let sentence = keys.strip_prefix("jwks_uri: ").unwrap();
        assert_eq!(logout, format!("backchannel_logout_uri: {sentence}"));
        assert!(sentence.starts_with(&format!("{url}: use ")), "{sentence}");
    }
    assert_eq!(error("backchannel_logout_uri", "http://127.0.0.1:8080/bye", &laptop), None);
    assert!(error("backchannel_logout_uri", "https://10.0.0.1/bye", &laptop).is_some());
}

#[test]
fn sec_redir_23_logout_uris_are_checked_like_redirect_uris() {
    let native = |uri: &str| serde_json::json!({"application_type": "native", "backchannel_logout_uri": uri});
    for good in ["https://c1.example/bye", "https://c1.example/bye?from=here"] {
        let registered = registered(&native(good), "all").map(|client| client.backchannel_logout);
        assert_eq!(registered.unwrap().unwrap().as_str(), good);
    }
    assert!(registered(&native("com.example.app:/bye"), "all").err().unwrap().contains("must begin with https"));
    for bad in [
        "http://c1.example/bye",
        "https://c1.example/bye#x",
        "https://u@c1.example/bye",
        "https://*.c1.example/bye",
        "https://C1.example/bye",
        "https://c1.example:443/bye",
        "https://c1.example/./bye",
        "https://c1.example/b ye",
        "https://c1.example/bye?state=x",
        "https://c1.example\\@evil.example/bye",
        "javascript:alert(1)",
        "data:text/html,x",
        "file:///etc/passwd",
        "http://127.0.0.1/bye",
        "http://169.254.169.254/latest",
        "//c1.example/bye",
        "/bye",
        "",
    ] {
        for change in [
            serde_json::json!({"post_logout_redirect_uris": [bad]}),
            serde_json::json!({"post_logout_redirect_uris": ["https://c1.example/bye", bad]}),
            serde_json::json!({"backchannel_logout_uri": bad}),
        ] {
            let error = registered(&change, "all").err().unwrap_or_default();
            assert!(
                error.starts_with("post_logout_redirect_uris[") || error.starts_with("backchannel_logout_uri: "),
                "{change}: {error}"
            );
        }
    }
}
