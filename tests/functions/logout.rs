//! Logout through the binaries: the session ends, a message is queued, and the notify function delivers it to the
//! client.

use protocol::logout::logout_token::LogoutNotice;
use serde_json::{Value, json as value};
use tests::Pkce;
use tests::browser::{answered, body, exchange, form, json, location, request};
use tests::expect::{headers, page};
use tests::lambda::{Account, Event, Fleet, Visitor};
use tests::laptop::encoded;
use tests::receiver::Receiver;

use crate::flow::{NATIVE, logged_in};

/// A loopback public URL, as in local development, so that the client's server on loopback may be contacted.
const URL: &str = "http://localhost:9000";

async fn account(receiver: &Receiver) -> Account {
    Account::new(URL, |file| receiver.registered(file)).await
}

/// Logs alice in and returns her ID token.
async fn id_token(fleet: &Fleet, visitor: &mut Visitor<'_>) -> String {
    let pkce = Pkce::new("logout");
    let fields = tests::browser::changed(&request("told", NATIVE, &pkce), "scope", Some("openid"));
    let code = answered(&logged_in(visitor, &fields, "alice").await, "code").unwrap();
    let tokens = fleet.form("/oauth2/token", &exchange("told", NATIVE, &code, &pkce.verifier)).await;
    json(&tokens)["id_token"].as_str().unwrap().into()
}

fn again(failed: bool) -> Value {
    let failures = if failed { value!([{"itemIdentifier": "message-1"}]) } else { value!([]) };
    value!({ "batchItemFailures": failures })
}

fn jti(token: &str) -> Value {
    let payload = protocol::syntax::encoding::base64url_decoded(token.split('.').nth(1).unwrap()).unwrap();
    serde_json::from_slice::<Value>(&payload).unwrap()["jti"].clone()
}

#[tokio::test]
async fn sec_logout_05_and_f_lam_02_a_client_is_notified_until_it_accepts_and_can_detect_repeats() {
    let receiver = Receiver::start().await;
    let account = account(&receiver).await;
    let fleet = account.start_all().await;
    let mut visitor = Visitor::new(&fleet);
    let hint = id_token(&fleet, &mut visitor).await;
    let fields = [("id_token_hint", hint.as_str()), ("post_logout_redirect_uri", "https://app.example/bye")];
    let url = format!("{}?{}", fleet.demo_url("/oidc/logout"), encoded(&fields));
    let gone = visitor.send("GET", &url, |event| event).await;
    assert_eq!(location(&gone).as_deref(), Some("https://app.example/bye"));
    let [message] = &account.queue.sent()[..] else { panic!("expected exactly one message") };
    assert_eq!(LogoutNotice::parse(message).unwrap().participant.client_id.as_str(), "told");
    assert!(receiver.received().is_empty(), "the logout does not wait for the client");

    let notify = &fleet.processes["notify"];
    receiver.answers(&[500]);
    assert_eq!(notify.outcome(Event::of_queue(message, 1)).await, Ok(again(true)));
    assert_eq!(notify.outcome(Event::of_queue(message, 2)).await, Ok(again(false)));
    assert_eq!(notify.outcome(Event::of_queue(message, 2)).await, Ok(again(false)), "delivered twice");
    assert_eq!(account.queue.hidden(), [("receipt-1".to_owned(), 10)]);
    let jtis: Vec<_> = receiver.received().iter().map(|received| jti(&received.logout_token())).collect();
    assert_eq!(jtis.len(), 3);
    assert!(jtis.iter().all(|jti| *jti == jtis[0] && jti.is_string()), "{jtis:?}");

    assert_eq!(
        notify.outcome(Event::of_queue("{\"of\": \"later\"}", 8)).await,
        Ok(again(true)),
        "is reported as failed, not dropped"
    );
    assert!(notify.outcome(Event::new("GET", "/")).await.is_err(), "not a queue event");
    let logs = fleet.stop();
    assert!(logs["logout"].contains("a user logged out") && logs["notify"].contains("a client was told of a logout"));
    for (function, log) in &logs {
        assert!(!log.contains(hint.rsplit('.').next().unwrap()), "{function}: {log}");
    }
}

#[tokio::test]
async fn f_ddb_07_a_logout_that_cannot_be_queued_is_reported_as_failed_and_can_be_retried() {
    let receiver = Receiver::start().await;
    let account = account(&receiver).await;
    let fleet = account.start_all().await;
    let mut visitor = Visitor::new(&fleet);
    let hint = id_token(&fleet, &mut visitor).await;
    let url = format!("{}?{}", fleet.demo_url("/oidc/logout"), encoded(&[("id_token_hint", &hint)]));
    account.queue.breaks(true);
    let failed = visitor.send("GET", &url, |event| event).await;
    page(&failed, 503, "the queue is unreachable");
    assert!(failed.headers().contains_key("retry-after"));
    assert!(body(&failed).contains("Not signed out yet"), "{}", body(&failed));
    assert!(!visitor.cookies.keys().any(|name| name.starts_with("session")), "the session cookie is cleared anyway");
    page(&visitor.submit(&failed, &[("decision", "sign-out")]).await, 503, "still unreachable");

    account.queue.breaks(false);
    let gone = visitor.submit(&failed, &[("decision", "sign-out")]).await;
    assert!(body(&gone).contains("You are signed out"), "{}", body(&gone));
    headers(&gone, "signed out");
    assert_eq!(account.queue.sent().len(), 1);
    assert!(!form(&failed).hidden.is_empty());
}
