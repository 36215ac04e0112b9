//! The account page: what it shows, what it ends, and who cannot make it do so.

use tests::browser::{answered, body, changed, exchange, form, json, location, request};
use tests::expect::{headers, page, refused};
use tests::laptop::encoded;
use tests::receiver::Receiver;
use tests::{Browser, Laptop, Pkce, Provider};
use web::Response;

use crate::given::{NATIVE, SPA, and_clients};

const CHROME: &str =
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36";

/// Opens the account page, and logs `user` in if it asks for that.
async fn open(laptop: &Laptop, browser: &mut Browser<'_>, user: &str) -> Response {
    let first = browser.get(&laptop.demo_url("/account")).await;
    let shown = browser.follow(first).await;
    if body(&shown).contains("name=\"password\"") { browser.sign_in(&shown, user, user).await } else { shown }
}

/// Submits a button of the account page, and follows redirects.
async fn press(browser: &mut Browser<'_>, page: &Response, name: &str, value: &str) -> Response {
    let form = account_form(page);
    let mut fields: Vec<(&str, &str)> = form.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    fields.push((name, value));
    let url = browser_url(page);
    let answer = browser.post(&url, &fields).await;
    browser.follow(answer).await
}

/// The hidden fields of the form.
fn account_form(page: &Response) -> Vec<(String, String)> {
    form(page).hidden
}

fn browser_url(page: &Response) -> String {
    form(page).action
}

/// The values of the buttons with this name.
fn buttons(page: &Response, name: &str) -> Vec<String> {
    let text = body(page);
    let marked = format!("name=\"{name}\" value=\"");
    text.split(&marked).skip(1).map(|rest| rest.split('"').next().unwrap().to_owned()).collect()
}

/// Logs `user` in at the trusted client with a browser that says it is `user_agent`.
async fn logged_in<'l>(laptop: &'l Laptop, user: &str, user_agent: &str) -> Browser<'l> {
    let (mut browser, pkce) = (Browser::new(laptop), Pkce::new("account"));
    let login = browser.authorize(&request("demo-trusted", NATIVE, &pkce)).await;
    let shown = form(&login);
    let mut fields: Vec<(&str, &str)> =
        shown.hidden.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    fields.extend([("username", user), ("password", user)]);
    let sent = [
        ("content-type", "application/x-www-form-urlencoded"),
        ("sec-fetch-site", "same-origin"),
        ("user-agent", user_agent),
    ];
    let answer = browser.send("POST", &shown.action, &sent, encoded(&fields)).await;
    assert!(answered(&answer, "code").is_some(), "{}", body(&answer));
    browser
}

/// Whether the browser has a session.
async fn is_logged_in(browser: &mut Browser<'_>) -> bool {
    let pkce = Pkce::new("silent");
    let silent = changed(&request("demo-trusted", NATIVE, &pkce), "prompt", Some("none"));
    answered(&browser.authorize(&silent).await, "code").is_some()
}

#[tokio::test]
async fn sec_sess_11_a_user_sees_and_ends_sessions() {
    let laptop = Laptop::demo().await;
    let mut here = logged_in(&laptop, "alice", "").await;
    let mut other = logged_in(&laptop, "alice", CHROME).await;
    let mut third = logged_in(&laptop, "alice", "curl/8").await;
    let mut bob = logged_in(&laptop, "bob", CHROME).await;
    let shown = open(&laptop, &mut here, "alice").await;
    headers(&shown, "the account page");
    let text = body(&shown);
    assert!(text.contains("<bdi>Chrome</bdi> on <bdi>Windows</bdi>") && text.contains("This browser"), "{text}");
    assert!(!laptop.dump().iter().any(|(_, items)| items.iter().any(|item| item.contains("Mozilla"))));
    let ends = buttons(&shown, "end");
    assert_eq!(ends.len(), 2, "its own session ends by logging out");
    let done = press(&mut here, &shown, "end", &ends[0]).await;
    assert!(body(&done).contains("You are signed out there."), "{}", body(&done));
    assert_eq!(buttons(&done, "end").len(), 1);
    let left = [is_logged_in(&mut other).await, is_logged_in(&mut third).await];
    assert_eq!(left.iter().filter(|left| **left).count(), 1, "one has ended: {left:?}");
    let done = press(&mut here, &done, "others", "end").await;
    assert_eq!((buttons(&done, "end"), buttons(&done, "others")), (Vec::new(), Vec::new()));
    assert!(!is_logged_in(&mut other).await && !is_logged_in(&mut third).await, "both have ended");
    assert!(is_logged_in(&mut here).await && is_logged_in(&mut bob).await, "this one and those of others go on");
}

