//! Logging in by stand-ins of providers without OpenID Connect, each as its public documentation describes it
//! (docs/providers.md).

use serde_json::{Value, json};
use tests::browser::{answered, body, changed, exchange, json as parsed, location, request};
use tests::provider::Away;
use tests::{Browser, Laptop, Pkce, Provider, expect};
use web::Response;

const NATIVE: &str = "http://127.0.0.1:9999/callback";

/// The demo, whose partner is this provider as `preset` describes it, on loopback.
fn registered(provider: &Provider, text: &str, preset: &str) -> String {
    let at = &provider.issuer;
    let emails = if preset == "github" { format!(", emails_endpoint = \"{at}/user/emails\"") } else { String::new() };
    let settings = format!(
        "preset = \"{preset}\"\nclient_secret = \"s3cret\"\nverified_email_domains = [\"corp.example\"]\n\
         oauth = {{ authorization_endpoint = \"{at}/authorize\", token_endpoint = \"{at}/token\", \
         user_endpoint = \"{at}/user\"{emails} }}"
    );
    let scope = "scope = \"openid profile email\"\n# The provider may";
    Provider::registered_as(at, text, &settings).replacen(scope, "# The provider may", 1)
}

fn github_user(id: u64, login: &str) -> Value {
    json!({
        "login": login, "id": id, "node_id": "MDQ6VXNlcjE=", "avatar_url": "https://avatars.example/u/7?v=4",
        "html_url": format!("https://github.com/{login}"), "type": "User", "site_admin": false, "name": "Ada",
        "email": "public@corp.example", "bio": null, "updated_at": "2026-01-02T03:04:05Z",
    })
}

fn emails(primary: bool, verified: bool) -> Value {
    json!([
        {"email": "ada@corp.example", "primary": primary, "verified": verified, "visibility": "private"},
        {"email": "1+ada@users.noreply.github.com", "primary": false, "verified": true, "visibility": null},
    ])
}

/// GitHub, which is asked for user 7.
async fn github() -> (Provider, Laptop) {
    let provider = Provider::start().await;
    let laptop = Laptop::with(|text| registered(&provider, &text, "github")).await;
    provider.answers(
        "/token",
        (200, &json!({"access_token": "gho_at", "token_type": "bearer", "scope": "read:user,user:email"})),
    );
    provider.answers("/user", (200, &github_user(7, "ada")));
    provider.answers("/user/emails", (200, &emails(true, true)));
    (provider, laptop)
}

async fn come_back(laptop: &Laptop, browser: &mut Browser<'_>, away: &Away, more: &str) -> Response {
    let state = away.asked("state").unwrap();
    let response = browser.get(&laptop.demo_url(&format!("/callback/partner?code=c&state={state}{more}"))).await;
    browser.follow(response).await
}

async fn logged_in(laptop: &Laptop, provider: &Provider, pkce: &Pkce) -> Response {
    let mut browser = Browser::new(laptop);
    let asked = changed(&request("demo-trusted", NATIVE, pkce), "scope", Some("openid profile email"));
    let away = provider.leave(&mut browser, &asked).await;
    come_back(laptop, &mut browser, &away, "").await
}

/// What our client is told of the user.
async fn told(laptop: &Laptop, provider: &Provider) -> Value {
    let pkce = Pkce::new("api");
    let response = logged_in(laptop, provider, &pkce).await;
    let code = answered(&response, "code").unwrap_or_else(|| panic!("{:?} {}", location(&response), body(&response)));
    let tokens = laptop.form("/oauth2/token", &exchange("demo-trusted", NATIVE, &code, &pkce.verifier), &[]).await;
    parsed(&laptop.userinfo(parsed(&tokens)["access_token"].as_str().unwrap()).await)
}

