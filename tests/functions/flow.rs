//! The whole flow through the function binaries over https URLs.

use http::header::ACCESS_CONTROL_ALLOW_ORIGIN;
use tests::browser::{answered, body, exchange, json, location, request};
use tests::expect;
use tests::lambda::{Account, Event, Fleet, Visitor};
use tests::{Assertion, ClientKey, Pkce, asserted};
use web::{Clock as _, Response, SystemClock};

pub(crate) const URL: &str = "https://auth.example";
pub(crate) const NATIVE: &str = "http://127.0.0.1:51004/callback";

/// The demo behind `https://auth.example`, with every function running.
pub(crate) async fn running() -> (Account, Fleet) {
    let account = Account::new(URL, |file| file).await;
    let fleet = account.start_all().await;
    (account, fleet)
}

/// Logs alice in, allows the request, and returns the response at the client.
pub(crate) async fn logged_in(visitor: &mut Visitor<'_>, parameters: &[(&str, &str)], password: &str) -> Response {
    let login = visitor.authorize(parameters).await;
    assert!(body(&login).contains("name=\"password\""), "{}", body(&login));
    let next = visitor.submit(&login, &[("username", "alice"), ("password", password)]).await;
    if location(&next).is_some() {
        return next;
    }
    assert!(body(&next).contains("name=\"decision\""), "{}", body(&next));
    visitor.submit(&next, &[("decision", "allow")]).await
}

#[tokio::test]
async fn a_user_logs_in_and_the_client_gets_uses_and_revokes_tokens() {
    let (_account, fleet) = running().await;
    let (pkce, mut visitor) = (Pkce::new("functions"), Visitor::new(&fleet));
    let allowed = logged_in(&mut visitor, &request("demo-native", NATIVE, &pkce), "alice").await;
    assert_eq!(allowed.status(), 303);
    assert!(location(&allowed).unwrap().starts_with(&format!("{NATIVE}?code=eu.")), "the code names its region");
    assert_eq!(answered(&allowed, "state").as_deref(), Some("state-1"));
    assert_eq!(answered(&allowed, "iss"), Some(fleet.demo_url("")));

    let code = answered(&allowed, "code").unwrap();
    let fields = exchange("demo-native", NATIVE, &code, &pkce.verifier);
    let tokens = fleet.form("/oauth2/token", &fields).await;
    assert_eq!((tokens.status().as_u16(), &tokens.headers()["cache-control"]), (200, &"no-store".parse().unwrap()));
    let tokens = json(&tokens);
    assert!(tokens["id_token"].is_string());
    let access_token = tokens["access_token"].as_str().unwrap();

    let userinfo = fleet.userinfo(access_token).await;
    assert_eq!(userinfo.status(), 200, "{}", body(&userinfo));
    assert_eq!(json(&userinfo)["email"], "alice@example.com");

    let revoked = fleet.form("/oauth2/revoke", &[("token", access_token), ("client_id", "demo-native")]).await;
    assert_eq!((revoked.status().as_u16(), body(&revoked)), (200, String::new()));
    expect::refused(&fleet.userinfo(access_token).await, 401, "invalid_token", "the token was revoked");
    expect::refused(&fleet.form("/oauth2/token", &fields).await, 400, "invalid_grant", "the code was used");
}

/// As in AWS: over TLS, with the keys in the KMS stub.
#[tokio::test]
async fn with_keys_in_kms_a_user_logs_in_and_the_client_gets_tokens() {
    let account = Account::in_aws(URL, |file| file).await;
    let fleet = account.start_all().await;
    let (pkce, mut visitor) = (Pkce::new("kms"), Visitor::new(&fleet));
    let allowed = logged_in(&mut visitor, &request("demo-native", NATIVE, &pkce), "alice").await;
    let code = answered(&allowed, "code").unwrap();
    let fields = exchange("demo-native", NATIVE, &code, &pkce.verifier);
    let answer = fleet.form("/oauth2/token", &fields).await;
    assert_eq!(answer.status(), 200, "{}", body(&answer));
    let tokens = json(&answer);
    let userinfo = fleet.userinfo(tokens["access_token"].as_str().unwrap()).await;
    assert_eq!(userinfo.status(), 200, "the signature verifies: {}", body(&userinfo));
    for (name, output) in fleet.stop() {
        assert!(!output.contains("\"level\":\"WARN\"") && !output.contains("\"ERROR\""), "{name}: {output}");
    }
}

