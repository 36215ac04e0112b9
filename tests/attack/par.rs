//! Section K, rows PAR: pushed authorization requests (RFC 9126).

use serde_json::json;
use tests::assertion::{Assertion, ClientKey, asserted};
use tests::browser::{answered, body, changed, exchange, json as parsed, location, request};
use tests::expect::{page, redirected, refused};
use tests::{Browser, Laptop, Pkce};
use web::Response;

use crate::given::{NATIVE, SPA, WEB, and_clients, basic, is_demo};

const TRUSTED: &str = "demo-trusted";

/// Pushes `fields`, authenticated with `headers`.
async fn push(laptop: &Laptop, fields: &[(&str, &str)], headers: &[(&str, &str)]) -> Response {
    laptop.form("/par", fields, headers).await
}

/// Pushes `fields` of a public client and returns the `request_uri`.
async fn pushed(laptop: &Laptop, fields: &[(&str, &str)]) -> String {
    let response = push(laptop, fields, &[]).await;
    assert_eq!(response.status(), 201, "{}", body(&response));
    parsed(&response)["request_uri"].as_str().unwrap().into()
}

/// A change to a workspace file.
type Change = fn(String) -> String;

/// Brings `uri` to the authorization endpoint for `client`, with `more`.
async fn brought(browser: &mut Browser<'_>, client: &str, uri: &str, more: &[(&str, &str)]) -> Response {
    let fields = [&[("client_id", client), ("request_uri", uri)], more].concat();
    browser.authorize(&fields).await
}

/// Brings `uri`, logs alice in and consents.
async fn logged_in(browser: &mut Browser<'_>, client: &str, uri: &str) -> Response {
    browser.log_in(&[("client_id", client), ("request_uri", uri)]).await
}

fn secret() -> String {
    basic("demo-web:demo-web-secret")
}

#[tokio::test]
async fn sec_par_01_a_client_authenticates_as_at_the_token_endpoint_and_gets_a_reference() {
    let (laptop, pkce) = (Laptop::demo().await, Pkce::new("par 1"));
    let fields = request("demo-web", WEB, &pkce);
    let before = laptop.dump();
    refused(&push(&laptop, &fields, &[]).await, 401, "invalid_client", "no secret");
    let wrong = basic("demo-web:wrong");
    let response = push(&laptop, &fields, &[("authorization", &wrong)]).await;
    refused(&response, 401, "invalid_client", "a wrong secret");
    assert!(response.headers()["www-authenticate"].to_str().unwrap().starts_with("Basic "));
    assert_eq!(laptop.dump(), before);
    let response = push(&laptop, &fields, &[("authorization", &secret())]).await;
    let answer = parsed(&response);
    assert_eq!((response.status().as_u16(), &answer["expires_in"]), (201, &json!(60)), "{answer}");
    assert_eq!(response.headers()["cache-control"], "no-store");
    let uri = answer["request_uri"].as_str().unwrap();
    assert!(uri.starts_with("urn:ietf:params:oauth:request_uri:") && uri.len() == 34 + 43, "{uri}");
    let code = answered(&logged_in(&mut Browser::new(&laptop), "demo-web", uri).await, "code").unwrap();
    let exchange = exchange("demo-web", WEB, &code, &pkce.verifier);
    let tokens = laptop.form("/oauth2/token", &exchange, &[("authorization", &secret())]).await;
    assert_eq!(tokens.status(), 200, "{}", body(&tokens));
}

