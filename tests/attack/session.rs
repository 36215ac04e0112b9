//! Section O, where it supports sections C and E: cookies, interactions and page forms.

use serde_json::json;
use tests::browser::{answered, body, changed, exchange, form, json as parsed, location, request};
use tests::expect::{page, redirected};
use tests::laptop::encoded;
use tests::{Browser, Laptop, Pkce, Provider};

use crate::given::{NATIVE, SPA, cookie_name};

#[tokio::test]
async fn sec_sess_01_cookies_of_a_deployed_server_are_bound_to_its_host() {
    let (laptop, pkce) = (Laptop::at("https://auth.example", |text| text).await, Pkce::new("sess 1"));
    let fields = encoded(&request("demo-trusted", NATIVE, &pkce));
    let mut browser = Browser::new(&laptop);
    let to_login = browser.get(&format!("{}?{fields}", laptop.demo_url("/oauth2/authorize"))).await;
    let login = browser.get(&location(&to_login).unwrap()).await;
    let hidden = form(&login).hidden[0].1.clone();
    let sent = [("interaction", hidden.as_str()), ("username", "alice"), ("password", "alice")];
    let logged_in = browser.post(&laptop.demo_url("/login"), &sent).await;
    for (response, name) in [(&to_login, "__Host-browser"), (&logged_in, "__Host-session.")] {
        let cookies = response.headers().get_all("set-cookie").iter();
        let cookies: Vec<_> = cookies.map(|cookie| cookie.to_str().unwrap()).collect();
        assert!(cookies.iter().any(|cookie| cookie.starts_with(name)), "{cookies:?}");
        for cookie in cookies {
            assert!(cookie.starts_with("__Host-"), "{cookie}");
            assert!(cookie.contains("; Path=/; HttpOnly; SameSite=Lax; Secure"), "{cookie}");
            assert!(cookie.len() < 4096, "{cookie}");
            assert!(!cookie.to_lowercase().contains("domain"), "{cookie}");
        }
    }
    assert!(answered(&logged_in, "code").is_some());
}

/// A cookie or interaction with one byte changed must not be accepted.
#[tokio::test]
async fn sec_sess_12_and_sec_authz_21_a_tampered_interaction_or_cookie_is_rejected() {
    let (laptop, pkce) = (Laptop::demo().await, Pkce::new("sess 12"));
    let mut browser = Browser::new(&laptop);
    let fields = request("demo-spa", SPA, &pkce);
    let login = browser.authorize(&fields).await;
    let consent = browser.sign_in(&login, "alice", "alice").await;
    let interaction = form(&consent).hidden[0].1.clone();
    let before = laptop.dump();
    for at in (0..interaction.len()).step_by(7).chain([interaction.len() - 1]) {
        let forged = with_other_byte(&interaction, at);
        let sent = [("interaction", forged.as_str()), ("decision", "allow")];
        page(&browser.post(&laptop.demo_url("/login/consent"), &sent).await, 400, &format!("byte {at}"));
    }
    for forged in [format!("{interaction}A"), interaction[1..].into(), interaction.to_lowercase(), String::new()] {
        page(&browser.get(&format!("{}?interaction={forged}", laptop.demo_url("/login"))).await, 400, "another length");
    }
    let silent = changed(&fields, "prompt", Some("none"));
    for name in [cookie_name(&browser, "session"), cookie_name(&browser, "browser")] {
        let genuine = browser.cookies[&name].clone();
        for at in 0..genuine.len() {
            browser.cookies.insert(name.clone(), with_other_byte(&genuine, at));
            if name.starts_with("session") {
                redirected(&laptop, &browser.authorize(&silent).await, SPA, "login_required", &format!("byte {at}"));
            } else {
                page(&browser.decide(&consent, "allow", &[]).await, 400, &format!("byte {at}"));
            }
        }
        browser.cookies.insert(name, genuine);
    }
    assert_eq!(laptop.dump(), before);
    assert!(
        answered(&browser.decide(&consent, "allow", &[]).await, "code").is_some(),
        "the untampered ones are accepted"
    );
}

