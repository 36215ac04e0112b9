//! Accounts and consents.

use protocol::authorization::consent::{Consent, ConsentEpoch, Granted, Withheld};
use protocol::clients::resource_indicator::{RequestedApi, RequestedApis};
use protocol::tokens::grant::GrantTerms;
use protocol::types::id::{ClientId, IdentitySourceId};
use protocol::types::scope::Scopes;
use protocol::types::time::Timestamp;
use protocol::users::login_epoch::LoginEpoch;
use protocol::users::status::UserStatus;
use protocol::users::user_claims::{ClaimName, Identity, SourceClaims, derived_subject};
use protocol::users::user_key::UserKey;
use serde_json::json;
use store::{
    AccountReading, AccountRecording, ConsentListing, ConsentReading, ConsentRecording, ConsentWithdrawal, Remembering,
    UserReading,
};

use crate::engine::Fresh;
use crate::given::{NOW, later, subject, terms, workspace, workspace_id};

/// The claims that a provider asserts about a user.
pub(crate) fn identity(of: &str, name: &str) -> Identity {
    let (source, issuer) = ("corp", "https://corp.example");
    serde_json::from_value(json!({"subject": of, "source": source, "issuer": issuer, "claims": {"name": name}}))
        .unwrap()
}

/// A consent to `scope`.
pub(crate) fn consent(scope: &str, given: Timestamp) -> Consent {
    let (scope, claims) = (Scopes::parse(scope).unwrap(), [ClaimName::parse("locale").unwrap()].into());
    let api = RequestedApi { uri: "https://api.example", scope: scope.clone(), general: true };
    let apis = RequestedApis { named: vec![api], default: "https://api.example" };
    Consent::after(None, &apis, Granted { scope: &scope, claims: &claims }, Withheld::default(), given)
}

#[tokio::test]
async fn recording_an_account_replaces_the_previous_record() {
    let (at, demo, alice) = (Fresh::tables().await, workspace_id("demo"), subject("alice"));
    let (reading, recording) = (AccountReading::new(&at.connection), AccountRecording::new(&at.connection));
    assert_eq!(reading.find(&demo, &alice).await.unwrap(), None);
    for name in ["Alice", "", "\u{c5}ngstr\u{f6}m \u{1f512}\"\\"] {
        recording.record(&demo, &identity("alice", name), None).await.unwrap();
        assert_eq!(reading.find(&demo, &alice).await.unwrap(), Some(identity("alice", name)));
    }
    assert_eq!(reading.find(&demo, &subject("Alice")).await.unwrap(), None);
    assert_eq!(reading.find(&workspace_id("demo-2"), &alice).await.unwrap(), None);
    assert_eq!(at.items(&at.names.users).await.len(), 1);
}

#[tokio::test]
async fn a_posted_name_outlives_later_records_until_it_no_longer_counts() {
    let (at, demo) = (Fresh::tables().await, workspace_id("demo"));
    let recording = AccountRecording::new(&at.connection);
    let name = |name: &str| SourceClaims::read(json!({"name": name}).as_object().unwrap()).claims;
    let (alice, none) = (identity("alice", ""), SourceClaims::default());
    let steps = [
        (Some(none.clone()), none.clone()),
        (Some(name("Alice")), name("Alice")),
        (Some(none.clone()), name("Alice")),
        (Some(name("Alison")), name("Alison")),
        (None, none.clone()),
        (Some(none.clone()), none),
    ];
    for (posted, kept) in steps {
        assert_eq!(recording.record(&demo, &alice, posted.as_ref()).await.unwrap(), kept, "{posted:?}");
    }
}

#[tokio::test]
async fn a_consent_belongs_to_one_user_and_one_client() {
    let (at, demo) = (Fresh::tables().await, workspace_id("demo"));
    let (reading, recording) = (ConsentReading::new(&at.connection), ConsentRecording::new(&at.connection));
    let (alice, app) = (subject("alice"), ClientId::parse("app").unwrap());
    assert_eq!(reading.find(&demo, &alice, &app).await.unwrap(), None);
    assert_eq!(
        recording.remember(&demo, &alice, &app, &consent("openid email", NOW)).await.unwrap(),
        Remembering::Remembered
    );
    assert_eq!(
        recording.remember(&demo, &alice, &app, &consent("openid", later(1))).await.unwrap(),
        Remembering::Remembered
    );
    assert_eq!(reading.find(&demo, &alice, &app).await.unwrap(), Some(consent("openid", later(1))));
    let other = ClientId::parse("app2").unwrap();
    assert_eq!(reading.find(&demo, &alice, &other).await.unwrap(), None);
    assert_eq!(reading.find(&demo, &subject("alic"), &app).await.unwrap(), None);
    assert_eq!(reading.find(&workspace_id("demo-2"), &alice, &app).await.unwrap(), None);
    assert_eq!(
        recording.remember(&demo, &alice, &other, &consent("email", NOW)).await.unwrap(),
        Remembering::Remembered
    );
    assert_eq!(reading.find(&demo, &alice, &app).await.unwrap(), Some(consent("openid", later(1))));
}

