//! KMS failures: the signing or sealing keys are unreachable, refused, or return wrong results.

use std::time::Duration;

use administration::KeyError;
use administration::signing_keys::NewKey;
use protocol::jose::jwk::{Algorithm, PublicJwk};
use protocol::jose::key_ring::{KeyLocation, KeyRole, KeySeries};
use protocol::syntax::encoding::{base64url, base64url_decoded};
use protocol::types::id::WorkspaceId;
use protocol::types::time::{Lifetime, Timestamp};
use serde_json::Value;
use signing::verify::verify_issued_by_us;
use store::KeyRingWriting;
use tests::browser::{body, json};
use tests::kms::{SEALING_KEY, arn};
use tests::{KmsCall, KmsTrouble, Laptop, expect};
use web::{Deadline, Response};

use crate::given::{STEPS, Step};

fn demo() -> WorkspaceId {
    WorkspaceId::parse("default", "demo").unwrap()
}

fn signs(call: &KmsCall) -> bool {
    call.action == "Sign"
}

fn claims(token: &str, part: usize) -> Value {
    serde_json::from_slice(&base64url_decoded(token.split('.').nth(part).unwrap()).unwrap()).unwrap()
}

/// The published keys, current one first.
async fn published(laptop: &Laptop) -> Vec<PublicJwk> {
    let jwks = json(&laptop.send("GET", &laptop.demo_url("/.well-known/jwks.json"), &[], "").await);
    jwks["keys"].as_array().unwrap().iter().map(|key| serde_json::from_value(key.clone()).unwrap()).collect()
}

/// Returns the tokens of `answer`, asserting that they verify with the published key at `position`.
async fn signed_by(laptop: &Laptop, answer: &Response, position: usize, case: &str) -> Value {
    assert_eq!(answer.status(), 200, "{case}: {}", body(answer));
    let (tokens, keys) = (json(answer), published(laptop).await);
    for (name, typ) in [("access_token", "at+jwt"), ("id_token", "JWT")] {
        let token = tokens[name].as_str().unwrap();
        assert!(verify_issued_by_us(token, &[&keys[position]], typ).is_some(), "{case}: {name}");
        assert_eq!(claims(token, 0)["kid"], keys[position].thumbprint(), "{case}");
    }
    tokens
}

fn without_at_hash(file: &str) -> String {
    file.replace("at_hash = \"included\"", "")
}

#[tokio::test]
async fn kms_signs_a_digest_for_each_algorithm_and_the_published_key_verifies() {
    for (algorithm, key) in [("RS256", "rsa-1"), ("PS256", "rsa-1"), ("ES256", "ec-1")] {
        let change = |file: String| {
            file.replace("signing_algorithm = \"RS256\"", &format!("signing_algorithm = \"{algorithm}\""))
        };
        let (laptop, kms) = Laptop::in_aws(change).await;
        let exchange = Step::Exchange.ready(&laptop).await;
        let _ = kms.calls();
        let tokens = signed_by(&laptop, &exchange.send(&laptop).await, 0, algorithm).await;
        assert_eq!(claims(tokens["id_token"].as_str().unwrap(), 0)["alg"], algorithm);
        let calls = kms.calls();
        let actions: Vec<&str> = calls.iter().map(|call| call.action.as_str()).collect();
        assert_eq!(actions, ["Sign", "Sign"], "one call per token");
        assert!(calls.iter().all(|call| call.key == arn(key) && call.body["Message"].as_str().unwrap().len() == 44));
        let published = published(&laptop).await;
        let own = published.iter().filter(|key| key.alg.as_str() == algorithm);
        assert_eq!(own.count(), 2, "the next key is published along with the current one");
    }
}

