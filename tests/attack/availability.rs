//! Availability: one party's failures, repeats or bogus requests must not affect the others.

use futures::future::join_all;
use serde_json::json;
use tests::browser::{answered, body, location, request};
use tests::laptop::encoded;
use tests::{Browser, Laptop, Pkce, Provider};

use crate::given::{NATIVE, SPA, and_clients};

#[tokio::test]
async fn sec_up_22_a_replayed_upstream_response_is_exchanged_once() {
    let provider = Provider::start().await;
    let laptop = Laptop::with(|file| provider.registered(&file, "")).await;
    let (mut browser, pkce) = (Browser::new(&laptop), Pkce::new("up 22"));
    let away = provider.leave(&mut browser, &request("demo-trusted", NATIVE, &pkce)).await;
    provider.will_say(&laptop, &away, (&json!({}), &json!({})));
    let callback = laptop.demo_url(&format!("/callback/partner?code=c&state={}", away.asked("state").unwrap()));
    let cookies: Vec<String> = browser.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
    let cookies = cookies.join("; ");
    let headers = [("cookie", cookies.as_str())];
    let answers = join_all((0..5).map(|_| laptop.send("GET", &callback, &headers, ""))).await;
    assert_eq!(provider.exchanges(), 1);
    let codes = answers.iter().filter(|answer| answered(answer, "code").is_some()).count();
    assert_eq!(codes, 1);
    let again = laptop.demo_url("/login/upstream/partner?interaction=");
    for answer in answers.iter().filter(|answer| answered(answer, "code").is_none()) {
        let begins_again = location(answer).is_some_and(|to| to.starts_with(&again));
        assert!(begins_again || body(answer).contains("already"), "{} {}", answer.status(), body(answer));
    }
}

/// The user reloaded the page while the first response was in flight, and that response is lost.
#[tokio::test]
async fn sec_up_22_reloading_the_callback_still_logs_in() {
    let provider = Provider::start().await;
    let laptop = Laptop::with(|file| provider.registered(&file, "")).await;
    let (mut browser, pkce) = (Browser::new(&laptop), Pkce::new("up 22 reload"));
    let away = provider.leave(&mut browser, &request("demo-spa", SPA, &pkce)).await;
    let before = browser.cookies.clone();
    let lost = provider.come_back((&laptop, &mut browser), &away, (&json!({}), &json!({}))).await;
    assert!(body(&lost).contains("name=\"decision\""), "{}", body(&lost));
    browser.cookies = before;
    let callback = laptop.demo_url(&format!("/callback/partner?code=c&state={}", away.asked("state").unwrap()));
    let reloaded = browser.get(&callback).await;
    let sent_again = browser.get(&location(&reloaded).unwrap()).await;
    let away = provider.followed(&sent_again);
    let consent = provider.come_back((&laptop, &mut browser), &away, (&json!({}), &json!({}))).await;
    assert!(answered(&browser.decide(&consent, "allow", &[]).await, "code").is_some());
    assert_eq!(provider.exchanges(), 2, "one exchange per upstream response");
}

#[tokio::test]
async fn sec_ssrf_07_a_failed_provider_lookup_is_retried_on_the_next_click() {
    let provider = Provider::start().await;
    let laptop = Laptop::with(|file| provider.registered(&file, "")).await;
    let (mut browser, pkce) = (Browser::new(&laptop), Pkce::new("ssrf 7"));
    let login = browser.authorize(&request("demo-trusted", NATIVE, &pkce)).await;
    provider.publishes(&json!({"issuer": "https://another.example"}));
    assert!(tests::provider::press(&mut browser, &login).await.status().is_server_error());
    provider.publishes(&json!({"issuer": provider.issuer}));
    assert_eq!(tests::provider::press(&mut browser, &login).await.status(), 303);
}

#[tokio::test]
async fn sec_dos_10_an_unknown_client_or_workspace_costs_one_read_per_five_seconds_and_a_new_one_appears_after_that() {
    let laptop = Laptop::demo().await;
    let pkce = Pkce::new("dos 10");
    let url = format!("{}?{}", laptop.demo_url("/oauth2/authorize"), encoded(&request("stranger", NATIVE, &pkce)));
    let _ = laptop.send("GET", &laptop.demo_url("/.well-known/openid-configuration"), &[], "").await;
    let _ = laptop.wire.calls();
    for _ in 0..1000 {
        assert_eq!(laptop.send("GET", &url, &[], "").await.status(), 400);
        assert_eq!(laptop.send("GET", "/default/nowhere/oauth2/authorize", &[], "").await.status(), 404);
    }
    let reads = laptop.wire.calls();
    assert_eq!(reads.iter().filter(|call| call.kind == "client").count(), 1, "{reads:?}");
    assert!(reads.iter().filter(|call| call.kind == "workspace").count() <= 2, "{reads:?}");
    laptop
        .apply(and_clients(
            "[[clients]]\nclient_id = \"stranger\"\nclient_name = \"New\"\napplication_type = \"native\"\n\
             token_endpoint_auth_method = \"none\"\nredirect_uris = [\"http://127.0.0.1/callback\"]\n\
             scope = \"openid profile email\"\n",
        ))
        .await;
    laptop.clock.advance(5);
    let response = laptop.send("GET", &url, &[], "").await;
    assert_eq!(response.status(), 303, "{}", body(&response));
}
