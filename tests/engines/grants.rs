//! Grants are created once, redeemed once, and revoked for good.

use protocol::tokens::error::{CodeFault, TokenError};
use protocol::tokens::grant::GrantState;
use protocol::types::id::GrantId;
use protocol::types::time::Timestamp;
use serde_json::json;
use store::{GrantCreation, GrantRedemption, GrantRevocation};

use crate::engine::Fresh;
use crate::given::{Code, NOW, later, terms, workspace_id};

#[tokio::test]
async fn a_grant_is_created_once_and_its_own_retry_is_recognized() {
    let (at, code) = (Fresh::tables().await, Code::new(1));
    let creation = GrantCreation::new(&at.connection);
    assert!(!creation.exists(&code.workspace, &code.id).await.unwrap());
    assert_eq!(code.created(&at, "first").await, "created");
    assert!(creation.exists(&code.workspace, &code.id).await.unwrap());
    assert_eq!(code.created(&at, "first").await, "created", "the same attempt again");
    assert_eq!(code.created(&at, "second").await, "already finished");
    assert_eq!(code.denied(&at, "third").await, "already finished");

    let grant = code.found(&at).await.unwrap();
    assert_eq!((grant.id.clone(), grant.terms.clone()), (code.id.clone(), terms()));
    assert_eq!(grant.expires, code.interaction_expires, "the grant outlives the interaction");
    assert!(matches!(grant.state, GrantState::Issued { code: digest, code_expires }
        if digest.matches(&code.digest) && code_expires == code.expires));
    assert!(!grant.is_live(NOW), "an unredeemed grant is not live");
}

#[tokio::test]
async fn a_denied_interaction_cannot_be_approved_later() {
    let (at, code) = (Fresh::tables().await, Code::new(1));
    assert_eq!(code.denied(&at, "first").await, "created");
    assert_eq!(code.denied(&at, "first").await, "created", "the same attempt again");
    assert_eq!(code.created(&at, "second").await, "already finished");
    assert!(GrantCreation::new(&at.connection).exists(&code.workspace, &code.id).await.unwrap());
    assert!(code.found(&at).await.is_none(), "there is nothing to redeem");
}

#[tokio::test]
async fn a_code_is_redeemed_once_and_its_own_retry_is_recognized() {
    let (at, code) = (Fresh::tables().await, Code::new(1));
    code.created(&at, "created").await;
    let approved = code.approved(&at).await;
    assert_eq!(code.redeemed(&at, &approved, "first", later(1)).await, "won");
    assert_eq!(code.redeemed(&at, &approved, "second", later(2)).await, "lost");
    assert_eq!(code.redeemed(&at, &approved, "first", later(3)).await, "won", "the same attempt again");

    let grant = code.found(&at).await.unwrap();
    assert!(matches!(grant.state, GrantState::Redeemed { at, .. } if at == later(1)), "the first write is kept");
    assert_eq!((grant.terms.clone(), grant.expires), (terms(), approved.expires()));
    assert!(grant.is_live(later(1)));
    let replay = code.decided(&at, later(4)).await.err();
    assert!(matches!(replay, Some(TokenError::Code(CodeFault::Replayed(id))) if id == code.id));
}

#[tokio::test]
async fn a_code_that_expires_after_the_read_is_gone_and_stays_unused() {
    let (at, code) = (Fresh::tables().await, Code::new(1));
    code.created(&at, "created").await;
    let approved = code.approved(&at).await;
    assert_eq!(code.redeemed(&at, &approved, "late", code.expires).await, "gone");
    assert!(matches!(code.found(&at).await.unwrap().state, GrantState::Issued { .. }));
    assert_eq!(code.redeemed(&at, &approved, "in time", later(59)).await, "won");
    assert_eq!(
        code.redeemed(&at, &approved, "in time", code.expires).await,
        "won",
        "its own retry succeeds after expiry"
    );
}