#[tokio::test]
async fn both_tokens_are_signed_concurrently_unless_one_contains_the_hash_of_the_other() {
    let (laptop, kms) = Laptop::in_aws(|file| without_at_hash(&file)).await;
    let exchange = Step::Exchange.ready(&laptop).await;
    let _ = kms.most_at_once();
    let tokens = signed_by(&laptop, &exchange.send(&laptop).await, 0, "without").await;
    assert_eq!(kms.most_at_once(), 2);
    assert!(claims(tokens["id_token"].as_str().unwrap(), 1).get("at_hash").is_none());

    let (laptop, kms) = Laptop::in_aws(|file| file).await;
    let exchange = Step::Exchange.ready(&laptop).await;
    let _ = kms.most_at_once();
    let tokens = signed_by(&laptop, &exchange.send(&laptop).await, 0, "with").await;
    assert_eq!(kms.most_at_once(), 1);
    let expected = protocol::jose::at_hash::at_hash(tokens["access_token"].as_str().unwrap());
    assert_eq!(claims(tokens["id_token"].as_str().unwrap(), 1)["at_hash"], expected);
}

/// Every error code that KMS uses for throttling.
const THROTTLED: [KmsTrouble; 3] = [
    KmsTrouble::Refused("ThrottlingException"),
    KmsTrouble::Refused("LimitExceededException"),
    KmsTrouble::Refused("TooManyRequestsException"),
];

#[tokio::test(start_paused = true)]
async fn f_kms_01_throttling_is_a_503_that_leaves_the_code_usable() {
    for throttled in THROTTLED {
        let (laptop, kms) = Laptop::in_aws(|file| file).await;
        let exchange = Step::Exchange.ready(&laptop).await;
        kms.plan(move |call, _| if signs(call) { throttled } else { KmsTrouble::None });
        let refused = exchange.send(&laptop).await;
        Step::Exchange.unavailable(&laptop, &refused, "throttled");
        assert!(!body(&refused).contains("KMS"), "{}", body(&refused));
        assert!(refused.headers().contains_key("retry-after"), "{throttled:?}");
        let calls = kms.calls();
        assert_eq!(calls.len(), 2, "one call and one retry: {calls:?}");
        assert!(calls.iter().all(|call| call.key == arn("rsa-1")), "the next key shares the quota: {calls:?}");
        kms.calm();
        tokio::time::sleep(Duration::from_secs(2)).await;
        signed_by(&laptop, &exchange.send(&laptop).await, 0, "the same code with the same key").await;
        let again = exchange.send(&laptop).await;
        expect::refused(&again, 400, "invalid_grant", "the code is redeemed once");
    }
}

#[tokio::test(start_paused = true)]
async fn f_kms_01_a_throttled_call_is_retried_after_a_pause() {
    let (laptop, kms) = Laptop::in_aws(|file| without_at_hash(&file)).await;
    let exchange = Step::Exchange.ready(&laptop).await;
    kms.plan(|_, number| if number == 0 { THROTTLED[0] } else { KmsTrouble::None });
    let began = tokio::time::Instant::now();
    signed_by(&laptop, &exchange.send(&laptop).await, 0, "by the current key").await;
    let took = began.elapsed();
    assert!((10..=40).contains(&took.as_millis()), "{took:?}");
    assert_eq!(kms.calls().len(), 3, "signatures already obtained are not requested again");
}

/// Both signatures of an exchange share one quota, which may be exhausted after the first.
#[tokio::test(start_paused = true)]
async fn f_kms_01_a_quota_exhausted_between_two_signatures_costs_one_retry() {
    for change in [without_at_hash as fn(&str) -> String, str::to_owned] {
        let (laptop, kms) = Laptop::in_aws(|file| change(&file)).await;
        let exchange = Step::Exchange.ready(&laptop).await;
        kms.plan(|_, number| if number == 0 { KmsTrouble::None } else { THROTTLED[0] });
        Step::Exchange.unavailable(&laptop, &exchange.send(&laptop).await, "the second is throttled");
        assert_eq!(kms.calls().len(), 3, "one signature, one throttled call, one retry");
        kms.calm();
        tokio::time::sleep(Duration::from_secs(2)).await;
        signed_by(&laptop, &exchange.send(&laptop).await, 0, "the same code again").await;
    }
}