#[tokio::test]
async fn sec_logout_09_the_clients_of_a_session_that_its_user_ends_elsewhere_are_told() {
    let receiver = Receiver::start().await;
    let told = format!(
        "\n[[clients]]\nclient_id = \"told\"\nclient_name = \"Told\"\napplication_type = \"native\"\n\
         token_endpoint_auth_method = \"none\"\ntrusted = true\nredirect_uris = [\"{NATIVE}\"]\n\
         backchannel_logout_uri = \"{}\"\nscope = \"openid\"\n",
        receiver.url
    );
    let laptop = Laptop::with(and_clients(&told)).await;
    let (mut here, mut there) = (logged_in(&laptop, "alice", "").await, logged_in(&laptop, "alice", CHROME).await);
    let pkce = Pkce::new("told");
    let asked = changed(&request("told", NATIVE, &pkce), "scope", Some("openid"));
    assert!(answered(&there.authorize(&asked).await, "code").is_some());
    let shown = open(&laptop, &mut here, "alice").await;
    press(&mut here, &shown, "others", "end").await;
    assert_eq!(laptop.worker.deliver().await, 1);
    assert_eq!(receiver.received().len(), 1);
}

#[tokio::test]
async fn sec_authz_17_withdrawing_ends_every_grant_of_the_client_and_the_user_is_asked_again() {
    let laptop = Laptop::demo().await;
    let (mut alice, pkce) = (Browser::new(&laptop), Pkce::new("authz 17"));
    let asked = changed(&request("demo-spa", SPA, &pkce), "scope", Some("openid profile email offline_access"));
    let tokens = async |browser: &mut Browser<'_>| {
        let code = answered(&browser.log_in(&asked).await, "code").unwrap();
        json(&laptop.form("/oauth2/token", &exchange("demo-spa", SPA, &code, &pkce.verifier), &[]).await)
    };
    let (first, second) = (tokens(&mut alice).await, tokens(&mut alice).await);
    let pending = answered(&alice.authorize(&asked).await, "code").unwrap();
    let mut bob = Browser::new(&laptop);
    let login = bob.authorize(&asked).await;
    let consent = bob.sign_in(&login, "bob", "bob").await;
    let code = answered(&bob.decide(&consent, "allow", &[]).await, "code").unwrap();
    let bobs = json(&laptop.form("/oauth2/token", &exchange("demo-spa", SPA, &code, &pkce.verifier), &[]).await);
    let refresh = async |token: &serde_json::Value| {
        let token = token["refresh_token"].as_str().unwrap();
        let fields = [("grant_type", "refresh_token"), ("client_id", "demo-spa"), ("refresh_token", token)];
        laptop.form("/oauth2/token", &fields, &[]).await
    };
    let userinfo = async |token: &serde_json::Value| {
        let bearer = format!("Bearer {}", token["access_token"].as_str().unwrap());
        laptop.send("GET", &laptop.demo_url("/userinfo"), &[("authorization", &bearer)], "").await.status()
    };
    let second = json(&refresh(&second).await);
    assert_eq!((userinfo(&first).await.as_u16(), userinfo(&second).await.as_u16()), (200, 200));

    let shown = open(&laptop, &mut alice, "alice").await;
    assert_eq!(buttons(&shown, "withdraw"), ["demo-spa"], "{}", body(&shown));
    assert!(body(&shown).contains("Know that it is you"), "{}", body(&shown));
    let done = press(&mut alice, &shown, "withdraw", "demo-spa").await;
    assert_eq!(buttons(&done, "withdraw"), Vec::<String>::new());

    for ended in [&first, &second] {
        refused(&refresh(ended).await, 400, "invalid_grant", "a refresh token");
        assert_eq!(userinfo(ended).await, 401, "an access token");
        let asked = [("token", ended["access_token"].as_str().unwrap())];
        let basic = [("authorization", "Basic ZGVtby1zZXJ2aWNlOmRlbW8tc2VydmljZS1zZWNyZXQ=")];
        assert_eq!(json(&laptop.form("/oauth2/introspect", &asked, &basic).await)["active"], false);
    }
    let late = laptop.form("/oauth2/token", &exchange("demo-spa", SPA, &pending, &pkce.verifier), &[]).await;
    refused(&late, 400, "invalid_grant", "a code that was not redeemed yet");
    assert_eq!(refresh(&bobs).await.status(), 200, "another user's grant goes on");
    let silent = changed(&asked, "prompt", Some("none"));
    assert_eq!(answered(&alice.authorize(&silent).await, "error").as_deref(), Some("consent_required"));
    let again = tokens(&mut alice).await;
    assert_eq!(refresh(&again).await.status(), 200, "what is allowed again is a new grant");
    refused(&refresh(&first).await, 400, "invalid_grant", "and brings no former one back");
}