/// Libraries make assertions for the token endpoint wherever they send them (RFC 9126 §2).
#[tokio::test]
async fn sec_par_01_an_assertion_for_the_token_endpoint_is_taken_where_the_client_may_name_one() {
    let key = ClientKey::of_demo();
    let client = |audience: &str| {
        format!(
            "[[clients]]\nclient_id = \"{audience}\"\nclient_name = \"K\"\nredirect_uris = [\"{WEB}\"]\nscope = \"openid\"\n\
             token_endpoint_auth_method = \"private_key_jwt\"\njwks = {{ keys = [{}] }}\n\
             client_assertion_audience = \"{audience}\"\n",
            toml(&key.jwk("k"))
        )
    };
    let more = client("issuer") + &client("endpoint");
    let (laptop, pkce) = (Laptop::with(and_clients(&more)).await, Pkce::new("par 1 audience"));
    let endpoints = [laptop.issuer() + "/oauth2/token", laptop.issuer() + "/par", laptop.issuer() + "/userinfo"];
    for (client, taken) in [("issuer", [false; 3]), ("endpoint", [true, true, false])] {
        for (endpoint, taken) in endpoints.iter().zip(taken) {
            let assertion = Assertion::new(&laptop, client, endpoint).with("aud", json!(endpoint)).signed(&key);
            let fields =
                [&changed(&request(client, WEB, &pkce), "scope", Some("openid"))[..], &asserted(&assertion)].concat();
            let status = push(&laptop, &fields, &[]).await.status().as_u16();
            assert_eq!(status, if taken { 201 } else { 401 }, "{client} {endpoint}");
        }
    }
}

fn toml(jwk: &serde_json::Value) -> String {
    let members = jwk.as_object().unwrap().iter().map(|(name, value)| format!("{name} = {value}"));
    format!("{{ {} }}", members.collect::<Vec<_>>().join(", "))
}

#[tokio::test]
async fn sec_par_02_and_03_what_the_authorization_endpoint_would_refuse_is_refused_at_the_push() {
    let (laptop, pkce) = (Laptop::demo().await, Pkce::new("par 2"));
    let fields = request(TRUSTED, NATIVE, &pkce);
    let uri = pushed(&laptop, &fields).await;
    let table = [
        ("request_uri", Some(uri.as_str()), "invalid_request"),
        ("request_uri", Some("https://client.example/r"), "invalid_request"),
        ("request", Some("e30.e30."), "request_not_supported"),
        ("redirect_uri", Some("https://evil.example/cb"), "invalid_request"),
        ("redirect_uri", None, "invalid_request"),
        ("response_type", Some("token"), "unsupported_response_type"),
        ("scope", Some("openid nothing"), "invalid_scope"),
        ("resource", Some("https://evil.example"), "invalid_target"),
        ("code_challenge", None, "invalid_request"),
        ("code_challenge_method", Some("plain"), "invalid_request"),
        ("prompt", Some("none login"), "invalid_request"),
        ("id_token_hint", Some("a.b.c"), "invalid_request"),
        ("claims", Some("{"), "invalid_request"),
    ];
    let before = laptop.dump();
    for (name, value, error) in table {
        let response = push(&laptop, &changed(&fields, name, value), &[]).await;
        refused(&response, 400, error, &format!("{name}={value:?}"));
    }
    let twice = [&fields[..], &[("scope", "openid")]].concat();
    refused(&push(&laptop, &twice, &[]).await, 400, "invalid_request", "a parameter twice");
    assert_eq!(laptop.dump(), before, "nothing is stored of what is refused");
}

#[tokio::test]
async fn sec_par_03_a_registration_that_changed_since_the_push_counts() {
    let pkce = Pkce::new("par 3");
    let table: [(&str, Change); 3] = [
        ("no redirect URI", |text| text.replace("http://127.0.0.1/callback", "http://127.0.0.1/other")),
        ("inactive", |text| {
            text.replace("client_id = \"demo-trusted\"", "client_id = \"demo-trusted\"\nclient_status = \"inactive\"")
        }),
        ("no scope", |text| {
            text.replacen("name = \"profile\"", "name = \"other\"", 1).replace("openid profile", "openid other")
        }),
    ];
    for (case, change) in table {
        let laptop = Laptop::demo().await;
        let uri = pushed(&laptop, &changed(&request(TRUSTED, NATIVE, &pkce), "scope", Some("openid profile"))).await;
        laptop.apply(|text| if is_demo(&text) { change(text) } else { text }).await;
        laptop.clock.advance(31);
        let response = brought(&mut Browser::new(&laptop), TRUSTED, &uri, &[]).await;
        if case == "no scope" {
            redirected(&laptop, &response, NATIVE, "invalid_scope", case);
        } else {
            page(&response, 400, case);
        }
    }
}

