//! Section L, rows DEV: devices that have no browser (RFC 8628).

use futures::future::join_all;
use protocol::authorization::code_attempts::OF_WORKSPACE;
use protocol::types::id::WorkspaceId;
use serde_json::Value;
use store::Counting;
use tests::browser::{answered, body, form, json as parsed, location, request};
use tests::expect::{headers, page, redirected, refused};
use tests::{Browser, Laptop, Pkce};
use web::{Clock as _, Response};

use crate::given::{NATIVE, SPA, access_token, basic, claims, is_demo};

const GRANT: &str = "urn:ietf:params:oauth:grant-type:device_code";

const DEVICE: &str = "demo-device";

/// A device that waits for its user.
struct Device {
    client: &'static str,
    headers: Vec<(&'static str, String)>,
    codes: Value,
}

impl Device {
    /// A device of `client`, which sends no credentials when it asks.
    async fn new(laptop: &Laptop, client: &'static str, scope: &str) -> Self {
        let response = asked(laptop, &[("client_id", client), ("scope", scope)], &[]).await;
        assert_eq!(response.status(), 200, "{}", body(&response));
        Self { client, headers: Vec::new(), codes: parsed(&response) }
    }

    fn text(&self, name: &str) -> &str {
        self.codes[name].as_str().unwrap()
    }

    fn user_code(&self) -> &str {
        self.text("user_code")
    }

    async fn poll(&self, laptop: &Laptop) -> Response {
        let fields = [("grant_type", GRANT), ("client_id", self.client), ("device_code", self.text("device_code"))];
        let headers: Vec<(&str, &str)> = self.headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
        laptop.form("/oauth2/token", &fields, &headers).await
    }