fn with_other_byte(text: &str, at: usize) -> String {
    let other = if &text[at..=at] == "A" { "B" } else { "A" };
    format!("{}{other}{}", &text[..at], &text[at + 1..])
}

#[tokio::test]
async fn sec_sess_04_and_05_cross_site_forms_change_nothing() {
    let (laptop, pkce) = (Laptop::demo().await, Pkce::new("sess 4"));
    let mut browser = Browser::new(&laptop);
    let login = browser.authorize(&request("demo-native", NATIVE, &pkce)).await;
    let consent = browser.sign_in(&login, "alice", "alice").await;
    let interaction = form(&consent).hidden[0].1.clone();
    let before = laptop.dump();
    let form = ("content-type", "application/x-www-form-urlencoded");
    for foreign in
        [("sec-fetch-site", "cross-site"), ("sec-fetch-site", "same-site"), ("origin", "https://evil.example")]
    {
        for path in ["/login", "/login/consent"] {
            let fields = [("interaction", interaction.as_str()), ("username", "bob"), ("password", "bob")];
            let fields = [&fields[..], &[("decision", "allow")]].concat();
            let response = browser.send("POST", &laptop.demo_url(path), &[form, foreign], encoded(&fields)).await;
            page(&response, 403, &format!("{path} {foreign:?}"));
        }
    }
    assert_eq!(laptop.dump(), before);
}

/// Safari before 16.4 sends no Fetch Metadata, and `Origin: null` from pages with `Referrer-Policy: no-referrer`, as
/// these have. A page of another site can do the same; the sealed value in the form and the cookie it is bound to are
/// what protects it.
#[tokio::test]
async fn sec_sess_04_a_form_without_fetch_metadata_needs_the_cookie_of_its_interaction() {
    let (laptop, pkce) = (Laptop::demo().await, Pkce::new("sess 4 null"));
    let (mut browser, mut other) = (Browser::new(&laptop), Browser::new(&laptop));
    let login = browser.authorize(&request("demo-native", NATIVE, &pkce)).await;
    other.authorize(&request("demo-native", NATIVE, &pkce)).await;
    let interaction = form(&login).hidden[0].1.clone();
    let headers = [("content-type", "application/x-www-form-urlencoded"), ("origin", "null")];
    let fields = encoded(&[("interaction", interaction.as_str()), ("username", "alice"), ("password", "alice")]);
    let (url, before) = (laptop.demo_url("/login"), laptop.dump());
    for stranger in [&mut other, &mut Browser::new(&laptop)] {
        page(
            &stranger.send("POST", &url, &headers, fields.clone()).await,
            400,
            "sent by another site, without the cookie",
        );
    }
    let unsealed = encoded(&[("interaction", "x"), ("username", "alice"), ("password", "alice")]);
    page(&browser.send("POST", &url, &headers, unsealed).await, 400, "nothing sealed");
    assert_eq!(laptop.dump(), before);
    let consent = browser.send("POST", &url, &headers, fields).await;
    let consent = browser.follow(consent).await;
    let interaction = form(&consent).hidden[0].1.clone();
    let allow = encoded(&[("interaction", interaction.as_str()), ("decision", "allow")]);
    let allowed = browser.send("POST", &laptop.demo_url("/login/consent"), &headers, allow).await;
    assert!(answered(&allowed, "code").is_some(), "{}", body(&allowed));
}

#[tokio::test]
async fn sec_sess_06_an_interaction_expires() {
    let (laptop, pkce) = (Laptop::demo().await, Pkce::new("sess 6"));
    let fields = request("demo-native", NATIVE, &pkce);
    let (mut early, mut late) = (Browser::new(&laptop), Browser::new(&laptop));
    let (early_login, late_login) = (early.authorize(&fields).await, late.authorize(&fields).await);
    laptop.clock.advance(1799);
    let consent = early.sign_in(&early_login, "alice", "alice").await;
    assert!(body(&consent).contains("name=\"decision\""), "{}", body(&consent));
    laptop.clock.advance(1);
    let before = laptop.dump();
    page(&late.sign_in(&late_login, "alice", "alice").await, 400, "a login page from half an hour ago");
    page(&early.decide(&consent, "allow", &[]).await, 400, "progress does not extend the lifetime");
    assert_eq!(laptop.dump(), before);
}

