//! The end-to-end flow: RFC 6749 §4.1, RFC 7636, OpenID Connect Core §3.1.

use protocol::jose::external_jwk::ExternalJwks;
use signing::verify;
use tests::browser::{answered, exchange, json, location, request};
use tests::{Browser, Laptop, Pkce};

pub(crate) const NATIVE: &str = "http://127.0.0.1:51004/callback";

#[tokio::test]
async fn a_user_logs_in_and_consents_and_the_client_gets_verifiable_tokens() {
    let laptop = Laptop::demo().await;
    let pkce = Pkce::new("flow");
    let response = Browser::new(&laptop).log_in(&request("demo-native", NATIVE, &pkce)).await;
    assert!(location(&response).unwrap().starts_with(&format!("{NATIVE}?code=local.")), "{:?}", location(&response));
    assert_eq!(answered(&response, "state").as_deref(), Some("state-1"));
    assert_eq!(answered(&response, "iss"), Some(laptop.issuer()));
    let code = answered(&response, "code").unwrap();

    let tokens = laptop.form("/oauth2/token", &exchange("demo-native", NATIVE, &code, &pkce.verifier), &[]).await;
    assert_eq!(tokens.status(), 200);
    assert_eq!(tokens.headers()["cache-control"], "no-store");
    let tokens = json(&tokens);
    assert_eq!((&tokens["token_type"], &tokens["expires_in"]), (&"Bearer".into(), &600.into()));
    assert_eq!(tokens["scope"], "openid profile email");

    let jwks = json(&laptop.send("GET", &laptop.demo_url("/.well-known/jwks.json"), &[], "").await);
    let jwks: ExternalJwks = serde_json::from_value(jwks).unwrap();
    let claims = |name: &str, typ: &'static str| -> serde_json::Value {
        let token = tokens[name].as_str().unwrap();
        let header = verify::header(token, verify::MAX_JWT_BYTES).unwrap();
        let keys = jwks.candidates(header.alg, header.kid.as_deref());
        serde_json::from_slice(&verify::claims((token, &header), &keys, |found| found == Some(typ)).unwrap()).unwrap()
    };
    let (access, id) = (claims("access_token", "at+jwt"), claims("id_token", "JWT"));
    assert_eq!(access["iss"], laptop.issuer());
    assert_eq!(access["aud"], serde_json::json!(["http://localhost:9000/demo/api", laptop.issuer()]));
    assert_eq!(access["client_id"], "demo-native");
    assert_eq!(access["exp"].as_u64().unwrap() - access["iat"].as_u64().unwrap(), 600);
    assert_eq!((&id["aud"], &id["nonce"]), (&"demo-native".into(), &"nonce-1".into()));
    assert_eq!(id["sub"], access["sub"]);
    assert_eq!(id["at_hash"], protocol::jose::at_hash::at_hash(tokens["access_token"].as_str().unwrap()));

    let userinfo = laptop.userinfo(tokens["access_token"].as_str().unwrap()).await;
    assert_eq!(userinfo.status(), 200);
    let userinfo = json(&userinfo);
    assert_eq!((&userinfo["sub"], &userinfo["email"]), (&id["sub"], &"alice@example.com".into()));
    assert!(userinfo.get("phone_number").is_none());
}
