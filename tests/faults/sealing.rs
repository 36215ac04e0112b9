//! Rotation of sealing keys while functions still have the old ones cached.

use administration::KeyError;
use administration::sealing_keys::{PUBLISHED_BEFORE_SEALING, SealingError, remove, remove_now, rotate};
use protocol::types::id::WorkspaceId;
use protocol::types::time::Lifetime;
use signing::{Purpose, SystemEntropy};
use tests::Laptop;
use web::Clock as _;

use crate::given::Step;

const PURPOSE: Purpose = Purpose::Interaction;

/// An administrator's rotation step: the next version becomes the sealing version.
async fn rotated(laptop: &Laptop, published: Lifetime) -> Result<u8, KeyError> {
    laptop
        .with_keys(async |keys| keys.step_sealing(PURPOSE, |all| rotate(all, published, keys.now)).await)
        .await
        .map(|keys| keys.current)
}

#[tokio::test]
async fn a_function_with_stale_keys_opens_what_the_new_version_seals() {
    let (laptop, _kms) = Laptop::in_aws(|file| file).await;
    let workspace = WorkspaceId::parse("default", "demo").unwrap();
    let (early, late) = (laptop.runtime.sealer(PURPOSE).unwrap(), laptop.runtime.sealer(PURPOSE).unwrap());
    let sealed = |sealer: &signing::Sealer| sealer.seal(&workspace, b"x".to_vec(), &SystemEntropy).unwrap();
    let before = sealed(&early.keys(laptop.clock.now()).await.unwrap());

    laptop.with_keys(async |keys| keys.add_sealing(PURPOSE).await).await.unwrap();
    let refused = rotated(&laptop, PUBLISHED_BEFORE_SEALING).await;
    assert!(matches!(refused, Err(KeyError::Sealing(SealingError::TooEarly(_)))), "{refused:?}");

    // The worst case: loaded just before the new version was published, and reloaded as late as allowed.
    let mut last = early.keys(laptop.clock.now()).await.unwrap();
    for _ in 0..PUBLISHED_BEFORE_SEALING.as_seconds() {
        laptop.clock.advance(1);
        last = early.keys(laptop.clock.now()).await.unwrap();
    }
    assert_eq!(rotated(&laptop, PUBLISHED_BEFORE_SEALING).await.unwrap(), 2);
    let now = laptop.clock.now();
    let fresh = late.keys(now).await.unwrap();
    let after = sealed(&fresh);
    assert!(last.open(&workspace, &after).is_some(), "the stale function opens what the fresh one sealed");
    assert!(fresh.open(&workspace, &before).is_some(), "the fresh function opens what was sealed before");
}

#[tokio::test]
async fn a_login_in_progress_survives_a_rotation() {
    let (mut laptop, _kms) = Laptop::in_aws(|file| file).await;
    laptop.with_keys(async |keys| keys.add_sealing(PURPOSE).await).await.unwrap();
    laptop.clock.advance(PUBLISHED_BEFORE_SEALING.as_seconds());
    let under_way = Step::SignIn.ready(&laptop).await;
    rotated(&laptop, PUBLISHED_BEFORE_SEALING).await.unwrap();
    laptop.restart();
    assert!(Step::SignIn.succeeded(&under_way.send(&laptop).await));

    let removed = async |laptop: &Laptop| {
        laptop.with_keys(async |keys| keys.step_sealing(PURPOSE, |all| remove(all, PURPOSE, keys.now)).await).await
    };
    let refused = removed(&laptop).await;
    assert!(matches!(refused, Err(KeyError::Sealing(SealingError::InUse(_)))), "{refused:?}");
    laptop.clock.advance(PUBLISHED_BEFORE_SEALING.as_seconds() + 3600);
    assert_eq!(removed(&laptop).await.unwrap().versions.len(), 1);
    let begun = Step::SignIn.ready(&laptop).await;
    laptop.restart();
    assert!(Step::SignIn.succeeded(&begun.send(&laptop).await), "the remaining version opens what it sealed");
}

#[tokio::test]
async fn a_compromised_version_is_removed_at_once() {
    let (mut laptop, _kms) = Laptop::in_aws(|file| file).await;
    let under_way = Step::SignIn.ready(&laptop).await;
    laptop.with_keys(async |keys| keys.add_sealing(PURPOSE).await).await.unwrap();
    rotated(&laptop, Lifetime::seconds(0)).await.unwrap();
    laptop.with_keys(async |keys| keys.step_sealing(PURPOSE, remove_now).await).await.unwrap();
    laptop.restart();
    assert!(!Step::SignIn.succeeded(&under_way.send(&laptop).await), "values sealed with it no longer open");
    let begun = Step::SignIn.ready(&laptop).await;
    assert!(Step::SignIn.succeeded(&begun.send(&laptop).await), "starting over works");
}
