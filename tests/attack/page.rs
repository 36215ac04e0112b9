//! Section P: pages and headers.

use std::collections::BTreeSet;
use std::rc::Rc;

use postern::dev::app::App;
use postern::dev::server::{Listeners, serve};
use regex::Regex;
use signing::SystemEntropy;
use tests::browser::{answered, body, changed, form, request};
use tests::expect::{headers, page, redirected};
use tests::laptop::encoded;
use tests::{Browser, Laptop, Pkce, Trouble};
use web::Response;

use crate::given::{NATIVE, SPA, trusted_code};

type Pages = Vec<(&'static str, u16, Response)>;

/// Every kind of page, each with its status.
async fn pages(laptop: &Laptop) -> Pages {
    let pkce = Pkce::new("pages");
    let (mut browser, fields) = (Browser::new(laptop), request("demo-native", NATIVE, &pkce));
    let login = browser.authorize(&fields).await;
    let failed = browser.sign_in(&login, "alice", "wrong").await;
    let mut all = errors_of_authorize(laptop, &mut browser, &pkce).await;
    let interaction = form(&login).hidden[0].1.clone();
    let with = |path: &str| format!("{}?interaction={interaction}", laptop.demo_url(path));
    all.push(("no such identity source", 400, browser.get(&with("/login/upstream/nobody")).await));
    all.push(("identity source out of reach", 502, browser.get(&with("/login/upstream/partner")).await));
    all.push(("other browser", 400, Browser::new(laptop).get(&with("/login")).await));
    let consent = browser.sign_in(&login, "alice", "alice").await;
    all.push(("incomplete form", 400, browser.decide(&consent, "", &[]).await));
    let cross_site = [("content-type", "application/x-www-form-urlencoded"), ("sec-fetch-site", "cross-site")];
    let cross_site = browser.send("POST", &laptop.demo_url("/login"), &cross_site, String::new()).await;
    all.push(("cross site", 403, cross_site));
    assert!(answered(&browser.decide(&consent, "allow", &[]).await, "code").is_some());
    all.push(("finished", 400, browser.decide(&consent, "allow", &[]).await));
    let refused = [&changed(&fields, "scope", Some("x"))[..], &[("response_mode", "form_post")]].concat();
    laptop.clock.advance(10);
    let chooser = [&fields[..], &[("prompt", "select_account")]].concat();
    all.push(("account", 200, browser.authorize(&chooser).await));
    all.push(("own account", 200, browser.get(&laptop.demo_url("/account")).await));
    all.push(("own account, no decision", 400, browser.post(&laptop.demo_url("/account"), &[]).await));
    all.push(("own account, foreign form", 403, browser.post(&laptop.demo_url("/account"), &[("others", "x")]).await));
    all.push(("own account, not signed in", 403, browser.get(&laptop.demo_url("/account?error=access_denied")).await));
    all.push(("device", 200, browser.get(&laptop.demo_url("/device")).await));
    all.push(("device, no code", 400, browser.post(&laptop.demo_url("/device"), &[("user_code", "x")]).await));
    all.push(("form post", 200, browser.authorize(&refused).await));
    all.push(("still signed in", 200, log_out(laptop, &mut browser, "stay").await));
    all.push(("logout without decision", 400, log_out(laptop, &mut browser, "").await));
    all.push(("sign out?", 200, browser.get(&laptop.demo_url("/oidc/logout?client_id=demo-spa")).await));
    let hinted = laptop.demo_url("/oidc/logout?id_token_hint=x");
    all.push(("a foreign hint", 400, browser.get(&hinted).await));
    laptop.wire.plan(|call, _| if call.is_write() { Trouble::Denied } else { Trouble::None });
    let not_yet = log_out(laptop, &mut browser, "sign-out").await;
    laptop.wire.calm();
    all.push(("not signed out yet", 503, not_yet));
    all.push(("signed out", 200, browser.get(&laptop.demo_url("/oidc/logout")).await));
    all.extend([("login", 200, login), ("failed login", 403, failed), ("consent", 200, consent)]);
    all
}

/// Opens the logout confirmation page and submits `decision`.
async fn log_out(laptop: &Laptop, browser: &mut Browser<'_>, decision: &str) -> Response {
    let asking = browser.get(&laptop.demo_url("/oidc/logout?client_id=demo-spa")).await;
    let form = form(&asking);
    browser.post(&form.action, &[("confirmation", &form.hidden[0].1), ("decision", decision)]).await
}

/// Error pages shown when no redirect URI can be trusted.
async fn errors_of_authorize(laptop: &Laptop, browser: &mut Browser<'_>, pkce: &Pkce) -> Pages {
    let fields = request("demo-native", NATIVE, pkce);
    let url = |path: &str| laptop.demo_url(path);
    let mut all: Pages = vec![
        ("unknown client", 400, browser.authorize(&changed(&fields, "client_id", Some("x"))).await),
        ("no client", 400, browser.authorize(&changed(&fields, "client_id", None)).await),
        ("unregistered", 400, browser.authorize(&changed(&fields, "redirect_uri", Some("https://x.example"))).await),
        ("no redirect URI", 400, browser.authorize(&changed(&fields, "redirect_uri", None)).await),
        ("broken", 400, browser.get(&url("/oauth2/authorize?state=%zz")).await),
        ("large", 400, browser.get(&url(&format!("/oauth2/authorize?{}", "a".repeat(9000)))).await),
        ("stale", 400, browser.get(&url("/login?interaction=x")).await),
        ("no interaction", 400, browser.get(&url("/login/consent")).await),
        ("foreign upstream answer", 400, browser.get(&url("/callback/partner?code=x&state=y")).await),
        ("upstream answer without state", 400, browser.get(&url("/callback/partner")).await),
        ("no such workspace", 404, looked_for(browser, "/default/nobody/oauth2/authorize?client_id=x").await),
        ("no such workspace's login", 404, looked_for(browser, "/default/nobody/login?interaction=x").await),
        ("method of authorize", 405, browser.send("PUT", &url("/oauth2/authorize"), &[], String::new()).await),
        ("method of login", 405, browser.send("DELETE", &url("/login"), &[], String::new()).await),
        ("method of callback", 405, browser.send("PUT", &url("/callback/partner"), &[], String::new()).await),
        (
            "upstream answer that is no form",
            400,
            browser.send("POST", &url("/callback/partner"), &[], "x".into()).await,
        ),
        ("preflight", 405, browser.send("OPTIONS", &url("/oauth2/authorize"), &[], String::new()).await),
    ];
    laptop.clock.advance(30);
    laptop.wire.plan(|_, _| Trouble::Denied);
    all.push(("no store", 503, browser.authorize(&fields).await));
    laptop.wire.calm();
    all
}

/// Navigates to `url` as if a user had typed it in.
async fn looked_for(browser: &mut Browser<'_>, url: &str) -> Response {
    browser.send("GET", url, &[("accept", "text/html,application/xhtml+xml,*/*;q=0.8")], String::new()).await
}

/// Nothing listens on port 1, so the upstream provider is unreachable.
async fn laptop() -> Laptop {
    Laptop::at("http://localhost:1", |text| text).await
}

#[tokio::test]
async fn sec_hdr_01_to_07_and_sec_authz_23_every_page_has_every_security_header_and_no_external_resource() {
    let laptop = laptop().await;
    let (mut nonces, pages) = (BTreeSet::new(), pages(&laptop).await);
    let count = pages.len();
    let inline = Regex::new(r"<[^>]*\s(on\w+|style)=").unwrap();
    let foreign = Regex::new(r#"(?:src|href|action)="([^"]*)""#).unwrap();
    for (case, status, response) in pages {
        let html = body(&response);
        assert_eq!(response.status().as_u16(), status, "{case}: {html}");
        headers(&response, case);
        let header = |name: &str| response.headers()[name].to_str().unwrap().to_owned();
        let policy = header("content-security-policy");
        let nonce = policy.split("script-src 'nonce-").nth(1).unwrap().split('\'').next().unwrap().to_owned();
        assert!(nonce.len() >= 22 && policy.contains(&format!("style-src 'nonce-{nonce}'")), "{case}: {policy}");
        assert!(html.contains(&format!("nonce=\"{nonce}\"")), "{case}");
        nonces.insert(nonce);
        for lax in ["unsafe", "*", "http:", "https:"] {
            let directives = policy.split(';').filter(|directive| !directive.contains("form-action"));
            assert!(!directives.collect::<String>().contains(lax), "{case} {lax}: {policy}");
        }
        assert_eq!(header("content-type"), "text/html; charset=utf-8", "{case}");
        assert_eq!(header("pragma"), "no-cache", "{case}");
        assert_eq!(header("cross-origin-resource-policy"), "same-origin", "{case}");
        assert!(header("strict-transport-security").contains("includeSubDomains"), "{case}");
        assert!(header("permissions-policy").contains("camera=()"), "{case}");
        for named in foreign.captures_iter(&html).map(|found| found[1].to_owned()) {
            let own = named.starts_with("data:image/svg+xml,") || named.starts_with("http://localhost:1/default/demo/");
            // The link back leads to the client's registered redirect URI of this request.
            let back = named.starts_with(&format!("{NATIVE}?error=access_denied"));
            assert!(own || back || (case == "form post" && named == NATIVE), "{case}: {named}");
        }
        assert!(!inline.is_match(&html), "{case}: {html}");
        assert!(!html.contains("javascript:"), "{case}");
    }
    assert_eq!(nonces.len(), count, "each page has a nonce of its own");
}

#[tokio::test]
async fn sec_hdr_01_form_action_allows_self_and_the_scheme_of_the_client_only() {
    let (laptop, pkce) = (Laptop::demo().await, Pkce::new("hdr 1"));
    for (client, redirect_uri, source) in [
        ("demo-spa", SPA, "http: https:"),
        ("demo-native", NATIVE, "http: https:"),
        ("demo-native", "com.example.demo:/callback", "com.example.demo:"),
        ("demo-web", "https://client.example/cb", "https:"),
    ] {
        let mut browser = Browser::new(&laptop);
        let login = browser.authorize(&request(client, redirect_uri, &pkce)).await;
        let consent = browser.sign_in(&login, "alice", "alice").await;
        for response in [login, consent] {
            let policy = response.headers()["content-security-policy"].to_str().unwrap();
            assert!(policy.contains(&format!("form-action 'self' {source};")), "{policy}");
        }
    }
    let error = Browser::new(&laptop).authorize(&[("client_id", "x")]).await;
    assert!(error.headers()["content-security-policy"].to_str().unwrap().contains("form-action 'self';"));
}

#[tokio::test]
async fn sec_hdr_03_to_06_all_other_responses_carry_the_common_headers() {
    let (laptop, pkce) = (Laptop::demo().await, Pkce::new("hdr 3"));
    let code = trusted_code(&laptop, &pkce).await;
    let token = crate::given::redeemed(&laptop, &code, &pkce).await;
    let get = async |path: &str| laptop.send("GET", path, &[], "").await;
    let url = |path: &str| laptop.demo_url(path);
    let all = [
        ("tokens", token, "application/json", "no-store"),
        ("a refusal", laptop.form("/oauth2/token", &[], &[]).await, "application/json", "no-store"),
        ("a method", get(&url("/oauth2/token")).await, "application/json", "no-store"),
        ("userinfo", get(&url("/userinfo")).await, "application/json", "no-store"),
        ("discovery", get(&url("/.well-known/openid-configuration")).await, "application/json", "public, max-age=300"),
        ("keys", get(&url("/.well-known/jwks.json")).await, "application/json", "public, max-age=300"),
        ("no workspace", get("/default/nobody/.well-known/jwks.json").await, "application/json", "no-store"),
        ("cache deception", get(&url("/oauth2/authorize/x.css")).await, "application/json", "no-store"),
        ("cache deception", get(&url("/userinfo/x.css")).await, "application/json", "no-store"),
        (
            "a redirect",
            get(&format!("{}?{}", url("/oauth2/authorize"), encoded(&request("demo-spa", SPA, &pkce)))).await,
            "",
            "no-store",
        ),
        ("a preflight", laptop.send("OPTIONS", &url("/oauth2/token"), &[], "").await, "", "no-store"),
    ];
    for (case, response, content_type, caching) in all {
        let header = |name: &str| response.headers().get(name).map_or("", |value| value.to_str().unwrap()).to_owned();
        assert_eq!(header("content-type"), content_type, "{case}");
        assert_eq!(response.body().is_empty(), content_type.is_empty(), "{case}");
        assert_eq!(header("cache-control"), caching, "{case}");
        assert_eq!(header("x-content-type-options"), "nosniff", "{case}");
        assert_eq!(header("referrer-policy"), "no-referrer", "{case}");
        let max_age: u64 =
            header("strict-transport-security")["max-age=".len()..].split(';').next().unwrap().parse().unwrap();
        assert!(max_age >= 31_536_000, "{case}");
        for told in ["server", "x-powered-by", "via", "x-runtime"] {
            assert!(!response.headers().contains_key(told), "{case}: {told}");
        }
    }
}

#[tokio::test]
async fn sec_hdr_08_the_response_to_a_panic_does_not_reveal_its_cause() {
    let request = web::Request { path: "/".into(), ..web::Request::nameless("trace") };
    let response = web::edge::guarded(&request, async { panic!("the cause, in src/lib.rs") }).await;
    assert_eq!(response.status(), 500);
    assert_eq!(response.headers()["content-type"], "application/json");
    assert!(!body(&response).contains("cause") && !body(&response).contains(".rs"), "{}", body(&response));
    assert!(body(&response).contains("server_error"));
}

const EVIL: &str = "\"><script>alert(1)</script><img src=x onerror=alert(1)>'{{7*7}}&lt;";

#[tokio::test]
async fn sec_xss_01_client_user_and_request_values_are_rendered_as_text() {
    let hostile = |text: String| {
        text.replace("client_name = \"Demo (native application)\"", &format!("client_name = '''{EVIL}'''"))
            .replace("title = \"See your name\"", &format!("title = '''{EVIL}'''"))
            .replace(
                "description = \"Your name and what else you show of yourself.\"",
                &format!("description = '''{EVIL}'''"),
            )
            .replace("name = \"Postern demo\"", &format!("name = '''{EVIL}'''"))
            .replace("title = \"Partner\"", &format!("title = '''{EVIL}'''"))
            .replace("name = \"Alice Example\"", &format!("name = '''{EVIL}'''"))
    };
    let (laptop, pkce) = (Laptop::with(hostile).await, Pkce::new("xss 1"));
    let mut browser = Browser::new(&laptop);
    let mut fields = request("demo-native", NATIVE, &pkce);
    for name in ["login_hint", "state", "ui_locales", "acr_values", "nonce", "error", "error_description"] {
        fields = changed(&fields, name, Some(EVIL));
    }
    let login = browser.authorize(&fields).await;
    let failed = browser.sign_in(&login, EVIL, EVIL).await;
    let consent = browser.sign_in(&login, "alice", "alice").await;
    let shown = [("login", 5, login), ("failed", 4, failed), ("consent", 5, consent)];
    for (case, at_least, response) in shown {
        let html = body(&response);
        assert_eq!(html.matches("<script").count(), html.matches("<script nonce=\"").count(), "{case}: {html}");
        assert!(!html.contains("<img") && !html.contains("{{7*7}}&lt;"), "{case}: {html}");
        assert!(
            html.matches("alert(1)").count() >= at_least || html.matches("alert&#40;1").count() >= at_least,
            "{case}: {html}"
        );
    }
}

#[tokio::test]
async fn sec_xss_05_no_url_can_inject_text_into_a_page() {
    let laptop = Laptop::demo().await;
    let words = "error=Your+account+was+stolen&message=call+555&error_description=call+555&title=call+555";
    let mut browser = Browser::new(&laptop);
    for path in ["/login", "/login/consent", "/login/upstream/partner", "/callback/partner", "/oauth2/authorize"] {
        let plain = browser.get(&laptop.demo_url(path)).await;
        let with_words = browser.get(&format!("{}?{words}", laptop.demo_url(path))).await;
        page(&with_words, 400, path);
        let without_nonce = |response: &Response| {
            let policy = response.headers()["content-security-policy"].to_str().unwrap().to_owned();
            let nonce = policy.split("'nonce-").nth(1).unwrap().split('\'').next().unwrap().to_owned();
            body(response).replace(&nonce, "")
        };
        assert_eq!(without_nonce(&with_words), without_nonce(&plain), "{path}");
    }
}

/// The demo on a real listener, because one of its workspaces is the identity provider of the other.
async fn listening(test: impl AsyncFnOnce(&Laptop)) {
    let listeners = Listeners::bind(0).await.unwrap();
    let laptop = Laptop::at(&format!("http://localhost:{}", listeners.port()), |text| text).await;
    let app = Rc::new(App::assemble(&laptop.runtime).unwrap());
    let local = tokio::task::LocalSet::new();
    local.spawn_local(serve(app, listeners, &SystemEntropy, std::future::pending()));
    local.run_until(Box::pin(test(&laptop))).await;
}

#[tokio::test]
async fn sec_xss_02_and_sec_up_06_error_texts_of_a_provider_are_not_repeated() {
    Box::pin(listening(async |laptop| {
        let pkce = Pkce::new("xss 2");
        let said = "error_description=%3Cb%3Epwned%3C%2Fb%3E&error_uri=https%3A%2F%2Fpwned.example";
        for error in ["x", "access_denied", "%3Cb%3Epwned", "server_error"] {
            let mut browser = Browser::new(laptop);
            let login = browser.authorize(&request("demo-native", NATIVE, &pkce)).await;
            let interaction = form(&login).hidden[0].1.clone();
            let begin = format!("{}?interaction={interaction}", laptop.demo_url("/login/upstream/partner"));
            let there = browser.get(&begin).await;
            let state = answered(&there, "state").unwrap_or_else(|| panic!("{} {}", there.status(), body(&there)));
            let issuer =
                protocol::syntax::encoding::encode_uri_component(&laptop.issuer().replace("/demo", "/partner"));
            let query = format!("state={state}&iss={issuer}&error={error}&{said}");
            let response = browser.get(&format!("{}?{query}", laptop.demo_url("/callback/partner"))).await;
            let everything = format!("{:?} {}", response.headers(), body(&response));
            assert!(!everything.contains("pwned"), "{error}: {everything}");
            if error == "access_denied" {
                page(&response, 403, error);
            } else {
                redirected(laptop, &response, NATIVE, "server_error", error);
            }
            let again = browser.get(&format!("{}?{query}", laptop.demo_url("/callback/partner"))).await;
            page(&again, 400, "the transaction is over");
        }
    }))
    .await;
}
