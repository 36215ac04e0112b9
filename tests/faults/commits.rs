//! The write that commits a step, and the loss of its response.

use postern::dev::engine::local_settings;
use tests::browser::{answered, exchange, form, json, request};
use tests::{Browser, Laptop, Pkce, Trouble, expect};

use crate::given::{NATIVE, Ready, Step, cold, userinfo};

/// Sends `ready`, losing the response to the first call named `name` on an item of `kind`.
async fn with_a_lost_answer(
    laptop: &Laptop,
    ready: &Ready,
    (name, kind): (&'static str, &'static str),
) -> web::Response {
    let lost = std::sync::atomic::AtomicBool::new(false);
    laptop.wire.plan(move |call, _| {
        let hit = call.name == name && call.kind == kind && !lost.swap(true, std::sync::atomic::Ordering::SeqCst);
        if hit { Trouble::After } else { Trouble::None }
    });
    let answer = ready.send(laptop).await;
    let tries = laptop.wire.calls().iter().filter(|call| call.name == name && call.kind == kind).count();
    assert_eq!(tries, 2, "the SDK tried again");
    laptop.wire.calm();
    answer
}

/// Counts the stored grants that have this attribute.
fn grants(laptop: &Laptop, attribute: &str) -> usize {
    let flow = &laptop.dump()[&local_settings().tables.flow];
    flow.iter().filter(|item| item.contains("grant#") && item.contains(&format!("\"{attribute}\""))).count()
}

#[tokio::test]
async fn f_ddb_03_a_redemption_with_a_lost_response_is_recognized_on_retry() {
    let mut laptop = Laptop::demo().await;
    let ready = Step::Exchange.ready(&laptop).await;
    cold(&mut laptop);
    let answer = with_a_lost_answer(&laptop, &ready, ("UpdateItem", "grant")).await;
    assert_eq!(answer.status(), 200, "{}", tests::browser::body(&answer));
    assert_eq!(userinfo(&laptop, json(&answer)["access_token"].as_str().unwrap()).await, 200);
    assert_eq!((grants(&laptop, "redeemed"), grants(&laptop, "revoked")), (1, 0));
    expect::refused(&ready.send(&laptop).await, 400, "invalid_grant", "the code was redeemed once");
}

#[tokio::test]
async fn f_ddb_03_a_grant_creation_with_a_lost_response_is_recognized_on_retry() {
    for step in [Step::SingleSignOn, Step::SignInAtOnce, Step::Allow] {
        let mut laptop = Laptop::demo().await;
        let ready = step.ready(&laptop).await;
        let before = grants(&laptop, "terms");
        cold(&mut laptop);
        let answer = with_a_lost_answer(&laptop, &ready, ("PutItem", "grant")).await;
        assert!(step.succeeded(&answer), "{step:?}: {:?}", answer.headers());
        assert_eq!(grants(&laptop, "terms"), before + 1, "{step:?}: exactly one grant");
        let (pkce, code) = (Pkce::new("faults"), answered(&answer, "code").unwrap());
        let client = if step == Step::Allow { "demo-native" } else { "demo-trusted" };
        let tokens = laptop.form("/oauth2/token", &exchange(client, NATIVE, &code, &pkce.verifier), &[]).await;
        assert_eq!(tokens.status(), 200, "{step:?}");
    }
}

#[tokio::test]
async fn f_ddb_03_a_denial_with_a_lost_response_is_recognized_on_retry_and_stays_a_denial() {
    let mut laptop = Laptop::demo().await;
    let ready = Step::Deny.ready(&laptop).await;
    cold(&mut laptop);
    let answer = with_a_lost_answer(&laptop, &ready, ("PutItem", "grant")).await;
    expect::redirected(&laptop, &answer, NATIVE, "access_denied", "the user denied access");
    assert_eq!(grants(&laptop, "terms"), 0);
}

#[tokio::test]
async fn f_ddb_03_a_session_and_a_consent_with_lost_responses_are_still_stored() {
    let mut laptop = Laptop::demo().await;
    for (step, call) in [(Step::SignIn, ("PutItem", "session")), (Step::Remembered, ("PutItem", "grant"))] {
        let ready = step.ready(&laptop).await;
        cold(&mut laptop);
        let answer = with_a_lost_answer(&laptop, &ready, call).await;
        assert!(step.succeeded(&answer), "{step:?}: {:?}", answer.headers());
    }
}

#[tokio::test]
async fn f_ddb_03_a_revocation_with_a_lost_response_is_a_200_and_durable() {
    let mut laptop = Laptop::demo().await;
    let ready = Step::Revoke.ready(&laptop).await;
    cold(&mut laptop);
    let answer = with_a_lost_answer(&laptop, &ready, ("UpdateItem", "grant")).await;
    assert_eq!(answer.status(), 200);
    assert_eq!(userinfo(&laptop, &ready.token).await, 401);
}

/// Every response to the write is lost: whether the code was used is unknown, so no tokens are released; since it was,
/// none are released later either. Nobody has a token, so only a login is lost.
#[tokio::test]
async fn f_ddb_03_an_unconfirmed_redemption_is_a_503_and_the_code_yields_nothing_later() {
    let mut laptop = Laptop::demo().await;
    let ready = Step::Exchange.ready(&laptop).await;
    cold(&mut laptop);
    laptop.wire.plan(|call, _| if call.name == "UpdateItem" { Trouble::After } else { Trouble::None });
    expect::refused(&ready.send(&laptop).await, 503, "temporarily_unavailable", "never confirmed");
    laptop.wire.calm();
    assert_eq!(grants(&laptop, "redeemed"), 1);
    for seconds in [0, 1, 30, 60] {
        laptop.clock.advance(seconds);
        expect::refused(&ready.send(&laptop).await, 400, "invalid_grant", "the code was used");
    }
    let anew = Step::Exchange.ready(&laptop).await;
    assert_eq!(anew.send(&laptop).await.status(), 200, "starting over works");
}

