//! The `claims` parameter: rows of sections B, C, H and M that concern it.

use tests::browser::{answered, body, changed, exchange, json, request};
use tests::expect::redirected;
use tests::{Browser, Laptop, Pkce};

use crate::given::{NATIVE, SPA, claims, redeemed};

/// Requests `email` at userinfo, `phone_number` in the ID token, and claims that cannot be granted.
const ASKED: &str = r#"{"userinfo":{"email":{"essential":true},"department":null},
    "id_token":{"phone_number":null,"locale":{"value":"de"},"auth_time":{"essential":true}}}"#;

fn asking<'a>(client: &'a str, uri: &'a str, pkce: &'a Pkce, claims: &'a str) -> Vec<(&'a str, &'a str)> {
    changed(&changed(&request(client, uri, pkce), "scope", Some("openid profile")), "claims", Some(claims))
}

/// Redeems the code of a response and returns the ID token claims and the userinfo response.
async fn told(
    laptop: &Laptop,
    (client, uri): (&str, &str),
    response: &web::Response,
    pkce: &Pkce,
) -> (serde_json::Value, serde_json::Value) {
    let code = answered(response, "code").unwrap_or_else(|| panic!("no code: {}", body(response)));
    let tokens = json(&laptop.form("/oauth2/token", &exchange(client, uri, &code, &pkce.verifier), &[]).await);
    let userinfo = laptop.userinfo(tokens["access_token"].as_str().unwrap()).await;
    (claims(tokens["id_token"].as_str().unwrap()), json(&userinfo))
}

#[tokio::test]
async fn sec_authz_25_and_sec_param_13_malformed_claims_parameters_are_rejected() {
    let (laptop, pkce) = (Laptop::demo().await, Pkce::new("claims shapes"));
    let (mut browser, before) = (Browser::new(&laptop), laptop.dump());
    let deep = format!("{{\"x\":{}1{}}}", "[".repeat(9), "]".repeat(9));
    for bad in [
        "x",
        "[]",
        r#"{"id_token":[]}"#,
        r#"{"id_token":{"acr":{"essential":"yes"}}}"#,
        r#"{"userinfo":{"email":null},"userinfo":{}}"#,
        r#"{"userinfo":{"email":null,"email":null}}"#,
        r#"{"userinfo":{}} {}"#,
        &deep,
    ] {
        let response = browser.authorize(&asking("demo-trusted", NATIVE, &pkce, bad)).await;
        redirected(&laptop, &response, NATIVE, "invalid_request", bad);
    }
    let twice = [&asking("demo-trusted", NATIVE, &pkce, "{}")[..], &[("claims", "{}")]].concat();
    redirected(&laptop, &browser.authorize(&twice).await, NATIVE, "invalid_request", "repeated");
    assert_eq!(laptop.dump(), before);
}

