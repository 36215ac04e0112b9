//! Attempts to log in: reserved before anything is looked at, and never more than the rules allow.

use std::sync::atomic::{AtomicUsize, Ordering};

use futures::future::join_all;
use protocol::types::id::WorkspaceId;
use protocol::types::time::Timestamp;
use protocol::users::login_attempts::{AttemptsKey, FREE};
use store::{LoginAttempts, Reservation, WriteAttempt, WriteContext};

use crate::engine::Fresh;
use crate::given::{NOW, later, subject, workspace_id};

fn alice() -> AttemptsKey {
    AttemptsKey::of_user(&subject("alice"))
}

/// Reserves an attempt under a name of its own.
async fn reserved(attempts: &LoginAttempts, workspace: &WorkspaceId, key: &AttemptsKey, now: Timestamp) -> Reservation {
    static NAMES: AtomicUsize = AtomicUsize::new(0);
    let attempt = WriteAttempt::new(NAMES.fetch_add(1, Ordering::Relaxed).to_string());
    attempts.reserve(&WriteContext { workspace, attempt, now }, key).await.unwrap()
}

#[tokio::test]
async fn sec_pwd_06_of_two_hundred_concurrent_attempts_ten_are_reserved() {
    let at = Fresh::tables().await;
    let (attempts, workspace) = (LoginAttempts::new(&at.connection), workspace_id("demo"));
    let reserve = async || reserved(&attempts, &workspace, &alice(), NOW).await;
    let outcomes = join_all((0..200).map(|_| reserve())).await;
    let reserved = outcomes.iter().filter(|outcome| **outcome == Reservation::Reserved).count();
    assert_eq!(u64::try_from(reserved).unwrap(), FREE);
    assert!(outcomes.iter().all(|outcome| matches!(outcome, Reservation::Reserved | Reservation::Wait(30))));
}

#[tokio::test]
async fn sec_pwd_06_after_each_wait_one_of_many_concurrent_attempts_is_reserved() {
    let at = Fresh::tables().await;
    let (attempts, workspace) = (LoginAttempts::new(&at.connection), workspace_id("demo"));
    for _ in 0..FREE {
        assert_eq!(reserved(&attempts, &workspace, &alice(), NOW).await, Reservation::Reserved);
    }
    let mut now = 0;
    for wait in [30, 60, 120, 240] {
        let early = reserved(&attempts, &workspace, &alice(), later(now + wait - 1)).await;
        assert_eq!(early, Reservation::Wait(1), "{wait}");
        now += wait;
        let tries = (0..50).map(|_| async { reserved(&attempts, &workspace, &alice(), later(now)).await });
        let outcomes = join_all(tries).await;
        assert_eq!(outcomes.iter().filter(|outcome| **outcome == Reservation::Reserved).count(), 1, "{outcomes:?}");
    }
}

#[tokio::test]
async fn attempts_are_forgotten_by_a_right_password_or_after_a_day_and_belong_to_one_key() {
    let at = Fresh::tables().await;
    let (attempts, workspace) = (LoginAttempts::new(&at.connection), workspace_id("demo"));
    let reserve = async |key: &AttemptsKey, seconds| reserved(&attempts, &workspace, key, later(seconds)).await;
    let browser = AttemptsKey::of_browser(&subject("alice"), "b1");
    for _ in 0..2 {
        for _ in 0..FREE {
            assert_eq!(reserve(&alice(), 0).await, Reservation::Reserved);
        }
        assert_eq!(reserve(&alice(), 0).await, Reservation::Wait(30));
        assert_eq!(reserve(&browser, 0).await, Reservation::Reserved);
        for _ in 0..2 {
            attempts.forget(&workspace, &alice()).await.unwrap();
        }
    }
    let partner = reserved(&attempts, &workspace_id("partner"), &alice(), NOW).await;
    assert_eq!(partner, Reservation::Reserved);
    for _ in 0..FREE {
        assert_eq!(reserve(&alice(), 0).await, Reservation::Reserved);
    }
    // A day later ten are free again, whether or not the item is still there.
    for _ in 0..FREE {
        assert_eq!(reserve(&alice(), 86_400).await, Reservation::Reserved);
    }
    assert_eq!(reserve(&alice(), 86_400).await, Reservation::Wait(30));
}
