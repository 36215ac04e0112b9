//! Per-client relaxations of the defaults, and what they must still not permit.

use http::HeaderMap;
use serde_json::{Value, json};
use tests::browser::{answered, body, changed, exchange, json as parsed, location, request};
use tests::expect::{page, redirected, refused};
use tests::{Browser, Laptop, Pkce};
use web::Response;

use crate::given::{NATIVE, WEB, and_clients, basic, claims, code, is_demo};

/// A confidential client with the secret `secret` and the additional settings `more`.
fn confidential(id: &str, more: &str) -> String {
    format!(
        "[[clients]]\nclient_id = \"{id}\"\nclient_name = \"C\"\nclient_secret = \"secret\"\n\
         redirect_uris = [\"{WEB}\"]\nscope = \"openid profile email\"\n{more}\n"
    )
}

/// A public client with `redirect_uri` and the additional settings `more`.
fn public(id: &str, redirect_uri: &str, more: &str) -> String {
    format!(
        "[[clients]]\nclient_id = \"{id}\"\nclient_name = \"P\"\ntoken_endpoint_auth_method = \"none\"\n\
         redirect_uris = [\"{redirect_uri}\"]\nscope = \"openid profile email\"\n{more}\n"
    )
}

/// An authorization request of `client` without PKCE.
fn without_pkce<'a>(client: &'a str, pkce: &'a Pkce) -> Vec<(&'a str, &'a str)> {
    changed(&changed(&request(client, WEB, pkce), "code_challenge", None), "code_challenge_method", None)
}

#[tokio::test]
async fn sec_pkce_01_and_06_and_07_a_client_exempt_from_pkce_is_bound_by_nonce_secret_and_redirect_uri() {
    let clients = [confidential("exempt", "require_pkce = false"), confidential("other", "require_pkce = false")];
    let (laptop, pkce) = (Laptop::with(and_clients(&clients.join("\n"))).await, Pkce::new("exempt"));
    let asked = without_pkce("exempt", &pkce);
    let nonceless = changed(&asked, "nonce", None);
    let answer = Browser::new(&laptop).authorize(&nonceless).await;
    redirected(&laptop, &answer, WEB, "invalid_request", "neither challenge nor nonce");
    assert!(answered(&answer, "error_description").unwrap().contains("require_nonce"));
    for client in ["demo-web", "demo-web-post"] {
        let answer = Browser::new(&laptop).authorize(&without_pkce(client, &pkce)).await;
        redirected(&laptop, &answer, WEB, "invalid_request", "the workspace itself is not exempt");
    }
    let code = answered(&Browser::new(&laptop).log_in(&asked).await, "code").unwrap();
    let fields = changed(&exchange("exempt", WEB, &code, &pkce.verifier), "code_verifier", None);
    let (own, others, wrong) = (basic("exempt:secret"), basic("other:secret"), basic("exempt:wrong"));
    let before = laptop.dump();
    let anonymous = laptop.form("/oauth2/token", &fields, &[]).await;
    refused(&anonymous, 401, "invalid_client", "no secret");
    let table = [
        (fields.clone(), &wrong, 401, "invalid_client"),
        (changed(&fields, "client_id", Some("other")), &others, 400, "invalid_grant"),
        (changed(&fields, "redirect_uri", None), &own, 400, "invalid_grant"),
        (changed(&fields, "redirect_uri", Some("https://client.example/other")), &own, 400, "invalid_grant"),
        (changed(&fields, "code_verifier", Some(&pkce.verifier)), &own, 400, "invalid_request"),
    ];
    for (fields, authorization, status, error) in table {
        let answer = laptop.form("/oauth2/token", &fields, &[("authorization", authorization.as_str())]).await;
        refused(&answer, status, error, &format!("{fields:?}"));
    }
    assert_eq!(laptop.dump(), before, "failures leave the row unchanged");
    let answer = laptop.form("/oauth2/token", &fields, &[("authorization", own.as_str())]).await;
    assert_eq!(claims(parsed(&answer)["id_token"].as_str().unwrap())["nonce"], "nonce-1");
}

#[tokio::test]
async fn sec_pkce_05_an_exempt_client_that_uses_pkce_must_complete_it() {
    let client = confidential("exempt", "require_pkce = false");
    let (laptop, pkce) = (Laptop::with(and_clients(&client)).await, Pkce::new("exempt with"));
    let code = code(&laptop, "exempt", WEB, &pkce).await;
    let (authorization, fields) = (basic("exempt:secret"), exchange("exempt", WEB, &code, &pkce.verifier));
    let headers = [("authorization", authorization.as_str())];
    for verifier in [None, Some("a".repeat(43))] {
        let wrong = changed(&fields, "code_verifier", verifier.as_deref());
        refused(&laptop.form("/oauth2/token", &wrong, &headers).await, 400, "invalid_grant", "the wrong verifier");
    }
    assert_eq!(laptop.form("/oauth2/token", &fields, &headers).await.status(), 200);
}

