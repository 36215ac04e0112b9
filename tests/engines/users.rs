//! Accounts and consents.

use protocol::authorization::consent::{Consent, Granted, Withheld};
use protocol::clients::resource_indicator::RequestedApis;
use protocol::types::id::{ClientId, IdentitySourceId};
use protocol::types::scope::Scopes;
use protocol::types::time::Timestamp;
use protocol::users::status::UserStatus;
use protocol::users::user_claims::{ClaimName, Identity, derived_subject};
use serde_json::json;
use store::{AccountReading, AccountRecording, ConsentReading, ConsentRecording, UserReading};

use crate::engine::Fresh;
use crate::given::{NOW, later, subject, workspace, workspace_id};

/// What a provider says of a user.
pub(crate) fn identity(of: &str, name: &str) -> Identity {
    serde_json::from_value(json!({"subject": of, "source": "corp", "claims": {"name": name}})).unwrap()
}

/// A consent.
pub(crate) fn consent(scope: &str, given: Timestamp) -> Consent {
    let (scope, claims) = (Scopes::parse(scope).unwrap(), [ClaimName::parse("locale").unwrap()].into());
    let apis = RequestedApis { named: vec!["https://api.example"], default: "https://api.example" };
    Consent::after(None, &apis, Granted { scope: &scope, claims: &claims }, Withheld::default(), given)
}

#[tokio::test]
async fn what_is_recorded_of_an_account_replaces_what_was_recorded_before() {
    let (at, demo, alice) = (Fresh::tables().await, workspace_id("demo"), subject("alice"));
    let (reading, recording) = (AccountReading::new(&at.connection), AccountRecording::new(&at.connection));
    assert_eq!(reading.find(&demo, &alice).await.unwrap(), None);
    for name in ["Alice", "", "\u{c5}ngstr\u{f6}m \u{1f512}\u{0}\"\\"] {
        recording.record(&demo, &identity("alice", name)).await.unwrap();
        assert_eq!(reading.find(&demo, &alice).await.unwrap(), Some(identity("alice", name)));
    }
    assert_eq!(reading.find(&demo, &subject("Alice")).await.unwrap(), None);
    assert_eq!(reading.find(&workspace_id("demo-2"), &alice).await.unwrap(), None);
    assert_eq!(at.items(&at.names.users).await.len(), 1);
}

#[tokio::test]
async fn a_consent_is_of_one_user_to_one_client() {
    let (at, demo) = (Fresh::tables().await, workspace_id("demo"));
    let (reading, recording) = (ConsentReading::new(&at.connection), ConsentRecording::new(&at.connection));
    let (alice, app) = (subject("alice"), ClientId::parse("app").unwrap());
    assert_eq!(reading.find(&demo, &alice, &app).await.unwrap(), None);
    recording.remember(&demo, &alice, &app, &consent("openid email", NOW)).await.unwrap();
    recording.remember(&demo, &alice, &app, &consent("openid", later(1))).await.unwrap();
    assert_eq!(reading.find(&demo, &alice, &app).await.unwrap(), Some(consent("openid", later(1))));
    let other = ClientId::parse("app2").unwrap();
    assert_eq!(reading.find(&demo, &alice, &other).await.unwrap(), None);
    assert_eq!(reading.find(&demo, &subject("alic"), &app).await.unwrap(), None);
    assert_eq!(reading.find(&workspace_id("demo-2"), &alice, &app).await.unwrap(), None);
    recording.remember(&demo, &alice, &other, &consent("email", NOW)).await.unwrap();
    assert_eq!(reading.find(&demo, &alice, &app).await.unwrap(), Some(consent("openid", later(1))));
}

#[tokio::test]
async fn each_source_knows_its_own_users_and_one_that_is_not_configured_knows_nobody() {
    let at = Fresh::tables().await;
    let (reading, recording) = (AccountReading::new(&at.connection), AccountRecording::new(&at.connection));
    let users = UserReading::new(&at.connection);
    let corp = json!({"id": "corp", "title": "Corp", "issuer": "https://corp.example", "client_id": "us"});
    let sandbox = json!({"users": [{"username": "bob", "password": "bob"}]});
    let demo = workspace("demo", json!({"sandbox": sandbox, "upstream": [corp]}));
    recording.record(&demo.id, &identity("alice", "Alice")).await.unwrap();
    let (alice, bob) = (subject("alice"), derived_subject(&demo.id, "sandbox", &["bob"]).unwrap());
    let alices = Some(identity("alice", "Alice"));
    let table = [
        ("corp", &alice, alices, UserStatus::Active),
        ("corp", &bob, None, UserStatus::Active),
        ("sandbox", &bob, demo.settings.sandbox.as_ref().unwrap().identity_of(&demo.id, &bob), UserStatus::Active),
        ("sandbox", &alice, None, UserStatus::Gone),
        ("former", &alice, None, UserStatus::Gone),
        ("former", &bob, None, UserStatus::Gone),
    ];
    for (source, subject, expected, status) in table {
        let source = IdentitySourceId::parse(source).unwrap();
        assert_eq!(reading.identity(&demo, &source, subject).await.unwrap(), expected, "{source} {subject}");
        assert_eq!(users.status(&demo, &source, subject).await.unwrap(), status, "{source} {subject}");
    }
}