#[tokio::test]
async fn sec_res_08_a_failed_revocation_is_a_503_and_the_token_stays_valid() {
    let mut laptop = Laptop::demo().await;
    for trouble in [Trouble::Before, Trouble::Throttled, Trouble::Denied] {
        let ready = Step::Revoke.ready(&laptop).await;
        cold(&mut laptop);
        laptop.wire.plan(move |call, _| if call.is_write() { trouble } else { Trouble::None });
        let answer = ready.send(&laptop).await;
        expect::refused(&answer, 503, "temporarily_unavailable", "not revoked");
        laptop.wire.calm();
        assert_eq!(userinfo(&laptop, &ready.token).await, 200, "{trouble:?}: the token is still valid");
        assert_eq!(ready.send(&laptop).await.status(), 200, "{trouble:?}");
        assert_eq!(userinfo(&laptop, &ready.token).await, 401, "{trouble:?}: the token is revoked");
    }
}

#[tokio::test]
async fn f_ddb_07_a_replay_whose_revocation_fails_is_a_503_and_the_next_one_revokes() {
    let mut laptop = Laptop::demo().await;
    let ready = Step::Exchange.ready(&laptop).await;
    let tokens = json(&ready.send(&laptop).await);
    let token = tokens["access_token"].as_str().unwrap();
    laptop.clock.advance(2);
    cold(&mut laptop);
    laptop.wire.plan(|call, _| if call.is_write() { Trouble::Before } else { Trouble::None });
    expect::refused(&ready.send(&laptop).await, 503, "temporarily_unavailable", "the revocation is not durable");
    laptop.wire.calm();
    assert_eq!(userinfo(&laptop, token).await, 200);
    expect::refused(&ready.send(&laptop).await, 400, "invalid_grant", "replayed");
    assert_eq!(userinfo(&laptop, token).await, 401);
}

#[tokio::test]
async fn f_ddb_07_a_failed_logout_is_a_503_clears_the_cookie_and_can_be_retried() {
    let mut laptop = Laptop::demo().await;
    for trouble in [Trouble::Before, Trouble::Throttled, Trouble::Denied] {
        let before = sessions(&laptop);
        let ready = Step::LogOut.ready(&laptop).await;
        assert_eq!(sessions(&laptop), before + 1);
        cold(&mut laptop);
        laptop.wire.plan(move |call, _| if call.is_write() { trouble } else { Trouble::None });
        let failed = ready.send(&laptop).await;
        expect::page(&failed, 503, "not ended");
        let cookie = failed.headers()["set-cookie"].to_str().unwrap().to_owned();
        assert!(cookie.starts_with("session.default.demo=;") && cookie.contains("Max-Age=0"), "{cookie}");
        laptop.wire.calm();
        assert_eq!(sessions(&laptop), before + 1);
        let mut browser = Browser::new(&laptop);
        let form = form(&failed);
        let fields = [("confirmation", form.hidden[0].1.as_str()), ("decision", "sign-out")];
        let gone = browser.post(&form.action, &fields).await;
        assert!(Step::LogOut.succeeded(&gone), "{trouble:?}: {}", tests::browser::body(&gone));
        assert_eq!(sessions(&laptop), before, "{trouble:?}");
    }
}

fn sessions(laptop: &Laptop) -> usize {
    laptop.dump().into_values().flatten().filter(|item| item.contains("session#")).count()
}

/// A client with back-channel logout gets no code for a session that does not list the client.
#[tokio::test]
async fn f_ddb_01_a_client_that_cannot_join_a_session_gets_no_code() {
    let told = "redirect_uris = [\"http://127.0.0.1/callback\"]\nbackchannel_logout_uri = \"https://app.example/bye\"";
    let mut laptop = Laptop::with(|text| text.replace("redirect_uris = [\"http://127.0.0.1/callback\"]", told)).await;
    let (pkce, ready) = (Pkce::new("faults"), Step::Arrive.ready(&laptop).await);
    assert!(Step::Arrive.succeeded(&ready.send(&laptop).await));
    for trouble in [Trouble::Before, Trouble::After, Trouble::Throttled, Trouble::Denied] {
        let mut browser = Browser::new(&laptop);
        browser.log_in(&request("demo-native", NATIVE, &pkce)).await;
        let cookies = browser.cookies.clone();
        cold(&mut laptop);
        laptop.wire.plan(move |call, _| if call.name == "UpdateItem" { trouble } else { Trouble::None });
        let before = grants(&laptop, "terms");
        let mut browser = Browser::new(&laptop);
        browser.cookies = cookies;
        let answer = browser.authorize(&request("demo-trusted", NATIVE, &pkce)).await;
        expect::redirected(&laptop, &answer, NATIVE, "temporarily_unavailable", &format!("{trouble:?}"));
        assert_eq!(grants(&laptop, "terms"), before, "{trouble:?}");
        laptop.wire.calm();
        let answer = browser.authorize(&request("demo-trusted", NATIVE, &pkce)).await;
        assert!(answered(&answer, "code").is_some(), "{trouble:?}");
        let _ = laptop.wire.calls();
        assert!(answered(&browser.authorize(&request("demo-trusted", NATIVE, &pkce)).await, "code").is_some());
        let calls: Vec<_> = laptop.wire.calls().into_iter().map(|call| call.name).collect();
        assert_eq!(calls, ["GetItem", "PutItem"], "{trouble:?}: the second time costs no additional call");
    }
}