    async fn told(&self, laptop: &Laptop, error: &str) {
        refused(&self.poll(laptop).await, 400, error, error);
    }
}

async fn asked(laptop: &Laptop, fields: &[(&str, &str)], headers: &[(&str, &str)]) -> Response {
    laptop.form("/device/authorization", fields, headers).await
}

/// Types `code` on the device page, and logs `user` in if that is asked for.
async fn entered(browser: &mut Browser<'_>, laptop: &Laptop, code: &str, user: &str) -> Response {
    let response = browser.post(&laptop.demo_url("/device"), &[("user_code", code)]).await;
    let response = browser.follow(response).await;
    if body(&response).contains("name=\"password\"") { browser.sign_in(&response, user, user).await } else { response }
}

/// Types `code` as alice, and answers the page that asks.
async fn decided(laptop: &Laptop, code: &str, decision: &str) -> Response {
    let mut browser = Browser::new(laptop);
    let response = entered(&mut browser, laptop, code, "alice").await;
    page(&response, 200, "the page that asks");
    let response = browser.decide(&response, decision, &[]).await;
    browser.follow(response).await
}

const NOTHING: &str = "There is no device waiting with this code";

#[tokio::test]
async fn sec_dev_01_codes_have_their_form_and_are_nowhere_in_the_store() {
    let laptop = Laptop::demo().await;
    let device = Device::new(&laptop, DEVICE, "openid").await;
    let code = device.user_code();
    let letters: String = code.split('-').collect();
    assert_eq!((code.len(), letters.len()), (9, 8), "{code}");
    assert!(letters.chars().all(|letter| "BCDFGHJKLMNPQRSTVWXZ".contains(letter)), "{code}");
    assert!(device.text("device_code").split('.').next_back().unwrap().len() >= 43);
    assert_eq!(device.text("verification_uri"), laptop.demo_url("/device"));
    assert_eq!(device.text("verification_uri_complete"), laptop.demo_url(&format!("/device?user_code={code}")));
    assert_eq!((&device.codes["expires_in"], &device.codes["interval"]), (&600.into(), &5.into()));
    let dump = format!("{:?}", laptop.dump());
    for secret in [code, &letters, device.text("device_code"), device.text("device_code").rsplit('.').next().unwrap()] {
        assert!(!dump.contains(secret), "{secret}");
    }
}

#[tokio::test]
async fn sec_dev_01_a_user_code_is_taken_in_lower_case_and_with_spaces() {
    let laptop = Laptop::demo().await;
    for spelled in [
        |code: &str| code.to_lowercase(),
        |code: &str| code.replace('-', ""),
        |code: &str| format!(" {} ", code.replace('-', " ").to_lowercase()),
    ] {
        let device = Device::new(&laptop, DEVICE, "openid").await;
        decided(&laptop, &spelled(device.user_code()), "allow").await;
        assert_eq!(device.poll(&laptop).await.status(), 200);
    }
}

#[tokio::test]
async fn sec_dev_01_and_07_a_poll_of_another_client_is_refused() {
    let laptop = Laptop::demo().await;
    let device = Device::new(&laptop, DEVICE, "openid").await;
    decided(&laptop, device.user_code(), "allow").await;
    let other = Device {
        client: "demo-web",
        headers: vec![("authorization", basic("demo-web:demo-web-secret"))],
        codes: device.codes.clone(),
    };
    other.told(&laptop, "invalid_grant").await;
    assert_eq!(device.poll(&laptop).await.status(), 200, "the device itself is not disturbed");
}

#[tokio::test]
async fn sec_dev_02_five_wrong_codes_of_an_account_are_all_for_a_day() {
    let laptop = Laptop::demo().await;
    let device = Device::new(&laptop, DEVICE, "openid").await;
    for attempt in 0..5_usize {
        // Another session, and another address, each time.
        laptop.come_from(&format!("192.0.2.{attempt}"));
        let mut browser = Browser::new(&laptop);
        // To try the same again is no other guess: the user may reload.
        for _ in 0..2 {
            let code = format!("BBBB-BBB{}", &"CDFGH"[attempt..=attempt]);
            let response = entered(&mut browser, &laptop, &code, "alice").await;
            assert!(body(&response).contains(NOTHING), "{attempt}: {}", body(&response));
        }
    }
    let mut browser = Browser::new(&laptop);
    let response = entered(&mut browser, &laptop, device.user_code(), "alice").await;
    page(&response, 429, "the right code is not looked at any more");
    assert!(!response.headers()["retry-after"].is_empty());
    let response = entered(&mut Browser::new(&laptop), &laptop, device.user_code(), "bob").await;
    page(&response, 200, "another account is not disturbed");
    laptop.clock.advance(86_400);
    let later = Device::new(&laptop, DEVICE, "openid").await;
    let response = entered(&mut Browser::new(&laptop), &laptop, later.user_code(), "alice").await;
    page(&response, 200, "the next day");
}

#[tokio::test]
async fn sec_dev_02_right_codes_are_not_counted() {
    let laptop = Laptop::demo().await;
    for _ in 0..7 {
        let device = Device::new(&laptop, DEVICE, "openid").await;
        decided(&laptop, device.user_code(), "allow").await;
        assert_eq!(device.poll(&laptop).await.status(), 200);
    }
}

/// With many accounts.
fn crowd(text: &str) -> String {
    let users = (0..104).map(|user| {
        format!("[[sandbox.users]]\nusername = \"u{user}\"\npassword = \"u{user}\"\nclaims = {{ name = \"U\" }}\n\n")
    });
    let at = text.find("[[sandbox.users]]").filter(|_| is_demo(text));
    at.map_or_else(|| text.into(), |at| format!("{}{}{}", &text[..at], users.collect::<String>(), &text[at..]))
}

#[tokio::test]
async fn sec_dev_02_wrong_codes_from_one_address_and_of_one_workspace_are_limited() {
    let laptop = Laptop::with(|text| crowd(&text)).await;
    laptop.come_from("192.0.2.1");
    for user in 0..100 {
        let response = entered(&mut Browser::new(&laptop), &laptop, "BBBB-BBBB", &format!("u{user}")).await;
        assert!(body(&response).contains(NOTHING), "{user}");
    }
    let response = entered(&mut Browser::new(&laptop), &laptop, "BBBB-BBBB", "u100").await;
    page(&response, 429, "the hundred and first of an hour from one address");
    // As many wrong codes as a thousand addresses would enter.
    let workspace = WorkspaceId::parse("default", "demo").unwrap();
    let counter = OF_WORKSPACE.counter("workspace", laptop.clock.now());
    for _ in 101..1000 {
        Counting::new(&laptop.connection).count(&workspace, &counter).await.unwrap();
    }
    laptop.come_from("192.0.2.2");
    // From here on the workspace is slow: one attempt for each account.
    let device = Device::new(&laptop, DEVICE, "openid").await;
    let mut browser = Browser::new(&laptop);
    let response = entered(&mut browser, &laptop, "BBBB-BBBB", "u102").await;
    assert!(body(&response).contains(NOTHING));
    let response = entered(&mut browser, &laptop, device.user_code(), "u102").await;
    page(&response, 429, "a second attempt");
    let response = entered(&mut Browser::new(&laptop), &laptop, device.user_code(), "u103").await;
    page(&response, 200, "whoever types the right code at once notices nothing");
}

#[tokio::test]
async fn sec_dev_03_a_code_is_not_looked_at_before_its_user_has_logged_in() {
    let laptop = Laptop::demo().await;
    let device = Device::new(&laptop, DEVICE, "openid").await;
    let before = laptop.dump();
    let seen = async |code: &str| {
        let mut browser = Browser::new(&laptop);
        let response = browser.post(&laptop.demo_url("/device"), &[("user_code", code)]).await;
        let target = location(&response).unwrap();
        assert!(target.starts_with(&laptop.demo_url("/login?interaction=")), "{target}");
        (response.status(), body(&browser.follow(response).await).len())
    };
    assert_eq!(seen(device.user_code()).await, seen("BBBB-BBBB").await);
    assert_eq!(laptop.dump(), before, "nothing was counted or bound");
}

#[tokio::test]
async fn sec_dev_03_unknown_expired_and_used_codes_look_the_same() {
    let laptop = Laptop::demo().await;
    let used = Device::new(&laptop, DEVICE, "openid").await;
    decided(&laptop, used.user_code(), "allow").await;
    let denied = Device::new(&laptop, DEVICE, "openid").await;
    decided(&laptop, denied.user_code(), "deny").await;
    let expired = Device::new(&laptop, DEVICE, "openid").await;
    laptop.clock.advance(600);
    let (mut seen, nonce) = (Vec::new(), regex::Regex::new("nonce=\"[^\"]*\"").unwrap());
    for code in ["BBBB-BBBB", used.user_code(), denied.user_code(), expired.user_code()] {
        let response = entered(&mut Browser::new(&laptop), &laptop, code, "bob").await;
        seen.push((response.status(), nonce.replace_all(&body(&response), "").into_owned()));
    }
    assert!(seen[0].1.contains(NOTHING));
    assert!(seen.iter().all(|other| *other == seen[0]), "{seen:?}");
}

#[tokio::test]
async fn sec_dev_04_the_page_that_asks_is_always_shown_and_says_what_there_is_to_know() {
    let laptop = Laptop::demo().await;
    laptop.come_from("203.0.113.9");
    let fields = [("client_id", DEVICE), ("scope", "openid offers.read")];
    let codes = parsed(&asked(&laptop, &fields, &[("user-agent", "tv/1.0 <b>")]).await);
    let device = Device { client: DEVICE, headers: Vec::new(), codes };
    laptop.come_from("192.0.2.1");
    laptop.clock.advance(180);
    let mut browser = Browser::new(&laptop);
    browser.log_in(&request("demo-spa", SPA, &Pkce::new("dev 4"))).await;
    let complete = device.text("verification_uri_complete").to_owned();
    let response = browser.get(&complete).await;
    page(&response, 200, "the complete link");
    let html = body(&response);
    let shown = format!("value=\"{}\"", device.user_code());
    assert!(html.contains(&shown) && !html.contains("name=\"decision\""), "{html}");
    device.told(&laptop, "authorization_pending").await;
    let response = entered(&mut browser, &laptop, device.user_code(), "alice").await;
    headers(&response, "the page that asks");
    let html = body(&response);
    for said in [
        device.user_code(),
        "Demo (device)",
        "Read your offers",
        "<strong>Another network than you are using now</strong>",
        "tv/1.0 &#60;b&#62;",
        "3 minutes ago",
        "Did you start this yourself",
        "Alice Example",
    ] {
        assert!(html.contains(said), "{said}: {html}");
    }
    laptop.come_from("203.0.113.9");
    let beside = body(&entered(&mut browser, &laptop, device.user_code(), "alice").await);
    assert!(beside.contains("<dd>The network that you are using now</dd>"), "{beside}");
    // Deny comes first, has the focus, and looks the same as allow.
    let (deny, allow) =
        (html.find("id=\"deny\" autofocus").unwrap(), html.find("class=\"plain\" id=\"allow\"").unwrap());
    assert!(deny < allow);
    // No GET decides.
    let form = form(&response);
    let interaction = form.hidden.iter().find(|(name, _)| name == "interaction").unwrap();
    browser.get(&format!("{}?interaction={}&decision=allow", form.action, interaction.1)).await;
    laptop.clock.advance(6);
    device.told(&laptop, "authorization_pending").await;
    let fields = [("interaction", interaction.1.as_str()), ("decision", "allow")];
    let cross_site = [("content-type", "application/x-www-form-urlencoded"), ("sec-fetch-site", "cross-site")];
    let response = browser.send("POST", &form.action, &cross_site, tests::laptop::encoded(&fields)).await;
    page(&response, 403, "a form of another site");
    let response = browser.post(&form.action, &fields).await;
    assert!(body(&response).contains("Your device is connected"), "{}", body(&response));
    assert_eq!(device.poll(&laptop).await.status(), 200);
}

#[tokio::test]
async fn sec_dev_04_and_05_consent_is_asked_for_the_client_of_the_code_and_never_skipped() {
    let laptop =
        Laptop::with(|text| text.replace("client_id = \"demo-device\"", "client_id = \"demo-device\"\ntrusted = true"))
            .await;
    for _ in 0..2 {
        let device = Device::new(&laptop, DEVICE, "openid offers.read").await;
        let mut browser = Browser::new(&laptop);
        let response = entered(&mut browser, &laptop, device.user_code(), "alice").await;
        assert!(body(&response).contains("Demo (device)"));
        let more = [("client_id", "demo-web"), ("scope", "openid email")];
        browser.decide(&response, "allow", &more).await;
        let tokens = device.poll(&laptop).await;
        let claims = claims(&access_token(&tokens));
        assert_eq!(
            (claims["client_id"].as_str(), claims["scope"].as_str()),
            (Some(DEVICE), Some("openid offers.read"))
        );
    }
}

#[tokio::test]
async fn sec_dev_06_a_device_that_polls_too_fast_has_to_slow_down_for_good() {
    let mut laptop = Laptop::demo().await;
    let device = Device::new(&laptop, DEVICE, "openid").await;
    device.told(&laptop, "authorization_pending").await;
    for _ in 0..3 {
        laptop.clock.advance(1);
        device.told(&laptop, "slow_down").await;
    }
    // The interval is 20 seconds now, in every process.
    laptop.restart();
    device.told(&laptop, "authorization_pending").await;
    laptop.clock.advance(18);
    device.told(&laptop, "slow_down").await;
    laptop.clock.advance(25);
    device.told(&laptop, "authorization_pending").await;
    decided(&laptop, device.user_code(), "allow").await;
    assert_eq!(device.poll(&laptop).await.status(), 200, "a decision is told whenever the device asks");
}

#[tokio::test]
async fn sec_dev_06_a_device_learns_of_denial_and_expiry() {
    let laptop = Laptop::demo().await;
    let (denied, late) = (Device::new(&laptop, DEVICE, "openid").await, Device::new(&laptop, DEVICE, "openid").await);
    let response = decided(&laptop, denied.user_code(), "deny").await;
    assert!(body(&response).contains("The device gets nothing"), "{}", body(&response));
    denied.told(&laptop, "access_denied").await;
    decided(&laptop, late.user_code(), "allow").await;
    laptop.clock.advance(600);
    late.told(&laptop, "expired_token").await;
    denied.told(&laptop, "expired_token").await;
    let unknown = Device { codes: serde_json::json!({"device_code": "nonsense"}), ..denied };
    unknown.told(&laptop, "invalid_grant").await;
}

#[tokio::test]
async fn sec_dev_07_one_of_fifty_polls_gets_the_tokens() {
    let laptop = Laptop::demo().await;
    let device = Device::new(&laptop, DEVICE, "openid offline_access").await;
    decided(&laptop, device.user_code(), "allow").await;
    let responses = join_all((0..50).map(|_| device.poll(&laptop))).await;
    let (won, lost): (Vec<_>, Vec<_>) = responses.iter().partition(|response| response.status() == 200);
    assert_eq!(won.len(), 1);
    for response in lost {
        refused(response, 400, "invalid_grant", "the others");
    }
    // The tokens are those of a login: refresh, userinfo and revocation work.
    let refresh = parsed(won[0])["refresh_token"].as_str().unwrap().to_owned();
    let fields = [("grant_type", "refresh_token"), ("client_id", DEVICE), ("refresh_token", refresh.as_str())];
    let refreshed = laptop.form("/oauth2/token", &fields, &[]).await;
    let token = access_token(&refreshed);
    assert_eq!(laptop.userinfo(&token).await.status(), 200);
    let fields = [("client_id", DEVICE), ("token", token.as_str())];
    assert_eq!(laptop.form("/oauth2/revoke", &fields, &[]).await.status(), 200);
    assert_eq!(laptop.userinfo(&token).await.status(), 401);
}

#[tokio::test]
async fn sec_dev_07_a_device_code_is_no_authorization_code_and_the_other_way_round() {
    let (laptop, pkce) = (Laptop::demo().await, Pkce::new("dev 7"));
    let device = Device::new(&laptop, DEVICE, "openid").await;
    decided(&laptop, device.user_code(), "allow").await;
    let fields = [("grant_type", "authorization_code"), ("client_id", DEVICE), ("code", device.text("device_code"))];
    refused(&laptop.form("/oauth2/token", &fields, &[]).await, 400, "invalid_grant", "as a code");
    let code = crate::given::code(&laptop, "demo-native", NATIVE, &pkce).await;
    let fields = [("grant_type", GRANT), ("client_id", DEVICE), ("device_code", code.as_str())];
    refused(&laptop.form("/oauth2/token", &fields, &[]).await, 400, "invalid_grant", "a code");
    assert_eq!(device.poll(&laptop).await.status(), 200);
}

#[tokio::test]
async fn sec_dev_08_a_device_asks_for_registered_scopes_of_users_who_are_there() {
    let laptop = Laptop::demo().await;
    let fields = |scope| [("client_id", DEVICE), ("scope", scope)];
    refused(&asked(&laptop, &fields("openid nothing"), &[]).await, 400, "invalid_scope", "scope");
    let device = Device::new(&laptop, DEVICE, "openid").await;
    decided(&laptop, device.user_code(), "allow").await;
    laptop.apply(|text| text.replace("username = \"alice\"", "username = \"alicia\"")).await;
    laptop.clock.advance(31);
    device.told(&laptop, "invalid_grant").await;
}

#[tokio::test]
async fn sec_dev_08_a_registration_that_changed_since_the_request_counts() {
    let laptop = Laptop::demo().await;
    let device = Device::new(&laptop, DEVICE, "openid phone").await;
    laptop.apply(|text| text.replace(" phone offers.read offline_access", " offers.read offline_access")).await;
    laptop.clock.advance(31);
    let response = entered(&mut Browser::new(&laptop), &laptop, device.user_code(), "alice").await;
    page(&response, 400, "a scope that is not registered any more");
    device.told(&laptop, "authorization_pending").await;
}

#[tokio::test]
async fn sec_dev_09_only_registered_clients_of_workspaces_that_offer_it_may_use_the_grant() {
    let laptop = Laptop::demo().await;
    let response = asked(&laptop, &[("client_id", "demo-spa"), ("scope", "openid")], &[]).await;
    refused(&response, 400, "unauthorized_client", "at the device endpoint");
    let fields = [("grant_type", GRANT), ("client_id", "demo-spa"), ("device_code", "x.y.z")];
    let device = Device::new(&laptop, DEVICE, "openid").await;
    let fields = [fields[0], fields[1], ("device_code", device.text("device_code"))];
    refused(&laptop.form("/oauth2/token", &fields, &[]).await, 400, "unauthorized_client", "at the token endpoint");
    let metadata = "/.well-known/openid-configuration";
    let document = parsed(&laptop.send("GET", &laptop.demo_url(metadata), &[], "").await);
    assert_eq!(document["device_authorization_endpoint"], laptop.demo_url("/device/authorization"));
    assert!(document["grant_types_supported"].to_string().contains(GRANT));
    laptop.apply(|text| text.replace("device_authorization = true", "device_authorization = false")).await;
    laptop.clock.advance(61);
    refused(&device.poll(&laptop).await, 400, "unsupported_grant_type", "off");
    let response = asked(&laptop, &[("client_id", DEVICE)], &[]).await;
    refused(&response, 400, "unsupported_grant_type", "off");
    let mut browser = Browser::new(&laptop);
    let response = browser.send("GET", &laptop.demo_url("/device"), &[("accept", "text/html")], String::new()).await;
    page(&response, 404, "no page");
    let document = parsed(&laptop.send("GET", &laptop.demo_url(metadata), &[], "").await);
    assert!(document.get("device_authorization_endpoint").is_none());
    assert!(!document["grant_types_supported"].to_string().contains(GRANT));
}

#[tokio::test]
async fn sec_dev_10_a_poll_that_waits_is_one_read() {
    let (laptop, kms) = Laptop::in_aws(|text| text).await;
    let device = Device::new(&laptop, DEVICE, "openid").await;
    device.told(&laptop, "authorization_pending").await;
    let _ = kms.calls();
    let _ = laptop.wire.calls();
    laptop.clock.advance(6);
    device.told(&laptop, "authorization_pending").await;
    let actions = || laptop.wire.calls().into_iter().map(|call| call.name).collect::<Vec<_>>();
    assert_eq!(actions(), ["GetItem"]);
    // A hundred at once write until the interval has reached a minute, and then no more.
    for _ in 0..100 {
        device.told(&laptop, "slow_down").await;
    }
    let calls = actions();
    assert_eq!(calls.iter().filter(|call| *call == "UpdateItem").count(), 11);
    assert_eq!(calls.iter().filter(|call| *call == "GetItem").count(), 100);
    assert_eq!(calls.len(), 111);
    assert!(kms.calls().is_empty(), "no key is used");
}

#[tokio::test]
async fn sec_dev_11_a_code_that_two_users_enter_is_good_for_neither() {
    let laptop = Laptop::demo().await;
    let device = Device::new(&laptop, DEVICE, "openid").await;
    let mut alice = Browser::new(&laptop);
    let asking = entered(&mut alice, &laptop, device.user_code(), "alice").await;
    let again = entered(&mut Browser::new(&laptop), &laptop, device.user_code(), "alice").await;
    page(&again, 200, "the same user in another browser");
    let response = entered(&mut Browser::new(&laptop), &laptop, device.user_code(), "bob").await;
    assert!(body(&response).contains(NOTHING));
    let response = alice.decide(&asking, "allow", &[]).await;
    let response = alice.follow(response).await;
    assert!(body(&response).contains("Not connected"), "{}", body(&response));
    device.told(&laptop, "access_denied").await;
}

#[tokio::test]
async fn a_confidential_client_may_ask_without_credentials_and_polls_with_them() {
    let laptop = Laptop::demo().await;
    let secret = basic("demo-web:demo-web-secret");
    let mut device = Device::new(&laptop, "demo-web", "openid").await;
    decided(&laptop, device.user_code(), "allow").await;
    refused(&device.poll(&laptop).await, 401, "invalid_client", "a poll without credentials");
    device.headers = vec![("authorization", secret.clone())];
    assert_eq!(device.poll(&laptop).await.status(), 200);
    let fields = [("scope", "openid")];
    assert_eq!(asked(&laptop, &fields, &[("authorization", &secret)]).await.status(), 200);
    let wrong = basic("demo-web:wrong");
    refused(&asked(&laptop, &fields, &[("authorization", &wrong)]).await, 401, "invalid_client", "a wrong secret");
    refused(&asked(&laptop, &[("client_id", "nobody")], &[]).await, 401, "invalid_client", "an unknown client");
    refused(&asked(&laptop, &fields, &[]).await, 400, "invalid_request", "no client");
}

#[tokio::test]
async fn device_requests_are_limited_by_address() {
    let laptop = Laptop::demo().await;
    laptop.come_from("192.0.2.1");
    for _ in 0..60 {
        Device::new(&laptop, DEVICE, "openid").await;
    }
    let response = asked(&laptop, &[("client_id", DEVICE)], &[]).await;
    refused(&response, 429, "too_many_requests", "the sixty-first in a minute");
    assert!(!response.headers()["retry-after"].is_empty());
    laptop.come_from("192.0.2.2");
    Device::new(&laptop, DEVICE, "openid").await;
}

#[tokio::test]
async fn a_login_for_the_device_page_is_no_consent_and_leads_to_no_grant() {
    let laptop = Laptop::demo().await;
    let device = Device::new(&laptop, DEVICE, "openid").await;
    let mut browser = Browser::new(&laptop);
    let response = entered(&mut browser, &laptop, device.user_code(), "alice").await;
    let interaction = form(&response).hidden[0].1.clone();
    let fields = [("interaction", interaction.as_str()), ("decision", "allow")];
    let response = browser.post(&laptop.demo_url("/login/consent"), &fields).await;
    assert_eq!(answered(&response, "code"), None);
    assert!(location(&response).unwrap().starts_with(&laptop.demo_url("/login?")), "{}", body(&response));
    let response = browser.post(&laptop.demo_url("/login/consent"), &[fields[0], ("decision", "deny")]).await;
    redirected(&laptop, &response, &laptop.demo_url("/device"), "access_denied", "a denial");
    device.told(&laptop, "authorization_pending").await;
}
