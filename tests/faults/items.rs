//! Unexpected items: of a later version, damaged, expired but present, or deleted too early.

use std::collections::BTreeSet;

use dynoxide::Database;
use dynoxide::actions::scan::ScanRequest;
use postern::dev::engine::local_settings;
use serde_json::{Value, json};
use tests::browser::body;
use tests::{Laptop, expect};
use web::Response;

use crate::given::{Ready, STEPS, Step, cold, userinfo};
use crate::races::{alter, remove};

/// An item and its table.
pub(crate) struct Stored {
    table: String,
    item: Value,
}

/// Every item of this kind.
pub(crate) fn stored(database: &Database, kind: &str) -> Vec<Stored> {
    let tables = local_settings().tables;
    let mut all = Vec::new();
    for table in [tables.config, tables.users, tables.flow] {
        let request = ScanRequest { table_name: table.clone(), ..ScanRequest::default() };
        for item in database.scan(request).unwrap().items.unwrap_or_default() {
            let item = serde_json::to_value(item).unwrap();
            if item["pk"]["S"].as_str().unwrap().starts_with(&format!("{kind}#")) {
                all.push(Stored { table: table.clone(), item });
            }
        }
    }
    all
}

impl Stored {
    /// The item's key.
    pub(crate) fn key(&self) -> &str {
        self.item["pk"]["S"].as_str().unwrap()
    }

    fn put(&self, database: &Database, item: &Value) {
        let request = json!({"TableName": self.table, "Item": item});
        database.put_item(serde_json::from_value(request).unwrap()).unwrap();
    }

    /// Returns the item with `attribute` set to `value`.
    fn with(&self, attribute: &str, value: Value) -> Value {
        let mut item = self.item.clone();
        item[attribute] = value;
        item
    }
}

/// The kinds of items that `step` reads.
async fn kinds(laptop: &mut Laptop, step: Step) -> Vec<String> {
    let ready = step.ready(laptop).await;
    cold(laptop);
    let _ = laptop.wire.calls();
    assert!(step.succeeded(&ready.send(laptop).await), "{step:?}");
    let mut kinds: Vec<String> = laptop.wire.calls().into_iter().map(|call| call.kind).collect();
    kinds.sort();
    kinds.dedup();
    kinds
}

#[tokio::test]
async fn f_lam_06_an_item_of_a_later_version_is_a_503_and_the_request_succeeds_afterwards() {
    for step in STEPS {
        let mut laptop = Laptop::demo().await;
        for kind in kinds(&mut laptop, step).await {
            let ready = step.ready(&laptop).await;
            let read = stored(laptop.database(), &kind);
            for stored in &read {
                stored.put(laptop.database(), &stored.with("v", json!({"N": "2"})));
            }
            cold(&mut laptop);
            let answer = ready.send(&laptop).await;
            let case = format!("{step:?}, {kind}");
            if step.succeeded(&answer) {
                // Items that the step itself creates do not exist yet when it reads.
                let made_here = ["grant", "session", "consent"].contains(&kind.as_str())
                    || (step == Step::Push && kind == "pushed-request")
                    || (step == Step::AskByDevice && ["device-request", "counter"].contains(&kind.as_str()));
                assert!(made_here && !matches!(step, Step::Exchange | Step::Userinfo), "{case}: it was read");
                continue;
            }
            step.unavailable(&laptop, &answer, &case);
            for stored in &read {
                stored.put(laptop.database(), &stored.item);
            }
            cold(&mut laptop);
            let again = ready.send(&laptop).await;
            assert!(step.succeeded(&again), "{case}: {} {}", again.status(), body(&again));
        }
    }
}

/// Damages `attribute` of all items of `kind`, sends `ready`, and repairs them.
async fn damaged(laptop: &mut Laptop, ready: &Ready, kind: &str, (attribute, damage): (&str, &Value)) -> Response {
    let whole = stored(laptop.database(), kind);
    for stored in whole.iter().filter(|stored| stored.item.get(attribute).is_some()) {
        stored.put(laptop.database(), &stored.with(attribute, damage.clone()));
    }
    cold(laptop);
    let answer = ready.send(laptop).await;
    for stored in &whole {
        stored.put(laptop.database(), &stored.item);
    }
    answer
}

fn attributes(database: &Database, kind: &str) -> BTreeSet<String> {
    let items = stored(database, kind);
    let names = items.iter().flat_map(|stored| stored.item.as_object().unwrap().keys().cloned());
    names.filter(|name| !["pk", "sk"].contains(&name.as_str())).collect()
}

#[tokio::test]
async fn f_lam_06_a_damaged_item_is_a_503_and_never_a_protocol_error_or_a_panic() {
    let damages = [json!({"S": "{"}), json!({"N": "-1"})];
    for step in STEPS {
        let mut laptop = Laptop::demo().await;
        for kind in kinds(&mut laptop, step).await {
            let mut ready = step.ready(&laptop).await;
            for attribute in attributes(laptop.database(), &kind) {
                for damage in &damages {
                    let answer = damaged(&mut laptop, &ready, &kind, (&attribute, damage)).await;
                    if !step.succeeded(&answer) {
                        step.unavailable(&laptop, &answer, &format!("{step:?}, {kind}, {attribute}: {damage}"));
                    } else if step.happens_once() {
                        ready = step.ready(&laptop).await;
                    }
                }
            }
        }
    }
}