#[tokio::test]
async fn sec_par_04_a_reference_is_for_one_client_one_tenant_one_minute() {
    let (laptop, pkce) = (Laptop::demo().await, Pkce::new("par 4"));
    let fields = request(TRUSTED, NATIVE, &pkce);
    let uri = pushed(&laptop, &fields).await;
    page(&brought(&mut Browser::new(&laptop), "demo-native", &uri, &[]).await, 400, "another client");
    let other = format!("/default/partner/oauth2/authorize?client_id={TRUSTED}&request_uri={uri}");
    page(&Browser::new(&laptop).get(&other).await, 400, "another tenant");
    let wrong = format!("{}A", &uri[..uri.len() - 1]);
    page(&brought(&mut Browser::new(&laptop), TRUSTED, &wrong, &[]).await, 400, "another reference");
    laptop.clock.advance(59);
    assert_eq!(brought(&mut Browser::new(&laptop), TRUSTED, &uri, &[]).await.status(), 200);
    let late = pushed(&laptop, &fields).await;
    laptop.clock.advance(60);
    page(&brought(&mut Browser::new(&laptop), TRUSTED, &late, &[]).await, 400, "expired");
}

#[tokio::test]
async fn sec_par_04_a_reload_goes_on_and_another_browser_and_a_second_use_do_not() {
    let (laptop, pkce) = (Laptop::demo().await, Pkce::new("par 4 once"));
    let uri = pushed(&laptop, &request(TRUSTED, NATIVE, &pkce)).await;
    let (mut first, mut second) = (Browser::new(&laptop), Browser::new(&laptop));
    assert_eq!(brought(&mut first, TRUSTED, &uri, &[]).await.status(), 200);
    let before = laptop.dump();
    page(&brought(&mut second, TRUSTED, &uri, &[]).await, 400, "another browser");
    let reloaded = brought(&mut first, TRUSTED, &uri, &[]).await;
    assert_eq!(reloaded.status(), 200);
    assert_eq!(laptop.dump(), before, "neither is written");
    assert!(answered(&first.sign_in(&reloaded, "alice", "alice").await, "code").is_some());
    page(&brought(&mut first, TRUSTED, &uri, &[]).await, 400, "used");
    page(&first.sign_in(&reloaded, "alice", "alice").await, 400, "the form of before");
}

/// However many browsers bring a reference at once, one has it, and one code at most comes of it.
#[tokio::test]
async fn sec_par_04_fifty_browsers_at_once_yield_one_code() {
    let (laptop, pkce) = (Laptop::demo().await, Pkce::new("par 4 fifty"));
    let uri = pushed(&laptop, &request(TRUSTED, NATIVE, &pkce)).await;
    let bring = async || {
        let mut browser = Browser::new(&laptop);
        let login = brought(&mut browser, TRUSTED, &uri, &[]).await;
        let ours = login.status() == 200;
        assert!(ours || login.status() == 400, "{}", body(&login));
        ours && answered(&browser.sign_in(&login, "alice", "alice").await, "code").is_some()
    };
    let codes = futures::future::join_all((0..50).map(|_| bring())).await;
    assert_eq!(codes.into_iter().filter(|code| *code).count(), 1);
}

#[tokio::test]
async fn sec_par_05_a_client_that_must_push_cannot_do_otherwise_and_what_stands_beside_a_reference_is_ignored() {
    let must = "require_pushed_authorization_requests = true";
    let by_client = move |text: String| {
        text.replace("client_id = \"demo-trusted\"", &format!("client_id = \"demo-trusted\"\n{must}"))
    };
    let by_workspace = move |text: String| text.replace("pkce = \"all\"", &format!("pkce = \"all\"\n{must}"));
    let changes: [&dyn Fn(String) -> String; 2] = [&by_client, &by_workspace];
    for change in changes {
        let (laptop, pkce) = (Laptop::with(change).await, Pkce::new("par 5"));
        let fields = request(TRUSTED, NATIVE, &pkce);
        let plain = Browser::new(&laptop).authorize(&fields).await;
        redirected(&laptop, &plain, NATIVE, "invalid_request", "a plain request");
        let elsewhere = changed(&fields, "redirect_uri", Some("https://evil.example/cb"));
        page(&Browser::new(&laptop).authorize(&elsewhere).await, 400, "a plain request to nowhere");
        let uri = pushed(&laptop, &fields).await;
        let mut browser = Browser::new(&laptop);
        let beside =
            [("scope", "admin"), ("redirect_uri", "https://evil.example/cb"), ("state", "other"), ("nonce", "n")];
        let login = brought(&mut browser, TRUSTED, &uri, &beside).await;
        let response = browser.sign_in(&login, "alice", "alice").await;
        assert!(location(&response).unwrap().starts_with(NATIVE), "{:?}", location(&response));
        let sent = |name| fields.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned());
        assert_eq!(answered(&response, "state"), sent("state"));
        assert!(answered(&response, "code").is_some());
    }
}

