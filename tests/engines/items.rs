//! Tables and items: schema, keys, size limit, version, expiry.

use protocol::tokens::error::{CodeFault, TokenError};
use protocol::types::id::ClientId;
use protocol::types::time::{Lifetime, Timestamp};
use protocol::users::session::Session;
use serde_json::{Value, json};
use store::{
    AccountReading, AccountRecording, ConfigurationReading, ConfigurationWriting, ConsentReading, ConsentRecording,
    GrantCreation, GrantReading, GrantRedemption, KeyRingReading, KeyRingWriting, SealingKeyReading, SealingKeyWriting,
    SessionCreation, SessionReading, SigningKeyReading, StoreFault, schema,
};

use crate::engine::Fresh;
use crate::given::{Code, NOW, PUBLIC_URL, digest, later, metadata, subject, terms, workspace, workspace_id};
use crate::keys::{ring, wrapped};
use crate::sessions::{IDLE, session};
use crate::users::{consent, identity};

/// Valid ids that resemble something else.
const ODD: [&str; 9] = [
    "a#b",
    "default/demo-2#alice",
    "account#default/demo#alice",
    "\"\\",
    "{\"S\":\"x\"}",
    ":former",
    "#keys",
    "%23",
    "../../x",
];

#[tokio::test]
async fn the_tables_have_the_schema_of_the_stacks() {
    let at = Fresh::tables().await;
    let names = &at.names;
    for (table, keys) in
        [(&names.config, vec!["pk", "sk"]), (&names.users, vec!["pk", "sk"]), (&names.flow, vec!["pk"])]
    {
        let answer = at.call("DescribeTable", &json!({"TableName": table})).await;
        let schema = answer["Table"]["KeySchema"].as_array().unwrap();
        let found: Vec<&str> = schema.iter().map(|key| key["AttributeName"].as_str().unwrap()).collect();
        assert_eq!(found, keys, "{table}");
        assert_eq!(answer["Table"]["BillingModeSummary"]["BillingMode"], "PAY_PER_REQUEST", "{table}");
        let ttl = at.call("DescribeTimeToLive", &json!({"TableName": table})).await["TimeToLiveDescription"].clone();
        if table == &names.flow {
            assert_eq!((&ttl["TimeToLiveStatus"], &ttl["AttributeName"]), (&json!("ENABLED"), &json!("ttl")), "{ttl}");
        } else {
            assert_eq!(ttl["TimeToLiveStatus"], "DISABLED", "items of {table} never expire");
        }
    }
}

#[tokio::test]
async fn existing_tables_are_left_alone() {
    let (at, code) = (Fresh::tables().await, Code::new(1));
    code.created(&at, "created").await;
    schema::create(&at.connection).await.unwrap();
    assert!(code.found(&at).await.is_some());
}

#[tokio::test]
async fn a_missing_table_is_an_infrastructure_fault() {
    let at = Fresh::nothing();
    let fault = GrantReading::new(&at.connection).find(&workspace_id("demo"), &Code::new(1).id).await.err();
    assert!(matches!(&fault, Some(StoreFault::Unavailable(code)) if code == "ResourceNotFoundException"), "{fault:?}");
}

