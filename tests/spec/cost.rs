//! What each step costs: the store's operations, counted at the wire, against the budget.

use tests::browser::{answered, exchange, request};
use tests::{Browser, Laptop, Operation, Pkce};

use crate::flow::NATIVE;

fn counted(calls: &[Operation]) -> (usize, usize) {
    let writes = calls.iter().filter(|call| call.is_write()).count();
    (calls.len() - writes, writes)
}

/// What is cached for thirty seconds anyway: its reads do not count for a warm function.
fn warm(calls: Vec<Operation>) -> Vec<Operation> {
    let cached = ["workspace", "client", "key-ring", "signing-key"];
    calls.into_iter().filter(|call| !cached.contains(&call.kind.as_str())).collect()
}

#[tokio::test]
async fn each_step_stays_within_its_budget() {
    let laptop = Laptop::demo().await;
    let (pkce, spa) = (Pkce::new("cost"), "http://localhost:9000/demo/callback");
    let authorize = request("demo-spa", spa, &pkce);
    let mut browser = Browser::new(&laptop);

    let login = browser.authorize(&authorize).await;
    assert_eq!(counted(&warm(laptop.wire.calls())).1, 0, "sec_dos_03: nobody is logged in, and nothing is written");
    let consent = browser.sign_in(&login, "alice", "alice").await;
    let allowed = browser.decide(&consent, "allow", &[]).await;
    let first = counted(&warm(laptop.wire.calls()));
    assert!(first.1 <= 4, "a first login with consent, until the code: {first:?}");

    let code = answered(&allowed, "code").unwrap();
    let tokens = laptop.form("/oauth2/token", &exchange("demo-spa", spa, &code, &pkce.verifier), &[]).await;
    assert_eq!(tokens.status(), 200);
    assert_eq!(counted(&warm(laptop.wire.calls())), (1, 1), "a code exchange");

    let again = browser.authorize(&authorize).await;
    let single_sign_on = warm(laptop.wire.calls());
    assert!(answered(&again, "code").is_some());
    assert!(counted(&single_sign_on).0 <= 2, "{single_sign_on:?}");
    assert_eq!(counted(&single_sign_on).1, 1, "{single_sign_on:?}");

    let trusted = request("demo-trusted", NATIVE, &pkce);
    assert!(answered(&browser.authorize(&trusted).await, "code").is_some());
    assert_eq!(counted(&warm(laptop.wire.calls())), (1, 1), "a client whose users are not asked");
}

#[tokio::test]
async fn discovery_and_keys_cost_nothing_when_warm() {
    let laptop = Laptop::demo().await;
    for path in ["/.well-known/openid-configuration", "/.well-known/jwks.json"] {
        let url = laptop.demo_url(path);
        assert_eq!(laptop.send("GET", &url, &[], "").await.status(), 200);
        let _ = laptop.wire.calls();
        assert_eq!(laptop.send("GET", &url, &[], "").await.status(), 200);
        assert_eq!(laptop.wire.calls(), []);
    }
}
