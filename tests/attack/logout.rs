//! Section U: logout.

use futures::future::join;
use protocol::logout::logout_token::LogoutNotice;
use protocol::syntax::encoding::{base64url, base64url_decoded};
use protocol::types::id::Subject;
use signing::verify::verify_issued_by_us;
use tests::browser::{answered, body, changed, exchange, form, json, location, request};
use tests::expect::{beyond_quotation, headers, page, redirected};
use tests::laptop::encoded;
use tests::receiver::Receiver;
use tests::{Browser, Laptop, Pkce};
use web::config::PublicUrl;
use web::{Clock as _, Response};

use crate::given::{NATIVE, SPA, and_clients, claims, cookie_name};

const BYE: &str = "https://app.example/bye";

/// A client that needs no consent, has a post-logout redirect URI, and is notified at `backchannel`.
fn told(backchannel: &str) -> String {
    format!(
        r#"
[[clients]]
client_id = "told"
client_name = "Told"
application_type = "native"
token_endpoint_auth_method = "none"
trusted = true
redirect_uris = ["http://127.0.0.1/callback"]
post_logout_redirect_uris = ["{BYE}", "https://app.example/bye?from=here", "com.example.demo:/bye"]
backchannel_logout_uri = "{backchannel}"
scope = "openid profile email"
"#
    )
}

async fn laptop() -> Laptop {
    Laptop::with(and_clients(&told("https://app.example/backchannel"))).await
}

/// Logs `user` in at `client` and returns the tokens.
async fn tokens(laptop: &Laptop, browser: &mut Browser<'_>, client: &str, user: &str) -> serde_json::Value {
    let pkce = Pkce::new(client);
    let mut response = browser.authorize(&request(client, NATIVE, &pkce)).await;
    if body(&response).contains("name=\"password\"") {
        response = browser.sign_in(&response, user, user).await;
    }
    let code = answered(&response, "code").unwrap_or_else(|| panic!("{}", body(&response)));
    let tokens = laptop.form("/oauth2/token", &exchange(client, NATIVE, &code, &pkce.verifier), &[]).await;
    json(&tokens)
}

async fn id_token(laptop: &Laptop, browser: &mut Browser<'_>, client: &str, user: &str) -> String {
    tokens(laptop, browser, client, user).await["id_token"].as_str().unwrap().into()
}

fn logout_url(laptop: &Laptop, fields: &[(&str, &str)]) -> String {
    format!("{}?{}", laptop.demo_url("/oidc/logout"), encoded(fields))
}

async fn log_out(laptop: &Laptop, browser: &mut Browser<'_>, fields: &[(&str, &str)]) -> Response {
    browser.get(&logout_url(laptop, fields)).await
}

/// Whether the browser has a session, as silent renewal sees it.
async fn is_logged_in(laptop: &Laptop, browser: &mut Browser<'_>) -> bool {
    let pkce = Pkce::new("silent");
    let fields = changed(&request("demo-trusted", NATIVE, &pkce), "prompt", Some("none"));
    let response = browser.authorize(&fields).await;
    if answered(&response, "code").is_some() {
        return true;
    }
    redirected(laptop, &response, NATIVE, "login_required", "silent renewal");
    false
}

/// Each login starts a session; the client is notified of the end of each, although no single session lists them all.
#[tokio::test]
async fn sec_logout_09_a_client_is_notified_of_every_session() {
    let laptop = laptop().await;
    let mut browser = Browser::new(&laptop);
    let mut sids = Vec::new();
    for _ in 0..120 {
        let pkce = Pkce::new("told");
        let fields = changed(&request("told", NATIVE, &pkce), "prompt", Some("login"));
        let login = browser.authorize(&fields).await;
        let response = browser.sign_in(&login, "alice", "alice").await;
        let code = answered(&response, "code").unwrap();
        let tokens = laptop.form("/oauth2/token", &exchange("told", NATIVE, &code, &pkce.verifier), &[]).await;
        sids.push(claims(json(&tokens)["id_token"].as_str().unwrap())["sid"].as_str().unwrap().to_owned());
        laptop.clock.advance(1);
    }
    let asking = log_out(&laptop, &mut browser, &[]).await;
    press(&mut browser, &asking, "sign-out").await;
    let notices = laptop.queue.receive(laptop.clock.now());
    let mut told: Vec<String> =
        notices.iter().map(|message| LogoutNotice::parse(&message.body).unwrap().participant.sid).collect();
    told.sort();
    sids.sort();
    assert_eq!(told, sids, "each once");
}