/// Numbers are compared numerically, not as strings, and keep full precision.
#[tokio::test]
async fn code_expiry_is_compared_numerically_to_the_millisecond() {
    let at = Fresh::tables().await;
    let table =
        [(999, 1000), (9_999_999_999_999, 10_000_000_000_000), (1 << 53, (1 << 53) + 1), ((1 << 62), (1 << 62) + 1)];
    for (number, (before, end)) in (1..).zip(table) {
        let (before, end) = (Timestamp::from_millis(before), Timestamp::from_millis(end));
        let code = Code { expires: end, interaction_expires: end, ..Code::new(number) };
        code.created(&at, "created").await;
        let grant = code.found(&at).await.unwrap();
        assert!(matches!(grant.state, GrantState::Issued { code_expires, .. } if code_expires == end), "{end:?}");
        let approved = code.decided(&at, before).await.map_err(|error| error.to_string()).unwrap();
        assert_eq!(code.redeemed(&at, &approved, "late", end).await, "gone", "{end:?}");
        assert_eq!(code.redeemed(&at, &approved, "in time", before).await, "won", "{end:?}");
    }
}

#[tokio::test]
async fn a_code_of_a_revoked_grant_is_gone_for_every_caller() {
    let at = Fresh::tables().await;
    let (unused, used) = (Code::new(1), Code::new(2));
    for code in [&unused, &used] {
        code.created(&at, "created").await;
    }
    let (approved, again) = (unused.approved(&at).await, used.approved(&at).await);
    assert_eq!(used.redeemed(&at, &again, "first", NOW).await, "won");
    for code in [&unused, &used] {
        GrantRevocation::new(&at.connection).revoke(&code.workspace, &code.id, later(1)).await.unwrap();
        let grant = code.found(&at).await.unwrap();
        assert!(matches!(grant.state, GrantState::Revoked { code: digest } if digest.matches(&code.digest)));
        assert!(!grant.is_live(later(1)));
        assert!(matches!(code.decided(&at, later(2)).await.err(), Some(TokenError::Code(CodeFault::Revoked))));
    }
    assert_eq!(unused.redeemed(&at, &approved, "first", later(2)).await, "gone");
    assert_eq!(used.redeemed(&at, &again, "first", later(2)).await, "gone", "even for the winner");
}

#[tokio::test]
async fn revocation_is_idempotent_and_never_creates_a_grant() {
    let (at, code) = (Fresh::tables().await, Code::new(1));
    let (revocation, redemption) = (GrantRevocation::new(&at.connection), GrantRedemption::new(&at.connection));
    revocation.revoke(&code.workspace, &code.id, NOW).await.unwrap();
    assert!(at.items(&at.names.flow).await.is_empty(), "an update must not create");
    code.created(&at, "created").await;
    revocation.revoke(&code.workspace, &code.id, later(1)).await.unwrap();
    let once = at.items(&at.names.flow).await;
    revocation.revoke(&code.workspace, &code.id, later(2)).await.unwrap();
    redemption.revoke(&code.workspace, &code.id, later(3)).await.unwrap();
    assert_eq!(at.items(&at.names.flow).await, once, "the first revocation time is kept");
    assert_eq!(once[0]["revoked"]["N"], later(1).millis().to_string());
}

#[tokio::test]
async fn a_grant_deleted_after_the_read_is_gone_and_not_recreated() {
    let (at, code) = (Fresh::tables().await, Code::new(1));
    code.created(&at, "created").await;
    let approved = code.approved(&at).await;
    at.call("DeleteItem", &json!({"TableName": at.names.flow, "Key": code.key()})).await;
    assert_eq!(code.redeemed(&at, &approved, "first", NOW).await, "gone");
    assert!(at.items(&at.names.flow).await.is_empty(), "an update must not create");
}

#[tokio::test]
async fn a_grant_whose_code_changed_after_the_read_is_gone() {
    let (at, code) = (Fresh::tables().await, Code::new(1));
    code.created(&at, "created").await;
    let approved = code.approved(&at).await;
    at.set_everywhere(&at.names.flow, "code", Some(json!({"S": Code::new(2).digest.encoded()}))).await;
    assert_eq!(code.redeemed(&at, &approved, "first", NOW).await, "gone");
    assert!(matches!(code.found(&at).await.unwrap().state, GrantState::Issued { .. }), "the other code stays usable");
}

#[tokio::test]
async fn a_grant_is_found_by_its_complete_key_only() {
    let (at, code) = (Fresh::tables().await, Code::new(1));
    code.created(&at, "created").await;
    let mut near = [1; 16];
    near[15] = 2;
    let others = [
        Code { workspace: workspace_id("demo-2"), ..code.clone() },
        Code { id: GrantId::from_bytes(near), ..code.clone() },
    ];
    for other in &others {
        assert!(other.found(&at).await.is_none());
        assert!(matches!(other.decided(&at, NOW).await.err(), Some(TokenError::Code(CodeFault::Unknown))));
    }
}