/// The preset, the scope that is asked for, what the API says, and what our client is told.
fn stand_ins() -> [(&'static str, &'static str, Value, Value); 3] {
    [
        (
            "github",
            "read:user user:email",
            github_user(7, "ada"),
            json!({
                "name": "Ada", "preferred_username": "ada", "profile": "https://github.com/ada", "email": "ada@corp.example",
                "picture": "https://avatars.example/u/7?v=4", "email_verified": true, "updated_at": 1_767_323_045,
            }),
        ),
        (
            "facebook",
            "public_profile email",
            json!({
                "id": "10158", "name": "Ada L", "first_name": "Ada", "last_name": "L", "email": "ada@corp.example",
                "picture": {"data": {"height": 50, "is_silhouette": false, "url": "https://platform.example/p", "width": 50}},
            }),
            json!({
                "name": "Ada L", "given_name": "Ada", "family_name": "L", "email": "ada@corp.example", "email_verified": false,
                "picture": "https://platform.example/p",
            }),
        ),
        (
            "amazon",
            "profile",
            json!({"user_id": "amzn1.account.K2LI23", "name": "Ada", "email": "ada@corp.example"}),
            json!({"name": "Ada", "email": "ada@corp.example", "email_verified": false}),
        ),
    ]
}

#[tokio::test]
async fn users_log_in_by_providers_without_openid_connect() {
    let token = json!({"access_token": "at", "token_type": "bearer", "expires_in": 5_183_944});
    for (preset, scope, user, mut expected) in stand_ins() {
        let provider = Provider::start().await;
        let laptop = Laptop::with(|text| registered(&provider, &text, preset)).await;
        provider.answers("/token", (200, &token));
        provider.answers("/user", (200, &user));
        provider.answers("/user/emails", (200, &emails(true, true)));
        let away = provider.leave(&mut Browser::new(&laptop), &request("demo-trusted", NATIVE, &Pkce::new("x"))).await;
        assert_eq!((away.asked("scope"), away.asked("nonce")), (Some(scope), None), "{preset}");
        assert_eq!(away.asked("code_challenge_method"), Some("S256"), "{preset}");
        let told = told(&laptop, &provider).await;
        expected["sub"] = told["sub"].clone();
        assert_eq!(told, expected, "{preset}");
        let form = provider.last_exchange().form;
        assert_eq!(form.one("client_secret").unwrap(), Some("s3cret"), "{preset}");
        assert!(form.one("code_verifier").unwrap().is_some(), "{preset}");
        let asked = provider.asked();
        assert!(
            asked.iter().filter(|(path, _)| path != "/token").all(|(_, by)| by.as_deref() == Some("Bearer at")),
            "{asked:?}"
        );
        assert_eq!(asked.len(), if preset == "github" { 3 } else { 2 }, "{preset}: {asked:?}");
    }
}

#[tokio::test]
async fn sec_up_05_what_a_user_api_must_not_say_logs_nobody_in() {
    let huge = json!({"id": 7, "name": "x".repeat(70_000)});
    let table = [
        ("/token", 200, json!({"error": "bad_verification_code", "error_description": "<b>expired</b>"})),
        ("/token", 200, json!({"access_token": "at", "token_type": "mac"})),
        ("/token", 200, json!({"token_type": "bearer"})),
        ("/token", 200, json!({"access_token": ["at"], "token_type": "bearer"})),
        ("/token", 200, json!({"access_token": "a\r\nx: y", "token_type": "bearer"})),
        ("/token", 400, json!({"error": "invalid_grant"})),
        ("/token", 500, json!({})),
        ("/user", 200, json!({"login": "ada", "email": "ada@corp.example"})),
        ("/user", 200, json!({"id": null, "login": "ada"})),
        ("/user", 200, json!({"id": {"sub": 7}})),
        ("/user", 200, json!({"id": [7]})),
        ("/user", 200, json!({"id": 7.5})),
        ("/user", 200, json!({"id": -7})),
        ("/user", 200, json!([github_user(7, "ada")])),
        ("/user", 200, huge),
        ("/user", 401, json!({"message": "Bad credentials"})),
        ("/user", 302, json!({})),
        ("/user/emails", 200, json!({"email": "ada@corp.example", "primary": true, "verified": true})),
        ("/user/emails", 404, json!({"message": "Not Found"})),
    ];
    for (path, status, said) in table {
        let (provider, laptop) = github().await;
        provider.answers(path, (status, &said));
        let response = logged_in(&laptop, &provider, &Pkce::new("hostile")).await;
        let shown: String = said.to_string().chars().take(80).collect();
        assert_eq!(response.status(), 502, "{path} {status} {shown}: {:?}", location(&response));
        assert!(body(&response).contains("/login?interaction=") && !body(&response).contains("expired</b>"), "{shown}");
        assert_eq!(provider.exchanges(), 1, "{path} {status} {shown}: a code is sent once");
    }
}

