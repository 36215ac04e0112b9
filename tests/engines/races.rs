//! Concurrency: operations on several threads and several pooled connections.

use std::sync::Arc;

use futures::future::join_all;
use protocol::jose::key_ring::KeyRing;
use store::{GrantRedemption, KeyRingWriting, SealingKeyWriting};

use crate::engine::Fresh;
use crate::given::{Code, NOW, later, raced, workspace_id};
use crate::keys::{ring, wrapped};

/// The number of concurrent operations.
const MANY: usize = 50;

fn count(outcomes: &[&str], wanted: &str) -> usize {
    outcomes.iter().filter(|outcome| **outcome == wanted).count()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn one_of_fifty_concurrent_redemptions_wins() {
    let at = Fresh::tables().await;
    for round in 1..=3 {
        let code = Code::new(round);
        code.created(&at, "created").await;
        let approved = Arc::new(code.approved(&at).await);
        let tasks = (0..MANY).map(|number| {
            let (code, approved) = (code.clone(), Arc::clone(&approved));
            let redemption = GrantRedemption::new(&at.connection);
            tokio::spawn(async move {
                let attempt = format!("attempt {number}");
                raced(&redemption.redeem(&code.write(&attempt, later(1)), &approved, None).await.unwrap())
            })
        });
        let outcomes: Vec<&str> = join_all(tasks).await.into_iter().map(Result::unwrap).collect();
        assert_eq!((count(&outcomes, "won"), count(&outcomes, "lost")), (1, MANY - 1), "round {round}: {outcomes:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn one_of_fifty_concurrent_decisions_takes_effect() {
    let at = Arc::new(Fresh::tables().await);
    let code = Code::new(1);
    let tasks = (0..MANY).map(|number| {
        let (at, code) = (Arc::clone(&at), code.clone());
        tokio::spawn(async move {
            let attempt = format!("attempt {number}");
            if number % 2 == 0 { code.created(&at, &attempt).await } else { code.denied(&at, &attempt).await }
        })
    });
    let outcomes: Vec<&str> = join_all(tasks).await.into_iter().map(Result::unwrap).collect();
    assert_eq!((count(&outcomes, "created"), count(&outcomes, "already finished")), (1, MANY - 1), "{outcomes:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn one_of_fifty_concurrent_ring_updates_is_published() {
    let (at, workspace) = (Fresh::tables().await, workspace_id("demo"));
    let writing = KeyRingWriting::new(&at.connection);
    assert!(writing.publish(&workspace, &ring(1), None).await.unwrap());
    let former = writing.ring(&workspace).await.unwrap().unwrap();
    let tasks = (0..MANY).map(|number| {
        let (writing, workspace, former) = (writing.clone(), workspace.clone(), former.clone());
        let ring = KeyRing {
            keys: ring(2)
                .keys
                .into_iter()
                .map(|mut key| {
                    key.since = later(u32::try_from(number).unwrap());
                    key
                })
                .collect(),
            beside: Vec::new(),
        };
        tokio::spawn(async move { writing.publish(&workspace, &ring, Some(&former)).await.unwrap() })
    });
    let published = join_all(tasks).await.into_iter().filter(|outcome| *outcome.as_ref().unwrap()).count();
    assert_eq!(published, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn one_of_fifty_concurrent_initial_data_keys_is_kept() {
    let at = Fresh::tables().await;
    let writing = SealingKeyWriting::new(&at.connection);
    let tasks = (1..=u8::try_from(MANY).unwrap()).map(|number| {
        let writing = writing.clone();
        tokio::spawn(async move { writing.write("interaction", &wrapped(number), None).await.unwrap() })
    });
    let kept = join_all(tasks).await.into_iter().filter(|outcome| *outcome.as_ref().unwrap()).count();
    assert_eq!(kept, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_concurrent_redemption_and_revocation_end_revoked() {
    let at = Fresh::tables().await;
    for number in 1..=10 {
        let code = Code::new(number);
        code.created(&at, "created").await;
        let approved = code.approved(&at).await;
        let (redemption, write) = (GrantRedemption::new(&at.connection), code.write("first", NOW));
        let (outcome, revoked) = tokio::join!(
            redemption.redeem(&write, &approved, None),
            redemption.revoke(&code.workspace, &code.id, NOW),
        );
        revoked.unwrap();
        assert_ne!(raced(&outcome.unwrap()), "lost", "nobody else redeemed it");
        assert!(!code.found(&at).await.unwrap().is_live(NOW));
    }
}
