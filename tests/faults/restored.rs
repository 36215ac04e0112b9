//! Tables come back from a backup, as docs/operating.md ("Restore from a backup") has it: `config` and `users`, and never
//! `flow`.

use std::collections::BTreeMap;

use dynoxide::actions::delete_table::DeleteTableRequest;
use postern::dev::engine::local_settings;
use serde_json::{Value, json};
use tests::Laptop;
use tests::browser::{body, json as body_json};
use web::Response;

use crate::given::{Ready, Step};

type Backup = BTreeMap<String, Vec<String>>;

/// Puts a table back as it was in `backup`, and nothing else is in it.
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

/// A laptop with a code that was used, a token that was revoked, and a code that was not used, all since the backup.
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
async fn f_ddb_09_what_was_used_stays_used_when_the_other_tables_are_restored() {
    let (mut laptop, backup, [used, revoked, unused]) = used_since().await;
    let tables = local_settings().tables;
    restored(&laptop, &backup, &tables.config);
    restored(&laptop, &backup, &tables.users);
    laptop.restart();
    laptop.clock.advance(1);
    assert_eq!(revoked.send(&laptop).await.status(), 401, "what was revoked stays so");
    assert!(Step::Exchange.succeeded(&unused.send(&laptop).await), "and what was good still is");
    refused(&used.send(&laptop).await, 400, "invalid_grant");
}

#[tokio::test]
async fn f_ddb_09_when_the_flow_begins_empty_nothing_of_before_is_good() {
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
    assert!(Step::Exchange.succeeded(&begun.send(&laptop).await), "everybody logs in again");
}
