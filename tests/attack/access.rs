//! Who may use which application, scope and service: rows AUTHZ-19 and DEV-08.

use protocol::clients::grant_type::GrantType;
use serde_json::Value;
use tests::browser::{answered, body, changed, exchange, json as parsed, request};
use tests::expect::{page, redirected, refused};
use tests::{Browser, Laptop, Pkce};
use web::Response;

use crate::given::{NATIVE, SPA, basic, claims, is_demo};

/// Longer than functions cache configuration.
const STALE: u32 = 31;

const DEVICE_GRANT: &str = "urn:ietf:params:oauth:grant-type:device_code";

/// The demo, where alice is in `groups`, the trusted client and the devices are for the group `staff`, and reading offers is
/// for the group `readers`.
fn where_alice_is_in(groups: &str) -> impl Fn(String) -> String + '_ {
    move |text| {
        if !is_demo(&text) {
            return text;
        }
        let text = text.replace("locale = \"en\"", &format!("locale = \"en\", groups = {groups}"));
        let text = ["Demo (trusted)", "Demo (device)"].into_iter().fold(text, |text, name| {
            let client = format!("client_name = \"{name}\"");
            text.replace(&client, &format!("{client}\nallowed_users = {{ groups = [\"staff\"] }}"))
        });
        let offers = "title = \"Read your offers\"";
        text.replace(offers, &format!("{offers}\nallowed_users = {{ groups = [\"readers\"] }}"))
    }
}

async fn login(laptop: &Laptop, more: &[(&str, &str)]) -> Response {
    let pkce = Pkce::new("access");
    let asked = changed(&request("demo-trusted", NATIVE, &pkce), "scope", Some("openid offers.read offline_access"));
    Browser::new(laptop).log_in(&[&asked[..], more].concat()).await
}

async fn redeemed(laptop: &Laptop, login: &Response) -> Response {
    let code = answered(login, "code").unwrap_or_else(|| panic!("no code: {}", body(login)));
    let pkce = Pkce::new("access");
    let fields = exchange("demo-trusted", NATIVE, &code, &pkce.verifier);
    laptop.form("/oauth2/token", &fields, &[]).await
}

async fn refreshed(laptop: &Laptop, tokens: &Value) -> Response {
    let token = tokens["refresh_token"].as_str().unwrap();
    let fields = [("grant_type", "refresh_token"), ("client_id", "demo-trusted"), ("refresh_token", token)];
    laptop.form("/oauth2/token", &fields, &[]).await
}

async fn reapplied(laptop: &Laptop, groups: &str) {
    laptop.apply(where_alice_is_in(groups)).await;
    laptop.clock.advance(STALE);
}

/// The device code and the page that alice comes to with the code of a device.
async fn device(laptop: &Laptop) -> (String, Response) {
    let asked = [("client_id", "demo-device"), ("scope", "openid offers.read")];
    let codes = parsed(&laptop.form("/device/authorization", &asked, &[]).await);
    let mut browser = Browser::new(laptop);
    let code = codes["user_code"].as_str().unwrap();
    let response = browser.post(&laptop.demo_url("/device"), &[("user_code", code)]).await;
    let response = browser.follow(response).await;
    let response = browser.sign_in(&response, "alice", "alice").await;
    let response = browser.follow(response).await;
    if body(&response).contains("name=\"decision\"") {
        let allowed = browser.decide(&response, "allow", &[]).await;
        browser.follow(allowed).await;
    }
    (codes["device_code"].as_str().unwrap().to_owned(), response)
}

async fn polled(laptop: &Laptop, code: &str) -> Response {
    let fields = [("grant_type", DEVICE_GRANT), ("client_id", "demo-device"), ("device_code", code)];
    laptop.form("/oauth2/token", &fields, &[]).await
}

/// Tries to get a token for alice by `grant` after she has lost the group. A new grant type does not compile here until it is
/// added.
async fn attempted_after_loss(grant: GrantType) {
    let laptop = Laptop::with(where_alice_is_in("[\"staff\", \"readers\"]")).await;
    match grant {
        GrantType::AuthorizationCode => {
            let response = login(&laptop, &[]).await;
            reapplied(&laptop, "[]").await;
            refused(&redeemed(&laptop, &response).await, 400, "invalid_grant", "a code of before");
            redirected(&laptop, &login(&laptop, &[]).await, NATIVE, "access_denied", "a login");
        }
        GrantType::RefreshToken => {
            let tokens = parsed(&redeemed(&laptop, &login(&laptop, &[]).await).await);
            reapplied(&laptop, "[]").await;
            refused(&refreshed(&laptop, &tokens).await, 400, "invalid_grant", "a refresh");
            reapplied(&laptop, "[\"staff\"]").await;
            assert_eq!(refreshed(&laptop, &tokens).await.status(), 200, "nothing was revoked");
        }
        GrantType::DeviceCode => {
            let (code, _) = device(&laptop).await;
            reapplied(&laptop, "[]").await;
            refused(&polled(&laptop, &code).await, 400, "invalid_grant", "a device that was allowed before");
        }
        // There is no user.
        GrantType::ClientCredentials => {
            let headers = [("authorization", basic("demo-service:demo-service-secret"))];
            let fields = [("grant_type", "client_credentials"), ("scope", "offers.read")];
            let own = laptop.form("/oauth2/token", &fields, &[(headers[0].0, &headers[0].1)]).await;
            assert_eq!(own.status(), 200, "{}", body(&own));
            let token = parsed(&own)["access_token"].as_str().unwrap().to_owned();
            assert_eq!(claims(&token)["gty"], "client_credentials");
        }
    }
}