#[tokio::test]
async fn sec_code_03_and_f_ddb_08_an_expired_item_that_still_exists_is_refused() {
    let laptop = Laptop::with(|file| file.replace("session = 43200", "session = 43200\nsession_idle = 43200")).await;
    let (code, allow) = (Step::Exchange.ready(&laptop).await, Step::Allow.ready(&laptop).await);
    let (session, token) = (Step::SingleSignOn.ready(&laptop).await, Step::Userinfo.ready(&laptop).await);
    for stored in stored(laptop.database(), "grant").iter().chain(&stored(laptop.database(), "session")) {
        stored.put(laptop.database(), &stored.with("ttl", json!({"N": "9999999999"})));
    }
    laptop.clock.advance(60);
    expect::refused(&code.send(&laptop).await, 400, "invalid_grant", "a code at its sixtieth second");
    laptop.clock.advance(600 - 60 - 1);
    assert_eq!(userinfo(&laptop, &token.token).await, 200, "a token a second before expiry");
    laptop.clock.advance(1);
    assert_eq!(userinfo(&laptop, &token.token).await, 401, "a token after ten minutes");
    laptop.clock.advance(1800 - 600);
    expect::page(&allow.send(&laptop).await, 400, "an interaction after half an hour");
    laptop.clock.advance(43_200 - 1800 - 1);
    assert!(Step::SingleSignOn.succeeded(&session.send(&laptop).await), "a session a second before expiry");
    laptop.clock.advance(1);
    let answer = session.send(&laptop).await;
    assert!(Step::Arrive.succeeded(&answer), "a session after twelve hours: {:?}", answer.headers());
}

#[tokio::test]
async fn sec_code_03_and_f_ddb_08_an_unexpired_item_past_its_ttl_is_honored() {
    for step in STEPS {
        let mut laptop = Laptop::demo().await;
        let ready = step.ready(&laptop).await;
        for stored in stored(laptop.database(), "grant").iter().chain(&stored(laptop.database(), "session")) {
            stored.put(laptop.database(), &stored.with("ttl", json!({"N": "1"})));
        }
        laptop.clock.advance(59);
        cold(&mut laptop);
        let answer = ready.send(&laptop).await;
        assert!(step.succeeded(&answer), "{step:?}: {} {}", answer.status(), body(&answer));
    }
}

#[tokio::test]
async fn sec_code_03_and_f_ddb_08_an_item_deleted_too_early_counts_as_nonexistent() {
    let laptop = Laptop::demo().await;
    let (code, token) = (Step::Exchange.ready(&laptop).await, Step::Userinfo.ready(&laptop).await);
    let session = Step::SingleSignOn.ready(&laptop).await;
    for key in [code.grant(), token.grant()] {
        remove(laptop.database(), &key);
    }
    for stored in stored(laptop.database(), "session") {
        remove(laptop.database(), stored.item["pk"]["S"].as_str().unwrap());
    }
    expect::refused(&code.send(&laptop).await, 400, "invalid_grant", "a code");
    assert_eq!(userinfo(&laptop, &token.token).await, 401, "a token");
    assert!(Step::Arrive.succeeded(&session.send(&laptop).await), "a session");
}

/// TTL lags logical expiry by at least an hour for every kind of item.
#[tokio::test]
async fn sec_time_06_the_ttl_is_at_least_an_hour_after_expiry() {
    let laptop = Laptop::demo().await;
    let (_, token) = (Step::Exchange.ready(&laptop).await, Step::Userinfo.ready(&laptop).await);
    let (grants, sessions) = (stored(laptop.database(), "grant"), stored(laptop.database(), "session"));
    let number = |value: &Value| value["N"].as_str().unwrap().parse::<u64>().unwrap();
    for Stored { item, .. } in &grants {
        let code = item.get("code_expires").map_or(0, number);
        let end = number(&item["expires"]).max(code);
        assert!(number(&item["ttl"]) >= end / 1000 + 3600, "{item}");
    }
    for Stored { item, .. } in &sessions {
        let session: Value = serde_json::from_str(item["session"]["S"].as_str().unwrap()).unwrap();
        assert!(number(&item["ttl"]) >= session["expires"].as_u64().unwrap() / 1000 + 3600, "{item}");
    }
    assert!(grants.len() >= 2 && !sessions.is_empty());
    // A redeemed grant must outlive its tokens.
    let redeemed = grants.iter().find(|stored| stored.item["pk"]["S"] == token.grant()).unwrap();
    assert!(number(&redeemed.item["expires"]) >= 1_780_000_000_000 + 3_600_000, "{}", redeemed.item);
    alter(laptop.database(), &token.grant(), "REMOVE #ttl", &Value::Null);
    assert_eq!(userinfo(&laptop, &token.token).await, 200, "nothing reads the ttl");
}