/// Submits the confirmation page with the button `decision`.
async fn press(browser: &mut Browser<'_>, asking: &Response, decision: &str) -> Response {
    let form = form(asking);
    let mut fields: Vec<(&str, &str)> = form.hidden.iter().map(|(name, value)| (&**name, &**value)).collect();
    fields.push(("decision", decision));
    browser.post(&form.action, &fields).await
}

fn asks(response: &Response, case: &str) {
    assert_eq!(response.status(), 200, "{case}: {}", body(response));
    assert!(body(response).contains("value=\"sign-out\" id=\"sign-out\""), "{case}: {}", body(response));
    headers(response, case);
}

#[tokio::test]
async fn sec_logout_01_a_link_logs_nobody_out_without_confirmation() {
    let laptop = laptop().await;
    let mut browser = Browser::new(&laptop);
    id_token(&laptop, &mut browser, "told", "alice").await;
    let elsewhere = id_token(&laptop, &mut Browser::new(&laptop), "told", "alice").await;
    for fields in [
        vec![],
        vec![("client_id", "told")],
        vec![("client_id", "told"), ("post_logout_redirect_uri", BYE), ("state", "s")],
        vec![("logout_hint", "alice"), ("ui_locales", "de")],
        vec![("post_logout_redirect_uri", "https://evil.example")],
        vec![("id_token_hint", elsewhere.as_str())],
        vec![("decision", "sign-out")],
    ] {
        let response = log_out(&laptop, &mut browser, &fields).await;
        asks(&response, &format!("{fields:?}"));
        assert!(body(&response).contains("Alice Example"));
        assert!(!response.headers().contains_key("set-cookie"));
    }
    assert!(is_logged_in(&laptop, &mut browser).await);
    assert_eq!(laptop.queue.next(), None, "no client is notified");
}

#[tokio::test]
async fn sec_logout_01_the_user_can_confirm_or_cancel_the_logout() {
    let laptop = laptop().await;
    let mut browser = Browser::new(&laptop);
    id_token(&laptop, &mut browser, "told", "alice").await;
    let fields = [("client_id", "told"), ("post_logout_redirect_uri", BYE), ("state", "a b&c")];
    let asking = log_out(&laptop, &mut browser, &fields).await;
    assert!(body(&asking).contains("<bdi>Told</bdi> asks to sign you out"));
    let stayed = press(&mut browser, &asking, "stay").await;
    assert!(body(&stayed).contains("You are still signed in"), "{}", body(&stayed));
    assert!(body(&stayed).contains("href=\"https://app.example/bye?state=a%20b%26c\""), "{}", body(&stayed));
    headers(&stayed, "stayed");
    assert!(is_logged_in(&laptop, &mut browser).await);

    page(&press(&mut browser, &asking, "").await, 400, "no decision");
    assert!(is_logged_in(&laptop, &mut browser).await);
    let gone = press(&mut browser, &asking, "sign-out").await;
    assert_eq!((gone.status().as_u16(), location(&gone).unwrap()), (303, format!("{BYE}?state=a%20b%26c")));
    assert!(!is_logged_in(&laptop, &mut browser).await);
    let again = press(&mut browser, &asking, "sign-out").await;
    assert_eq!(location(&again), location(&gone), "a second click ends at the same place");
}

