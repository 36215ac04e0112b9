//! The write that records a client assertion as used: it fails before or after taking effect, once or permanently.

use tests::browser::{answered, body, exchange, request};
use tests::expect::refused;
use tests::{Assertion, Browser, ClientKey, Laptop, Pkce, Trouble, asserted};
use web::Response;

const CLIENT: &str = "demo-private-key-jwt";
const WEB: &str = "https://client.example/cb";

/// A code and the pieces needed to exchange it.
struct Exchange {
    laptop: Laptop,
    code: String,
    pkce: Pkce,
}

impl Exchange {
    async fn ready() -> Self {
        let (laptop, pkce) = (Laptop::demo().await, Pkce::new("assertion"));
        let redirect = Browser::new(&laptop).log_in(&request(CLIENT, WEB, &pkce)).await;
        let code = answered(&redirect, "code").unwrap();
        Self { laptop, code, pkce }
    }

    fn assertion(&self, jti: &str) -> String {
        Assertion::new(&self.laptop, CLIENT, jti).signed(&ClientKey::of_demo())
    }

    async fn send(&self, jwt: &str) -> Response {
        let fields = exchange(CLIENT, WEB, &self.code, &self.pkce.verifier);
        let fields: Vec<(&str, &str)> = fields.into_iter().chain(asserted(jwt)).collect();
        self.laptop.form("/oauth2/token", &fields, &[]).await
    }

    /// Sets what happens to each attempt to record an assertion from now on.
    fn plan(&self, trouble: impl Fn(usize) -> Trouble + Send + Sync + 'static) {
        let tries = std::sync::atomic::AtomicUsize::new(0);
        self.laptop.wire.plan(move |call, _| {
            if call.kind != "assertion" {
                return Trouble::None;
            }
            trouble(tries.fetch_add(1, std::sync::atomic::Ordering::SeqCst))
        });
    }
}

#[tokio::test]
async fn f_ddb_06_sec_cli_10_an_assertion_that_cannot_be_recorded_is_not_accepted() {
    for trouble in [Trouble::Before, Trouble::Throttled, Trouble::Denied] {
        let ready = Exchange::ready().await;
        let jwt = ready.assertion("j");
        ready.plan(move |_| trouble);
        let answer = ready.send(&jwt).await;
        refused(&answer, 503, "temporarily_unavailable", &format!("{trouble:?}"));
        let read: Vec<String> = ready.laptop.wire.calls().into_iter().map(|call| call.kind).collect();
        assert!(!read.contains(&"grant".to_owned()), "{trouble:?}: the grant was not read: {read:?}");
        ready.laptop.wire.calm();
        let again = ready.send(&jwt).await;
        assert_eq!(again.status(), 200, "{trouble:?}: no jti was consumed: {}", body(&again));
    }
}

#[tokio::test]
async fn f_ddb_03_sec_cli_10_a_retry_recognizes_its_own_recorded_assertion() {
    for trouble in [Trouble::Before, Trouble::After, Trouble::Throttled] {
        let ready = Exchange::ready().await;
        let jwt = ready.assertion("j");
        ready.plan(move |attempt| if attempt == 0 { trouble } else { Trouble::None });
        let answer = ready.send(&jwt).await;
        assert_eq!(answer.status(), 200, "{trouble:?}: {}", body(&answer));
        refused(&ready.send(&jwt).await, 401, "invalid_client", "a replay is rejected");
    }
}

#[tokio::test]
async fn f_ddb_03_an_assertion_with_unknown_outcome_is_rejected_and_a_fresh_one_accepted() {
    let ready = Exchange::ready().await;
    let jwt = ready.assertion("j");
    ready.plan(|_| Trouble::After);
    refused(&ready.send(&jwt).await, 503, "temporarily_unavailable", "every store response was lost");
    ready.laptop.wire.calm();
    refused(&ready.send(&jwt).await, 401, "invalid_client", "the jti was consumed");
    let fresh = ready.send(&ready.assertion("fresh")).await;
    assert_eq!(fresh.status(), 200, "the code is still valid: {}", body(&fresh));
}