#[tokio::test]
async fn sec_authz_25_an_essential_acr_that_no_login_satisfies_is_an_error() {
    let (laptop, pkce) = (Laptop::demo().await, Pkce::new("claims acr"));
    let mut browser = Browser::new(&laptop);
    let acr = |acr: &str| format!(r#"{{"id_token":{{"acr":{acr}}}}}"#);
    let ours = "urn:postern:acr:single-factor";
    for prompt in [None, Some("none"), Some("login")] {
        let unmet = acr(r#"{"essential":true,"values":["urn:mace:incommon:iap:silver"]}"#);
        let fields = changed(&asking("demo-trusted", NATIVE, &pkce, &unmet), "prompt", prompt);
        let response = browser.authorize(&fields).await;
        redirected(&laptop, &response, NATIVE, "unmet_authentication_requirements", &format!("{prompt:?}"));
    }
    for met in [
        format!(r#"{{"essential":true,"values":["x","{ours}"]}}"#),
        r#"{"essential":true}"#.into(),
        r#"{"values":["x"]}"#.into(),
        "null".into(),
    ] {
        let response = browser.log_in(&asking("demo-trusted", NATIVE, &pkce, &acr(&met))).await;
        let (id_token, _) = told(&laptop, ("demo-trusted", NATIVE), &response, &pkce).await;
        assert_eq!(id_token["acr"], ours, "{met}");
    }
}

#[tokio::test]
async fn sec_authz_13_and_14_and_sec_res_04_claims_requested_by_name_are_shown_and_released_only_if_allowed() {
    let (laptop, pkce) = (Laptop::demo().await, Pkce::new("claims consent"));
    let fields = asking("demo-native", NATIVE, &pkce, ASKED);
    let mut browser = Browser::new(&laptop);
    let login = browser.authorize(&fields).await;
    let consent = browser.sign_in(&login, "alice", "alice").await;
    let html = body(&consent);
    assert!(html.contains("See your e-mail address") && html.contains("See your phone number"), "{html}");
    assert!(
        !html.contains("See your language") && !html.contains("department"),
        "covered by profile, and unknown: {html}"
    );
    let response = browser.decide(&consent, "allow", &[]).await;
    let (id_token, userinfo) = told(&laptop, ("demo-native", NATIVE), &response, &pkce).await;
    assert_eq!((&userinfo["email"], &userinfo["name"]), (&"alice@example.com".into(), &"Alice Example".into()));
    assert!(userinfo.get("phone_number").is_none() && userinfo.get("department").is_none(), "{userinfo}");
    assert_eq!((&id_token["phone_number"], &id_token["locale"]), (&"+1 555 0100".into(), &"en".into()));
    assert!(id_token.get("email").is_none() && id_token.get("name").is_none(), "{id_token}");

    for (kept, field) in [("phone_number", "withhold_claim"), ("email", "withhold_claim"), ("profile", "withhold")] {
        let consent = browser.authorize(&fields).await;
        let response = browser.decide(&consent, "allow", &[(field, kept)]).await;
        let (id_token, userinfo) = told(&laptop, ("demo-native", NATIVE), &response, &pkce).await;
        let table = [
            ("phone_number", id_token.get("phone_number").is_some()),
            ("email", userinfo.get("email").is_some()),
            ("profile", id_token.get("locale").is_some() || userinfo.get("name").is_some()),
        ];
        for (name, is_told) in table {
            assert_eq!(is_told, name != kept, "{kept} was withheld: {name} in {id_token} or {userinfo}");
        }
    }
}

#[tokio::test]
async fn sec_authz_12_consent_to_named_claims_is_remembered_and_further_claims_need_consent() {
    let (laptop, pkce) = (Laptop::demo().await, Pkce::new("claims remembered"));
    let silently = |claims| changed(&asking("demo-spa", SPA, &pkce, claims), "prompt", Some("none"));
    let email = r#"{"userinfo":{"email":null}}"#;
    let mut browser = Browser::new(&laptop);
    assert!(answered(&browser.log_in(&asking("demo-spa", SPA, &pkce, "{}")).await, "code").is_some());
    assert!(
        answered(&browser.authorize(&silently(r#"{"id_token":{"name":null}}"#)).await, "code").is_some(),
        "profile"
    );
    redirected(&laptop, &browser.authorize(&silently(email)).await, SPA, "consent_required", "an e-mail address");
    let consent = browser.authorize(&asking("demo-spa", SPA, &pkce, email)).await;
    assert!(answered(&browser.decide(&consent, "allow", &[]).await, "code").is_some());
    assert!(answered(&browser.authorize(&silently(email)).await, "code").is_some(), "allowed before");
    redirected(&laptop, &browser.authorize(&silently(ASKED)).await, SPA, "consent_required", "a phone number");
    let consent = changed(&asking("demo-spa", SPA, &pkce, email), "prompt", Some("consent"));
    let consent = browser.authorize(&consent).await;
    let response = browser.decide(&consent, "allow", &[("withhold_claim", "email")]).await;
    assert!(answered(&response, "code").is_some());
    redirected(&laptop, &browser.authorize(&silently(email)).await, SPA, "consent_required", "taken back");
}

#[tokio::test]
async fn sec_tok_07_a_request_cannot_set_protocol_claims_of_a_token() {
    let (laptop, pkce) = (Laptop::demo().await, Pkce::new("claims reserved"));
    let mut plain = Browser::new(&laptop);
    let response = plain.log_in(&asking("demo-trusted", NATIVE, &pkce, "{}")).await;
    let (expected, _) = told(&laptop, ("demo-trusted", NATIVE), &response, &pkce).await;
    let reserved = ["iss", "aud", "exp", "iat", "nbf", "jti", "client_id", "scope", "cnf", "act", "azp", "amr", "sid"];
    let members: Vec<String> =
        reserved.iter().map(|name| format!("\"{name}\":{{\"essential\":true,\"value\":\"x\"}}")).collect();
    let all = format!("{{\"id_token\":{{{0}}},\"userinfo\":{{{0}}}}}", members.join(","));
    let response = plain.authorize(&asking("demo-trusted", NATIVE, &pkce, &all)).await;
    let (id_token, userinfo) = told(&laptop, ("demo-trusted", NATIVE), &response, &pkce).await;
    let names = |token: &serde_json::Value| token.as_object().unwrap().keys().cloned().collect::<Vec<_>>();
    assert_eq!((names(&id_token), &id_token["aud"]), (names(&expected), &expected["aud"]));
    assert!(reserved.iter().all(|name| userinfo.get(name).is_none()), "{userinfo}");
}

#[tokio::test]
async fn sec_authz_11_a_requested_sub_must_be_the_logged_in_user() {
    let (laptop, pkce) = (Laptop::demo().await, Pkce::new("claims sub"));
    let id_token = async |user: &str| {
        let mut browser = Browser::new(&laptop);
        let login = browser.authorize(&asking("demo-trusted", NATIVE, &pkce, "{}")).await;
        let code = answered(&browser.sign_in(&login, user, user).await, "code").unwrap();
        json(&redeemed(&laptop, &code, &pkce).await)["id_token"].as_str().unwrap().to_owned()
    };
    let (alice, bob) = (id_token("alice").await, id_token("bob").await);
    let about = |token: &str, place: &str| {
        format!(r#"{{"{place}":{{"sub":{{"value":"{}"}}}}}}"#, claims(token)["sub"].as_str().unwrap())
    };
    let mut browser = Browser::new(&laptop);
    assert!(answered(&browser.log_in(&asking("demo-trusted", NATIVE, &pkce, "{}")).await, "code").is_some());
    laptop.clock.advance(10);
    for place in ["id_token", "userinfo"] {
        let (alices, bobs) = (about(&alice, place), about(&bob, place));
        let silently = |claims| changed(&asking("demo-trusted", NATIVE, &pkce, claims), "prompt", Some("none"));
        assert!(answered(&browser.authorize(&silently(&alices)).await, "code").is_some(), "{place}");
        let other = browser.authorize(&silently(&bobs)).await;
        redirected(&laptop, &other, NATIVE, "login_required", place);
        let contradicted = [silently(&alices), vec![("id_token_hint", bob.as_str())]].concat();
        redirected(
            &laptop,
            &browser.authorize(&contradicted).await,
            NATIVE,
            "invalid_request",
            "sub differs from the hint",
        );
        let agreed = [silently(&alices), vec![("id_token_hint", alice.as_str())]].concat();
        assert!(answered(&browser.authorize(&agreed).await, "code").is_some(), "{place}");
    }
}