#[tokio::test]
async fn sec_pkce_01_an_exempt_client_needs_no_nonce_if_registered_that_way() {
    let client = confidential("suite", "require_pkce = false\nrequire_nonce = false");
    let (laptop, pkce) = (Laptop::with(and_clients(&client)).await, Pkce::new("suite"));
    let asked = changed(&without_pkce("suite", &pkce), "nonce", None);
    assert!(answered(&Browser::new(&laptop).log_in(&asked).await, "code").is_some());
}

fn allowed(headers: &HeaderMap) -> Option<&str> {
    headers.get("access-control-allow-origin").map(|origin| origin.to_str().unwrap())
}

/// Sends a token request from a page at `origin`; the response's CORS headers say who may read it.
async fn from_page(laptop: &Laptop, client: &str, origin: &str) -> Response {
    let headers = [("origin", origin), ("content-type", "application/x-www-form-urlencoded")];
    let fields = format!("grant_type=authorization_code&code=x&client_id={client}");
    laptop.send("POST", &laptop.demo_url("/oauth2/token"), &headers, fields).await
}

#[tokio::test]
async fn sec_redir_12_and_sec_cors_01_a_local_web_client_on_a_loopback_port_can_renew_silently() {
    let at = "http://localhost:5173/callback";
    let laptop = Laptop::with(and_clients(&public("vite", at, ""))).await;
    for elsewhere in ["http://localhost:5174/callback", "http://localhost/callback", "http://127.0.0.1:5173/callback"] {
        let pkce = Pkce::new("vite");
        let answer = Browser::new(&laptop).authorize(&request("vite", elsewhere, &pkce)).await;
        page(&answer, 400, elsewhere);
    }
    assert_eq!(
        allowed(from_page(&laptop, "vite", "http://localhost:5173").await.headers()),
        Some("http://localhost:5173")
    );
    for origin in ["http://localhost:5174", "http://127.0.0.1:5173", "https://localhost:5173", "null"] {
        assert_eq!(allowed(from_page(&laptop, "vite", origin).await.headers()), None, "{origin}");
    }
    let (pkce, mut browser) = (Pkce::new("vite"), Browser::new(&laptop));
    assert!(answered(&browser.log_in(&request("vite", at, &pkce)).await, "code").is_some());
    let silent: Vec<_> = request("vite", at, &pkce).into_iter().chain([("prompt", "none")]).collect();
    assert!(answered(&browser.authorize(&silent).await, "code").is_some(), "consent is remembered");
}

#[tokio::test]
async fn sec_cors_01_a_local_native_client_may_call_from_any_port_of_its_loopback_address() {
    let laptop = Laptop::demo().await;
    for origin in ["http://127.0.0.1:51004", "http://127.0.0.1"] {
        assert_eq!(allowed(from_page(&laptop, "demo-native", origin).await.headers()), Some(origin));
        assert_eq!(
            allowed(from_page(&laptop, "demo-spa", origin).await.headers()),
            None,
            "not an origin of that client"
        );
    }
    for origin in ["http://127.0.0.1:0", "http://localhost:51004", "http://127.0.0.1.evil.example", "http://[::1]:1"] {
        assert_eq!(allowed(from_page(&laptop, "demo-native", origin).await.headers()), None, "{origin}");
    }
}

#[tokio::test]
async fn sec_redir_12_and_13_and_sec_cors_01_a_deployed_server_rejects_the_local_development_relaxations() {
    let laptop = Laptop::at("https://auth.example", |file| file).await;
    for origin in ["http://127.0.0.1:51004", "http://127.0.0.1", "http://localhost:5173"] {
        assert_eq!(allowed(from_page(&laptop, "demo-native", origin).await.headers()), None, "{origin}");
        let preflight = [("origin", origin), ("access-control-request-method", "POST")];
        let answer = laptop.send("OPTIONS", &laptop.demo_url("/oauth2/token"), &preflight, "").await;
        assert_eq!(allowed(answer.headers()), None, "{origin}");
    }
    // Native clients need consent every time, as on loopback.
    let (pkce, mut browser) = (Pkce::new("deployed"), Browser::new(&laptop));
    assert!(answered(&browser.log_in(&request("demo-native", NATIVE, &pkce)).await, "code").is_some());
    let silent: Vec<_> = request("demo-native", NATIVE, &pkce).into_iter().chain([("prompt", "none")]).collect();
    assert_eq!(answered(&browser.authorize(&silent).await, "error").as_deref(), Some("consent_required"));
}

