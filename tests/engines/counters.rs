//! Counters of requests and of guesses.

use futures::future::join_all;
use protocol::types::rate_limit::{CounterKey, RateLimit};
use protocol::types::time::Lifetime;
use store::Counting;

use crate::engine::Fresh;
use crate::given::{NOW, later, workspace_id};

const LIMIT: RateLimit = RateLimit::new("test", 3, Lifetime::seconds(60));

fn counter(address: &str) -> CounterKey {
    LIMIT.counter(address, NOW)
}

#[tokio::test]
async fn every_concurrent_request_is_counted_once() {
    let at = Fresh::tables().await;
    let (counting, workspace, key) = (Counting::new(&at.connection), workspace_id("demo"), counter("192.0.2.1"));
    let mut counted: Vec<u64> = join_all((0..20).map(|_| counting.count(&workspace, &key)))
        .await
        .into_iter()
        .map(|outcome| outcome.unwrap())
        .collect();
    counted.sort_unstable();
    assert_eq!(counted, (1..=20).collect::<Vec<u64>>());
    for (workspace, key) in [("demo", counter("192.0.2.2")), ("partner", counter("192.0.2.1"))] {
        assert_eq!(counting.count(&workspace_id(workspace), &key).await.unwrap(), 1);
    }
    let next = LIMIT.counter("192.0.2.1", later(60));
    assert_eq!(counting.count(&workspace, &next).await.unwrap(), 1, "the next window begins at zero");
}

#[tokio::test]
async fn what_is_taken_back_never_falls_below_zero() {
    let at = Fresh::tables().await;
    let (counting, workspace, key) = (Counting::new(&at.connection), workspace_id("demo"), counter("192.0.2.1"));
    counting.take_back(&workspace, &key).await.unwrap();
    assert_eq!(counting.count(&workspace, &key).await.unwrap(), 1);
    for _ in 0..3 {
        counting.take_back(&workspace, &key).await.unwrap();
    }
    assert_eq!(counting.count(&workspace, &key).await.unwrap(), 1);
}

#[tokio::test]
async fn a_guess_counts_once_until_too_many_others_were_made() {
    let at = Fresh::tables().await;
    let (counting, workspace, key) = (Counting::new(&at.connection), workspace_id("demo"), counter("alice"));
    let tried = async |guess: &str| counting.try_guess(&workspace, &key, guess, 2).await.unwrap();
    assert_eq!((tried("a").await, tried("a").await, tried("b").await), (Some(1), Some(1), Some(2)));
    // The third is one too many, and says so; a fourth is not even noted.
    assert_eq!((tried("c").await, tried("d").await, tried("a").await), (Some(3), None, Some(3)));
    for _ in 0..2 {
        counting.take_back_guess(&workspace, &key, "c").await.unwrap();
    }
    assert_eq!(tried("d").await, Some(3));
    for guess in ["a", "b", "d"] {
        counting.take_back_guess(&workspace, &key, guess).await.unwrap();
    }
    assert_eq!(tried("e").await, Some(1), "nothing is left of what was taken back");
}

#[tokio::test]
async fn concurrent_guesses_cannot_outrun_their_limit() {
    let at = Fresh::tables().await;
    let (counting, workspace, key) = (Counting::new(&at.connection), workspace_id("demo"), counter("alice"));
    let guesses: Vec<String> = (0..20).map(|number| format!("guess {number}")).collect();
    let outcomes = join_all(guesses.iter().map(|guess| counting.try_guess(&workspace, &key, guess, 5))).await;
    let within =
        outcomes.into_iter().filter(|outcome| outcome.as_ref().unwrap().is_some_and(|tried| tried <= 5)).count();
    assert_eq!(within, 5);
}