/// Both limits are those of the defaults: an hour without a use, and twelve hours in any case.
#[tokio::test]
async fn sec_sess_08_a_session_ends_when_it_is_not_used_and_at_its_end_however_much_it_is_used() {
    let (laptop, pkce) = (Laptop::demo().await, Pkce::new("sess 8"));
    let fields = request("demo-trusted", NATIVE, &pkce);
    let silent = changed(&fields, "prompt", Some("none"));
    let (mut idle, mut busy) = (Browser::new(&laptop), Browser::new(&laptop));
    for browser in [&mut idle, &mut busy] {
        assert!(answered(&browser.log_in(&fields).await, "code").is_some());
    }
    for minutes in (30..=11 * 60).step_by(30) {
        laptop.clock.advance(1800);
        assert!(answered(&busy.authorize(&silent).await, "code").is_some(), "after {minutes} minutes");
    }
    let ended = idle.authorize(&silent).await;
    assert_eq!(answered(&ended, "error").as_deref(), Some("login_required"), "not used for an hour");
    laptop.clock.advance(3599);
    assert!(answered(&busy.authorize(&silent).await, "code").is_some(), "a second before its end");
    laptop.clock.advance(1);
    let ended = busy.authorize(&silent).await;
    assert_eq!(answered(&ended, "error").as_deref(), Some("login_required"), "twelve hours after the login");
}

#[tokio::test]
async fn sec_sess_08_the_idle_limit_ends_a_session_to_the_second() {
    let (laptop, pkce) = (Laptop::demo().await, Pkce::new("sess 8 idle"));
    let fields = request("demo-trusted", NATIVE, &pkce);
    let silent = changed(&fields, "prompt", Some("none"));
    for (seconds, error) in [(3599, None), (3600, Some("login_required"))] {
        let mut browser = Browser::new(&laptop);
        assert!(answered(&browser.log_in(&fields).await, "code").is_some());
        laptop.clock.advance(seconds);
        assert_eq!(answered(&browser.authorize(&silent).await, "error").as_deref(), error, "{seconds}");
    }
}

/// Two tabs are two interactions; each ends at its own client with its own state.
#[tokio::test]
async fn sec_sess_07_two_tabs_do_not_interfere() {
    let (laptop, pkce) = (Laptop::demo().await, Pkce::new("sess 7"));
    let mut browser = Browser::new(&laptop);
    let one = changed(&request("demo-native", NATIVE, &pkce), "state", Some("one"));
    let two = changed(&request("demo-spa", SPA, &pkce), "state", Some("two"));
    let (first, second) = (browser.authorize(&one).await, browser.authorize(&two).await);
    let second = browser.sign_in(&second, "alice", "alice").await;
    let second = browser.decide(&second, "allow", &[]).await;
    let first = browser.sign_in(&first, "alice", "alice").await;
    let first = browser.decide(&first, "allow", &[]).await;
    assert!(location(&first).unwrap().starts_with(NATIVE) && location(&second).unwrap().starts_with(SPA));
    assert_eq!(
        (answered(&first, "state").unwrap().as_str(), answered(&second, "state").unwrap().as_str()),
        ("one", "two")
    );
}

