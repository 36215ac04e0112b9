//! The front channel with concurrent tabs, hints, providers and cross-site forms.

use tests::browser::{answered, body, exchange, form, json, location, request};
use tests::expect::{page, redirected};
use tests::laptop::encoded;
use tests::{Browser, Laptop, Pkce};

use crate::flow::NATIVE;

const SPA: &str = "http://localhost:9000/demo/callback";

/// Logs `user` in with a fresh code of the trusted client and returns the ID token.
async fn id_token(laptop: &Laptop, user: &str) -> String {
    let pkce = Pkce::new(user);
    let mut browser = Browser::new(laptop);
    let login = browser.authorize(&request("demo-trusted", NATIVE, &pkce)).await;
    let code = answered(&browser.sign_in(&login, user, user).await, "code").unwrap();
    let tokens = laptop.form("/oauth2/token", &exchange("demo-trusted", NATIVE, &code, &pkce.verifier), &[]).await;
    json(&tokens).get("id_token").unwrap().as_str().unwrap().to_owned()
}

#[tokio::test]
async fn sec_sess_07_a_consent_page_can_be_submitted_only_by_the_user_it_was_shown_to() {
    let (laptop, pkce) = (Laptop::demo().await, Pkce::new("two users"));
    let mut browser = Browser::new(&laptop);
    let login = browser.authorize(&request("demo-spa", SPA, &pkce)).await;
    let shown_to_alice = browser.sign_in(&login, "alice", "alice").await;
    assert!(body(&shown_to_alice).contains("Alice Example"));

    laptop.clock.advance(1);
    let fields = [request("demo-native", NATIVE, &pkce), vec![("prompt", "login")]].concat();
    let login = browser.authorize(&fields).await;
    let shown_to_bob = browser.sign_in(&login, "bob", "bob").await;
    assert!(body(&shown_to_bob).contains("Bob Example"));

    let answer = browser.decide(&shown_to_alice, "allow", &[]).await;
    assert_eq!(answered(&answer, "code"), None);
    let again = browser.follow(answer).await;
    assert!(body(&again).contains("Bob Example"), "the page is shown again, to the current user");
    assert!(answered(&browser.decide(&again, "allow", &[]).await, "code").is_some());
}

#[tokio::test]
async fn two_tabs_opened_before_any_cookie_was_set_can_both_finish() {
    let (laptop, pkce) = (Laptop::demo().await, Pkce::new("tabs"));
    let url = |state: &str| {
        let mut fields = request("demo-native", NATIVE, &pkce);
        fields.push(("ui_locales", state));
        format!("{}?{}", laptop.demo_url("/oauth2/authorize"), encoded(&fields))
    };
    let (mut one, mut two) = (Browser::new(&laptop), Browser::new(&laptop));
    let (first, second) = (one.get(&url("1")).await, two.get(&url("2")).await);
    one.cookies.append(&mut two.cookies);
    for started in [first, second] {
        let login = one.follow(started).await;
        let consent = one.sign_in(&login, "alice", "alice").await;
        assert!(answered(&one.decide(&consent, "allow", &[]).await, "code").is_some());
    }
}

#[tokio::test]
async fn sec_authz_11_a_hint_names_the_expected_user_and_never_logs_in() {
    let (laptop, pkce) = (Laptop::demo().await, Pkce::new("hint"));
    let (alices, bobs) = (id_token(&laptop, "alice").await, id_token(&laptop, "bob").await);
    let asked = |hint: &str| -> String {
        let mut fields = request("demo-trusted", NATIVE, &pkce);
        fields.extend([("id_token_hint", hint), ("prompt", "none")]);
        format!("{}?{}", laptop.demo_url("/oauth2/authorize"), encoded(&fields))
    };
    let mut browser = Browser::new(&laptop);
    redirected(&laptop, &browser.get(&asked(&alices)).await, NATIVE, "login_required", "nobody is logged in");
    laptop.clock.advance(2 * 3600);
    browser.log_in(&request("demo-trusted", NATIVE, &pkce)).await;
    assert!(answered(&browser.get(&asked(&alices)).await, "code").is_some(), "an expired token is still a hint");
    redirected(&laptop, &browser.get(&asked(&bobs)).await, NATIVE, "login_required", "another user is expected");
    for forged in ["x", "a.b.c", &alices[..alices.len() - 2], &format!("{alices}A")] {
        redirected(&laptop, &browser.get(&asked(forged)).await, NATIVE, "invalid_request", forged);
    }

    laptop.clock.advance(1);
    let fields = [request("demo-trusted", NATIVE, &pkce), vec![("id_token_hint", bobs.as_str())]].concat();
    let login = browser.authorize(&fields).await;
    assert!(body(&login).contains("name=\"password\""), "the expected user may log in");
    redirected(&laptop, &browser.sign_in(&login, "alice", "alice").await, NATIVE, "login_required", "as another");
    laptop.clock.advance(1);
    let login = browser.authorize(&fields).await;
    assert!(answered(&browser.sign_in(&login, "bob", "bob").await, "code").is_some());
}

#[tokio::test]
async fn sec_param_19_a_cross_site_form_is_treated_like_a_link() {
    let (laptop, pkce) = (Laptop::demo().await, Pkce::new("post"));
    let mut browser = Browser::new(&laptop);
    browser.log_in(&request("demo-trusted", NATIVE, &pkce)).await;
    let fields = encoded(&[request("demo-trusted", NATIVE, &pkce), vec![("prompt", "none")]].concat());
    let form = [("content-type", "application/x-www-form-urlencoded")];
    let url = laptop.demo_url("/oauth2/authorize");
    // Unless a cookie is SameSite=None, the browser omits it from a cross-site POST but sends it with the redirect.
    let without_cookies = Browser::new(&laptop).send("POST", &url, &form, fields.clone()).await;
    assert_eq!(location(&without_cookies).unwrap(), format!("{url}?{fields}"));
    assert!(answered(&browser.get(&location(&without_cookies).unwrap()).await, "code").is_some());
    let with_cookies = browser.send("POST", &url, &form, fields.clone()).await;
    assert!(answered(&with_cookies, "code").is_some());
    page(&browser.send("POST", &format!("{url}?x=1"), &form, fields).await, 400, "query and body");
}

#[tokio::test]
async fn form_action_permits_the_clients_own_redirects() {
    let (laptop, pkce) = (Laptop::demo().await, Pkce::new("targets"));
    let six = laptop_with_six().await;
    let table = [
        (&laptop, "demo-web", "https://client.example/cb", "form-action 'self' https:;"),
        (&laptop, "demo-native", NATIVE, "form-action 'self' http: https:;"),
        (&laptop, "demo-native", "com.example.demo:/callback", "form-action 'self' com.example.demo:;"),
        (&six, "demo-native", "http://[::1]:5000/callback", "form-action 'self' http: https:;"),
    ];
    for (laptop, client, uri, expected) in table {
        let login = Browser::new(laptop).authorize(&request(client, uri, &pkce)).await;
        let policy = login.headers().get("content-security-policy").unwrap().to_str().unwrap();
        assert!(policy.contains(expected), "{uri}: {policy}");
        assert!(!form(&login).hidden.is_empty());
    }
}

async fn laptop_with_six() -> Laptop {
    Laptop::with(|text| text.replace("\"http://127.0.0.1/callback\", \"com", "\"http://[::1]/callback\", \"com")).await
}