#[tokio::test]
async fn sec_authz_17_a_withdrawn_consent_moves_its_epoch_and_no_former_one_takes_its_place() {
    let (at, demo) = (Fresh::tables().await, workspace("demo", json!({})));
    let (reading, recording) = (ConsentReading::new(&at.connection), ConsentRecording::new(&at.connection));
    let (listing, withdrawal) = (ConsentListing::new(&at.connection), ConsentWithdrawal::new(&at.connection));
    let users = UserReading::new(&at.connection);
    let (alice, app) = (subject("alice"), ClientId::parse("app").unwrap());
    let terms = terms();
    let (first, second) = (ConsentEpoch::default(), ConsentEpoch::new(1));
    assert_eq!(users.consent(&demo.id, &terms).await.unwrap(), Some(first), "nothing was recorded yet");
    let before = consent("openid", NOW);
    assert_eq!(recording.remember(&demo.id, &alice, &app, &before).await.unwrap(), Remembering::Remembered);
    let others = [("alice", "app2"), ("bob", "app"), ("alic", "app")];
    for (user, client) in others {
        let client = ClientId::parse(client).unwrap();
        let _ = recording.remember(&demo.id, &subject(user), &client, &before).await.unwrap();
    }
    let all = async || listing.all(&demo.id, &alice).await.unwrap();
    assert_eq!(all().await.len(), 2);
    withdrawal.withdraw(&demo.id, &alice, &app, later(1)).await.unwrap();
    assert_eq!(users.consent(&demo.id, &terms).await.unwrap(), Some(second));
    let implied = GrantTerms { consent: None, ..terms.clone() };
    assert_eq!(users.consent(&demo.id, &implied).await.unwrap(), None, "a grant that rests on no consent");
    assert_eq!(all().await, [(ClientId::parse("app2").unwrap(), before.clone())]);
    assert_eq!(recording.remember(&demo.id, &alice, &app, &before).await.unwrap(), Remembering::Withdrawn);
    let found = reading.find(&demo.id, &alice, &app).await.unwrap().unwrap();
    assert!(found.is_empty() && found.epoch() == second);
    let again = consent("openid", later(2)).in_epoch(second);
    assert_eq!(recording.remember(&demo.id, &alice, &app, &again).await.unwrap(), Remembering::Remembered);
    assert_eq!(reading.find(&demo.id, &alice, &app).await.unwrap(), Some(again));
    withdrawal.withdraw(&demo.id, &alice, &app, later(3)).await.unwrap();
    assert_eq!(users.consent(&demo.id, &terms).await.unwrap(), Some(ConsentEpoch::new(2)));
}

#[tokio::test]
async fn each_provider_has_its_own_users_and_an_unconfigured_one_has_none() {
    let at = Fresh::tables().await;
    let (reading, recording) = (AccountReading::new(&at.connection), AccountRecording::new(&at.connection));
    let users = UserReading::new(&at.connection);
    let corp = json!({"id": "corp", "title": "Corp", "issuer": "https://corp.example", "client_id": "us"});
    let sandbox = json!({"users": [{"username": "bob", "password": "bob", "claims": {"name": "Bob"}}]});
    let demo = workspace("demo", json!({"sandbox": sandbox, "upstream": [corp]}));
    recording.record(&demo.id, &identity("alice", "Alice"), None).await.unwrap();
    let (alice, bob) = (subject("alice"), derived_subject(&demo.id, "sandbox", &["bob"]).unwrap());
    let corps = Some("https://corp.example");
    let table = [
        ("corp", corps, &alice, Some("Alice"), UserStatus::Active),
        ("corp", corps, &bob, None, UserStatus::Active),
        ("corp", Some("https://former.example"), &alice, None, UserStatus::Gone),
        ("corp", None, &alice, None, UserStatus::Gone),
        ("sandbox", None, &bob, Some("Bob"), UserStatus::Active),
        ("sandbox", corps, &bob, None, UserStatus::Gone),
        ("sandbox", None, &alice, None, UserStatus::Gone),
        ("former", corps, &alice, None, UserStatus::Gone),
        ("former", None, &bob, None, UserStatus::Gone),
    ];
    for (source, issuer, subject, expected, status) in table {
        let source = IdentitySourceId::parse(source).unwrap();
        let user = UserKey { source: &source, issuer, subject };
        let profile = reading.account(&demo, user).await.unwrap().map(|account| account.profile);
        let name = profile.and_then(|profile| profile.claim("name")?.as_str().map(str::to_owned));
        assert_eq!(name.as_deref(), expected, "{user:?}");
        assert_eq!(users.status(&demo, user, LoginEpoch::default()).await.unwrap(), status, "{user:?}");
    }
}

#[tokio::test]
async fn an_account_of_an_earlier_version_is_read_with_current_settings() {
    let (at, alice) = (Fresh::tables().await, subject("alice"));
    let (reading, recording) = (AccountReading::new(&at.connection), AccountRecording::new(&at.connection));
    let claims = json!({"email": "a@corp.example", "email_verified": true, "name": 7, "groups": [7]});
    let former = json!({"subject": "alice", "source": "corp", "claims": claims});
    recording.record(&workspace_id("demo"), &serde_json::from_value(former).unwrap(), None).await.unwrap();
    for (domains, verified) in [(json!([]), false), (json!(["corp.example"]), true)] {
        let corp = json!({
            "id": "corp", "title": "Corp", "issuer": "https://corp.example", "client_id": "us",
            "verified_email_domains": domains,
        });
        let demo = workspace("demo", json!({"upstream": [corp]}));
        let source = IdentitySourceId::parse("corp").unwrap();
        let user = UserKey { source: &source, issuer: Some("https://corp.example"), subject: &alice };
        let profile = reading.account(&demo, user).await.unwrap().unwrap().profile;
        let told = |name| profile.claim(name).cloned();
        assert_eq!((told("email_verified"), told("email")), (Some(json!(verified)), Some(json!("a@corp.example"))));
        assert_eq!((told("name"), told("groups")), (None, None));
    }
}
