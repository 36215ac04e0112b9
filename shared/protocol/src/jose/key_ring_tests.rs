//! Tests of the key ring: which key signs, which keys are published, and how they change roles.

use proptest::prelude::*;

use crate::jose::jwk::{Algorithm, KeyMaterial, PublicJwk};
use crate::jose::key_ring::{KeyRing, KeySeries, PUBLISHED_BEFORE_USE, RingError};
use crate::jose::ring_key::{KeyLocation, KeyRole, RingKey};
use crate::types::time::{Lifetime, Timestamp};

const NOW: Timestamp = Timestamp::from_seconds(1_000_000);

fn jwk(n: &str) -> PublicJwk {
    PublicJwk { material: KeyMaterial::Rsa { n: n.into(), e: "AQAB".into() }, alg: Algorithm::RS256 }
}

fn key(n: &str, role: KeyRole) -> RingKey {
    RingKey { jwk: jwk(n), role, location: KeyLocation::Sealed, since: NOW }
}

fn own(keys: Vec<RingKey>) -> KeyRing {
    KeyRing { keys, beside: Vec::new() }
}

fn roles(ring: &KeyRing) -> Vec<KeyRole> {
    ring.keys.iter().map(|key| key.role).collect()
}

#[test]
fn sec_disc_03_the_current_key_comes_first_and_only_public_members_are_published() {
    let roles = [KeyRole::Retired, KeyRole::Revoked, KeyRole::Next, KeyRole::Current];
    let mut ring = own(roles.into_iter().zip(["AA", "AQ", "Ag", "Aw"]).map(|(role, n)| key(n, role)).collect());
    ring.keys[3].location = KeyLocation::Kms("arn:aws:kms:eu-west-1:111122223333:key/mrk-1".into());
    let jwks = ring.jwks();
    let keys = jwks["keys"].as_array().unwrap();
    let moduli: Vec<_> = keys.iter().map(|key| key["n"].as_str().unwrap()).collect();
    assert_eq!(moduli, ["Aw", "Ag", "AA"]);
    for key in keys {
        let members: Vec<_> = key.as_object().unwrap().keys().map(String::as_str).collect();
        assert_eq!(members, ["alg", "e", "kid", "kty", "n", "use"]);
    }
    assert_eq!(keys[0]["kid"], ring.current().unwrap().jwk.thumbprint());
}

#[test]
fn sec_key_02_a_key_is_published_before_it_signs_and_after_it_has_signed() {
    let mut ring = KeyRing::default();
    ring.add(KeySeries::Own, jwk("AA"), KeyLocation::Wrapped, NOW).unwrap();
    assert_eq!(roles(&ring), [KeyRole::Current], "no verifier knows the workspace yet");
    assert_eq!(ring.add(KeySeries::Own, jwk("AA"), KeyLocation::Sealed, NOW), Err(RingError::Present));
    assert_eq!(ring.rotate(KeySeries::Own, PUBLISHED_BEFORE_USE, NOW), Err(RingError::NoNext));
    ring.add(KeySeries::Own, jwk("AQ"), KeyLocation::Sealed, NOW).unwrap();
    let ready = NOW.plus(PUBLISHED_BEFORE_USE);
    let early = ready.minus(Lifetime::seconds(1));
    assert_eq!(ring.rotate(KeySeries::Own, PUBLISHED_BEFORE_USE, early), Err(RingError::TooEarly(ready)));
    ring.rotate(KeySeries::Own, PUBLISHED_BEFORE_USE, ready).unwrap();
    assert_eq!(roles(&ring), [KeyRole::Retired, KeyRole::Current]);

    let (first, second) = (jwk("AA").thumbprint(), jwk("AQ").thumbprint());
    let hour = Lifetime::seconds(3600);
    assert_eq!(ring.remove(&second, hour, ready), Err(RingError::InUse));
    assert_eq!(ring.remove("nobody", hour, ready), Err(RingError::Unknown));
    assert_eq!(ring.remove(&first, hour, ready), Err(RingError::TokensAlive(ready.plus(hour))));
    ring.remove(&first, hour, ready.plus(hour)).unwrap();
    assert_eq!(ring.published(), [&jwk("AQ")]);
}

