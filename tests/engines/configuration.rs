//! Workspaces and clients: applied, read, changed, removed.

use protocol::clients::client::Presence;
use protocol::types::id::ClientId;
use serde_json::{Value, json};
use store::configuration::ApplyError;
use store::{ConfigurationReading, ConfigurationWriting};

use crate::engine::Fresh;
use crate::given::{NOW, PUBLIC_URL, later, metadata, workspace};

fn client(id: &str) -> ClientId {
    ClientId::parse(id).unwrap()
}

#[tokio::test]
async fn applied_configuration_is_read_back() {
    let at = Fresh::tables().await;
    let (reading, writing) =
        (ConfigurationReading::new(&at.connection, PUBLIC_URL), ConfigurationWriting::new(&at.connection));
    let demo = workspace("demo", json!({"cors_origins": ["https://other.example"]}));
    assert!(reading.workspace(&demo.id, NOW).await.unwrap().is_none());
    assert!(reading.client(&demo, &client("app"), NOW).await.unwrap().is_none());
    reading.workspaces().ping().await.unwrap();
    writing.apply(&demo, &[metadata("app", "https://app.example/callback")]).await.unwrap();

    // A missing workspace is cached for five seconds.
    assert!(reading.workspace(&demo.id, later(4)).await.unwrap().is_none());
    assert!(reading.client(&demo, &client("app"), later(4)).await.unwrap().is_none());
    let loaded = reading.workspace(&demo.id, later(5)).await.unwrap().unwrap();
    assert_eq!((&loaded.workspace.id, &loaded.workspace.issuer), (&demo.id, &demo.issuer));
    let settings =
        |workspace: &protocol::workspace::settings::Workspace| serde_json::to_value(&workspace.settings).unwrap();
    assert_eq!(settings(&loaded.workspace), settings(&demo));
    let origins: Vec<&str> = loaded.origins.iter().collect();
    assert_eq!(origins.len(), 2, "{origins:?}");
    assert!(origins.contains(&"https://app.example") && origins.contains(&"https://other.example"), "{origins:?}");
    let loaded = reading.usable_client(&demo, &client("app"), later(5)).await.unwrap().unwrap();
    assert_eq!(loaded.client.id, client("app"));
    assert!(loaded.client.redirect_uris.registered("https://app.example/callback").is_some());
}

#[tokio::test]
async fn a_pkce_exemption_is_read_back() {
    let at = Fresh::tables().await;
    let (reading, writing) =
        (ConfigurationReading::new(&at.connection, PUBLIC_URL), ConfigurationWriting::new(&at.connection));
    let demo = workspace("demo", Value::Null);
    let confidential = |id: &str, require_pkce: Option<bool>| {
        let mut client = serde_json::to_value(metadata(id, "https://app.example/callback")).unwrap();
        client["token_endpoint_auth_method"] = "client_secret_basic".into();
        client["client_secret_sha256"] = json!([protocol::syntax::encoding::base64url(&[7; 32])]);
        client["require_pkce"] = json!(require_pkce);
        serde_json::from_value(client).unwrap()
    };
    writing.apply(&demo, &[confidential("exempt", Some(false)), confidential("other", None)]).await.unwrap();
    for (id, expected) in [("exempt", Presence::NonceInstead), ("other", Presence::Required)] {
        let loaded = reading.usable_client(&demo, &client(id), NOW).await.unwrap().unwrap();
        assert_eq!(loaded.client.challenge.presence, expected, "{id}");
    }
}

#[tokio::test]
async fn removed_clients_disappear_and_changes_are_visible_within_thirty_seconds() {
    let at = Fresh::tables().await;
    let (reading, writing) =
        (ConfigurationReading::new(&at.connection, PUBLIC_URL), ConfigurationWriting::new(&at.connection));
    let demo = workspace("demo", Value::Null);
    let (stays, goes) = (metadata("stays", "https://a.example/"), metadata("goes", "https://b.example/"));
    writing.apply(&demo, &[stays.clone(), goes]).await.unwrap();
    for id in ["stays", "goes"] {
        assert!(reading.usable_client(&demo, &client(id), NOW).await.unwrap().is_some(), "{id}");
    }
    let mut stays = stays;
    stays.client_status = protocol::clients::client::Status::Inactive;
    writing.apply(&workspace("demo", json!({"name": "Another name"})), &[stays]).await.unwrap();

    let loaded = reading.workspace(&demo.id, later(30)).await.unwrap().unwrap();
    assert_eq!(loaded.workspace.settings.name, "Another name");
    assert!(reading.client(&demo, &client("goes"), later(30)).await.unwrap().is_none());
    assert!(reading.client(&demo, &client("stays"), later(30)).await.unwrap().is_some());
    assert!(reading.usable_client(&demo, &client("stays"), later(30)).await.unwrap().is_none());
    assert_eq!(at.items(&at.names.config).await.len(), 2, "the workspace and one client");
}

#[tokio::test]
async fn a_workspace_with_an_invalid_client_is_not_written_at_all() {
    let at = Fresh::tables().await;
    let clients = [metadata("good", "https://a.example/"), metadata("bad", "http://a.example/")];
    let writing = ConfigurationWriting::new(&at.connection);
    let refused = writing.apply(&workspace("demo", Value::Null), &clients).await;
    assert!(matches!(refused, Err(ApplyError::Client { client: bad, .. }) if bad == client("bad")));
    assert!(at.items(&at.names.config).await.is_empty());
}
