//! Changes between the read and the write of a request.

use std::collections::BTreeSet;

use dynoxide::Database;
use futures::future::join_all;
use postern::dev::engine::local_settings;
use serde_json::{Value, json};
use tests::browser::{body, json as parsed, location};
use tests::{Laptop, Operation, Trouble, expect};

use crate::given::{Ready, Step, userinfo};

/// Updates the item under `key` in the flow table directly, bypassing the store.
pub(crate) fn alter(database: &Database, key: &str, expression: &str, values: &Value) {
    let names = if expression.contains("#ttl") { json!({"#ttl": "ttl"}) } else { Value::Null };
    let mut request = json!({
        "TableName": local_settings().tables.flow,
        "Key": {"pk": {"S": key}},
        "UpdateExpression": expression,
    });
    for (name, value) in [("ExpressionAttributeValues", values), ("ExpressionAttributeNames", &names)] {
        if !value.is_null() {
            request[name] = value.clone();
        }
    }
    database.update_item(serde_json::from_value(request).unwrap()).unwrap();
}

/// Deletes the item under `key`, as TTL does.
pub(crate) fn remove(database: &Database, key: &str) {
    let request = json!({"TableName": local_settings().tables.flow, "Key": {"pk": {"S": key}}});
    database.delete_item(serde_json::from_value(request).unwrap()).unwrap();
}

/// Runs `change` right before the first write from now on.
fn before_the_write(laptop: &Laptop, change: impl Fn(&Database) + Send + Sync + 'static) {
    let database = laptop.database().clone();
    let done = std::sync::Once::new();
    laptop.wire.plan(move |call: &Operation, _| {
        if call.is_write() {
            done.call_once(|| change(&database));
        }
        Trouble::None
    });
}

async fn with_a_change(expression: &'static str, values: Value) -> (Laptop, Ready, web::Response) {
    let laptop = Laptop::demo().await;
    let ready = Step::Exchange.ready(&laptop).await;
    let key = ready.grant();
    before_the_write(&laptop, move |database| alter(database, &key, expression, &values));
    let answer = ready.send(&laptop).await;
    laptop.wire.calm();
    (laptop, ready, answer)
}

fn grant(laptop: &Laptop, ready: &Ready) -> String {
    let grants = &laptop.dump()[&local_settings().tables.flow];
    grants.iter().find(|item| item.contains(&ready.grant())).cloned().unwrap_or_default()
}

#[tokio::test]
async fn f_ddb_04_a_grant_revoked_between_read_and_write_is_an_invalid_grant() {
    let (_, _, answer) = with_a_change("SET revoked = :now", json!({":now": {"N": "1780000000000"}})).await;
    expect::refused(&answer, 400, "invalid_grant", "revoked");
}

#[tokio::test]
async fn f_ddb_04_a_code_that_expires_between_read_and_write_is_an_invalid_grant() {
    let (laptop, ready, answer) =
        with_a_change("SET code_expires = :then", json!({":then": {"N": "1780000000000"}})).await;
    expect::refused(&answer, 400, "invalid_grant", "expired");
    assert!(!grant(&laptop, &ready).contains("revoked"), "nothing was replayed");
}

#[tokio::test]
async fn f_ddb_04_a_grant_replaced_between_read_and_write_is_an_invalid_grant() {
    let (laptop, ready, answer) = with_a_change("SET code = :code", json!({":code": {"S": "A".repeat(43)}})).await;
    expect::refused(&answer, 400, "invalid_grant", "another code");
    assert!(!grant(&laptop, &ready).contains("redeemed"), "the other code stays usable");
}

#[tokio::test]
async fn f_ddb_08_a_grant_deleted_between_read_and_write_is_an_invalid_grant_and_not_recreated() {
    let laptop = Laptop::demo().await;
    let ready = Step::Exchange.ready(&laptop).await;
    let key = ready.grant();
    before_the_write(&laptop, move |database| remove(database, &key));
    expect::refused(&ready.send(&laptop).await, 400, "invalid_grant", "collected");
    laptop.wire.calm();
    assert_eq!(grant(&laptop, &ready), "", "an update must not create");
    expect::refused(&ready.send(&laptop).await, 400, "invalid_grant", "still gone");
}

#[tokio::test]
async fn f_ddb_10_a_code_that_a_stale_read_shows_unused_is_refused_by_the_write() {
    let redeemed = |at: &str| json!({":at": {"N": at}, ":by": {"S": "another"}});
    let expression = "SET redeemed = :at, redeemed_by = :by";
    // Whatever the writer's clock says, a code read as unused and redeemed since is a race, not a replay.
    for at in ["1780000000000", "1779999990000"] {
        let (laptop, ready, answer) = with_a_change(expression, redeemed(at)).await;
        expect::refused(&answer, 400, "invalid_grant", at);
        assert!(!grant(&laptop, &ready).contains("revoked"), "{at}: a race is not a replay");
        laptop.clock.advance(2);
        expect::refused(&ready.send(&laptop).await, 400, "invalid_grant", at);
        assert!(grant(&laptop, &ready).contains("revoked"), "{at}: a valid replay revokes the grant");
    }
}

#[tokio::test]
async fn f_ddb_04_one_of_many_concurrent_decisions_takes_effect() {
    for step in [Step::Allow, Step::Deny, Step::SignInAtOnce] {
        let laptop = Laptop::demo().await;
        let ready = step.ready(&laptop).await;
        let answers = join_all((0..20).map(|_| ready.send(&laptop))).await;
        let told: BTreeSet<_> = answers.iter().map(location).collect();
        assert_eq!(told.len(), 1, "{step:?}: one code or one denial: {told:?}");
        for answer in &answers {
            step.over(answer, &format!("{step:?}"));
        }
        let calls = laptop.wire.calls();
        let grants = laptop.dump()["postern-flow"].iter().filter(|item| item.contains("grant#")).count();
        assert!(grants == 1 && calls.iter().any(|call| step.commits(call)), "{step:?}: {grants} grants");
    }
}

#[tokio::test]
async fn f_ddb_10_a_just_revoked_token_is_refused_because_reads_are_consistent() {
    let laptop = Laptop::demo().await;
    let ready = Step::Revoke.ready(&laptop).await;
    assert_eq!(userinfo(&laptop, &ready.token).await, 200, "everything is warm");
    assert_eq!(ready.send(&laptop).await.status(), 200);
    assert_eq!(userinfo(&laptop, &ready.token).await, 401);
}

#[tokio::test]
async fn f_ddb_03_a_retry_that_finds_another_winner_is_refused() {
    let laptop = Laptop::demo().await;
    let ready = Step::Exchange.ready(&laptop).await;
    let (key, database, done) = (ready.grant(), laptop.database().clone(), std::sync::atomic::AtomicBool::new(false));
    laptop.wire.plan(move |call, _| {
        if call.name != "UpdateItem" || done.swap(true, std::sync::atomic::Ordering::SeqCst) {
            return Trouble::None;
        }
        let values = json!({":at": {"N": "1780000000000"}, ":by": {"S": "another"}});
        alter(&database, &key, "SET redeemed = :at, redeemed_by = :by", &values);
        Trouble::Before
    });
    let answer = ready.send(&laptop).await;
    assert!(laptop.wire.calls().iter().filter(|call| call.name == "UpdateItem").count() > 1, "the write was retried");
    expect::refused(&answer, 400, "invalid_grant", "another won");
    assert!(parsed(&answer)["access_token"].is_null(), "{}", body(&answer));
}