/// Opening another connection takes a small Lambda function several milliseconds that the user waits for.
#[tokio::test]
async fn the_first_exchange_uses_the_connections_opened_at_startup() {
    let account = Account::in_aws(URL, |file| file).await;
    let fleet = account.start_all().await;
    let (pkce, mut visitor) = (Pkce::new("connections"), Visitor::new(&fleet));
    let allowed = logged_in(&mut visitor, &request("demo-native", NATIVE, &pkce), "alice").await;
    let (code, before) = (answered(&allowed, "code").unwrap(), account.connections());
    assert!(before > 0);
    let answer = fleet.form("/oauth2/token", &exchange("demo-native", NATIVE, &code, &pkce.verifier)).await;
    assert_eq!((answer.status().as_u16(), account.connections()), (200, before), "{}", body(&answer));
}

#[tokio::test]
async fn discovery_is_served_in_all_three_forms_and_its_jwks_uri_works() {
    let account = Account::new(URL, |file| file).await;
    let metadata = account.start("metadata").await;
    let get = async |path: &str| metadata.invoke(Event::new("GET", path)).await;
    let mut documents = Vec::new();
    for path in [
        "/default/demo/.well-known/openid-configuration",
        "/.well-known/openid-configuration/default/demo",
        "/.well-known/oauth-authorization-server/default/demo",
    ] {
        let response = get(path).await;
        assert_eq!(response.status(), 200, "{path}");
        assert_eq!(response.headers()[ACCESS_CONTROL_ALLOW_ORIGIN], "*", "{path}");
        assert_eq!(response.headers()["cache-control"], "public, max-age=300", "{path}");
        documents.push(json(&response));
    }
    let document = &documents[0];
    assert!(documents.iter().all(|other| other == document), "{documents:?}");
    assert_eq!(document["issuer"], "https://auth.example/default/demo");
    assert_eq!(document["token_endpoint"], "https://auth.example/default/demo/oauth2/token");
    let jwks = document["jwks_uri"].as_str().unwrap().strip_prefix(URL).unwrap();
    let keys = json(&get(jwks).await)["keys"].clone();
    let [key] = keys.as_array().unwrap().as_slice() else { panic!("{keys}") };
    assert_eq!((&key["kty"], &key["alg"], &key["use"]), (&"RSA".into(), &"RS256".into(), &"sig".into()));
    assert!(key.get("d").is_none() && key["kid"].is_string(), "{key}");
}

#[tokio::test]
async fn sec_sess_01_over_https_every_cookie_is_bound_to_the_host_and_flagged() {
    let (_account, fleet) = running().await;
    let (pkce, mut visitor) = (Pkce::new("cookies"), Visitor::new(&fleet));
    logged_in(&mut visitor, &request("demo-native", NATIVE, &pkce), "alice").await;
    assert!(visitor.set.len() >= 2 && visitor.cookies.contains_key("__Host-session.default.demo"));
    for cookie in &visitor.set {
        let name = cookie.split('=').next().unwrap();
        assert!(name.starts_with("__Host-") && name.ends_with(".default.demo"), "{cookie}");
        let attributes: Vec<&str> = cookie.split("; ").skip(1).collect();
        for required in ["HttpOnly", "Path=/", "SameSite=Lax", "Secure"] {
            assert!(attributes.contains(&required), "{cookie}");
        }
        assert!(attributes.iter().all(|attribute| !attribute.starts_with("Domain")), "{cookie}");
    }

    let mut planted = Visitor::new(&fleet);
    let session = visitor.cookies["__Host-session.default.demo"].clone();
    planted.cookies.insert("session.default.demo".into(), session);
    let page = planted.authorize(&request("demo-trusted", NATIVE, &pkce)).await;
    assert!(body(&page).contains("name=\"password\""), "a cookie without the prefix is ignored");
}