/// Consent for an application that another could pose as is asked for each time, and can be withdrawn all the same.
#[tokio::test]
async fn sec_authz_17_access_that_is_not_remembered_can_be_withdrawn_as_well() {
    let laptop = Laptop::demo().await;
    let (mut alice, pkce) = (Browser::new(&laptop), Pkce::new("authz 17 native"));
    let asked = request("demo-native", NATIVE, &pkce);
    let code = answered(&alice.log_in(&asked).await, "code").unwrap();
    let fields = exchange("demo-native", NATIVE, &code, &pkce.verifier);
    let token = json(&laptop.form("/oauth2/token", &fields, &[]).await)["access_token"].as_str().unwrap().to_owned();
    let userinfo = async || {
        let bearer = format!("Bearer {token}");
        laptop.send("GET", &laptop.demo_url("/userinfo"), &[("authorization", &bearer)], "").await.status()
    };
    assert_eq!(userinfo().await, 200);
    let shown = open(&laptop, &mut alice, "alice").await;
    assert_eq!(buttons(&shown, "withdraw"), ["demo-native"]);
    press(&mut alice, &shown, "withdraw", "demo-native").await;
    assert_eq!(userinfo().await, 401);
    assert!(body(&alice.authorize(&asked).await).contains("name=\"decision\""));
}

/// Withdrawn in one tab while the consent page of an earlier request is open in another.
#[tokio::test]
async fn sec_authz_17_a_consent_page_from_before_the_withdrawal_is_asked_anew() {
    let laptop = Laptop::demo().await;
    let (mut alice, pkce) = (Browser::new(&laptop), Pkce::new("authz 17 tabs"));
    let asked = request("demo-spa", SPA, &pkce);
    assert!(answered(&alice.log_in(&asked).await, "code").is_some());
    let consent = alice.authorize(&changed(&asked, "prompt", Some("consent"))).await;
    let shown = open(&laptop, &mut alice, "alice").await;
    press(&mut alice, &shown, "withdraw", "demo-spa").await;
    let code = answered(&alice.decide(&consent, "allow", &[]).await, "code").unwrap();
    let tokens = laptop.form("/oauth2/token", &exchange("demo-spa", SPA, &code, &pkce.verifier), &[]).await;
    assert_eq!(tokens.status(), 200, "the answer is newer than the withdrawal: {}", body(&tokens));
}