#[tokio::test]
async fn sec_adm_07_and_08_a_login_in_one_workspace_does_not_count_in_another() {
    let (laptop, pkce) = (Laptop::demo().await, Pkce::new("adm 7"));
    let mut browser = Browser::new(&laptop);
    let fields = request("demo-trusted", NATIVE, &pkce);
    assert!(answered(&browser.log_in(&fields).await, "code").is_some());
    let callback = format!("{}/callback/partner", laptop.issuer());
    let there = changed(&request("demo", &callback, &pkce), "prompt", Some("none"));
    let url = format!("/default/partner/oauth2/authorize?{}", encoded(&there));
    let renamed: Vec<(String, String)> = browser.cookies.clone().into_iter().collect();
    for (name, value) in renamed {
        browser.cookies.insert(name.replace(".demo", ".partner"), value);
    }
    let response = browser.get(&url).await;
    assert_eq!(answered(&response, "error").as_deref(), Some("login_required"), "{:?}", location(&response));
    let login = Browser::new(&laptop).authorize(&fields).await;
    let interaction = form(&login).hidden[0].1.clone();
    for path in ["/default/partner/login", "/default/partner/login/consent"] {
        page(&browser.get(&format!("{path}?interaction={interaction}")).await, 400, path);
    }
    let keys = |workspace: &str| format!("/default/{workspace}/.well-known/jwks.json");
    let (here, there) =
        (laptop.send("GET", &keys("demo"), &[], "").await, laptop.send("GET", &keys("partner"), &[], "").await);
    assert_ne!(parsed(&here)["keys"][0]["kid"], parsed(&there)["keys"][0]["kid"]);
}

#[tokio::test]
async fn sec_sess_15_and_sec_oidc_05_the_public_url_is_not_derived_from_request_headers() {
    let (laptop, pkce) = (Laptop::at("https://auth.example", |text| text).await, Pkce::new("sess 15"));
    let forged = [
        ("host", "evil.example"),
        ("x-forwarded-host", "evil.example"),
        ("x-forwarded-proto", "http"),
        ("forwarded", "host=evil.example;proto=http"),
        ("x-original-url", "/evil"),
        ("x-rewrite-url", "/evil"),
    ];
    let url = format!("{}?{}", laptop.demo_url("/oauth2/authorize"), encoded(&request("demo-trusted", NATIVE, &pkce)));
    let mut browser = Browser::new(&laptop);
    let to_login = browser.send("GET", &url, &forged, String::new()).await;
    let login = browser.send("GET", &location(&to_login).unwrap(), &forged, String::new()).await;
    let metadata = laptop.send("GET", &laptop.demo_url("/.well-known/openid-configuration"), &forged, "").await;
    for response in [to_login, login, metadata] {
        let everything = format!("{:?} {}", response.headers(), body(&response));
        assert!(!everything.contains("evil.example") && !everything.contains("http://auth"), "{everything}");
        assert!(everything.contains("https://auth.example/default/demo"), "{everything}");
    }
}

/// Starting over creates a fresh request with its own id and browser binding.
#[tokio::test]
async fn sec_authz_21_only_an_expired_login_starts_over_and_is_bound_to_that_browser() {
    let (laptop, pkce) = (Laptop::demo().await, Pkce::new("authz 21"));
    let (mut browser, mut other) = (Browser::new(&laptop), Browser::new(&laptop));
    let login_at = |response: &web::Response| location(response).unwrap();
    let authorize = format!("{}?{}", laptop.demo_url("/oauth2/authorize"), encoded(&request("demo-spa", SPA, &pkce)));
    let finished = login_at(&browser.get(&authorize).await);
    let consent = {
        let login = browser.get(&finished).await;
        browser.sign_in(&login, "alice", "alice").await
    };
    assert!(answered(&browser.decide(&consent, "allow", &[]).await, "code").is_some());
    browser.cookies.clear();
    let begun = login_at(&browser.get(&authorize).await);
    let before = laptop.dump();
    page(&other.get(&format!("{begun}&again=1")).await, 400, "another browser, before it has expired");
    assert!(
        !login_at(&browser.get(&format!("{begun}&again=1")).await).contains("again"),
        "the original browser continues"
    );

    laptop.clock.advance(1801);
    let expired = browser.get(&begun).await;
    page(&expired, 400, "expired");
    assert!(body(&expired).contains("&amp;again=1") || body(&expired).contains("&#38;again=1"), "{}", body(&expired));
    page(&browser.get(&format!("{finished}&again=1")).await, 400, "finished");
    let again = login_at(&browser.get(&format!("{begun}&again=1")).await);
    assert_ne!(again.split("interaction=").nth(1), begun.split("interaction=").nth(1));
    assert_eq!(laptop.dump(), before, "nothing was written");
    page(&other.get(&again).await, 400, "the new interaction is bound to the first browser");
    let login = browser.get(&again).await;
    let consent = browser.sign_in(&login, "alice", "alice").await;
    let response = browser.follow(consent).await;
    let code = match answered(&response, "code") {
        Some(code) => Some(code),
        None => answered(&browser.decide(&response, "allow", &[]).await, "code"),
    };
    assert!(code.is_some());
}

