//! Clock jumps and clock skew.

use tests::browser::{answered, body, changed, json, location, request};
use tests::{Browser, Laptop, Pkce, expect};

use crate::given::{NATIVE, Step, cold, userinfo};

const HOUR: u32 = 3600;

#[tokio::test]
async fn f_clk_02_and_sec_time_04_used_items_stay_used_when_the_clock_steps_back() {
    for step in [Step::Exchange, Step::SignInAtOnce, Step::Allow, Step::Deny] {
        let mut laptop = Laptop::demo().await;
        let ready = step.ready(&laptop).await;
        let first = ready.send(&laptop).await;
        assert!(step.succeeded(&first), "{step:?}");
        laptop.clock.step_back(HOUR);
        step.over(&ready.send(&laptop).await, &format!("{step:?}, warm"));
        cold(&mut laptop);
        let again = ready.send(&laptop).await;
        step.over(&again, &format!("{step:?}, cold"));
        assert!(step == Step::Exchange || location(&again) == location(&first), "{step:?}: another code");
        if step == Step::Exchange {
            let token = json(&first)["access_token"].as_str().unwrap().to_owned();
            assert_eq!(userinfo(&laptop, &token).await, 200, "a clock step revokes nothing");
        }
    }
}

#[tokio::test]
async fn f_clk_02_revoked_tokens_stay_revoked_when_the_clock_steps_back() {
    let laptop = Laptop::demo().await;
    let ready = Step::Revoke.ready(&laptop).await;
    assert_eq!(ready.send(&laptop).await.status(), 200);
    laptop.clock.step_back(HOUR);
    assert_eq!(userinfo(&laptop, &ready.token).await, 401);
    assert_eq!(ready.send(&laptop).await.status(), 200, "revocation is idempotent");
}

#[tokio::test]
async fn f_clk_02_a_disabled_client_is_not_served_from_a_cache_entry_from_the_future() {
    let laptop = Laptop::demo().await;
    let ready = Step::Exchange.ready(&laptop).await;
    laptop.clock.step_back(HOUR);
    laptop.apply(|file| file.replace("client_id = \"demo-trusted\"", "client_id = \"demo-other\"")).await;
    expect::refused(&ready.send(&laptop).await, 401, "invalid_client", "the client is gone");
}

/// `prompt=login` demands a login made for this very request. After the clock steps back, an old login appears to lie
/// in the future; it must not count as fresh.
#[tokio::test]
async fn f_clk_02_a_login_in_the_future_does_not_count_as_fresh() {
    let laptop = Laptop::demo().await;
    let (pkce, mut browser) = (Pkce::new("future"), Browser::new(&laptop));
    let parameters = request("demo-trusted", NATIVE, &pkce);
    assert!(answered(&browser.log_in(&parameters).await, "code").is_some());
    laptop.clock.step_back(HOUR);
    for (name, value) in [("prompt", "login"), ("max_age", "0")] {
        let page = browser.authorize(&changed(&parameters, name, Some(value))).await;
        assert!(body(&page).contains("name=\"password\""), "{name}={value}: {:?}", answered(&page, "code"));
    }
}

#[tokio::test]
async fn f_clk_01_a_jump_forward_expires_codes_and_pages_but_revokes_nothing() {
    let laptop = Laptop::demo().await;
    let (exchange, allow) = (Step::Exchange.ready(&laptop).await, Step::Allow.ready(&laptop).await);
    laptop.clock.advance(HOUR);
    expect::refused(&exchange.send(&laptop).await, 400, "invalid_grant", "expired");
    expect::page(&allow.send(&laptop).await, 400, "expired");
    laptop.clock.step_back(HOUR);
    let answer = exchange.send(&laptop).await;
    assert_eq!(answer.status(), 200, "a jump that is undone does no harm: {}", body(&answer));
    assert!(Step::Allow.succeeded(&allow.send(&laptop).await));
}

#[tokio::test]
async fn f_clk_03_clocks_may_differ_by_a_second() {
    for step in [Step::Exchange, Step::SignInAtOnce, Step::SingleSignOn, Step::Allow, Step::Userinfo, Step::Revoke] {
        for back in [true, false] {
            let mut laptop = Laptop::demo().await;
            let ready = step.ready(&laptop).await;
            if back {
                laptop.clock.step_back(1);
            } else {
                laptop.clock.advance(1);
            }
            cold(&mut laptop);
            let answer = ready.send(&laptop).await;
            assert!(step.succeeded(&answer), "{step:?} {back}: {} {}", answer.status(), body(&answer));
        }
    }
}
