//! Tables restored from a backup as described in docs/operating.md ("Restore from a backup"): `config` and `users`,
//! never `flow`.

use std::collections::BTreeMap;

use dynoxide::actions::delete_table::DeleteTableRequest;
use postern::dev::engine::local_settings;
use serde_json::{Value, json};
use tests::Laptop;
use tests::browser::{body, json as body_json};
use web::Response;

use crate::given::{Ready, Step};

type Backup = BTreeMap<String, Vec<String>>;

/// Restores a table to its state in `backup`.
fn restored(laptop: &Laptop, backup: &Backup, table: &str) {
    let database = laptop.database();
    let item = |text: &String| serde_json::from_str::<Value>(text).unwrap();
    for item in laptop.dump()[table].iter().map(item) {
        let key = json!({"pk": item["pk"], "sk": item["sk"]});
        let delete = json!({"TableName": table, "Key": key});
        database.delete_item(serde_json::from_value(delete).unwrap()).unwrap();
    }
    for item in backup[table].iter().map(item) {
        let put = json!({"TableName": table, "Item": item});
        database.put_item(serde_json::from_value(put).unwrap()).unwrap();
    }
    assert_eq!(laptop.dump()[table], backup[table]);
}

fn refused(answer: &Response, status: u16, code: &str) {
    assert_eq!(answer.status(), status, "{}", body(answer));
    if status == 400 {
        assert_eq!(body_json(answer)["error"], code);
    }
}

/// Uses a code, revokes a token, and issues another code, all after the backup.
async fn used_since() -> (Laptop, Backup, [Ready; 3]) {
    let laptop = Laptop::demo().await;
    let userinfo = Step::Userinfo.ready(&laptop).await;
    assert!(Step::Userinfo.succeeded(&userinfo.send(&laptop).await));
    let (used, unused) = (Step::Exchange.ready(&laptop).await, Step::Exchange.ready(&laptop).await);
    let backup = laptop.dump();
    assert!(Step::Exchange.succeeded(&used.send(&laptop).await));
    let fields = [("token", userinfo.token.as_str()), ("client_id", "demo-trusted")];
    assert_eq!(laptop.form("/oauth2/revoke", &fields, &[]).await.status(), 200);
    assert_eq!(userinfo.send(&laptop).await.status(), 401, "the token is revoked");
    (laptop, backup, [used, userinfo, unused])
}

#[tokio::test]
async fn f_ddb_09_used_items_stay_used_when_the_other_tables_are_restored() {
    let (mut laptop, backup, [used, revoked, unused]) = used_since().await;
    let tables = local_settings().tables;
    restored(&laptop, &backup, &tables.config);
    restored(&laptop, &backup, &tables.users);
    laptop.restart();
    laptop.clock.advance(1);
    assert_eq!(revoked.send(&laptop).await.status(), 401, "the token stays revoked");
    assert!(Step::Exchange.succeeded(&unused.send(&laptop).await), "the unused code is still valid");
    refused(&used.send(&laptop).await, 400, "invalid_grant");
}

#[tokio::test]
async fn f_ddb_09_an_empty_flow_table_invalidates_everything_issued_before() {
    let (mut laptop, backup, [used, revoked, unused]) = used_since().await;
    let tables = local_settings().tables;
    laptop.database().delete_table(DeleteTableRequest { table_name: tables.flow }).unwrap();
    laptop.apply(|file| file).await;
    restored(&laptop, &backup, &tables.users);
    laptop.restart();
    for code in [used, unused] {
        refused(&code.send(&laptop).await, 400, "invalid_grant");
    }
    assert_eq!(revoked.send(&laptop).await.status(), 401);
    let begun = Step::Exchange.ready(&laptop).await;
    assert!(Step::Exchange.succeeded(&begun.send(&laptop).await), "users can log in again");
}
