//! Key rollover and unreachable issuers.

use futures::FutureExt as _;
use futures::future::join_all;
use postern_resource::{InvalidToken, JwksFault, Refusal};
use serde_json::{Value, json};

use crate::given::{Hands, Issuer, KEYS, claims, header, point_jwk, signed, signed_by, with};

/// A currently valid token, signed with the key named `kid`.
fn token(hands: &Hands, kid: &str) -> String {
    let claims = with(claims(), json!({"iat": hands.now(), "exp": hands.now() + 300}));
    let pair = if kid == "next" { &KEYS.other_point } else { &KEYS.point };
    signed_by(pair, with(header(), json!({"kid": kid})), claims)
}

fn current() -> Value {
    point_jwk(&KEYS.point, "point")
}

fn next() -> Value {
    point_jwk(&KEYS.other_point, "next")
}

const UNKNOWN: Refusal = Refusal::Invalid(InvalidToken::Key);
const DOWN: Refusal = Refusal::Unavailable(JwksFault::Status(500));

#[tokio::test]
async fn a_key_published_in_advance_is_known_when_it_signs() {
    let (hands, issuer) = (Hands::new(), Issuer::publishing(json!([current()])));
    let validator = issuer.validator(&hands);
    assert!(validator.accept(&token(&hands, "point")).await.is_ok());
    assert_eq!(issuer.asked(), 1, "once for the first token");
    hands.advance(299);
    assert!(validator.accept(&token(&hands, "point")).await.is_ok());
    assert_eq!(issuer.asked(), 0, "what is fresh is not asked for");

    issuer.publish(json!([current(), next()]));
    hands.advance(1);
    assert!(validator.accept(&token(&hands, "point")).await.is_ok());
    assert_eq!(issuer.asked(), 1, "after five minutes");
    assert!(validator.accept(&token(&hands, "next")).await.is_ok());
    assert_eq!(issuer.asked(), 0, "the next key was known already");
}

#[tokio::test]
async fn a_withdrawn_key_is_refused_within_five_minutes() {
    let (hands, issuer) = (Hands::new(), Issuer::publishing(json!([current(), next()])));
    let validator = issuer.validator(&hands);
    assert!(validator.accept(&token(&hands, "point")).await.is_ok());
    issuer.publish(json!([next()]));
    hands.advance(300);
    assert_eq!(validator.accept(&token(&hands, "point")).await, Err(UNKNOWN));
    assert!(validator.accept(&token(&hands, "next")).await.is_ok());
    issuer.publish(json!([]));
    hands.advance(300);
    assert_eq!(validator.accept(&token(&hands, "next")).await, Err(UNKNOWN), "an issuer may withdraw every key");
}

#[tokio::test]
async fn a_key_used_immediately_after_publication_is_fetched_within_a_minute() {
    let (hands, issuer) = (Hands::new(), Issuer::publishing(json!([current()])));
    let validator = issuer.validator(&hands);
    assert!(validator.accept(&token(&hands, "point")).await.is_ok());
    issuer.publish(json!([current(), next()]));
    hands.advance(59);
    assert_eq!(validator.accept(&token(&hands, "next")).await, Err(UNKNOWN));
    hands.advance(1);
    assert!(validator.accept(&token(&hands, "next")).await.is_ok());
    assert_eq!(issuer.asked(), 2);
}

#[tokio::test]
async fn sec_ssrf_05_a_thousand_kids_cost_one_fetch_per_minute() {
    let (hands, issuer) = (Hands::new(), Issuer::publishing(json!([current()])));
    let validator = issuer.validator(&hands);
    assert!(validator.accept(&token(&hands, "point")).await.is_ok());
    hands.advance(60);
    let _ = issuer.asked();
    for minute in 0..3 {
        for name in 0..1000 {
            let refusal = validator.accept(&token(&hands, &format!("random-{minute}-{name}"))).await;
            assert_eq!(refusal, Err(UNKNOWN));
        }
        assert_eq!(issuer.asked(), 1, "minute {minute}");
        hands.advance(60);
    }
    assert!(validator.accept(&token(&hands, "point")).await.is_ok());
}

#[tokio::test]
async fn sec_ssrf_05_a_token_that_is_invalid_anyway_causes_no_fetch() {
    let (hands, issuer) = (Hands::new(), Issuer::publishing(json!([current()])));
    let validator = issuer.validator(&hands);
    for change in [json!({"iss": "https://evil.example"}), json!({"aud": "x"}), json!({"exp": 1}), json!({"jti": null})]
    {
        assert!(validator.accept(&signed(header(), with(claims(), change))).await.is_err());
    }
    assert_eq!(issuer.asked(), 0);
}

#[tokio::test]
async fn sec_ssrf_05_concurrent_requests_share_one_fetch() {
    let (hands, issuer) = (Hands::new(), Issuer::publishing(json!([current()])));
    let validator = issuer.validator(&hands);
    let (gate, token) = (issuer.hesitate(), token(&hands, "point"));
    let mut first = Box::pin(validator.accept(&token));
    assert!(first.as_mut().now_or_never().is_none());
    let others = (0..50).map(|_| validator.accept(&token));
    let mut others = Box::pin(join_all(others));
    assert!(others.as_mut().now_or_never().is_none());
    gate.send(()).unwrap();
    assert!(first.await.is_ok());
    assert!(others.await.into_iter().all(|accepted| accepted.is_ok()));
    assert_eq!(issuer.asked(), 1);
}

