//! Section C, rows 03 to 06: how a response reaches the client.

use tests::browser::{answered, body, changed, exchange, form, location, request};
use tests::expect::{headers, posted, redirected};
use tests::{Browser, Laptop, Pkce};

use crate::given::{NATIVE, WEB, and_clients, redeemed};

/// A redirect URI with a private-use scheme.
const PRIVATE: &str = "com.example.demo:/callback";

#[tokio::test]
async fn sec_authz_03_the_requested_mode_is_used_and_unknown_modes_are_rejected() {
    let (laptop, pkce) = (Laptop::demo().await, Pkce::new("authz 3"));
    let (baseline, mut browser) = (request("demo-trusted", NATIVE, &pkce), Browser::new(&laptop));
    assert!(answered(&browser.log_in(&baseline).await, "code").is_some());
    let before = laptop.dump();
    for mode in ["FORM_POST", "Query", "web_message", "form_post.jwt", "jwt", "query.jwt", "query ", "fragment query"] {
        let response = browser.authorize(&changed(&baseline, "response_mode", Some(mode))).await;
        redirected(&laptop, &response, NATIVE, "invalid_request", mode);
        assert_eq!(answered(&response, "state").as_deref(), Some("state-1"), "{mode}");
    }
    let twice = [&baseline[..], &[("response_mode", "form_post"), ("response_mode", "form_post")]].concat();
    redirected(&laptop, &browser.authorize(&twice).await, NATIVE, "invalid_request", "repeated");
    assert_eq!(laptop.dump(), before);
    for (mode, begins) in [("query", Some("?code=")), ("fragment", Some("#code=")), ("form_post", None)] {
        let response = browser.authorize(&changed(&baseline, "response_mode", Some(mode))).await;
        let expected = begins.map(|begins| format!("{NATIVE}{begins}"));
        assert_eq!(location(&response).is_some(), expected.is_some(), "{mode}");
        assert!(expected.is_none_or(|expected| location(&response).unwrap().starts_with(&expected)), "{mode}");
        assert_eq!(answered(&response, "state").as_deref(), Some("state-1"), "{mode}");
        assert_eq!(answered(&response, "iss"), Some(laptop.issuer()), "{mode}");
        let tokens = redeemed(&laptop, &answered(&response, "code").unwrap(), &pkce).await;
        assert_eq!(tokens.status(), 200, "{mode}");
    }
}

/// The mode is sealed with the request and applies to every later refusal, through login and consent.
#[tokio::test]
async fn sec_authz_03_every_error_uses_the_requested_mode() {
    let (laptop, pkce) = (Laptop::demo().await, Pkce::new("authz 3 refusals"));
    let table = [
        ("scope", Some("x"), "invalid_scope"),
        ("response_type", Some("token"), "unsupported_response_type"),
        ("response_type", None, "invalid_request"),
        ("code_challenge", None, "invalid_request"),
        ("prompt", Some("none"), "login_required"),
        ("max_age", Some("x"), "invalid_request"),
        ("request", Some("x"), "request_not_supported"),
        ("id_token_hint", Some("x"), "invalid_request"),
    ];
    for mode in ["fragment", "form_post"] {
        let refused = |response: &web::Response, error: &str, case: &str| {
            if mode == "form_post" {
                posted(&laptop, response, NATIVE, error, case);
            } else {
                assert!(location(response).unwrap().starts_with(&format!("{NATIVE}#error={error}&")), "{case}");
                assert_eq!(answered(response, "iss"), Some(laptop.issuer()), "{case}");
            }
        };
        let baseline = changed(&request("demo-native", NATIVE, &pkce), "response_mode", Some(mode));
        for (name, value, error) in table {
            let response = Browser::new(&laptop).authorize(&changed(&baseline, name, value)).await;
            refused(&response, error, &format!("{mode}: {name}={value:?}"));
            assert_eq!(answered(&response, "state").as_deref(), Some("state-1"), "{name}");
        }
        let state = "s".repeat(4097);
        let response = Browser::new(&laptop).authorize(&changed(&baseline, "state", Some(&state))).await;
        refused(&response, "invalid_request", "a state that is too long");
        assert_eq!(answered(&response, "state"), None);
        let mut browser = Browser::new(&laptop);
        let login = browser.authorize(&baseline).await;
        let consent = browser.sign_in(&login, "alice", "alice").await;
        refused(&browser.decide(&consent, "deny", &[("response_mode", "query")]).await, "access_denied", mode);
    }
}