#[tokio::test]
async fn sec_param_08_a_base64_encoded_form_is_equivalent() {
    let (_account, fleet) = running().await;
    let (pkce, mut visitor) = (Pkce::new("base64"), Visitor::new(&fleet));
    let allowed = logged_in(&mut visitor, &request("demo-trusted", NATIVE, &pkce), "alice").await;
    let code = answered(&allowed, "code").unwrap();
    let fields = exchange("demo-trusted", NATIVE, &code, &pkce.verifier);
    let url = fleet.demo_url("/oauth2/token");
    let twice = fleet.send("POST", &url, |event| event.form(&fields).in_base64().in_base64()).await;
    expect::refused(&twice, 400, "invalid_request", "the body is decoded once");
    let tokens = fleet.send("POST", &url, |event| event.form(&fields).in_base64()).await;
    assert_eq!(tokens.status(), 200, "{}", body(&tokens));
}

#[tokio::test]
async fn a_client_assertion_is_accepted_once_across_functions() {
    let account = Account::new(URL, |file| file).await;
    let (revoke, token) = (account.start("revoke").await, account.start("token").await);
    let (key, issuer) = (ClientKey::of_demo(), format!("{URL}/default/demo"));
    let signed =
        |jti: &str| Assertion::at(&issuer, SystemClock.now().seconds(), "demo-private-key-jwt", jti).signed(&key);
    let revoked = async |jwt: &str| {
        let [assertion, kind] = asserted(jwt);
        let event = Event::new("POST", "/default/demo/oauth2/revoke").form(&[("token", "nobodys"), assertion, kind]);
        revoke.invoke(event).await
    };
    let exchanged = async |jwt: &str| {
        let [assertion, kind] = asserted(jwt);
        let fields = [("grant_type", "authorization_code"), ("code", "eu.nobodys.code"), assertion, kind];
        token.invoke(Event::new("POST", "/default/demo/oauth2/token").form(&fields)).await
    };
    let jwt = signed("1");
    assert_eq!(revoked(&jwt).await.status(), 200);
    expect::refused(&exchanged(&jwt).await, 401, "invalid_client", "already used at the other function");
    expect::refused(&exchanged(&signed("2")).await, 400, "invalid_grant", "believed");
}

/// The provider's issuer is a closed loopback port, so the test needs no network; loopback is allowed because the
/// server runs in local development mode.
#[tokio::test]
async fn f_up_01_an_unreachable_upstream_provider_is_a_502_page_and_the_login_can_continue() {
    let nobody =
        |file: String| file.replace("\"{public_url}/default/partner\"\nclient_id", "\"http://127.0.0.1:9\"\nclient_id");
    let account = Account::new("http://localhost:9000", nobody).await;
    let fleet = account.start_all().await;
    let (pkce, mut visitor) = (Pkce::new("upstream"), Visitor::new(&fleet));
    let parameters = request("demo-trusted", NATIVE, &pkce);
    let login = visitor.authorize(&parameters).await;
    let html = body(&login);
    let link = html.split('"').find(|part| part.contains("/login/upstream/partner?interaction=")).unwrap();

    let unreachable = visitor.send("GET", link, |event| event).await;
    expect::page(&unreachable, 502, "the port is closed");
    assert!(!body(&unreachable).contains("127.0.0.1:9"), "{}", body(&unreachable));
    let nonsense = visitor.send("GET", &link.replace("partner", "nobody"), |event| event).await;
    expect::page(&nonsense, 400, "no such provider");
    let forged = fleet.demo_url("/callback/partner?code=c&state=s");
    expect::page(&visitor.send("GET", &forged, |event| event).await, 400, "no login was started");

    let allowed = visitor.submit(&login, &[("username", "alice"), ("password", "alice")]).await;
    assert!(answered(&allowed, "code").is_some(), "another way to sign in still works");
}
