//! Key rings, sealed private keys, and data keys.

use protocol::jose::jwk::{Algorithm, KeyMaterial, PublicJwk};
use protocol::jose::key_ring::{KeyLocation, KeyRing, KeyRole, RingKey};
use store::{
    KeyRingReading, KeyRingWriting, SealingKeyReading, SealingKeyWriting, SigningKeyReading, WrappedSealingKey,
    WrappedSealingKeys,
};

use crate::engine::Fresh;
use crate::given::{NOW, later, workspace_id};

/// A ring of `keys` keys, each as long as an RSA key.
pub(crate) fn ring(keys: u8) -> KeyRing {
    let key = |number: u8| RingKey {
        jwk: PublicJwk {
            material: KeyMaterial::Rsa { n: char::from(b'A' + number).to_string().repeat(342), e: "AQAB".into() },
            alg: Algorithm::RS256,
        },
        role: if number == 0 { KeyRole::Current } else { KeyRole::Next },
        location: KeyLocation::Kms(format!("arn:aws:kms:eu-west-1:111122223333:key/{number}")),
        since: NOW,
    };
    KeyRing { keys: (0..keys).map(key).collect(), beside: Vec::new() }
}

/// A wrapped data key of this version.
pub(crate) fn wrapped(version: u8) -> WrappedSealingKeys {
    let key = WrappedSealingKey { version, wrapped: "A".repeat(248), since: NOW };
    WrappedSealingKeys { current: version, versions: vec![key] }
}

#[tokio::test]
async fn a_ring_replaces_only_the_ring_that_was_read() {
    let (at, demo, other) = (Fresh::tables().await, workspace_id("demo"), workspace_id("demo-2"));
    let (reading, writing) = (KeyRingReading::new(&at.connection), KeyRingWriting::new(&at.connection));
    assert!(reading.ring(&demo, NOW).await.unwrap().is_none());
    assert!(writing.ring(&demo).await.unwrap().is_none());
    assert!(writing.publish(&demo, &ring(1), None).await.unwrap());
    assert!(!writing.publish(&demo, &ring(2), None).await.unwrap(), "a ring exists already");
    let first = writing.ring(&demo).await.unwrap().unwrap();
    assert_eq!(first.ring, ring(1));
    assert!(!writing.publish(&other, &ring(2), Some(&first)).await.unwrap(), "there is no ring to replace");
    assert!(writing.publish(&demo, &ring(2), Some(&first)).await.unwrap());
    assert!(!writing.publish(&demo, &ring(3), Some(&first)).await.unwrap(), "somebody was faster");

    assert_eq!(*reading.ring(&demo, NOW).await.unwrap().unwrap(), ring(2));
    let second = writing.ring(&demo).await.unwrap().unwrap();
    assert!(writing.publish(&demo, &ring(3), Some(&second)).await.unwrap());
    assert_eq!(*reading.ring(&demo, later(29)).await.unwrap().unwrap(), ring(2), "cached for at most thirty seconds");
    assert_eq!(*reading.ring(&demo, later(30)).await.unwrap().unwrap(), ring(3));
    assert!(reading.ring(&other, NOW).await.unwrap().is_none());
}

#[tokio::test]
async fn a_private_key_is_stored_sealed_until_deleted() {
    let (at, demo) = (Fresh::tables().await, workspace_id("demo"));
    let (reading, writing) = (SigningKeyReading::new(&at.connection), KeyRingWriting::new(&at.connection));
    let sealed = "s".repeat(2500);
    assert_eq!(reading.sealed(&demo, "kid").await.unwrap(), None);
    writing.keep(&demo, "kid", &sealed).await.unwrap();
    assert_eq!(reading.sealed(&demo, "kid").await.unwrap(), Some(sealed));
    assert_eq!(reading.sealed(&workspace_id("demo-2"), "kid").await.unwrap(), None);
    writing.forget(&demo, "kid").await.unwrap();
    writing.forget(&demo, "kid").await.unwrap();
    assert_eq!(reading.sealed(&demo, "kid").await.unwrap(), None);
}

#[tokio::test]
async fn data_keys_replace_only_those_that_were_read() {
    let at = Fresh::tables().await;
    let (reading, writing) = (SealingKeyReading::new(&at.connection), SealingKeyWriting::new(&at.connection));
    assert_eq!(reading.keys("interaction").await.unwrap(), None);
    assert!(writing.write("interaction", &wrapped(1), None).await.unwrap());
    assert!(!writing.write("interaction", &wrapped(2), None).await.unwrap(), "data keys exist already");
    assert!(writing.write("interaction", &wrapped(2), Some(&wrapped(1))).await.unwrap());
    assert!(!writing.write("interaction", &wrapped(3), Some(&wrapped(1))).await.unwrap(), "somebody was faster");
    assert!(
        !writing.write("upstream", &wrapped(2), Some(&wrapped(1))).await.unwrap(),
        "there are no data keys to replace"
    );
    assert_eq!(reading.keys("interaction").await.unwrap(), Some(wrapped(2)));
    assert_eq!(reading.keys("upstream").await.unwrap(), None);
}

#[tokio::test]
async fn the_identifier_derivation_key_is_written_once() {
    let at = Fresh::tables().await;
    let (reading, writing) = (SealingKeyReading::new(&at.connection), SealingKeyWriting::new(&at.connection));
    assert!(writing.write("pairwise-subject", &wrapped(1), None).await.unwrap());
    assert!(!writing.write("pairwise-subject", &wrapped(2), Some(&wrapped(1))).await.unwrap(), "another version");
    assert_eq!(reading.keys("pairwise-subject").await.unwrap(), Some(wrapped(1)));
}