#[test]
fn a_revoked_key_is_no_longer_trusted_and_a_key_must_remain_to_sign() {
    let mut ring = own(vec![key("AA", KeyRole::Current)]);
    let first = jwk("AA").thumbprint();
    assert_eq!(ring.revoke(&first, NOW), Err(RingError::NoNext));
    ring.add(KeySeries::Own, jwk("AQ"), KeyLocation::Sealed, NOW).unwrap();
    ring.revoke(&first, NOW).unwrap();
    assert_eq!(roles(&ring), [KeyRole::Revoked, KeyRole::Current]);
    assert_eq!(ring.published(), [&jwk("AQ")]);
}

#[test]
fn the_next_key_takes_over_only_with_the_same_algorithm() {
    let mut ring = own(vec![key("Aw", KeyRole::Next), key("AA", KeyRole::Current)]);
    ring.keys.push(key("AQ", KeyRole::Next));
    ring.keys[2].jwk.alg = Algorithm::PS256;
    let order: Vec<_> = ring.signing(None).into_iter().map(|key| key.jwk.clone()).collect();
    assert_eq!(order, [jwk("AA"), jwk("Aw")]);
    assert!(KeyRing::default().signing(None).is_empty());
}

#[test]
fn the_next_key_is_the_oldest_and_any_key_but_the_current_can_be_removed_when_its_tokens_have_ended() {
    let since = |n, role, seconds| RingKey { since: Timestamp::from_seconds(seconds), ..key(n, role) };
    let mut ring =
        own(vec![since("AA", KeyRole::Next, 20), since("AQ", KeyRole::Next, 10), since("Ag", KeyRole::Current, 0)]);
    ring.rotate(KeySeries::Own, Lifetime::seconds(0), NOW).unwrap();
    assert_eq!(roles(&ring), [KeyRole::Next, KeyRole::Current, KeyRole::Retired]);
    assert_eq!(ring.keys.iter().map(|key| key.since.seconds()).collect::<Vec<_>>(), [20, 1_000_000, 1_000_000]);
    ring.remove(&jwk("AA").thumbprint(), Lifetime::seconds(3600), NOW).unwrap();
    assert_eq!(roles(&ring), [KeyRole::Current, KeyRole::Retired]);
    ring.revoke(&jwk("Ag").thumbprint(), NOW).unwrap();
    assert_eq!(ring.revoke("nobody", NOW), Err(RingError::Unknown));
    ring.remove(&jwk("Ag").thumbprint(), Lifetime::seconds(3600), NOW).unwrap();
    assert_eq!(roles(&ring), [KeyRole::Current]);
}

#[test]
fn each_algorithm_of_the_published_keys_is_listed_once() {
    let with = |n, role, alg| RingKey { jwk: PublicJwk { alg, ..jwk(n) }, ..key(n, role) };
    let ring = own(vec![
        with("AA", KeyRole::Retired, Algorithm::PS256),
        with("AQ", KeyRole::Current, Algorithm::RS256),
        with("Ag", KeyRole::Next, Algorithm::RS256),
        with("Aw", KeyRole::Revoked, Algorithm::ES256),
    ]);
    assert_eq!(ring.algorithms().own, [Algorithm::RS256, Algorithm::PS256]);
    assert_eq!(ring.algorithms().for_clients, ring.algorithms().own);
}

fn elliptic(x: &str) -> PublicJwk {
    let material = KeyMaterial::Ec { crv: crate::jose::jwk::Curve::P256, x: x.into(), y: x.into() };
    PublicJwk { material, alg: Algorithm::ES256 }
}

/// A ring that signs ES256, with one RS256 key beside its own.
fn es256_with_rs256() -> KeyRing {
    let mut ring = KeyRing::default();
    ring.add(KeySeries::Own, elliptic("AA"), KeyLocation::Sealed, NOW).unwrap();
    ring.add(KeySeries::Beside, jwk("AA"), KeyLocation::Wrapped, NOW).unwrap();
    ring
}