/// The size of the browser's `Cookie` header in bytes.
fn cookie_bytes(browser: &Browser<'_>) -> usize {
    browser.cookies.iter().map(|(name, value)| name.len() + value.len() + 3).sum()
}

#[tokio::test]
async fn sec_sess_16_pending_logins_are_bounded_and_the_newest_win() {
    let provider = Provider::start().await;
    let laptop = Laptop::with(|file| provider.registered(&file, "")).await;
    let (pkce, state) = (Pkce::new("sess 16"), "s".repeat(900));
    let fields = request("demo-trusted", NATIVE, &pkce);
    let (mut browser, mut abandoned) = (Browser::new(&laptop), Vec::new());
    for _ in 0..200 {
        laptop.clock.advance(1);
        abandoned.push(browser.authorize(&fields).await);
        assert!(cookie_bytes(&browser) < 3_000, "{}", cookie_bytes(&browser));
    }
    let after_200 = browser.cookies.clone();
    page(&browser.sign_in(&abandoned[0], "alice", "alice").await, 400, "the oldest was dropped");
    for tab in [&abandoned[180], &abandoned[199]] {
        assert!(answered(&browser.sign_in(tab, "alice", "alice").await, "code").is_some(), "{}", body(tab));
    }
    browser.cookies = after_200;
    let fields = changed(&fields, "state", Some(&state));
    let (mut away, mut largest) = (None, 0);
    for _ in 0..20 {
        laptop.clock.advance(1);
        away = Some(provider.leave(&mut browser, &fields).await);
        largest = largest.max(cookie_bytes(&browser));
    }
    assert!((2_000..3_000).contains(&largest), "{largest}");
    let back = provider.come_back((&laptop, &mut browser), &away.unwrap(), (&json!({}), &json!({}))).await;
    assert!(answered(&back, "code").is_some(), "{} {}", back.status(), body(&back));
}

#[tokio::test]
async fn sec_sess_16_several_tabs_can_wait_for_a_provider() {
    let provider = Provider::start().await;
    let laptop = Laptop::with(|file| provider.registered(&file, "")).await;
    let pkce = Pkce::new("sess 16 tabs");
    let mut browser = Browser::new(&laptop);
    let fields = request("demo-trusted", NATIVE, &pkce);
    let (first, second) = (provider.leave(&mut browser, &fields).await, provider.leave(&mut browser, &fields).await);
    let third = browser.authorize(&fields).await;
    for away in [&first, &second] {
        let back = provider.come_back((&laptop, &mut browser), away, (&json!({}), &json!({}))).await;
        assert!(answered(&back, "code").is_some(), "{} {}", back.status(), body(&back));
    }
    assert!(answered(&browser.sign_in(&third, "alice", "alice").await, "code").is_some());
}

#[tokio::test]
async fn sec_sess_17_a_cookie_of_another_application_changes_nothing() {
    let (laptop, pkce) = (Laptop::demo().await, Pkce::new("sess 17"));
    for foreign in ["caf\u{e9}", "\u{1f36a}", "\"quoted\"", "a b", "="] {
        let mut browser = Browser::new(&laptop);
        browser.cookies.insert("a-theme".into(), foreign.into());
        browser.cookies.insert("z\u{e9}".into(), foreign.into());
        let code = answered(&browser.log_in(&request("demo-trusted", NATIVE, &pkce)).await, "code");
        assert!(code.is_some(), "{foreign}");
        let again = changed(&request("demo-trusted", NATIVE, &pkce), "prompt", Some("none"));
        assert!(answered(&browser.authorize(&again).await, "code").is_some(), "{foreign}");
    }
}