#[tokio::test]
async fn sec_up_07_a_github_user_is_known_by_number_and_by_their_verified_address() {
    let (provider, laptop) = github().await;
    let ada = told(&laptop, &provider).await;
    provider.answers("/user", (200, &github_user(7, "countess")));
    let renamed = told(&laptop, &provider).await;
    assert_eq!((&renamed["sub"], &renamed["preferred_username"]), (&ada["sub"], &json!("countess")));
    provider.answers("/user", (200, &github_user(8, "ada")));
    assert_ne!(told(&laptop, &provider).await["sub"], ada["sub"], "another who took the name");
    for (primary, verified) in [(true, false), (false, true)] {
        provider.answers("/user/emails", (200, &emails(primary, verified)));
        let told = told(&laptop, &provider).await;
        assert_eq!((told.get("email"), told.get("email_verified")), (None, None), "{primary} {verified}");
    }
}

#[tokio::test]
async fn sec_up_01_and_03_and_22_a_user_api_is_asked_for_a_login_of_this_browser_once() {
    let (provider, laptop) = github().await;
    let pkce = Pkce::new("once");
    let asked = request("demo-trusted", NATIVE, &pkce);
    for more in ["&iss=https://evil.example", "&iss=https://github.com/login/oauth", "&iss=x&iss=y"] {
        let mut browser = Browser::new(&laptop);
        let away = provider.leave(&mut browser, &asked).await;
        let response = come_back(&laptop, &mut browser, &away, more).await;
        assert!(response.status().is_client_error(), "{more}: {}", response.status());
    }
    let mut browser = Browser::new(&laptop);
    let away = provider.leave(&mut browser, &asked).await;
    let elsewhere = come_back(&laptop, &mut Browser::new(&laptop), &away, "").await;
    assert!(elsewhere.status().is_client_error(), "another browser: {}", elsewhere.status());
    assert_eq!(provider.exchanges(), 0, "nothing was sent to the provider");
    let iss = format!("&iss={}", provider.issuer);
    let response = come_back(&laptop, &mut browser, &away, &iss).await;
    assert!(answered(&response, "code").is_some(), "its own name: {}", body(&response));
    let again = come_back(&laptop, &mut browser, &away, "").await;
    assert!(answered(&again, "code").is_none(), "{:?}", location(&again));
    assert_eq!(provider.exchanges(), 1);
}

#[tokio::test]
async fn sec_up_21_a_fresh_login_cannot_be_shown_by_a_user_api() {
    let (provider, laptop) = github().await;
    for (name, value) in [("prompt", "login"), ("max_age", "60")] {
        let mut browser = Browser::new(&laptop);
        let pkce = Pkce::new("fresh");
        let asked = changed(&request("demo-trusted", NATIVE, &pkce), name, Some(value));
        let away = provider.leave(&mut browser, &asked).await;
        let response = come_back(&laptop, &mut browser, &away, "").await;
        expect::redirected(&laptop, &response, NATIVE, "login_required", name);
    }
    assert_eq!(provider.exchanges(), 0);
}