#[tokio::test]
async fn sec_sess_05_the_account_page_changes_nothing_without_a_form_of_its_own() {
    let laptop = Laptop::demo().await;
    let (mut here, mut other) = (logged_in(&laptop, "alice", "").await, logged_in(&laptop, "alice", CHROME).await);
    let pkce = Pkce::new("sess 5 account");
    assert!(answered(&here.log_in(&request("demo-spa", SPA, &pkce)).await, "code").is_some());
    let (shown, others) = (open(&laptop, &mut here, "alice").await, open(&laptop, &mut other, "alice").await);
    let (token, foreign) = (account_form(&shown)[0].1.clone(), account_form(&others)[0].1.clone());
    assert_ne!(token, foreign);
    let url = laptop.demo_url("/account");
    let before = laptop.dump();
    for (name, value) in [("others", "end"), ("withdraw", "demo-spa"), ("end", buttons(&shown, "end")[0].as_str())] {
        let good = [("token", token.as_str()), (name, value)];
        assert_eq!(here.get(&format!("{url}?{}", encoded(&good))).await.status(), 200, "{name} by GET shows the page");
        for token in [None, Some(""), Some("x"), Some(foreign.as_str())] {
            let fields: Vec<_> = token.map(|token| ("token", token)).into_iter().chain([(name, value)]).collect();
            page(&here.post(&url, &fields).await, 403, &format!("{name} with the token {token:?}"));
        }
        let sites = [("content-type", "application/x-www-form-urlencoded"), ("sec-fetch-site", "cross-site")];
        page(&here.send("POST", &url, &sites, encoded(&good)).await, 403, "from another site");
        let origin = [("content-type", "application/x-www-form-urlencoded"), ("origin", "https://evil.example")];
        page(&here.send("POST", &url, &origin, encoded(&good)).await, 403, "of another origin");
        let stranger = Browser::new(&laptop).post(&url, &good).await;
        assert!(location(&stranger).unwrap().contains("/login?account=show"), "without a session");
    }
    for fields in [vec![], vec![("end", "a"), ("others", "end")], vec![("withdraw", "\u{1f36a}")]] {
        let fields: Vec<_> = [("token", token.as_str())].into_iter().chain(fields).collect();
        page(&here.post(&url, &fields).await, 400, &format!("{fields:?}"));
    }
    assert_eq!(laptop.dump(), before);
}

/// The reference of a session that is another user's ends nothing.
#[tokio::test]
async fn sec_adm_07_nobody_ends_a_session_or_withdraws_an_application_of_another_user() {
    let laptop = Laptop::demo().await;
    let (mut alice, mut again) = (logged_in(&laptop, "alice", "").await, logged_in(&laptop, "alice", "").await);
    let pkce = Pkce::new("adm 7 account");
    assert!(answered(&alice.log_in(&request("demo-spa", SPA, &pkce)).await, "code").is_some());
    let reference = buttons(&open(&laptop, &mut alice, "alice").await, "end")[0].clone();
    let mut bob = logged_in(&laptop, "bob", "").await;
    let shown = open(&laptop, &mut bob, "bob").await;
    assert!(buttons(&shown, "end").is_empty() && buttons(&shown, "withdraw").is_empty());
    press(&mut bob, &shown, "end", &reference).await;
    let before = laptop.dump();
    press(&mut bob, &shown, "withdraw", "demo-spa").await;
    press(&mut bob, &shown, "withdraw", "nobody").await;
    assert_eq!(laptop.dump(), before, "nothing is written for a client that was allowed nothing");
    assert!(is_logged_in(&mut again).await);
    assert_eq!(buttons(&open(&laptop, &mut alice, "alice").await, "withdraw"), ["demo-spa"]);
}

#[tokio::test]
async fn sec_sess_10_what_matters_needs_a_recent_login() {
    let laptop = Laptop::demo().await;
    let (mut here, mut other) = (logged_in(&laptop, "alice", "").await, logged_in(&laptop, "alice", CHROME).await);
    laptop.clock.advance(601);
    let shown = open(&laptop, &mut here, "alice").await;
    assert!(!body(&shown).contains("name=\"password\""), "to look needs none");
    let asked = press(&mut here, &shown, "others", "end").await;
    assert!(body(&asked).contains("name=\"password\""), "{}", body(&asked));
    assert!(is_logged_in(&mut other).await, "nothing has ended yet");
    let cookie = here.cookies.clone();
    let back = here.sign_in(&asked, "alice", "alice").await;
    assert!(body(&back).contains("You have signed in again."), "{}", body(&back));
    assert_ne!(here.cookies, cookie, "the session is a new one");
    press(&mut here, &back, "others", "end").await;
    assert!(!is_logged_in(&mut other).await);
}