/// A form without a script can be submitted twice; the browser discards the first response and shows the second.
#[tokio::test]
async fn sec_sess_06_a_form_submitted_twice_gets_the_same_response() {
    let (laptop, pkce) = (Laptop::demo().await, Pkce::new("sess twice"));
    for decision in ["deny", "allow"] {
        let mut browser = Browser::new(&laptop);
        let login = browser.authorize(&request("demo-spa", SPA, &pkce)).await;
        let consent = browser.sign_in(&login, "alice", "alice").await;
        let (before, mut other) = (browser.cookies.clone(), Browser::new(&laptop));
        let first = browser.decide(&consent, decision, &[]).await;
        let after = std::mem::replace(&mut browser.cookies, before.clone());
        let stored = laptop.dump();
        let second = browser.decide(&consent, decision, &[]).await;
        assert_eq!((second.status(), location(&second)), (first.status(), location(&first)), "{decision}");
        assert_eq!(laptop.dump(), stored, "nothing is written for it");
        let opposite = if decision == "allow" { "deny" } else { "allow" };
        other.cookies.clone_from(&before);
        page(&other.decide(&consent, opposite, &[]).await, 400, "the opposite");
        other.cookies.clone_from(&after);
        let late = other.decide(&consent, decision, &[]).await;
        if decision == "allow" {
            page(&late, 400, "the response was already delivered");
        } else {
            assert_eq!(location(&late), location(&first), "repeating a denial gives nothing away");
        }
        browser.cookies.clone_from(&before);
        if decision == "allow" {
            let less = browser.decide(&consent, decision, &[("withhold", "email")]).await;
            page(&less, 400, "the issued grant exceeds this form's consent");
            let code = answered(&second, "code").unwrap();
            let tokens = laptop.form("/oauth2/token", &exchange("demo-spa", SPA, &code, &pkce.verifier), &[]).await;
            assert_eq!(tokens.status(), 200, "{}", body(&tokens));
            browser.cookies.clone_from(&before);
            page(&browser.decide(&consent, decision, &[]).await, 400, "the code has been used");
        }
    }
}

#[tokio::test]
async fn sec_sess_06_a_login_form_submitted_twice_yields_the_same_code_and_a_session() {
    let (laptop, pkce) = (Laptop::demo().await, Pkce::new("sess twice login"));
    let mut browser = Browser::new(&laptop);
    let login = browser.authorize(&request("demo-trusted", NATIVE, &pkce)).await;
    let before = browser.cookies.clone();
    let first = browser.sign_in(&login, "alice", "alice").await;
    browser.cookies.clone_from(&before);
    let second = browser.sign_in(&login, "alice", "alice").await;
    assert_eq!((second.status(), location(&second)), (first.status(), location(&first)));
    let silent = changed(&request("demo-trusted", NATIVE, &pkce), "prompt", Some("none"));
    assert!(answered(&browser.authorize(&silent).await, "code").is_some(), "a session exists");
    let stored = laptop.dump();
    for (username, password) in [("bob", "bob"), ("alice", "wrong")] {
        browser.cookies.clone_from(&before);
        page(&browser.sign_in(&login, username, password).await, 400, username);
    }
    laptop.clock.advance(60);
    browser.cookies.clone_from(&before);
    page(&browser.sign_in(&login, "alice", "alice").await, 400, "the code has expired");
    assert_eq!(laptop.dump(), stored, "without a response no session is created");
    let code = answered(&second, "code").unwrap();
    let late = laptop.form("/oauth2/token", &exchange("demo-trusted", NATIVE, &code, &pkce.verifier), &[]).await;
    assert_eq!(late.status(), 400, "{}", body(&late));
}