#[tokio::test]
async fn sec_pkce_11_the_challenge_is_that_of_the_push() {
    let (laptop, pkce, other) = (Laptop::demo().await, Pkce::new("pushed"), Pkce::new("beside"));
    let uri = pushed(&laptop, &request(TRUSTED, NATIVE, &pkce)).await;
    let mut browser = Browser::new(&laptop);
    let beside = [("code_challenge", other.challenge.as_str()), ("code_challenge_method", "S256")];
    let login = brought(&mut browser, TRUSTED, &uri, &beside).await;
    let code = answered(&browser.sign_in(&login, "alice", "alice").await, "code").unwrap();
    let redeem =
        async |pkce: &Pkce| laptop.form("/oauth2/token", &exchange(TRUSTED, NATIVE, &code, &pkce.verifier), &[]).await;
    refused(&redeem(&other).await, 400, "invalid_grant", "the verifier of the challenge beside");
    assert_eq!(redeem(&pkce).await.status(), 200);
}

/// Keycloak kept pushed parameters in a cookie (CVE-2024-4540).
#[tokio::test]
async fn sec_par_06_a_pushed_request_is_not_readable_in_urls_cookies_hidden_fields_or_the_store() {
    let (laptop, pkce) = (Laptop::demo().await, Pkce::new("par 6"));
    let marks = [("nonce", "nonce-of-the-push"), ("claims", r#"{"id_token":{"sub":{"value":"subject-of-the-push"}}}"#)];
    let fields =
        marks.iter().fold(request(TRUSTED, NATIVE, &pkce), |fields, (name, value)| changed(&fields, name, Some(value)));
    let uri = pushed(&laptop, &fields).await;
    let stored = format!("{:?}", laptop.dump());
    let mut browser = Browser::new(&laptop);
    let redirect =
        browser.get(&laptop.demo_url(&format!("/oauth2/authorize?client_id={TRUSTED}&request_uri={uri}"))).await;
    let (to, cookies) = (location(&redirect).unwrap(), format!("{:?}", browser.cookies));
    let login = browser.follow(redirect).await;
    for found in [stored, to, cookies, body(&login)] {
        for secret in ["-of-the-push", pkce.challenge.as_str(), &uri[34..]] {
            assert!(!found.contains(secret), "{secret}: {found}");
        }
    }
}

#[tokio::test]
async fn sec_par_07_and_08_wrong_methods_large_bodies_and_floods_have_their_status() {
    let (laptop, pkce) = (Laptop::demo().await, Pkce::new("par 7"));
    let response = laptop.send("GET", &laptop.demo_url("/par"), &[], "").await;
    refused(&response, 405, "invalid_request", "GET");
    assert_eq!(response.headers()["allow"], "POST");
    let padding = "a".repeat(65 * 1024);
    let fields = request("demo-native", NATIVE, &pkce);
    let large = [&fields[..], &[("padding", padding.as_str())]].concat();
    refused(&push(&laptop, &large, &[]).await, 413, "invalid_request", "65 KiB");
    let flood = async |laptop: &Laptop| {
        let mut statuses = Vec::new();
        for _ in 0..125 {
            statuses.push(push(laptop, &fields, &[]).await);
        }
        statuses
    };
    laptop.come_from("192.0.2.1");
    let responses = flood(&laptop).await;
    assert_eq!(responses.iter().filter(|response| response.status() == 201).count(), 120);
    let last = responses.last().unwrap();
    refused(last, 429, "too_many_requests", "the 125th");
    let wait: u32 = last.headers()["retry-after"].to_str().unwrap().parse().unwrap();
    assert!((1..=60).contains(&wait), "{wait}");
    laptop.come_from("192.0.2.2");
    assert_eq!(push(&laptop, &fields, &[]).await.status(), 201, "another address");
    laptop.come_from("192.0.2.1");
    let web = request("demo-web", WEB, &pkce);
    assert_eq!(push(&laptop, &web, &[("authorization", &secret())]).await.status(), 201, "a client that authenticates");
    laptop.clock.advance(wait);
    assert_eq!(push(&laptop, &fields, &[]).await.status(), 201, "the next minute");
}

#[tokio::test]
async fn sec_redir_21_only_an_authenticated_client_with_the_right_pushes_an_unregistered_redirect_uri() {
    let right = |text: String| {
        text.replace("client_id = \"demo-web\"", "client_id = \"demo-web\"\npushed_redirect_uris = \"any\"")
    };
    let new = "https://new.example/cb";
    let pkce = Pkce::new("redir 21");
    let plain = Laptop::demo().await;
    let fields = request("demo-web", new, &pkce);
    refused(&push(&plain, &fields, &[("authorization", &secret())]).await, 400, "invalid_request", "no right");
    let public = request("demo-spa", new, &pkce);
    let laptop = Laptop::with(right).await;
    refused(&push(&laptop, &public, &[]).await, 400, "invalid_request", "a public client");
    page(&Browser::new(&laptop).authorize(&fields).await, 400, "not pushed");
    let http = changed(&fields, "redirect_uri", Some("http://new.example/cb"));
    refused(&push(&laptop, &http, &[("authorization", &secret())]).await, 400, "invalid_request", "no https");
    let response = push(&laptop, &fields, &[("authorization", &secret())]).await;
    let uri = parsed(&response)["request_uri"].as_str().unwrap().to_owned();
    let answer = logged_in(&mut Browser::new(&laptop), "demo-web", &uri).await;
    assert!(location(&answer).unwrap().starts_with(new), "{:?}", location(&answer));
    let code = answered(&answer, "code").unwrap();
    let elsewhere = exchange("demo-web", WEB, &code, &pkce.verifier);
    let response = laptop.form("/oauth2/token", &elsewhere, &[("authorization", &secret())]).await;
    refused(&response, 400, "invalid_grant", "another redirect URI at the exchange");
    let exchange = exchange("demo-web", new, &code, &pkce.verifier);
    let response = laptop.form("/oauth2/token", &exchange, &[("authorization", &secret())]).await;
    assert_eq!(response.status(), 200, "{}", body(&response));
}

/// A form of another site arrives without our cookies, so the reference must not be bound before it comes again.
#[tokio::test]
async fn sec_par_04_a_reference_that_is_posted_from_another_site_is_bound_when_the_cookies_come() {
    let (laptop, pkce) = (Laptop::demo().await, Pkce::new("par post"));
    let uri = pushed(&laptop, &request("demo-spa", SPA, &pkce)).await;
    let mut browser = Browser::new(&laptop);
    let before = laptop.dump();
    let url = laptop.demo_url("/oauth2/authorize");
    let retry = browser.post(&url, &[("client_id", "demo-spa"), ("request_uri", &uri)]).await;
    assert_eq!((retry.status().as_u16(), laptop.dump() == before), (303, true));
    assert_eq!(browser.follow(retry).await.status(), 200);
}

/// The item that consumes a request outlives every interaction that a reload has begun.
#[tokio::test]
async fn sec_par_04_an_expired_login_page_of_a_pushed_request_offers_no_new_beginning() {
    let (laptop, pkce) = (Laptop::demo().await, Pkce::new("par late"));
    let uri = pushed(&laptop, &request(TRUSTED, NATIVE, &pkce)).await;
    let mut browser = Browser::new(&laptop);
    let login = brought(&mut browser, TRUSTED, &uri, &[]).await;
    laptop.clock.advance(1800);
    let late = browser.sign_in(&login, "alice", "alice").await;
    page(&late, 400, "expired");
    assert!(!body(&late).contains("again=1"), "{}", body(&late));
    let sealed = tests::browser::form(&login).hidden.iter().find(|(name, _)| name == "interaction").unwrap().1.clone();
    let again = browser.get(&laptop.demo_url(&format!("/login?interaction={sealed}&again=1"))).await;
    page(&again, 400, "started over by hand");
}