/// A provider need not say when its user authenticated, and most do not. Its users can end what they no longer want all the same.
#[tokio::test]
async fn sec_sess_10_users_of_a_provider_that_states_no_time_can_end_sessions_as_well() {
    let provider = Provider::start().await;
    let laptop = Laptop::with(|file| provider.registered(&file, "")).await;
    let (pkce, nothing) = (Pkce::new("sess 10 upstream"), serde_json::json!({}));
    let log_in = async |browser: &mut Browser<'_>| {
        let away = provider.leave(browser, &request("demo-trusted", NATIVE, &pkce)).await;
        let back = provider.come_back((&laptop, &mut *browser), &away, (&nothing, &nothing)).await;
        assert!(answered(&back, "code").is_some(), "{}", body(&back));
    };
    let (mut here, mut other) = (Browser::new(&laptop), Browser::new(&laptop));
    log_in(&mut here).await;
    log_in(&mut other).await;
    let shown = open(&laptop, &mut here, "").await;
    assert!(body(&shown).contains("Partner"), "the way to sign in: {}", body(&shown));
    let done = press(&mut here, &shown, "others", "end").await;
    assert!(body(&done).contains("You are signed out everywhere else."), "{}", body(&done));
    assert!(!is_logged_in(&mut other).await);
}

#[tokio::test]
async fn sec_sess_14_the_login_for_the_account_page_leads_there_and_nowhere_else() {
    let laptop = Laptop::demo().await;
    let url = laptop.demo_url("/login");
    for asked in ["//evil.example", "https:evil.example", "/\\evil.example", "/%09/evil.example", "SHOW", ""] {
        let answer = Browser::new(&laptop).get(&format!("{url}?{}", encoded(&[("account", asked)]))).await;
        page(&answer, 400, asked);
    }
    for more in ["return_to=//evil.example", "redirect_uri=https://evil.example/", "next=/\\evil"] {
        let mut browser = Browser::new(&laptop);
        let first = browser.get(&format!("{}?{more}", laptop.demo_url("/account"))).await;
        assert!(!location(&first).unwrap().contains("evil"));
        let login = browser.follow(first).await;
        let mut fields: Vec<(String, String)> = form(&login).hidden;
        fields.extend([("username".into(), "alice".into()), ("password".into(), "alice".into())]);
        let fields: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        let answer = browser.post(&form(&login).action, &fields).await;
        assert_eq!(location(&answer).unwrap(), format!("{}?ui_locales=en", laptop.demo_url("/account")), "{more}");
    }
}

/// The login for the account page grants nothing, whatever is sent with it.
#[tokio::test]
async fn sec_sess_06_a_login_for_the_account_page_never_becomes_a_grant() {
    let laptop = Laptop::demo().await;
    let mut browser = Browser::new(&laptop);
    let first = browser.get(&laptop.demo_url("/account")).await;
    let login = browser.follow(first).await;
    let interaction = form(&login).hidden[0].1.clone();
    browser.sign_in(&login, "alice", "alice").await;
    let grants = || laptop.dump().iter().any(|(_, items)| items.iter().any(|item| item.contains("\"grant#")));
    for decision in ["allow", "another"] {
        let fields = [("interaction", interaction.as_str()), ("decision", decision), ("permissions", "listed")];
        let answer = browser.post(&laptop.demo_url("/login/consent"), &fields).await;
        assert!(answered(&answer, "code").is_none(), "{decision}: {:?}", location(&answer));
    }
    assert!(!grants(), "{:?}", laptop.dump());
    let error =
        browser.get(&format!("{}?error=access_denied&error_description=Call%20us", laptop.demo_url("/account"))).await;
    page(&error, 403, "turned back at the login");
    assert!(!body(&error).contains("Call us"));
}

/// The list of a user's sessions is bounded: the ones that began first end, and never the one that has just begun.
#[tokio::test]
async fn sec_sess_11_a_user_has_at_most_twenty_sessions_and_the_newest_stays() {
    let laptop = Laptop::demo().await;
    let mut first = logged_in(&laptop, "alice", "").await;
    let mut bob = logged_in(&laptop, "bob", "").await;
    laptop.clock.advance(1);
    let mut newest = Browser::new(&laptop);
    // All of them at the same moment.
    for _ in 0..24 {
        newest = logged_in(&laptop, "alice", "").await;
        assert!(is_logged_in(&mut newest).await);
    }
    let shown = open(&laptop, &mut newest, "alice").await;
    assert_eq!(buttons(&shown, "end").len(), 19);
    assert!(!is_logged_in(&mut first).await && is_logged_in(&mut bob).await);
}