#[tokio::test]
async fn sec_authz_19_no_grant_type_yields_a_token_for_a_user_who_may_no_longer_use_the_client() {
    for grant in
        [GrantType::AuthorizationCode, GrantType::RefreshToken, GrantType::DeviceCode, GrantType::ClientCredentials]
    {
        attempted_after_loss(grant).await;
    }
}

#[tokio::test]
async fn sec_authz_19_a_stranger_learns_nothing_and_an_account_without_access_gets_no_code() {
    let laptop = Laptop::with(where_alice_is_in("[\"guests\"]")).await;
    let pkce = Pkce::new("access");
    let asked = request("demo-trusted", NATIVE, &pkce);
    let mut browser = Browser::new(&laptop);
    let shown = browser.authorize(&asked).await;
    page(&shown, 200, "the login page, as for every client");
    assert!(body(&shown).contains("name=\"password\""));
    let denied = browser.sign_in(&shown, "alice", "alice").await;
    redirected(&laptop, &denied, NATIVE, "access_denied", "after the login");
    redirected(&laptop, &browser.authorize(&asked).await, NATIVE, "access_denied", "with the session");
    let silent = [&asked[..], &[("prompt", "none")]].concat();
    redirected(&laptop, &browser.authorize(&silent).await, NATIVE, "access_denied", "silently");
    laptop.clock.advance(5);
    let choosing = [&asked[..], &[("prompt", "select_account")]].concat();
    page(&browser.authorize(&choosing).await, 200, "a user can choose another account");
    let stranger = [&asked[..], &[("prompt", "none")]].concat();
    redirected(&laptop, &Browser::new(&laptop).authorize(&stranger).await, NATIVE, "login_required", "a stranger");
}

#[tokio::test]
async fn sec_authz_19_a_scope_that_the_user_may_not_have_is_nowhere_shown_and_not_granted() {
    let laptop = Laptop::with(where_alice_is_in("[\"staff\"]")).await;
    let tokens = parsed(&redeemed(&laptop, &login(&laptop, &[]).await).await);
    assert_eq!(tokens["scope"], "openid offline_access");
    let pkce = Pkce::new("access");
    let asked = changed(&request("demo-spa", SPA, &pkce), "scope", Some("openid email offers.read"));
    let mut browser = Browser::new(&laptop);
    let login = browser.authorize(&asked).await;
    let consent = browser.sign_in(&login, "alice", "alice").await;
    let consent = browser.follow(consent).await;
    assert!(body(&consent).contains("e-mail") && !body(&consent).contains("offers"), "{}", body(&consent));
    let allowed = browser.decide(&consent, "allow", &[("allow", "offers.read")]).await;
    let code = answered(&allowed, "code").unwrap();
    let redeemed = laptop.form("/oauth2/token", &exchange("demo-spa", SPA, &code, &pkce.verifier), &[]).await;
    assert_eq!(parsed(&redeemed)["scope"], "openid email");
    // With the group the scope is asked for, and without it again a refresh has it no more.
    reapplied(&laptop, "[\"staff\", \"readers\"]").await;
    let tokens = parsed(&self::redeemed(&laptop, &self::login(&laptop, &[]).await).await);
    assert_eq!(tokens["scope"], "openid offers.read offline_access");
    reapplied(&laptop, "[\"staff\"]").await;
    assert_eq!(parsed(&refreshed(&laptop, &tokens).await)["scope"], "openid offline_access");
}

#[tokio::test]
async fn sec_dev_08_a_user_who_may_not_use_the_application_cannot_allow_a_device() {
    let laptop = Laptop::with(where_alice_is_in("[\"guests\"]")).await;
    let (code, shown) = device(&laptop).await;
    page(&shown, 200, "the page that says so");
    assert!(body(&shown).contains("may not use this application") && !body(&shown).contains("name=\"decision\""));
    refused(&polled(&laptop, &code).await, 400, "access_denied", "the device");
    let laptop = Laptop::with(where_alice_is_in("[\"staff\"]")).await;
    let (code, shown) = device(&laptop).await;
    assert!(!body(&shown).contains("offers"), "{}", body(&shown));
    assert_eq!(parsed(&polled(&laptop, &code).await)["scope"], "openid");
}