#[tokio::test]
async fn sec_logout_01_a_logout_without_a_client_ends_on_the_signed_out_page() {
    let laptop = laptop().await;
    let mut browser = Browser::new(&laptop);
    id_token(&laptop, &mut browser, "told", "alice").await;
    let asking = log_out(&laptop, &mut browser, &[]).await;
    let gone = press(&mut browser, &asking, "sign-out").await;
    assert!(body(&gone).contains("You are signed out"), "{}", body(&gone));
    headers(&gone, "signed out");
    assert!(!is_logged_in(&laptop, &mut browser).await);
    let nobody = log_out(&laptop, &mut browser, &[]).await;
    assert!(body(&nobody).contains("You are signed out"), "without a session there is nothing to confirm");
}

#[tokio::test]
async fn sec_logout_02_a_hint_for_the_current_session_skips_confirmation_even_if_expired() {
    let laptop = laptop().await;
    for post in [false, true] {
        let mut browser = Browser::new(&laptop);
        let hint = id_token(&laptop, &mut browser, "told", "alice").await;
        laptop.clock.advance(2 * 3600);
        let fields = [("id_token_hint", hint.as_str()), ("post_logout_redirect_uri", BYE), ("state", "s")];
        let gone = if post {
            browser.post(&laptop.demo_url("/oidc/logout"), &fields).await
        } else {
            log_out(&laptop, &mut browser, &fields).await
        };
        assert_eq!(location(&gone).unwrap(), format!("{BYE}?state=s"));
        assert!(!is_logged_in(&laptop, &mut browser).await);
        let twice = log_out(&laptop, &mut browser, &fields).await;
        assert_eq!(location(&twice).unwrap(), format!("{BYE}?state=s"), "an already ended session still redirects");
    }
}

