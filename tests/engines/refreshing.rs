//! Refreshing: a grant's refresh tokens form a list, even under races and lost responses.

use std::sync::Arc;

use futures::future::join_all;
use protocol::clients::resource_indicator::Resources;
use protocol::tokens::context::TokenContext;
use protocol::tokens::error::TokenError;
use protocol::tokens::grant::{GrantState, LoadedGrant, RefreshState};
use protocol::tokens::refresh_grant::{ApprovedRefresh, Narrowing, approve};
use protocol::tokens::refresh_token::{RefreshToken, written};
use protocol::types::secret::{Secret, SecretHash};
use protocol::types::time::Timestamp;
use protocol::users::status::UserStatus;
use store::{GrantRedemption, RefreshIssue, RefreshOutcome, RotationWrite};

use crate::engine::Fresh;
use crate::given::{Code, NOW, later, refreshing_client, region};

/// The number of concurrent operations.
const MANY: usize = 50;

/// The token of this generation; every attempt derives the same one.
fn token(code: &Code, generation: u32) -> RefreshToken {
    let secret = Secret::new([u8::try_from(generation).unwrap(); 32]);
    RefreshToken::parse(written(&region(), &code.id, generation, &secret).expose()).unwrap()
}

fn issue(code: &Code, generation: u32) -> RefreshIssue {
    RefreshIssue { hash: token(code, generation).hash, version: 1 }
}

/// A grant redeemed with its first refresh token.
async fn redeemed(at: &Fresh, number: u8) -> Code {
    let code = Code::offline(number);
    code.created(at, "created").await;
    let approved = code.approved(at).await;
    assert!(approved.refresh().is_some(), "the exchange issues a refresh token");
    let redemption = GrantRedemption::new(&at.connection);
    assert!(matches!(
        redemption.redeem(&code.write("redeemed", NOW), &approved, Some(issue(&code, 1))).await.unwrap(),
        store::Redemption::Won(_)
    ));
    code
}

async fn state(at: &Fresh, code: &Code) -> RefreshState {
    let state = code.found(at).await.unwrap().state;
    let refresh = if let GrantState::Redeemed { refresh, .. } = state { refresh } else { None };
    refresh.unwrap()
}

async fn decided(at: &Fresh, code: &Code, generation: u32, now: Timestamp) -> Result<ApprovedRefresh, TokenError> {
    let grant = GrantRedemption::new(&at.connection).find(&code.workspace, &code.id).await.unwrap();
    let loaded = grant.map(|grant| LoadedGrant { grant, user: UserStatus::Active });
    let everything = Narrowing { scope: None, resource: Resources::default() };
    let (token, client) = (token(code, generation), refreshing_client());
    approve(loaded, &token, everything, || true, TokenContext { client: &client, now })
}

async fn approved(at: &Fresh, code: &Code, generation: u32, now: Timestamp) -> ApprovedRefresh {
    decided(at, code, generation, now).await.map_err(|error| error.to_string()).unwrap()
}

fn word(refreshed: &RefreshOutcome) -> &'static str {
    match refreshed {
        RefreshOutcome::Good(_) => "good",
        RefreshOutcome::Lost => "lost",
        RefreshOutcome::Gone => "gone",
    }
}

async fn refreshed(
    at: &Fresh,
    code: &Code,
    (approved, rotation): (&ApprovedRefresh, RotationWrite),
    attempt: &str,
    now: Timestamp,
) -> &'static str {
    word(&GrantRedemption::new(&at.connection).refresh(&code.write(attempt, now), approved, rotation).await.unwrap())
}

fn is(hash: &SecretHash, code: &Code, generation: u32) -> bool {
    hash.matches(&token(code, generation).hash)
}