#[tokio::test]
async fn consent_on_loopback_is_remembered_only_for_clients_that_opt_in() {
    let native = "application_type = \"native\"";
    let remembering = format!("{native}\nloopback_consent = \"remembered\"");
    let clients = [
        public("asks", "http://127.0.0.1/cb", native),
        public("remembers", "http://127.0.0.1/cb", &remembering),
        public("both", "http://127.0.0.1/cb\", \"com.example.app:/cb", &remembering),
    ];
    let (laptop, pkce) = (Laptop::with(and_clients(&clients.join("\n"))).await, Pkce::new("loopback"));
    let loopback = "http://127.0.0.1:51004/cb";
    let table = [
        ("asks", loopback, None),
        ("remembers", loopback, Some(())),
        ("both", loopback, Some(())),
        ("both", "com.example.app:/cb", None),
    ];
    for (client, at, remembered) in table {
        let mut browser = Browser::new(&laptop);
        assert!(answered(&browser.log_in(&request(client, at, &pkce)).await, "code").is_some(), "{client} {at}");
        let with = |name: &'static str, value: &'static str| -> Vec<_> {
            changed(&request(client, at, &pkce), name, Some(value))
        };
        let again = browser.authorize(&with("prompt", "none")).await;
        assert_eq!(answered(&again, "code").map(|_| ()), remembered, "{client} {at}");
        let more = browser.authorize(&with("scope", "openid profile")).await;
        assert_eq!(answered(&more, "code").map(|_| ()), remembered, "fewer scopes: {client} {at}");
        let asked = browser.authorize(&with("prompt", "consent")).await;
        assert!(body(&asked).contains("name=\"decision\""), "{client} {at}");
    }
}

#[tokio::test]
async fn sec_redir_14_and_15_a_scheme_without_a_dot_matches_exactly_and_needs_consent_every_time() {
    let at = "cursor://anysphere.cursor-mcp/oauth/callback";
    let more = "application_type = \"native\"\nprivate_use_schemes = [\"cursor\"]";
    let (laptop, pkce) = (Laptop::with(and_clients(&public("cursor", at, more))).await, Pkce::new("cursor"));
    for other in
        ["cursor://evil/oauth/callback", "cursor://anysphere.cursor-mcp/oauth/callback?x=1", "Cursor://x", "vscode://x"]
    {
        page(&Browser::new(&laptop).authorize(&request("cursor", other, &pkce)).await, 400, other);
    }
    let mut browser = Browser::new(&laptop);
    let answer = browser.log_in(&request("cursor", at, &pkce)).await;
    assert!(location(&answer).unwrap().starts_with(&format!("{at}?code=")), "{answer:?}");
    let silent = changed(&request("cursor", at, &pkce), "prompt", Some("none"));
    let refused = browser.authorize(&silent).await;
    assert_eq!(answered(&refused, "error").as_deref(), Some("consent_required"), "any program can claim the scheme");
    let bare = changed(&request("cursor", at, &pkce), "code_challenge", None);
    let answer = browser.authorize(&bare).await;
    assert_eq!(answered(&answer, "error").as_deref(), Some("invalid_request"), "PKCE is required");
}

/// Sets the workspace to ignore scopes that a client is not registered for.
fn ignoring(text: String) -> String {
    if is_demo(&text) { text.replacen("name = ", "unknown_scopes = \"ignored\"\nname = ", 1) } else { text }
}

#[tokio::test]
async fn sec_param_18_and_sec_authz_18_ignored_scopes_are_not_granted_and_the_response_lists_the_granted_ones() {
    let (laptop, pkce) = (Laptop::with(ignoring).await, Pkce::new("scopes"));
    let asked = changed(&request("demo-web", WEB, &pkce), "scope", Some("openid groups email introspect_tokens"));
    let code = answered(&Browser::new(&laptop).log_in(&asked).await, "code").unwrap();
    let authorization = basic("demo-web:demo-web-secret");
    let headers = [("authorization", authorization.as_str())];
    let answer = laptop.form("/oauth2/token", &exchange("demo-web", WEB, &code, &pkce.verifier), &headers).await;
    assert_eq!(parsed(&answer)["scope"], "openid email");
    assert_eq!(claims(parsed(&answer)["access_token"].as_str().unwrap())["scope"], "openid email");
    for nothing in ["groups", "introspect_tokens groups"] {
        let asked = changed(&request("demo-web", WEB, &pkce), "scope", Some(nothing));
        let answer = Browser::new(&laptop).authorize(&asked).await;
        redirected(&laptop, &answer, WEB, "invalid_scope", nothing);
    }
    let own = [("grant_type", "client_credentials"), ("scope", "openid introspect_tokens")];
    let service = basic("demo-service:demo-service-secret");
    let answer = laptop.form("/oauth2/token", &own, &[("authorization", service.as_str())]).await;
    refused(&answer, 400, "invalid_scope", "client credentials");
}