#[test]
fn a_key_beside_signs_only_for_clients_that_request_its_algorithm() {
    let ring = es256_with_rs256();
    let signs = |ring: &KeyRing, wanted| ring.signing(wanted).into_iter().map(|key| key.jwk.clone()).collect();
    let table: [(_, Vec<PublicJwk>); 4] = [
        (None, vec![elliptic("AA")]),
        (Some(Algorithm::ES256), vec![elliptic("AA")]),
        (Some(Algorithm::RS256), vec![jwk("AA")]),
        (Some(Algorithm::PS256), vec![]),
    ];
    for (wanted, expected) in table {
        let found: Vec<_> = signs(&ring, wanted);
        assert_eq!(found, expected, "{wanted:?}");
    }
    assert_eq!(ring.published(), [&elliptic("AA"), &jwk("AA")], "the workspace's own come first");
    let algorithms = ring.algorithms();
    assert_eq!(algorithms.own, [Algorithm::ES256]);
    assert_eq!(algorithms.for_clients, [Algorithm::ES256, Algorithm::RS256]);

    let mut ring = own(vec![key("AA", KeyRole::Current)]);
    assert_eq!(ring.add(KeySeries::Beside, elliptic("AA"), KeyLocation::Sealed, NOW), Err(RingError::NotRs256));
    assert_eq!(ring.add(KeySeries::Beside, jwk("AA"), KeyLocation::Sealed, NOW), Err(RingError::Present));
    ring.add(KeySeries::Beside, jwk("AQ"), KeyLocation::Sealed, NOW).unwrap();
    let found: Vec<_> = signs(&ring, Some(Algorithm::RS256));
    assert_eq!(found, [jwk("AA")], "the workspace's own key has precedence");
    assert_eq!(ring.algorithms().for_clients, [Algorithm::RS256], "listed once");
}

#[test]
fn the_keys_beside_have_their_own_current_and_next_key() {
    let mut ring = es256_with_rs256();
    let (first, second) = (jwk("AA").thumbprint(), jwk("AQ").thumbprint());
    assert_eq!(ring.rotate(KeySeries::Beside, PUBLISHED_BEFORE_USE, NOW), Err(RingError::NoNext));
    assert_eq!(ring.revoke(&first, NOW), Err(RingError::NoNext));
    ring.add(KeySeries::Beside, jwk("AQ"), KeyLocation::Sealed, NOW).unwrap();
    let order: Vec<_> = ring.signing(Some(Algorithm::RS256)).into_iter().map(|key| key.jwk.thumbprint()).collect();
    assert_eq!(order, [first.clone(), second.clone()], "the next one takes over");
    let ready = NOW.plus(PUBLISHED_BEFORE_USE);
    assert_eq!(ring.rotate(KeySeries::Own, PUBLISHED_BEFORE_USE, ready), Err(RingError::NoNext));
    assert_eq!(ring.rotate(KeySeries::Beside, PUBLISHED_BEFORE_USE, NOW), Err(RingError::TooEarly(ready)));
    ring.rotate(KeySeries::Beside, PUBLISHED_BEFORE_USE, ready).unwrap();
    assert_eq!(ring.current_beside().unwrap().jwk, jwk("AQ"));
    assert_eq!(ring.current().unwrap().jwk, elliptic("AA"));
    let hour = Lifetime::seconds(3600);
    assert_eq!(ring.remove(&first, hour, ready), Err(RingError::TokensAlive(ready.plus(hour))));
    assert_eq!(ring.remove(&second, hour, ready), Err(RingError::InUse));
    ring.remove(&first, hour, ready.plus(hour)).unwrap();
    ring.add(KeySeries::Beside, jwk("Ag"), KeyLocation::Sealed, NOW).unwrap();
    ring.revoke(&second, ready).unwrap();
    assert_eq!(ring.current_beside().unwrap().jwk, jwk("Ag"));
    assert_eq!(ring.published(), [&elliptic("AA"), &jwk("Ag")]);
}