/// While KMS throttles, requests above the allowed rate are refused without a call; afterwards none is.
#[tokio::test(start_paused = true)]
async fn f_kms_01_calls_to_a_throttling_kms_are_limited_until_it_recovers() {
    let (laptop, kms) = Laptop::in_aws(|file| file).await;
    let exchange = Step::Exchange.ready(&laptop).await;
    kms.plan(|_, _| THROTTLED[0]);
    for _ in 0..100 {
        Step::Exchange.unavailable(&laptop, &exchange.send(&laptop).await, "throttled");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let calls = kms.calls().len();
    assert!((2..=8).contains(&calls), "{calls} calls for 100 requests in two seconds");
    kms.calm();
    tokio::time::sleep(Duration::from_secs(4)).await;
    for _ in 0..20 {
        let exchange = Step::Exchange.ready(&laptop).await;
        signed_by(&laptop, &exchange.send(&laptop).await, 0, "throttling has ended").await;
    }
}

#[tokio::test(start_paused = true)]
async fn f_kms_01_a_broken_key_is_replaced_even_after_throttling() {
    let (laptop, kms) = Laptop::in_aws(|file| file).await;
    let exchange = Step::Exchange.ready(&laptop).await;
    kms.plan(|call, number| match number {
        0 => THROTTLED[0],
        _ if call.key == arn("rsa-1") => KmsTrouble::Refused("DisabledException"),
        _ => KmsTrouble::None,
    });
    signed_by(&laptop, &exchange.send(&laptop).await, 1, "throttled, then disabled").await;

    tokio::time::sleep(Duration::from_secs(4)).await;
    let exchange = Step::Exchange.ready(&laptop).await;
    kms.plan(|call, _| if call.key == arn("rsa-1") { KmsTrouble::Refused("DisabledException") } else { THROTTLED[0] });
    Step::Exchange.unavailable(&laptop, &exchange.send(&laptop).await, "the replacement key is throttled");
    assert!(kms.calls().iter().all(|call| call.key == arn("rsa-2")), "the broken key is in cooldown and not tried");
}

#[tokio::test(start_paused = true)]
async fn f_kms_02_the_next_key_takes_over_within_one_request_and_is_already_published() {
    for code in [
        "DisabledException",
        "KMSInvalidStateException",
        "NotFoundException",
        "AccessDeniedException",
        "InvalidKeyUsageException",
    ] {
        let (laptop, kms) = Laptop::in_aws(|file| file).await;
        let known = published(&laptop).await;
        let first = Step::Exchange.ready(&laptop).await;
        kms.plan(move |call, _| if call.key == arn("rsa-1") { KmsTrouble::Refused(code) } else { KmsTrouble::None });
        signed_by(&laptop, &first.send(&laptop).await, 1, code).await;
        assert_eq!(published(&laptop).await, known, "{code}: the published keys are unchanged");

        let second = Step::Exchange.ready(&laptop).await;
        let _ = kms.calls();
        signed_by(&laptop, &second.send(&laptop).await, 1, code).await;
        assert!(kms.calls().iter().all(|call| call.key == arn("rsa-2")), "{code}: the first key is in cooldown");

        kms.calm();
        laptop.clock.advance(31);
        let third = Step::Exchange.ready(&laptop).await;
        signed_by(&laptop, &third.send(&laptop).await, 0, code).await;
    }
}

#[tokio::test(start_paused = true)]
async fn f_kms_02_without_a_working_key_everything_but_signing_continues() {
    let (laptop, kms) = Laptop::in_aws(|file| file).await;
    let exchange = Step::Exchange.ready(&laptop).await;
    let mut with_tokens = Vec::new();
    for step in [Step::Userinfo, Step::Revoke, Step::LogOut] {
        with_tokens.push((step, step.ready(&laptop).await));
    }
    // The data key of user codes is open.
    assert!(Step::EnterCode.succeeded(&Step::EnterCode.ready(&laptop).await.send(&laptop).await));
    kms.plan(|_, _| KmsTrouble::Refused("DisabledException"));
    Step::Exchange.unavailable(&laptop, &exchange.send(&laptop).await, "no key");
    for (step, ready) in &with_tokens {
        assert!(step.succeeded(&ready.send(&laptop).await), "{step:?}");
    }
    let needs_tokens = |step: &Step| {
        matches!(step, Step::Exchange | Step::ExchangeDevice | Step::Userinfo | Step::Revoke | Step::LogOut)
    };
    for step in STEPS.into_iter().filter(|step| !needs_tokens(step)) {
        let ready = step.ready(&laptop).await;
        assert!(step.succeeded(&ready.send(&laptop).await), "{step:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn f_kms_03_a_silent_call_is_retried_and_a_silent_key_is_replaced_in_time() {
    let (laptop, kms) = Laptop::in_aws(|file| without_at_hash(&file)).await;
    let once = Step::Exchange.ready(&laptop).await;
    kms.plan(|_, number| if number == 0 { KmsTrouble::Silent } else { KmsTrouble::None });
    signed_by(&laptop, &once.send(&laptop).await, 0, "once").await;

    let always = Step::Exchange.ready(&laptop).await;
    kms.plan(|call, _| if call.key == arn("rsa-1") { KmsTrouble::Silent } else { KmsTrouble::None });
    let began = tokio::time::Instant::now();
    signed_by(&laptop, &always.send(&laptop).await, 1, "always").await;
    let took = began.elapsed();
    assert!(took.as_millis() <= 650, "the silent key delayed the request by {took:?}");

    for trouble in [
        KmsTrouble::Broken,
        KmsTrouble::Refused("KMSInternalException"),
        KmsTrouble::Refused("DependencyTimeoutException"),
    ] {
        let (laptop, kms) = Laptop::in_aws(|file| file).await;
        let once = Step::Exchange.ready(&laptop).await;
        kms.plan(move |_, number| if number == 0 { trouble } else { KmsTrouble::None });
        assert_eq!(once.send(&laptop).await.status(), 200, "{trouble:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn f_kms_04_sec_jwt_10_a_signature_that_does_not_verify_is_never_released() {
    for trouble in [KmsTrouble::Flipped, KmsTrouble::Foreign] {
        for algorithm in ["RS256", "PS256", "ES256"] {
            let change = |file: String| file.replace("\"RS256\"", &format!("\"{algorithm}\""));
            let (laptop, kms) = Laptop::in_aws(change).await;
            if algorithm == "ES256" && trouble == KmsTrouble::Foreign {
                continue;
            }
            let exchange = Step::Exchange.ready(&laptop).await;
            let bad = |key: &str| key.ends_with("-1");
            kms.plan(move |call, _| if bad(&call.key) { trouble } else { KmsTrouble::None });
            signed_by(&laptop, &exchange.send(&laptop).await, 1, "by the next key").await;

            let both = Step::Exchange.ready(&laptop).await;
            kms.plan(move |call, _| if signs(call) { KmsTrouble::Flipped } else { KmsTrouble::None });
            Step::Exchange.unavailable(&laptop, &both.send(&laptop).await, "both keys return wrong signatures");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn f_kms_05_sealing_keys_that_cannot_be_decrypted_are_a_503_without_fallback() {
    for trouble in [
        KmsTrouble::Silent,
        KmsTrouble::Refused("InvalidCiphertextException"),
        KmsTrouble::Refused("DisabledException"),
    ] {
        let (mut laptop, kms) = Laptop::in_aws(|file| file).await;
        kms.plan(move |call, _| if call.action == "Decrypt" { trouble } else { KmsTrouble::None });
        laptop.restart();
        let arrive = Step::Arrive.ready(&laptop).await;
        Step::Arrive.unavailable(&laptop, &arrive.send(&laptop).await, "no sealing key");
        assert!(Step::Jwks.succeeded(&Step::Jwks.ready(&laptop).await.send(&laptop).await));
        kms.calm();
        assert!(Step::Arrive.succeeded(&arrive.send(&laptop).await), "recovers once KMS answers");
    }
}

#[tokio::test(start_paused = true)]
async fn f_kms_05_cached_sealing_keys_survive_a_failure_of_kms_and_the_store() {
    let (laptop, kms) = Laptop::in_aws(|file| file).await;
    let arrive = Step::Arrive.ready(&laptop).await;
    assert!(Step::Arrive.succeeded(&arrive.send(&laptop).await));
    kms.plan(|_, _| KmsTrouble::Refused("DisabledException"));
    laptop.wire.plan(|call, _| if call.kind == "sealing-key" { tests::Trouble::Denied } else { tests::Trouble::None });
    laptop.clock.advance(3600);
    assert!(Step::Arrive.succeeded(&arrive.send(&laptop).await), "keys opened an hour ago still seal");
}

#[tokio::test]
async fn sealing_keys_are_decrypted_once_and_only_for_their_purpose() {
    let (laptop, kms) = Laptop::in_aws(|file| file).await;
    let _ = kms.calls();
    for _ in 0..3 {
        let arrive = Step::Arrive.ready(&laptop).await;
        assert!(Step::Arrive.succeeded(&arrive.send(&laptop).await));
    }
    let calls = kms.calls();
    assert_eq!(calls.len(), 1, "{calls:?}");
    assert_eq!((calls[0].action.as_str(), calls[0].key.as_str()), ("Decrypt", SEALING_KEY));
    assert_eq!(calls[0].body["EncryptionContext"], serde_json::json!({"purpose": "interaction"}));
}

#[tokio::test]
async fn sec_store_02_a_wrapped_key_signs_in_memory_after_one_decryption_bound_to_its_workspace() {
    for algorithm in [Algorithm::RS256, Algorithm::PS256, Algorithm::ES256] {
        let change = |file: String| file.replace("\"RS256\"", &format!("\"{}\"", algorithm.as_str()));
        let (mut laptop, kms) = Laptop::in_aws(change).await;
        let ring = laptop
            .with_keys(async |keys| {
                keys.add(&demo(), KeySeries::Own, NewKey::Wrapped(algorithm)).await.unwrap();
                keys.step(&demo(), |ring| ring.rotate(KeySeries::Own, Lifetime::seconds(0), keys.now)).await.unwrap();
                keys.step(&demo(), |ring| ring.rotate(KeySeries::Own, Lifetime::seconds(0), keys.now)).await.unwrap()
            })
            .await;
        assert_eq!(ring.current().unwrap().location, KeyLocation::Wrapped);
        laptop.restart();
        let (first, second) = (Step::Exchange.ready(&laptop).await, Step::Exchange.ready(&laptop).await);
        let _ = kms.calls();
        signed_by(&laptop, &first.send(&laptop).await, 0, algorithm.as_str()).await;
        signed_by(&laptop, &second.send(&laptop).await, 0, algorithm.as_str()).await;
        let calls = kms.calls();
        assert_eq!(calls.len(), 1, "{calls:?}");
        let context = serde_json::json!({"purpose": "signing-key", "workspace": "default/demo"});
        assert_eq!((calls[0].action.as_str(), &calls[0].body["EncryptionContext"]), ("Decrypt", &context));
    }
}

#[tokio::test]
async fn sec_key_02_rotation_never_yields_a_token_that_cannot_be_verified() {
    let (mut laptop, _kms) = Laptop::in_aws(|file| file).await;
    let before = Step::Userinfo.ready(&laptop).await;
    let ring = laptop.with_keys(async |keys| keys.ring(&demo()).await.unwrap().ring).await;
    let (old, new) = (ring.keys[0].jwk.thumbprint(), ring.keys[1].jwk.thumbprint());
    let early = laptop.with_keys(async |keys| {
        keys.step(&demo(), |ring| ring.rotate(KeySeries::Own, protocol::jose::key_ring::PUBLISHED_BEFORE_USE, keys.now))
            .await
    });
    assert!(matches!(early.await, Err(KeyError::Ring(_))), "verifiers may not know it yet");
    laptop.clock.advance(30);
    laptop
        .with_keys(async |keys| {
            keys.step(&demo(), |ring| ring.rotate(KeySeries::Own, Lifetime::seconds(1), keys.now)).await.unwrap()
        })
        .await;
    laptop.restart();
    let after = Step::Exchange.ready(&laptop).await.send(&laptop).await;
    signed_by(&laptop, &after, 0, "by the new key").await;
    assert_eq!(published(&laptop).await.iter().map(PublicJwk::thumbprint).collect::<Vec<_>>(), [new, old.clone()]);
    assert!(Step::Userinfo.succeeded(&before.send(&laptop).await), "a token of the old key is still valid");

    laptop.with_keys(async |keys| keys.step(&demo(), |ring| ring.revoke(&old, keys.now)).await.unwrap()).await;
    laptop.restart();
    expect::refused(&before.send(&laptop).await, 401, "invalid_token", "its key is revoked");
}

#[tokio::test]
async fn concurrent_administrators_cannot_overwrite_each_other() {
    let (laptop, _kms) = Laptop::in_aws(|file| file).await;
    let writing = KeyRingWriting::new(&laptop.connection);
    let (mine, theirs) = (writing.ring(&demo()).await.unwrap().unwrap(), writing.ring(&demo()).await.unwrap().unwrap());
    let mut changed = mine.ring.clone();
    changed.keys[1].role = KeyRole::Revoked;
    assert!(writing.publish(&demo(), &changed, Some(&mine)).await.unwrap());
    assert!(!writing.publish(&demo(), &theirs.ring, Some(&theirs)).await.unwrap(), "the ring they read is stale");
    assert!(!writing.publish(&demo(), &theirs.ring, None).await.unwrap(), "a ring exists already");
    assert_eq!(writing.ring(&demo()).await.unwrap().unwrap().ring, changed);
}

/// An invocation without enough time left to sign and commit stops before it has any effect.
#[tokio::test]
async fn f_lam_01_a_request_near_its_deadline_stops_before_the_commit() {
    let (laptop, kms) = Laptop::in_aws(|file| file).await;
    let exchange = Step::Exchange.ready(&laptop).await;
    let now = web::Clock::now(&*laptop.clock);
    let _ = (kms.calls(), laptop.wire.calls());
    let late = exchange.send_by(&laptop, Deadline::at(Timestamp::from_millis(now.millis() + 3900))).await;
    Step::Exchange.unavailable(&laptop, &late, "3.9 s are left");
    assert!(kms.calls().is_empty(), "nothing was signed");
    assert!(laptop.wire.calls().iter().all(|call| !call.is_write()), "nothing was written");
    let in_time = exchange.send_by(&laptop, Deadline::at(Timestamp::from_millis(now.millis() + 4100))).await;
    signed_by(&laptop, &in_time, 0, "4.1 s are left").await;
}

/// Nothing in the store can be decrypted without KMS.
#[tokio::test]
async fn no_plaintext_key_is_in_the_store() {
    let (laptop, kms) = Laptop::in_aws(|file| file).await;
    laptop
        .with_keys(async |keys| keys.add(&demo(), KeySeries::Own, NewKey::Wrapped(Algorithm::ES256)).await.unwrap())
        .await;
    let all = format!("{:?}", laptop.dump());
    for plain in kms.plain() {
        assert!(!all.contains(&base64url(&plain)), "a plaintext key is in the store");
    }
    assert!(kms.plain().len() >= 4);
}