#[tokio::test]
async fn sec_param_18_an_unknown_scope_is_refused_by_default_and_named() {
    let (laptop, pkce) = (Laptop::demo().await, Pkce::new("scopes"));
    let asked = changed(&request("demo-web", WEB, &pkce), "scope", Some("openid groups"));
    let answer = Browser::new(&laptop).authorize(&asked).await;
    redirected(&laptop, &answer, WEB, "invalid_scope", "groups");
    let location = location(&answer).unwrap();
    assert!(location.contains("error_description=the+scope+'groups'+is+not+registered"), "{location}");
}

/// Returns the user claims of the ID token that `client` gets for `scope`, and those after a refresh for `openid`
/// alone.
async fn user_claims(laptop: &Laptop, client: &str, scope: &str) -> (Value, Value) {
    let (pkce, authorization) = (Pkce::new("id token claims"), basic(&format!("{client}:secret")));
    let headers = [("authorization", authorization.as_str())];
    let asked = changed(&request(client, WEB, &pkce), "scope", Some(scope));
    let code = answered(&Browser::new(laptop).log_in(&asked).await, "code").unwrap();
    let answer = parsed(&laptop.form("/oauth2/token", &exchange(client, WEB, &code, &pkce.verifier), &headers).await);
    let refresh = [
        ("grant_type", "refresh_token"),
        ("refresh_token", answer["refresh_token"].as_str().unwrap()),
        ("scope", "openid"),
    ];
    let narrowed = parsed(&laptop.form("/oauth2/token", &refresh, &headers).await);
    let of = |answer: &Value| {
        let claims = claims(answer["id_token"].as_str().unwrap());
        json!({"name": claims["name"], "email": claims["email"], "phone_number": claims["phone_number"]})
    };
    (of(&answer), of(&narrowed))
}

#[tokio::test]
async fn sec_oidc_01_and_sec_res_04_scope_claims_are_in_the_id_token_only_if_registered_granted_and_not_narrowed() {
    let refreshing = "grant_types = [\"authorization_code\", \"refresh_token\"]";
    let more = format!("{refreshing}\nid_token_claims = \"scopes\"");
    let clients = [confidential("reads", &more), confidential("plain", refreshing)].join("\n");
    let clients = clients.replace("openid profile email", "openid profile email offline_access");
    let laptop = Laptop::with(and_clients(&clients)).await;
    let nothing = json!({"name": null, "email": null, "phone_number": null});
    let (first, narrowed) = user_claims(&laptop, "reads", "openid email offline_access").await;
    assert_eq!(first, json!({"name": null, "email": "alice@example.com", "phone_number": null}));
    assert_eq!(narrowed, nothing, "a refresh for fewer scopes yields fewer claims");
    let (first, _) = user_claims(&laptop, "reads", "openid profile email offline_access").await;
    assert_eq!(first["email"], "alice@example.com");
    assert!(first["name"].is_string());
    let plain = user_claims(&laptop, "plain", "openid profile email offline_access").await;
    assert_eq!(plain, (nothing.clone(), nothing));
}

#[tokio::test]
async fn scope_claims_never_make_an_id_token_too_large_for_a_hint() {
    let more = "grant_types = [\"authorization_code\", \"refresh_token\"]\nid_token_claims = \"scopes\"";
    let clients = confidential("reads", more).replace("openid profile email", "openid profile email offline_access");
    let url = format!("https://a.example/{}", "x".repeat(2000));
    let with_urls = |text: String| {
        let urls = format!("locale = \"en\", picture = \"{url}\", profile = \"{url}\"");
        and_clients(&clients)(text).replacen("locale = \"en\"", &urls, 1)
    };
    let laptop = Laptop::with(with_urls).await;
    let (pkce, authorization) = (Pkce::new("large"), basic("reads:secret"));
    let headers = [("authorization", authorization.as_str())];
    let code = code(&laptop, "reads", WEB, &pkce).await;
    let answer = laptop.form("/oauth2/token", &exchange("reads", WEB, &code, &pkce.verifier), &headers).await;
    let claims = claims(parsed(&answer)["id_token"].as_str().unwrap());
    assert_eq!((&claims["email"], &claims["name"]), (&json!("alice@example.com"), &json!("Alice Example")));
    assert_eq!(claims["profile"], Value::Null, "omitted for size, still available at userinfo");
}