#[test]
fn a_replaced_rs256_key_keeps_signing_for_clients_that_request_rs256() {
    let later = NOW.plus(PUBLISHED_BEFORE_USE);
    let mut ring = own(vec![key("AA", KeyRole::Current)]);
    ring.add(KeySeries::Own, elliptic("AA"), KeyLocation::Sealed, NOW).unwrap();
    let switched = |mut ring: KeyRing| {
        ring.rotate(KeySeries::Own, PUBLISHED_BEFORE_USE, later).unwrap();
        ring
    };
    let after = switched(ring.clone());
    assert_eq!((&after.keys[0].jwk, roles(&after)), (&elliptic("AA"), vec![KeyRole::Current]));
    assert_eq!(after.current_beside().unwrap().jwk, jwk("AA"));
    let mut retired = after;
    retired.retire_beside(later);
    assert_eq!((retired.beside[0].role, retired.beside[0].since), (KeyRole::Retired, later));
    assert_eq!(retired.algorithms().for_clients, [Algorithm::ES256], "it signs no more");
    assert_eq!(retired.published(), [&elliptic("AA"), &jwk("AA")], "what it signed is still good");

    ring.add(KeySeries::Beside, jwk("AQ"), KeyLocation::Sealed, NOW).unwrap();
    let after = switched(ring.clone());
    assert_eq!(
        (roles(&after), after.current_beside().unwrap().jwk.clone()),
        (vec![KeyRole::Retired, KeyRole::Current], jwk("AQ"),)
    );
    let mut revoked = own(ring.keys);
    revoked.revoke(&jwk("AA").thumbprint(), later).unwrap();
    assert_eq!((roles(&revoked), revoked.beside.len()), (vec![KeyRole::Revoked, KeyRole::Current], 0));
}

#[test]
fn sec_key_02_a_key_is_published_for_longer_than_verifiers_cache_it() {
    assert_eq!(PUBLISHED_BEFORE_USE, Lifetime::seconds(7500), "API Gateway caches keys for 7200 seconds");
}

#[test]
fn a_ring_of_the_first_release_is_still_readable() {
    let text = r#"{"keys":[{"jwk":{"kty":"RSA","n":"AA","e":"AQAB","alg":"RS256"},"role":"current"}]}"#;
    let ring: KeyRing = serde_json::from_str(text).unwrap();
    assert_eq!((&ring.keys[0].location, ring.keys[0].since), (&KeyLocation::Sealed, Timestamp::from_millis(0)));
    assert!(ring.beside.is_empty() && !serde_json::to_string(&ring).unwrap().contains("beside"));
}

#[test]
fn an_earlier_version_reads_a_ring_with_a_key_beside_as_one_without() {
    #[derive(serde::Deserialize)]
    struct Earlier {
        keys: Vec<RingKey>,
    }
    let ring = es256_with_rs256();
    let text = serde_json::to_string(&ring).unwrap();
    assert_eq!(serde_json::from_str::<Earlier>(&text).unwrap().keys, ring.keys);
    assert_eq!(serde_json::from_str::<KeyRing>(&text).unwrap(), ring);
}

proptest! {
    #[test]
    fn a_ring_with_keys_always_has_exactly_one_current_key(
        steps in prop::collection::vec((0..4_u8, 0..4_u8, 0..20_000_u32), 1..30),
    ) {
        let mut ring = KeyRing::default();
        let mut now = NOW;
        ring.add(KeySeries::Own, jwk("AA"), KeyLocation::Sealed, now).unwrap();
        for (step, key, later) in steps {
            now = now.plus(Lifetime::seconds(later));
            let named = jwk(["AA", "AQ", "Ag", "Aw"][usize::from(key)]);
            let _ = match step {
                0 => ring.add(KeySeries::Own, named, KeyLocation::Wrapped, now),
                1 => ring.rotate(KeySeries::Own, PUBLISHED_BEFORE_USE, now),
                2 => ring.revoke(&named.thumbprint(), now),
                _ => ring.remove(&named.thumbprint(), Lifetime::seconds(3600), now),
            };
            prop_assert_eq!(ring.keys.iter().filter(|key| key.role == KeyRole::Current).count(), 1);
        }
    }
}