#[tokio::test]
async fn a_refresh_advances_the_grant_by_one_generation() {
    let at = Fresh::tables().await;
    let code = redeemed(&at, 1).await;
    let first = state(&at, &code).await;
    assert_eq!((first.generation, first.version, first.previous.is_none()), (1, 1, true));
    assert!(is(&first.current, &code, 1));
    let approved = approved(&at, &code, 1, later(10)).await;
    let next = RotationWrite::Next(2, issue(&code, 2));
    assert_eq!(refreshed(&at, &code, (&approved, next), "a", later(11)).await, "good");
    let second = state(&at, &code).await;
    assert_eq!((second.generation, second.until), (2, first.until), "rotation does not extend the lifetime");
    assert!(is(&second.current, &code, 2));
    let (previous, replaced) = second.previous.unwrap();
    assert!(is(&previous, &code, 1) && replaced == later(11));
    assert!(second.idle_until > first.idle_until);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn fifty_concurrent_refreshes_have_one_successor() {
    let at = Arc::new(Fresh::tables().await);
    let code = redeemed(&at, 2).await;
    let approved = Arc::new(approved(&at, &code, 1, later(10)).await);
    let tasks = (0..MANY).map(|number| {
        let (at, code, approved) = (Arc::clone(&at), code.clone(), Arc::clone(&approved));
        tokio::spawn(async move {
            let next = RotationWrite::Next(2, issue(&code, 2));
            refreshed(&at, &code, (&approved, next), &format!("attempt {number}"), later(11)).await
        })
    });
    let outcomes: Vec<&str> = join_all(tasks).await.into_iter().map(Result::unwrap).collect();
    assert!(outcomes.iter().all(|outcome| *outcome == "good"), "{outcomes:?}");
    assert_eq!(state(&at, &code).await.generation, 2);
}

#[tokio::test]
async fn a_second_successor_is_never_issued() {
    let at = Fresh::tables().await;
    let code = redeemed(&at, 3).await;
    let approved = approved(&at, &code, 1, later(10)).await;
    let next = RotationWrite::Next(2, issue(&code, 2));
    assert_eq!(refreshed(&at, &code, (&approved, next), "a", later(11)).await, "good");
    let other = RotationWrite::Next(2, issue(&code, 9));
    assert_eq!(refreshed(&at, &code, (&approved, other), "b", later(12)).await, "lost", "derived with another key");
    assert_eq!(refreshed(&at, &code, (&approved, next), "b", later(70)).await, "good", "within the grace period");
    assert_eq!(refreshed(&at, &code, (&approved, next), "b", later(71)).await, "lost", "after the grace period");
    assert_eq!(
        refreshed(&at, &code, (&approved, next), "a", later(71)).await,
        "good",
        "the retry of an attempt whose response was lost"
    );
}

#[tokio::test]
async fn a_grant_revoked_or_expired_after_the_read_is_gone() {
    let at = Fresh::tables().await;
    let (revoked, ended) = (redeemed(&at, 4).await, redeemed(&at, 5).await);
    let next = |code: &Code| RotationWrite::Next(2, issue(code, 2));
    let (first, second) = (approved(&at, &revoked, 1, later(10)).await, approved(&at, &ended, 1, later(10)).await);
    GrantRedemption::new(&at.connection).revoke(&revoked.workspace, &revoked.id, later(11)).await.unwrap();
    assert_eq!(refreshed(&at, &revoked, (&first, next(&revoked)), "a", later(12)).await, "gone");
    assert!(decided(&at, &revoked, 1, later(12)).await.is_err());
    let idle = state(&at, &ended).await.idle_until;
    assert_eq!(refreshed(&at, &ended, (&second, next(&ended)), "a", idle).await, "gone");
    let still = Timestamp::from_millis(idle.millis() - 1);
    assert_eq!(refreshed(&at, &ended, (&second, next(&ended)), "a", still).await, "good");
}

#[tokio::test]
async fn a_token_without_rotation_only_extends_its_idle_time() {
    let at = Fresh::tables().await;
    let code = redeemed(&at, 6).await;
    let approved = approved(&at, &code, 1, later(10)).await;
    assert_eq!(refreshed(&at, &code, (&approved, RotationWrite::Stays), "a", later(11)).await, "good");
    let after = state(&at, &code).await;
    assert_eq!((after.generation, after.previous.is_none()), (1, true));
    assert_eq!(after.idle_until, approved.idle_until());
    assert_eq!(refreshed(&at, &code, (&approved, RotationWrite::Again(issue(&code, 1))), "b", later(12)).await, "good");
    assert_eq!(state(&at, &code).await.generation, 1, "repeating the response changes nothing");
}