#[tokio::test]
async fn known_keys_are_used_while_a_refresh_is_in_flight() {
    let (hands, issuer) = (Hands::new(), Issuer::publishing(json!([current()])));
    let validator = issuer.validator(&hands);
    assert!(validator.accept(&token(&hands, "point")).await.is_ok());
    hands.advance(300);
    let (gate, token) = (issuer.hesitate(), token(&hands, "point"));
    let mut first = Box::pin(validator.accept(&token));
    assert!(first.as_mut().now_or_never().is_none());
    assert!(validator.accept(&token).await.is_ok());
    gate.send(()).unwrap();
    assert!(first.await.is_ok());
    assert_eq!(issuer.asked(), 2);
}

#[tokio::test]
async fn sec_ssrf_06_the_last_good_keys_are_used_for_two_hours_and_then_requests_fail() {
    let (hands, issuer) = (Hands::new(), Issuer::publishing(json!([current()])));
    let validator = issuer.validator(&hands);
    assert!(validator.accept(&token(&hands, "point")).await.is_ok());
    let _ = issuer.asked();
    issuer.breaks();
    hands.advance(3600);
    assert!(validator.accept(&token(&hands, "point")).await.is_ok(), "after an hour");
    assert!(validator.accept(&token(&hands, "point")).await.is_ok());
    assert_eq!(issuer.asked(), 1, "an issuer that is down is not asked for every token");
    assert_eq!(validator.accept(&token(&hands, "next")).await, Err(DOWN), "who could not ask cannot say: unknown");
    hands.advance(3599);
    assert!(validator.accept(&token(&hands, "point")).await.is_ok(), "just before two hours");
    hands.advance(1);
    let refusal = validator.accept(&token(&hands, "point")).await.unwrap_err();
    assert_eq!(refusal, DOWN);
    assert_eq!(refusal.response("api").status(), 503, "a fault of ours is not a fault of the token");

    // A second ago the keys were fetched, for the previous token.
    issuer.publish(json!([current()]));
    hands.advance(3);
    assert_eq!(validator.accept(&token(&hands, "point")).await, Err(DOWN));
    hands.advance(1);
    assert!(validator.accept(&token(&hands, "point")).await.is_ok(), "without keys it is asked again in five seconds");
}

#[tokio::test]
async fn an_unreadable_response_counts_as_a_failed_fetch() {
    let (hands, issuer) = (Hands::new(), Issuer::publishing(json!([current()])));
    let validator = issuer.validator(&hands);
    assert!(validator.accept(&token(&hands, "point")).await.is_ok());
    issuer.says("<html>Please try again later</html>");
    hands.advance(300);
    assert!(validator.accept(&token(&hands, "point")).await.is_ok());
    let unreadable = Err(Refusal::Unavailable(JwksFault::Unreadable));
    assert_eq!(validator.accept(&token(&hands, "next")).await, unreadable);
    let fresh = issuer.validator(&hands);
    assert_eq!(fresh.accept(&token(&hands, "point")).await, unreadable);
}

#[tokio::test]
async fn a_cancelled_request_leaves_no_lock_and_no_wrong_result() {
    let (hands, issuer) = (Hands::new(), Issuer::publishing(json!([current()])));
    let validator = issuer.validator(&hands);
    let (_gate, first) = (issuer.hesitate(), token(&hands, "point"));
    {
        let mut given_up = Box::pin(validator.accept(&first));
        assert!(given_up.as_mut().now_or_never().is_none());
    }
    assert_eq!(validator.accept(&first).await, Err(Refusal::Unavailable(JwksFault::Interrupted)));
    hands.advance(5);
    assert!(validator.accept(&first).await.is_ok());
    assert_eq!(issuer.asked(), 2);

    hands.advance(60);
    let (_gate, unknown) = (issuer.hesitate(), token(&hands, "next"));
    {
        let mut given_up = Box::pin(validator.accept(&unknown));
        assert!(given_up.as_mut().now_or_never().is_none());
    }
    let interrupted = Err(Refusal::Unavailable(JwksFault::Interrupted));
    assert_eq!(validator.accept(&unknown).await, interrupted, "nobody has been told that the key is unknown");
    assert!(validator.accept(&first).await.is_ok());
}

#[tokio::test]
async fn setting_the_clock_back_makes_keys_stale() {
    let (hands, issuer) = (Hands::new(), Issuer::publishing(json!([current()])));
    let validator = issuer.validator(&hands);
    assert!(validator.accept(&token(&hands, "point")).await.is_ok());
    issuer.publish(json!([]));
    hands.step_back(24 * 3600);
    assert_eq!(validator.accept(&token(&hands, "point")).await, Err(UNKNOWN));
    assert_eq!(issuer.asked(), 2);
}