#[tokio::test]
async fn sec_logout_02_a_hint_of_another_issuer_or_client_is_rejected() {
    let laptop = laptop().await;
    let mut browser = Browser::new(&laptop);
    let tokens = tokens(&laptop, &mut browser, "told", "alice").await;
    let (hint, access) = (tokens["id_token"].as_str().unwrap(), tokens["access_token"].as_str().unwrap());
    let [header, payload, signature] = hint.split('.').collect::<Vec<_>>()[..] else { panic!("{hint}") };
    let bobs = String::from_utf8(base64url_decoded(payload).unwrap()).unwrap().replace("\"told\"", "\"demo-spa\"");
    let none = base64url(br#"{"alg":"none","typ":"JWT"}"#);
    let forged = [
        format!("{header}.{}.{signature}", base64url(bobs.as_bytes())),
        format!("{none}.{payload}."),
        format!("{none}.{payload}.{signature}"),
        format!("{header}.{payload}.{}", base64url(&[0; 256])),
        hint[..hint.len() - 2].to_owned(),
        format!("{hint}A"),
        access.to_owned(),
        "x".into(),
        "x".repeat(6000),
    ];
    for forged in &forged {
        let fields = [("id_token_hint", forged.as_str()), ("post_logout_redirect_uri", BYE), ("client_id", "told")];
        page(&log_out(&laptop, &mut browser, &fields).await, 400, forged);
    }
    let others = [("id_token_hint", hint), ("client_id", "demo-trusted"), ("post_logout_redirect_uri", BYE)];
    page(&log_out(&laptop, &mut browser, &others).await, 400, "of another client");
    let foreign = laptop.demo_url("/oidc/logout").replace("/demo/", "/partner/");
    let foreign = browser.get(&format!("{foreign}?{}", encoded(&[("id_token_hint", hint)]))).await;
    page(&foreign, 400, "of another workspace");
    let revoked = format!("{}&id_token_hint=y", logout_url(&laptop, &[("id_token_hint", hint)]));
    page(&browser.get(&revoked).await, 400, "twice");
    assert!(is_logged_in(&laptop, &mut browser).await);
}

/// After any invalid request the user must still be able to sign out, but never be sent to an unverified destination.
#[tokio::test]
async fn sec_logout_03_an_invalid_request_still_lets_the_user_sign_out() {
    let laptop = laptop().await;
    let evil = "https://evil.example/";
    for broken in [
        vec![("id_token_hint", "x"), ("client_id", "told"), ("post_logout_redirect_uri", BYE)],
        vec![("client_id", "told"), ("post_logout_redirect_uri", evil)],
        vec![("client_id", "nobody"), ("post_logout_redirect_uri", BYE)],
        vec![("client_id", "told"), ("client_id", "told")],
    ] {
        let mut browser = Browser::new(&laptop);
        page(&log_out(&laptop, &mut browser, &broken).await, 400, "nobody is logged in");
        id_token(&laptop, &mut browser, "told", "alice").await;
        let asking = log_out(&laptop, &mut browser, &broken).await;
        page(&asking, 400, "a user is logged in");
        let html = body(&asking);
        assert!(html.contains("role=\"alert\"") && html.contains("Sign out?"), "{html}");
        assert!(is_logged_in(&laptop, &mut browser).await, "nothing has ended yet");
        let gone = press(&mut browser, &asking, "sign-out").await;
        assert_eq!((gone.status().as_u16(), location(&gone)), (200, None), "{}", body(&gone));
        assert!(!is_logged_in(&laptop, &mut browser).await);
    }
}

#[tokio::test]
async fn sec_logout_03_and_sec_redir_23_users_are_redirected_only_to_exactly_registered_uris() {
    let laptop = laptop().await;
    let mut browser = Browser::new(&laptop);
    let hint = id_token(&laptop, &mut browser, "told", "alice").await;
    for other in [
        "https://app.example/bye/",
        "https://app.example/bye?x=1",
        "https://app.example/bye#x",
        "https://app.example/BYE",
        "HTTPS://app.example/bye",
        "https://app.example:443/bye",
        "https://app.example/./bye",
        "https://app.example/b%79e",
        "https://app.example//bye",
        "https://app.example@evil.example/bye",
        "https://evil.example/https://app.example/bye",
        "https://app.example.evil.example/bye",
        "//app.example/bye",
        "/bye",
        "javascript:alert(1)",
        "data:text/html,x",
        "https://app.example/bye\r\nset-cookie: a=b",
        NATIVE,
        "https://evil.example/",
    ] {
        for identified in [vec![("id_token_hint", hint.as_str())], vec![("client_id", "told")]] {
            let fields = [identified, vec![("post_logout_redirect_uri", other)]].concat();
            let response = log_out(&laptop, &mut browser, &fields).await;
            page(&response, 400, other);
            let html = beyond_quotation(&response);
            assert!(!html.contains("evil") && !html.contains("javascript:"), "{other}");
        }
    }
    let fields = [("client_id", "demo-native"), ("post_logout_redirect_uri", BYE)];
    page(&log_out(&laptop, &mut browser, &fields).await, 400, "another client's");
    page(&log_out(&laptop, &mut browser, &[("client_id", "nobody")]).await, 400, "no such client");
    assert!(is_logged_in(&laptop, &mut browser).await);

    let asking = log_out(&laptop, &mut browser, &[("post_logout_redirect_uri", BYE), ("state", "s")]).await;
    asks(&asking, "the client is not identified");
    let gone = press(&mut browser, &asking, "sign-out").await;
    assert_eq!(location(&gone), None, "without a client there is no redirect");
}

#[tokio::test]
async fn sec_logout_03_registered_queries_and_private_use_schemes_are_preserved() {
    let laptop = laptop().await;
    for (uri, expected) in [
        ("https://app.example/bye?from=here", "https://app.example/bye?from=here&state=%2B%20%26"),
        ("com.example.demo:/bye", "com.example.demo:/bye?state=%2B%20%26"),
    ] {
        let mut browser = Browser::new(&laptop);
        let hint = id_token(&laptop, &mut browser, "told", "alice").await;
        let fields = [("id_token_hint", hint.as_str()), ("post_logout_redirect_uri", uri), ("state", "+ &")];
        assert_eq!(location(&log_out(&laptop, &mut browser, &fields).await).unwrap(), expected);
    }
}

#[tokio::test]
async fn sec_logout_04_an_ended_session_cannot_be_resumed_with_its_old_cookies() {
    let laptop = laptop().await;
    let mut browser = Browser::new(&laptop);
    let hint = id_token(&laptop, &mut browser, "told", "alice").await;
    let name = cookie_name(&browser, "session");
    let old = browser.cookies[&name].clone();
    let gone = log_out(&laptop, &mut browser, &[("id_token_hint", &hint)]).await;
    let cleared = gone.headers().get_all("set-cookie").iter().map(|cookie| cookie.to_str().unwrap().to_owned());
    let cleared: Vec<String> = cleared.collect();
    assert_eq!(cleared, [format!("{name}=; Path=/; HttpOnly; SameSite=Lax; Max-Age=0")]);
    assert!(!browser.cookies.contains_key(&name));
    browser.cookies.insert(name, old);
    assert!(!is_logged_in(&laptop, &mut browser).await, "the old cookie is replayed");
    let sessions = laptop.dump().into_values().flatten().filter(|item| item.contains("session#")).count();
    assert_eq!(sessions, 0, "the session itself is gone");
}

#[tokio::test]
async fn sec_sess_05_and_sec_logout_04_a_logout_form_from_another_site_or_browser_ends_nothing() {
    let laptop = laptop().await;
    let (mut alice, mut mallory) = (Browser::new(&laptop), Browser::new(&laptop));
    id_token(&laptop, &mut alice, "told", "alice").await;
    id_token(&laptop, &mut mallory, "told", "bob").await;
    let url = laptop.demo_url("/oidc/logout");
    let own = form(&log_out(&laptop, &mut alice, &[]).await).hidden[0].1.clone();
    let foreign = form(&log_out(&laptop, &mut mallory, &[]).await).hidden[0].1.clone();
    let sent = |confirmation: &str| encoded(&[("confirmation", confirmation), ("decision", "sign-out")]);
    let form_type = ("content-type", "application/x-www-form-urlencoded");
    for dress in [
        vec![("sec-fetch-site", "cross-site")],
        vec![("sec-fetch-site", "same-site")],
        vec![("origin", "https://evil.example")],
    ] {
        let headers = [vec![form_type], dress.clone()].concat();
        page(&alice.send("POST", &url, &headers, sent(&own)).await, 403, &format!("{dress:?}"));
    }
    asks(
        &alice.post(&url, &[("confirmation", &foreign), ("decision", "sign-out")]).await,
        "the form of another browser",
    );
    page(&alice.post(&url, &[("confirmation", "x"), ("decision", "sign-out")]).await, 400, "an unknown confirmation");
    let cut = &own[..own.len() - 1];
    page(&alice.post(&url, &[("confirmation", cut), ("decision", "sign-out")]).await, 400, "a truncated confirmation");
    asks(&alice.get(&format!("{url}?{}", sent(&own))).await, "a form by GET");
    let partner = url.replace("/demo/", "/partner/");
    page(&alice.post(&partner, &[("confirmation", &own), ("decision", "sign-out")]).await, 400, "another workspace");
    let stranger = Browser::new(&laptop).post(&url, &[("confirmation", &own), ("decision", "sign-out")]).await;
    assert!(body(&stranger).contains("You are signed out"), "without a session the user is already signed out");
    assert!(is_logged_in(&laptop, &mut alice).await && is_logged_in(&laptop, &mut mallory).await);

    laptop.clock.advance(1800);
    page(&alice.post(&url, &[("confirmation", &own), ("decision", "sign-out")]).await, 400, "half an hour later");
    assert!(is_logged_in(&laptop, &mut alice).await);
}

#[tokio::test]
async fn sec_param_19_a_cross_site_logout_form_is_treated_like_a_link() {
    let laptop = laptop().await;
    let mut browser = Browser::new(&laptop);
    let hint = id_token(&laptop, &mut browser, "told", "alice").await;
    let fields = encoded(&[("id_token_hint", &hint), ("post_logout_redirect_uri", BYE)]);
    let form = [("content-type", "application/x-www-form-urlencoded"), ("sec-fetch-site", "cross-site")];
    // Unless a cookie is SameSite=None, the browser omits it from a cross-site POST but sends it with the redirect.
    let url = laptop.demo_url("/oidc/logout");
    let without_cookies = Browser::new(&laptop).send("POST", &url, &form, fields.clone()).await;
    assert_eq!(location(&without_cookies).unwrap(), format!("{url}?{fields}"));
    assert_eq!(location(&browser.get(&format!("{url}?{fields}")).await).as_deref(), Some(BYE));
    page(&browser.send("POST", &format!("{url}?x=1"), &form, fields).await, 400, "query and body");
}

#[tokio::test]
async fn sec_logout_07_the_hint_of_one_user_does_not_end_the_session_of_another() {
    let laptop = laptop().await;
    let mut browser = Browser::new(&laptop);
    let alices = id_token(&laptop, &mut browser, "told", "alice").await;
    let asked_alice = log_out(&laptop, &mut browser, &[("client_id", "told")]).await;
    laptop.clock.advance(1);
    let pkce = Pkce::new("bob");
    let fields = changed(&request("told", NATIVE, &pkce), "prompt", Some("login"));
    let login = browser.authorize(&fields).await;
    let code = answered(&browser.sign_in(&login, "bob", "bob").await, "code").unwrap();
    let bobs = json(&laptop.form("/oauth2/token", &exchange("told", NATIVE, &code, &pkce.verifier), &[]).await);

    let asking = log_out(&laptop, &mut browser, &[("id_token_hint", &alices), ("post_logout_redirect_uri", BYE)]).await;
    asks(&asking, "alice's hint in bob's session");
    assert!(body(&asking).contains("Bob Example"), "{}", body(&asking));
    let stale = press(&mut browser, &asked_alice, "sign-out").await;
    asks(&stale, "a confirmation issued to alice does not count for bob");
    assert!(body(&stale).contains("Bob Example"), "{}", body(&stale));
    assert!(is_logged_in(&laptop, &mut browser).await);
    assert_eq!(laptop.userinfo(bobs["access_token"].as_str().unwrap()).await.status(), 200);
}

#[tokio::test]
async fn sec_logout_08_tokens_of_a_grant_outlive_the_session() {
    let laptop = laptop().await;
    let mut browser = Browser::new(&laptop);
    let tokens = tokens(&laptop, &mut browser, "told", "alice").await;
    let hint = tokens["id_token"].as_str().unwrap();
    assert_eq!(log_out(&laptop, &mut browser, &[("id_token_hint", hint)]).await.status(), 200);
    assert_eq!(laptop.userinfo(tokens["access_token"].as_str().unwrap()).await.status(), 200);
}

#[tokio::test]
async fn pages_still_open_in_other_tabs_require_a_new_login() {
    let (laptop, pkce) = (laptop().await, Pkce::new("tabs"));
    let mut browser = Browser::new(&laptop);
    let hint = id_token(&laptop, &mut browser, "told", "alice").await;
    let consent = browser.authorize(&request("demo-spa", SPA, &pkce)).await;
    assert!(body(&consent).contains("name=\"decision\""));
    log_out(&laptop, &mut browser, &[("id_token_hint", &hint)]).await;
    let pressed = browser.decide(&consent, "allow", &[]).await;
    assert_eq!(answered(&pressed, "code"), None);
    assert!(body(&browser.follow(pressed).await).contains("name=\"password\""));
}

/// Returns the logout notices that are due.
fn waiting(laptop: &Laptop) -> Vec<LogoutNotice> {
    let due = laptop.queue.receive(web::Clock::now(&*laptop.clock));
    due.iter().map(|message| LogoutNotice::parse(&message.body).unwrap()).collect()
}

#[tokio::test]
async fn sec_logout_05_a_logout_token_cannot_be_used_as_any_other_token() {
    let receiver = Receiver::start().await;
    let laptop = Laptop::with(and_clients(&told(&receiver.url))).await;
    let mut browser = Browser::new(&laptop);
    let hint = id_token(&laptop, &mut browser, "told", "alice").await;
    id_token(&laptop, &mut browser, "told", "alice").await;
    id_token(&laptop, &mut browser, "demo-trusted", "alice").await;
    log_out(&laptop, &mut browser, &[("id_token_hint", &hint)]).await;
    assert!(receiver.received().is_empty(), "notification does not delay the user");
    assert_eq!(laptop.worker.deliver().await, 1);
    let [post] = &receiver.received()[..] else { panic!("expected exactly one request") };
    assert_eq!(post.line, "POST /backchannel-logout");
    assert_eq!(post.content_type, "application/x-www-form-urlencoded");
    let token = post.logout_token();
    let ring = laptop.runtime.rings().ring(&workspace(), web::Clock::now(&*laptop.clock)).await.unwrap().unwrap();
    assert!(
        verify_issued_by_us(&token, &ring.published(), "logout+jwt").is_some(),
        "signed by a published key: {token}"
    );
    assert!(verify_issued_by_us(&token, &ring.published(), "JWT").is_none(), "no ID token");
    let (told, id) = (claims(&token), claims(&hint));
    for name in ["iss", "sub", "aud", "sid"] {
        assert_eq!(told[name], id[name], "{name}");
    }
    assert_eq!(told["exp"].as_u64().unwrap() - told["iat"].as_u64().unwrap(), 120);
    assert_eq!(told.get("nonce"), None);
    assert!(told["events"].as_object().unwrap().contains_key("http://schemas.openid.net/event/backchannel-logout"));
    laptop.clock.advance(24 * 3600);
    assert_eq!(laptop.worker.deliver().await, 0, "told once");
    let refused = log_out(&laptop, &mut browser, &[("id_token_hint", &token)]).await;
    page(&refused, 400, "a logout token is no hint");
}

fn workspace() -> protocol::types::id::WorkspaceId {
    protocol::types::id::WorkspaceId::parse("default", "demo").unwrap()
}

#[tokio::test]
async fn sec_logout_05_failed_notifications_are_retried_a_bounded_number_of_times() {
    let receiver = Receiver::start().await;
    let laptop = Laptop::with(and_clients(&told(&receiver.url))).await;
    let mut browser = Browser::new(&laptop);
    let hint = id_token(&laptop, &mut browser, "told", "alice").await;
    log_out(&laptop, &mut browser, &[("id_token_hint", &hint)]).await;
    receiver.answers(&[500, 302, 404, 429, 503, 500, 500, 500, 500]);
    let mut tries = 0;
    let mut jtis = Vec::new();
    for _ in 0..200 {
        tries += laptop.worker.deliver().await;
        jtis.extend(receiver.received().iter().map(|received| claims(&received.logout_token())["jti"].clone()));
        laptop.clock.advance(30);
    }
    assert_eq!((tries, jtis.len(), laptop.queue.put_aside()), (8, 8, 1));
    jtis.dedup();
    assert_eq!(jtis.len(), 1, "retries keep the jti");
}

#[tokio::test]
async fn sec_logout_05_a_rejected_notification_is_final_and_an_unreachable_client_is_retried() {
    let receiver = Receiver::start().await;
    let laptop = Laptop::with(and_clients(&told(&receiver.url))).await;
    for (statuses, tries) in [(vec![400], 1), (vec![204], 1), (vec![500, 500, 200], 3)] {
        let mut browser = Browser::new(&laptop);
        let hint = id_token(&laptop, &mut browser, "told", "alice").await;
        log_out(&laptop, &mut browser, &[("id_token_hint", &hint)]).await;
        receiver.answers(&statuses);
        for _ in 0..20 {
            laptop.worker.deliver().await;
            laptop.clock.advance(20);
        }
        assert_eq!(receiver.received().len(), tries, "{statuses:?}");
        assert_eq!((laptop.queue.next(), laptop.queue.put_aside()), (None, 0));
    }
}

#[tokio::test]
async fn sec_logout_05_a_forbidden_address_is_never_contacted() {
    let receiver = Receiver::start().await;
    let mut laptop = Laptop::with(and_clients(&told(&receiver.url))).await;
    let mut browser = Browser::new(&laptop);
    let hint = id_token(&laptop, &mut browser, "told", "alice").await;
    assert_eq!(log_out(&laptop, &mut browser, &[("id_token_hint", &hint)]).await.status(), 200);
    // A deployed server refuses to apply a file with such an address; this one is written to the store directly.
    laptop.runtime.public_url = PublicUrl::parse("https://auth.example").unwrap();
    laptop.restart();
    assert_eq!(laptop.worker.deliver().await, 1);
    assert!(receiver.received().is_empty(), "a deployed server never contacts loopback");
}

#[tokio::test]
async fn a_pairwise_client_is_notified_with_its_own_subject_identifiers() {
    let pairwise =
        "client_id = \"told\"\nsubject_type = \"pairwise\"\nsector_identifier_uri = \"https://app.example/sector\"";
    let change = |text: String| text.replacen("client_id = \"told\"", pairwise, 1);
    let with_told = told("https://app.example/backchannel");
    let laptop = Laptop::with(|text| change(and_clients(&with_told)(text))).await;
    let mut browser = Browser::new(&laptop);
    let public = claims(&id_token(&laptop, &mut browser, "demo-trusted", "alice").await);
    let hint = id_token(&laptop, &mut browser, "told", "alice").await;
    log_out(&laptop, &mut browser, &[("id_token_hint", &hint)]).await;
    let client_subject: Vec<_> = waiting(&laptop).into_iter().map(|notice| notice.participant.sub).collect();
    assert_eq!(
        client_subject.iter().map(Subject::as_str).collect::<Vec<_>>(),
        [claims(&hint)["sub"].as_str().unwrap()]
    );
    assert_ne!(public["sub"], claims(&hint)["sub"], "which is not the user's own");
}

#[tokio::test]
async fn a_renewed_session_still_notifies_clients_that_know_its_old_sid() {
    let laptop = laptop().await;
    let mut browser = Browser::new(&laptop);
    let old = claims(&id_token(&laptop, &mut browser, "told", "alice").await);
    laptop.clock.advance(1);
    let login =
        browser.authorize(&changed(&request("demo-trusted", NATIVE, &Pkce::new("x")), "prompt", Some("login"))).await;
    assert!(answered(&browser.sign_in(&login, "alice", "alice").await, "code").is_some());
    let asking = log_out(&laptop, &mut browser, &[]).await;
    press(&mut browser, &asking, "sign-out").await;
    let told: Vec<_> = waiting(&laptop).into_iter().map(|notice| notice.participant.sid).collect();
    assert_eq!(told, [old["sid"].as_str().unwrap()]);
}

/// A code is issued while the session ends: either there is no code, or the client is notified.
#[tokio::test]
async fn a_client_with_a_code_is_always_notified_when_the_session_ends() {
    let (laptop, pkce) = (laptop().await, Pkce::new("race"));
    let url = format!("{}?{}", laptop.demo_url("/oauth2/authorize"), encoded(&request("told", NATIVE, &pkce)));
    let mut outcomes = [0, 0];
    for round in 0..30 {
        let mut browser = Browser::new(&laptop);
        let hint = id_token(&laptop, &mut browser, "demo-trusted", "alice").await;
        let mut other_tab = Browser::new(&laptop);
        other_tab.cookies.clone_from(&browser.cookies);
        let ahead = async |turns: usize| {
            for _ in 0..turns {
                tokio::task::yield_now().await;
            }
        };
        let hinted = [("id_token_hint", hint.as_str())];
        let leaving = async {
            ahead(round % 10).await;
            log_out(&laptop, &mut other_tab, &hinted).await
        };
        let (answer, gone) = join(browser.get(&url), leaving).await;
        assert_eq!(gone.status(), 200, "{}", body(&gone));
        let (issued, told) = (answered(&answer, "code").is_some(), !waiting(&laptop).is_empty());
        assert!(!issued || told, "round {round}");
        outcomes[usize::from(issued)] += 1;
    }
    assert!(outcomes.iter().all(|count| *count > 0), "both happened: {outcomes:?}");
}