#[tokio::test]
async fn ids_are_never_interpreted() {
    let (at, demo) = (Fresh::tables().await, workspace_id("demo"));
    let (long_client, long_subject) = ("~#".repeat(256), "#".repeat(255));
    let ids: Vec<&str> = ODD.into_iter().chain([long_client.as_str(), long_subject.as_str()]).collect();
    let (keys, accounts) = (KeyRingWriting::new(&at.connection), AccountRecording::new(&at.connection));
    let (consents, sealing) = (ConsentRecording::new(&at.connection), SealingKeyWriting::new(&at.connection));
    let clients: Vec<_> = ids.iter().map(|id| metadata(id, "https://app.example/")).collect();
    let workspace = workspace("demo", Value::Null);
    ConfigurationWriting::new(&at.connection).apply(&workspace, &clients).await.unwrap();
    for (number, id) in (1..).zip(&ids) {
        keys.keep(&demo, id, &format!("sealed {id}")).await.unwrap();
        assert!(sealing.write(id, &wrapped(number), None).await.unwrap(), "{id}");
        let user = subject(&id.chars().take(255).collect::<String>());
        accounts.record(&demo, &identity(user.as_str(), id), None).await.unwrap();
        let _ = consents
            .remember(&demo, &user, &ClientId::parse(id).unwrap(), &consent(&format!("scope{number}"), NOW))
            .await
            .unwrap();
    }
    let reading = ConfigurationReading::new(&at.connection, PUBLIC_URL);
    for (number, id) in (1..).zip(&ids) {
        let client = ClientId::parse(id).unwrap();
        assert_eq!(reading.client(&workspace, &client, NOW).await.unwrap().unwrap().client.name, *id);
        let sealed = SigningKeyReading::new(&at.connection).sealed(&demo, id).await.unwrap();
        assert_eq!(sealed, Some(format!("sealed {id}")));
        assert_eq!(SealingKeyReading::new(&at.connection).keys(id).await.unwrap(), Some(wrapped(number)), "{id}");
        let user = subject(&id.chars().take(255).collect::<String>());
        let account = AccountReading::new(&at.connection).find(&demo, &user).await.unwrap();
        assert_eq!(account, Some(identity(user.as_str(), id)));
        let found = ConsentReading::new(&at.connection).find(&demo, &user, &client).await.unwrap();
        assert_eq!(found, Some(consent(&format!("scope{number}"), NOW)), "{id}");
    }
}

/// Stores one item of every kind in the workspace `name`.
async fn fill(at: &Fresh, name: &str) {
    let (id, code) = (workspace_id(name), Code { workspace: workspace_id(name), ..Code::new(1) });
    let clients = [metadata("app", &format!("https://{name}.example/"))];
    ConfigurationWriting::new(&at.connection).apply(&workspace(name, Value::Null), &clients).await.unwrap();
    let keys = KeyRingWriting::new(&at.connection);
    assert!(keys.publish(&id, &ring(1), None).await.unwrap());
    keys.keep(&id, "kid", &format!("sealed {name}")).await.unwrap();
    AccountRecording::new(&at.connection).record(&id, &identity("alice", name), None).await.unwrap();
    let (alice, app) = (subject("alice"), ClientId::parse("app").unwrap());
    let _ = ConsentRecording::new(&at.connection).remember(&id, &alice, &app, &consent("openid", NOW)).await.unwrap();
    SessionCreation::new(&at.connection).begin(&id, &digest("cookie"), &session(code.expires)).await.unwrap();
    assert_eq!(code.created(at, name).await, "created");
}

/// Reads the workspace `name` through every handle.
async fn read(at: &Fresh, name: &str) -> Vec<(&'static str, Result<bool, StoreFault>)> {
    let (id, workspace, connection) = (workspace_id(name), workspace(name, Value::Null), &at.connection);
    let (alice, app, grant) = (subject("alice"), ClientId::parse("app").unwrap(), Code::new(1).id);
    let configuration = ConfigurationReading::new(connection, PUBLIC_URL);
    vec![
        ("workspace", configuration.workspace(&id, NOW).await.map(|found| found.is_some())),
        ("client", configuration.client(&workspace, &app, NOW).await.map(|found| found.is_some())),
        ("ring", KeyRingReading::new(connection).ring(&id, NOW).await.map(|found| found.is_some())),
        ("ring to be changed", KeyRingWriting::new(connection).ring(&id).await.map(|found| found.is_some())),
        ("signing key", SigningKeyReading::new(connection).sealed(&id, "kid").await.map(|found| found.is_some())),
        ("account", AccountReading::new(connection).find(&id, &alice).await.map(|found| found.is_some())),
        ("consent", ConsentReading::new(connection).find(&id, &alice, &app).await.map(|found| found.is_some())),
        (
            "session",
            SessionReading::new(connection).find(&id, &digest("cookie"), IDLE, NOW).await.map(|found| found.is_some()),
        ),
        ("grant", GrantReading::new(connection).find(&id, &grant).await.map(|found| found.is_some())),
        ("grant to redeem", GrantRedemption::new(connection).find(&id, &grant).await.map(|found| found.is_some())),
        ("grant in the way", GrantCreation::new(connection).exists(&id, &grant).await),
    ]
}