#[tokio::test]
async fn sec_authz_03_form_post_is_refused_for_private_use_schemes() {
    let (laptop, pkce) = (Laptop::demo().await, Pkce::new("authz 3 private"));
    let baseline = request("demo-native", PRIVATE, &pkce);
    let form_post = changed(&baseline, "response_mode", Some("form_post"));
    redirected(&laptop, &Browser::new(&laptop).authorize(&form_post).await, PRIVATE, "invalid_request", "private");
    let fragment = changed(&baseline, "response_mode", Some("fragment"));
    let response = Browser::new(&laptop).log_in(&fragment).await;
    assert!(location(&response).unwrap().starts_with(&format!("{PRIVATE}#code=")), "{:?}", location(&response));
}

#[tokio::test]
async fn sec_authz_04_the_form_post_page_targets_the_client_only_and_runs_no_foreign_script() {
    let (laptop, pkce) = (Laptop::demo().await, Pkce::new("authz 4"));
    for evil in
        ["\"><script>alert(1)</script>", "'><img src=x onerror=alert(1)>", "</form><form action=//evil.example>"]
    {
        let baseline = changed(&request("demo-web", WEB, &pkce), "response_mode", Some("form_post"));
        let baseline = changed(&baseline, "state", Some(evil));
        let success = Browser::new(&laptop).log_in(&baseline).await;
        assert!(answered(&success, "code").is_some(), "{}", body(&success));
        let refusal = Browser::new(&laptop).authorize(&changed(&baseline, "scope", Some("x"))).await;
        posted(&laptop, &refusal, WEB, "invalid_scope", evil);
        for page in [success, refusal] {
            headers(&page, evil);
            let html = body(&page);
            assert_eq!(form(&page).action, WEB);
            assert_eq!(answered(&page, "state").as_deref(), Some(evil));
            assert!(!html.contains(evil) && html.matches("<form").count() == 1, "{html}");
            assert!(!html.contains("onload=") && !html.contains("onsubmit="), "no inline handlers: {html}");
            assert!(html.contains("<button type=\"submit\""), "a submit button for browsers without scripts");
            let policy = page.headers()["content-security-policy"].to_str().unwrap();
            assert!(policy.contains("form-action https:;"), "{policy}");
            assert!(policy.contains("script-src 'nonce-") && !policy.contains("unsafe"), "{policy}");
        }
    }
}

/// The posted form must carry everything a client of the code flow needs.
#[tokio::test]
async fn sec_authz_04_and_06_the_form_fields_carry_the_whole_response() {
    let laptop = Laptop::with(and_clients(&format!(
        "[[clients]]\nclient_id = \"posted\"\nclient_name = \"Posted\"\ntoken_endpoint_auth_method = \"none\"\n\
         redirect_uris = [\"{WEB}?tenant=7\"]\nscope = \"openid\"\n"
    )))
    .await;
    let (uri, pkce) = (format!("{WEB}?tenant=7"), Pkce::new("authz 4 fields"));
    let fields = changed(&request("posted", &uri, &pkce), "scope", Some("openid"));
    let fields = changed(&fields, "state", Some("a&b=c+d%20\u{1F600}"));
    let response = Browser::new(&laptop).log_in(&changed(&fields, "response_mode", Some("form_post"))).await;
    let posted = form(&response);
    assert_eq!(posted.action, uri);
    let names: Vec<_> = posted.hidden.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["code", "state", "iss"]);
    assert_eq!(answered(&response, "state").as_deref(), Some("a&b=c+d%20\u{1F600}"));
    let code = answered(&response, "code").unwrap();
    let tokens = laptop.form("/oauth2/token", &exchange("posted", &uri, &code, &pkce.verifier), &[]).await;
    assert_eq!(tokens.status(), 200, "{}", body(&tokens));
}