#[tokio::test]
async fn workspaces_are_isolated() {
    let at = Fresh::tables().await;
    fill(&at, "one").await;
    for (handle, found) in read(&at, "one").await {
        assert!(found.unwrap(), "{handle}");
    }
    for name in ["two", "one-", "on"].into_iter().filter(|name| !name.ends_with('-')) {
        for (handle, found) in read(&at, name).await {
            assert!(!found.unwrap(), "{handle} of {name}");
        }
    }
    let before = at.items(&at.names.flow).await.len();
    fill(&at, "two").await;
    assert_eq!(at.items(&at.names.flow).await.len(), before * 2, "nothing was overwritten");
    let account = AccountReading::new(&at.connection).find(&workspace_id("one"), &subject("alice")).await.unwrap();
    assert_eq!(account, Some(identity("alice", "one")));
}

#[tokio::test]
async fn every_handle_refuses_items_of_another_or_no_version() {
    let at = Fresh::tables().await;
    fill(&at, "demo").await;
    let sealing = SealingKeyWriting::new(&at.connection);
    assert!(sealing.write("interaction", &wrapped(1), None).await.unwrap());
    for version in [Some(json!({"N": "2"})), Some(json!({"S": "1"})), None] {
        for table in [&at.names.config, &at.names.users, &at.names.flow] {
            at.set_everywhere(table, "v", version.clone()).await;
        }
        let mut read = read(&at, "demo").await;
        let keys = SealingKeyReading::new(&at.connection).keys("interaction").await;
        read.push(("sealing key", keys.map(|found| found.is_some())));
        for (handle, found) in read {
            assert!(matches!(found, Err(StoreFault::Unreadable(_))), "{handle}, {version:?}: {found:?}");
        }
    }
}

/// The TTL of these items lies before any engine existed to expire them. DynamoDB never deletes items whose TTL is more
/// than five years in the past, so they remain while they are read.
#[tokio::test]
async fn expired_items_that_still_exist_are_not_honored() {
    let at = Fresh::tables().await;
    let (ago, demo, cookie) = (Timestamp::from_seconds(1_500_000_000), workspace_id("demo"), digest("cookie"));
    let code = Code { expires: ago, interaction_expires: ago, ..Code::new(1) };
    assert_eq!(code.created(&at, "created").await, "created");
    SessionCreation::new(&at.connection).begin(&demo, &cookie, &session(ago)).await.unwrap();

    let ttl = ago.plus(Lifetime::seconds(3600)).seconds().to_string();
    let items = at.items(&at.names.flow).await;
    assert_eq!(items.iter().filter(|item| item["ttl"]["N"] == ttl).count(), 2, "{items:?}");
    assert_eq!(SessionReading::new(&at.connection).find(&demo, &cookie, IDLE, NOW).await.unwrap(), None);
    let grant = code.found(&at).await.unwrap();
    assert!(!grant.is_live(NOW));
    assert_eq!(grant.terms, terms());
    assert!(matches!(code.decided(&at, NOW).await.err(), Some(TokenError::Code(CodeFault::Expired))));
    assert_eq!(code.created(&at, "again").await, "already finished", "the existing item still blocks creation");
}

/// An item is limited to 400 KB.
#[tokio::test]
async fn an_oversized_item_is_an_infrastructure_fault_and_changes_nothing() {
    let (at, demo, cookie) = (Fresh::tables().await, workspace_id("demo"), digest("cookie"));
    let (reading, creation) = (SessionReading::new(&at.connection), SessionCreation::new(&at.connection));
    let named = |name: String| Session { display_name: name, ..session(later(60)) };
    for (letter, times) in [("x", 409_000), ("\u{e9}", 204_450)] {
        let largest = named(letter.repeat(times));
        creation.begin(&demo, &cookie, &largest).await.unwrap();
        assert_eq!(reading.find(&demo, &cookie, IDLE, NOW).await.unwrap(), Some(largest.clone()));
        let fault = creation.begin(&demo, &cookie, &named(letter.repeat(times + 800))).await.err();
        assert!(matches!(&fault, Some(StoreFault::Unavailable(code)) if code == "ValidationException"), "{fault:?}");
        assert_eq!(reading.find(&demo, &cookie, IDLE, NOW).await.unwrap(), Some(largest));
    }
}
